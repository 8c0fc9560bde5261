//! Edges of a real shop, routing policies and delivery.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::components::{body, set};
use super::fleet::{Made, call};
use crate::model::name::PortName;
use crate::model::world::*;

/// Who calls whom in Google's Online Boutique, with the callee's Service port and pod port.
/// Source: GoogleCloudPlatform/microservices-demo@34ffea91 (2026-08-11), release manifests:
/// environment variables that name other services. Apache-2.0.
const BOUTIQUE: [(&str, &str, u16, u16); 16] = [
    ("cartservice", "redis-cart", 6379, 6379),
    ("checkoutservice", "cartservice", 7070, 7070),
    ("checkoutservice", "currencyservice", 7000, 7000),
    ("checkoutservice", "emailservice", 5000, 8080),
    ("checkoutservice", "paymentservice", 50051, 50051),
    ("checkoutservice", "productcatalogservice", 3550, 3550),
    ("checkoutservice", "shippingservice", 50051, 50051),
    ("frontend", "adservice", 9555, 9555),
    ("frontend", "cartservice", 7070, 7070),
    ("frontend", "checkoutservice", 5050, 5050),
    ("frontend", "currencyservice", 7000, 7000),
    ("frontend", "productcatalogservice", 3550, 3550),
    ("frontend", "recommendationservice", 8080, 8080),
    ("frontend", "shippingservice", 50051, 50051),
    ("loadgenerator", "frontend", 80, 8080),
    ("recommendationservice", "productcatalogservice", 3550, 3550),
];

#[test]
fn policies_allow_the_edges_of_online_boutique_and_no_others() {
    let mut made = Made::new().region("eu-west-1", 1);
    let span = made.span();
    let names: BTreeSet<&str> = BOUTIQUE.iter().flat_map(|e| [e.0, e.1]).collect();
    for name in &names {
        made = made.service(name, |s| {
            s.workload.ports.clear();
            if let Some((.., port, target)) = BOUTIQUE.iter().find(|e| e.1 == *name) {
                let (port, target, protocol) = (*port, *target, Protocol::Tcp);
                let port = Port {
                    port,
                    target,
                    protocol,
                    span,
                };
                s.workload.ports.insert(PortName::new("main"), port);
            }
            let callees = BOUTIQUE.iter().filter(|e| e.0 == *name);
            s.calls = callees.map(|e| call(span, e.1)).collect();
        });
    }
    let set = set(&made).unwrap();
    let mut ends: [BTreeSet<(String, String, u64)>; 2] = Default::default();
    let name = |selector: &Value| {
        selector["matchLabels"]["app.kubernetes.io/name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (_, manifest) in set
        .manifests()
        .filter(|(_, m)| m.id.kind == "NetworkPolicy")
    {
        let spec = &manifest.body()["spec"];
        for (end, rules, peers) in [(0, "ingress", "from"), (1, "egress", "to")] {
            if manifest.id.name == "allow-dns" {
                continue;
            }
            for rule in spec
                .get(rules)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                for peer in rule[peers].as_array().unwrap() {
                    for port in rule["ports"].as_array().unwrap() {
                        let (own, other) = (name(&spec["podSelector"]), name(&peer["podSelector"]));
                        let (from, to) = if end == 0 { (other, own) } else { (own, other) };
                        ends[end].insert((from, to, port["port"].as_u64().unwrap()));
                    }
                }
            }
        }
    }
    let expected: BTreeSet<(String, String, u64)> = BOUTIQUE
        .iter()
        .map(|e| (e.0.into(), e.1.into(), e.3.into()))
        .collect();
    assert_eq!(ends[0], expected);
    assert_eq!(ends[1], expected);
}

#[test]
fn calls_to_other_clusters_go_to_their_addresses() {
    let made = Made::new().region("eu-west-1", 1);
    let span = made.span();
    // `cart` runs only where it was placed before the second region came.
    let made = made
        .service("cart", |_| {})
        .region("us-east-1", 1)
        .service("frontend", |s| s.calls = vec![call(span, "cart")]);
    let set = set(&made).unwrap();
    let blocks = |value: &Value| -> Vec<String> {
        let peers = value.as_array().unwrap().iter();
        peers
            .filter_map(|p| p["ipBlock"]["cidr"].as_str().map(str::to_owned))
            .collect()
    };
    let egress = body(
        &set,
        "clusters/us-east-1/us-east-1-a/shop/frontend/networkpolicy-frontend-egress.yaml",
    );
    assert_eq!(
        blocks(&egress["spec"]["egress"][0]["to"]),
        ["10.8.0.0/16", "172.8.0.0/16"]
    );
    let ingress = body(
        &set,
        "clusters/eu-west-1/eu-west-1-a/shop/cart/networkpolicy-cart-ingress.yaml",
    );
    assert_eq!(
        blocks(&ingress["spec"]["ingress"][0]["from"]),
        ["10.9.0.0/16", "172.9.0.0/16"]
    );
}

#[test]
fn exposed_ports_take_traffic_from_the_ingress_namespace_or_from_anywhere() {
    let made = Made::new().region("eu-west-1", 1);
    let exposure = made.exposed(Routing::Simple);
    let mut made = made.service("web", |s| s.exposure = Some(exposure));
    let path = "clusters/eu-west-1/eu-west-1-a/shop/web/networkpolicy-web-ingress.yaml";
    let ports = json!([{"port": 8080, "protocol": "TCP"}]);
    let edge =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}]);
    let rules = |made: &Made| body(&set(made).unwrap(), path)["spec"]["ingress"].clone();
    assert_eq!(rules(&made), json!([{"from": edge, "ports": ports}]));
    made.world.fleet.platform.ingress_namespace = None;
    assert_eq!(rules(&made), json!([{"ports": ports}]));
}

