//! Where a store takes writes, where its voters and replicas are, and which a write waits for.
//!
//! One file per scheme: [`primary`], [`voting`] (by [`quorum`]), [`everywhere`]. All are exact:
//! each tries or bounds every choice.

mod everywhere;
mod infeasible;
mod leads;
mod primary;
mod quorum;
mod shards;
mod site;
mod tell;
mod voting;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Sink, Spanned};
use crate::engine::{self, Scheme};
use crate::model::name::{ClusterName, RegionName, StoreKey};
use crate::model::plan::StorePlan;
use crate::model::rtt::Rtt;
use crate::model::world::{Distinct, Service, Store, Survive};

use super::choose::Chosen;
use super::conflict::Conflict;
use super::ground::{Demand, Ground, Waiver};
use super::legal::Candidate;
use super::promises;
use super::words;

pub(super) use infeasible::{Inside, apart, feasible, limits, shown, steady};
pub(super) use leads::{Weighed, weighed};
pub(super) use site::{Limit, reads_lead};

use site::Site;

/// One store with the decisions that it follows.
pub(super) struct Question<'a> {
    pub key: StoreKey,
    pub index: usize,
    pub service: &'a Service,
    pub chosen: &'a Chosen,
    pub demand: &'a Demand,
    pub candidates: &'a [Candidate],
    /// What conflicts, where no choice of regions keeps what is asked.
    pub conflict: &'a Conflict,
}

impl<'a> Question<'a> {
    fn store(&self) -> &'a Store {
        &self.service.stores[self.index]
    }

    fn clusters(&self, region: usize) -> &[ClusterName] {
        let stores = &self.candidates[region].stores;
        stores.get(self.index).map_or(&[], Vec::as_slice)
    }

    fn site(&self, ground: &'a Ground<'a>) -> Site<'a> {
        let sorted = |regions: &[usize]| {
            let mut sorted = regions.to_vec();
            sorted.sort_unstable();
            sorted
        };
        Site {
            ground,
            service: self.service,
            store: self.store(),
            demand: self.demand,
            regions: sorted(&self.chosen.regions),
            serving: sorted(&self.chosen.serving),
            limits: asked(ground, self.service, self.index),
            led: self.chosen.leaders.get(&self.index).copied(),
        }
    }
}

/// The limits that count for a service's store.
pub(super) fn asked(ground: &Ground<'_>, service: &Service, store: usize) -> BTreeSet<Limit> {
    let counts = |limit: &Limit| !ground.waives(service, Waiver::Store(store, *limit));
    Limit::ALL.into_iter().filter(counts).collect()
}

/// What the lock holds of a store.
#[derive(Clone, Debug, Default)]
struct Held {
    leader: Option<usize>,
    voters: Vec<usize>,
    /// Whether it is given up for something better.
    rebalance: bool,
}

impl Held {
    fn of(ground: &Ground<'_>, leader: Option<&String>, voters: &[String]) -> Self {
        let index = |name: &String| ground.index(name);
        Self {
            leader: leader.and_then(index),
            voters: voters.iter().filter_map(index).collect(),
            rebalance: ground.rebalance,
        }
    }
}

/// Why a leader leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The store names it.
    Named,
    /// It did before.
    Kept,
    /// It is the best of those that voted before, and that stay.
    Voters,
    /// Enforced journeys ask for it.
    Journeys,
    /// It is the best.
    Best,
}

/// A decision; regions by index.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decided {
    leader: Option<usize>,
    /// The leader first, then in order of round trip from it; a region per voter.
    voters: Vec<usize>,
    /// Ascending.
    replicas: Vec<usize>,
    /// Those whose acknowledgement counts, in order of priority.
    standbys: Vec<usize>,
    /// What a commit adds to the way of a write, in microseconds; without a leader, at most.
    commit: u64,
    /// Σ weight × (reads × read + writes × write).
    value: u128,
    /// What no choice can go below.
    bound: u128,
    /// The value and the leader that nothing but the lock stands against.
    better: Option<(u128, usize)>,
    choice: Choice,
}

