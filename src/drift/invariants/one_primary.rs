//! Exactly one member of a store takes writes, and all others follow it.
//!
//! A set of CloudNativePG clusters has no control plane over it: each of them believes what its own
//! object says. Which are one set follows from the names they give each other; a fleet knows those
//! that say nothing, too. Source: `IsReplica` in CloudNativePG's `api/v1/cluster_funcs.go`, and
//! docs/src/replica_cluster.md.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::engine::Engine;
use crate::model::finding::FindingSeverity;
use crate::model::name::ClusterName;

use super::data::{self, POSTGRES};
use super::ground::{Fleet, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field, listed};
use super::{Invariant, Sought};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "one-primary",
    about: "exactly one member takes writes and all others follow it",
    needs_fleet: false,
    wants,
    check,
};

const MONGODB: Kind = ("mongodb.com", "v1", "MongoDBMultiCluster");

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

/// One cluster of a database.
struct Member<'a> {
    object: Object<'a>,
    /// What it is called among its peers.
    name: &'a str,
    /// Whether it takes writes.
    writes: bool,
    /// Whom it believes to take them, and whom it follows.
    primary: Option<&'a str>,
    source: Option<&'a str>,
}

impl<'a> Member<'a> {
    fn of(object: Object<'a>) -> Self {
        let text = |pointer| object.text(pointer);
        let name = text("/spec/replica/self")
            .or(text("/metadata/name"))
            .unwrap_or_default();
        let primary = text("/spec/replica/primary");
        let enabled = object.at("/spec/replica/enabled").and_then(Value::as_bool);
        let follows = match (object.at("/spec/replica"), enabled) {
            (None | Some(Value::Null), _) => false,
            (_, Some(enabled)) => enabled,
            (_, None) => primary != Some(name),
        };
        Self {
            name,
            writes: !follows,
            primary,
            source: text("/spec/replica/source"),
            object,
        }
    }

    /// The names that it gives its peers.
    fn peers(&self) -> BTreeSet<&'a str> {
        let replicated = self
            .object
            .at("/spec/replica")
            .is_some_and(Value::is_object);
        if !replicated {
            return BTreeSet::new();
        }
        let others = self.object.list("/spec/externalClusters").iter();
        let others = others.filter_map(|o| o["name"].as_str());
        others.chain(self.primary).chain(self.source).collect()
    }
}

/// The clusters of one database.
#[derive(Default)]
struct Set<'a> {
    store: Option<data::Of<'a>>,
    names: BTreeSet<String>,
    members: Vec<Member<'a>>,
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    for set in sets(ground) {
        judge(ground, &set, outcome);
    }
    run_once(ground, outcome);
}

/// Databases by their members: what the fleet knows first, then what names each other.
fn sets<'a>(ground: &Ground<'a>) -> Vec<Set<'a>> {
    let mut sets: Vec<(String, String, Set<'a>)> = Vec::new();
    let stores = ground.fleet.iter().flat_map(data::stores);
    for of in stores.filter(|of| of.store.engine.value == Engine::CloudnativePg) {
        let names = of
            .plan
            .clusters
            .keys()
            .map(|region| of.key.instance(region));
        let environment = of.key.service.environment.to_string();
        let set = Set {
            names: names.collect(),
            store: Some(of),
            members: Vec::new(),
        };
        sets.push((environment, of.service.namespace.to_string(), set));
    }
    for object in ground.everywhere(POSTGRES) {
        let cluster = ground.fleet.and_then(|f| f.cluster(object.cluster));
        let environment = cluster.map_or(String::new(), |c| c.environment.to_string());
        let namespace = object.id.namespace.clone();
        let member = Member::of(object);
        let mut names: BTreeSet<String> = member.peers().into_iter().map(str::to_owned).collect();
        // A database that stands alone is nobody's peer, be there another of its name elsewhere.
        let alone = names.is_empty();
        names.extend([member.name.to_owned(), member.object.id.name.clone()]);
        let theirs = |(e, n, set): &(String, String, Set<'_>)| {
            *e == environment
                && *n == namespace
                && !(alone
                    && set.store.is_none()
                    && set.members.iter().all(|m| m.peers().is_empty()))
                && !set.names.is_disjoint(&names)
        };
        let (mut joined, rest): (Vec<_>, Vec<_>) = sets.into_iter().partition(theirs);
        sets = rest;
        let mut set = match joined.is_empty() {
            true => Set::default(),
            false => joined.remove(0).2,
        };
        for (_, _, other) in joined {
            set.store = set.store.or(other.store);
            set.names.extend(other.names);
            set.members.extend(other.members);
        }
        set.names.extend(names);
        set.members.push(member);
        sets.push((environment, namespace, set));
    }
    let mut sets: Vec<Set<'a>> = sets.into_iter().map(|(_, _, set)| set).collect();
    sets.sort_by(|a, b| a.names.cmp(&b.names));
    sets
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

impl Member<'_> {
    /// Whether its operator says that none of its instances is the primary.
    fn idle(&self) -> bool {
        self.object.text("/status/phase").is_some()
            && self.object.text("/status/currentPrimary").is_none()
    }

    fn role(&self) -> String {
        match (self.writes, self.source) {
            (true, _) => "takes writes".to_owned(),
            (false, Some(source)) => format!("follows {source}"),
            (false, None) => "follows nobody".to_owned(),
        }
    }
}

impl<'a> Set<'a> {
    fn namespace(&self) -> &str {
        let first = || self.members.first().map(|m| m.object.id.namespace.as_str());
        let store = self.store.map(|of| of.service.namespace.as_str());
        store.or_else(first).unwrap_or_default()
    }

