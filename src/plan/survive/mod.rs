//! A plan and a loss to what still works.
//!
//! The planner's own model on the reduced fleet, with nothing decided anew: services serve from
//! where they are placed, users follow the failover chains, stores recover as their engines do.

mod budgets;
mod journeys;
mod load;
mod promises;
mod reach;
mod scene;
mod stores;
mod users;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ClusterName, ServiceKey, StoreKey, StoreName};
use crate::model::plan::{Plan, StorePlan};
use crate::model::rtt::RoundTrips;
use crate::model::simulation::{Lost, Outcome};
use crate::model::world::{Shard, World};

use super::budget::Decided;
use super::ground::Ground;
use super::legs::Legs;
use budgets::After;
use journeys::{Path, Walk};
use promises::Touched;
use scene::Scene;
use stores::{Held, Left};
use users::{Before, Served, Users};

/// A plan before any loss, with what no loss changes.
pub struct Standing<'a> {
    ground: Ground<'a>,
    legs: Legs,
    plan: &'a Plan,
    services: Vec<Before<'a>>,
    journeys: Vec<Path<'a>>,
}

impl<'a> Standing<'a> {
    /// A plan of a world under the round trips that it rests on.
    pub fn new(world: &'a World, rtt: &'a RoundTrips, plan: &'a Plan) -> Self {
        let ground = Ground::new(world, rtt, None, false);
        let services = plan.services.iter().filter_map(|(key, decided)| {
            let service = world.services.get(key)?;
            Some(Before::of(&ground, key, service, decided))
        });
        let services: Vec<Before<'a>> = services.collect();
        Self {
            legs: Legs::of(&ground),
            journeys: Path::all(&ground, &services, plan),
            ground,
            plan,
            services,
        }
    }

    /// What is left after a loss.
    pub fn lose(&self, lost: &[Lost]) -> Outcome {
        let scene = Scene::new(&self.ground, self.plan, lost);
        let mut out = Outcome {
            lost: lost.to_vec(),
            ..Outcome::default()
        };
        let services = self.services.iter().map(|s| users::users(&scene, s));
        let services: Vec<Users<'_>> = services.collect();
        for service in services.iter().filter(|s| s.touched(&scene)) {
            out.services
                .insert(service.key.clone(), service.outcome(&scene));
        }
        let by_key: BTreeMap<&ServiceKey, &Users<'_>> =
            services.iter().map(|s| (s.key, s)).collect();
        calls(&scene, &by_key, &mut out);
        let after = After {
            scene: &scene,
            legs: &self.legs,
            services: &by_key,
        };
        let mut stores: BTreeMap<usize, Vec<Decided<'_>>> = BTreeMap::new();
        for (index, service) in services.iter().enumerate() {
            promises::users(&scene, service, &mut out);
            let left = left(&scene, service);
            after.check(service, &left, &mut out);
            if self.journeys.iter().any(|j| j.passes(index)) {
                stores.insert(index, after.decided(&left));
            }
            for one in left {
                let Some(outcome) = one.outcome else { continue };
                let touched = Touched {
                    key: one.key.clone(),
                    service: service.service,
                    store: one.store,
                    outcome: &outcome,
                    audience: service.demand.given,
                };
                promises::store(&touched, &mut out);
                out.stores.insert(one.key, outcome);
            }
        }
        let walk = Walk {
            after: &after,
            before: &self.services,
            services: &services,
            stores: &stores,
        };
        for journey in &self.journeys {
            walk.check(journey, &mut out);
        }
        let (loads, short) = load::loads(&scene, &services);
        out.clusters = loads;
        let shrinks =
            |name: &ClusterName| scene.zones(&scene.world().clusters[name].region).is_some();
        out.clusters
            .retain(|name, load| load.pods_after != load.pods_before || shrinks(name));
        promises::capacity(&scene, &short, &mut out);
        out.broken
            .sort_by(|a, b| (a.promise, &a.what).cmp(&(b.promise, &b.what)));
        out.unknown.sort();
        out.unknown.dedup();
        out
    }
}

/// The stores of a service, each by its parts.
fn left<'s>(scene: &Scene<'s>, users: &Users<'s>) -> Vec<Left<'s>> {
    let mut all = Vec::new();
    for store in &users.service.stores {
        let key = users.key.store(&store.name.value);
        let Some(plan) = scene.plan.stores.get(&key) else {
            continue;
        };
        let one = |key: StoreKey, part: Option<&'s str>, plan: &'s StorePlan| {
            let home = |country| {
                let shard = Shard::of(&store.shards, country);
                let home = shard.map_or(Shard::DEFAULT, |s| s.name.value.as_str());
                part.is_none_or(|part| part == home)
            };
            let demand = scene.ground.of_countries(users.demand, home);
            let served = users.places.iter().filter(|p| home(p.place.country));
            let served: Vec<&Served<'_>> = served.collect();
            let held = Held {
                service: users.service,
                store,
                plan,
                demand: if part.is_some() {
                    &demand
                } else {
                    users.demand
                },
                served: &served,
                total: users.total(),
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
