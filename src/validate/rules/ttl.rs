//! Times to live that a DNS provider overrides.

use super::lookup::{candidates, fault, services};
use crate::atlas;
use crate::diag::{Code, Sink};
use crate::model::world::{DnsController, DnsProvider, Ingress};
use crate::validate::Facts;

/// No time to live is written where records are aliases.
pub(super) fn aliases(facts: &Facts<'_>, sink: &mut Sink) {
    let dns = facts.world.fleet.platform.dns;
    if !dns.is_some_and(|d| {
        d.controller == DnsController::ExternalDns && d.provider == DnsProvider::Aws
    }) {
        return;
    }
    for (entry, service) in services(facts) {
        let written = entry.service.exposure.as_ref().and_then(|e| e.value.ttl);
        let (Some(written), Some(exposure)) = (written, &service.exposure) else {
            continue;
        };
        let clusters = candidates(facts.world, service);
        let ingresses = clusters.iter().flat_map(|(_, c)| c).filter_map(|cluster| {
            let ingress = cluster.ingress.as_ref()?;
            match &ingress.value {
                Ingress::Hostname(host) => {
                    let seconds = atlas::alias_seconds(host)?;
                    (seconds != exposure.ttl).then_some((cluster, host, ingress.span, seconds))
                }
                Ingress::Addresses(_) => None,
            }
        });
        let aliases: Vec<_> = ingresses.collect();
        let Some((cluster, host, span, seconds)) = aliases.first() else {
            continue;
        };
        let mut warning = fault(
            Code::AliasTtl,
            format!(
                "the TTL of `{}` is {seconds}s in `{}`, not {}: its record there is an alias",
                exposure.host.value, cluster.name.value, written.value
            ),
            written.span,
        )
        .see(*span, "a load balancer of AWS")
        .note(format!(
            "external-dns makes the record of `{host}` an alias, which Route 53 answers with the TTL of its target"
        ));
        if aliases.len() > 1 {
            warning = warning.note(format!("so it is in {} clusters", aliases.len()));
        }
        sink.emit(warning.help(format!(
            "write `ttl: {seconds}s`, or enter by `ingress.addresses` or by a name of your own for the load balancer"
        )));
    }
}
