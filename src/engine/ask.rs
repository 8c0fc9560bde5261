//! Questions to the rows.

use crate::latency::{Commit, one_way};
use crate::model::engine::{Consistency, Engine};
use crate::model::name::Capability;
use crate::model::rtt::Rtt;

use super::{ClassFacts, ENGINES, EngineFacts, Floor, Scheme};

// The row of an engine is found by its place in the enum.
const _: () = {
    assert!(ENGINES.len() == Engine::ALL.len());
    let mut i = 0;
    while i < ENGINES.len() {
        assert!(
            ENGINES[i].engine as usize == i,
            "rows stand in the enum's order"
        );
        i += 1;
    }
};

/// The row of an engine.
pub fn facts(engine: Engine) -> &'static EngineFacts {
    &ENGINES[engine as usize]
}

/// What a cluster must be able to do to hold an engine.
pub fn capability(engine: Engine) -> Capability {
    Capability::from(facts(engine).capability)
}

/// How an engine gives a class unless told otherwise; `None` when it cannot.
pub fn satisfies(engine: Engine, consistency: Consistency) -> Option<&'static ClassFacts> {
    ask(engine, consistency, None)
}

/// How an engine gives a class in the way that a store names; `None` when it cannot.
pub fn ask(
    engine: Engine,
    consistency: Consistency,
    setting: Option<&str>,
) -> Option<&'static ClassFacts> {
    let mut ways = facts(engine).classes.iter();
    ways.find(|way| way.consistency == consistency && setting.is_none_or(|name| name == way.name))
}

/// The classes that an engine gives, the strongest first.
pub fn gives(engine: Engine) -> impl Iterator<Item = Consistency> {
    let all = Consistency::ALL.iter().copied();
    all.filter(move |class| satisfies(engine, *class).is_some())
}

/// The engines that satisfy a class, for the remedy of asking one that does not.
pub fn satisfying(consistency: Consistency) -> impl Iterator<Item = Engine> {
    let all = Engine::ALL.iter().copied();
    all.filter(move |engine| satisfies(*engine, consistency).is_some())
}

/// How the planner decides a store of this engine and class.
pub fn scheme(engine: Engine, consistency: Consistency) -> Scheme {
    satisfies(engine, consistency).map_or(facts(engine).classes[0].scheme, |way| way.scheme)
}

/// How a primary of this engine waits for its standbys.
pub fn commit(engine: Engine, synchronous: u32) -> Commit {
    match (facts(engine).standbys, synchronous) {
        (false, _) | (_, 0) => Commit::Asynchronous,
        (true, k) => Commit::AnyOf(k as usize),
    }
}

