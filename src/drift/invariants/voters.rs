//! The members of a store are where the plan has them: with its votes, and its leader.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::engine::Engine;
use crate::model::finding::{FindingSeverity, Involved};
use crate::model::manifest::ObjectId;
use crate::model::name::{ClusterName, RegionName};
use crate::model::world::Cluster;

use super::data::{self, CLAIM, MONGODB, Of, POSTGRES};
use super::ground::{Fleet, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field};
use super::{Invariant, Sought};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "voters",
    about: "its members, their votes and its leader are where the plan has them",
    of_itself: &[],
    wants,
    check,
};

const CASSANDRA: Kind = ("k8ssandra.io", "v1alpha1", "K8ssandraCluster");
const KAFKA: Kind = ("kafka.strimzi.io", "v1", "Kafka");

/// What tells where the members of a store are.
enum Told {
    /// An object per member, called after its region.
    Instances(Kind),
    /// Disks.
    Claims,
    /// One object with a list of all.
    List(Kind),
    /// Nothing that is in a cluster.
    Nothing,
}

fn told(engine: Engine) -> Told {
    match engine {
        Engine::CloudnativePg => Told::Instances(POSTGRES),
        Engine::StrimziKafka => Told::Instances(KAFKA),
        Engine::MongoDb => Told::List(MONGODB),
        Engine::K8ssandra => Told::List(CASSANDRA),
        Engine::CockroachDb | Engine::YugabyteDb => Told::Claims,
        Engine::NatsJetstream | Engine::RedisEnterprise | Engine::Valkey => Told::Nothing,
    }
}

fn wants(fleet: &Fleet<'_>, cluster: &ClusterName, sought: &mut Sought) {
    let here = fleet.cluster(cluster).map(|c| &c.environment);
    for of in data::stores(fleet) {
        let same = here == Some(&of.key.service.environment);
        match told(of.store.engine.value) {
            Told::Claims if same => sought.seek(CLAIM, [of.key.set()], &[], &[]),
            Told::Instances(kind) if same => {
                sought.seek(kind, [of.key.set()], &[], &["/spec/replica"])
            }
            Told::List(kind) => {
                let fields = ["/spec/clusterSpecList", "/spec/cassandra/datacenters"];
                sought.seek(kind, [of.key.fleet_wide()], &[], &fields);
            }
            _ => {}
        }
    }
}

/// What a region holds of a store.
#[derive(Clone, Debug, Default)]
struct Member {
    /// Votes, where they can be told.
    votes: Option<usize>,
    /// Whether it is to lead, where that can be told.
    leads: Option<bool>,
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    let Some(fleet) = ground.fleet else {
        return;
    };
    let stores: Vec<Of<'_>> = data::stores(&fleet).collect();
    for of in stores.iter().filter(|of| of.keeps()) {
        let mut seen = Seen::default();
        match told(of.store.engine.value) {
            Told::Nothing => {
                let engine = of.store.engine.value.name();
                outcome.unjudged(format!(
                    "of {engine}, whose objects do not say where its members are"
                ));
                continue;
            }
            Told::Instances(kind) => instances(ground, &fleet, of, kind, &mut seen, outcome),
            Told::Claims => claims(ground, &fleet, of, &stores, &mut seen, outcome),
            Told::List(kind) => list(ground, &fleet, of, kind, &mut seen, outcome),
        }
        judge(of, seen, outcome);
    }
}

/// What was seen of one store.
#[derive(Default)]
struct Seen {
    members: BTreeMap<RegionName, Member>,
    involved: Vec<Involved>,
    /// Regions of which nothing is known.
    dark: BTreeSet<RegionName>,
}

impl Seen {
    fn note(&mut self, region: &RegionName, member: Member, involved: Involved) {
        self.members.insert(region.clone(), member);
        self.involved.push(involved);
    }
}

fn instances(
    ground: &Ground<'_>,
    fleet: &Fleet<'_>,
    of: &Of<'_>,
    kind: Kind,
    seen: &mut Seen,
    outcome: &mut Outcome,
) {
    let namespace = of.service.namespace.as_str();
    for (cluster, here) in known(ground, fleet, of, kind, seen, outcome) {
        let objects = ground.objects(cluster, kind).into_iter();
        let named = |o: &Object<'_>| {
            let mut regions = fleet.world.regions.keys();
            o.id.namespace == namespace && regions.any(|r| o.id.name == of.key.instance(r))
        };
        for object in objects.filter(named) {
            let primary = object.text("/spec/replica/primary");
            let own = object.text("/spec/replica/self").unwrap_or(&object.id.name);
            let member = Member {
                votes: None,
                leads: primary.map(|primary| primary == own),
            };
            let what = match member.leads {
                Some(true) => "leads",
                _ => "holds a member",
            };
            seen.note(
                &here.region,
                member,
                ground.involved(&object, &["spec", "replica"], json!(what)),
            );
        }
    }
}

