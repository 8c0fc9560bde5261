//! How users reach a service: host names, ways in, and health checks to fail over by.

use super::lookup::{can, candidates, fault, services};
use super::names::is_label;
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::name::RegionName;
use crate::model::place::Provider;
use crate::model::world::{Cluster, Region, Routing, Service};
use crate::validate::Facts;

/// Whether a text is a host name (RFC 1123).
fn is_host(host: &str) -> bool {
    let labels = host.split('.').all(|label| is_label(label, false));
    host.len() <= 253 && labels && host.parse::<std::net::IpAddr>().is_err()
}

/// Refuses what is no host name.
pub(super) fn host_name(host: &str, span: Span, sink: &mut Sink) {
    if !is_host(host) {
        let lower = host.trim_end_matches('.').to_ascii_lowercase();
        let lower = lower.rsplit("://").next().unwrap_or("").to_owned();
        let fault = fault(Code::InvalidHost, format!("`{host}` is no host name"), span);
        sink.emit(
            match lower.split('.').all(|label| is_label(label, false)) && lower != host {
                true => fault.help(format!("write `{lower}`")),
                false => fault.help(
                    "write labels of lower-case letters, digits and `-`, such as `shop.example`",
                ),
            },
        );
    }
}

/// Hosts are host names, under the fleet's domain where there is one.
pub(super) fn hosts(facts: &Facts<'_>, sink: &mut Sink) {
    let domain = facts.raw.fleet.domain.as_ref();
    if let Some(domain) = domain {
        host_name(&domain.value, domain.span, sink);
    }
    for entry in &facts.raw.services {
        let Some(exposure) = &entry.service.exposure else {
            continue;
        };
        let host = &exposure.value.host;
        host_name(&host.value, host.span, sink);
        if let Some(domain) = domain {
            let under = host.value.strip_suffix(domain.value.as_str());
            if !under.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) {
                sink.emit(
                    fault(
                        Code::ForeignHost,
                        format!("`{}` is not under the fleet's domain", host.value),
                        host.span,
                    )
                    .see(domain.span, "the domain")
                    .help(format!(
                        "write a host under `{}`, if that is meant",
                        domain.value
                    )),
                );
            }
        }
        if let Some(health) = exposure
            .value
            .health
            .as_ref()
            .filter(|h| !h.value.starts_with('/'))
        {
            sink.emit(
                fault(
                    Code::InvalidProbe,
                    format!("the path `{}` does not start with `/`", health.value),
                    health.span,
                )
                .help(format!("write `/{}`", health.value)),
            );
        }
        if let Some(ttl) = exposure.value.ttl {
            let seconds = ttl.value.as_millis() / 1000;
            if !(1..=86_400).contains(&seconds) || ttl.value.as_millis() % 1000 != 0 {
                sink.emit(
                    fault(
                        Code::InvalidValue,
                        format!("resolvers cannot keep an answer for `{}`", ttl.value),
                        ttl.span,
                    )
                    .help("write whole seconds from `1s` to `1d`, such as `60s`"),
                );
            }
        }
    }
    for cluster in facts.raw.regions.iter().flat_map(|r| &r.clusters) {
        for (host, _) in &cluster.health_checks {
            host_name(&host.value, host.span, sink);
        }
    }
}

