//! One store and the regions that it may be in: what the decision of every scheme stands on.

use std::collections::BTreeSet;

use crate::diag::Spanned;
use crate::engine::{self, ClassFacts, Read, Write};
use crate::latency::COMMIT_WAIT;
use crate::model::duration::Duration;
use crate::model::world::{
    Distinct, Estimate, LatencyBudget, ReadReplicas, Service, Store, Survive,
};
use crate::plan::ground::{Demand, Ground};
use crate::plan::search::{self, Costs, gcd};

use super::quorum::{Member, Reads, Vote};

/// What a person wrote that limits where a store can lead, vote and be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::plan) enum Limit {
    /// Its leader.
    Leader,
    /// How many voters it has.
    Voters,
    /// What no two voters share.
    Distinct,
    /// What it survives.
    Survive,
    /// The standbys that a write waits for.
    Standbys,
    /// The enforced budget for writes.
    Write,
}

impl Limit {
    /// All of them, in the order in which an explanation does without them.
    pub(in crate::plan) const ALL: [Self; 6] = [
        Self::Write,
        Self::Standbys,
        Self::Survive,
        Self::Distinct,
        Self::Voters,
        Self::Leader,
    ];
}

/// One store and where it may be.
#[derive(Clone)]
pub(super) struct Site<'a> {
    pub ground: &'a Ground<'a>,
    pub service: &'a Service,
    pub store: &'a Store,
    pub demand: &'a Demand,
    /// Regions that may hold it, ascending.
    pub regions: Vec<usize>,
    /// Those that take requests, ascending.
    pub serving: Vec<usize>,
    /// Limits that count; without one the store is decided as if it was not written.
    pub limits: BTreeSet<Limit>,
    /// The leader that enforced journeys ask for.
    pub led: Option<usize>,
}

