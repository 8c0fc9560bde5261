//! What each engine makes of a store: who leads, who votes, what a write and a read cost. The
//! values follow from the formulas by hand: EU-US 70, EU-AP 160, US-AP 220 ms, nothing inside.

use regen::engine::ENGINES;
use regen::model::name::RegionName;
use regen::model::plan::{Plan, StorePlan};

use crate::fleet::Fleet;

const RTT: &str = "from,to,p50_ms\neu,us,70\nus,eu,70\neu,ap,160\nap,eu,160\nus,ap,220\nap,us,220\neu,eu,0\nus,us,0\nap,ap,0\n";

/// Places of the fleet's own, so that no measurement of a cloud comes in.
fn fleet(places: &[&str], zones: &str, service: &str) -> Fleet {
    let engines: Vec<&str> = ENGINES.iter().map(|row| row.capability).collect();
    let settings = format!(
        "platform: {{capabilities: [{}, multicluster-services]}}\n",
        engines.join(", ")
    );
    let mut rtt = String::new();
    for line in RTT.lines() {
        let known = |cell: &str| places.contains(&cell) || ["from", "to"].contains(&cell);
        if line.split(',').take(2).all(known) {
            rtt.push_str(line);
            rtt.push('\n');
        }
    }
    let countries = [("eu", "DE"), ("us", "US"), ("ap", "SG")];
    countries
        .iter()
        .filter(|(name, _)| places.contains(name))
        .fold(Fleet::new(&settings), |fleet, (name, country)| {
            let text = format!(
                "region: {name}\ncountry: {country}\n{zones}clusters: [{{name: {name}-a}}]\n"
            );
            fleet.file(&format!("regions/{name}.yaml"), text)
        })
        .file("network/rtt.csv", rtt)
        .service("web", service)
}

fn store(plan: &Plan) -> &StorePlan {
    plan.stores.values().next().expect("one store")
}

fn names(regions: &[RegionName]) -> Vec<&str> {
    regions.iter().map(RegionName::as_str).collect()
}

#[test]
fn each_engine_takes_the_formula_of_its_class() {
    const ALL: [&str; 3] = ["eu", "us", "ap"];
    for (case, audience, asked, leader, ms) in [
        (
            "F1 from AP",
            "ap",
            "cloudnative-pg, leader: eu",
            Some("eu"),
            160,
        ),
        (
            "F2 ANY 1 from EU",
            "eu",
            "cloudnative-pg, leader: eu, synchronous: 1",
            Some("eu"),
            70,
        ),
        (
            "F2 ANY 2 from EU",
            "eu",
            "cloudnative-pg, leader: eu, synchronous: {any: 2}",
            Some("eu"),
            160,
        ),
        (
            "F3 FIRST 1, AP first",
            "eu",
            "cloudnative-pg, leader: eu, synchronous: {first: 1, of: [ap, us]}",
            Some("eu"),
            160,
        ),
        ("F4 from EU", "eu", "yugabytedb, leader: eu", Some("eu"), 70),
        (
            "F4 from AP",
            "ap",
            "yugabytedb, leader: eu",
            Some("eu"),
            230,
        ),
        (
            "F4 of MongoDB",
            "ap",
            "mongodb, leader: eu",
            Some("eu"),
            230,
        ),
        (
            "F4 of a stretched stream",
            "ap",
            "nats-jetstream, leader: eu",
            Some("eu"),
            230,
        ),
        (
            "F5 from EU",
            "eu",
            "cockroachdb, setting: global, leader: eu",
            Some("eu"),
            870,
        ),
        (
            "F6 of Cassandra",
            "ap",
            "k8ssandra, consistency: eventual",
            None,
            0,
        ),
        (
            "F7 from EU",
            "eu",
            "k8ssandra, setting: each-quorum",
            None,
            160,
        ),
        ("F8 from EU", "eu", "k8ssandra, setting: quorum", None, 70),
        ("F9 of Kafka", "ap", "strimzi-kafka", None, 0),
        ("F10 of Redis", "ap", "redis-enterprise", None, 0),
        ("a cache", "ap", "valkey", None, 0),
    ] {
        let service = format!(
            "audience: {{{audience}: 1}}\nplacement: {{regions: all}}\nstores: [{{name: db, engine: {asked}}}]\n"
        );
        let plan = fleet(&ALL, "", &service).plan(None, false).plan();
        let store = store(&plan);
        let leads = store.leader.as_ref().map(RegionName::as_str);
        assert_eq!(leads, leader, "{case}");
        assert_eq!(store.objective_ns, Some(ms * 1_000_000), "{case}");
    }
}

