//! Data that is bound to a jurisdiction is nowhere outside of it: no disk, backup, topic, bucket or
//! database of it is in a cluster of a region that lies elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::model::finding::{FindingSeverity, Involved};
use crate::model::name::{ClusterName, RegionName};
use crate::model::world::Residency;

use super::data::{self, Of};
use super::ground::{Fleet, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field, listed};
use super::{Invariant, Sought};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "residency",
    about: "none of its data is outside of its jurisdiction",
    of_itself: &[],
    wants,
    check,
};

const BUCKETS: Kind = ("barmancloud.cnpg.io", "v1", "ObjectStore");
/// Objects by which an operator spreads a store over clusters, and where they name them.
const SPREAD: [(Kind, &str, &str); 2] = [
    (
        ("mongodb.com", "v1", "MongoDBMultiCluster"),
        "/spec/clusterSpecList",
        "clusterName",
    ),
    (
        ("k8ssandra.io", "v1alpha1", "K8ssandraCluster"),
        "/spec/cassandra/datacenters",
        "k8sContext",
    ),
];
const BUCKET: &str = "/spec/configuration/destinationPath";

/// Stores whose data is bound.
fn bound<'a>(fleet: &Fleet<'a>) -> Vec<(Of<'a>, &'a Residency)> {
    let stores = data::stores(fleet);
    let bound = stores.filter_map(|of| Some((of, of.class(fleet)?.residency.as_ref()?)));
    bound.collect()
}

fn is_outside(fleet: &Fleet<'_>, region: &RegionName, residency: &Residency) -> bool {
    let region = fleet.world.regions.get(region);
    region.is_some_and(|r| !residency.countries.contains(&r.country))
}

fn wants(fleet: &Fleet<'_>, cluster: &ClusterName, sought: &mut Sought) {
    let Some(here) = fleet.cluster(cluster) else {
        return;
    };
    for (of, residency) in bound(fleet) {
        let same = of.key.service.environment == here.environment;
        if same && is_outside(fleet, &here.region, residency) {
            for kind in of.kinds() {
                sought.seek(
                    kind,
                    [of.key.set()],
                    &[],
                    &["/spec/configuration/destinationPath"],
                );
            }
        }
    }
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    let Some(fleet) = ground.fleet else {
        return;
    };
    let bound = bound(&fleet);
    let stores: Vec<Of<'_>> = data::stores(&fleet).collect();
    for (of, residency) in &bound {
        let mut found: Vec<Involved> = Vec::new();
        let mut judged = false;
        for cluster in data::clusters_of(&fleet, &of.key.service.environment) {
            let Some(here) = fleet.cluster(cluster) else {
                continue;
            };
            let outside = is_outside(&fleet, &here.region, residency);
            for kind in of.kinds() {
                if !outside && kind != BUCKETS {
                    continue;
                }
                let namespace = of.service.namespace.as_str();
                if let Err(gap) = ground.known(cluster, kind, namespace) {
                    if outside {
                        outcome.gap(cluster, kind, format!("store `{}`", of.key), gap);
                    }
                    continue;
                }
                judged = true;
                for object in ground.objects(cluster, kind) {
                    let owner = data::owner(&object, &here.environment, &fleet, &stores);
                    if owner.is_none_or(|owner| owner.key != of.key) {
                        continue;
                    }
                    if outside {
                        let what = json!(format!("is in {}", here.region));
                        found.push(ground.involved(&object, &["spec"], what));
                    } else if let Some(bucket) = bucket_outside(&fleet, of, &object, residency) {
                        let path = ["spec", "configuration", "destinationPath"];
                        found.push(ground.involved(&object, &path, json!(bucket)));
                    }
                }
            }
        }
        found.extend(spread(ground, &fleet, of, residency));
        match found.is_empty() {
            false => outcome.violated(violation(of, residency, found)),
            true if judged => outcome.holds(),
            true => {}
        }
    }
    marked(ground, &fleet, &bound, outcome);
}

/// The bucket that an object writes to, where it is that of a region outside. Which region a bucket
/// is of is said by its name, unless the fleet says where all of them are.
fn bucket_outside<'a>(
    fleet: &Fleet<'_>,
    of: &Of<'_>,
    object: &Object<'a>,
    residency: &Residency,
) -> Option<&'a str> {
    let backup = of.store.backup.as_ref()?;
    if backup.place.is_some() {
        return None;
    }
    let prefix = format!("{}-", backup.bucket.as_deref()?.trim_end_matches('/'));
    let written = object.text(BUCKET)?;
    let region = written.strip_prefix(&prefix)?.split('/').next()?;
    is_outside(fleet, &RegionName::new(region), residency).then_some(written)
}

/// Clusters outside that an operator's object spreads the store to.
fn spread(
    ground: &Ground<'_>,
    fleet: &Fleet<'_>,
    of: &Of<'_>,
    residency: &Residency,
) -> Vec<Involved> {
    let mut found = Vec::new();
    for (kind, list, context) in SPREAD {
        let objects = ground.everywhere(kind).into_iter();
        for object in objects.filter(|o| o.id.name == of.key.fleet_wide()) {
            for entry in object.list(list) {
                let named = entry[context].as_str().unwrap_or_default();
                let mut clusters = fleet.world.clusters.values();
                let cluster = clusters
                    .find(|c| c.context.as_deref().unwrap_or(c.name.value.as_str()) == named);
                if let Some(cluster) = cluster
                    && is_outside(fleet, &cluster.region, residency)
                {
                    let path: Vec<&str> = list.split('/').skip(1).collect();
                    let what = json!(format!("spreads it to {named} in {}", cluster.region));
                    found.push(ground.involved(&object, &path, what));
                }
            }
        }
    }
    found
}

