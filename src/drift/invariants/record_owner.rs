//! A set of records has one owner: no two objects say the same one, or whether there is a policy, and
//! those that must say the same everywhere do.
//!
//! Route 53 tells sets of one name and type apart by their identifier, and takes no mix of sets with
//! and without one. external-dns deletes what its registry says is its own and no object wants any
//! more: two of one owner id delete each other's records. Gslbs of k8gb stand in every cluster, and
//! have to agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::finding::{FindingSeverity, Involved};
use crate::model::manifest::Origin;
use crate::model::name::ClusterName;

use super::dns_ready::{GSLB, RECORDS};
use super::ground::{Fleet, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field, listed};
use super::{Invariant, Sought};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "record-owner",
    about: "each set of records has one owner",
    of_itself: &[
        (RECORDS, None),
        (GSLB, None),
        (DEPLOYMENT, Some(CONTROLLER)),
    ],
    wants,
    check,
};

const DEPLOYMENT: Kind = ("apps", "v1", "Deployment");
const CONTROLLER: &str = "external-dns";

fn wants(fleet: &Fleet<'_>, _: &ClusterName, sought: &mut Sought) {
    let dns = fleet.world.fleet.platform.dns;
    if dns.is_some()
        && fleet
            .services()
            .any(|(_, service)| service.exposure.is_some())
    {
        let fields = ["/spec/template/spec/containers/*/args"];
        sought.seek(DEPLOYMENT, [CONTROLLER.to_owned()], &[], &fields);
    }
}

/// One entry of a DNSEndpoint.
struct Entry<'a> {
    object: Object<'a>,
    identifier: Option<&'a str>,
    owner: Option<&'a str>,
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    let mut names: BTreeMap<(String, &str), Vec<Entry<'_>>> = BTreeMap::new();
    let mut zones: BTreeMap<&ClusterName, BTreeSet<String>> = BTreeMap::new();
    for object in ground.everywhere(RECORDS) {
        for entry in object.list("/spec/endpoints") {
            let Some(name) = entry["dnsName"].as_str() else {
                continue;
            };
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            zones
                .entry(object.cluster)
                .or_default()
                .insert(name.clone());
            let record = entry["recordType"].as_str().unwrap_or("A");
            let identifier = entry["setIdentifier"].as_str().filter(|i| !i.is_empty());
            let own = Entry {
                object: object.clone(),
                identifier,
                owner: entry["labels"]["owner"].as_str(),
            };
            names.entry((name, record)).or_default().push(own);
        }
    }
    for (cluster, seen) in &ground.clusters {
        let has = seen.desired.iter().any(|d| d.value["kind"] == RECORDS.2);
        if has && let Err(gap) = ground.known(cluster, RECORDS, "") {
            // A dump of namespaces holds all that it holds.
            let held = !ground.objects(cluster, RECORDS).is_empty();
            if !held {
                outcome.gap(cluster, RECORDS, "its records".to_owned(), gap);
            }
        }
    }
    for ((name, record), entries) in &names {
        judge(ground, name, record, entries, outcome);
    }
    controllers(ground, &zones, outcome);
    balancers(ground, outcome);
}

