//! Databases, queues and caches that services own.

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::engine::Consistency;
use crate::model::engine::Engine;
use crate::model::name::{DataClassName, RegionName, StoreName};
use crate::model::quantity::Quantity;

/// A database, queue or cache that a service owns.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its name, where written.
    pub name: Spanned<StoreName>,
    /// The software.
    pub engine: Spanned<Engine>,
    /// What readers may rely on.
    pub consistency: Spanned<Consistency>,
    /// The bound, for bounded staleness.
    pub staleness: Option<Spanned<Duration>>,
    /// The class of its data.
    pub data: Option<Spanned<DataClassName>>,
    /// The region that takes writes; absent: the planner's choice.
    pub leader: Option<Spanned<RegionName>>,
    /// Whether writes wait for replicas in other regions.
    pub synchronous: u32,
    /// Instances per region.
    pub instances: u32,
    /// Disk per instance.
    pub size: Quantity,
    /// Storage class; absent: the cluster's default.
    pub storage_class: Option<String>,
    /// When backups are taken (six cron fields, seconds first); absent: none.
    pub backup: Option<Backup>,
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
}
