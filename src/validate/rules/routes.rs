//! Ways in to exposed services, and what DNS can say of them.

use std::collections::BTreeMap;

use super::exposure::is_host;
use super::lookup::{can, candidates, fault, services};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::name::RegionName;
use crate::model::place::Provider;
use crate::model::raw;
use crate::model::world::{Cluster, DnsController, DnsProvider, GeoArea, Region, Routing, Service};
use crate::validate::Facts;

/// Where DNS records are written, every cluster that may serve can be reached, and a policy
/// that fails over has a health check for each.
pub(super) fn routes(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(dns) = facts.world.fleet.platform.dns else {
        return;
    };
    let k8gb = dns.controller == DnsController::K8gb;
    let controller = dns.controller.name();
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
        if k8gb {
            followed(facts, service, &written.value, dns.span, sink);
        } else if routing.value == Routing::Geo && exposure.geo.is_empty() {
            sink.emit(
                fault(
                    Code::RoutingRegions,
                    format!(
                        "nobody says which users of `{}` go where",
                        service.name.value
                    ),
                    named,
                )
                .help("add `geo: {<region>: [<country, bloc or continent>]}` beside it"),
            );
        }
        let mut answered: BTreeMap<&GeoArea, &RegionName> = BTreeMap::new();
        for (region, area) in exposure
            .geo
            .iter()
            .flat_map(|(r, areas)| areas.iter().map(move |a| (r, a)))
        {
            if let Some(other) = answered.insert(area, region) {
                let message =
                    format!("users in {area} cannot be answered by `{other}` and `{region}`");
                sink.emit(
                    fault(Code::RoutingRegions, message, named)
                        .help("name each country, bloc and continent of `geo` for one region"),
                );
            }
        }
        if !k8gb && routing.value == Routing::Failover && regions.len() > 2 && least(service) > 2 {
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
        if routing.value == Routing::Simple && least(service).min(regions.len()) > 1 {
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
        if !k8gb && routing.value == Routing::Latency && written.value.routing.is_some() {
            latency(facts, service, &regions, named, sink);
        }
        let fails_over = routing.value != Routing::Simple && regions.len() > 1;
        let clusters: Vec<&Cluster> = regions.iter().flat_map(|(_, c)| c).copied().collect();
        let without = |lacks: &dyn Fn(&Cluster) -> bool| -> Vec<&Cluster> {
            clusters.iter().copied().filter(|c| lacks(c)).collect()
        };
        let name = &service.name.value;
        if let Some((names, see)) = told(&without(&|c| !can(c, controller))) {
            let message = format!("`{name}` is exposed and {names} has no {controller}");
            sink.emit(see(fault(Code::MissingCapability, message, host.span)).help(format!(
                "add `{controller}` to its `capabilities`, or leave the region out with `placement.from`",
            )));
        }
        if let Some((names, see)) = told(&without(&|c| !k8gb && c.ingress.is_none())) {
            let message = format!("`{name}` is exposed and {names} has no way in");
            sink.emit(see(fault(Code::MissingIngress, message, host.span)).help(
                "add `ingress: {hostname: ...}` to it, or leave the region out with `placement.from`",
            ));
        }
        let checks = !k8gb && dns.provider == DnsProvider::Aws;
        let unchecked =
            without(&|c| checks && fails_over && !c.health_checks.contains_key(&host.value));
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

/// k8gb answers with what a route of the gateway leads to, and by no latency.
fn followed(
    facts: &Facts<'_>,
    service: &Service,
    written: &raw::Exposure,
    dns: Span,
    sink: &mut Sink,
) {
    if facts.world.fleet.platform.gateway.is_none() {
        sink.emit(
            fault(
                Code::RoutingGateway,
                format!(
                    "k8gb follows routes of a gateway, and nothing renders one for `{}`",
                    service.name.value
                ),
                written.host.span,
            )
            .see(dns, "writes the records")
            .help("add `gateway: envoy` to the `platform`, or write `dns: external-dns`"),
        );
    }
    if let Some(latency) = written.routing.filter(|r| r.value == Routing::Latency) {
        sink.emit(
            fault(
                Code::RoutingProvider,
                format!(
                    "k8gb knows no latencies to route `{}` by",
                    written.host.value
                ),
                latency.span,
            )
            .see(dns, "writes the records")
            .help("write `routing: geo`, for which k8gb needs a GeoIP database, or `weighted`"),
        );
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
