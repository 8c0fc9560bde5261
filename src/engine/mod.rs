//! What each store engine can do, with sources: a row per engine, in a file of its own.
//!
//! `regen engines` prints the rows, `validate` refuses what a row cannot give, `plan` decides by its
//! scheme and takes its latency from its formulas.

mod ask;
mod facts;

pub use ask::{
    ask, audits, capability, commit, facts, gives, homes, satisfies, satisfying, scheme,
    staleness_floor, unless_told, way, written_as,
};
pub use facts::{
    ClassFacts, EngineFacts, Floor, Instances, Loss, Lost, Quorum, Read, Recovery, Scheme, Write,
};

macro_rules! engines {
    ($($module:ident,)+) => {
        $(mod $module;)+

        /// All engines, by name.
        pub const ENGINES: &[EngineFacts] = &[$($module::FACTS,)+];
    };
}

engines! {
    cloudnative_pg,
    cockroachdb,
    k8ssandra,
    mongodb,
    nats_jetstream,
    redis_enterprise,
    strimzi_kafka,
    valkey,
    yugabytedb,
}
