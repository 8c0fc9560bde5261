//! What several rules ask of a world.

use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::model::name::{Capability, RegionName, ServiceKey};
use crate::model::raw::ServiceEntry;
use crate::model::world::{Cluster, RegionChoice, Service, World};
use crate::validate::Facts;

/// A fault at a place.
pub(super) fn fault(code: Code, message: String, span: Span) -> Diagnostic {
    Diagnostic::new(code, message).at(span, "")
}

/// A fault that there would not be if a service could be anywhere, with what says where it is.
pub(super) fn placed_here(service: &Service, fault: Diagnostic) -> Diagnostic {
    let placement = &service.placement;
    let named = matches!(placement.regions, RegionChoice::Named(_));
    let from = placement.from.first().filter(|_| !named);
    let names = placement.counts.regions.or(placement.span);
    let places = [
        (names.filter(|_| named), "these regions"),
        (from.map(|region| region.span), "from these"),
    ];
    let places = places
        .into_iter()
        .filter_map(|(span, text)| Some((span?, text)));
    places.fold(fault, |fault, (span, text)| fault.see(span, text))
}

/// A fault of a name that leads nowhere, with the nearest that leads somewhere.
pub(super) fn unknown<'a>(
    code: Code,
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let fault = fault(code, format!("there is no {kind} `{name}`"), span);
    match nearest(name, known.clone()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<String> = known.take(12).map(|n| format!("`{n}`")).collect();
            match names.is_empty() {
                true => fault.help(format!(
                    "the fleet has no {kind} yet: add it, or leave this out"
                )),
                false => fault.help(format!("known: {}", names.join(", "))),
            }
        }
    }
}

/// Each written service with what it would mean.
pub(super) fn services<'a>(
    facts: &Facts<'a>,
) -> impl Iterator<Item = (&'a ServiceEntry, &'a Service)> {
    let world = facts.world;
    facts.raw.services.iter().filter_map(move |entry| {
        let key = ServiceKey::new(&entry.service.service.value, &entry.environment);
        world.services.get(&key).map(|service| (entry, service))
    })
}

/// The regions that a service may run in, each with its clusters in the service's environment.
pub(super) fn candidates<'a>(
    world: &'a World,
    service: &Service,
) -> Vec<(&'a RegionName, Vec<&'a Cluster>)> {
    let named: Option<Vec<&RegionName>> = match &service.placement.regions {
        RegionChoice::Named(names) => Some(names.iter().map(|n| &n.value).collect()),
        _ if service.placement.from.is_empty() => None,
        _ => Some(service.placement.from.iter().map(|n| &n.value).collect()),
    };
    let wanted = |region: &RegionName| named.as_ref().is_none_or(|n| n.contains(&region));
    world
        .regions
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, region)| {
            let clusters = region.clusters.iter().filter_map(|c| world.clusters.get(c));
            let in_environment = clusters.filter(|c| c.environment == service.environment);
            (name, in_environment.collect::<Vec<_>>())
        })
        .filter(|(_, clusters)| !clusters.is_empty())
        .collect()
}

/// Whether a cluster can do something.
pub(super) fn can(cluster: &Cluster, capability: &str) -> bool {
    cluster
        .capabilities
        .iter()
        .map(Capability::as_str)
        .any(|c| c == capability)
}
