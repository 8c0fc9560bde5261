//! The words for stores: consistency classes and engines.

use std::fmt;

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[doc = $vdoc])+ #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word as written in YAML.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

words! {
    /// What a reader of a store may rely on.
    Consistency {
        /// Linearizable or serializable across regions.
        Strong = "strong",
        /// Reads lag by at most a declared bound.
        BoundedStaleness = "bounded-staleness",
        /// A client sees its own writes.
        ReadYourWrites = "read-your-writes",
        /// Replicas converge, some time.
        Eventual = "eventual",
        /// Concurrent writes merge without loss.
        Crdt = "crdt",
    }
}

words! {
    /// The software behind a store; `engine` says what each can do.
    Engine {
        /// PostgreSQL by CloudNativePG: one primary, streaming replicas.
        CloudnativePg = "cloudnative-pg",
        /// CockroachDB: serializable SQL on Raft.
        CockroachDb = "cockroachdb",
        /// Cassandra by K8ssandra: no leader, tunable consistency.
        K8ssandra = "k8ssandra",
        /// MongoDB: documents in a replica set with an elected primary.
        MongoDb = "mongodb",
        /// NATS JetStream: streams and key-value buckets.
        NatsJetstream = "nats-jetstream",
        /// Redis Enterprise active-active: conflict-free replicated data types.
        RedisEnterprise = "redis-enterprise",
        /// Kafka by Strimzi, mirrored between regions by MirrorMaker 2.
        StrimziKafka = "strimzi-kafka",
        /// Valkey: a cache per region.
        Valkey = "valkey",
        /// YugabyteDB: PostgreSQL-compatible SQL on Raft.
        YugabyteDb = "yugabytedb",
    }
}
