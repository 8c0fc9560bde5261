//! For the loss of each serving region: who may and can take over.
//!
//! Legal: where a store's data is bound, inside its jurisdiction; else inside `failover.residency`
//! for its members and in the same country for the others. Possible: the target has room, with
//! the headroom kept free, for the lost region's share of the audience, up to `max` pods.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::model::name::RegionName;
use crate::model::place::Country;
use crate::model::plan::{Because, FailoverChain};
use crate::model::world::{RegionChoice, Service};

use super::Placed;
use super::amount::{Amount, Room, split};
use super::ground::Ground;
use super::legal;
use super::words;

/// Where a service may fail over to.
pub(super) struct Rule {
    /// Jurisdictions that bind its data; the store's index, the name, the countries.
    bound: Vec<(usize, String, BTreeSet<Country>)>,
    /// The fleet's rule for services without bound data.
    fleet: Option<(String, BTreeSet<Country>)>,
}

impl Rule {
    pub(super) fn of(ground: &Ground<'_>, service: &Service) -> Self {
        let stores = service.stores.iter().enumerate();
        let bound: Vec<_> = stores
            .filter_map(|(i, s)| legal::residency(ground, s).map(|(name, set)| (i, name, set)))
            .collect();
        let fleet = ground.world.fleet.failover.residency.as_ref();
        let fleet = fleet.filter(|_| bound.is_empty());
        Self {
            bound,
            fleet: fleet.map(|j| (j.value.to_string(), ground.countries(&j.value))),
        }
    }

    /// Whether a country may hold all of its data.
    pub(super) fn keeps_data(&self, country: Country) -> bool {
        self.bound.iter().all(|(_, _, all)| all.contains(&country))
    }

    /// Why a target is not allowed; `None` when it is.
    pub(super) fn forbids(&self, lost: Country, target: Country) -> Option<String> {
        for (_, name, countries) in &self.bound {
            if !countries.contains(&target) {
                return Some(format!("it lies outside {name}"));
            }
        }
        let (name, members) = self.fleet.as_ref()?;
        if members.contains(&lost) {
            (!members.contains(&target)).then(|| format!("it lies outside {name}"))
        } else {
            (lost != target)
                .then(|| format!("{lost} is outside {name} and fails over only inside {lost}"))
        }
    }
}

/// A service's chain per serving region.
type Chains = BTreeMap<RegionName, FailoverChain>;

