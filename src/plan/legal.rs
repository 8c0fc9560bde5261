//! Which regions a service may be placed in, and what stands in the way in the others.

mod demands;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Span};
use crate::engine;
use crate::model::name::{Capability, ClusterName};
use crate::model::place::Country;
use crate::model::world::{Cluster, Service, Store, WorkloadKind};

use super::amount::{Amount, Room, split};
use super::ground::{Ground, Waiver};
use super::relax;
use super::words;

/// A hard constraint on the regions of one service. Never traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Constraint {
    /// A cluster of its environment.
    Environment,
    /// A cluster that can do what its exposure needs.
    Exposure,
    /// A cluster that can do what it requires.
    Capabilities,
    /// A cluster of a Kubernetes version that it requires.
    Kubernetes,
    /// A cluster that can hold a store, by index.
    Engine(usize),
    /// The jurisdiction of a store's data, by index.
    Residency(usize),
    /// That no telemetry takes a store's data out of it, by index.
    Telemetry(usize),
    /// A cluster whose Secrets come from inside of it, by index.
    Secrets(usize),
    /// The list of candidates.
    From,
    /// Room for its pods.
    Capacity,
}

/// A constraint that a region does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub constraint: Constraint,
    pub reason: String,
}

/// One region, as a service sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidate {
    pub obstacles: Vec<Obstacle>,
    /// Clusters that its pods may run in, by name.
    pub clusters: Vec<ClusterName>,
    /// Clusters that each of its stores may sit in, by name.
    pub stores: Vec<Vec<ClusterName>>,
}

impl Candidate {
    /// Pods per cluster, at least and at most: evenly, the remainder by name, none without a pod.
    /// What runs to completion runs once per region, in the first cluster.
    pub(super) fn pods(&self, service: &Service) -> Vec<(ClusterName, u32, u32)> {
        let scale = service.workload.scale;
        let over = match service.workload.kind {
            WorkloadKind::CronJob | WorkloadKind::Job => self.clusters.len().min(1),
            WorkloadKind::Deployment | WorkloadKind::Rollout | WorkloadKind::StatefulSet => {
                self.clusters.len()
            }
        };
        let clusters = self.clusters.iter().take(over).enumerate();
        clusters
            .map(|(i, name)| {
                // A service runs in every cluster of its region, be it with one pod.
                let min = split(scale.min, over, i).max(1);
                (name.clone(), min, split(scale.max, over, i).max(min))
            })
            .collect()
    }

    pub(super) fn legal(&self) -> bool {
        self.obstacles.is_empty()
    }

    /// Whether room is all that it lacks.
    pub(super) fn full(&self) -> bool {
        let mut obstacles = self.obstacles.iter();
        !self.legal() && obstacles.all(|o| o.constraint == Constraint::Capacity)
    }
}

/// Looks at every region of the inventory, in order.
pub(super) fn candidates(ground: &Ground<'_>, service: &Service, room: &Room) -> Vec<Candidate> {
    let demands = demands::of(ground, service);
    let residencies: Vec<_> = service
        .stores
        .iter()
        .map(|s| residency(ground, s))
        .collect();
    ground
        .names
        .iter()
        .map(|name| {
            let region = &ground.world.regions[*name];
            let here: Vec<(&ClusterName, &Cluster)> = region
                .clusters
                .iter()
                .filter_map(|c| ground.world.clusters.get_key_value(c))
                .filter(|(_, c)| c.environment == service.environment)
                .collect();
            let able = |needs: &[Capability]| {
                let mut names: Vec<_> = here
                    .iter()
                    .filter(|(_, c)| needs.iter().all(|n| c.capabilities.contains(n)))
                    .map(|(name, _)| (*name).clone())
                    .collect();
                names.sort();
                names
            };
            let mut candidate = Candidate::default();
            let mut stop = |constraint, reason| {
                candidate.obstacles.push(Obstacle { constraint, reason });
            };
            if here.is_empty() {
                stop(
                    Constraint::Environment,
                    format!("no cluster in environment {}", service.environment),
                );
            }
            let mut fit = here.clone();
            let mut lacking = false;
            for demand in &demands {
                let kept: Vec<_> = fit.iter().copied().filter(|(_, c)| demand.met(c)).collect();
                if kept.is_empty() && !fit.is_empty() {
                    // What the others can do is not asked of none.
                    stop(demand.constraint, demand.reason(&fit));
                    lacking = true;
                } else {
                    fit = kept;
                }
            }
            if !lacking {
                candidate.clusters = fit.iter().map(|(name, _)| (*name).clone()).collect();
                candidate.clusters.sort();
            }
            for (i, (store, bound)) in service.stores.iter().zip(&residencies).enumerate() {
                let capability = engine::capability(store.engine.value);
                let clusters = able(std::slice::from_ref(&capability));
                if clusters.is_empty() && !here.is_empty() {
                    let store = &store.name.value;
                    let reason = format!("no cluster with {capability} for store {store}");
                    stop(Constraint::Engine(i), reason);
                }
                candidate.stores.push(clusters);
                if let Some((name, countries)) = bound
                    && !countries.contains(&region.country)
                {
                    let data = store.data.as_ref().map_or("its", |d| d.value.as_str());
                    let country = region.country;
                    let reason =
                        format!("{data} data must stay in {name}, and it lies in {country}");
                    stop(Constraint::Residency(i), reason);
                }
                if let Some((name, countries)) = bound
                    && let Some(telemetry) = &region.telemetry
                    && exported(ground, store)
                    && !telemetry.place.countries.is_subset(countries)
                {
                    let data = store.data.as_ref().map_or("its", |d| d.value.as_str());
                    let place = &telemetry.place.name;
                    let reason = format!(
                        "its telemetry goes to {place}, and {data} data must stay in {name}"
                    );
                    stop(Constraint::Telemetry(i), reason);
                }
            }
            let from = &service.placement.from;
            if !from.is_empty() && !from.iter().any(|f| f.value == **name) {
                stop(Constraint::From, "not listed in placement.from".to_owned());
            }
            if let Some(reason) = no_room(&candidate, service, room) {
                let constraint = Constraint::Capacity;
                candidate.obstacles.push(Obstacle { constraint, reason });
            }
            let waived = |c| ground.waives(service, Waiver::Region(c));
            candidate.obstacles.retain(|o| !waived(o.constraint));
            candidate
        })
        .collect()
}

