//! NATS JetStream.

use super::{
    ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Quorum, Read, Recovery, Scheme, Write,
};
use crate::model::engine::{Consistency, Engine};

const fn loss(regions: u32, voters: u32, recovery: Recovery, lost: Lost) -> Option<Loss> {
    Some(Loss {
        regions,
        voters,
        recovery,
        lost,
    })
}

const MIRRORED: ClassFacts = ClassFacts {
    consistency: Consistency::Eventual,
    name: "mirror",
    scheme: Scheme::Mirror,
    setting: "a stream of R3 per region, which sources those of the others; or mirrors of one, which are read only",
    write: Write::Log,
    read: Read::Local,
    floor: Floor::Way,
    zone: loss(1, 0, Recovery::Automatic, Lost::Nothing),
    region: loss(2, 0, Recovery::Manual, Lost::Lag),
};

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::NatsJetstream,
    capability: "nats-jetstream",
    about: "streams and key-value buckets on Raft within a NATS cluster, mirrored or sourced between clusters",
    classes: &[
        ClassFacts {
            consistency: Consistency::Strong,
            name: "stretched",
            scheme: Scheme::Quorum,
            setting: "one NATS cluster stretched over the regions, a stream of R3 or R5 in it; reads at the stream's leader, without direct get",
            write: Write::Quorum,
            read: Read::Leader,
            floor: Floor::Fresh,
            zone: loss(1, 3, Recovery::Automatic, Lost::Nothing),
            region: loss(3, 3, Recovery::Automatic, Lost::Nothing),
        },
        MIRRORED,
        ClassFacts {
            consistency: Consistency::Crdt,
            name: "counter",
            scheme: Scheme::Crdt,
            setting: "counters only: allow_msg_counter (server 2.12 or later), additions and subtractions, sourced between the regions",
            write: Write::Merge,
            region: loss(2, 0, Recovery::Automatic, Lost::Lag),
            ..MIRRORED
        },
    ],
    standbys: false,
    quorum: Some(Quorum {
        voters: &[3, 5],
        unless_told: 3,
    }),
    instances: Instances {
        enough: 3,
        only: &[1, 3, 5],
    },
    lag: "rtt/2 and more; after a cut, mirrors and sources come back within 10 to 20 s",
    survives: "a zone by itself with R3; a region by itself only where the NATS cluster is stretched over at least 3, else by moving to another region's stream, which lacks what had not been copied",
    notes: &[
        "a stream and all its replicas live in one NATS cluster; replicas are 1, 3 or 5",
        "a mirror has no subjects and no sources; deletes do not propagate",
        "direct gets and mirrors do not promise to read one's own writes",
        "a stretched cluster elects its leaders itself: prefer them where the plan has its leader",
    ],
    deploy: "the NATS Helm chart per region, and `Stream` or `KeyValue` of jetstream.nats.io/v1beta2 with `storage: file` and `replicas` written",
    port: Some(4222),
    sources: &[
        "NATS docs, JetStream; Streams (Placement); Source and Mirror Streams",
        "nats-architecture-and-design, ADR-49 (counters)",
        "NACK 0.22, README.md",
    ],
};