/// Where external-dns writes records, every cluster that may serve can be reached, and a policy
/// that fails over has a health check for each.
pub(super) fn routes(facts: &Facts<'_>, sink: &mut Sink) {
    if facts.world.fleet.platform.dns.is_none() {
        return;
    }
    for (entry, service) in services(facts) {
        let (Some(exposure), Some(written)) = (&service.exposure, &entry.service.exposure) else {
            continue;
        };
        let host = &exposure.host;
        if !is_host(&host.value) {
            continue;
        }
        let regions = candidates(facts.world, service);
        let routing = exposure.routing;
        let named = written.value.routing.map_or(host.span, |r| r.span);
        if routing.value == Routing::Failover && regions.len() > 2 && least(service) > 2 {
            sink.emit(
                fault(
                    Code::RoutingRegions,
                    format!(
                        "failover routing knows two regions, and `{}` runs in more",
                        service.name.value
                    ),
                    named,
                )
                .note("DNS has one primary and one secondary record per name")
                .help("write `routing: latency` or `weighted`, or place it in two regions"),
            );
        }
        if routing.value == Routing::Simple && least(service) > 1 {
            sink.emit(
                fault(
                    Code::RoutingRegions,
                    format!(
                        "simple routing knows one region, and `{}` runs in more",
                        service.name.value
                    ),
                    named,
                )
                .help(
                    "write `routing: latency`, `weighted` or `failover`, or place it in one region",
                ),
            );
        }
        if routing.value == Routing::Latency && written.value.routing.is_some() {
            latency(facts, service, &regions, named, sink);
        }
        let fails_over = routing.value != Routing::Simple && regions.len() > 1;
        let clusters: Vec<&Cluster> = regions.iter().flat_map(|(_, c)| c).copied().collect();
        let without = |lacks: &dyn Fn(&Cluster) -> bool| -> Vec<&Cluster> {
            clusters.iter().copied().filter(|c| lacks(c)).collect()
        };
        let name = &service.name.value;
        if let Some((names, see)) = told(&without(&|c| !can(c, "external-dns"))) {
            let message = format!("`{name}` is exposed and {names} has no external-dns");
            sink.emit(see(fault(Code::MissingCapability, message, host.span)).help(
                "add `external-dns` to its `capabilities`, or leave the region out with `placement.from`",
            ));
        }
        if let Some((names, see)) = told(&without(&|c| c.ingress.is_none())) {
            let message = format!("`{name}` is exposed and {names} has no way in");
            sink.emit(see(fault(Code::MissingIngress, message, host.span)).help(
                "add `ingress: {hostname: ...}` to it, or leave the region out with `placement.from`",
            ));
        }
        let unchecked = without(&|c| fails_over && !c.health_checks.contains_key(&host.value));
        if let Some((names, see)) = told(&unchecked) {
            let message = format!(
                "DNS would keep answering with {names} when it is lost: `{}` has no health check there",
                host.value
            );
            sink.emit(
                see(fault(Code::MissingHealthCheck, message, host.span))
                    .note("external-dns cannot create health checks, and the one in a lost region cannot remove its record")
                    .help(format!("create one at the DNS provider and add `healthChecks: {{{}: <id>}}` to the cluster", host.value)),
            );
        }
    }
}

/// How clusters that share a fault are named in one message, and how it points at them.
fn told(clusters: &[&Cluster]) -> Option<(String, impl Fn(Diagnostic) -> Diagnostic)> {
    let names: Vec<String> = clusters
        .iter()
        .map(|c| format!("`{}`", c.name.value))
        .collect();
    let named = match names.as_slice() {
        [] => return None,
        [only] => format!("cluster {only}"),
        several => format!("each of the clusters {}", several.join(", ")),
    };
    let places: Vec<Span> = clusters.iter().map(|c| c.name.span).collect();
    let see = move |fault: Diagnostic| {
        let pointed = places.iter();
        pointed.fold(fault, |fault, at| fault.see(*at, "may serve it"))
    };
    Some((named, see))
}

/// Route 53 knows the latency to regions of AWS, and takes no others
/// (external-dns, docs/tutorials/aws.md: `aws/region`).
fn latency(
    facts: &Facts<'_>,
    service: &Service,
    regions: &[(&RegionName, Vec<&Cluster>)],
    named: Span,
    sink: &mut Sink,
) {
    // Regions without a place are told elsewhere.
    let placed = |name: &RegionName| {
        let mut written = facts.raw.regions.iter();
        written.any(|r| r.region.value == *name && (r.provider.is_some() || r.country.is_some()))
    };
    let elsewhere: Vec<&Region> = regions
        .iter()
        .filter_map(|(name, _)| facts.world.regions.get(*name))
        .filter(|region| region.provider != Some(Provider::Aws) && placed(&region.name.value))
        .collect();
    let Some(first) = elsewhere.first() else {
        return;
    };
    let names: Vec<String> = elsewhere
        .iter()
        .map(|region| format!("`{}`", region.name.value))
        .collect();
    let other = match regions.len() {
        1 => "`routing: simple`",
        2 => "`routing: failover` or `weighted`",
        _ => "`routing: weighted`",
    };
    sink.emit(
        fault(
            Code::RoutingProvider,
            format!(
                "latency routing knows regions of AWS only, and `{}` may run in {}",
                service.name.value,
                names.join(", ")
            ),
            named,
        )
        .see(first.name.span, "not of AWS")
        .help(format!(
            "write {other}, or choose regions of AWS with `placement.from`"
        )),
    );
}

/// How many regions a service uses at least.
fn least(service: &Service) -> usize {
    use crate::model::world::RegionChoice;
    match &service.placement.regions {
        RegionChoice::All => usize::MAX,
        RegionChoice::Named(names) => names.len(),
        RegionChoice::Count { at_least, .. } => *at_least as usize,
    }
}