    fn what(&self) -> String {
        match self.store {
            Some(of) => format!("store `{}`", of.key),
            None => format!(
                "database `{}`",
                self.names.first().map_or("", String::as_str)
            ),
        }
    }

    /// The clusters that must be known: those that the plan puts it in, else all that were asked.
    fn expected<'g>(&'g self, ground: &'g Ground<'a>) -> Vec<&'g ClusterName> {
        match self.store {
            Some(of) => of.plan.clusters.values().collect(),
            None if self.names.len() > 1 => ground.clusters.keys().copied().collect(),
            None => Vec::new(),
        }
    }

    fn planned(&self) -> Option<String> {
        let of = self.store?;
        Some(of.key.instance(of.plan.leader.as_ref()?))
    }

    /// Something about it, as seen at one of its members.
    fn violation(
        &self,
        ground: &Ground<'_>,
        first: &Member<'_>,
        message: String,
        help: String,
    ) -> Violation {
        let involved = self.members.iter().map(|m| {
            let path: &[&str] = match m.object.at("/spec/replica") {
                Some(_) => &["spec", "replica"],
                None => &["spec"],
            };
            ground.involved(&m.object, path, json!(m.role()))
        });
        Violation {
            object: first.object.id.clone(),
            severity: FindingSeverity::High,
            expected: match self.planned() {
                Some(planned) => format!("only {planned} takes writes"),
                None => "one takes writes, and the others follow it".to_owned(),
            },
            message,
            help,
            origin: self
                .store
                .and_then(|of| field(&of.key.service, format!("stores[{}].leader", of.index))),
            involved: involved.collect(),
        }
    }

    fn split(&self, ground: &Ground<'_>, writers: &[&Member<'_>]) -> Violation {
        let places = writers
            .iter()
            .map(|m| format!("{} in {}", m.name, m.object.cluster));
        let planned = self.planned();
        let wrong = writers.iter().find(|m| Some(m.name) != planned.as_deref());
        let wrong = wrong.unwrap_or(&writers[0]);
        let right = planned.unwrap_or_else(|| "the one whose data is right".to_owned());
        self.violation(
            ground,
            wrong,
            format!(
                "{}: split brain, writes are taken by {}",
                self.what(),
                listed(places)
            ),
            format!(
                "stop writes to all but {right}, set `spec.replica.primary` and `source` of the \
                 others to it, and make them anew from it: what they took meanwhile is on a \
                 timeline of its own"
            ),
        )
    }

    fn headless(&self, ground: &Ground<'_>, any: &Member<'_>) -> Violation {
        let planned = self.planned();
        let first = self
            .members
            .iter()
            .find(|m| Some(m.name) == planned.as_deref());
        let first = first.unwrap_or(any);
        let help = match &planned {
            Some(planned) => format!(
                "set `spec.replica.primary` of all members to `{planned}`, with the demotion token \
                 of the former primary as its `promotionToken` where there is one"
            ),
            None => "set `spec.replica.primary` of all members to the same one of them".to_owned(),
        };
        let message = format!(
            "{}: nobody takes writes, every member follows another",
            self.what()
        );
        self.violation(ground, first, message, help)
    }

    fn strays(
        &self,
        ground: &Ground<'_>,
        primary: &Member<'_>,
        strays: &[&Member<'_>],
    ) -> Violation {
        let told = strays.iter().map(|m| {
            let whom = match m.source {
                Some(source) if source != primary.name => source,
                _ => m.primary.unwrap_or("nobody"),
            };
            format!("{} in {} follows {whom}", m.name, m.object.cluster)
        });
        let message = format!(
            "{}: {} takes writes, but {}",
            self.what(),
            primary.name,
            listed(told)
        );
        let help = format!(
            "set `spec.replica.primary` and `spec.replica.source` of those to `{}`",
            primary.name
        );
        self.violation(ground, strays[0], message, help)
    }

    fn idle(&self, ground: &Ground<'_>, primary: &Member<'_>) -> Violation {
        let phase = primary.object.text("/status/phase").unwrap_or_default();
        self.violation(
            ground,
            primary,
            format!(
                "{}: {} in {} is to take writes, and none of its instances is the primary ({phase})",
                self.what(),
                primary.name,
                primary.object.cluster
            ),
            "see why its operator elects none: `kubectl cnpg status`".to_owned(),
        )
    }
}

/// A replica set of MongoDB is run by one operator: two would each say who its members are.
fn run_once(ground: &Ground<'_>, outcome: &mut Outcome) {
    let mut all: BTreeMap<(String, String), Vec<Object<'_>>> = BTreeMap::new();
    for object in ground.everywhere(MONGODB) {
        let key = (object.id.namespace.clone(), object.id.name.clone());
        all.entry(key).or_default().push(object);
    }
    for objects in all.into_values() {
        let [first, _, ..] = objects.as_slice() else {
            outcome.holds();
            continue;
        };
        let name = &first.id.name;
        let clusters = listed(objects.iter().map(|o| o.cluster));
        let store = ground.fleet.iter().flat_map(data::stores);
        let mut store = store.filter(|of| of.key.fleet_wide() == *name);
        outcome.violated(Violation {
            object: first.id.clone(),
            severity: FindingSeverity::High,
            expected: "one operator runs it".to_owned(),
            message: format!("replica set `{name}` is run from {clusters}"),
            help: "delete the object in all clusters but the operator's central one, with its \
                   operator stopped, so that no member is removed"
                .to_owned(),
            origin: store
                .next()
                .and_then(|of| field(&of.key.service, format!("stores[{}]", of.index))),
            involved: objects
                .iter()
                .map(|o| ground.involved(o, &["spec"], json!("is run from here")))
                .collect(),
        });
    }
}

#[cfg(test)]
mod tests {
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
