//! Services: who calls whom, how users reach them, where they may run.

use std::collections::BTreeMap;

use super::exposure::Exposure;
use super::fleet::Audience;
use super::region::VersionRange;
use super::store::Store;
use super::workload::Workload;
use crate::diag::{Span, Spanned};
use crate::model::duration::Duration;
use crate::model::name::{Capability, Environment, Namespace, PortName, RegionName, ServiceName};
use crate::model::ratio::Share;

/// One service in one environment.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, where written.
    pub name: Spanned<ServiceName>,
    /// The environment that this entry is for.
    pub environment: Environment,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// Its namespace.
    pub namespace: Namespace,
    /// How much it matters.
    pub tier: Tier,
    /// What runs.
    pub workload: Workload,
    /// Whom it calls.
    pub calls: Vec<Call>,
    /// How users reach it.
    pub exposure: Option<Exposure>,
    /// Where its users are.
    pub audience: Audience,
    /// Latency budgets.
    pub budget: Budget,
    /// Where it may run.
    pub placement: Placement,
    /// What it stores.
    pub stores: Vec<Store>,
    /// What the clusters that it runs in must be.
    pub requires: Requires,
    /// Whether it fails over to other regions.
    pub failover: bool,
    /// Where that was written, where it was.
    pub failover_span: Option<Span>,
    /// How long it waits for a callee, and how often it asks again.
    pub resilience: Resilience,
    /// What it promises for the loss of a region.
    pub recovery: Recovery,
    /// Its feature flags.
    pub flags: Vec<Flag>,
    /// What is broken on purpose.
    pub chaos: Option<Chaos>,
}

/// What the clusters that a service runs in must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requires {
    /// Their Kubernetes version.
    pub kubernetes: Option<Spanned<VersionRange>>,
    /// What they must be able to do.
    pub capabilities: Vec<Spanned<Capability>>,
}

/// How long a service waits for a callee, and how often it asks again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resilience {
    /// How long one try may take, where the call itself says nothing; absent: unknown.
    pub timeout: Option<Spanned<Duration>>,
    /// How often a failed call is tried again; absent: never.
    pub retries: Option<Spanned<u32>>,
    /// When calls to a failing callee stop for a while; absent: never.
    pub breaker: Option<Breaker>,
    /// What it serves instead of what a failed call would have given; absent: nothing.
    pub degrade_to: Option<Spanned<String>>,
}

/// When calls to a failing callee stop for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// After this many errors in a row.
    pub errors: u32,
    /// How often that is looked at.
    pub within: Duration,
    /// Where it was written.
    pub span: Span,
}

/// What a service promises, in all and for the loss of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The share of requests that succeed.
    pub availability: Option<Spanned<Share>>,
    /// The share of requests that are fast.
    pub latency: Option<Spanned<Objective>>,
    /// How long until another region serves.
    pub rto: Option<Spanned<Duration>>,
    /// How much of what was acknowledged may be lost, as a length of time.
    pub rpo: Option<Spanned<Duration>>,
}

/// A share of requests that are fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// The share.
    pub target: Share,
    /// What counts as fast.
    pub under: Duration,
}

/// Who answers for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The team.
    pub team: String,
    /// Where to reach whoever is on call.
    pub oncall: Option<String>,
    /// Whom to escalate to.
    pub escalation: Option<String>,
}

/// How much a service matters: probes, disruption budgets and waves follow from it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Users notice at once.
    Critical,
    /// Users notice.
    Standard,
    /// Nobody waits for it.
    Batch,
}

/// One declared call from a service to another.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom.
    pub service: Spanned<ServiceName>,
    /// The port that is called; absent: all ports of the callee.
    pub port: Option<PortName>,
    /// How long the caller waits for one try; absent: as its resilience says.
    pub timeout: Option<Spanned<Duration>>,
    /// Whether the caller lives on without an answer.
    pub degrade: bool,
}

/// Latency budgets of a service.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// For reads.
    pub read: Option<Spanned<LatencyBudget>>,
    /// For writes.
    pub write: Option<Spanned<LatencyBudget>>,
    /// For calls to other regions.
    pub cross_region: Option<Spanned<LatencyBudget>>,
    /// Whether a budget that cannot be met is an error.
    pub enforce: bool,
}

/// One latency budget; absent percentiles are not bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencyBudget {
    /// For the median.
    pub p50: Option<Duration>,
    /// For the 99th percentile.
    pub p99: Option<Duration>,
}

/// Where a service may run.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Where it was written, where it was.
    pub span: Option<Span>,
    /// Where the numbers of regions were written.
    pub counts: CountSpans,
    /// Whether all regions serve, or one does and others stand by.
    pub mode: PlacementMode,
    /// Which regions are used.
    pub regions: RegionChoice,
    /// The candidates; empty: all regions with a cluster in the environment.
    pub from: Vec<Spanned<RegionName>>,
}

/// Where the numbers of regions were written; `exactly` stands for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountSpans {
    /// The whole of `placement.regions`.
    pub regions: Option<Span>,
    /// The smallest number.
    pub at_least: Option<Span>,
    /// The largest number.
    pub at_most: Option<Span>,
}

/// Whether all regions serve.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementMode {
    /// All placed regions serve.
    ActiveActive,
    /// The first placed region serves, the others stand by.
    ActivePassive,
}

/// Which of the candidates are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionChoice {
    /// Every candidate.
    All,
    /// These.
    Named(Vec<Spanned<RegionName>>),
    /// As many as lower the audience-weighted round trip, within bounds.
    Count {
        /// At least.
        at_least: u32,
        /// At most.
        at_most: u32,
    },
}

/// A feature flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name.
    pub name: Spanned<String>,
    /// The share of users that see it, by wave or region.
    pub rollout: BTreeMap<String, Spanned<Share>>,
}

/// What is broken on purpose, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// Five cron fields.
    pub schedule: Spanned<String>,
    /// For how long.
    pub duration: Duration,
    /// Whether one pod is killed.
    pub pods: bool,
    /// By how much the way to other regions is made longer.
    pub latency: Option<Duration>,
    /// Whether a region is cut off; where that was asked for.
    pub region: Option<Span>,
}
