//! What breaks when a part of the fleet is lost, and what of it is not known.
//!
//! Made only by the room `plan`, from the world, the plan and what is lost.

use std::collections::BTreeMap;
use std::fmt;

use super::name::{ClusterName, RegionName, ServiceKey, StoreKey, ZoneName};
use crate::diag::Span;

/// A part of the fleet that is lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// A region with all its clusters.
    Region(RegionName),
    /// One zone of a region.
    Zone(RegionName, ZoneName),
    /// One cluster.
    Cluster(ClusterName),
    /// The way between two regions, in both directions; the first comes first by name.
    Link(RegionName, RegionName),
}

impl Lost {
    /// `region`, `zone`, `cluster`, `link`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Region(_) => "region",
            Self::Zone(..) => "zone",
            Self::Cluster(_) => "cluster",
            Self::Link(..) => "link",
        }
    }
}

impl fmt::Display for Lost {
    /// As `--lose` takes it: `eu-west-1`, `eu-west-1/eu-west-1a`, `euw1-a`, `eu-west-1..us-east-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(region) => region.fmt(f),
            Self::Zone(region, zone) => write!(f, "{region}/{zone}"),
            Self::Cluster(cluster) => cluster.fmt(f),
            Self::Link(a, b) => write!(f, "{a}..{b}"),
        }
    }
}

/// What one loss, or several at once, lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is lost, in order.
    pub lost: Vec<Lost>,
    /// The services that it touches.
    pub services: BTreeMap<ServiceKey, ServiceOutcome>,
    /// The stores that it touches.
    pub stores: BTreeMap<StoreKey, StoreOutcome>,
    /// The clusters that remain, as far as they hold more than before.
    pub clusters: BTreeMap<ClusterName, ClusterLoad>,
    /// The budgets whose prediction changes, or that are over.
    pub budgets: Vec<BudgetOutcome>,
    /// The promises that do not hold, in order of kind.
    pub broken: Vec<Broken>,
    /// What stops as the catalog accepts.
    pub accepted: Vec<String>,
    /// What runs at its limits.
    pub notes: Vec<String>,
    /// What could not be checked, and why.
    pub unknown: Vec<String>,
}

/// What a loss means for one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceOutcome {
    /// Where it served.
    pub served_in: Vec<RegionName>,
    /// Where it serves now.
    pub serves_in: Vec<RegionName>,
    /// Whose users go where; those that stay are left out.
    pub moved: Vec<Moved>,
    /// The share of its users that nobody serves, in millionths.
    pub unserved_ppm: u32,
    /// Whether there is an audience; without one every region counts the same.
    pub audience: bool,
    /// The mean round trip of a read before, in nanoseconds.
    pub before_ns: Option<u64>,
    /// The same after, of those that are served.
    pub after_ns: Option<u64>,
    /// The calls that nobody answers any more.
    pub unanswered: Vec<ServiceKey>,
    /// How long until the users that move are served.
    pub rto: Rto,
}

/// Users that another region serves now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Who served them.
    pub from: RegionName,
    /// Who does now; `None`: nobody.
    pub to: Option<RegionName>,
    /// Their share of all users, in millionths.
    pub share_ppm: u32,
    /// Their mean round trip before, in nanoseconds; `None` where it is unknown.
    pub before_ns: Option<u64>,
    /// The same after.
    pub after_ns: Option<u64>,
}

/// How long until it works again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rto {
    /// It never stops.
    #[default]
    None,
    /// By itself, after detection and the TTL of the records.
    Dns {
        /// Detection by the health checks, in seconds: assumed, since their settings are not the
        /// fleet's.
        detection: u32,
        /// The TTL in seconds.
        ttl: u32,
    },
    /// By itself, as an election or another replica takes over.
    Automatic,
    /// As its callers are routed.
    Callers,
    /// When a person acts.
    Manual,
    /// When what is lost is back.
    Back,
}

/// What of the acknowledged writes is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rpo {
    /// Nothing.
    #[default]
    Zero,
    /// What had not been replicated; at best this many nanoseconds of writes.
    Lag {
        /// Half the round trip that replication takes.
        at_least_ns: Option<u64>,
    },
    /// Nothing if what is lost comes back; else all of it.
    Back,
    /// Everything that was there.
    Everything,
}

