//! A store's decision as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::milliseconds::Milliseconds;
use super::plan::{reasons, texts};
use crate::model::plan::{RestsOn, StorePlan};

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreForm {
    /// The region that takes writes; null where every region does.
    leader: Option<String>,
    /// The region of each voter: the leader first, then by their round trip from it.
    voters: Vec<String>,
    /// The zone of each voter, where a region may hold several.
    voter_zones: Vec<String>,
    /// The regions that hold its data and neither lead nor vote, by name.
    replicas: Vec<String>,
    /// The regions whose acknowledgement a write waits for, in order of priority.
    sync_standbys: Vec<String>,
    /// How many of these it waits for.
    synchronous: u32,
    /// The cluster by region.
    clusters: BTreeMap<String, String>,
    /// The value that the choice minimises, in milliseconds with six decimals: the
    /// audience-weighted mean latency of a write, or of the mix that `access` gives.
    objective_ms: Option<Milliseconds>,
    /// Whether nothing can be better, by proof; of a decision kept from the lock, whether its value
    /// is exact.
    proven: bool,
    /// What no choice could go below, where it is not proven.
    bound_ms: Option<Milliseconds>,
    /// What may be lost, and what is gone then.
    survives: String,
    /// Whether the leader was kept from the lock.
    sticky: bool,
    /// Whether its decisions compare round trips that were estimated rather than measured.
    rests_on_estimates: bool,
    /// Its parts by name, where the data is homed with its users; null where the data is one.
    shards: Option<BTreeMap<String, ShardForm>>,
    because: Vec<String>,
}

/// One part of a store's data.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ShardForm {
    /// The region that takes writes.
    leader: Option<String>,
    /// The region of each voter: the leader first, then by their round trip from it.
    voters: Vec<String>,
    /// The zone of each voter, where a region may hold several.
    voter_zones: Vec<String>,
    /// The regions that hold its data and neither lead nor vote, by name.
    replicas: Vec<String>,
    /// The mean latency of its users' requests, in milliseconds with six decimals.
    objective_ms: Option<Milliseconds>,
    /// Whether nothing can be better, by proof.
    proven: bool,
    /// What no choice could go below, where it is not proven.
    bound_ms: Option<Milliseconds>,
    /// What may be lost, and what is gone then.
    survives: String,
    /// Whether the leader was kept from the lock.
    sticky: bool,
    because: Vec<String>,
}

fn shard(shard: &StorePlan) -> ShardForm {
    ShardForm {
        leader: shard.leader.as_ref().map(ToString::to_string),
        voters: texts(&shard.voters),
        voter_zones: shard.voter_zones.clone(),
        replicas: texts(&shard.replicas),
        objective_ms: shard.objective_ns.map(Milliseconds),
        proven: shard.bound_ns.is_none(),
        bound_ms: shard.bound_ns.map(Milliseconds),
        survives: shard.survives.clone(),
        sticky: shard.sticky,
        because: reasons(&shard.because),
    }
}

pub(super) fn store(store: &StorePlan, rests_on: RestsOn) -> StoreForm {
    StoreForm {
        leader: store.leader.as_ref().map(ToString::to_string),
        voters: texts(&store.voters),
        voter_zones: store.voter_zones.clone(),
        replicas: texts(&store.replicas),
        sync_standbys: texts(&store.sync_standbys),
        synchronous: store.synchronous,
        clusters: store
            .clusters
            .iter()
            .map(|(r, c)| (r.to_string(), c.to_string()))
            .collect(),
        objective_ms: store.objective_ns.map(Milliseconds),
        proven: store.parts().all(|part| part.bound_ns.is_none()),
        bound_ms: store.bound_ns.map(Milliseconds),
        survives: store.survives.clone(),
        sticky: store.sticky,
        rests_on_estimates: rests_on.estimated > 0,
        shards: (!store.shards.is_empty()).then(|| {
            let shards = store.shards.iter();
            shards.map(|(name, s)| (name.clone(), shard(s))).collect()
        }),
        because: reasons(&store.because),
    }
}
