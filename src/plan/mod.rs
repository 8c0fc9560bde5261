//! The world and the round trips to decisions.
//!
//! A pure function of the world, the round trips and the previous lock. Services are decided in
//! the order tier, demand (CPU that they reserve, largest first), name; each exactly, given the
//! capacity that earlier ones left; where capacity couples several, or the enforced budget of a
//! journey does, a bounded repair decides them together. Then, with all services placed: stores' leaders, failover
//! chains, DNS, waves, and the budgets that the result breaks.

mod allowed;
mod amount;
mod budget;
mod calls;
mod choose;
mod conflict;
mod dns;
mod explain;
mod failover;
mod ground;
mod joint;
mod journey;
mod legal;
mod legs;
mod lints;
pub mod lock;
mod measured;
mod moves;
mod needs;
mod pairs;
mod place;
mod promises;
mod relax;
mod repair;
mod search;
mod store;
mod story;
mod survive;
mod waves;
mod words;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diag::{Rejected, Sink};
use crate::model::lock::Lock;
use crate::model::name::{ServiceKey, StoreKey};
use crate::model::plan::{
    Because, Move, Plan, RegionPlacement, Replicas, RestsOn, ServicePlan, StorePlan,
};
use crate::model::rtt::RoundTrips;
use crate::model::world::{Service, World};

pub use measured::at_risk;
pub use story::story;
pub use survive::Standing;

use amount::Room;
use choose::Chosen;
use ground::{Demand, Ground};
use journey::Together;
use legal::Candidate;
use legs::Legs;

/// What a plan may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether sticky decisions are given up for better ones.
    pub rebalance: bool,
}

/// One service with its regions.
#[derive(Clone)]
struct Placed<'a> {
    key: &'a ServiceKey,
    service: &'a Service,
    demand: Demand,
    candidates: Vec<Candidate>,
    chosen: Chosen,
    rests_on: RestsOn,
    /// The weight of the audience that each serving region is nearest to.
    served: BTreeMap<usize, u128>,
    why: explain::Why,
}

/// Decides everything.
///
/// # Errors
/// When a hard constraint cannot be met: residency, capacity, capability, an enforced budget.
pub fn plan(
    world: &World,
    rtt: &RoundTrips,
    lock: Option<&Lock>,
    options: &Options,
    sink: &mut Sink,
) -> Result<Plan, Rejected> {
    let ground = Ground::new(world, rtt, lock, options.rebalance);
    against(&ground, lock, sink)
}

/// What a plan decides otherwise than `before`, valued under any round trips; nothing where these
/// do not allow the plan.
pub fn moves(world: &World, rtt: &RoundTrips, before: &Lock, after: &Plan) -> Vec<Move> {
    let kept = lock::of(after);
    // What is wrong with the fleet was said of the plan itself.
    let ground = Ground::new(world, rtt, Some(&kept), false).unexplained();
    let same = against(&ground, Some(before), &mut Sink::new());
    same.map(|plan| plan.moves).unwrap_or_default()
}

/// A plan with its moves told from other decisions than those that are kept.
fn against(ground: &Ground<'_>, moved: Option<&Lock>, sink: &mut Sink) -> Result<Plan, Rejected> {
    let before = sink.errors();
    let mut places = place::all(ground, sink);
    explain::places(ground, &mut places, sink);
    let (placed, room) = (&places.placed, &places.room);
    let decided = decide(ground, placed, room, sink);
    // Without some services the rest would be told of things that are not so.
    if placed.len() < ground.world.services.len() {
        sink.since(before)?;
    }
    let mut plan = complete(ground, (placed, &places.together), decided, moved, sink);
    plan.rests_on = places.rests_on;
    sink.since(before)?;
    Ok(plan)
}

/// Fills in what a rebalance would do, from largest gain to largest cost; nothing where a
/// rebalance would be rejected.
pub fn propose(world: &World, rtt: &RoundTrips, plan: &mut Plan) {
    let kept = lock::of(plan);
    // What is wrong with the fleet was said of the plan itself.
    let ground = Ground::new(world, rtt, Some(&kept), true).unexplained();
    let free = against(&ground, Some(&kept), &mut Sink::new());
    plan.proposals = free.map(|free| free.moves).unwrap_or_default();
    plan.proposals
        .sort_by_cached_key(|m| (Reverse(m.gain_ns()), m.what.clone(), m.from.clone()));
}