/// What a loss means for one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreOutcome {
    /// Where writes went, for engines with a leader.
    pub led_from: Option<RegionName>,
    /// Where they go once it has recovered; `None`: nowhere.
    pub leads: Option<RegionName>,
    /// Regions that held it and do no more.
    pub lost: Vec<RegionName>,
    /// Voters left, of how many; for engines that vote.
    pub voters: Option<(u32, u32)>,
    /// What becomes of writes.
    pub writes: Writes,
    /// Regions that serve users and reach nothing that takes their writes, though these go on.
    pub cut_off: Vec<RegionName>,
    /// The share of the service's users who are served there, in millionths.
    pub cut_off_ppm: u32,
    /// Whether their reads of what was written last stop too.
    pub cut_off_reads: bool,
    /// What of them is gone.
    pub rpo: Rpo,
    /// How long writes stop.
    pub rto: Rto,
    /// Why, in words.
    pub because: Vec<String>,
}

/// What becomes of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writes {
    /// They go on.
    #[default]
    GoOn,
    /// They go on in the regions that are left.
    GoOnElsewhere,
    /// They stop until another region takes them, by itself.
    Switch,
    /// They stop until a person lets another region take them.
    Person,
    /// They stop until what is lost is back.
    Stop,
}

/// What a cluster holds before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterLoad {
    /// CPU in thousandths of a core.
    pub cpu: Load,
    /// Memory in bytes.
    pub memory: Load,
    /// Pods before.
    pub pods_before: u32,
    /// Pods after.
    pub pods_after: u32,
}

/// One resource of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// What there is; `None`: not stated, so nothing is checked.
    pub capacity: Option<u64>,
    /// What services reserve before.
    pub before: u64,
    /// What they need after: the users that moved counted.
    pub after: u64,
    /// What they would reserve with every pod that they may have.
    pub at_max: u64,
}

impl Load {
    /// Whether it does not fit.
    pub fn over(&self) -> bool {
        self.capacity.is_some_and(|all| self.after > all)
    }
}

/// One budget before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetOutcome {
    /// What it limits: `a read of checkout at p99`.
    pub of: String,
    /// Where it was written.
    pub span: Span,
    /// The limit, in nanoseconds.
    pub limit_ns: u64,
    /// Predicted before; `None`: unknown, or nothing to predict.
    pub before_ns: Option<u64>,
    /// Predicted after.
    pub after_ns: Option<u64>,
    /// The largest term after, in words.
    pub binding: String,
    /// Whether the prediction is estimated.
    pub estimated: bool,
    /// Whether breaking it breaks a promise: that of a journey does where it is enforced.
    pub promised: bool,
}

impl BudgetOutcome {
    /// Whether the loss breaks it.
    pub fn broken(&self) -> bool {
        let over = |ns: Option<u64>| ns.is_some_and(|ns| ns > self.limit_ns);
        over(self.after_ns) && !over(self.before_ns)
    }
}

/// Which kind of promise does not hold, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Somebody serves the users.
    Served,
    /// Somebody answers the calls.
    Calls,
    /// Writes go on, or do so again.
    Writes,
    /// Data stays where it must.
    Residency,
    /// Acknowledged writes are kept.
    Rpo,
    /// It works again in time.
    Rto,
    /// What remains has room.
    Capacity,
    /// Budgets hold.
    Budget,
}

impl Promise {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Served,
        Self::Calls,
        Self::Writes,
        Self::Residency,
        Self::Rpo,
        Self::Rto,
        Self::Capacity,
        Self::Budget,
    ];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Calls => "calls",
            Self::Writes => "writes",
            Self::Residency => "residency",
            Self::Rpo => "rpo",
            Self::Rto => "rto",
            Self::Capacity => "capacity",
            Self::Budget => "budget",
        }
    }
}

/// A promise that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its kind.
    pub promise: Promise,
    /// What breaks, in words.
    pub what: String,
    /// Where it was promised.
    pub span: Option<Span>,
}

/// What was simulated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// What is claimed of the fleet, as it completes "the fleet survives …".
    pub claim: String,
    /// The outcomes, the worst first.
    pub outcomes: Vec<Outcome>,
    /// Parts of the fleet that the claim is about and that could not be lost: regions without zones.
    pub left_out: Vec<String>,
}

/// Whether the claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survives {
    /// It does.
    Yes,
    /// Nothing breaks, but not everything could be checked.
    Unknown,
    /// It does not.
    No,
}

impl Outcome {
    /// Whether everything holds.
    pub fn survives(&self) -> Survives {
        match (self.broken.is_empty(), self.unknown.is_empty()) {
            (false, _) => Survives::No,
            (true, false) => Survives::Unknown,
            (true, true) => Survives::Yes,
        }
    }
}

impl Simulation {
    /// Whether all outcomes hold.
    pub fn survives(&self) -> Survives {
        let left_out = (!self.left_out.is_empty()).then_some(Survives::Unknown);
        let all = self.outcomes.iter().map(Outcome::survives);
        // Without a loss nothing is shown.
        all.chain(left_out).max().unwrap_or(Survives::Unknown)
    }
}
