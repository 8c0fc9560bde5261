//! Valkey, as a cache.

use super::{ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Read, Recovery, Scheme, Write};
use crate::model::engine::{Consistency, Engine};

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::Valkey,
    capability: "valkey",
    about: "a cache in every region: nothing is replicated between regions, and anything may be gone",
    classes: &[ClassFacts {
        consistency: Consistency::Eventual,
        name: "cache",
        scheme: Scheme::Cache,
        setting: "entries expire; a miss reads from the store behind it",
        write: Write::Cache,
        read: Read::Local,
        floor: Floor::Expiry,
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
            lost: Lost::Everything,
        }),
    }],
    standbys: false,
    quorum: None,
    instances: Instances {
        enough: 2,
        only: &[],
    },
    lag: "as old as an entry may get before it expires",
    survives: "a zone by a replica in another, which may lack the last writes; a region's cache is gone with it, the others have caches of their own",
    notes: &[
        "open source (BSD-3-Clause)",
        "replication within a region is asynchronous, so it is a cache and no store of record",
        "what it caches is bound to the jurisdiction of its data class as any replica is",
    ],
    deploy: "a Valkey per region, by its Helm chart or an operator",
    port: Some(6379),
    sources: &["Valkey, Replication; Key eviction; EXPIRE"],
};