/// The shortest bound on staleness that a class can hold, given the round trip from where writes
/// go to the farthest replica; `None` where there is no bound at all.
pub fn staleness_floor(way: &ClassFacts, farthest: Rtt) -> Option<Rtt> {
    match way.floor {
        Floor::Fresh => Some(Rtt::default()),
        Floor::Way => Some(one_way(farthest)),
        Floor::Setting { least, .. } => Some(least.max(one_way(farthest))),
        Floor::Expiry => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Read, Write};

    #[test]
    fn every_engine_has_its_row_with_classes_and_sources() {
        for engine in Engine::ALL {
            let row = facts(*engine);
            assert_eq!(row.engine, *engine);
            assert_eq!(row.capability, engine.name());
            assert!(
                !row.classes.is_empty() && !row.sources.is_empty(),
                "{engine}"
            );
            for way in row.classes {
                let same = row
                    .classes
                    .iter()
                    .filter(|w| w.consistency == way.consistency && w.name == way.name);
                assert_eq!(same.count(), 1, "{engine}: a way of each name");
                let voters = way
                    .region
                    .into_iter()
                    .chain(way.zone)
                    .map(|loss| loss.voters);
                assert!(
                    voters
                        .clone()
                        .all(|v| (v > 0) == (way.scheme == Scheme::Quorum)),
                    "{engine}: only quorums have voters"
                );
                let counts = row.quorum.map_or(&[][..], |q| q.voters);
                assert!(
                    voters.clone().all(|v| v == 0 || counts.contains(&v)),
                    "{engine}"
                );
                assert_eq!(
                    way.scheme == Scheme::Primary,
                    way.write == Write::Primary,
                    "{engine}"
                );
                assert!(
                    way.scheme.leads() || way.read != Read::Leader,
                    "{engine}: no leader to read at"
                );
                let bounded = matches!(way.floor, Floor::Way | Floor::Setting { .. });
                assert!(
                    way.consistency != Consistency::BoundedStaleness || bounded,
                    "{engine}"
                );
            }
        }
    }

    #[test]
    fn classes_are_given_by_whom_they_are_known_to_be() {
        let by = |class| satisfying(class).map(Engine::name).collect::<Vec<_>>();
        assert_eq!(
            by(Consistency::Strong),
            [
                "cloudnative-pg",
                "cockroachdb",
                "k8ssandra",
                "mongodb",
                "nats-jetstream",
                "yugabytedb"
            ]
        );
        assert_eq!(
            by(Consistency::BoundedStaleness),
            ["cloudnative-pg", "cockroachdb", "mongodb", "yugabytedb"]
        );
        assert_eq!(
            by(Consistency::ReadYourWrites),
            [
                "cloudnative-pg",
                "cockroachdb",
                "k8ssandra",
                "mongodb",
                "yugabytedb"
            ]
        );
        assert_eq!(
            by(Consistency::Crdt),
            ["nats-jetstream", "redis-enterprise"]
        );
        assert_eq!(
            gives(Engine::StrimziKafka).collect::<Vec<_>>(),
            [Consistency::Eventual],
            "mirrors are never strong"
        );
    }

    #[test]
    fn schemes_follow_from_the_class() {
        for (engine, class, expected) in [
            (Engine::CloudnativePg, Consistency::Strong, Scheme::Primary),
            (Engine::CockroachDb, Consistency::Eventual, Scheme::Quorum),
            (Engine::K8ssandra, Consistency::Strong, Scheme::Leaderless),
            (Engine::NatsJetstream, Consistency::Strong, Scheme::Quorum),
            (Engine::NatsJetstream, Consistency::Eventual, Scheme::Mirror),
            (Engine::NatsJetstream, Consistency::Crdt, Scheme::Crdt),
            (Engine::Valkey, Consistency::Eventual, Scheme::Cache),
        ] {
            assert_eq!(scheme(engine, class), expected, "{engine} {class}");
        }
    }

    #[test]
    fn primaries_wait_for_standbys_and_quorums_for_themselves() {
        let pg = Engine::CloudnativePg;
        assert_eq!(commit(pg, 0), Commit::Asynchronous);
        assert_eq!(commit(pg, 2), Commit::AnyOf(2));
        assert_eq!(commit(Engine::Valkey, 2), Commit::Asynchronous);
    }

    #[test]
    fn floors_are_the_setting_or_the_way_whichever_is_longer() {
        let floor = |engine, farthest| {
            let way = satisfies(engine, Consistency::BoundedStaleness).unwrap();
            staleness_floor(way, Rtt::micros(farthest))
                .unwrap()
                .as_micros()
        };
        for (engine, farthest, expected) in [
            (Engine::CloudnativePg, 160_001, 80_001),
            (Engine::CockroachDb, 160_000, 4_200_000),
            (Engine::YugabyteDb, 160_000, 1_001_000),
            (Engine::YugabyteDb, 4_000_000, 2_000_000),
            (Engine::MongoDb, 160_000, 90_000_000),
        ] {
            assert_eq!(floor(engine, farthest), expected, "{engine}");
        }
        let cache = satisfies(Engine::Valkey, Consistency::Eventual).unwrap();
        assert_eq!(staleness_floor(cache, Rtt::default()), None);
    }
}
