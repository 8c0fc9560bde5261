//! PostgreSQL by CloudNativePG.

use super::{ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Read, Recovery, Scheme, Write};
use crate::model::engine::{Consistency, Engine};

const ZONE: Option<Loss> = Some(Loss {
    regions: 1,
    voters: 0,
    recovery: Recovery::Automatic,
    lost: Lost::UnlessInstances(3),
});
const REGION: Option<Loss> = Some(Loss {
    regions: 2,
    voters: 0,
    recovery: Recovery::Manual,
    lost: Lost::UnlessSynchronous(1),
});

const fn class(
    consistency: Consistency,
    name: &'static str,
    read: Read,
    floor: Floor,
    setting: &'static str,
) -> ClassFacts {
    ClassFacts {
        consistency,
        name,
        scheme: Scheme::Primary,
        setting,
        write: Write::Primary,
        read,
        floor,
        zone: ZONE,
        region: REGION,
    }
}

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::CloudnativePg,
    capability: "cloudnative-pg",
    about: "PostgreSQL with one primary region and streaming replicas in the others",
    classes: &[
        class(
            Consistency::Strong,
            "primary",
            Read::Leader,
            Floor::Fresh,
            "reads and writes at the primary; `synchronous: 1` or more to lose nothing with a region",
        ),
        class(
            Consistency::BoundedStaleness,
            "replica",
            Read::Local,
            Floor::Way,
            "streaming replicas; the engine does not enforce the bound, an alert watches it",
        ),
        class(
            Consistency::ReadYourWrites,
            "session",
            Read::Local,
            Floor::Way,
            "the session reads at the primary until its replica has caught up, or at a replica that a write waited for",
        ),
        class(
            Consistency::Eventual,
            "replica",
            Read::Local,
            Floor::Way,
            "reads at any replica",
        ),
    ],
    standbys: true,
    quorum: None,
    instances: Instances {
        enough: 2,
        only: &[],
    },
    lag: "streaming: rtt(P,c)/2 and the time to apply; by shipped logs alone up to 5 min (`archive_timeout`); none on a standby that acknowledged with remote_apply",
    survives: "a zone by itself, without loss with 3 instances or more; a region by a manual switch of the primary, without loss of acknowledged writes only with `synchronous: 1` or more",
    notes: &[
        "a switch between regions is never automatic: a demotion and a promotion, in two commits",
        "with `synchronous`, writes stop when too few standbys answer",
        "streaming between clusters needs `multicluster-services`",
    ],
    deploy: "a `Cluster` of postgresql.cnpg.io/v1 per region",
    port: Some(5432),
    sources: &[
        "CloudNativePG 1.30, docs/src/architecture.md, replication.md, replica_cluster.md, wal_archiving.md",
        "PostgreSQL, Synchronous Replication (high-availability)",
    ],
};
