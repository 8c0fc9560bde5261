//! A service's `stores`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::engine::{Consistency, Engine};
use crate::model::name::{DataClassName, JurisdictionName, RegionName, ServiceName, StoreName};
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::{Distinct, ReadReplicas, Survive};

use super::forms::short_or_long;
use super::workload::Schedule;

/// A database, queue or cache that a service owns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Store {
    /// The store's name, unique within its service.
    pub name: Spanned<StoreName>,
    /// The software; `regen engines` lists what each can do.
    pub engine: Spanned<Engine>,
    /// What readers may rely on. Default: the strongest that the engine gives.
    pub consistency: Option<Spanned<Consistency>>,
    /// Which of its engine's ways to give the class, where it has several, such as `each-quorum`;
    /// `regen engines` lists them. Default: the first.
    pub setting: Option<Spanned<String>>,
    /// The bound, for `bounded-staleness`.
    pub staleness: Option<Spanned<Duration>>,
    /// The class of its data: residency and retention follow from it.
    pub data: Option<Spanned<DataClassName>>,
    /// Who reads and writes it, and how often.
    pub access: Option<Spanned<Access>>,
    /// The region that takes writes; `auto` leaves it to the plan. Default: `auto`.
    pub leader: Option<Spanned<String>>,
    /// How many replicas in other regions a write waits for: `1`, `{any: 1, of: [regions]}` or
    /// `{first: 1, of: [regions]}`. Default: 0.
    pub synchronous: Option<Spanned<Synchronous>>,
    /// What may be lost without losing the store or an acknowledged write: a `zone` or a `region`.
    /// With `region` no region holds a majority of the voters, and at least three hold one.
    /// Default: what its voters or standbys give.
    pub survive: Option<Spanned<Survive>>,
    /// How many replicas vote on a write, and what keeps them apart; for engines with a quorum.
    pub voters: Option<Spanned<Voters>>,
    /// Whether placed regions without a voter hold a replica for local reads, `all` or `none`; for
    /// engines with a quorum. Default: `none`, and reads go to the nearest voter.
    pub read_replicas: Option<Spanned<ReadReplicas>>,
    /// Parts of the data that are homed with their users, each with a leader and voters of its own:
    /// `{by: jurisdiction, of: [EU, IN]}`. Users of none of them are in the part `default`. Default:
    /// the data is one.
    pub shards: Option<Spanned<Shards>>,
    /// How long it takes until a person has promoted a replica in another region, for engines that
    /// do not switch by themselves. Default: the fleet's `failover.promotion`.
    pub promotion: Option<Spanned<Duration>>,
    /// Instances per region. Default: 3 for a critical service, else 2, and no fewer than its engine
    /// needs to lose one.
    pub instances: Option<Spanned<u32>>,
    /// Disk per instance. Default: `10Gi`.
    pub size: Option<Spanned<Quantity>>,
    /// The storage class. Default: the cluster's.
    pub storage_class: Option<Spanned<String>>,
    /// When backups are taken and where they go.
    pub backup: Option<Spanned<Backup>>,
    /// What deletes data once its class's `retention` has passed. Default: nothing does.
    pub purge: Option<Spanned<Purge>>,
    /// What each instance asks for; its memory is also what it may use. Default: the engine's.
    pub resources: Option<Spanned<StoreResources>>,
    /// Topics of a log, for `strimzi-kafka` and `nats-jetstream`.
    #[serde(default)]
    pub topics: Vec<Spanned<Topic>>,
    /// Gives the service's containers environment variables that begin with this, such as `ORDERS`:
    /// `ORDERS_HOST`, `ORDERS_PORT` and others of the engine, the password from the Secret
    /// `<service>-<store>-app`. Default: none.
    pub connect: Option<Spanned<String>>,
}

/// What deletes data once its class's `retention` has passed: a CronJob with the service's image,
/// variables and files, in the cluster that takes the store's writes. `RETENTION_SECONDS` says how
/// old what it deletes is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Purge {
    /// The command, such as `[/app/purge, --older-than, $(RETENTION_SECONDS)s]`.
    pub command: Spanned<Vec<String>>,
    /// When: five cron fields, or `{cron, timeZone}`. Default: `0 2 * * *`.
    pub schedule: Option<Spanned<Schedule>>,
}

