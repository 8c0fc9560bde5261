//! Cassandra by K8ssandra.

use super::{ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Read, Recovery, Scheme, Write};
use crate::model::engine::{Consistency, Engine};

const fn loss(regions: u32, lost: Lost) -> Option<Loss> {
    Some(Loss {
        regions,
        voters: 0,
        recovery: Recovery::Automatic,
        lost,
    })
}

const LOCAL: ClassFacts = ClassFacts {
    consistency: Consistency::Eventual,
    name: "local-quorum",
    scheme: Scheme::Leaderless,
    setting: "LOCAL_QUORUM or LOCAL_ONE in the client's region; other regions follow",
    write: Write::LocalQuorum,
    read: Read::Local,
    floor: Floor::Way,
    zone: loss(1, Lost::Nothing),
    region: loss(2, Lost::Lag),
};

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::K8ssandra,
    capability: "k8ssandra",
    about: "Cassandra without a leader: every region holds replicas of everything, consistency is chosen per request",
    classes: &[
        ClassFacts {
            consistency: Consistency::Strong,
            name: "quorum",
            setting: "QUORUM writes and QUORUM reads, per key",
            write: Write::QuorumAcross,
            read: Read::QuorumAcross,
            floor: Floor::Fresh,
            region: loss(3, Lost::Nothing),
            ..LOCAL
        },
        ClassFacts {
            consistency: Consistency::Strong,
            name: "each-quorum",
            setting: "EACH_QUORUM writes and LOCAL_QUORUM reads, per key; writes fail while any region is down",
            write: Write::EachQuorum,
            floor: Floor::Fresh,
            region: None,
            ..LOCAL
        },
        ClassFacts {
            consistency: Consistency::ReadYourWrites,
            setting: "LOCAL_QUORUM writes and reads, while the client stays in its region",
            ..LOCAL
        },
        LOCAL,
    ],
    standbys: false,
    quorum: None,
    instances: Instances {
        enough: 3,
        only: &[],
    },
    lag: "no bound: rtt/2 and more; hints and repair bring back what was missed",
    survives: "a node or zone by itself with 3 replicas per region; a region by itself in at least 3 regions with QUORUM, without EACH_QUORUM, and in 2 with LOCAL_QUORUM, which loses what had not been replicated",
    notes: &[
        "as many instances as replicas are needed in each region: 3 or more for LOCAL_QUORUM to survive a node",
        "the later write of a cell wins: that is no merge, so it is no crdt",
        "the K8ssandraCluster lives in the control-plane cluster only; pods must reach each other between clusters",
    ],
    deploy: "one `K8ssandraCluster` of k8ssandra.io/v1alpha1 in the control-plane cluster (the fleet's hub)",
    port: Some(9042),
    sources: &[
        "Apache Cassandra, architecture/dynamo.adoc (tunable consistency, W + R > RF)",
        "DataStax, Read and write consistency levels (EACH_QUORUM)",
        "k8ssandra-operator 1.32, README.md, docs/content/en/install/local/multi-cluster-kustomize",
    ],
};
