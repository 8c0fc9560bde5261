//! Kafka by Strimzi, mirrored by MirrorMaker 2.

use super::{ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Read, Recovery, Scheme, Write};
use crate::model::engine::{Consistency, Engine};

pub(super) const FACTS: EngineFacts = EngineFacts {
    engine: Engine::StrimziKafka,
    capability: "strimzi-kafka",
    about: "a Kafka cluster per region, whose topics MirrorMaker 2 copies to the others",
    classes: &[ClassFacts {
        consistency: Consistency::Eventual,
        name: "mirror",
        scheme: Scheme::Mirror,
        setting: "acks=all and min.insync.replicas in the own region; produce to local topics only",
        write: Write::Log,
        read: Read::Local,
        floor: Floor::Way,
        zone: Some(Loss {
            regions: 1,
            voters: 0,
            recovery: Recovery::Automatic,
            lost: Lost::Nothing,
        }),
        region: Some(Loss {
            regions: 2,
            voters: 0,
            recovery: Recovery::Manual,
            lost: Lost::Lag,
        }),
    }],
    standbys: false,
    quorum: None,
    instances: Instances {
        enough: 3,
        only: &[],
    },
    lag: "rtt/2 and the time of a batch; no bound, `replication_latency_ms` measures it",
    survives: "a zone by itself with 3 brokers; a region by moving the consumers to the mirrored topics, which lack what had not been mirrored",
    notes: &[
        "MirrorMaker 2 is asynchronous, so it is never strong",
        "one KafkaMirrorMaker2 in every target cluster; consumer offsets of mirrored topics do not come back",
        "a full mesh of three regions or more mirrors base names only, or copies are copied on",
    ],
    deploy: "a `Kafka` with its KafkaNodePools per region, and a `KafkaMirrorMaker2` in each target, of kafka.strimzi.io/v1",
    port: Some(9092),
    sources: &[
        "Strimzi 1.2, con-overview-mirrormaker2.adoc, con-config-mm2-multiple-instances.adoc",
        "Apache Kafka, Geo-Replication; MirrorSourceConnector.java (isCycle)",
    ],
};
