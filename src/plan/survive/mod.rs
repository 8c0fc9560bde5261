//! A plan and a loss to what still works.
//!
//! The planner's own model on the reduced fleet, with nothing decided anew: services serve from
//! where they are placed, users follow the failover chains, stores recover as their engines do.

mod load;
mod promises;
mod scene;
mod stores;
mod users;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ServiceKey, StoreKey, StoreName};
use crate::model::plan::Plan;
use crate::model::rtt::RoundTrips;
use crate::model::simulation::{Lost, Outcome};
use crate::model::world::World;

use super::ground::Ground;
use promises::Touched;
use scene::Scene;
use stores::Held;
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
    calls(&scene, &services, &mut out);
    for service in &services {
        promises::users(&scene, service, &mut out);
        for (key, outcome) in held(&scene, service) {
            let declared = service.service.stores.iter();
            if let Some(store) = declared.clone().find(|s| s.name.value == key.store) {
                let touched = Touched {
                    key: key.clone(),
                    service: service.service,
                    store,
                    outcome: &outcome,
                };
                promises::store(&touched, &mut out);
            }
            out.stores.insert(key, outcome);
        }
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

/// The stores of a service that the loss touches.
fn held(
    scene: &Scene<'_>,
    users: &Users<'_>,
) -> Vec<(StoreKey, crate::model::simulation::StoreOutcome)> {
    let stores = users.service.stores.iter();
    let mut all = Vec::new();
    for store in stores {
        let key = users.key.store(&store.name.value);
        let Some(plan) = scene.plan.stores.get(&key) else {
            continue;
        };
        let held = |plan| Held {
            service: users.service,
            store,
            plan,
            demand: &users.demand,
        };
        if plan.shards.is_empty() {
            all.extend(stores::outcome(scene, &held(plan)).map(|o| (key, o)));
            continue;
        }
        for (shard, plan) in &plan.shards {
            let part = StoreKey {
                store: StoreName::new(format!("{}/{shard}", store.name.value)),
                ..key.clone()
            };
            all.extend(stores::outcome(scene, &held(plan)).map(|o| (part, o)));
        }
    }
    all
}

/// Services whose callee does not answer, and those that fail with them.
fn calls(scene: &Scene<'_>, services: &[Users<'_>], out: &mut Outcome) {
    let by_key: BTreeMap<&ServiceKey, &Users<'_>> = services.iter().map(|s| (s.key, s)).collect();
    let mut failing: BTreeSet<&ServiceKey> = BTreeSet::new();
    loop {
        let before = failing.len();
        for caller in services.iter().filter(|s| !s.stopped()) {
            let waits = caller.service.calls.iter().filter(|c| !c.degrade);
            let unanswered: Vec<&ServiceKey> = waits
                .filter_map(|call| {
                    let key = ServiceKey::new(&call.service.value, &caller.key.environment);
                    let callee = by_key.get(&key)?;
                    let answers = |from: usize| {
                        callee
                            .serving_after
                            .iter()
                            .any(|&to| scene.reaches(from, to))
                    };
                    let all = caller.serving_after.iter().all(|&from| answers(from));
                    (!all || failing.contains(callee.key)).then_some(callee.key)
                })
                .collect();
            if unanswered.is_empty() || !failing.insert(caller.key) {
                continue;
            }
            let outcome = out
                .services
                .entry(caller.key.clone())
                .or_insert_with(|| caller.outcome(scene));
            outcome.unanswered = unanswered.into_iter().cloned().collect();
        }
        if failing.len() == before {
            return;
        }
    }
}
