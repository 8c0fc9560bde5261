//! Data that is homed with its users: a leader and voters per jurisdiction.

use regen::model::lock::Lock;
use regen::model::name::RegionName;
use regen::model::plan::{Plan, StorePlan};
use regen::plan::lock;

use crate::fleet::Fleet;

/// Three regions in the EU, three in India, three in the US; every pair inside an area takes the
/// difference of their numbers in 10 ms, others 200 ms.
fn fleet(service: &str) -> Fleet {
    let areas = [("eu", "DE"), ("in", "IN"), ("us", "US")];
    let names: Vec<String> = areas
        .iter()
        .flat_map(|(area, _)| (1..4).map(move |i| format!("{area}-{i}")))
        .collect();
    let mut rtt = String::from("from,to,p50_ms\n");
    for from in &names {
        for to in &names {
            let number = |name: &str| i64::from(name.as_bytes()[3]);
            let ms = match from[..2] == to[..2] {
                true => 10 * (number(from) - number(to)).abs(),
                false => 200,
            };
            rtt.push_str(&format!("{from},{to},{ms}\n"));
        }
    }
    let settings = "platform: {capabilities: [yugabytedb, cockroachdb, cloudnative-pg]}\njurisdictions: {half: {countries: [DE, IN, FR]}}\n";
    let fleet = Fleet::new(settings).file("network/rtt.csv", rtt);
    areas
        .iter()
        .flat_map(|(area, country)| (1..4).map(move |i| (format!("{area}-{i}"), country)))
        .fold(fleet, |fleet, (name, country)| {
            let text =
                format!("region: {name}\ncountry: {country}\nclusters: [{{name: {name}-a}}]\n");
            fleet.file(&format!("regions/{name}.yaml"), text)
        })
        .service("web", service)
}

fn sharded(of: &str, more: &str) -> String {
    format!(
        "audience: {{eu-2: 3, in-1: 1, us-3: 2}}\nplacement: {{regions: all}}\nfailover: none\n\
         stores: [{{name: ledger, engine: yugabytedb, consistency: strong, shards: {{by: jurisdiction, of: [{of}]}}{more}}}]"
    )
}

fn store(plan: &Plan) -> &StorePlan {
    plan.stores.values().next().expect("one store")
}

fn names(regions: &[RegionName]) -> Vec<&str> {
    regions.iter().map(RegionName::as_str).collect()
}

/// Name, leader, voters, mean of its users' writes in nanoseconds.
type Part<'p> = (&'p str, Option<&'p str>, Vec<&'p str>, Option<u64>);

fn shards(plan: &Plan) -> Vec<Part<'_>> {
    store(plan)
        .shards
        .iter()
        .map(|(name, shard)| {
            let leader = shard.leader.as_ref().map(RegionName::as_str);
            let voters = names(&shard.voters);
            (name.as_str(), leader, voters, shard.objective_ns)
        })
        .collect()
}

#[test]
fn each_part_is_led_and_voted_for_where_its_users_are() {
    let plan = fleet(&sharded("EU, IN", "")).plan(None, false).plan();
    assert_eq!(
        shards(&plan),
        [
            (
                "EU",
                Some("eu-2"),
                vec!["eu-2", "eu-1", "eu-3"],
                Some(10_000_000)
            ),
            (
                "IN",
                Some("in-1"),
                vec!["in-1", "in-2", "in-3"],
                Some(10_000_000)
            ),
            // Users of no part, whose data may be anywhere.
            (
                "default",
                Some("us-3"),
                vec!["us-3", "us-2", "us-1"],
                Some(10_000_000)
            ),
        ]
    );
    let whole = store(&plan);
    assert_eq!((whole.leader.as_ref(), whole.voters.len()), (None, 0));
    assert_eq!(whole.objective_ns, Some(10_000_000));
    assert_eq!(whole.clusters.len(), 9);
    let report: serde_json::Value =
        serde_json::from_str(&regen::report::json::plan(&plan)).expect("JSON");
    let part = &report["stores"]["web/ledger"]["shards"]["IN"];
    assert_eq!(part["leader"], "in-1");
    assert_eq!(part["objectiveMs"], 10.0);
}

