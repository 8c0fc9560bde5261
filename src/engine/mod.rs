//! What each store engine can do, with sources.
//!
//! One row per engine that can be chosen; `regen engines` prints it, `validate` refuses what a row
//! cannot give, `plan` takes its latency from it.

use crate::latency::Commit;
use crate::model::engine::{Consistency, Engine};
use crate::model::name::Capability;

/// A consistency class that an engine satisfies, and under which setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassFacts {
    /// The class.
    pub consistency: Consistency,
    /// The setting that it takes.
    pub setting: &'static str,
    /// How many standbys in other regions a write has to wait for, so that the loss of the leader's
    /// region loses no acknowledged write.
    pub synchronous: u32,
}

/// What one engine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineFacts {
    /// The engine.
    pub engine: Engine,
    /// What a cluster must be able to do to hold it.
    pub capability: &'static str,
    /// One sentence on what it is.
    pub about: &'static str,
    /// The latency of a write from a client in region c.
    pub write: &'static str,
    /// The latency of a fresh read, and of a local one.
    pub read: &'static str,
    /// How far a local read may lag behind, at best.
    pub staleness: &'static str,
    /// What it survives, and how.
    pub survives: &'static str,
    /// The classes that it satisfies.
    pub classes: &'static [ClassFacts],
    /// Where all this is written.
    pub sources: &'static [&'static str],
}

/// All engines, by name.
pub const ENGINES: &[EngineFacts] = &[EngineFacts {
    engine: Engine::CloudnativePg,
    capability: "cloudnative-pg",
    about: "PostgreSQL with one primary region and streaming replicas in the others",
    write: "rtt(c,P); with `synchronous: k` also the k-th smallest rtt(P,s) over the standbys s (ANY k), or the largest over the k of highest priority (FIRST k)",
    read: "fresh: rtt(c,P); local: 0",
    staleness: "rtt(P,c)/2 and the time to apply; none on a standby that acknowledged with remote_apply",
    survives: "a zone by itself; a region by a manual switch of the primary, without loss of acknowledged writes only with `synchronous: 1` or more",
    classes: &[
        ClassFacts {
            consistency: Consistency::Strong,
            setting: "reads and writes at the primary; `synchronous: 1` or more to lose nothing with a region",
            synchronous: 1,
        },
        ClassFacts {
            consistency: Consistency::BoundedStaleness,
            setting: "streaming replicas; the engine does not enforce the bound, an alert watches it",
            synchronous: 0,
        },
        ClassFacts {
            consistency: Consistency::ReadYourWrites,
            setting: "the session reads at the primary until its replica has caught up",
            synchronous: 0,
        },
        ClassFacts {
            consistency: Consistency::Eventual,
            setting: "reads at any replica",
            synchronous: 0,
        },
    ],
    sources: &[
        "CloudNativePG 1.30, docs/src/architecture.md, replication.md, replica_cluster.md",
        "PostgreSQL, Synchronous Replication (high-availability)",
    ],
}];

/// The row of an engine.
pub fn facts(engine: Engine) -> &'static EngineFacts {
    match engine {
        Engine::CloudnativePg => &ENGINES[0],
    }
}

/// What a cluster must be able to do to hold an engine.
pub fn capability(engine: Engine) -> Capability {
    Capability::from(facts(engine).capability)
}

/// How an engine satisfies a class; `None` when it cannot.
pub fn satisfies(engine: Engine, consistency: Consistency) -> Option<&'static ClassFacts> {
    let classes = facts(engine).classes;
    classes.iter().find(|c| c.consistency == consistency)
}

/// The engines that satisfy a class, for the remedy of asking one that does not.
pub fn satisfying(consistency: Consistency) -> impl Iterator<Item = Engine> {
    ENGINES
        .iter()
        .map(|e| e.engine)
        .filter(move |e| satisfies(*e, consistency).is_some())
}

/// How a primary of this engine waits for its standbys.
pub fn commit(engine: Engine, synchronous: u32) -> Commit {
    match (engine, synchronous) {
        (Engine::CloudnativePg, 0) => Commit::Asynchronous,
        (Engine::CloudnativePg, k) => Commit::AnyOf(k as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_its_row_with_classes_and_sources() {
        assert_eq!(ENGINES.len(), Engine::ALL.len());
        for engine in Engine::ALL {
            let row = facts(*engine);
            assert_eq!(row.engine, *engine);
            assert!(
                !row.classes.is_empty() && !row.sources.is_empty(),
                "{engine}"
            );
        }
    }

    #[test]
    fn postgres_is_strong_with_a_standby_and_never_a_crdt() {
        let pg = Engine::CloudnativePg;
        assert_eq!(satisfies(pg, Consistency::Crdt), None);
        assert_eq!(satisfying(Consistency::Crdt).count(), 0);
        assert_eq!(
            satisfies(pg, Consistency::Strong).map(|c| c.synchronous),
            Some(1)
        );
        assert_eq!(commit(pg, 0), Commit::Asynchronous);
        assert_eq!(commit(pg, 2), Commit::AnyOf(2));
    }
}
