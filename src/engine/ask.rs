//! Questions to the rows.

use crate::latency::{Commit, one_way};
use crate::model::engine::{Consistency, Engine};
use crate::model::name::Capability;
use crate::model::rtt::Rtt;
use crate::model::world::Store;

use super::{ClassFacts, ENGINES, EngineFacts, Floor, Scheme, Write};

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

/// The class that an engine gives unless told: the strongest.
pub fn unless_told(engine: Engine) -> Consistency {
    facts(engine).classes[0].consistency
}

/// How a store's engine gives the class that it asks for; of a valid store always something.
pub fn way(store: &Store) -> Option<&'static ClassFacts> {
    let setting = store.setting.as_ref().map(|s| s.value.as_str());
    ask(store.engine.value, store.consistency.value, setting)
}

/// How the planner decides a store.
pub fn scheme(store: &Store) -> Scheme {
    let first = &facts(store.engine.value).classes[0];
    way(store).unwrap_or(first).scheme
}

/// How the primary of a store waits for its standbys.
pub fn commit(store: &Store) -> Commit {
    let k = store.synchronous as usize;
    match (scheme(store), k) {
        (Scheme::Primary, 1..) if store.standbys.first => Commit::FirstOf(k),
        (Scheme::Primary, 1..) => Commit::AnyOf(k),
        _ => Commit::Asynchronous,
    }
}

/// The formula of a write to a store: its number, and what it says with what the store waits for.
pub fn written_as(store: &Store) -> (&'static str, String) {
    let (number, text) = match way(store).map(|way| way.write) {
        Some(write) if write != Write::Primary => write.formula(),
        _ => match commit(store) {
            Commit::Asynchronous => ("F1", "rtt(c,P)"),
            Commit::AnyOf(k) => {
                let nth = match k {
                    1 => "smallest".to_owned(),
                    2 => "2nd smallest".to_owned(),
                    3 => "3rd smallest".to_owned(),
                    k => format!("{k}th smallest"),
                };
                let text = format!("rtt(c,P), and the {nth} rtt(P,s) over the standbys s");
                return ("F2", text);
            }
            Commit::FirstOf(k) => {
                let text =
                    format!("rtt(c,P), and the largest rtt(P,s) over the first {k} standbys s");
                return ("F3", text);
            }
        },
    };
    (number, text.to_owned())
}

/// How an engine homes parts of its data with their users, as `shards` asks; `None` where it cannot.
pub fn homes(engine: Engine) -> Option<&'static str> {
    match engine {
        // CockroachDB v26.2, regional-tables.md, zone-configs (super regions, PLACEMENT RESTRICTED).
        Engine::CockroachDb => Some(
            "LOCALITY REGIONAL BY ROW, a super region per shard and PLACEMENT RESTRICTED; a row's `crdb_region` is its home",
        ),
        // YugabyteDB stable, explore/multi-region-deployments/row-level-geo-partitioning.
        Engine::YugabyteDb => Some(
            "a table partitioned by list, each partition in a tablespace with the replica placement of its shard",
        ),
        // MongoDB manual, Zones; Segmenting Data by Location.
        Engine::MongoDb => Some(
            "a sharded cluster, a zone per shard whose members stand in its regions, and a shard key that begins with the jurisdiction",
        ),
        Engine::CloudnativePg
        | Engine::K8ssandra
        | Engine::NatsJetstream
        | Engine::RedisEnterprise
        | Engine::StrimziKafka
        | Engine::Valkey => None,
    }
}

/// Whether an engine writes an audit log of its own: pgaudit, SQL audit events, Cassandra's and
/// MongoDB Enterprise's audit log.
pub fn audits(engine: Engine) -> bool {
    match engine {
        Engine::CloudnativePg
        | Engine::CockroachDb
        | Engine::K8ssandra
        | Engine::MongoDb
        | Engine::YugabyteDb => true,
        Engine::NatsJetstream | Engine::RedisEnterprise | Engine::StrimziKafka | Engine::Valkey => {
            false
        }
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
    use crate::engine::Read;

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
    fn rows_stand_by_name_and_every_class_has_an_engine() {
        let names: Vec<&str> = ENGINES.iter().map(|row| row.engine.name()).collect();
        assert!(names.is_sorted(), "{names:?}");
        for class in Consistency::ALL {
            assert!(satisfying(*class).count() > 0, "{class}");
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
            let way = satisfies(engine, class).map(|way| way.scheme);
            assert_eq!(way, Some(expected), "{engine} {class}");
        }
        for engine in Engine::ALL {
            let own = unless_told(*engine);
            assert_eq!(
                own,
                gives(*engine)
                    .next()
                    .filter(|c| *c != Consistency::Eventual)
                    .unwrap_or(own),
                "{engine}"
            );
        }
        let each = ask(Engine::K8ssandra, Consistency::Strong, Some("each-quorum"));
        assert_eq!(
            each.map(|way| (way.write, way.region)),
            Some((Write::EachQuorum, None))
        );
        assert_eq!(
            ask(
                Engine::K8ssandra,
                Consistency::Eventual,
                Some("each-quorum")
            ),
            None
        );
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