/// Whether telemetry may hold a store's data: its class names no attributes that are deleted.
fn exported(ground: &Ground<'_>, store: &Store) -> bool {
    let classes = &ground.world.fleet.data_classes;
    let class = store.data.as_ref().and_then(|d| classes.get(&d.value));
    class.is_some_and(|c| c.attributes.is_empty())
}

/// The jurisdiction that binds a store's data, with its countries.
pub(super) fn residency(ground: &Ground<'_>, store: &Store) -> Option<(String, BTreeSet<Country>)> {
    let class = ground
        .world
        .fleet
        .data_classes
        .get(&store.data.as_ref()?.value)?;
    let bound = class.residency.as_ref()?;
    Some((bound.to_string(), bound.countries.clone()))
}

fn no_room(candidate: &Candidate, service: &Service, room: &Room) -> Option<String> {
    let pod = Amount::of_pod(service);
    let pods = candidate.pods(service);
    let (full, min, _) = pods
        .into_iter()
        .find(|(cluster, min, _)| !room.fits(cluster, pod.times(*min)))?;
    Some(format!(
        "{full} has no room left for {}",
        words::count(min as usize, "pod")
    ))
}

/// How many places of one kind a diagnostic shows.
const SHOWN: usize = 3;

/// Shows what binds a store's data.
fn bound(diagnostic: Diagnostic, ground: &Ground<'_>, store: &Store) -> Diagnostic {
    let Some(data) = &store.data else {
        return diagnostic;
    };
    // Several constraints may follow from it.
    if diagnostic.labels.iter().any(|l| l.span == data.span) {
        return diagnostic;
    }
    let class = ground.world.fleet.data_classes.get(&data.value);
    let diagnostic = diagnostic.see(data.span, format!("store `{}` holds it", store.name.value));
    match class.and_then(|c| c.residency.as_ref()) {
        Some(bound) => diagnostic.see(bound.span, format!("bound to `{bound}`")),
        None => diagnostic,
    }
}

