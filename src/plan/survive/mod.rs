//! A plan and a loss to what still works.
//!
//! The planner's own model on the reduced fleet, with nothing decided anew: services serve from
//! where they are placed, users follow the failover chains, stores recover as their engines do.

mod budgets;
mod load;
mod promises;
mod scene;
mod stores;
mod users;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ServiceKey, StoreKey, StoreName};
use crate::model::plan::{Plan, StorePlan};
use crate::model::rtt::RoundTrips;
use crate::model::simulation::{Lost, Outcome};
use crate::model::world::{Shard, World};

use super::ground::Ground;
use super::legs::Legs;
use budgets::After;
use promises::Touched;
use scene::Scene;
use stores::{Held, Left};
use users::Users;

/// What is left of a plan after a loss.
pub fn survive(world: &World, rtt: &RoundTrips, plan: &Plan, lost: &[Lost]) -> Outcome {
    let ground = Ground::new(world, rtt, None, false);
    let scene = Scene::new(ground, plan, lost);
    let mut out = Outcome {
        lost: lost.to_vec(),
        ..Outcome::default()
    };
    let services: Vec<Users<'_>> = plan
        .services
        .iter()
        .filter_map(|(key, decided)| {
            Some(users::users(&scene, key, world.services.get(key)?, decided))
        })
        .collect();
    for service in services.iter().filter(|s| s.touched(&scene)) {
        out.services
            .insert(service.key.clone(), service.outcome(&scene));
    }
    let by_key: BTreeMap<&ServiceKey, &Users<'_>> = services.iter().map(|s| (s.key, s)).collect();
    calls(&scene, &by_key, &mut out);
    let legs = Legs::of(&scene.ground);
    let after = After {
        scene: &scene,
        legs: &legs,
        services: &by_key,
    };
    for service in &services {
        promises::users(&scene, service, &mut out);
        let stores = left(&scene, service);
        after.check(service, &stores, &mut out);
        for one in stores {
            let Some(outcome) = one.outcome else { continue };
            let touched = Touched {
                key: one.key.clone(),
                service: service.service,
                store: one.store,
                outcome: &outcome,
            };
            promises::store(&touched, &mut out);
            out.stores.insert(one.key, outcome);
        }
    }
    for journey in world.journeys.values().filter(|j| j.budget.is_some()) {
        let name = &journey.name.value;
        out.unknown.push(format!(
            "whether journey `{name}` keeps its budget: paths are not simulated"
        ));
    }
    let (loads, short) = load::loads(&scene, &services);
    out.clusters = loads;
    let shrinks = |name: &crate::model::name::ClusterName| {
        scene.zones(&world.clusters[name].region).is_some()
    };
    out.clusters
        .retain(|name, load| load.pods_after != load.pods_before || shrinks(name));
    promises::capacity(&scene, &short, &mut out);
    out.broken
        .sort_by(|a, b| (a.promise, &a.what).cmp(&(b.promise, &b.what)));
    out.unknown.sort();
    out.unknown.dedup();
    out
}

/// The stores of a service, each by its parts.
fn left<'a>(scene: &Scene<'a>, users: &Users<'a>) -> Vec<Left<'a>> {
    let mut all = Vec::new();
    for store in &users.service.stores {
        let key = users.key.store(&store.name.value);
        let Some(plan) = scene.plan.stores.get(&key) else {
            continue;
        };
        let one = |key: StoreKey, part: Option<&'a str>, plan: &'a StorePlan| {
            let home = |country| {
                let shard = Shard::of(&store.shards, country);
                let home = shard.map_or(Shard::DEFAULT, |s| s.name.value.as_str());
                part.is_none_or(|part| part == home)
            };
            let demand = scene.ground.of_countries(&users.demand, home);
            let held = Held {
                service: users.service,
                store,
                plan,
                demand: if part.is_some() {
                    &demand
                } else {
                    &users.demand
                },
            };
            let outcome = stores::outcome(scene, &held);
            Left {
                key,
                store,
                part,
                plan,
                outcome,
            }
        };
        if plan.shards.is_empty() {
            all.push(one(key, None, plan));
            continue;
        }
        for (shard, plan) in &plan.shards {
            let name = StoreName::new(format!("{}/{shard}", store.name.value));
            all.push(one(users.key.store(&name), Some(shard), plan));
        }
    }
    all
}

/// Services whose callee does not answer, and those that fail with them.
fn calls(scene: &Scene<'_>, services: &BTreeMap<&ServiceKey, &Users<'_>>, out: &mut Outcome) {
    let mut callers: BTreeMap<&ServiceKey, Vec<&ServiceKey>> = BTreeMap::new();
    // Whom each waits for, and whether it is answered from everywhere that it serves in.
    let mut waits: BTreeMap<&ServiceKey, Vec<(&ServiceKey, bool)>> = BTreeMap::new();
    for (key, caller) in services.iter().filter(|(_, s)| !s.stopped()) {
        for call in caller.service.calls.iter().filter(|c| !c.degrade) {
            let callee = ServiceKey::new(&call.service.value, &key.environment);
            let Some((callee, users)) = services.get_key_value(&callee) else {
                continue;
            };
            let answers = |from: usize| {
                let mut to = users.serving_after.iter();
                to.any(|&to| scene.reaches(from, to))
            };
            let answered = caller.serving_after.iter().all(|&from| answers(from));
            callers.entry(callee).or_default().push(key);
            waits.entry(key).or_default().push((callee, answered));
        }
    }
    let unanswered = waits.iter().filter(|(_, w)| w.iter().any(|w| !w.1));
    let mut failing: BTreeSet<&ServiceKey> = unanswered.map(|(key, _)| *key).collect();
    let mut next: Vec<&ServiceKey> = failing.iter().copied().collect();
    while let Some(failed) = next.pop() {
        let callers = callers.get(failed).into_iter().flatten();
        next.extend(callers.copied().filter(|caller| failing.insert(*caller)));
    }
    for key in &failing {
        let outcome = out
            .services
            .entry((*key).clone())
            .or_insert_with(|| services[key].outcome(scene));
        let lacks = waits[key].iter();
        let lacks = lacks.filter(|(callee, answered)| !answered || failing.contains(callee));
        outcome.unanswered = lacks.map(|(callee, _)| (*callee).clone()).collect();
    }
}
