//! Sets of database clusters: who leads, what they wait for, how logs come to replicas.

use serde_json::json;

use super::components::{body, set};
use super::fleet::Made;
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::Capability;
use crate::model::world::*;

#[test]
fn a_store_is_one_primary_and_replicas_that_name_the_same_primary() {
    let made = Made::new().region("eu-west-1", 2).region("us-east-1", 1);
    let made = made.service("cart", |_| {}).store("cart", |_| {});
    let set = set(&made).unwrap();
    let at = |cluster: &str, file: &str| {
        body(&set, &format!("clusters/{cluster}/shop/cart/{file}")).clone()
    };
    let primary = at(
        "eu-west-1/eu-west-1-a",
        "cluster-cart-orders-eu-west-1.yaml",
    );
    let replica = at(
        "us-east-1/us-east-1-a",
        "cluster-cart-orders-us-east-1.yaml",
    );
    let role = |own: &str, source: &str| json!({"self": own, "primary": "cart-orders-eu-west-1", "source": source});
    assert_eq!(
        primary["spec"]["replica"],
        role("cart-orders-eu-west-1", "cart-orders-us-east-1")
    );
    assert_eq!(
        replica["spec"]["replica"],
        role("cart-orders-us-east-1", "cart-orders-eu-west-1")
    );
    assert!(primary["spec"]["bootstrap"].get("initdb").is_some());
    assert_eq!(
        replica["spec"]["bootstrap"]["recovery"]["source"],
        "cart-orders-eu-west-1"
    );
    for cluster in [&primary, &replica] {
        let listed = cluster["spec"]["externalClusters"].as_array().unwrap();
        let names: Vec<&str> = listed.iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["cart-orders-eu-west-1", "cart-orders-us-east-1"]);
    }
    for name in ["eu-west-1", "us-east-1"] {
        let store = at(
            "us-east-1/us-east-1-a",
            &format!("objectstore-cart-orders-{name}.yaml"),
        );
        let path = format!("s3://backups-{name}/shop");
        assert_eq!(store["spec"]["configuration"]["destinationPath"], path);
        assert_eq!(
            store["spec"].get("retentionPolicy").is_some(),
            name == "us-east-1"
        );
    }
    let backup = at(
        "us-east-1/us-east-1-a",
        "scheduledbackup-cart-orders-us-east-1.yaml",
    );
    assert_eq!(
        (&backup["spec"]["method"], &backup["spec"]["schedule"]),
        (&json!("plugin"), &json!("0 0 2 * * *"))
    );
    let second = "clusters/eu-west-1/eu-west-1-b/shop/cart/cluster-cart-orders-eu-west-1.yaml";
    assert!(
        set.files.keys().all(|p| p.as_str() != second),
        "one cluster per region holds it"
    );
}

#[test]
fn synchronous_stores_wait_for_the_names_their_replicas_connect_with() {
    let made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
    let made = made.service("cart", |_| {}).store("cart", |s| {
        s.synchronous = 1;
        s.backup = None;
    });
    let set = set(&made).unwrap();
    let at = |region: &str| {
        body(
            &set,
            &format!("clusters/{region}/{region}-a/shop/cart/cluster-cart-orders-{region}.yaml"),
        )["spec"]
            .clone()
    };
    let (primary, replica) = (at("eu-west-1"), at("us-east-1"));
    assert_eq!(
        primary["postgresql"]["synchronous"],
        json!({"method": "any", "number": 1, "dataDurability": "required",
            "maxStandbyNamesFromCluster": 0, "standbyNamesPre": ["cart-orders-us-east-1"]})
    );
    let mut first = made;
    let service = first.world.services.values_mut().next().unwrap();
    service.stores[0].standbys.first = true;
    let first = super::components::set(&first).unwrap();
    let primary = "clusters/eu-west-1/eu-west-1-a/shop/cart/cluster-cart-orders-eu-west-1.yaml";
    let waits = &body(&first, primary)["spec"]["postgresql"]["synchronous"];
    assert_eq!(waits["method"], "first");
    let connection = &replica["externalClusters"][0]["connectionParameters"];
    assert_eq!(connection["application_name"], "cart-orders-us-east-1");
    assert_eq!(
        replica["bootstrap"]["pg_basebackup"]["source"],
        "cart-orders-eu-west-1"
    );
}

#[test]
fn stores_stream_on_an_exported_route_or_ship_logs_by_their_archive() {
    type Change = fn(&mut Store);
    let cases: [(&str, Change, bool); 6] = [
        ("no bound", |_| {}, false),
        ("five minutes", |s| bound(s, "5m"), false),
        ("below five minutes", |s| bound(s, "299s"), true),
        ("a second", |s| bound(s, "1s"), true),
        ("no archive", |s| s.backup = None, true),
        ("waiting writes", |s| s.synchronous = 1, true),
    ];
    for (case, change, streams) in cases {
        let made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
        let mut made = made.service("cart", |_| {}).store("cart", change);
        let all = set(&made).unwrap();
        let exports: Vec<&str> = all
            .manifests()
            .filter(|(_, m)| m.id.kind == "ServiceExport")
            .map(|(_, m)| m.id.name.as_str())
            .collect();
        let hosts: Vec<String> = all
            .manifests()
            .filter_map(|(_, m)| m.body()["spec"]["certificates"]["serverAltDNSNames"].as_array())
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        if !streams {
            assert_eq!((exports.len(), hosts.len()), (0, 0), "{case}");
        } else {
            let names = ["cart-orders-eu-west-1-rw", "cart-orders-us-east-1-rw"];
            assert_eq!(exports, names, "{case}");
            // The certificate has the name that replicas connect to and verify.
            assert_eq!(
                hosts,
                names.map(|n| format!("{n}.shop.svc.clusterset.local")),
                "{case}"
            );
            let replica =
                "clusters/us-east-1/us-east-1-a/shop/cart/cluster-cart-orders-us-east-1.yaml";
            let leader = &body(&all, replica)["spec"]["externalClusters"][0];
            assert_eq!(leader["connectionParameters"]["host"], hosts[0], "{case}");
        }
        let cluster = made.world.clusters.get_mut("us-east-1-a").unwrap();
        cluster
            .capabilities
            .remove(&Capability::from("multicluster-services"));
        let refused = refusals(&made);
        let expected = if streams {
            "cluster `us-east-1-a` has no `multicluster-services`"
        } else {
            ""
        };
        assert_eq!(refused.is_empty(), !streams, "{case}: {refused}");
        assert!(refused.contains(expected), "{case}: {refused}");
    }
    let alone = |change: fn(&mut Store)| {
        let mut made = Made::new().region("eu-west-1", 1);
        for cluster in made.world.clusters.values_mut() {
            cluster.capabilities = ["cloudnative-pg"].map(Into::into).into();
        }
        refusals(&made.service("cart", |_| {}).store("cart", change))
    };
    assert_eq!(alone(|s| s.backup = None), "", "one region needs no route");
    assert!(alone(|_| {}).contains("cluster `eu-west-1-a` has no `barman-cloud`"));
}

/// What is refused, each in a line.
fn refusals(made: &Made) -> String {
    let faults = set(made).err().unwrap_or_default();
    faults.iter().map(|d| format!("{}\n", d.message)).collect()
}

fn bound(store: &mut Store, bound: &str) {
    let span = store.name.span;
    store.staleness = Some(Spanned::new(Duration::parse(bound).unwrap(), span));
}