#[test]
fn a_country_of_two_areas_belongs_to_the_smaller_one() {
    // `half` has three countries, the EU 27, IN one.
    let plan = fleet(&sharded("EU, half, IN", "")).plan(None, false).plan();
    let found = shards(&plan);
    let of = |name: &str| {
        let part = found.iter().find(|s| s.0 == name).expect("there");
        (part.1, part.3)
    };
    assert_eq!(of("half"), (Some("eu-2"), Some(10_000_000)), "users of DE");
    assert_eq!(of("IN"), (Some("in-1"), Some(10_000_000)));
    assert_eq!(of("EU").1, None, "nobody is left in it");
}

#[test]
fn parts_stay_as_in_the_lock_and_a_part_that_cannot_be_is_told() {
    let mut held: Lock = lock::of(&fleet(&sharded("EU, IN", "")).plan(None, false).plan());
    let fleet = fleet(&sharded("EU, IN", ""));
    let again = fleet.plan(Some(&held), false).plan();
    assert_eq!(lock::of(&again), held);
    assert!(again.moves.is_empty());
    assert!(store(&again).shards.values().all(|s| s.sticky));

    let shard = held.stores.get_mut("web/ledger").expect("there");
    let eu = shard.shards.get_mut("EU").expect("there");
    eu.leader = Some("eu-3".to_owned());
    let kept = fleet.plan(Some(&held), false).plan();
    assert_eq!(shards(&kept)[0].1, Some("eu-3"));
    assert!(kept.moves.is_empty());
    let moved = fleet.plan(Some(&held), true).plan();
    assert_eq!(shards(&moved)[0].1, Some("eu-2"));
    let told: Vec<&str> = moved.moves.iter().map(|m| m.what.as_str()).collect();
    assert_eq!(told, ["leader of web/ledger, part EU"]);

    let text = lock::to_text(&moved);
    assert!(
        text.contains("      \"EU\": {leader: \"eu-2\", voters: [\"eu-2\", \"eu-1\", \"eu-3\"]}\n"),
        "{text}"
    );
}

#[test]
fn what_parts_cannot_be_is_refused() {
    for (of, more, told) in [
        ("BR", "", "the part `BR` of store `ledger` has no region"),
        (
            "EU",
            ", voters: {count: 5}",
            "store `ledger` cannot be decided inside 3 regions",
        ),
        (
            "EU",
            ", leader: eu-1",
            "every shard of `ledger` has a leader of its own",
        ),
        ("Atlantis", "", "Atlantis"),
        ("EU, EU", "", "shard `EU` stands twice"),
    ] {
        let outcome = fleet(&sharded(of, more)).plan(None, false);
        assert!(outcome.plan.is_none(), "{of}{more}");
        assert!(outcome.said().contains(told), "{told}: {}", outcome.said());
    }
    let other = sharded("EU", "").replace("yugabytedb", "cloudnative-pg");
    let outcome = fleet(&other).plan(None, false);
    assert!(
        outcome
            .said()
            .contains("`cloudnative-pg` cannot home parts of its data"),
        "{}",
        outcome.said()
    );
}

#[test]
fn each_user_reads_and_writes_the_part_that_holds_its_data() {
    let service = sharded("EU, IN, US", "").replace("eu-2: 3", "eu-1: 1, eu-2: 3");
    let plan = fleet(&service).plan(None, false).plan();
    let web = plan.services.values().next().expect("one service");
    let of_store = web.predicted.stores.values().next().expect("one store");
    let (read, write) = (of_store.read.as_ref(), of_store.write.as_ref());
    let (read, write) = (read.expect("read"), write.expect("written"));
    // A strong read goes to the leader of the part: from eu-1 to eu-2 takes 10 ms, and its write as
    // long again until a voter answers.
    assert_eq!(read.p50.worst.ns, Some(10_000_000));
    assert_eq!(write.p50.worst.ns, Some(20_000_000));
    assert_eq!(write.p50.worst.place, "eu-1");
    assert_eq!(write.p50.worst.region.as_str(), "eu-2");
}

#[test]
fn the_budget_for_writes_holds_for_the_users_of_each_part() {
    for (enforce, severity) in [(true, "error"), (false, "warning")] {
        let budget = format!("\nbudget: {{write: {{p50: 5ms}}, enforce: {enforce}}}");
        let outcome = fleet(&format!("{}{budget}", sharded("EU, IN, US", ""))).plan(None, false);
        let said = outcome.said();
        assert_eq!(outcome.plan.is_some(), !enforce, "{said}");
        let told = "a write of `web` takes 10.0 ms at p50, over its budget of 5ms";
        assert!(
            said.contains(&format!("{severity}[budget]")) && said.contains(told),
            "{said}"
        );
    }
}
