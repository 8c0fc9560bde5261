//! MongoDB.

use super::{
    ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Quorum, Read, Recovery, Scheme, Write,
};
use crate::model::engine::{Consistency, Engine};
use crate::model::rtt::Rtt;

/// `maxStalenessSeconds` takes 90 or more.
const STALENESS: Floor = Floor::Setting {
    least: Rtt::micros(90_000_000),
    unless_told: Rtt::micros(90_000_000),
};

const fn loss(regions: u32) -> Option<Loss> {
    Some(Loss {
        regions,
        voters: 3,
        recovery: Recovery::Automatic,
        lost: Lost::Nothing,
    })
}

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
        zone: loss(1),
        region: loss(3),
    }
}

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::MongoDb,
    capability: "mongodb",
    about: "documents in one replica set over all regions, with an elected primary",
    classes: &[
        class(
            Consistency::Strong,
            "primary",
            Read::Leader,
            Floor::Fresh,
            "write concern majority; reads at the primary with read concern linearizable (a quorum more) or majority",
        ),
        class(
            Consistency::BoundedStaleness,
            "secondary",
            Read::Local,
            STALENESS,
            "read preference nearest with maxStalenessSeconds; the driver estimates it, an alert watches it",
        ),
        class(
            Consistency::ReadYourWrites,
            "session",
            Read::Local,
            Floor::Way,
            "a causally consistent session with read and write concern majority",
        ),
        class(
            Consistency::Eventual,
            "secondary",
            Read::Local,
            Floor::Way,
            "read preference nearest",
        ),
    ],
    standbys: false,
    quorum: Some(Quorum {
        voters: &[3, 5],
        unless_told: 3,
    }),
    instances: Instances {
        enough: 1,
        only: &[],
    },
    lag: "rtt(L,c)/2 and the time to apply; a bound is estimated by the driver and takes 90 s or more",
    survives: "a zone by itself with 3 votes; a region by itself with an odd number of votes in at least 3 regions, none with a majority; nothing that a majority acknowledged is lost",
    notes: &[
        "the number of votes is odd, 7 at most, and no region has a majority",
        "spanning clusters takes MongoDBMultiCluster with credentials of Ops Manager or Cloud Manager (Enterprise)",
    ],
    deploy: "one `MongoDBMultiCluster` of mongodb.com/v1 in the operator's central cluster (the fleet's hub)",
    port: Some(27017),
    sources: &[
        "MongoDB manual, Causal Consistency and Read and Write Concerns",
        "MongoDB manual, Read Preference maxStalenessSeconds",
        "MongoDB manual, Replica Set Elections; Replica Sets Distributed Across Two or More Data Centers",
        "MongoDB Controllers for Kubernetes, MongoDBMultiCluster",
    ],
};
