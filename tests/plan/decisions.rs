//! Small fleets, one decision each.

use regen::model::name::{RegionName, ServiceKey};
use regen::model::plan::{Plan, ServicePlan};
use regen::model::world::Routing;

use crate::fleet::Fleet;

fn web(plan: &Plan) -> &ServicePlan {
    &plan.services[&ServiceKey::prod("web")]
}

fn regions(service: &ServicePlan) -> Vec<&str> {
    service.regions.iter().map(|p| p.region.as_str()).collect()
}

fn targets<'p>(service: &'p ServicePlan, lost: &str) -> Vec<&'p str> {
    let chain = &service.failover[&RegionName::from(lost)];
    chain.targets.iter().map(RegionName::as_str).collect()
}

#[test]
fn another_region_must_lower_the_round_trip_else_there_are_fewer() {
    let fleet = Fleet::new("").aws(["eu-west-1", "us-east-1"]);
    for (at_least, audience, expected) in [
        (1, "eu-west-1: 1", vec!["eu-west-1"]),
        (
            1,
            "eu-west-1: 1, us-east-1: 1",
            vec!["eu-west-1", "us-east-1"],
        ),
        (2, "eu-west-1: 1", vec!["eu-west-1", "us-east-1"]),
    ] {
        let text = format!(
            "audience: {{{audience}}}\nplacement: {{regions: {{atLeast: {at_least}, atMost: 2}}}}"
        );
        let plan = fleet.clone().service("web", &text).plan(None, false).plan();
        assert_eq!(regions(web(&plan)), expected, "{text}");
    }
}

#[test]
fn pods_are_split_over_the_clusters_of_a_region_and_the_remainder_goes_by_name() {
    let region = "region: eu-west-1\nprovider: aws\nclusters: [{name: b}, {name: a}, {name: c}, {name: dev, environment: dev}]\n";
    let service = "workload: {image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, scale: {min: 2, max: 7}}";
    let plan = Fleet::new("")
        .file("regions/eu-west-1.yaml", region)
        .service("web", service)
        .plan(None, false)
        .plan();
    let pods: Vec<_> = web(&plan).regions[0]
        .clusters
        .iter()
        .map(|(name, r)| (name.as_str(), r.min, r.max))
        .collect();
    assert_eq!(
        pods,
        [("a", 1, 3), ("b", 1, 2), ("c", 1, 2)],
        "no cluster is left with no pod"
    );
}

#[test]
fn room_goes_to_the_tier_that_matters_and_the_reason_is_told() {
    let plan = Fleet::new("failover: {headroom: 0%}")
        .region("eu-west-1", "capacity: {cpu: 300m, memory: 1Gi}")
        .region("us-east-1", "")
        .service("aaa", "audience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}}")
        .service("web", "tier: critical\naudience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}}")
        .plan(None, false)
        .plan();
    assert_eq!(regions(web(&plan)), ["eu-west-1"]);
    let second = &plan.services[&ServiceKey::prod("aaa")];
    assert_eq!(regions(second), ["us-east-1"]);
    let told = second.because.to_string();
    assert!(
        told.ends_with("eu-west-1 is left out: eu-west-1-a has no room left for 2 pods"),
        "{told}"
    );
}

#[test]
fn a_failover_target_without_room_is_left_out_and_named() {
    let plan = Fleet::new("failover: {headroom: 20%}")
        .region("eu-west-1", "")
        .region("eu-west-2", "capacity: {cpu: 450m}")
        .region("us-east-1", "")
        .service(
            "web",
            "audience: {eu-west-1: 1, eu-west-2: 1, us-east-1: 1}\nplacement: {regions: all}",
        )
        .plan(None, false)
        .plan();
    assert_eq!(targets(web(&plan), "eu-west-1"), ["us-east-1"]);
    let chain = &web(&plan).failover[&RegionName::from("eu-west-1")];
    assert_eq!(
        chain.because.0,
        [
            "us-east-1 is the nearest legal target with room, at 69.6 ms",
            "eu-west-2 at 13.9 ms is left out: no room for 2 more pods",
        ]
    );
    assert_eq!(targets(web(&plan), "us-east-1"), ["eu-west-1"]);
}

#[test]
fn active_passive_serves_from_one_region_and_dns_fails_over_to_the_nearest() {
    let exposed = |region: &str| {
        format!(
            "ingress: {{hostname: in.{region}.example}}, healthChecks: {{web.shop.example: 11111111-2222-3333-4444-555555555555}}"
        )
    };
    let plan = Fleet::new("domain: shop.example\nplatform: {dns: external-dns, capabilities: [external-dns]}")
        .region("eu-west-1", &exposed("a"))
        .region("eu-west-2", &exposed("b"))
        .region("us-east-1", &exposed("c"))
        .service(
            "web",
            "audience: {us-east-1: 3, eu-west-1: 1}\nexposure: {host: web.shop.example, routing: latency, health: /healthz}\nplacement: {mode: active-passive, regions: {exactly: 2}}",
        )
        .plan(None, false)
        .plan();
    assert_eq!(regions(web(&plan)), ["us-east-1", "eu-west-1"]);
    assert_eq!(
        web(&plan)
            .regions
            .iter()
            .map(|p| p.serves)
            .collect::<Vec<_>>(),
        [true, false]
    );
    let dns = web(&plan).dns.clone().unwrap();
    assert_eq!(dns.policy, Routing::Failover);
    let pair = dns.failover.unwrap();
    assert_eq!(
        (pair.0.as_str(), pair.1.as_str()),
        ("us-east-1", "eu-west-1")
    );
}