fn solve(site: &Site<'_>, held: &Held) -> Option<Decided> {
    match engine::scheme(site.store) {
        Scheme::Primary => {
            let enough = site.regions.len() >= site.least_regions();
            enough.then(|| primary::decide(site, held)).flatten()
        }
        Scheme::Quorum => voting::decide(site, held),
        Scheme::Leaderless | Scheme::Mirror | Scheme::Crdt | Scheme::Cache => {
            everywhere::decide(site)
        }
    }
}

/// The mean in nanoseconds of what a choice lowers, for a leader.
pub(super) fn value_ns(ground: &Ground<'_>, q: &Question<'_>, leader: usize) -> Option<u64> {
    let mut site = q.site(ground).without(Limit::Leader).without(Limit::Write);
    site.serving = vec![leader];
    let decided = solve(&site, &Held::default())?;
    Some(words::mean_ns(decided.value, site.requests()))
}

/// The same for exactly these voters, a region per voter, of a store that is in the regions
/// `within`; `None` where they cannot be.
pub(super) fn value_with_ns(
    ground: &Ground<'_>,
    q: &Question<'_>,
    leader: usize,
    voters: &[usize],
    within: &[usize],
) -> Option<u64> {
    if voters.is_empty() {
        return value_ns(ground, q, leader);
    }
    let mut site = q.site(ground).without(Limit::Leader).without(Limit::Write);
    site.serving = vec![leader];
    site.regions = within.to_vec();
    site.regions.sort_unstable();
    site.regions.dedup();
    let held = Held {
        leader: Some(leader),
        voters: voters.to_vec(),
        rebalance: false,
    };
    let decided = solve(&site, &held)?;
    let sorted = |all: &[usize]| {
        let mut all = all.to_vec();
        all.sort_unstable();
        all
    };
    let same = sorted(&decided.voters) == sorted(voters) && decided.leader == Some(leader);
    same.then(|| words::mean_ns(decided.value, site.requests()))
}

/// Whether a store, and each part of it, can be asked to survive its region where it is.
pub(super) fn can_survive_region(ground: &Ground<'_>, q: &Question<'_>) -> bool {
    let mut store = q.store().clone();
    store.survive = Some(Spanned::new(Survive::Region, store.name.span));
    let asked = q.site(ground);
    let can = |regions: Vec<usize>| {
        let mut site = Site {
            store: &store,
            ..asked.clone()
        };
        site.serving.retain(|r| regions.contains(r));
        site.regions = regions;
        let loss = site.way().and_then(|way| way.region);
        loss.is_some_and(|loss| site.voters() >= loss.voters as usize)
            && solve(&site, &Held::default()).is_some()
    };
    match store.shards.is_empty() {
        true => can(asked.regions.clone()),
        false => shards::parts(ground, q).into_iter().all(|p| can(p.regions)),
    }
}

/// What the choice of the leader lowers.
pub(super) fn term(store: &Store) -> String {
    tell::term(store)
}

/// Decides in silence; `None` where not everything that is asked can be kept.
pub(super) fn kept(ground: &Ground<'_>, q: &Question<'_>) -> Option<StorePlan> {
    decide_within(ground, q, false, &mut Sink::new())
}

/// Decides in silence, as [`decide`].
pub(super) fn quietly(ground: &Ground<'_>, q: &Question<'_>) -> Option<StorePlan> {
    decide_within(ground, q, true, &mut Sink::new())
}

/// Decides; `None` when an error was emitted.
pub(super) fn decide(ground: &Ground<'_>, q: &Question<'_>, sink: &mut Sink) -> Option<StorePlan> {
    decide_within(ground, q, true, sink)
}

