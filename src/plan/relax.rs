//! Too few legal regions to the cheapest ways out, each of which alone leaves enough.

use crate::engine;
use crate::model::world::Service;

use super::ground::Ground;
use super::legal::{Candidate, Constraint};
use super::words;

/// How many ways out are told.
const TOLD: usize = 4;

/// What to change, cheapest first: what is asked for, then lists of the service, then what clusters
/// can and hold, then the law. Each names the regions, first by name, with which it suffices.
pub(super) fn remedies(
    ground: &Ground<'_>,
    service: &Service,
    candidates: &[Candidate],
    needed: usize,
) -> Vec<String> {
    let legal = candidates.iter().filter(|c| c.legal()).count();
    let missing = needed.saturating_sub(legal);
    let mut ways = Vec::new();
    if legal > 0 {
        ways.push(format!("ask for {}", words::count(legal, "region")));
    }
    let stores = service.stores.len();
    let order = [
        Constraint::From,
        Constraint::Capacity,
        Constraint::Exposure,
        Constraint::Capabilities,
        Constraint::Kubernetes,
        Constraint::Environment,
    ];
    let telemetry = (0..stores).map(Constraint::Telemetry);
    let secrets = (0..stores).map(Constraint::Secrets);
    let engines = (0..stores).map(Constraint::Engine);
    let laws = (0..stores).map(Constraint::Residency);
    let order = order.into_iter().chain(engines);
    for constraint in order.chain(telemetry).chain(secrets).chain(laws) {
        let alone = |c: &Candidate| {
            !c.obstacles.is_empty() && c.obstacles.iter().all(|o| o.constraint == constraint)
        };
        let freed: Vec<usize> = (0..candidates.len())
            .filter(|&r| alone(&candidates[r]))
            .take(missing)
            .collect();
        if freed.len() == missing && missing > 0 {
            ways.push(way(ground, service, constraint, &freed));
        }
    }
    ways.truncate(TOLD);
    ways
}

fn way(ground: &Ground<'_>, service: &Service, constraint: Constraint, freed: &[usize]) -> String {
    let quoted = freed.iter().map(|&r| format!("`{}`", ground.names[r]));
    let quoted: Vec<String> = quoted.collect();
    let regions = words::list(quoted.iter().map(String::as_str));
    match constraint {
        Constraint::From => format!("allow {regions} in `placement.from`"),
        Constraint::Capacity => format!(
            "make room for {} in {regions}, or lower `scale.min`",
            words::count(service.workload.scale.min as usize, "pod")
        ),
        Constraint::Exposure => format!(
            "run the platform's DNS controller in {regions}, and list it under `capabilities`"
        ),
        Constraint::Capabilities => {
            let needs = service
                .requires
                .capabilities
                .iter()
                .map(|c| c.value.as_str());
            format!(
                "give a cluster in {regions} what is required: {}",
                words::list(needs)
            )
        }
        Constraint::Kubernetes => match &service.requires.kubernetes {
            Some(range) => format!(
                "upgrade a cluster in {regions} to Kubernetes {}, or require less",
                range.value
            ),
            None => format!("upgrade a cluster in {regions}"),
        },
        Constraint::Telemetry(i) => {
            let class = class(service, i);
            format!(
                "list the `attributes` of telemetry that hold `{class}`, so that they are deleted, or write a `telemetry` for {regions} inside of its area"
            )
        }
        Constraint::Secrets(i) => {
            let class = class(service, i);
            format!("give a cluster in {regions} a `secretStore` inside of the area of `{class}`")
        }
        Constraint::Environment => format!(
            "add a cluster of environment `{}` to {regions}",
            service.environment
        ),
        Constraint::Engine(i) => format!(
            "give a cluster in {regions} the capability `{}`",
            engine::capability(service.stores[i].engine.value)
        ),
        Constraint::Residency(i) => {
            let class = class(service, i);
            format!("bind `{class}` to an area with {regions} in it")
        }
    }
}

/// The class of a store's data.
fn class(service: &Service, store: usize) -> &str {
    let data = service.stores[store].data.as_ref();
    data.map_or("the data", |d| d.value.as_str())
}
