//! The plan for people: who runs where, what it is good for, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::plan::{FailoverChain, Plan, ServicePlan, StorePlan};
use crate::model::world::World;

use super::predicted::{one_journey, predicted};
use super::{Style, moves, rests};

/// Every decision with its reasons.
pub fn plan(world: &World, plan: &Plan, style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.strong(&headline(world)));
    if let Some(line) = rests::all(plan.rests_on, &world.fleet.network.rtt) {
        let _ = writeln!(out, "{}", style.faint(&super::inert(&line)));
    }
    moves::taken(&mut out, &plan.moves, style);
    moves::proposed(&mut out, &plan.proposals, style);
    out.push('\n');
    let _ = writeln!(out, "{}", style.strong("services"));
    for (names, service) in alike(plan) {
        one_service(&mut out, &names.join(", "), service, style);
    }
    if !plan.stores.is_empty() {
        out.push('\n');
        let _ = writeln!(out, "{}", style.strong("stores"));
        for (key, store) in &plan.stores {
            one_store(&mut out, &key.to_string(), store, style);
            let rests = plan.services.get(&key.service).map(|s| s.rests_on);
            if let Some(line) = rests.and_then(rests::estimates) {
                let _ = writeln!(out, "    {}", style.yellow(&line));
            }
        }
    }
    if !plan.journeys.is_empty() {
        out.push('\n');
        let _ = writeln!(out, "{}", style.strong("journeys"));
        for (name, journey) in &plan.journeys {
            one_journey(&mut out, name.as_str(), journey, style);
        }
    }
    out.push('\n');
    let _ = writeln!(out, "{}", style.strong("waves"));
    for (i, wave) in plan.waves.iter().enumerate() {
        let clusters: Vec<&str> = wave.clusters.iter().map(|c| c.as_str()).collect();
        let _ = writeln!(out, "  {}. {}: {}", i + 1, wave.name, clusters.join(", "));
        reasons(&mut out, &wave.because.0, style);
        for (j, step) in wave
            .steps
            .iter()
            .enumerate()
            .filter(|_| wave.steps.len() > 1)
        {
            let _ = writeln!(out, "    step {}: {}", j + 1, names(&step.clusters));
            reasons(&mut out, &step.because.0, style);
        }
    }
    out
}

/// Services with the names of those that the same was decided about, by the first name.
fn alike(plan: &Plan) -> Vec<(Vec<String>, &ServicePlan)> {
    let mut groups: Vec<(Vec<String>, &ServicePlan)> = Vec::new();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for (key, service) in &plan.services {
        let mut story = String::new();
        one_service(&mut story, "", service, Style::PLAIN);
        let next = groups.len();
        let group = *told.entry(story).or_insert(next);
        match groups.get_mut(group) {
            Some((names, _)) => names.push(key.to_string()),
            None => groups.push((vec![key.to_string()], service)),
        }
    }
    groups
}

/// One line on the size of a fleet: `shop: 12 services and 1 store in 3 regions, 4 clusters`.
pub fn headline(world: &World) -> String {
    let stores: usize = world.services.values().map(|s| s.stores.len()).sum();
    format!(
        "{}: {} and {} in {}, {}",
        world.fleet.name.value,
        count(world.services.len(), "service"),
        count(stores, "store"),
        count(world.regions.len(), "region"),
        count(world.clusters.len(), "cluster"),
    )
}

