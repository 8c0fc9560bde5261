//! Scenarios on the AWS matrix with answers found by trying everything, independently.

use regen::model::name::{RegionName, ServiceKey, StoreKey, StoreName};
use regen::model::plan::Plan;

use crate::fleet::Fleet;

const USERS: &str = include_str!("data/users.csv");
const FAILOVER: &str = include_str!("data/failover_rules.csv");

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split(',').collect())
}

fn world(settings: &str, service: &str) -> Plan {
    let audience: Vec<_> = rows(USERS).map(|r| format!("{}: {}", r[0], r[1])).collect();
    let service = format!("audience: {{{}}}\n{service}", audience.join(", "));
    let regions: Vec<_> = rows(USERS).map(|r| r[0]).collect();
    assert_eq!(regions.len(), 32);
    let fleet = Fleet::new(settings).aws(regions).service("web", &service);
    fleet.plan(None, false).plan()
}

fn regions(plan: &Plan) -> Vec<&str> {
    let web = &plan.services[&ServiceKey::prod("web")];
    web.regions.iter().map(|p| p.region.as_str()).collect()
}

fn objective_ms(ns: Option<u64>) -> f64 {
    ns.expect("there is an audience") as f64 / 1e6
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-4,
        "{found} is not {expected}"
    );
}

#[test]
fn a_the_leader_of_a_store_everywhere() {
    let plan = world(
        "",
        "placement: {regions: all}\nfailover: none\nstores: [{name: db, engine: cloudnative-pg, consistency: eventual}]",
    );
    let key = StoreKey {
        service: ServiceKey::prod("web"),
        store: StoreName::from("db"),
    };
    let store = &plan.stores[&key];
    assert_eq!(
        store.leader.as_ref().map(RegionName::as_str),
        Some("ap-south-1")
    );
    near(objective_ms(store.objective_ns), 124.968_982);
    assert_eq!(store.replicas.len(), 31);
}

#[test]
fn the_report_gives_the_objectives_of_services_and_stores_with_six_decimals() {
    let plan = world(
        "",
        "placement: {regions: {exactly: 3}}\nfailover: none\nstores: [{name: db, engine: cloudnative-pg, consistency: eventual, leader: eu-west-3}]",
    );
    let text = regen::report::json::plan(&plan);
    let report: serde_json::Value = serde_json::from_str(&text).expect("a report is JSON");
    let store = plan.stores.values().next().unwrap().objective_ns;
    for (told, expected) in [
        (&report["services"]["web"]["objectiveMs"], 51.509_833),
        (
            &report["stores"]["web/db"]["objectiveMs"],
            objective_ms(store),
        ),
    ] {
        near(told.as_f64().expect("a number"), expected);
    }
    let digits = objective_ms(
        plan.services[&ServiceKey::prod("web")]
            .predicted
            .weighted_read_ns,
    );
    assert!(
        text.contains(&format!("\"objectiveMs\": {digits:.6},")),
        "six decimals: {text}"
    );
}

#[test]
fn b_the_three_regions_nearest_to_everyone() {
    let plan = world("", "placement: {regions: {exactly: 3}}");
    assert_eq!(regions(&plan), ["ap-east-1", "ap-south-1", "eu-west-3"]);
    let web = &plan.services[&ServiceKey::prod("web")];
    near(objective_ms(web.predicted.weighted_read_ns), 51.509_833);
    let worst = &web.predicted.read.as_ref().unwrap().p50.worst;
    assert_eq!(
        (worst.place.as_str(), worst.ns),
        ("sa-east-1", Some(195_910_000))
    );
    assert_eq!(worst.region.as_str(), "eu-west-3");
    assert_eq!(
        web.because.to_string(),
        "of 32 legal regions, ap-east-1, ap-south-1 and eu-west-3 give the smallest weighted round trip, 51.5 ms"
    );
}

#[test]
fn d_data_that_must_stay_inside_a_jurisdiction() {
    for (bloc, candidates, leader, alone, three, value) in RESIDENCY {
        let classes = format!("dataClasses: {{personal: {{residency: {bloc}}}}}");
        let store =
            "stores: [{name: db, engine: cloudnative-pg, consistency: eventual, data: personal}]";
        let plan = world(&classes, &format!("placement: {{regions: all}}\n{store}"));
        assert_eq!(regions(&plan), *candidates, "{bloc}");
        let store_plan = plan.stores.values().next().unwrap();
        assert_eq!(
            store_plan.leader.as_ref().map(RegionName::as_str),
            Some(*leader),
            "{bloc}"
        );
        near(objective_ms(store_plan.objective_ns), *alone);
        let plan = world(
            &classes,
            &format!("placement: {{regions: {{exactly: 3}}}}\n{store}"),
        );
        assert_eq!(regions(&plan), *three, "{bloc}");
        let web = &plan.services[&ServiceKey::prod("web")];
        near(objective_ms(web.predicted.weighted_read_ns), *value);
    }
}

#[test]
fn e_the_nearest_legal_failover_target_of_every_region() {
    for (column, settings) in [
        (1, ""),
        (5, "failover: {residency: EEA}"),
        (7, "failover: {residency: EU}"),
    ] {
        let plan = world(settings, "placement: {regions: all}");
        let web = &plan.services[&ServiceKey::prod("web")];
        for row in rows(FAILOVER).skip(1) {
            let chain = &web.failover[&RegionName::from(row[0])];
            let first = chain.targets.first().map_or("", RegionName::as_str);
            assert_eq!(first, row[column], "{} with `{settings}`", row[0]);
        }
    }
}

type Residency = (
    &'static str,
    &'static [&'static str],
    &'static str,
    f64,
    [&'static str; 3],
    f64,
);

/// Jurisdiction, legal regions, best leader and its value, best three and theirs; users of the
/// whole world.
const RESIDENCY: &[Residency] = &[
    (
        "EU",
        &[
            "eu-central-1",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-3",
        ],
        "eu-south-1",
        134.60698,
        ["eu-south-1", "eu-south-2", "eu-west-1"],
        124.392409,
    ),
    (
        "EEA",
        &[
            "eu-central-1",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-3",
        ],
        "eu-south-1",
        134.60698,
        ["eu-south-1", "eu-south-2", "eu-west-1"],
        124.392409,
    ),
    (
        "EU-adequacy-unconditional",
        &[
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "sa-east-1",
        ],
        "eu-central-2",
        132.873569,
        ["ap-northeast-2", "eu-west-3", "sa-east-1"],
        61.075649,
    ),
];