/// Shows the place of a constraint in a diagnostic.
pub(super) fn show(
    diagnostic: Diagnostic,
    constraint: Constraint,
    ground: &Ground<'_>,
    service: &Service,
) -> Diagnostic {
    match constraint {
        Constraint::Environment => {
            let text = format!("runs in environment `{}`", service.environment);
            diagnostic.see(service.name.span, text)
        }
        Constraint::Exposure => match &service.exposure {
            Some(exposure) => diagnostic.see(
                exposure.span,
                "needs a cluster that the platform's DNS controller runs in",
            ),
            None => diagnostic,
        },
        Constraint::Engine(i) => {
            let engine = &service.stores[i].engine;
            let text = format!(
                "needs a cluster with `{}`",
                engine::capability(engine.value)
            );
            diagnostic.see(engine.span, text)
        }
        Constraint::Capabilities | Constraint::Kubernetes => {
            demands::show(diagnostic, constraint, ground, service)
        }
        Constraint::Residency(i) => bound(diagnostic, ground, &service.stores[i]),
        Constraint::Telemetry(i) => {
            let regions = ground.world.regions.values();
            let places: BTreeSet<Span> = regions
                .filter_map(|r| r.telemetry.as_ref())
                .filter(|t| {
                    residency(ground, &service.stores[i])
                        .is_some_and(|(_, countries)| !t.place.countries.is_subset(&countries))
                })
                .map(|t| t.place.span)
                .collect();
            let diagnostic = bound(diagnostic, ground, &service.stores[i]);
            places
                .into_iter()
                .take(SHOWN)
                .fold(diagnostic, |d, span| d.see(span, "telemetry goes here"))
        }
        Constraint::Secrets(i) => {
            let diagnostic = bound(diagnostic, ground, &service.stores[i]);
            demands::show(diagnostic, constraint, ground, service)
        }
        Constraint::From => {
            let from = &service.placement.from;
            match (from.first(), from.last()) {
                (Some(a), Some(b)) if a.span.source == b.span.source => {
                    diagnostic.see(a.span.to(b.span), "only these are candidates")
                }
                _ => diagnostic,
            }
        }
        Constraint::Capacity => {
            let scale = service.workload.scale;
            let span = scale.span.unwrap_or(service.workload.resources.cpu.span);
            let text = format!(
                "needs room for {} per region",
                words::count(scale.min as usize, "pod")
            );
            diagnostic.see(span, text)
        }
    }
}

/// A minimal set of constraints that leaves fewer regions than needed, given which ones each region
/// breaks: dropping any of them leaves enough, when nothing outside the set is considered. Empty
/// when there are too few regions even without constraints.
fn conflict(broken: &[BTreeSet<Constraint>], needed: usize) -> BTreeSet<Constraint> {
    let enough =
        |set: &BTreeSet<Constraint>| broken.iter().filter(|b| b.is_disjoint(set)).count() >= needed;
    let mut conflict: BTreeSet<Constraint> = broken.iter().flatten().copied().collect();
    for constraint in conflict.clone() {
        conflict.remove(&constraint);
        if enough(&conflict) {
            conflict.insert(constraint);
        }
    }
    conflict
}

/// The error for fewer legal regions than a placement needs, with the place of each constraint of
/// a minimal conflict.
pub(super) fn infeasible(
    ground: &Ground<'_>,
    service: &Service,
    candidates: &[Candidate],
    needed: usize,
) -> Diagnostic {
    let obstacles: Vec<BTreeSet<Constraint>> = candidates
        .iter()
        .map(|c| c.obstacles.iter().map(|o| o.constraint).collect())
        .collect();
    let conflict = conflict(&obstacles, needed);
    let name = &service.name.value;
    let regions = words::count(needed, "region");
    let placement = &service.placement;
    let written = placement.counts.regions.or(placement.span);
    let span = written.unwrap_or(service.name.span);
    let mut diagnostic = Diagnostic::new(
        Code::PlacementInfeasible,
        format!("`{name}` cannot be placed in {regions}"),
    )
    .at(span, format!("asks for {regions}"));
    if conflict.is_empty() {
        let there = words::count(candidates.len(), "region");
        return diagnostic
            .note(format!("the fleet has {there}"))
            .help("add a region, or ask for fewer");
    }
    for constraint in &conflict {
        diagnostic = show(diagnostic, *constraint, ground, service);
    }
    for (index, candidate) in candidates.iter().enumerate() {
        let mut reasons = candidate
            .obstacles
            .iter()
            .filter(|o| conflict.contains(&o.constraint));
        if let Some(obstacle) = reasons.next() {
            diagnostic = diagnostic.note(format!("`{}`: {}", ground.names[index], obstacle.reason));
        }
    }
    let ways = relax::remedies(ground, service, candidates, needed);
    if ways.is_empty() {
        return diagnostic.help("relax several of the constraints shown: none alone is enough");
    }
    ways.into_iter().fold(diagnostic, Diagnostic::help)
}

/// The error for a region that a placement names and that may not hold the service.
pub(super) fn illegal(
    ground: &Ground<'_>,
    service: &Service,
    index: usize,
    candidate: &Candidate,
    span: Span,
) -> Diagnostic {
    let name = &service.name.value;
    let region = ground.names[index];
    let mut diagnostic = Diagnostic::new(
        Code::PlacementRegion,
        format!("`{name}` may not be placed in `{region}`"),
    )
    .at(span, "named here");
    for obstacle in &candidate.obstacles {
        diagnostic = show(diagnostic, obstacle.constraint, ground, service);
        diagnostic = diagnostic.note(format!("`{region}`: {}", obstacle.reason));
    }
    diagnostic.help(format!(
        "take `{region}` out of `placement.regions`, or lift what stands in the way"
    ))
}
