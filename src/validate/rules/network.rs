//! Addresses: ranges of pods and nodes, and where traffic enters.

use super::lookup::fault;
use crate::diag::{Code, Sink, Span};
use crate::model::raw::Cidr;
use crate::validate::Facts;

/// Ranges start at their first address, and those of pods overlap no other.
pub(super) fn ranges(facts: &Facts<'_>, sink: &mut Sink) {
    let mut taken: Vec<(Cidr, Span, &str)> = Vec::new();
    for cluster in facts.raw.regions.iter().flat_map(|r| &r.clusters) {
        let name = cluster.name.value.as_str();
        let Some(network) = &cluster.network else {
            continue;
        };
        for range in network
            .pods
            .iter()
            .chain(&network.nodes)
            .chain(&network.egress)
        {
            let whole = range.value.network();
            if whole != range.value {
                sink.emit(
                    fault(
                        Code::InvalidRange,
                        format!("`{}` starts inside its range", range.value),
                        range.span,
                    )
                    .help(format!("write `{whole}`")),
                );
            }
        }
        for range in &network.pods {
            let other = taken
                .iter()
                .find(|(cidr, _, of)| *of != name && cidr.overlaps(&range.value));
            if let Some((cidr, span, of)) = other {
                sink.emit(
                    fault(
                        Code::OverlappingRanges,
                        format!("the pods of `{name}` and `{of}` share addresses: `{}` and `{cidr}`", range.value),
                        range.span,
                    )
                    .see(*span, format!("of `{of}`"))
                    .help("give each cluster a range of its own, or traffic between them cannot be told apart"),
                );
            }
            taken.push((range.value, range.span, name));
        }
    }
}

/// A cluster is entered by a host name or by addresses.
pub(super) fn ingress(facts: &Facts<'_>, sink: &mut Sink) {
    for cluster in facts.raw.regions.iter().flat_map(|r| &r.clusters) {
        let Some(ingress) = &cluster.ingress else {
            continue;
        };
        let (host, addresses) = (&ingress.value.hostname, &ingress.value.addresses);
        let wrong = match (host.is_some(), addresses.is_empty()) {
            (true, false) => "has both a `hostname` and `addresses`",
            (false, true) => "has neither a `hostname` nor `addresses`",
            _ => "",
        };
        if !wrong.is_empty() {
            sink.emit(
                fault(
                    Code::InvalidIngress,
                    format!("the ingress of `{}` {wrong}", cluster.name.value),
                    ingress.span,
                )
                .help("write `{hostname: lb.example}` or `{addresses: [192.0.2.10]}`"),
            );
        }
        if let Some(host) = host {
            super::exposure::host_name(&host.value, host.span, sink);
        }
    }
}