#[test]
fn a_quorum_in_few_regions_is_told_apart_by_zones() {
    for (places, zones, asked, expected) in [
        (
            &["eu"][..],
            "zones: [a, b, c]\n",
            "cockroachdb",
            Ok(vec!["eu", "eu", "eu"]),
        ),
        (
            &["eu", "us"],
            "zones: [a, b, c]\n",
            "mongodb",
            Ok(vec!["eu", "eu", "eu"]),
        ),
        (
            &["eu", "us", "ap"],
            "zones: [a, b, c]\n",
            "mongodb",
            Ok(vec!["eu", "us", "ap"]),
        ),
        (&["eu"], "", "mongodb", Err("write the `zones` of eu")),
        (
            &["eu"],
            "zones: [a, b, c]\n",
            "mongodb, voters: {count: 3}",
            Err("store `db` cannot be decided"),
        ),
        (
            &["eu", "us"],
            "zones: [a, b, c]\n",
            "mongodb, survive: region",
            Err("survives a region in 3 regions"),
        ),
    ] {
        let service = format!(
            "audience: {{eu: 1}}\nplacement: {{regions: all}}\nstores: [{{name: db, engine: {asked}, leader: eu}}]\n"
        );
        let outcome = fleet(places, zones, &service).plan(None, false);
        let case = format!("{asked} in {places:?}");
        match (&outcome.plan, expected) {
            (Some(plan), Ok(voters)) => {
                assert_eq!(names(&store(plan).voters), voters, "{case}");
            }
            (None, Err(said)) => {
                assert!(outcome.said().contains(said), "{case}: {}", outcome.said())
            }
            (found, _) => panic!("{case}: {}: {}", found.is_some(), outcome.said()),
        }
    }
}

#[test]
fn what_a_store_survives_takes_as_many_voters_as_the_engine_says() {
    let survives = |voters: &str| {
        let service = format!(
            "audience: {{eu: 1}}\nplacement: {{regions: all}}\nstores: [{{name: db, engine: cockroachdb{voters}}}]\n"
        );
        let zones = "zones: [a, b, c]\n";
        let plan = fleet(&["eu", "us", "ap"], zones, &service)
            .plan(None, false)
            .plan();
        store(&plan).survives.clone()
    };
    assert!(survives("").starts_with("a zone; "), "{}", survives(""));
    let five = ", voters: {count: 5, distinct: zone}, survive: region";
    assert!(survives(five).starts_with("any one region: no acknowledged write is lost"));
}

#[test]
fn an_enforced_limit_on_writes_counts_what_was_measured_alone() {
    // a reaches b in 40, c in 30 and d in 49 ms, b and c each other in 30; nobody measured d's others.
    let rtt =
        "from,to,p50_ms\na,b,40\na,c,30\na,d,49\nb,c,30\nc,b,30\na,a,0\nb,b,0\nc,c,0\nd,d,0\n";
    let places = [
        ("a", "IE", "53, -6"),
        ("b", "DE", "50, 8"),
        ("c", "FR", "48, 2"),
        ("d", "US", "39, -77"),
    ];
    for store in [
        "yugabytedb",
        "cloudnative-pg, synchronous: 1",
        // Reads go to the nearest voter, so that sets of voters are compared.
        "mongodb, consistency: eventual, access: {reads: 10%, writes: 90%}",
        // What a global table waits for is an estimate too.
        "cockroachdb, setting: global",
    ] {
        let settings = "platform: {capabilities: [yugabytedb, mongodb, cockroachdb, cloudnative-pg, multicluster-services]}\n";
        let fleet = places.iter().fold(Fleet::new(settings).file("network/rtt.csv", rtt), |fleet, (name, country, at)| {
            fleet.file(
                &format!("regions/{name}.yaml"),
                format!("region: {name}\ncountry: {country}\ncoordinates: [{at}]\nclusters: [{{name: {name}-k}}]\n"),
            )
        });
        let service = format!(
            "audience: {{a: 1}}\nplacement: {{regions: [b, c, d]}}\nfailover: none\nstores: [{{name: db, engine: {store}}}]\nbudget: {{write: {{p50: 50ms}}, enforce: true}}\n"
        );
        let outcome = fleet.service("web", &service).plan(None, false);
        let said = outcome.said();
        // c and b take 60 and 70 ms, measured; what d takes was not, and so breaks nothing.
        assert!(outcome.plan.is_some(), "{store}: {said}");
        let leader = &outcome
            .plan
            .expect("checked")
            .stores
            .values()
            .next()
            .expect("one")
            .leader
            .clone();
        assert_eq!(
            leader.as_ref().map(RegionName::as_str),
            Some("d"),
            "{store}"
        );
    }
}
