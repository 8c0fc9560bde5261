//! The lock: sticky decisions of the plan, committed with the source as Cargo.lock is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The decisions in `regen.lock` that a later plan keeps until they become illegal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Lock {
    /// Version of this file's form.
    pub version: u32,
    /// Regions per service (`checkout`, `checkout@staging`), in order of preference.
    #[serde(default)]
    pub services: BTreeMap<String, LockedService>,
    /// Leaders, voters and replicas per store (`checkout/orders`).
    #[serde(default)]
    pub stores: BTreeMap<String, LockedStore>,
}

/// The locked decisions of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LockedService {
    /// The regions, in order of preference.
    pub regions: Vec<String>,
}

/// The locked decisions of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LockedStore {
    /// The region that takes writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// The regions that vote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voters: Vec<String>,
    /// The regions with a read replica.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<String>,
    /// Leader and voters of each part, where the data is homed with its users.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shards: BTreeMap<String, LockedShard>,
    /// The cluster per region.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<String, String>,
}

/// The locked decisions of one part of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LockedShard {
    /// The region that takes writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// The regions that vote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voters: Vec<String>,
}