/// What each instance of a store asks for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreResources {
    /// CPU.
    pub cpu: Option<Spanned<Quantity>>,
    /// Memory.
    pub memory: Option<Spanned<Quantity>>,
}

/// A topic of Kafka, or a stream of NATS JetStream.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Topic {
    /// Its name, the same in every region.
    pub name: Spanned<String>,
    /// Partitions, of Kafka. Default: 3.
    pub partitions: Option<Spanned<u32>>,
    /// How long messages are kept. Default: `7d`, or the data class's retention where that is
    /// shorter.
    pub retention: Option<Spanned<Duration>>,
    /// Keeps the last message of each key only: a compacted topic of Kafka, a key-value bucket of
    /// NATS. Default: `false`.
    pub compact: Option<Spanned<bool>>,
}

/// How many standbys a write waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandbyCount(pub u32);

impl StandbyCount {
    /// Reads 0 to 9.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<u32>().ok().filter(|n| *n <= 9).map(Self)
    }
}

/// Which replicas in other regions a write waits for.
#[derive(Clone, Debug)]
pub enum Synchronous {
    /// Any so many of all replicas.
    Any(StandbyCount),
    /// By method, among some.
    Long(SynchronousLong),
}

/// Which replicas in other regions a write waits for; one of `any` and `first`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SynchronousLong {
    /// Any so many of them.
    pub any: Option<Spanned<StandbyCount>>,
    /// The first so many of them, in order of priority.
    pub first: Option<Spanned<StandbyCount>>,
    /// The regions whose replicas count, in order of priority. Default: all, nearest first.
    #[serde(default)]
    pub of: Vec<Spanned<RegionName>>,
}

short_or_long!(Synchronous, "a number, or `{any: N, of: [...]}` or `{first: N, of: [...]}`",
    short: StandbyCount => Synchronous::Any,
    long: SynchronousLong => Synchronous::Long);

/// How many replicas vote on a write, and what keeps them apart.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Voters {
    /// 3 or 5. Default: 3; 5 with `survive: region` where the engine asks for it.
    pub count: Option<Spanned<u32>>,
    /// No two voters share a `zone`, a `region` or a `country`. Default: `region`; without
    /// `voters`, `zone` where the service is in fewer regions than there are voters.
    pub distinct: Option<Spanned<Distinct>>,
}

/// How data is parted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shards {
    /// By what. Default: `jurisdiction`.
    pub by: Option<Spanned<ShardBy>>,
    /// The areas: blocs, countries or jurisdictions of `regen.yaml`. A country of several belongs to
    /// the one with the fewest countries, of those to the first by name.
    pub of: Vec<Spanned<JurisdictionName>>,
}

/// By what data is parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShardBy {
    /// By the jurisdiction of the user that it is about, which it does not leave.
    Jurisdiction,
}

/// Who reads and writes a store, and how often. Leader and voters are chosen for the mix; where
/// only one share is written the other is the rest. Default: only writes count.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// The share of reads.
    pub reads: Option<Spanned<Share>>,
    /// The share of writes.
    pub writes: Option<Spanned<Share>>,
    /// The services that use it.
    #[serde(default)]
    pub from: Vec<Spanned<ServiceName>>,
}

/// Backups of a store.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backup {
    /// Six cron fields, seconds first. Default: `0 0 3 * * *`, every night at three.
    pub schedule: Option<Spanned<String>>,
    /// How long backups are kept. Default: the data class's retention, else `30d`.
    pub retention: Option<Spanned<Duration>>,
    /// Prefix of the bucket's address, such as `s3://backups`; the region is appended.
    pub bucket: Option<Spanned<String>>,
    /// The region that the bucket stands in: one of the fleet, or of a cloud. Default: that of each
    /// cluster.
    pub region: Option<Spanned<RegionName>>,
    /// Or the area that it does not leave: a bloc, a country or a jurisdiction.
    pub jurisdiction: Option<Spanned<JurisdictionName>>,
}

/// How `leader` leaves the choice to the plan.
pub struct Leader;

impl Leader {
    /// The word.
    pub const AUTO: &'static str = "auto";
}
