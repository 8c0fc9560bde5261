//! CockroachDB.

use super::{
    ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Quorum, Read, Recovery, Scheme, Write,
};
use crate::model::engine::{Consistency, Engine};
use crate::model::rtt::Rtt;

/// `follower_read_timestamp()` reads 4.2 s in the past: closed timestamps lag that much.
const CLOSED: Floor = Floor::Setting {
    least: Rtt::micros(4_200_000),
    unless_told: Rtt::micros(4_200_000),
};

const ZONE: Option<Loss> = Some(Loss {
    regions: 1,
    voters: 3,
    recovery: Recovery::Automatic,
    lost: Lost::Nothing,
});
/// SURVIVE REGION FAILURE raises the voters from 3 to 5, in at least 3 regions.
const REGION: Option<Loss> = Some(Loss {
    regions: 3,
    voters: 5,
    recovery: Recovery::Automatic,
    lost: Lost::Nothing,
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
        scheme: Scheme::Quorum,
        setting,
        write: Write::Quorum,
        read,
        floor,
        zone: ZONE,
        region: REGION,
    }
}

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::CockroachDb,
    capability: "cockroachdb",
    about: "serializable SQL on Raft, one cluster over all regions",
    classes: &[
        class(
            Consistency::Strong,
            "leaseholder",
            Read::Leader,
            Floor::Fresh,
            "REGIONAL tables: reads and writes at the leaseholder, SURVIVE ZONE or REGION FAILURE",
        ),
        ClassFacts {
            write: Write::Global,
            ..class(
                Consistency::Strong,
                "global",
                Read::Local,
                Floor::Fresh,
                "LOCALITY GLOBAL tables: fresh reads in every region, writes that wait",
            )
        },
        class(
            Consistency::BoundedStaleness,
            "follower",
            Read::Local,
            CLOSED,
            "AS OF SYSTEM TIME with_max_staleness(bound); the engine enforces it, for single-row statements",
        ),
        class(
            Consistency::ReadYourWrites,
            "session",
            Read::Local,
            Floor::Way,
            "with_min_timestamp(time of the session's last write): the nearest replica that has it, else the leaseholder",
        ),
        class(
            Consistency::Eventual,
            "follower",
            Read::Local,
            CLOSED,
            "AS OF SYSTEM TIME follower_read_timestamp()",
        ),
    ],
    standbys: false,
    quorum: Some(Quorum {
        voters: &[3, 5],
        unless_told: 3,
    }),
    instances: Instances {
        enough: 3,
        only: &[],
    },
    lag: "closed timestamps: 4.2 s",
    survives: "a zone by itself with 3 voters; a region by itself with 5 voters in at least 3 regions, none with more than 2; nothing is lost",
    notes: &[
        "needs a licence after 7 days",
        "SURVIVE REGION FAILURE adds at least the round trip to the nearest region to each write",
        "two regions survive no more than one does: a region's loss takes the majority",
        "its operator for one cluster (crdb.cockroachlabs.com/v1alpha1 CrdbCluster) does not span regions",
    ],
    deploy: "the Helm chart `cockroachdb-parent` per cluster, and the databases' localities in SQL",
    port: Some(26257),
    sources: &[
        "CockroachDB v26.2, multiregion-survival-goals.md, follower-reads.md, global-tables.md, topology-patterns.md",
        "cockroachdb/helm-charts, cockroachdb-parent/charts/cockroachdb/README.md",
        "CockroachDB, Licensing FAQs",
    ],
};
