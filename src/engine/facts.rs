//! The words of a row: schemes, formulas, floors, what is survived and what is lost.

use crate::model::engine::{Consistency, Engine};
use crate::model::rtt::Rtt;

/// How a store replicates between regions, and so how the planner decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// One region takes the writes; replicas in the others follow. Decided: the leader.
    Primary,
    /// Voters elect a leader among themselves. Decided: the leader and the voters.
    Quorum,
    /// Every region takes writes and has replicas of everything. Nothing to lead.
    Leaderless,
    /// Every region takes writes of its own; logs are copied to the others.
    Mirror,
    /// Every region takes writes, and concurrent ones merge.
    Crdt,
    /// Every region has its own; nothing is replicated, and it may be lost at any time.
    Cache,
}

impl Scheme {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Quorum => "quorum",
            Self::Leaderless => "leaderless",
            Self::Mirror => "mirror",
            Self::Crdt => "crdt",
            Self::Cache => "cache",
        }
    }

    /// Whether one region takes all writes.
    pub fn leads(self) -> bool {
        matches!(self, Self::Primary | Self::Quorum)
    }
}

/// What a write waits for; `latency` has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write {
    /// F1, with `synchronous` F2 or F3.
    Primary,
    /// F4.
    Quorum,
    /// F5.
    Global,
    /// F6.
    LocalQuorum,
    /// F7.
    EachQuorum,
    /// F8.
    QuorumAcross,
    /// F9.
    Log,
    /// F10.
    Merge,
    /// The region's own cache.
    Cache,
}

impl Write {
    /// The formula's numbers, and what it says.
    pub fn formula(self) -> (&'static str, &'static str) {
        match self {
            Self::Primary => (
                "F1-F3",
                "rtt(c,P); with `synchronous: {any: k}` also the k-th smallest rtt(P,s) over the standbys s, with `{first: k}` the largest over the k of highest priority",
            ),
            Self::Quorum => (
                "F4",
                "rtt(c,L), and the ⌊n/2⌋-th smallest rtt(L,v) over the other voters v of n",
            ),
            Self::Global => (
                "F5",
                "as F4, and a commit wait of hundreds of milliseconds (800 ms assumed)",
            ),
            Self::LocalQuorum => ("F6", "0, a quorum of the own region"),
            Self::EachQuorum => ("F7", "the largest rtt(c,d) over the regions d"),
            Self::QuorumAcross => (
                "F8",
                "the smallest t within which a majority of all replicas is reached",
            ),
            Self::Log => ("F9", "0, acknowledged by the own region"),
            Self::Merge => ("F10", "0, acknowledged by the own region"),
            Self::Cache => ("-", "0, the own region's cache"),
        }
    }
}

/// Where a read of a class goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// To the region that takes the writes.
    Leader,
    /// To the nearest replica.
    Local,
    /// To as many replicas as a write: F8.
    QuorumAcross,
}

impl Read {
    /// What it costs.
    pub fn formula(self) -> &'static str {
        match self {
            Self::Leader => "rtt to the leader",
            Self::Local => "local",
            Self::QuorumAcross => "as the write",
        }
    }
}

/// How far a local read lags behind, at best: what a bound on staleness may not go below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Nothing: reads are fresh.
    Fresh,
    /// The way from the leader: half the round trip to the farthest replica.
    Way,
    /// What the engine can be set to, and what it does unless told; never less than the way.
    Setting {
        /// The least that it takes.
        least: Rtt,
        /// What it does unless told.
        unless_told: Rtt,
    },
    /// As old as an entry may get before it expires; nothing bounds it from the outside.
    Expiry,
}

/// Whether somebody has to act after a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recovery {
    /// Nobody.
    Automatic,
    /// A person, with the runbook.
    Manual,
}

/// What of the acknowledged writes is gone after a loss: the recovery point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// Nothing.
    Nothing,
    /// Nothing when a write waits for this many standbys, else what had not been replicated.
    UnlessSynchronous(u32),
    /// Nothing with so many instances in the region, else what had not been replicated.
    UnlessInstances(u32),
    /// What had not been replicated.
    Lag,
    /// Everything that was there.
    Everything,
}

/// What it takes to survive a loss, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// In at least so many regions.
    pub regions: u32,
    /// With at least so many voters; 0 where nothing votes.
    pub voters: u32,
    /// Who acts.
    pub recovery: Recovery,
    /// What is gone.
    pub lost: Lost,
}

/// One way in which an engine gives a consistency class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassFacts {
    /// The class.
    pub consistency: Consistency,
    /// How a store asks for this way (`setting`), where there are several for the class.
    pub name: &'static str,
    /// How it replicates.
    pub scheme: Scheme,
    /// The setting that it takes, for people.
    pub setting: &'static str,
    /// What a write waits for.
    pub write: Write,
    /// Where a read goes.
    pub read: Read,
    /// How far a read lags behind.
    pub floor: Floor,
    /// What surviving a zone takes; `None` where it does not.
    pub zone: Option<Loss>,
    /// What surviving a region takes; `None` where it does not.
    pub region: Option<Loss>,
}

/// How many voters there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// The counts that may be asked for.
    pub voters: &'static [u32],
    /// How many there are unless asked.
    pub unless_told: u32,
}

/// How many instances of a store a region needs and may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instances {
    /// So many that losing one of them stops nothing.
    pub enough: u32,
    /// The only numbers that it takes; empty: any.
    pub only: &'static [u32],
}

/// What one engine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineFacts {
    /// The engine.
    pub engine: Engine,
    /// What a cluster must be able to do to hold it.
    pub capability: &'static str,
    /// One sentence on what it is.
    pub about: &'static str,
    /// The ways in which it gives classes; of several for one class, the first unless told.
    pub classes: &'static [ClassFacts],
    /// Whether writes can wait for standbys in other regions.
    pub standbys: bool,
    /// Its voters, where it has any.
    pub quorum: Option<Quorum>,
    /// Instances per region.
    pub instances: Instances,
    /// How far local reads lag behind, in words.
    pub lag: &'static str,
    /// What it survives, and how, in words.
    pub survives: &'static str,
    /// What to know before choosing it: licence, network, limits.
    pub notes: &'static [&'static str],
    /// What a person deploys where regen has no template for it.
    pub deploy: &'static str,
    /// The TCP port that clients connect to.
    pub port: Option<u16>,
    /// Where all this is written.
    pub sources: &'static [&'static str],
}
