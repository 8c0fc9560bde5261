//! YugabyteDB.

use super::{
    ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Quorum, Read, Recovery, Scheme, Write,
};
use crate::model::engine::{Consistency, Engine};
use crate::model::rtt::Rtt;

/// `yb_follower_read_staleness_ms`: 30 s unless told, and more than twice the clock skew.
const FOLLOWER: Floor = Floor::Setting {
    least: Rtt::micros(1_001_000),
    unless_told: Rtt::micros(30_000_000),
};

const ZONE: Option<Loss> = Some(Loss {
    regions: 1,
    voters: 3,
    recovery: Recovery::Automatic,
    lost: Lost::Nothing,
});
const REGION: Option<Loss> = Some(Loss {
    regions: 3,
    voters: 3,
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
    engine: Engine::YugabyteDb,
    capability: "yugabytedb",
    about: "PostgreSQL-compatible SQL on Raft, one universe over all regions",
    classes: &[
        class(
            Consistency::Strong,
            "leader",
            Read::Leader,
            Floor::Fresh,
            "reads and writes at the tablet's leader, in the preferred region",
        ),
        class(
            Consistency::BoundedStaleness,
            "follower",
            Read::Local,
            FOLLOWER,
            "read only, yb_read_from_followers, yb_follower_read_staleness_ms set to the bound; reads are exactly that old",
        ),
        class(
            Consistency::ReadYourWrites,
            "leader",
            Read::Leader,
            Floor::Fresh,
            "reads at the tablet's leader",
        ),
        class(
            Consistency::Eventual,
            "follower",
            Read::Local,
            FOLLOWER,
            "read only, yb_read_from_followers: the nearest replica, 30 s in the past",
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
    lag: "yb_follower_read_staleness_ms: 30 s unless told, 1001 ms or more (twice the clock skew of 500 ms)",
    survives: "a zone by itself with 3 voters; a region by itself with 3 voters or more in at least 3 regions, none with a majority; nothing is lost",
    notes: &[
        "open source (Apache-2.0)",
        "two regions survive no more than one does: a region's loss takes the majority",
        "a staleness above 2147 s is refused by the engine: set less, which keeps any longer bound",
        "pods must reach each other between clusters by name",
    ],
    deploy: "the Helm chart `yugabyte` per cluster, and the placement by yb-admin or SQL",
    port: Some(5433),
    sources: &[
        "YugabyteDB stable, explore/multi-region-deployments/synchronous-replication-ysql.md",
        "YugabyteDB stable, explore/going-beyond-sql/follower-reads-ysql.md, additional-features/follower-reads.md",
        "yugabyte/yugabyte-db, issues 15011 and 31212 (limits of the staleness, exact staleness)",
    ],
};
