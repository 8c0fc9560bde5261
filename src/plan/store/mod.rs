//! Where a store takes writes, where its replicas are, and which of them a write waits for.

mod quorum;

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine;
use crate::latency::{self, Commit};
use crate::model::name::{ClusterName, RegionName, StoreKey};
use crate::model::plan::{Because, StorePlan};
use crate::model::rtt::Rtt;
use crate::model::world::{Service, Store};

use super::choose::Chosen;
use super::ground::{Demand, Ground};
use super::legal::Candidate;
use super::promises;
use super::words;

/// One store with the decisions that it follows.
pub(super) struct Question<'a> {
    pub key: StoreKey,
    pub index: usize,
    pub service: &'a Service,
    pub chosen: &'a Chosen,
    pub demand: &'a Demand,
    pub candidates: &'a [Candidate],
}

impl Question<'_> {
    fn store(&self) -> &Store {
        &self.service.stores[self.index]
    }

    fn clusters(&self, region: usize) -> &[ClusterName] {
        let stores = &self.candidates[region].stores;
        stores.get(self.index).map_or(&[], Vec::as_slice)
    }
}

/// How a store waits for its standbys.
pub(super) fn scheme(store: &Store) -> Commit {
    engine::commit(store)
}

/// Σ weight × (path to the leader + commit); `None` when a write never completes.
fn writes(ground: &Ground<'_>, q: &Question<'_>, leader: usize) -> Option<u128> {
    let standbys: Vec<Rtt> = standbys(ground, q, leader)
        .into_iter()
        .map(|s| Rtt::micros(ground.costs[leader][s]))
        .collect();
    let commit = latency::commit(scheme(q.store()), &standbys)?;
    let commit = u128::from(commit.as_micros());
    let demand = q.demand.by_region.iter();
    let paths: u128 = demand
        .map(|&(d, w)| u128::from(ground.costs[d][leader]) * u128::from(w))
        .sum();
    Some(paths + commit * q.demand.total)
}

/// The mean of the above in nanoseconds.
pub(super) fn value_ns(ground: &Ground<'_>, q: &Question<'_>, leader: usize) -> Option<u64> {
    writes(ground, q, leader).map(|sum| words::mean_ns(sum, q.demand.total))
}

/// What the choice of the leader lowers.
pub(super) fn term(store: &Store) -> String {
    match scheme(store) {
        Commit::Asynchronous => "weighted write".to_owned(),
        Commit::AnyOf(k) | Commit::FirstOf(k) => {
            format!(
                "weighted write, its {} included",
                words::count(k, "synchronous standby")
            )
        }
    }
}

/// The other placed regions, nearest to the leader first.
fn standbys(ground: &Ground<'_>, q: &Question<'_>, leader: usize) -> Vec<usize> {
    let mut others = q.chosen.regions.clone();
    others.retain(|&r| r != leader);
    others.sort_by_key(|&r| (ground.costs[leader][r], r));
    others
}