/// Stores, failover and what users will see, of services that are placed; and errors for what is
/// not kept.
fn decide(ground: &Ground<'_>, placed: &[Placed<'_>], room: &Room, sink: &mut Sink) -> Plan {
    let mut plan = Plan::default();
    for service in placed {
        for (index, declared) in service.service.stores.iter().enumerate() {
            let key = service.key.store(&declared.name.value);
            let question = store::Question {
                key: key.clone(),
                index,
                service: service.service,
                chosen: &service.chosen,
                demand: &service.demand,
                candidates: &service.candidates,
                conflict: &service.why.conflict,
            };
            let Some(decided) = store::decide(ground, &question, sink) else {
                continue;
            };
            plan.stores.insert(key, decided);
        }
    }
    let (chains, full) = failover::chains(ground, placed, room, sink);
    explain::full(ground, placed, &full, sink);
    let base = base(ground, placed, &plan.stores);
    let mut services = BTreeMap::new();
    for (service, failover) in placed.iter().zip(chains) {
        let decided = ServicePlan {
            regions: placements(ground, service),
            dns: dns::decide(ground, service, &failover, sink),
            failover,
            predicted: budget::predict(&base, service, sink),
            bound_ns: service
                .chosen
                .bound
                .map(|bound| words::mean_ns(bound, service.demand.total)),
            rests_on: service.rests_on,
            because: service.chosen.because.clone(),
        };
        services.insert(service.key.clone(), decided);
    }
    plan.services = services;
    plan
}

fn base<'a>(
    ground: &'a Ground<'_>,
    placed: &'a [Placed<'_>],
    stores: &'a BTreeMap<StoreKey, StorePlan>,
) -> budget::Base<'a> {
    budget::Base {
        ground,
        legs: Legs::of(ground),
        stores,
        services: placed.iter().map(|p| (p.key, p)).collect(),
    }
}

/// What follows from all services together.
fn complete(
    ground: &Ground<'_>,
    (placed, together): (&[Placed<'_>], &Together),
    mut plan: Plan,
    moved: Option<&Lock>,
    sink: &mut Sink,
) -> Plan {
    let base = base(ground, placed, &plan.stores);
    for (name, journey) in &ground.world.journeys {
        let predicted = journey::predict(&base, journey, together.get(name), sink);
        plan.journeys.extend(predicted.map(|p| (name.clone(), p)));
    }
    plan.waves = waves::decide(ground, placed, &plan, sink);
    if let Some(lock) = moved {
        plan.moves = moves::between(ground, placed, lock, &plan);
    }
    let view = lints::View {
        ground,
        placed,
        by_key: &base.services,
        plan: &plan,
    };
    lints::check(&view, sink);
    plan
}

fn placements(ground: &Ground<'_>, placed: &Placed<'_>) -> Vec<RegionPlacement> {
    let one = |&region: &usize| {
        let serves = placed.chosen.serving.contains(&region);
        let pods = placed.candidates[region].pods(placed.service);
        RegionPlacement {
            region: ground.names[region].clone(),
            serves,
            clusters: pods
                .into_iter()
                .map(|(cluster, min, max)| (cluster, Replicas { min, max }))
                .collect(),
            because: Because::new(if serves {
                serves_because(ground, placed, region)
            } else {
                "stands by for a failover".to_owned()
            }),
        }
    };
    placed.chosen.regions.iter().map(one).collect()
}

/// `serves 55% of the audience at 12.3 ms; without it the weighted round trip would rise from …`.
fn serves_because(ground: &Ground<'_>, placed: &Placed<'_>, region: usize) -> String {
    let demand = &placed.demand;
    let weight = placed.served.get(&region).copied().unwrap_or_default();
    if weight == 0 {
        return "is nearest to no part of the audience".to_owned();
    }
    let mine = |from: usize| ground.nearest(from, &placed.chosen.serving) == Some(region);
    let own = demand.by_region.iter().filter(|(from, _)| mine(*from));
    let sum: u128 = own
        .map(|&(from, w)| u128::from(ground.costs[from][region]) * u128::from(w))
        .sum();
    let known = |&(from, _): &(usize, u64)| {
        let costs = &ground.costs[from];
        placed
            .chosen
            .serving
            .iter()
            .all(|&to| costs[to] < ground::UNKNOWN)
    };
    if !demand.by_region.iter().all(known) {
        return "serves; not every round trip to it is measured".to_owned();
    }
    let who = if demand.given {
        "of the audience"
    } else {
        "of the regions"
    };
    let mut text = format!(
        "serves {} {who} at {}",
        words::percent(weight, demand.total),
        words::mean(sum, weight)
    );
    let others: Vec<usize> = placed
        .chosen
        .serving
        .iter()
        .copied()
        .filter(|&r| r != region)
        .collect();
    if !others.is_empty() {
        let with = search::value(&demand.by_region, &placed.chosen.serving, &ground.costs);
        let without = search::value(&demand.by_region, &others, &ground.costs);
        text = format!(
            "{text}; without it the weighted round trip would rise from {} to {}",
            words::mean(with, demand.total),
            words::mean(without, demand.total)
        );
    }
    text
}