/// Decides, where nothing keeps the enforced budget for writes perhaps without it.
fn decide_within(
    ground: &Ground<'_>,
    q: &Question<'_>,
    lenient: bool,
    sink: &mut Sink,
) -> Option<StorePlan> {
    let store = q.store();
    let site = q.site(ground);
    promises::class(store, q.chosen.regions.len() - 1, sink)?;
    let locked = ground.lock.and_then(|l| l.stores.get(&q.key.to_string()));
    if !store.shards.is_empty() {
        return shards::decide(ground, q, locked, sink);
    }
    let held = Held::of(
        ground,
        locked.and_then(|l| l.leader.as_ref()),
        locked.map_or(&[][..], |l| &l.voters),
    );
    // An enforced budget that cannot be kept is told with what breaks it, once all is decided.
    let decided = solve(&site, &held).or_else(|| {
        let without = || solve(&site.without(Limit::Write), &held);
        lenient.then(without).flatten()
    });
    let Some(decided) = decided else {
        sink.emit(infeasible::say(&site, q.conflict));
        return None;
    };
    if let Some(leader) = decided.leader {
        let replicas = decided.replicas.iter().chain(&decided.voters);
        let farthest = replicas
            .map(|&r| Rtt::micros(ground.costs[leader][r]))
            .max();
        promises::staleness(store, ground.names[leader].as_str(), farthest, sink)?;
    }
    Some(planned(ground, q, &site, &decided))
}

/// A decision by the names of its regions.
fn planned(ground: &Ground<'_>, q: &Question<'_>, site: &Site<'_>, decided: &Decided) -> StorePlan {
    let store = q.store();
    let name = |r: &usize| ground.names[*r].clone();
    let names = |all: &[usize]| all.iter().map(name).collect::<Vec<_>>();
    let mut holds: Vec<usize> = decided.replicas.clone();
    holds.extend(&decided.voters);
    holds.extend(decided.leader);
    let clusters = clusters(ground, q, &holds);
    let requests = site.requests();
    let mean_ns = |value| words::mean_ns(value, requests);
    StorePlan {
        leader: decided.leader.as_ref().map(name),
        voters: names(&decided.voters),
        voter_zones: zones(site, decided),
        replicas: names(&decided.replicas),
        synchronous: if decided.standbys.is_empty() {
            0
        } else {
            store.synchronous
        },
        sync_standbys: names(&decided.standbys),
        clusters,
        sticky: decided.choice == Choice::Kept,
        objective_ns: Some(mean_ns(decided.value)).filter(|_| site.demand.given),
        bound_ns: Some(mean_ns(decided.bound)).filter(|_| decided.bound < decided.value),
        survives: tell::survives(site, decided),
        shards: BTreeMap::new(),
        because: tell::because(site, decided),
    }
}

/// The cluster per region, those of the lock where they still can hold the store.
fn clusters(
    ground: &Ground<'_>,
    q: &Question<'_>,
    holds: &[usize],
) -> BTreeMap<RegionName, ClusterName> {
    let locked = ground.lock.and_then(|l| l.stores.get(&q.key.to_string()));
    let mut clusters = BTreeMap::new();
    for &region in holds {
        let here = q.clusters(region);
        let name = ground.names[region];
        let before = locked.and_then(|l| l.clusters.get(name.as_str()));
        let kept = here
            .iter()
            .find(|c| before.is_some_and(|b| b == c.as_str()));
        if let Some(cluster) = kept.or(here.first()) {
            clusters.insert(name.clone(), cluster.clone());
        }
    }
    clusters
}

/// A zone per voter, where voters are told apart by zones: of each region the first ones.
fn zones(site: &Site<'_>, decided: &Decided) -> Vec<String> {
    if site.distinct() != Distinct::Zone {
        return Vec::new();
    }
    let voters = decided.voters.iter().enumerate();
    voters
        .map(|(i, &voter)| {
            let before = decided.voters[..i].iter().filter(|&&v| v == voter).count();
            let region = &site.ground.world.regions[site.ground.names[voter]];
            region
                .zones
                .get(before)
                .map_or_else(String::new, ToString::to_string)
        })
        .collect()
}