impl<'a> Site<'a> {
    pub(super) fn way(&self) -> Option<&'static ClassFacts> {
        engine::way(self.store)
    }

    pub(super) fn has(&self, limit: Limit) -> bool {
        self.limits.contains(&limit)
    }

    /// The same without some limits.
    pub(super) fn without(&self, limit: Limit) -> Self {
        let mut other = self.clone();
        other.limits.remove(&limit);
        other
    }

    /// Weights of reads and writes, as small as they go.
    pub(super) fn mix(&self) -> (u64, u64) {
        let (reads, writes) = (self.store.access.reads, self.store.access.writes);
        let divisor = gcd(reads, writes).max(1);
        (reads / divisor, writes / divisor)
    }

    /// What a value is divided by for the mean of one request.
    pub(super) fn requests(&self) -> u128 {
        let (reads, writes) = self.mix();
        self.demand.total * u128::from(reads + writes)
    }

    /// Whether reads go to the leader.
    pub(super) fn reads_at_leader(&self) -> bool {
        self.way().is_none_or(|way| way.read == Read::Leader)
    }

    /// The leader that enforced journeys ask for, where one is chosen at all.
    pub(super) fn led(&self) -> Option<usize> {
        self.led.filter(|_| self.has(Limit::Leader))
    }

    /// Regions that may lead.
    pub(super) fn leaders(&self) -> Vec<usize> {
        let pinned = self
            .store
            .leader
            .as_ref()
            .filter(|_| self.has(Limit::Leader));
        let region = match pinned {
            Some(pinned) => self.ground.index(pinned.value.as_str()),
            None => match self.led() {
                None => return self.readable(),
                led => led,
            },
        };
        region
            .filter(|r| self.serving.contains(r))
            .into_iter()
            .collect()
    }

    /// Regions that serve, and where reads go to the leader those that keep the enforced budget for
    /// them; all where none does, and the budget says so.
    fn readable(&self) -> Vec<usize> {
        let keeps = |leader: &usize| self.within(self.read_limits(), *leader, [0; 2]);
        let near: Vec<usize> = match reads_lead(self.store) {
            true => self.serving.iter().copied().filter(keeps).collect(),
            false => Vec::new(),
        };
        match near.is_empty() {
            true => self.serving.clone(),
            false => near,
        }
    }

    /// Σ weight × round trip to the nearest of some regions.
    pub(super) fn nearest(&self, regions: &[usize]) -> u128 {
        search::value(&self.demand.by_region, regions, &self.ground.costs)
    }

    /// What a region's loss asks for, where it has to be survived.
    pub(super) fn survives_region(&self) -> bool {
        let survive = self.store.survive.as_ref().map(|s| s.value);
        survive == Some(Survive::Region) && self.has(Limit::Survive)
    }

    /// In at least how many regions it has to be.
    pub(super) fn least_regions(&self) -> usize {
        let loss = self.way().and_then(|way| way.region);
        match (self.survives_region(), loss) {
            (true, Some(loss)) => loss.regions as usize,
            _ => 1,
        }
    }

    /// The enforced limits on a write in microseconds, of its median and of its 99th percentile.
    pub(super) fn write_limits(&self) -> [Option<u64>; 2] {
        let budget = self.service.budget.write.as_ref();
        self.limits(budget.filter(|_| self.has(Limit::Write)))
    }

    /// The same of a read.
    fn read_limits(&self) -> [Option<u64>; 2] {
        self.limits(self.service.budget.read.as_ref())
    }

    fn limits(&self, budget: Option<&Spanned<LatencyBudget>>) -> [Option<u64>; 2] {
        let micros = |limit: Option<Duration>| Some(limit?.as_millis().saturating_mul(1000));
        match budget.filter(|_| self.service.budget.enforce) {
            Some(budget) => [micros(budget.value.p50), micros(budget.value.p99)],
            None => [None, None],
        }
    }

    /// Whether every write to a leader keeps its limits, given what a commit adds.
    pub(super) fn keeps(&self, leader: usize, commits: [u64; 2]) -> bool {
        self.within(self.write_limits(), leader, commits)
    }

    /// Whether all users are near enough to a leader, given what is added to the way.
    fn within(&self, limits: [Option<u64>; 2], leader: usize, more: [u64; 2]) -> bool {
        let limits = limits.into_iter().zip(more).enumerate();
        limits.into_iter().all(|(tail, (limit, commit))| {
            let Some(limit) = limit else { return true };
            let costs = self.ground.enforced(tail == 1);
            let demand = self.demand.by_region.iter().filter(|(_, w)| *w > 0);
            let path = demand.map(|&(d, _)| costs[d][leader]).max().unwrap_or(0);
            // Without an audience nobody waits.
            !self.demand.given || path.saturating_add(commit) <= limit
        })
    }

    /// How many voters.
    pub(super) fn voters(&self) -> usize {
        let facts = engine::facts(self.store.engine.value);
        let usual = facts.quorum.map_or(3, |q| q.unless_told);
        let loss = self.way().and_then(|way| way.region);
        let count = match (&self.store.voters.count, loss) {
            _ if !self.has(Limit::Voters) => 1,
            (Some(count), _) => count.value,
            (None, Some(loss)) if self.survives_region() => loss.voters.max(usual),
            (None, _) => usual,
        };
        count as usize
    }

    /// Whether somebody wrote who votes, which says what keeps voters apart.
    pub(super) fn told(&self) -> bool {
        self.store.voters.span.is_some()
    }

    /// What keeps voters apart. Unless told, zones where the service is in fewer regions than there
    /// are voters: one region has a quorum too, and three survive a region with five voters.
    pub(super) fn distinct(&self) -> Distinct {
        match self.told() || self.regions.len() >= self.voters() {
            true => self.store.voters.distinct,
            false => Distinct::Zone,
        }
    }

    /// The quorum as a question.
    pub(super) fn vote(&self) -> Vote<'a> {
        let count = self.voters();
        let world = self.ground.world;
        let country = |r: usize| world.regions[self.ground.names[r]].country;
        let members = self.regions.iter().map(|&region| {
            let same = |&&other: &&usize| country(other) == country(region);
            Member {
                region,
                country: self.regions.iter().find(same).copied().unwrap_or(region),
                zones: world.regions[self.ground.names[region]].zones.len().max(1),
            }
        });
        let written = self.distinct();
        let distinct = match self.has(Limit::Distinct) {
            true => written,
            false if written == Distinct::Country => Distinct::Region,
            false => Distinct::Zone,
        };
        let way = self.way();
        let reads = match way.map(|w| w.read) {
            Some(Read::Local) if self.store.read_replicas == ReadReplicas::All => Reads::Elsewhere,
            Some(Read::Local) if way.is_some_and(|w| w.write == Write::Global) => Reads::Elsewhere,
            Some(Read::Local) => Reads::Voter,
            _ => Reads::Leader,
        };
        let [limit, tail] = match self.demand.given {
            true => self.write_limits(),
            false => [None, None],
        };
        let global = way.is_some_and(|w| w.write == Write::Global);
        let wait = if global { COMMIT_WAIT.as_micros() } else { 0 };
        let costs: &'a Costs = &self.ground.costs;
        Vote {
            costs,
            demand: &self.demand.by_region,
            leaders: self.leaders(),
            members: members.collect(),
            count,
            distinct,
            most: match self.survives_region() {
                true => (count / 2).max(1),
                false => count,
            },
            kept: Vec::new(),
            reads,
            mix: self.mix(),
            wait,
            // The engine's wait is an estimate.
            charged_wait: match world.fleet.network.estimate {
                Estimate::Enforce => wait,
                Estimate::Warn | Estimate::Refuse => 0,
            },
            limit: limit.map(|limit| (self.ground.enforced(false), limit)),
            tail: tail.map(|limit| (self.ground.enforced(true), limit)),
        }
    }
}

/// Whether reads of a store go to its leader.
pub(in crate::plan) fn reads_lead(store: &Store) -> bool {
    engine::scheme(store).leads() && engine::way(store).is_some_and(|way| way.read == Read::Leader)
}
