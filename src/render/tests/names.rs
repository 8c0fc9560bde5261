//! Names by k8gb, and records by place.

use serde_json::{Value, json};

use super::fleet::Made;
use super::traffic::{EU, US, has, shop, spec};
use crate::model::world::*;

#[test]
fn k8gb_follows_the_route_and_is_told_the_same_everywhere() {
    let mut made = shop(|_, _| {});
    let dns = made.world.fleet.platform.dns.as_mut().unwrap();
    dns.controller = DnsController::K8gb;
    for cluster in made.world.clusters.values_mut() {
        cluster.capabilities.insert("k8gb".into());
    }
    let plan = |made: &mut Made, policy| {
        let plan = made.plan.services.values_mut().next().unwrap();
        let dns = plan.dns.as_mut().unwrap();
        dns.policy = policy;
        dns.failover =
            (policy == Routing::Failover).then(|| ("us-east-1".into(), "eu-west-1".into()));
        let weight = |n| (policy == Routing::Weighted).then_some(n);
        dns.records.insert("eu-west-1".into(), weight(70));
        dns.records.insert("us-east-1".into(), weight(30));
    };
    let route =
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "name": "web"});
    for (policy, strategy) in [
        (
            Routing::Failover,
            json!({"type": "failover", "primaryGeoTag": "us-east-1", "dnsTtlSeconds": 60}),
        ),
        (
            Routing::Weighted,
            json!({"type": "roundRobin", "weight": {"eu-west-1": 70, "us-east-1": 30}, "dnsTtlSeconds": 60}),
        ),
        (Routing::Geo, json!({"type": "geoip", "dnsTtlSeconds": 60})),
    ] {
        plan(&mut made, policy);
        for cluster in [EU, US] {
            assert_eq!(
                spec(&made, &format!("{cluster}/shop/web/gslb-web.yaml")),
                json!({"resourceRef": route, "serviceHealthPolicy": "All", "strategy": strategy})
            );
        }
    }
    assert!(!has(&made, "dnsendpoint-web.yaml"));
}

#[test]
fn places_have_records_of_their_own_and_one_region_answers_the_rest() {
    let mut made = shop(|_, s| {
        let exposure = s.exposure.as_mut().unwrap();
        exposure.routing.value = Routing::Geo;
        let country = |code| GeoArea::Country(crate::model::place::Country::parse(code).unwrap());
        exposure.geo.insert(
            "eu-west-1".into(),
            vec![GeoArea::Continent("EU"), country("MA")],
        );
        exposure
            .geo
            .insert("us-east-1".into(), vec![GeoArea::Continent("NA")]);
    });
    made.plan
        .services
        .values_mut()
        .next()
        .unwrap()
        .dns
        .as_mut()
        .unwrap()
        .policy = Routing::Geo;
    let records = |cluster: &str| -> Vec<(String, Value)> {
        let path = format!("{cluster}/shop/web/dnsendpoint-web.yaml");
        let endpoints = spec(&made, &path)["endpoints"].clone();
        let all = endpoints.as_array().unwrap().iter();
        all.map(|e| {
            (
                e["setIdentifier"].as_str().unwrap().to_owned(),
                e["providerSpecific"].clone(),
            )
        })
        .collect()
    };
    let place = |name: &str, kind: &str, code: &str| {
        let property = format!("aws/geolocation-{kind}-code");
        (
            format!("web-{name}"),
            json!([{"name": property, "value": code}]),
        )
    };
    assert_eq!(
        records(EU),
        [
            place("eu-west-1-a-eu", "continent", "EU"),
            place("eu-west-1-a-ma", "country", "MA"),
            place("eu-west-1-a-default", "country", "*"),
        ]
    );
    assert_eq!(records(US), [place("us-east-1-a-na", "continent", "NA")]);
}
