//! Exactly one member of a store takes writes, and all others follow it.
//!
//! A set of CloudNativePG clusters has no control plane over it: each of them believes what its own
//! object says. Which are one set follows from the names they give each other; a fleet knows those
//! that say nothing, too. Source: `IsReplica` in CloudNativePG's `api/v1/cluster_funcs.go`, and
//! docs/src/replica_cluster.md.

mod operator;
mod set;
mod told;

use std::collections::BTreeSet;

use crate::model::engine::Engine;
use crate::model::name::ClusterName;

use super::data::{self, MONGODB, POSTGRES};
use super::ground::{Fleet, Ground};
use super::outcome::Outcome;
use super::{Invariant, Sought};

use set::{Member, Set, sets};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "one-primary",
    about: "exactly one member takes writes and all others follow it",
    of_itself: &[(POSTGRES, None), (MONGODB, None)],
    wants,
    check,
};

fn wants(fleet: &Fleet<'_>, cluster: &ClusterName, sought: &mut Sought) {
    let here = fleet.cluster(cluster).map(|c| &c.environment);
    let stores = data::stores(fleet).filter(|s| here == Some(&s.key.service.environment));
    let sets = stores.filter(|s| s.store.engine.value == Engine::CloudnativePg);
    let sets = sets.map(|s| s.key.set());
    let fields = [
        "/spec/replica",
        "/spec/externalClusters",
        "/status/currentPrimary",
        "/status/phase",
    ];
    sought.seek(POSTGRES, sets, &[], &fields);
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    for set in sets(ground) {
        judge(ground, &set, outcome);
    }
    operator::run_once(ground, outcome);
}

fn judge(ground: &Ground<'_>, set: &Set<'_>, outcome: &mut Outcome) {
    let what = set.what();
    let mut complete = true;
    for cluster in set.expected(ground) {
        let namespace = set.namespace();
        if let Err(gap) = ground.known(cluster, POSTGRES, namespace) {
            complete = false;
            outcome.gap(cluster, POSTGRES, what.clone(), gap);
        }
    }
    let writers: Vec<&Member<'_>> = set.members.iter().filter(|m| m.writes).collect();
    let seen: BTreeSet<&str> = set.members.iter().map(|m| m.name).collect();
    match writers.as_slice() {
        [one] => {
            let strays: Vec<&Member<'_>> = set
                .members
                .iter()
                .filter(|m| !m.writes)
                .filter(|m| m.source != Some(one.name) || m.primary.is_some_and(|p| p != one.name))
                .collect();
            if !strays.is_empty() {
                outcome.violated(set.strays(ground, one, &strays));
            } else if one.idle() {
                outcome.violated(set.idle(ground, one));
            } else if complete {
                outcome.holds();
            }
        }
        // Whoever takes the writes may be in a cluster that nobody read.
        [] if !complete => {}
        [] if set.members.is_empty() => outcome.unjudged("of stores that are not deployed"),
        [] if set.store.is_none() && set.names.iter().any(|n| !seen.contains(n.as_str())) => {
            outcome.unjudged("of members that are in no cluster of this run");
        }
        [] => outcome.violated(set.headless(ground, &set.members[0])),
        several => outcome.violated(set.split(ground, several)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{Bench, messages, postgres};
    use super::*;

    fn told(clusters: &[(&str, Value)]) -> Vec<String> {
        let mut bench = Bench::default();
        for (cluster, object) in clusters {
            bench.put(cluster, object.clone());
        }
        messages(&bench.check(None), INVARIANT.name)
    }

    #[test]
    fn one_takes_writes_and_the_others_follow() {
        let clean = [
            ("a", postgres("db-1", Some(("db-1", "db-2")))),
            ("b", postgres("db-2", Some(("db-1", "db-1")))),
        ];
        assert_eq!(told(&clean), Vec::<String>::new());
        // Alone, and of the same name as another that stands alone.
        let alone = [("a", postgres("db", None)), ("b", postgres("db", None))];
        assert_eq!(told(&alone), Vec::<String>::new());
    }

    #[test]
    fn two_that_take_writes_are_a_split_brain() {
        let split = [
            ("a", postgres("db-1", Some(("db-1", "db-2")))),
            ("b", postgres("db-2", Some(("db-2", "db-1")))),
        ];
        assert_eq!(
            told(&split),
            ["database `db-1`: split brain, writes are taken by db-1 in a and db-2 in b"]
        );
        // One whose replica stanza was taken away takes writes as well.
        let freed = [
            ("a", postgres("db-1", Some(("db-1", "db-2")))),
            ("b", postgres("db-2", None)),
        ];
        assert_eq!(told(&freed).len(), 1);
    }

    #[test]
    fn none_that_takes_writes_is_one_too_few() {
        let circle = [
            ("a", postgres("db-1", Some(("db-2", "db-2")))),
            ("b", postgres("db-2", Some(("db-1", "db-1")))),
        ];
        assert_eq!(
            told(&circle),
            ["database `db-1`: nobody takes writes, every member follows another"]
        );
        let mut idle = postgres("db-1", Some(("db-1", "db-2")));
        idle["status"] = json!({"phase": "Failing over", "currentPrimary": ""});
        let idle = [("a", idle), ("b", postgres("db-2", Some(("db-1", "db-1"))))];
        assert!(
            told(&idle)[0].contains("(Failing over)"),
            "{:?}",
            told(&idle)
        );
    }

    #[test]
    fn a_member_that_follows_another_follower_is_told() {
        let stray = [
            ("a", postgres("db-1", Some(("db-1", "db-2")))),
            ("b", postgres("db-2", Some(("db-1", "db-1")))),
            ("c", postgres("db-3", Some(("db-1", "db-2")))),
        ];
        assert_eq!(
            told(&stray),
            ["database `db-1`: db-1 takes writes, but db-3 in c follows db-2"]
        );
    }

    #[test]
    fn a_member_out_of_sight_leaves_it_open() {
        let half = [("b", postgres("db-2", Some(("db-1", "db-1"))))];
        assert_eq!(told(&half), Vec::<String>::new());
        let mut bench = Bench::default();
        bench.put("b", half[0].1.clone());
        bench.unreadable("a");
        let report = bench.check(None);
        assert_eq!(
            report.verdict_on(INVARIANT.name),
            crate::model::finding::Verdict::Unknown
        );
    }

    #[test]
    fn one_replica_set_has_one_operator() {
        let set = json!({"apiVersion": "mongodb.com/v1", "kind": "MongoDBMultiCluster",
            "metadata": {"name": "p", "namespace": "stores"}, "spec": {}});
        assert_eq!(told(&[("a", set.clone())]), Vec::<String>::new());
        assert_eq!(
            told(&[("a", set.clone()), ("b", set)]),
            ["replica set `p` is run from a and b"]
        );
    }
}
