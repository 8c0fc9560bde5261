//! A service's `stores`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::engine::{Consistency, Engine};
use crate::model::name::{DataClassName, ServiceName, StoreName};
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;

/// A database, queue or cache that a service owns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Store {
    /// The store's name, unique within its service.
    pub name: Spanned<StoreName>,
    /// The software; `regen engines` lists what each can do.
    pub engine: Spanned<Engine>,
    /// What readers may rely on. Default: `strong`.
    pub consistency: Option<Spanned<Consistency>>,
    /// The bound, for `bounded-staleness`.
    pub staleness: Option<Spanned<Duration>>,
    /// The class of its data: residency and retention follow from it.
    pub data: Option<Spanned<DataClassName>>,
    /// Who reads and writes it, and how often.
    pub access: Option<Spanned<Access>>,
    /// The region that takes writes; `auto` leaves it to the plan. Default: `auto`.
    pub leader: Option<Spanned<String>>,
    /// How many replicas in other regions a write waits for. Default: 0.
    pub synchronous: Option<Spanned<u32>>,
    /// Instances per region. Default: 3 for a critical service, else 2.
    pub instances: Option<Spanned<u32>>,
    /// Disk per instance. Default: `10Gi`.
    pub size: Option<Spanned<Quantity>>,
    /// The storage class. Default: the cluster's.
    pub storage_class: Option<Spanned<String>>,
    /// When backups are taken and where they go.
    pub backup: Option<Spanned<Backup>>,
}

/// Who reads and writes a store, and how often.
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
}

/// How `leader` leaves the choice to the plan.
pub struct Leader;

impl Leader {
    /// The word.
    pub const AUTO: &'static str = "auto";
}