/// The clusters of a store's environment in which a kind is known; where the plan has a member in
/// another one, nobody can say that it is there.
fn known<'a>(
    ground: &Ground<'_>,
    fleet: &Fleet<'a>,
    of: &Of<'_>,
    kind: Kind,
    seen: &mut Seen,
    outcome: &mut Outcome,
) -> Vec<(&'a ClusterName, &'a Cluster)> {
    let mut known = Vec::new();
    for name in data::clusters_of(fleet, &of.key.service.environment) {
        let Some(cluster) = fleet.cluster(name) else {
            continue;
        };
        match ground.known(name, kind, of.service.namespace.as_str()) {
            Ok(()) => known.push((name, cluster)),
            Err(gap) if of.plan.clusters.values().any(|planned| planned == name) => {
                outcome.gap(name, kind, format!("store `{}`", of.key), gap);
                seen.dark.insert(cluster.region.clone());
            }
            Err(_) => {}
        }
    }
    known
}

fn claims(
    ground: &Ground<'_>,
    fleet: &Fleet<'_>,
    of: &Of<'_>,
    stores: &[Of<'_>],
    seen: &mut Seen,
    outcome: &mut Outcome,
) {
    for (cluster, here) in known(ground, fleet, of, CLAIM, seen, outcome) {
        let claims = ground.objects(cluster, CLAIM).into_iter();
        let mut ours = claims.filter(|object| {
            let owner = data::owner(object, &here.environment, fleet, stores);
            owner.is_some_and(|owner| owner.key == of.key)
        });
        if let Some(first) = ours.next() {
            let what = json!("holds disks");
            seen.note(
                &here.region,
                Member::default(),
                ground.involved(&first, &["spec"], what),
            );
        }
    }
}

fn list(
    ground: &Ground<'_>,
    fleet: &Fleet<'_>,
    of: &Of<'_>,
    kind: Kind,
    seen: &mut Seen,
    outcome: &mut Outcome,
) {
    let all = ground.everywhere(kind).into_iter();
    let Some(object) = all.into_iter().find(|o| o.id.name == of.key.fleet_wide()) else {
        let hub = fleet.world.fleet.hub.as_ref();
        if let Some(hub) = hub
            && let Err(gap) = ground.known(hub, kind, "")
        {
            outcome.gap(hub, kind, format!("store `{}`", of.key), gap);
        }
        seen.dark.extend(of.plan.clusters.keys().cloned());
        return;
    };
    let (place, name): (&[&str], _) = match kind == MONGODB {
        true => (&["spec", "clusterSpecList"], "clusterName"),
        false => (&["spec", "cassandra", "datacenters"], "k8sContext"),
    };
    let entries = object.list(&format!("/{}", place.join("/")));
    let highest = entries.iter().map(priority).max().unwrap_or(0);
    for entry in entries {
        let context = entry[name].as_str().unwrap_or_default();
        let mut clusters = fleet.world.clusters.values();
        let of_context =
            clusters.find(|c| c.context.as_deref().unwrap_or(c.name.value.as_str()) == context);
        let Some(cluster) = of_context else {
            continue;
        };
        let votes = (kind == MONGODB).then(|| votes(entry));
        let alone = entries.iter().filter(|e| priority(e) == highest).count() == 1;
        let member = Member {
            votes,
            leads: (kind == MONGODB && of.plan.leader.is_some() && alone)
                .then(|| priority(entry) == highest),
        };
        let what = match votes {
            Some(votes) => json!(format!(
                "{context}: votes {votes}, priority {}",
                priority(entry)
            )),
            None => json!(format!("{context}: holds a member")),
        };
        seen.note(
            &cluster.region,
            member,
            ground.involved(&object, place, what),
        );
    }
}

fn votes(entry: &Value) -> usize {
    let votes = |m: &&Value| m["votes"].as_u64().unwrap_or(1) > 0;
    members(entry).filter(votes).count()
}

/// What a member weighs in an election, in thousandths.
fn priority(entry: &Value) -> u64 {
    let of = |m: &Value| m["priority"].as_str().and_then(|p| p.parse::<f64>().ok());
    let thousandths = |m| (of(m).unwrap_or(1.0).clamp(0.0, 1000.0) * 1000.0) as u64;
    members(entry).map(thousandths).max().unwrap_or(0)
}

fn members(entry: &Value) -> impl Iterator<Item = &Value> {
    entry["memberConfig"].as_array().into_iter().flatten()
}

fn judge(of: &Of<'_>, seen: Seen, outcome: &mut Outcome) {
    let plan = of.plan;
    if seen.members.is_empty() {
        // Nothing of it is deployed, or nobody can say.
        if seen.dark.is_empty() {
            outcome.unjudged("of stores that are not deployed");
        }
        return;
    }
    let mut wrong = Vec::new();
    for region in plan.clusters.keys().filter(|r| !seen.dark.contains(*r)) {
        if !seen.members.contains_key(region) {
            wrong.push(format!("{region} has no member"));
        }
    }
    for (region, member) in &seen.members {
        if !plan.clusters.contains_key(region) {
            wrong.push(format!("{region} has a member that is not planned"));
            continue;
        }
        let planned = plan.voters.iter().filter(|v| *v == region).count();
        if let Some(votes) = member.votes.filter(|votes| *votes != planned) {
            wrong.push(format!("{region} has {votes} votes and not {planned}"));
        }
        if member.leads == Some(true) && plan.leader.as_ref() != Some(region) {
            wrong.push(format!("{region} leads"));
        }
    }
    if wrong.is_empty() {
        if seen.dark.is_empty() {
            outcome.holds();
        }
        return;
    }
    let planned: Vec<String> = plan
        .clusters
        .keys()
        .map(
            |region| match plan.voters.iter().filter(|v| *v == region).count() {
                _ if plan.leader.as_ref() == Some(region) => format!("{region} (leads)"),
                0 | 1 => region.to_string(),
                votes => format!("{region} ({votes} votes)"),
            },
        )
        .collect();
    let object = seen.involved.first().map(|i| i.object.clone());
    outcome.violated(Violation {
        object: object.unwrap_or_else(|| ObjectId {
            group: String::new(),
            kind: String::new(),
            namespace: of.service.namespace.to_string(),
            name: of.key.set(),
        }),
        severity: FindingSeverity::High,
        expected: format!("members in {}", planned.join(", ")),
        message: format!("store `{}`: {}", of.key, wrong.join("; ")),
        help: "bring the members to where the plan has them, or the plan to them: write their \
               regions into the entry of the store in regen.lock, see `regen plan`, and render"
            .to_owned(),
        origin: field(&of.key.service, format!("stores[{}]", of.index)),
        involved: seen.involved,
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, TestFleet, messages, postgres};
    use super::*;

    fn bench(members: &[(&str, Value)]) -> Vec<String> {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        for cluster in ["de", "fr", "us"] {
            bench.empty(cluster, POSTGRES);
        }
        for (cluster, object) in members {
            bench.put(cluster, object.clone());
        }
        messages(&bench.check(Some(&fleet)), INVARIANT.name)
    }

    const DE: &str = "cart-orders-de-1";
    const FR: &str = "cart-orders-fr-1";

    #[test]
    fn members_are_where_the_plan_has_them() {
        let clean = [
            ("de", postgres(DE, Some((DE, FR)))),
            ("fr", postgres(FR, Some((DE, DE)))),
        ];
        assert_eq!(bench(&clean), Vec::<String>::new());
        assert_eq!(bench(&[]), Vec::<String>::new(), "not deployed");
        assert_eq!(
            bench(&clean[..1]),
            ["store `cart/orders`: fr-1 has no member"]
        );
        let moved = [
            ("de", postgres(DE, Some((FR, FR)))),
            ("fr", postgres(FR, Some((FR, DE)))),
        ];
        assert_eq!(bench(&moved), ["store `cart/orders`: fr-1 leads"]);
        let mut more = clean.to_vec();
        more.push(("us", postgres("cart-orders-us-1", Some((DE, DE)))));
        assert_eq!(
            bench(&more),
            ["store `cart/orders`: us-1 has a member that is not planned"]
        );
    }

    #[test]
    fn votes_are_counted() {
        let entry = json!({"memberConfig": [{"votes": 1, "priority": "2"}, {"votes": 0, "priority": "0.5"}]});
        assert_eq!((votes(&entry), priority(&entry)), (1, 2000));
        assert_eq!((votes(&Value::Null), priority(&Value::Null)), (0, 0));
    }
}