/// Decides every chain, services in the order of decision, and which services, by index, find no
/// room after the loss of which regions; emits where nothing may take over.
pub(super) fn chains(
    ground: &Ground<'_>,
    placed: &[Placed<'_>],
    room: &Room,
    sink: &mut Sink,
) -> (Vec<Chains>, Vec<(usize, Vec<usize>)>) {
    let headroom = ground.world.fleet.failover.headroom;
    let after_loss = room.clone().keep_free(ground.world, headroom);
    let rules: Vec<_> = placed.iter().map(|p| Rule::of(ground, p.service)).collect();
    let mut all = vec![BTreeMap::new(); placed.len()];
    // Per service: serving regions that the rule leaves without a target, and that room does.
    let mut forbidden = vec![Vec::new(); placed.len()];
    let mut full = vec![Vec::new(); placed.len()];
    for lost in 0..ground.names.len() {
        let mut free = after_loss.clone();
        for (i, service) in placed.iter().enumerate() {
            if !service.chosen.serving.contains(&lost) {
                continue;
            }
            let (chain, lack) = chain(ground, service, &rules[i], lost, &mut free);
            match lack {
                Some(Lack::Target) => forbidden[i].push(lost),
                Some(Lack::Room) => full[i].push(lost),
                None => {}
            }
            all[i].insert(ground.names[lost].clone(), chain);
        }
    }
    for (i, service) in placed.iter().enumerate() {
        if !forbidden[i].is_empty() {
            say_forbidden(ground, service, &rules[i], &forbidden[i], sink);
        }
    }
    let full = full.into_iter().enumerate();
    (all, full.filter(|(_, lost)| !lost.is_empty()).collect())
}

enum Lack {
    Target,
    Room,
}

/// The services, by index, that would find no room after the loss of a region, with the region.
pub(super) fn lacks(
    ground: &Ground<'_>,
    placed: &[&Placed<'_>],
    room: &Room,
) -> Vec<(usize, usize)> {
    let headroom = ground.world.fleet.failover.headroom;
    let after_loss = room.clone().keep_free(ground.world, headroom);
    let rules: Vec<_> = placed.iter().map(|p| Rule::of(ground, p.service)).collect();
    let mut lacks = Vec::new();
    for lost in 0..ground.names.len() {
        let mut free = after_loss.clone();
        for (i, service) in placed.iter().enumerate() {
            if service.chosen.serving.contains(&lost) {
                let (_, lack) = chain(ground, service, &rules[i], lost, &mut free);
                lacks.extend(matches!(lack, Some(Lack::Room)).then_some((i, lost)));
            }
        }
    }
    lacks.sort_unstable();
    lacks
}

/// Whether a service holds data that no region may take over after the loss of one.
pub(super) fn stranded(ground: &Ground<'_>, placed: &Placed<'_>) -> bool {
    let country = |r: usize| ground.world.regions[ground.names[r]].country;
    let rule = Rule::of(ground, placed.service);
    let taken_over = |&lost: &usize| {
        let mut others = placed.chosen.regions.iter().filter(|r| **r != lost);
        others.any(|&r| rule.forbids(country(lost), country(r)).is_none())
    };
    let bound = placed.service.failover && !rule.bound.is_empty();
    bound && !placed.chosen.serving.iter().all(taken_over)
}

fn chain(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    rule: &Rule,
    lost: usize,
    free: &mut Room,
) -> (FailoverChain, Option<Lack>) {
    if !placed.service.failover {
        let because = Because::new("failover: none");
        return (
            FailoverChain {
                targets: Vec::new(),
                because,
            },
            None,
        );
    }
    let mut others = placed.chosen.regions.clone();
    others.retain(|&r| r != lost);
    others.sort_by_key(|&r| (ground.costs[lost][r], r));
    let country = |r: usize| ground.world.regions[ground.names[r]].country;
    let mut targets = Vec::new();
    let mut left_out = Because::default();
    let mut legal = 0;
    for target in others {
        let name = ground.names[target];
        let rtt = words::ms(ground.costs[lost][target]);
        if let Some(reason) = rule.forbids(country(lost), country(target)) {
            left_out = left_out.and(format!("{name} at {rtt} is left out: {reason}"));
            continue;
        }
        legal += 1;
        let extra = extra_pods(placed, lost, target);
        match takes_over(placed, target, extra, free) {
            Some(load) => {
                if targets.is_empty() {
                    for (cluster, amount) in load {
                        free.take(&cluster, amount);
                    }
                }
                targets.push(target);
            }
            None => {
                let pods = words::count(extra as usize, "more pod");
                left_out = left_out.and(format!("{name} at {rtt} is left out: no room for {pods}"));
            }
        }
    }
    let mut because = Because::default();
    if let Some(&first) = targets.first() {
        let what = match (legal, targets.len() == legal) {
            (1, _) => "the only legal target",
            (_, true) => "the nearest legal target",
            (_, false) => "the nearest legal target with room",
        };
        let rtt = words::ms(ground.costs[lost][first]);
        because = because.and(format!("{} is {what}, at {rtt}", ground.names[first]));
    } else if placed.chosen.regions.len() == 1 {
        because = because.and("the service runs in no other region");
    }
    because.0.extend(left_out.0);
    let lack = match (targets.is_empty(), legal) {
        (false, _) => None,
        (true, 0) => Some(Lack::Target),
        (true, _) => Some(Lack::Room),
    };
    let targets = targets
        .into_iter()
        .map(|t| ground.names[t].clone())
        .collect();
    (FailoverChain { targets, because }, lack)
}

/// Pods that a target needs beyond its `min`, once it also serves the lost region's share.
pub(super) fn extra_pods(placed: &Placed<'_>, lost: usize, target: usize) -> u32 {
    let scale = placed.service.workload.scale;
    let served = |r: usize| placed.served.get(&r).copied().unwrap_or_default();
    let fleet = u128::from(scale.min) * placed.chosen.serving.len() as u128;
    let load = fleet * (served(lost) + served(target));
    let pods = load.div_ceil(placed.demand.total.max(1));
    let pods = u32::try_from(pods).unwrap_or(u32::MAX).min(scale.max);
    pods.saturating_sub(scale.min)
}

fn takes_over(
    placed: &Placed<'_>,
    target: usize,
    extra: u32,
    free: &Room,
) -> Option<Vec<(crate::model::name::ClusterName, Amount)>> {
    let pod = Amount::of_pod(placed.service);
    let clusters = &placed.candidates[target].clusters;
    let over = clusters.len().min(extra.max(1) as usize);
    let load: Vec<_> = clusters
        .iter()
        .take(over)
        .enumerate()
        .map(|(i, c)| (c.clone(), pod.times(split(extra, over, i))))
        .collect();
    load.iter()
        .all(|(c, amount)| free.fits(c, *amount))
        .then_some(load)
}

fn say_forbidden(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    rule: &Rule,
    lost: &[usize],
    sink: &mut Sink,
) {
    let name = &placed.service.name.value;
    let regions = ground.list(lost);
    for (index, jurisdiction, countries) in &rule.bound {
        let store = &placed.service.stores[*index];
        let Some(data) = &store.data else { continue };
        let class = ground.world.fleet.data_classes.get(&data.value);
        let mut diagnostic = Diagnostic::new(
            Code::Residency,
            format!(
                "store `{}` of `{name}` would fail over out of its jurisdiction",
                store.name.value
            ),
        )
        .at(data.span, format!("bound to {jurisdiction}"));
        if let Some(bound) = class.and_then(|c| c.residency.as_ref()) {
            diagnostic = diagnostic.see(bound.span, "by this");
        }
        let elsewhere: Vec<usize> = (0..ground.names.len())
            .filter(|&r| placed.candidates[r].legal() && !placed.chosen.regions.contains(&r))
            .filter(|&r| countries.contains(&ground.world.regions[ground.names[r]].country))
            .collect();
        let placement = &placed.service.placement;
        let chosen = placement.regions != RegionChoice::All && !elsewhere.is_empty();
        let these = placement.counts.regions.or(placement.span);
        if let Some(span) = these.filter(|_| chosen) {
            diagnostic = diagnostic.see(span, "these regions");
        }
        sink.emit(if elsewhere.is_empty() {
            diagnostic.help(format!(
                "`{regions}` has no other region in {jurisdiction}; add one, or set `failover: none` and accept an RTO"
            ))
        } else {
            diagnostic.help(format!(
                "place `{name}` in `{}` too, or set `failover: none` and accept an RTO",
                ground.names[elsewhere[0]]
            ))
        });
    }
    // One region by choice is no surprise; several of which some have no way out are.
    if rule.bound.is_empty() && placed.chosen.regions.len() > 1 {
        let span = placed
            .service
            .placement
            .span
            .unwrap_or(placed.service.name.span);
        let mut diagnostic = Diagnostic::new(
            Code::FailoverMissing,
            format!("no region may take over for `{name}` after the loss of {regions}"),
        )
        .at(span, "");
        if let Some(residency) = &ground.world.fleet.failover.residency {
            diagnostic = diagnostic.see(residency.span, "the rule");
        }
        let help = "add a region that the rule allows, or set `failover: none` for the service";
        sink.emit(diagnostic.help(help));
    }
}

/// The error for a service that finds no room after the loss of some regions.
pub(super) fn full(ground: &Ground<'_>, placed: &Placed<'_>, lost: &[usize]) -> Diagnostic {
    let name = &placed.service.name.value;
    let scale = placed.service.workload.scale;
    let span = scale.min_span.or(scale.span);
    let span = span.unwrap_or(placed.service.name.span);
    Diagnostic::new(
        Code::FailoverCapacity,
        format!(
            "no region has room to take over `{name}` after the loss of {}",
            ground.list(lost)
        ),
    )
    .at(
        span,
        format!("{} per region", words::count(scale.min as usize, "pod")),
    )
    .severity(Severity::Error)
}