fn violation(of: &Of<'_>, residency: &Residency, found: Vec<Involved>) -> Violation {
    let kinds: BTreeSet<&str> = found.iter().map(|i| i.object.kind.as_str()).collect();
    let clusters: BTreeSet<&str> = found.iter().map(|i| i.cluster.as_str()).collect();
    Violation {
        object: found[0].object.clone(),
        severity: FindingSeverity::High,
        expected: format!("all data of {} stays in {residency}", of.key),
        message: format!(
            "store `{}`: its data is bound to {residency}, and is outside of it: {} of {}",
            of.key,
            listed(kinds),
            listed(clusters)
        ),
        help: "find out who put it there and what it holds, delete it once it is not needed as \
               evidence, and tell whoever answers for the data: it may have to be reported"
            .to_owned(),
        origin: field(&of.key.service, format!("stores[{}].data", of.index)),
        involved: found,
    }
}

/// Any object that says of itself that it is bound, and stands outside: of whatever kind.
fn marked(
    ground: &Ground<'_>,
    fleet: &Fleet<'_>,
    bound: &[(Of<'_>, &Residency)],
    outcome: &mut Outcome,
) {
    let mut told: BTreeMap<String, (&Of<'_>, &Residency, Vec<Involved>)> = BTreeMap::new();
    for (cluster, seen) in &ground.clusters {
        let Some(here) = fleet.cluster(cluster) else {
            continue;
        };
        for live in &seen.live.objects {
            let metadata = &live.body["metadata"];
            let Some(areas) = metadata["annotations"]["regen.dev/residency"].as_str() else {
                continue;
            };
            let service = &metadata["labels"]["regen.dev/service"];
            let same = |(of, residency): &&(Of<'_>, &Residency)| {
                let names: Vec<&str> = residency.names.iter().map(|n| n.value.as_str()).collect();
                *service == of.key.service.service.as_str() && names.join(" ") == areas
            };
            let Some((of, residency)) = bound.iter().find(same) else {
                continue;
            };
            let kind = (live.kind.group.as_str(), live.kind.kind.as_str());
            // Told with its store.
            let known = of.kinds().iter().any(|k| (k.0, k.2) == kind);
            if known || !is_outside(fleet, &here.region, residency) {
                continue;
            }
            let object = Object {
                cluster,
                id: crate::drift::version::id(live),
                live,
            };
            let what = json!(format!("is in {}", here.region));
            let involved = ground.involved(&object, &["spec"], what);
            let entry = told.entry(of.key.to_string());
            entry
                .or_insert((of, residency, Vec::new()))
                .2
                .push(involved);
        }
    }
    for (of, residency, found) in told.into_values() {
        outcome.violated(violation(of, residency, found));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, TestFleet, messages};
    use super::*;
    use serde_json::Value;

    fn claim(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": "shop", "labels": {"cnpg.io/cluster": "cart-orders-de-1"}}})
    }

    #[test]
    fn a_disk_outside_is_told_and_one_inside_is_not() {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        bench.put("de", claim("cart-orders-de-1-1"));
        bench.empty("us", data::CLAIM);
        let clean = bench.check(Some(&fleet));
        assert_eq!(messages(&clean, INVARIANT.name), Vec::<String>::new());
        bench.put("us", claim("restored-cart-orders"));
        let report = bench.check(Some(&fleet));
        assert_eq!(
            messages(&report, INVARIANT.name),
            [
                "store `cart/orders`: its data is bound to EU, and is outside of it: PersistentVolumeClaim of us"
            ]
        );
        let found = report
            .findings
            .iter()
            .find(|f| f.rule == INVARIANT.name)
            .expect("told");
        assert_eq!(found.severity, FindingSeverity::High);
        assert!(found.origin.is_some());
    }

    #[test]
    fn what_belongs_to_another_is_no_concern() {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        for name in ["cart-ordersx-1", "data-other-0"] {
            let mut claim = claim(name);
            claim["metadata"]["labels"] = json!({});
            bench.put("us", claim);
        }
        assert_eq!(
            messages(&bench.check(Some(&fleet)), INVARIANT.name),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_bucket_of_a_region_outside_is_told() {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        let store = |path: &str| {
            json!({"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore",
                "metadata": {"name": "cart-orders-de-1", "namespace": "shop"},
                "spec": {"configuration": {"destinationPath": path}}})
        };
        bench.put("de", store("s3://orders-de-1/shop"));
        assert_eq!(
            messages(&bench.check(Some(&fleet)), INVARIANT.name),
            Vec::<String>::new()
        );
        let mut bench = Bench::default();
        bench.put("de", store("s3://orders-us-1/shop"));
        assert_eq!(
            messages(&bench.check(Some(&fleet)), INVARIANT.name).len(),
            1
        );
    }

    #[test]
    fn claims_that_may_not_be_listed_leave_it_open() {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        bench.forbidden("us", data::CLAIM);
        let report = bench.check(Some(&fleet));
        assert_eq!(
            report.verdict_on(INVARIANT.name),
            crate::model::finding::Verdict::Unknown
        );
    }
}