fn judge(
    ground: &Ground<'_>,
    name: &str,
    record: &str,
    entries: &[Entry<'_>],
    outcome: &mut Outcome,
) {
    let mut sets: BTreeMap<Option<&str>, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        sets.entry(entry.identifier).or_default().push(entry);
    }
    let involved = |entries: &[&Entry<'_>], word: &dyn Fn(&Entry<'_>) -> String| -> Vec<Involved> {
        entries
            .iter()
            .map(|e| ground.involved(&e.object, &["spec", "endpoints"], json!(word(e))))
            .collect()
    };
    let mut whole = true;
    for (identifier, entries) in &sets {
        let objects: BTreeSet<(&ClusterName, String)> = entries
            .iter()
            .map(|e| (e.object.cluster, e.object.id.to_string()))
            .collect();
        let owners: BTreeSet<&str> = entries.iter().filter_map(|e| e.owner).collect();
        if objects.len() < 2 && owners.len() < 2 {
            continue;
        }
        whole = false;
        let set = match identifier {
            Some(identifier) => {
                format!("the {record} records of {name} with the identifier `{identifier}`")
            }
            None => format!("the {record} records of {name}"),
        };
        let who = listed(
            objects
                .iter()
                .map(|(cluster, object)| format!("{object} of {cluster}")),
        );
        let owned = match owners.len() {
            0 | 1 => String::new(),
            _ => format!(", for the owners {}", listed(&owners)),
        };
        let word = |e: &Entry<'_>| match e.owner {
            Some(owner) => format!("{record} {name}, owner {owner}"),
            None => format!("{record} {name}"),
        };
        outcome.violated(Violation {
            object: entries[0].object.id.clone(),
            severity: FindingSeverity::High,
            expected: format!("one object says {set}"),
            message: format!("{set} are said by {who}{owned}: whoever comes last wins, and any of them may delete them"),
            help: "delete the entry from all objects but one, or give each set an identifier of its own"
                .to_owned(),
            origin: origin(ground, name),
            involved: involved(entries, &word),
        });
    }
    if sets.len() > 1 && sets.contains_key(&None) {
        whole = false;
        let plain: Vec<&Entry<'_>> = sets[&None].clone();
        let who = listed(
            plain
                .iter()
                .map(|e| format!("{} of {}", e.object.id, e.object.cluster)),
        );
        let all: Vec<&Entry<'_>> = entries.iter().collect();
        outcome.violated(Violation {
            object: plain[0].object.id.clone(),
            severity: FindingSeverity::High,
            expected: format!("every set of {record} records of {name} has an identifier, or there is one set"),
            message: format!("{who} says {record} records of {name} without an identifier, and others say them with one: the provider refuses one of them"),
            help: "delete the entry without an identifier, or those with one".to_owned(),
            origin: origin(ground, name),
            involved: involved(&all, &|e| e.identifier.unwrap_or("no identifier").to_owned()),
        });
    }
    if whole {
        outcome.holds();
    }
}

/// Where a name was given to a service.
fn origin(ground: &Ground<'_>, name: &str) -> Option<Origin> {
    let fleet = ground.fleet?;
    let mut exposed = fleet.services();
    let (key, _) = exposed.find(|(_, service)| {
        let host = service.exposure.as_ref().map(|e| e.host.value.as_str());
        host.is_some_and(|host| host.eq_ignore_ascii_case(name))
    })?;
    field(key, "exposure.host")
}

/// Controllers of one owner id that write records of one name.
fn controllers(
    ground: &Ground<'_>,
    zones: &BTreeMap<&ClusterName, BTreeSet<String>>,
    outcome: &mut Outcome,
) {
    let mut owners: BTreeMap<String, Vec<Object<'_>>> = BTreeMap::new();
    for object in ground.everywhere(DEPLOYMENT) {
        let containers = object.list("/spec/template/spec/containers").iter();
        let mut args = containers.flat_map(|c| c["args"].as_array().into_iter().flatten());
        let name = object.id.name.contains(CONTROLLER)
            || object.label("app.kubernetes.io/name") == Some(CONTROLLER);
        if name
            && let Some(owner) = args.find_map(|arg| arg.as_str()?.strip_prefix("--txt-owner-id="))
        {
            owners.entry(owner.to_owned()).or_default().push(object);
        }
    }
    for (owner, objects) in owners {
        let shared = |a: &Object<'_>, b: &Object<'_>| {
            let (a, b) = (zones.get(a.cluster)?, zones.get(b.cluster)?);
            a.intersection(b).next().cloned()
        };
        let apart = |a: &Object<'_>, b: &Object<'_>| a.cluster != b.cluster;
        let mut pairs = objects
            .iter()
            .flat_map(|a| objects.iter().map(move |b| (a, b)));
        let clash = pairs.find_map(|(a, b)| shared(a, b).filter(|_| apart(a, b)));
        let Some(name) = clash else {
            outcome.holds();
            continue;
        };
        let clusters = listed(objects.iter().map(|o| o.cluster));
        outcome.violated(Violation {
            object: objects[0].id.clone(),
            severity: FindingSeverity::High,
            expected: "an owner id per cluster".to_owned(),
            message: format!("external-dns of {clusters} have the owner id `{owner}`, and all write {name}: each takes the others' records for its own, and deletes them"),
            help: "give each cluster a `--txt-owner-id` of its own, such as its name".to_owned(),
            origin: origin(ground, &name),
            involved: objects
                .iter()
                .map(|o| {
                    let path = ["spec", "template", "spec", "containers"];
                    ground.involved(o, &path, json!(format!("--txt-owner-id={owner}")))
                })
                .collect(),
        });
    }
}