/// Decides; `None` when an error was emitted.
pub(super) fn decide(ground: &Ground<'_>, q: &Question<'_>, sink: &mut Sink) -> Option<StorePlan> {
    let store = q.store();
    let replicas = q.chosen.regions.len() - 1;
    promises::class(store, replicas, sink)?;
    if store.synchronous as usize > replicas {
        let name = &store.name.value;
        let never = Diagnostic::new(
            Code::SynchronousStandbys,
            format!(
                "writes of store `{name}` would wait for {} that it does not have",
                words::count(store.synchronous as usize, "standby")
            ),
        )
        .at(
            store.name.span,
            format!("has {}", words::count(replicas, "replica region")),
        )
        .help("lower `synchronous`, or place the service in more regions");
        sink.emit(never);
        return None;
    }
    let ranked = |r: usize| (writes(ground, q, r).unwrap_or(u128::MAX), r);
    let best = q
        .chosen
        .serving
        .iter()
        .copied()
        .min_by_key(|&r| ranked(r))?;
    let locked = ground.lock.and_then(|l| l.stores.get(&q.key.to_string()));
    let was = locked.and_then(|l| l.leader.as_deref());
    // A rebalance moves for a gain only.
    let kept = was
        .and_then(|l| ground.index(l))
        .filter(|r| q.chosen.serving.contains(r))
        .filter(|&r| !ground.rebalance || writes(ground, q, r) == writes(ground, q, best));
    let mean = |r: usize| words::mean(writes(ground, q, r).unwrap_or_default(), q.demand.total);
    let term = term(store);
    let (leader, mut because) = if let Some(pinned) = &store.leader {
        let index = ground.index(pinned.value.as_str());
        let Some(index) = index.filter(|r| q.chosen.serving.contains(r)) else {
            sink.emit(leader_elsewhere(
                ground,
                q,
                pinned.value.as_str(),
                pinned.span,
            ));
            return None;
        };
        (index, Because::new("the store names its leader"))
    } else if let Some(kept) = kept {
        let now = format!("kept from the lock: a {term} of {}", mean(kept));
        let because = Because::new(now);
        let better = writes(ground, q, best) < writes(ground, q, kept);
        (
            kept,
            if better {
                because.and(format!(
                    "{} would lower it to {} (--rebalance accepts; data moves)",
                    ground.names[best],
                    mean(best)
                ))
            } else {
                because
            },
        )
    } else {
        let among = words::count(q.chosen.serving.len(), "serving region");
        let name = ground.names[best];
        (
            best,
            Because::new(format!(
                "of {among}, {name} has the smallest {term}: {}",
                mean(best)
            )),
        )
    };
    let others = standbys(ground, q, leader);
    let farthest = others.last().map(|&r| Rtt::micros(ground.costs[leader][r]));
    promises::staleness(store, ground.names[leader].as_str(), farthest, sink)?;
    let name = |r: &usize| ground.names[*r].clone();
    let waits = store.synchronous;
    if waits > 0 {
        let all = ground.list(&others);
        because = because.and(if others.len() == waits as usize {
            format!("a write waits for {all}")
        } else {
            format!("a write waits for any {waits} of {all}")
        });
    }
    let mut clusters = std::collections::BTreeMap::new();
    for &region in &q.chosen.regions {
        let here = q.clusters(region);
        let before = locked.and_then(|l| l.clusters.get(ground.names[region].as_str()));
        let kept = here
            .iter()
            .find(|c| before.is_some_and(|b| b == c.as_str()));
        let Some(cluster) = kept.or(here.first()) else {
            continue;
        };
        clusters.insert(name(&region), cluster.clone());
    }
    let mut by_name: Vec<RegionName> = others.iter().map(name).collect();
    by_name.sort();
    let plan = StorePlan {
        leader: Some(name(&leader)),
        voters: Vec::new(),
        replicas: by_name,
        sync_standbys: if waits > 0 {
            others.iter().map(name).collect()
        } else {
            Vec::new()
        },
        synchronous: waits,
        clusters,
        sticky: store.leader.is_none() && kept.is_some(),
        objective_ns: value_ns(ground, q, leader).filter(|_| q.demand.given),
        because,
    };
    Some(plan)
}

fn leader_elsewhere(
    ground: &Ground<'_>,
    q: &Question<'_>,
    leader: &str,
    span: crate::diag::Span,
) -> Diagnostic {
    let service = &q.service.name.value;
    let store = &q.store().name.value;
    Diagnostic::new(
        Code::LeaderPlacement,
        format!(
            "the leader of store `{store}` is set to `{leader}`, where `{service}` does not serve"
        ),
    )
    .at(span, "set here")
    .note(format!(
        "`{service}` serves in {}",
        ground.list(&q.chosen.serving)
    ))
    .help(format!(
        "choose one of these, or add `{leader}` to `placement.regions`"
    ))
}