fn endpoint(made: &Made, cluster: &str) -> Option<Value> {
    let region = &cluster[..cluster.len() - 2];
    let path = format!("clusters/{region}/{cluster}/shop/web/dnsendpoint-web.yaml");
    let set = set(made).unwrap();
    let found = set.files.iter().find(|(p, _)| p.as_str() == path);
    found.map(|(_, file)| file.manifests[0].body()["spec"]["endpoints"][0].clone())
}

#[test]
fn each_region_has_one_record_per_policy_and_weights_are_split() {
    let made = || Made::new().region("eu-west-1", 2).region("us-east-1", 1);
    let with = |routing| {
        let exposure = made().exposed(routing);
        made().service("web", |s| s.exposure = Some(exposure))
    };
    let policy = |name: &str, value: &str| json!([{"name": name, "value": value}]);

    let latency = with(Routing::Latency);
    let record = endpoint(&latency, "eu-west-1-a").unwrap();
    assert_eq!(
        record["providerSpecific"],
        policy("aws/region", "eu-west-1")
    );
    assert_eq!(record["setIdentifier"], "web-eu-west-1-a");
    assert_eq!(record["targets"], json!(["192.0.2.8"]));
    assert_eq!(record["recordTTL"], 60);
    assert_eq!(endpoint(&latency, "eu-west-1-b"), None);
    assert!(endpoint(&latency, "us-east-1-a").is_some());

    let mut weighted = with(Routing::Weighted);
    let dns = weighted
        .plan
        .services
        .values_mut()
        .next()
        .unwrap()
        .dns
        .as_mut()
        .unwrap();
    dns.records.insert("eu-west-1".into(), Some(5));
    for (cluster, weight) in [
        ("eu-west-1-a", "3"),
        ("eu-west-1-b", "2"),
        ("us-east-1-a", "1"),
    ] {
        let record = endpoint(&weighted, cluster).unwrap();
        assert_eq!(
            record["providerSpecific"],
            policy("aws/weight", weight),
            "{cluster}"
        );
        assert_eq!(record["setIdentifier"], format!("web-{cluster}"));
    }

    let mut failover = with(Routing::Failover);
    let dns = failover
        .plan
        .services
        .values_mut()
        .next()
        .unwrap()
        .dns
        .as_mut()
        .unwrap();
    dns.failover = Some(("us-east-1".into(), "eu-west-1".into()));
    let primary = failover.world.clusters.get_mut("us-east-1-a").unwrap();
    primary
        .health_checks
        .insert("shop.example".into(), "check-1".into());
    assert_eq!(
        endpoint(&failover, "us-east-1-a").unwrap()["providerSpecific"],
        json!([{"name": "aws/failover", "value": "PRIMARY"}, {"name": "aws/health-check-id", "value": "check-1"}])
    );
    let secondary = endpoint(&failover, "eu-west-1-a").unwrap();
    assert_eq!(
        secondary["providerSpecific"],
        policy("aws/failover", "SECONDARY")
    );
    assert_eq!(endpoint(&failover, "eu-west-1-b"), None);

    let mut simple = with(Routing::Simple);
    let cluster = simple.world.clusters.get_mut("eu-west-1-a").unwrap();
    cluster.ingress.as_mut().unwrap().value = Ingress::Hostname("in.example".into());
    let record = endpoint(&simple, "eu-west-1-a").unwrap();
    assert_eq!(
        (&record["recordType"], &record["targets"]),
        (&json!("CNAME"), &json!(["in.example"]))
    );
    assert_eq!(
        (record.get("setIdentifier"), record.get("providerSpecific")),
        (None, None)
    );
}

#[test]
fn entry_points_stand_where_their_controller_applies_them() {
    let paths = |made: &Made, word: &str| -> Vec<String> {
        let set = set(made).unwrap();
        set.files
            .keys()
            .map(ToString::to_string)
            .filter(|p| p.contains(word))
            .collect()
    };
    let mut made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
    assert_eq!(
        paths(&made, "/application-"),
        [
            "clusters/eu-west-1/eu-west-1-a/_cluster/application-storefront-eu-west-1-a.yaml",
            "clusters/us-east-1/us-east-1-a/_cluster/application-storefront-us-east-1-a.yaml",
        ]
    );
    made.world.fleet.hub = Some("eu-west-1-a".into());
    assert_eq!(
        paths(&made, "/application-"),
        [
            "hub/application-storefront-eu-west-1-a.yaml",
            "hub/application-storefront-hub.yaml",
            "hub/application-storefront-us-east-1-a.yaml",
        ]
    );
    made.world.fleet.gitops.delivery = Delivery::Flux;
    assert_eq!(
        paths(&made, "us-east-1-a/_cluster/"),
        [
            "clusters/us-east-1/us-east-1-a/_cluster/gitrepository-storefront.yaml",
            "clusters/us-east-1/us-east-1-a/_cluster/kustomization-storefront.yaml",
        ]
    );
    made.world.fleet.gitops.delivery = Delivery::None;
    assert_eq!(paths(&made, "storefront"), Vec::<String>::new());
}