/// Global load balancers of one name that do not agree.
fn balancers(ground: &Ground<'_>, outcome: &mut Outcome) {
    let mut all: BTreeMap<(String, String, String), Vec<Object<'_>>> = BTreeMap::new();
    for object in ground.everywhere(GSLB) {
        let cluster = ground.fleet.and_then(|f| f.cluster(object.cluster));
        let environment = cluster.map_or(String::new(), |c| c.environment.to_string());
        let key = (
            environment,
            object.id.namespace.clone(),
            object.id.name.clone(),
        );
        all.entry(key).or_default().push(object);
    }
    for objects in all.into_values() {
        let said = |o: &Object<'_>| {
            let strategy = &o.body()["spec"]["strategy"];
            let word = |name: &str| match &strategy[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match strategy["primaryGeoTag"].is_null() {
                true => word("type"),
                false => format!("{}, primary {}", word("type"), word("primaryGeoTag")),
            }
        };
        let answers: BTreeSet<String> = objects.iter().map(said).collect();
        if answers.len() < 2 {
            outcome.holds();
            continue;
        }
        let told = objects
            .iter()
            .map(|o| format!("{} of {}", said(o), o.cluster));
        outcome.violated(Violation {
            object: objects[0].id.clone(),
            severity: FindingSeverity::High,
            expected: "one strategy in all clusters".to_owned(),
            message: format!(
                "the Gslbs `{}` do not agree: {}",
                objects[0].id.name,
                listed(told)
            ),
            help: "apply the repository to all of them: each answers by its own".to_owned(),
            origin: None,
            involved: objects
                .iter()
                .map(|o| ground.involved(o, &["spec", "strategy"], json!(said(o))))
                .collect(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, messages};
    use super::*;

    fn record(identifier: &str, owner: &str) -> Value {
        let mut entry = json!({"dnsName": "shop.example", "recordType": "CNAME", "targets": ["x"]});
        if !identifier.is_empty() {
            entry["setIdentifier"] = json!(identifier);
        }
        if !owner.is_empty() {
            entry["labels"] = json!({"owner": owner});
        }
        json!({"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": {"name": "web", "namespace": "shop"}, "spec": {"endpoints": [entry]}})
    }

    fn told(objects: &[(&str, Value)]) -> Vec<String> {
        let mut bench = Bench::default();
        for (cluster, object) in objects {
            bench.put(cluster, object.clone());
        }
        messages(&bench.check(None), INVARIANT.name)
    }

    #[test]
    fn sets_have_identifiers_of_their_own() {
        let clean = [("de", record("de", "")), ("us", record("us", ""))];
        assert_eq!(told(&clean), Vec::<String>::new());
        let twice = [("de", record("web", "")), ("us", record("web", ""))];
        assert_eq!(
            told(&twice),
            [
                "the CNAME records of shop.example with the identifier `web` are said by \
              externaldns.k8s.io/DNSEndpoint/shop/web of de and externaldns.k8s.io/DNSEndpoint/shop/web of us: \
              whoever comes last wins, and any of them may delete them"
            ]
        );
        let owned = [("de", record("web", "a")), ("us", record("web", "b"))];
        assert!(told(&owned)[0].contains("for the owners a and b"));
        let mixed = [("de", record("de", "")), ("us", record("", ""))];
        assert_eq!(told(&mixed).len(), 1);
        let plain = [("de", record("", "")), ("us", record("", ""))];
        assert_eq!(told(&plain).len(), 1);
    }

    #[test]
    fn controllers_have_owner_ids_of_their_own() {
        let controller = |owner: &str| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "external-dns", "namespace": "dns"},
                "spec": {"template": {"spec": {"containers": [{"name": "x", "args": ["--source=crd", format!("--txt-owner-id={owner}")]}]}}}})
        };
        let of = |a: &str, b: &str| {
            told(&[
                ("de", record("de", "")),
                ("us", record("us", "")),
                ("de", controller(a)),
                ("us", controller(b)),
            ])
        };
        assert_eq!(of("de", "us"), Vec::<String>::new());
        assert!(of("default", "default")[0].contains("have the owner id `default`"));
    }

    #[test]
    fn balancers_agree() {
        let gslb = |primary: &str| {
            json!({"apiVersion": "k8gb.io/v1beta1", "kind": "Gslb", "metadata": {"name": "web", "namespace": "shop"},
                "spec": {"strategy": {"type": "failover", "primaryGeoTag": primary}}})
        };
        assert_eq!(
            told(&[("de", gslb("de-1")), ("us", gslb("de-1"))]),
            Vec::<String>::new()
        );
        assert_eq!(
            told(&[("de", gslb("de-1")), ("us", gslb("us-1"))]),
            [
                "the Gslbs `web` do not agree: failover, primary de-1 of de and failover, primary us-1 of us"
            ]
        );
    }
}