#[test]
fn a_bloc_is_an_audience_with_a_leg_of_its_own_that_is_shown_apart() {
    let plan = Fleet::new("").aws(["eu-west-1", "us-east-1"]).service(
        "web",
        "audience: {EU: 3, US: 1}\nplacement: {regions: {exactly: 1}}",
    );
    let plan = plan.plan(None, false).plan();
    assert_eq!(regions(web(&plan)), ["eu-west-1"]);
    let predicted = &web(&plan).predicted;
    let worst = &predicted.read.as_ref().unwrap().p50.worst;
    assert_eq!(
        (worst.place.as_str(), worst.region.as_str()),
        ("US", "eu-west-1")
    );
    assert!(predicted.user_leg.as_ref().unwrap().weighted_ns > 11_000_000);
    assert!(
        !worst.source().estimated(),
        "the round trips between regions are measured"
    );
}

#[test]
fn a_synchronous_standby_makes_the_write_wait_and_moves_the_leader() {
    let audience =
        "audience: {us-east-1: 10, eu-west-1: 4, eu-west-2: 4}\nplacement: {regions: all}\n";
    let fleet = Fleet::new("").aws(["eu-west-1", "eu-west-2", "us-east-1"]);
    for (synchronous, leader, standbys) in [
        (0, "us-east-1", vec![]),
        (1, "eu-west-1", vec!["eu-west-2", "us-east-1"]),
    ] {
        let store =
            format!("stores: [{{name: db, engine: cloudnative-pg, synchronous: {synchronous}}}]");
        let plan = fleet
            .clone()
            .service("web", &format!("{audience}{store}"))
            .plan(None, false)
            .plan();
        let store = plan.stores.values().next().unwrap();
        assert_eq!(store.leader.as_ref().map(RegionName::as_str), Some(leader));
        let found: Vec<_> = store.sync_standbys.iter().map(RegionName::as_str).collect();
        assert_eq!(found, standbys);
        assert_eq!(store.synchronous, synchronous);
    }
}

#[test]
fn a_budget_counts_the_tail_and_is_enforced_only_on_what_is_measured() {
    let service = |enforce: bool| {
        format!(
            "audience: {{us-east-1: 1}}\nplacement: {{regions: [eu-west-1]}}\nbudget: {{read: {{p99: 80ms}}, enforce: {enforce}}}"
        )
    };
    let measured = "from,to,p50_ms,p99_ms\nus-east-1,eu-west-1,70,90\n";
    let fleet = |enforce, csv: &str, settings: &str| {
        let fleet = Fleet::new(settings)
            .aws(["eu-west-1", "us-east-1"])
            .service("web", &service(enforce));
        if csv.is_empty() {
            fleet
        } else {
            fleet.file("network/rtt.csv", csv)
        }
    };
    for (name, fleet, start) in [
        (
            "measured, not enforced",
            fleet(false, measured, ""),
            "warning[budget] services/web.yaml:5:16: a read of `web` takes 90.0 ms at p99, over its budget of 80ms",
        ),
        (
            "measured and enforced",
            fleet(true, measured, ""),
            "error[budget]",
        ),
        (
            "estimated",
            fleet(true, "", ""),
            "warning[budget] services/web.yaml:5:16: a read of `web` takes 104.3 ms at p99, estimated, over",
        ),
        (
            "estimates enforced",
            fleet(true, "", "network: {estimate: enforce}"),
            "error[budget]",
        ),
    ] {
        let said = fleet.plan(None, false).said();
        assert!(said.starts_with(start), "{name}: {said}");
    }
}

#[test]
fn a_place_is_written_by_name_or_as_latitude_and_longitude() {
    let far = "region: desk\ncountry: NO\nclusters: [{name: desk-a}]\n";
    let estimated = |coordinates: &str| {
        let fleet = Fleet::new("")
            .aws(["eu-west-1"])
            .file(
                "regions/desk.yaml",
                format!("{far}coordinates: {coordinates}\n"),
            )
            .service(
                "web",
                "audience: {desk: 1}\nplacement: {regions: [eu-west-1]}",
            );
        let plan = fleet.plan(None, false).plan();
        plan.services[&ServiceKey::prod("web")].predicted.clone()
    };
    let named = estimated("{lat: 59.91, lon: 10.75}");
    assert!(named.weighted_read_ns > Some(1_000_000));
    let read = named.read.as_ref().unwrap();
    assert!(read.p50.worst.source().estimated());
    assert_eq!(estimated("[59.91, 10.75]"), named);
    assert_ne!(estimated("[10.75, 59.91]"), named);
}

#[test]
fn what_ends_runs_in_one_cluster_of_a_region_and_what_serves_in_all() {
    let region = "region: north\ncountry: NO\nclusters: [{name: b}, {name: a}]\n";
    let clusters = |kind: &str, more: &str| -> Vec<String> {
        let text = format!(
            "service: night\nworkload: {{kind: {kind}, image: \"registry.example/night:1.0\"{more}}}\n"
        );
        let fleet = Fleet::new("").file("regions/north.yaml", region);
        let plan = fleet
            .file("services/night.yaml", text)
            .plan(None, false)
            .plan();
        let night = &plan.services[&ServiceKey::prod("night")];
        let placed = night.regions.iter().flat_map(|p| p.clusters.keys());
        placed.map(ToString::to_string).collect()
    };
    assert_eq!(clusters("CronJob", ", schedule: \"0 3 * * *\""), ["a"]);
    assert_eq!(clusters("Job", ""), ["a"]);
    assert_eq!(clusters("Deployment", ""), ["a", "b"]);
}
