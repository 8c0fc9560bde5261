//! What the clusters that remain hold after a loss.
//!
//! The pods of a service carry its audience evenly: a region that serves a larger share than before
//! needs more of them, up to what its autoscalers may start. Nothing is rendered anew, so a cluster
//! never starts more pods than its own maximum.

use std::collections::BTreeMap;

use crate::model::name::ClusterName;
use crate::model::plan::{RegionPlacement, Replicas};
use crate::model::simulation::{ClusterLoad, Load};
use crate::model::world::World;

use super::scene::Scene;
use super::users::Users;
use crate::plan::amount::Amount;

/// A service that needs more pods in a region than it may start there.
pub(super) struct Short {
    pub service: String,
    pub region: String,
    pub needs: u32,
    pub may: u32,
}

/// Every cluster that stands, with what it holds; and who would need more than it may start.
pub(super) fn loads(
    scene: &Scene<'_>,
    services: &[Users<'_>],
) -> (BTreeMap<ClusterName, ClusterLoad>, Vec<Short>) {
    let mut all = empty(scene);
    let mut short = Vec::new();
    for users in services {
        let pod = Amount::of_pod(users.service);
        let (was, is) = (users.served(|p| Some(p.before)), users.served(|p| p.after));
        for placement in &users.plan.regions {
            let region = scene.ground.index(placement.region.as_str());
            let share = |of: &BTreeMap<usize, u128>| region.and_then(|r| of.get(&r)).copied();
            let needed = needs(users, placement, share(&was));
            let needs = needs(users, placement, share(&is));
            let planned: Vec<_> = placement.clusters.iter().collect();
            let mut standing = planned.clone();
            standing.retain(|(c, _)| scene.stands(c));
            let may = |of: &[(&ClusterName, &Replicas)]| of.iter().map(|(_, r)| r.max).sum::<u32>();
            let fewer = needs.min(may(&planned)) > may(&standing) || needs > needed;
            if fewer && needs > may(&standing) && !standing.is_empty() {
                short.push(Short {
                    service: users.key.to_string(),
                    region: placement.region.to_string(),
                    needs,
                    may: may(&standing),
                });
            }
            let before: BTreeMap<_, _> = spread(&planned, needed).into_iter().collect();
            for (cluster, after) in spread(&standing, needs) {
                let Some(load) = all.get_mut(cluster) else {
                    continue;
                };
                let pods = Pods {
                    before: before.get(cluster).copied().unwrap_or_default(),
                    after,
                    at_max: placement.clusters[cluster].max,
                };
                load.pods_before += pods.before;
                load.pods_after += pods.after;
                add(&mut load.cpu, pod.cpu / 1_000_000, pods);
                add(&mut load.memory, pod.memory / 1_000_000_000, pods);
            }
        }
    }
    (all, short)
}

/// Pods of one service in one cluster.
#[derive(Clone, Copy)]
struct Pods {
    before: u32,
    after: u32,
    at_max: u32,
}

/// The pods that a region needs: those that it was planned with, and more for a larger share.
fn needs(users: &Users<'_>, placement: &RegionPlacement, share: Option<u128>) -> u32 {
    let planned: u32 = placement.clusters.values().map(|r| r.min).sum();
    let per_region = u128::from(users.service.workload.scale.min.max(1));
    let fleet = per_region * users.serving_before.len() as u128;
    let needed = (fleet * share.unwrap_or_default()).div_ceil(users.demand.total.max(1));
    u32::try_from(needed).unwrap_or(u32::MAX).max(planned)
}

/// Pods over clusters, evenly, none beyond its maximum.
fn spread<'c>(standing: &[(&'c ClusterName, &Replicas)], pods: u32) -> Vec<(&'c ClusterName, u32)> {
    let mut spread: Vec<_> = standing.iter().map(|(c, r)| (*c, r.min, r.max)).collect();
    let mut left = pods.saturating_sub(spread.iter().map(|s| s.1).sum());
    while left > 0 {
        let next = spread.iter_mut().filter(|s| s.1 < s.2).min_by_key(|s| s.1);
        let Some(next) = next else { break };
        next.1 += 1;
        left -= 1;
    }
    spread.into_iter().map(|(c, pods, _)| (c, pods)).collect()
}

fn add(load: &mut Load, pod: i128, pods: Pods) {
    let of = |n: u32| u64::try_from(pod.saturating_mul(i128::from(n))).unwrap_or(u64::MAX);
    load.before = load.before.saturating_add(of(pods.before));
    load.after = load.after.saturating_add(of(pods.after));
    load.at_max = load.at_max.saturating_add(of(pods.at_max));
}

/// Every cluster that stands, with what it can hold; less where a zone of its region is lost.
fn empty(scene: &Scene<'_>) -> BTreeMap<ClusterName, ClusterLoad> {
    let world: &World = scene.world();
    let clusters = world.clusters.iter().filter(|(name, _)| scene.stands(name));
    clusters
        .map(|(name, cluster)| {
            let (lost, zones) = scene.zones(&cluster.region).unwrap_or((0, 1));
            let left = |nano: i128, unit: i128| {
                let all = u64::try_from(nano / unit).unwrap_or(0);
                all / u64::from(zones.max(1)) * u64::from(zones.saturating_sub(lost))
            };
            let cpu = cluster.capacity.cpu.as_ref().map(|q| q.as_nano());
            let memory = cluster.capacity.memory.as_ref().map(|q| q.as_nano());
            let load = ClusterLoad {
                cpu: Load {
                    capacity: cpu.map(|n| left(n, 1_000_000)),
                    ..Load::default()
                },
                memory: Load {
                    capacity: memory.map(|n| left(n, 1_000_000_000)),
                    ..Load::default()
                },
                ..ClusterLoad::default()
            };
            (name.clone(), load)
        })
        .collect()
}
