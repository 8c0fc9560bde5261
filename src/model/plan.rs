//! The plan: every decision, each with its reason.
//!
//! Made only by the room `plan`, from the world, the round trips and the previous lock.

use std::collections::BTreeMap;
use std::fmt;

use super::name::{ClusterName, JourneyName, RegionName, ServiceKey, StoreKey, WaveName};
use super::world::Routing;

pub use super::moves::{BudgetEffect, Copied, Effect, Move};
pub use super::predicted::{
    Forecast, JourneyPlan, Percentile, Predicted, Quantile, Source, StoreForecast, Term, UserLeg,
    Verdict, Worst,
};
pub use super::rtt::RestsOn;

/// Why a decision fell as it did: sentences for people, without a full stop at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Because(pub Vec<String>);

impl Because {
    /// One reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(vec![reason.into()])
    }

    /// Adds a reason.
    pub fn and(mut self, reason: impl Into<String>) -> Self {
        self.0.push(reason.into());
        self
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// Every decision about a fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Where each service runs.
    pub services: BTreeMap<ServiceKey, ServicePlan>,
    /// Where each store writes and reads.
    pub stores: BTreeMap<StoreKey, StorePlan>,
    /// What each journey takes.
    pub journeys: BTreeMap<JourneyName, JourneyPlan>,
    /// The order of rollout; every cluster is in exactly one wave.
    pub waves: Vec<WavePlan>,
    /// Sticky decisions that differ from the lock's.
    pub moves: Vec<Move>,
    /// Sticky decisions that could be better and stay as they are, largest gain first; what
    /// `--rebalance` would do. Filled on request only.
    pub proposals: Vec<Move>,
    /// The round trips that all of it compares.
    pub rests_on: RestsOn,
}

/// Where one service runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicePlan {
    /// The regions, in order of preference: the first is the primary where one is needed.
    pub regions: Vec<RegionPlacement>,
    /// For the loss of each placed region: who takes over, nearest first.
    pub failover: BTreeMap<RegionName, FailoverChain>,
    /// The DNS policy, for an exposed service.
    pub dns: Option<DnsPlan>,
    /// What the placement is good for, where there is an audience.
    pub predicted: Predicted,
    /// What no choice of regions could go below in nanoseconds, where the choice is not proven to be
    /// the best.
    pub bound_ns: Option<u64>,
    /// The round trips that the decisions about it and its stores compare.
    pub rests_on: RestsOn,
    /// Why these regions.
    pub because: Because,
}

impl ServicePlan {
    /// The placement in a region, where there is one.
    pub fn in_region(&self, region: &RegionName) -> Option<&RegionPlacement> {
        self.regions.iter().find(|p| &p.region == region)
    }
}

/// One service in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionPlacement {
    /// The region.
    pub region: RegionName,
    /// Whether it serves, or stands by for a failover.
    pub serves: bool,
    /// Pods per cluster.
    pub clusters: BTreeMap<ClusterName, Replicas>,
    /// Why this region.
    pub because: Because,
}

/// How many pods of a service run in one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
}

/// Who takes over when a region is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailoverChain {
    /// The targets, best first.
    pub targets: Vec<RegionName>,
    /// Why these, and who was left out.
    pub because: Because,
}

/// How DNS answers for an exposed service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsPlan {
    /// The policy.
    pub policy: Routing,
    /// The primary and the secondary of a failover policy.
    pub failover: Option<(RegionName, RegionName)>,
    /// The regions that have records, with their weights for a weighted policy.
    pub records: BTreeMap<RegionName, Option<u32>>,
    /// Why.
    pub because: Because,
}

/// Where one store writes and reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePlan {
    /// The region that takes writes; `None` for engines without one.
    pub leader: Option<RegionName>,
    /// The regions that vote, for quorum engines: one per voter, the leader first, then by their
    /// round trip from it.
    pub voters: Vec<RegionName>,
    /// The zone of each voter, where a region may hold several.
    pub voter_zones: Vec<String>,
    /// The regions with a read replica.
    pub replicas: Vec<RegionName>,
    /// The replicas that writes wait for, in order of preference.
    pub sync_standbys: Vec<RegionName>,
    /// How many of `sync_standbys` a write waits for.
    pub synchronous: u32,
    /// The cluster that the store sits in, per region.
    pub clusters: BTreeMap<RegionName, ClusterName>,
    /// Whether the leader was taken from the lock.
    pub sticky: bool,
    /// The audience-weighted mean latency of a request in nanoseconds, where there is an audience:
    /// of a write, or of the mix that `access` gives.
    pub objective_ns: Option<u64>,
    /// What no choice could go below in nanoseconds, where the choice is not proven to be the best.
    pub bound_ns: Option<u64>,
    /// What may be lost, and what is gone then.
    pub survives: String,
    /// Its parts by name, where the data is homed with its users: each with a leader and voters of
    /// its own. The store as a whole then has none, and `replicas` are the regions of all parts.
    pub shards: BTreeMap<String, StorePlan>,
    /// Why.
    pub because: Because,
}

impl StorePlan {
    /// Itself, or its parts where the data is homed with its users: each has at most one leader.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        let whole = self.shards.is_empty().then_some(self);
        whole.into_iter().chain(self.shards.values())
    }
}

/// One wave of the rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavePlan {
    /// Its name.
    pub name: WaveName,
    /// Its regions, by name.
    pub regions: Vec<RegionName>,
    /// Its clusters, by name.
    pub clusters: Vec<ClusterName>,
    /// The same in batches: clusters of one step may change at the same time.
    pub steps: Vec<WaveStep>,
    /// Why this order.
    pub because: Because,
}

/// Clusters of a wave that may change at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveStep {
    /// The clusters, by name.
    pub clusters: Vec<ClusterName>,
    /// What is at stake, and why after the step before.
    pub because: Because,
}