/// The story of one service.
pub(super) fn one_service(out: &mut String, name: &str, service: &ServicePlan, style: Style) {
    let regions: Vec<String> = service
        .regions
        .iter()
        .map(|p| {
            if p.serves {
                p.region.to_string()
            } else {
                format!("{} (stands by)", p.region)
            }
        })
        .collect();
    let _ = writeln!(out, "  {} in {}", style.strong(name), regions.join(", "));
    reasons(out, &service.because.0, style);
    predicted(out, &service.predicted, style);
    if let Some(line) = rests::estimates(service.rests_on) {
        let _ = writeln!(out, "    {}", style.yellow(&line));
    }
    for placement in &service.regions {
        let clusters: Vec<String> = placement
            .clusters
            .iter()
            .map(|(cluster, r)| {
                if r.min == r.max {
                    format!("{cluster} ×{}", r.min)
                } else {
                    format!("{cluster} ×{}–{}", r.min, r.max)
                }
            })
            .collect();
        let _ = writeln!(out, "    {}: {}", placement.region, clusters.join(", "));
        reasons(out, &placement.because.0, style);
    }
    for (lost, chain) in &service.failover {
        failover(out, lost.as_str(), chain, style);
    }
    if let Some(dns) = &service.dns {
        let policy = dns.policy.name().to_owned();
        let records: Vec<String> = dns
            .records
            .iter()
            .map(|(region, weight)| match weight {
                Some(weight) => format!("{region} ({weight})"),
                None => region.to_string(),
            })
            .collect();
        let _ = writeln!(out, "    DNS {policy}: {}", records.join(", "));
        reasons(out, &dns.because.0, style);
    }
}

fn failover(out: &mut String, lost: &str, chain: &FailoverChain, style: Style) {
    let targets: Vec<&str> = chain.targets.iter().map(|t| t.as_str()).collect();
    let targets = if targets.is_empty() {
        "nobody".to_owned()
    } else {
        targets.join(", then ")
    };
    let _ = writeln!(out, "    without {lost}: {targets}");
    reasons(out, &chain.because.0, style);
}

/// The story of one store.
pub(super) fn one_store(out: &mut String, name: &str, store: &StorePlan, style: Style) {
    let at = |region: &crate::model::name::RegionName| match store.clusters.get(region) {
        Some(cluster) => format!("{region} ({cluster})"),
        None => region.to_string(),
    };
    let mut parts = Vec::new();
    if let Some(leader) = &store.leader {
        parts.push(format!("writes in {}", at(leader)));
    }
    if !store.voters.is_empty() {
        let zones = store
            .voter_zones
            .iter()
            .map(Some)
            .chain(std::iter::repeat(None));
        let voters: Vec<String> = store
            .voters
            .iter()
            .zip(zones)
            .map(|(region, zone)| match zone.filter(|z| !z.is_empty()) {
                Some(zone) => format!("{region} ({zone})"),
                None => region.to_string(),
            })
            .collect();
        parts.push(format!("voters {}", voters.join(", ")));
    }
    if !store.replicas.is_empty() {
        let replicas: Vec<String> = store.replicas.iter().map(at).collect();
        parts.push(format!("replicas in {}", replicas.join(", ")));
    }
    if !store.sync_standbys.is_empty() {
        parts.push(format!("writes wait for {}", names(&store.sync_standbys)));
    }
    if let Some(ns) = store.objective_ns {
        parts.push(format!("{} on average", milliseconds(ns)));
    }
    let _ = writeln!(out, "  {}: {}", style.strong(name), parts.join("; "));
    reasons(out, &store.because.0, style);
    if store.shards.is_empty() {
        reasons(out, &[format!("survives {}", store.survives)], style);
    }
    for (shard, part) in &store.shards {
        one_store(out, &format!("{name}/{shard}"), part, style);
    }
}

/// Nanoseconds as milliseconds with at most one decimal.
pub fn milliseconds(ns: u64) -> String {
    let tenths = (ns + 50_000) / 100_000;
    if tenths.is_multiple_of(10) {
        format!("{} ms", tenths / 10)
    } else {
        format!("{}.{} ms", tenths / 10, tenths % 10)
    }
}

pub(super) fn reasons(out: &mut String, because: &[String], style: Style) {
    for reason in because {
        let _ = writeln!(out, "      {}", style.faint(&super::inert(reason)));
    }
}

fn names<T: AsRef<str>>(items: &[T]) -> String {
    items
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<_>>()
        .join(", ")
}

/// `1 service`, `2 services`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_to_tenths() {
        for (ns, text) in [(0, "0 ms"), (3_240_000, "3.2 ms"), (99_960_000, "100 ms")] {
            assert_eq!(milliseconds(ns), text);
        }
    }
}
