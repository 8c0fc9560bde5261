//! Redis Enterprise active-active.

use super::{ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Read, Recovery, Scheme, Write};
use crate::model::engine::{Consistency, Engine};

const MERGED: ClassFacts = ClassFacts {
    consistency: Consistency::Crdt,
    name: "active-active",
    scheme: Scheme::Crdt,
    setting: "an active-active database: every region writes, conflict-free types merge by their intent",
    write: Write::Merge,
    read: Read::Local,
    floor: Floor::Way,
    zone: Some(Loss {
        regions: 1,
        voters: 0,
        recovery: Recovery::Automatic,
        lost: Lost::Lag,
    }),
    region: Some(Loss {
        regions: 2,
        voters: 0,
        recovery: Recovery::Automatic,
        lost: Lost::Lag,
    }),
};

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::RedisEnterprise,
    capability: "redis-enterprise",
    about: "an active-active database: every region takes writes, conflict-free replicated data types merge them",
    classes: &[
        MERGED,
        ClassFacts {
            consistency: Consistency::Eventual,
            setting: "as crdt; readers rely on no more than that replicas converge",
            ..MERGED
        },
    ],
    standbys: false,
    quorum: None,
    instances: Instances {
        enough: 3,
        only: &[],
    },
    lag: "rtt/2 and the time to synchronise; no bound",
    survives: "a zone by a replica shard in another; a region by itself, the others write on; what had not been synchronised comes back with the region, or is lost with it",
    notes: &[
        "commercial licence",
        "string values without a counter are last-write-wins; see the data types before relying on a merge",
        "within a region a cluster takes an odd number of nodes, 3 or more",
    ],
    deploy: "one `RedisEnterpriseActiveActiveDatabase` of app.redislabs.com/v1alpha1 in a participating cluster, and a `RedisEnterpriseRemoteCluster` for each",
    port: None,
    sources: &[
        "Redis Enterprise, Active-Active geo-distributed Redis; Enable causal consistency; Develop applications with Active-Active databases",
    ],
};
