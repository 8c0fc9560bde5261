//! Databases, queues and caches that services own.

use std::collections::BTreeSet;

use crate::diag::{Span, Spanned};
use crate::model::duration::Duration;
use crate::model::engine::Consistency;
use crate::model::engine::Engine;
use crate::model::name::{DataClassName, JurisdictionName, RegionName, StoreName};
use crate::model::place::Country;
use crate::model::quantity::Quantity;

use super::fleet::{Promotion, Whereabouts};
use super::workload::Schedule;

/// A database, queue or cache that a service owns.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its name, where written.
    pub name: Spanned<StoreName>,
    /// The software.
    pub engine: Spanned<Engine>,
    /// What readers may rely on.
    pub consistency: Spanned<Consistency>,
    /// Which of the engine's ways to give it, where one says.
    pub setting: Option<Spanned<String>>,
    /// The bound, for bounded staleness.
    pub staleness: Option<Spanned<Duration>>,
    /// The class of its data.
    pub data: Option<Spanned<DataClassName>>,
    /// The region that takes writes; absent: the planner's choice.
    pub leader: Option<Spanned<RegionName>>,
    /// How many replicas in other regions a write waits for.
    pub synchronous: u32,
    /// Which of them.
    pub standbys: Standbys,
    /// What may be lost without losing the store or an acknowledged write, where one says.
    pub survive: Option<Spanned<Survive>>,
    /// Who votes on a write, for engines with a quorum.
    pub voters: Voters,
    /// Whether placed regions without a voter hold a replica for local reads.
    pub read_replicas: ReadReplicas,
    /// How often it is read and written.
    pub access: Access,
    /// Parts of the data that are homed with their users, in order of writing; users of none of
    /// them are in a part that is called [`Shard::DEFAULT`]. None: the data is one.
    pub shards: Vec<Shard>,
    /// How long a person takes to promote a replica in another region.
    pub promotion: Promotion,
    /// Instances per region.
    pub instances: u32,
    /// Disk per instance.
    pub size: Quantity,
    /// Storage class; absent: the cluster's default.
    pub storage_class: Option<String>,
    /// When backups are taken (six cron fields, seconds first); absent: none.
    pub backup: Option<Backup>,
    /// What deletes data that may not be kept any longer.
    pub purge: Option<Purge>,
    /// What each instance asks for; absent: the engine's.
    pub resources: StoreResources,
    /// Topics of a log.
    pub topics: Vec<Topic>,
    /// What the environment variables begin with that tell the service where its store is; absent:
    /// there are none.
    pub connect: Option<Spanned<String>>,
}

/// What deletes data that may not be kept any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// The command.
    pub command: Vec<String>,
    /// When.
    pub schedule: Schedule,
    /// How long data may be kept, by its class.
    pub retention: Duration,
}

/// What each instance of a store asks for; absent: the engine's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreResources {
    /// CPU.
    pub cpu: Option<Quantity>,
    /// Memory.
    pub memory: Option<Quantity>,
}

/// A topic of Kafka, or a stream of NATS JetStream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name, where written.
    pub name: Spanned<String>,
    /// Partitions, of Kafka.
    pub partitions: u32,
    /// How long messages are kept.
    pub retention: Duration,
    /// Whether only the last message of each key is kept.
    pub compact: bool,
}

/// Which standbys a write waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standbys {
    /// Whether the first in order of priority are waited for, rather than any.
    pub first: bool,
    /// The regions that count, in order of priority; empty: all, nearest first.
    pub of: Vec<Spanned<RegionName>>,
    /// Where it was written.
    pub span: Option<Span>,
}

/// Who votes on a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voters {
    /// How many; absent: the planner's default for the engine.
    pub count: Option<Spanned<u32>>,
    /// What no two of them share.
    pub distinct: Distinct,
    /// Where the above was written.
    pub span: Option<Span>,
}

/// How often a store is read and written, as weights that need not add up to anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Weight of reads.
    pub reads: u64,
    /// Weight of writes; never 0 together with `reads`.
    pub writes: u64,
    /// Where it was written.
    pub span: Option<Span>,
}

impl Access {
    /// Only writes count.
    pub const WRITES: Self = Self {
        reads: 0,
        writes: 1,
        span: None,
    };
}

/// What may be lost without losing a store or an acknowledged write.
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
pub enum Survive {
    /// One zone.
    Zone,
    /// One region.
    Region,
}

/// What no two voters of a store share.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub enum Distinct {
    /// A zone; a region may hold several voters.
    Zone,
    /// A region.
    #[default]
    Region,
    /// A country.
    Country,
}

/// Whether placed regions without a voter hold a replica for local reads.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub enum ReadReplicas {
    /// Reads go to the nearest voter.
    #[default]
    None,
    /// Each placed region holds one.
    All,
}

/// A part of a store's data, homed with the users of an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The area, where written.
    pub name: Spanned<JurisdictionName>,
    /// Its countries.
    pub countries: BTreeSet<Country>,
}

impl Shard {
    /// The part of users that are in no shard's area.
    pub const DEFAULT: &'static str = "default";

    /// The shard that a country's users are in: of those whose area has it the one with the fewest
    /// countries, of these the first by name. `None`: the default.
    pub fn of(shards: &[Self], country: Country) -> Option<&Self> {
        let theirs = shards.iter().filter(|s| s.countries.contains(&country));
        theirs.min_by_key(|s| (s.countries.len(), &s.name.value))
    }
}

/// Backups of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Six cron fields, seconds first.
    pub schedule: String,
    /// How long they are kept.
    pub retention: Duration,
    /// Prefix of the bucket's address, such as `s3://backups`; the region is appended.
    pub bucket: Option<String>,
    /// Where the bucket stands; absent: in each cluster's region.
    pub place: Option<Whereabouts>,
}
