//! Success and replication lag that were measured, against what services and stores promise.
//!
//! A service's requests go from each place of its audience to the region that serves it, from there
//! to the leaders of its stores, and to the nearest region of each callee. The lag of a replica is
//! held against the store's `staleness`; against `slo.rpo` only that of the region that takes over
//! from the leader, and not where writes wait for a standby.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::engine::Consistency;
use crate::model::measured::{Measured, Sample};
use crate::model::name::{RegionName, ServiceKey, StoreKey};
use crate::model::plan::{Plan, ServicePlan, StorePlan};
use crate::model::rtt::RoundTrips;
use crate::model::world::{Service, Store, World};

use super::ground::Ground;

/// Warns of each promise that the measurements put at risk, where it is made.
pub fn at_risk(world: &World, rtt: &RoundTrips, plan: &Plan, measured: &Measured, sink: &mut Sink) {
    let ground = Ground::new(world, rtt, None, false);
    for (key, service) in &world.services {
        let Some(decided) = plan.services.get(key) else {
            continue;
        };
        success(&ground, plan, (key, service), decided, measured, sink);
        for store in &service.stores {
            let key = key.store(&store.name.value);
            let parts = plan.stores.get(&key).into_iter().flat_map(StorePlan::parts);
            for placed in parts {
                lag((&key, service), store, decided, placed, measured, sink);
            }
        }
    }
}

fn success(
    ground: &Ground<'_>,
    plan: &Plan,
    (key, service): (&ServiceKey, &Service),
    decided: &ServicePlan,
    measured: &Measured,
    sink: &mut Sink,
) {
    let Some(promise) = service.recovery.availability else {
        return;
    };
    let serving = serving(ground, decided);
    let mut paths: BTreeSet<(usize, usize)> = BTreeSet::new();
    let demand = ground.demand(&service.audience);
    let places = demand.places.iter().map(|p| p.region);
    paths.extend(places.filter_map(|from| Some((from, ground.nearest(from, &serving)?))));
    let stores = plan.stores.iter().filter(|(s, _)| s.service == *key);
    let parts = stores.flat_map(|(_, s)| s.parts());
    let leaders = parts.filter_map(|s| ground.index(s.leader.as_ref()?.as_str()));
    let leaders: Vec<usize> = leaders.collect();
    for call in &service.calls {
        let callee = ServiceKey::new(&call.service.value, &key.environment);
        let callee = plan.services.get(&callee).map(|c| self::serving(ground, c));
        let callee = callee.unwrap_or_default();
        let hops = serving.iter().filter(|s| !callee.contains(s));
        paths.extend(hops.filter_map(|&from| Some((from, ground.nearest(from, &callee)?))));
    }
    for &from in &serving {
        paths.extend(leaders.iter().map(|&leader| (from, leader)));
    }
    let mut below: Vec<_> = paths
        .into_iter()
        .filter_map(|(from, to)| {
            let (from, to) = (ground.names[from], ground.names[to]);
            let share = sample(measured, from, to)?.success?;
            (share < promise.value).then_some((share, from, to))
        })
        .collect();
    below.sort();
    let Some((share, from, to)) = below.first() else {
        return;
    };
    let name = &service.name.value;
    let mut risk = Diagnostic::new(
        Code::MeasuredSuccess,
        format!(
            "`{name}` promises that {} of requests succeed, and from `{from}` to `{to}` {share} do",
            promise.value
        ),
    )
    .at(promise.span, "promised here");
    for (share, from, to) in below.iter().skip(1) {
        risk = risk.note(format!("from `{from}` to `{to}`: {share}"));
    }
    sink.emit(risk.help(format!(
        "look at the path from `{from}` to `{to}`, or place `{name}` where its users do not need it"
    )));
}

fn serving(ground: &Ground<'_>, decided: &ServicePlan) -> Vec<usize> {
    let serve = decided.regions.iter().filter(|p| p.serves);
    serve
        .filter_map(|p| ground.index(p.region.as_str()))
        .collect()
}

fn sample<'m>(measured: &'m Measured, from: &RegionName, to: &RegionName) -> Option<&'m Sample> {
    measured.pairs.get(&(from.clone(), to.clone()))
}

fn lag(
    (key, service): (&StoreKey, &Service),
    store: &Store,
    decided: &ServicePlan,
    placed: &StorePlan,
    measured: &Measured,
    sink: &mut Sink,
) {
    let Some(leader) = &placed.leader else { return };
    let behind = |replica: &RegionName| sample(measured, leader, replica)?.lag_us;
    let worst = placed
        .replicas
        .iter()
        .filter_map(|r| Some((behind(r)?, r)))
        .max();
    let bound = store.staleness.as_ref();
    let bound = bound.filter(|_| store.consistency.value == Consistency::BoundedStaleness);
    if let (Some((lag, replica)), Some(bound)) = (worst, bound)
        && lag > bound.value.as_millis().saturating_mul(1000)
    {
        let promise = format!("bounds staleness to {}", bound.value);
        sink.emit(late(key, &promise, bound.span, lag, replica));
    }
    let chain = decided.failover.get(leader).map(|c| c.targets.as_slice());
    let next = chain
        .unwrap_or_default()
        .iter()
        .find(|t| placed.replicas.contains(t));
    if let (Some(rpo), Some(next), 0) = (service.recovery.rpo, next, placed.synchronous)
        && let Some(lag) = behind(next)
        && lag > rpo.value.as_millis().saturating_mul(1000)
    {
        let promise = format!("may lose {} with the region `{leader}`", rpo.value);
        sink.emit(late(key, &promise, rpo.span, lag, next));
    }
}

fn late(key: &StoreKey, promise: &str, at: Span, lag: u64, replica: &RegionName) -> Diagnostic {
    let seconds = seconds(lag);
    Diagnostic::new(
        Code::MeasuredLag,
        format!("store `{key}` {promise}, and its replica in `{replica}` is {seconds} behind"),
    )
    .at(at, "promised here")
    .help(format!(
        "look at the replica in `{replica}` and the path to it, or raise this above {}s",
        lag.div_ceil(1_000_000)
    ))
}

/// `7.25 s` from microseconds.
fn seconds(micros: u64) -> String {
    let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
    match part {
        0 => format!("{whole} s"),
        _ => format!("{whole}.{} s", format!("{part:06}").trim_end_matches('0')),
    }
}
