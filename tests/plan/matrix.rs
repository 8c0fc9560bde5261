//! Round trips that the fleet brings: the laws of the matrix, islands, and refusing to guess.

use proptest::prelude::*;

use regen::atlas;
use regen::model::name::ServiceKey;
use regen::model::place::Provider;
use regen::model::plan::{Plan, RestsOn};
use regen::plan::lock;
use regen::report::json;

use crate::fleet::Fleet;

const REGIONS: [&str; 6] = [
    "ap-south-1",
    "eu-central-1",
    "eu-west-1",
    "sa-east-1",
    "us-east-1",
    "us-west-2",
];
const STORES: &str = "stores: [{name: db, engine: cloudnative-pg, consistency: eventual}]";
/// As many shapes of decisions as there are: a choice, a leader, a standby, named regions.
const SERVICES: [&str; 4] = [
    "placement: {regions: {atLeast: 1, atMost: 3}}",
    "placement: {regions: all}\nstores: [{name: db, engine: cloudnative-pg, consistency: eventual}]",
    "placement: {mode: active-passive, regions: {exactly: 2}}",
    "placement: {regions: [us-east-1, eu-west-1, sa-east-1]}",
];

/// Directed pairs in milliseconds, by number of the region.
type Pairs = Vec<(usize, usize, u32)>;

fn file(pairs: &Pairs, times: u32) -> String {
    let rows: Vec<String> = pairs
        .iter()
        .map(|(a, b, ms)| format!("{},{},{}\n", REGIONS[*a], REGIONS[*b], ms * times))
        .collect();
    format!("from,to,p50_ms\n{}", rows.concat())
}

fn world(csv: Option<String>, weights: &[u32]) -> Fleet {
    let audience: Vec<String> = REGIONS
        .iter()
        .zip(weights)
        .map(|(r, w)| format!("{r}: {}", w + 1))
        .collect();
    let audience = format!("audience: {{{}}}\n", audience.join(", "));
    let mut fleet = Fleet::new("").aws(REGIONS);
    for (i, service) in SERVICES.iter().enumerate() {
        fleet = fleet.service(&format!("s{i}"), &format!("{audience}{service}"));
    }
    match csv {
        Some(csv) => fleet.file("network/rtt.csv", csv),
        None => fleet,
    }
}

fn full() -> impl Strategy<Value = Pairs> {
    proptest::collection::vec(1..40_u32, REGIONS.len() * REGIONS.len()).prop_map(|ms| {
        let n = REGIONS.len();
        ms.into_iter()
            .enumerate()
            .map(|(i, ms)| (i / n, i % n, ms))
            .collect()
    })
}

fn failover(plan: &Plan) -> Vec<(String, String, Vec<String>)> {
    let services = plan.services.iter();
    let chains = services.flat_map(|(key, s)| {
        s.failover.iter().map(move |(lost, chain)| {
            let targets = chain.targets.iter().map(ToString::to_string).collect();
            (key.to_string(), lost.to_string(), targets)
        })
    });
    chains.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn twice_as_far_everywhere_is_the_same_decision_everywhere(
        pairs in full(), weights in proptest::collection::vec(0..9_u32, 6),
    ) {
        let once = world(Some(file(&pairs, 1)), &weights).plan(None, false).plan();
        let twice = world(Some(file(&pairs, 2)), &weights).plan(None, false).plan();
        prop_assert_eq!(lock::of(&once), lock::of(&twice));
        prop_assert_eq!(failover(&once), failover(&twice));
        for (key, service) in &once.services {
            let mean = |p: &Plan| p.services[key].predicted.weighted_read_ns.unwrap();
            // Each mean is rounded to the nanosecond.
            prop_assert!(mean(&twice).abs_diff(2 * service.predicted.weighted_read_ns.unwrap()) <= 1);
        }
    }

    #[test]
    fn the_order_of_rows_and_columns_changes_no_byte(
        pairs in full().prop_shuffle(), weights in proptest::collection::vec(0..9_u32, 6), holes in 0..8_usize,
    ) {
        let kept: Pairs = pairs.iter().copied().skip(holes).collect();
        let rows: Vec<String> = kept
            .iter()
            .rev()
            .map(|(a, b, ms)| format!("{ms}.0, \"{}\" ,,{}\r\n", REGIONS[*b], REGIONS[*a]))
            .collect();
        let backwards = format!("\u{feff}# backwards\r\np50_ms,to,p99_ms,from\r\n{}", rows.concat());
        let there = world(Some(file(&kept, 1)), &weights).plan(None, false);
        let back = world(Some(backwards), &weights).plan(None, false);
        prop_assert_eq!(there.said(), back.said());
        prop_assert_eq!(json::plan(&there.plan()), json::plan(&back.plan()));
    }
}

#[test]
fn a_file_that_says_what_the_atlas_says_decides_the_same() {
    let mut rows = String::from("from,to,p50_ms\n");
    for a in REGIONS {
        for b in REGIONS {
            let known = atlas::round_trip(Provider::Aws, a, b).expect("the atlas knows them all");
            let ms = known.to_string();
            rows.push_str(&format!("{a},{b},{}\n", ms.trim_end_matches(" ms")));
        }
    }
    let weights = [5, 1, 8, 0, 3, 2];
    let mut own = world(Some(rows), &weights).plan(None, false).plan();
    let mut none = world(None, &weights).plan(None, false).plan();
    let all = RestsOn {
        atlas: 36,
        ..RestsOn::default()
    };
    assert_eq!(none.rests_on, all);
    assert_eq!((own.rests_on.fleet, own.rests_on.atlas), (36, 0));
    for plan in [&mut own, &mut none] {
        plan.rests_on = RestsOn::default();
        for service in plan.services.values_mut() {
            service.rests_on = RestsOn::default();
        }
    }
    assert_eq!(own, none);
}

#[test]
fn direction_counts_and_triangles_are_not_repaired() {
    // From the users in Ireland: Frankfurt is far, Virginia is near; and on the way back not.
    // By way of Virginia Frankfurt would be 2 ms away, which nothing makes of it.
    let csv = "from,to,p50_ms\neu-west-1,us-east-1,1\nus-east-1,eu-west-1,90\n\
               us-east-1,eu-central-1,1\neu-central-1,us-east-1,90\n\
               eu-west-1,eu-central-1,50\neu-central-1,eu-west-1,3\n";
    let plan = Fleet::new("")
        .aws(["eu-central-1", "eu-west-1", "us-east-1"])
        .file("network/rtt.csv", csv)
        .service(
            "web",
            "audience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}, from: [eu-central-1, us-east-1]}",
        )
        .plan(None, false)
        .plan();
    let web = &plan.services[&ServiceKey::prod("web")];
    assert_eq!(web.regions[0].region.as_str(), "us-east-1");
    assert_eq!(web.predicted.weighted_read_ns, Some(1_000_000));
}

/// Two islands of places of the fleet's own, with nothing measured between them.
fn islands(estimate: &str, service: &str) -> Fleet {
    let mut fleet = Fleet::new(&format!("network: {{estimate: {estimate}}}\n"));
    let places = [("ap", "JP"), ("aq", "JP"), ("ea", "IE"), ("eb", "IE")];
    for (name, country) in places {
        let region = format!(
            "region: {name}\ncountry: {country}\ncoordinates: {{lat: 1, lon: 1}}\nclusters: [{{name: {name}-a}}]\n"
        );
        fleet = fleet.file(&format!("regions/{name}.yaml"), region);
    }
    let csv = "from,to,p50_ms\nap,aq,9\naq,ap,9\nea,eb,8\neb,ea,7\nap,ea,\n";
    fleet.file("network/rtt.csv", csv).service("web", service)
}

#[test]
fn a_decision_that_would_compare_what_nobody_measured_is_refused_and_others_are_not() {
    for (name, service, missing) in [
        (
            "all of it",
            "audience: {ap: 1}\nplacement: {regions: {exactly: 1}}",
            true,
        ),
        (
            "the users",
            "audience: {ap: 1}\nplacement: {regions: {exactly: 1}, from: [ea, eb]}",
            true,
        ),
        (
            "between",
            "audience: {ap: 1}\nplacement: {regions: [ap, ea]}",
            true,
        ),
        (
            "one island",
            "audience: {ea: 1, eb: 2}\nplacement: {regions: {exactly: 1}, from: [ea, eb]}",
            false,
        ),
        (
            "one island, led",
            &format!("audience: {{ea: 1}}\nplacement: {{regions: [ea, eb]}}\n{STORES}"),
            false,
        ),
        (
            "nothing to compare",
            "placement: {regions: all}\nfailover: none",
            false,
        ),
        ("no choice", "placement: {regions: [ap]}", false),
    ] {
        for estimate in ["false", "refuse"] {
            let outcome = islands(estimate, service).plan(None, false);
            let said = outcome.said();
            assert_eq!(outcome.plan.is_none(), missing, "{name}: {said}");
            assert_eq!(
                said.contains("error[round-trip-missing] services/web.yaml:1:10"),
                missing,
                "{name}: {said}"
            );
        }
        for estimate in ["true", "warn", "enforce"] {
            let outcome = islands(estimate, service).plan(None, false);
            assert!(outcome.said().contains("round-trip-estimated"), "{name}");
            let web = outcome.plan();
            let web = &web.services[&ServiceKey::prod("web")];
            assert_eq!(web.rests_on.estimated > 0, missing, "{name}");
        }
    }
}

#[test]
fn what_was_not_measured_is_named_with_the_service_and_the_file() {
    let service = "audience: {ap: 1}\nplacement: {regions: {exactly: 1}, from: [ea, eb]}";
    assert_eq!(
        islands("false", service).plan(None, false).said(),
        "error[round-trip-missing] services/web.yaml:1:10: `web` cannot be decided: nobody measured the round trips from `ap` to `ea` and from `ap` to `eb`
  help: measure it into `network/rtt.csv`, as `ap,ea,<milliseconds>`; or keep `ap` out of the service's audience and `placement`; or set `network.estimate: warn`
"
    );
    // A call from one island to another: decided by neither, and its time is unknown, not a number.
    let calls = "audience: {ap: 1}\nplacement: {regions: [ap]}\nfailover: none\ncalls: [api]\nbudget: {crossRegion: {p50: 100ms}}";
    let outcome = islands("false", calls)
        .service(
            "api",
            "audience: {ea: 1}\nplacement: {regions: [ea]}\nfailover: none",
        )
        .plan(None, false);
    let said = outcome.said();
    assert!(said.contains("warning[budget]"), "{said}");
    assert!(said.contains("takes an unknown time at p50"), "{said}");
    let form: serde_json::Value =
        serde_json::from_str(&json::plan(&outcome.plan())).expect("a report is JSON");
    let call = &form["services"]["web"]["predicted"]["crossRegion"]["p50"];
    assert_eq!(call["terms"][0]["source"], "unknown", "{call}");
    for ms in [
        &call["worstMs"],
        &call["weightedMs"],
        &call["terms"][0]["ms"],
    ] {
        assert_eq!(*ms, serde_json::Value::Null, "{call}");
    }
}

#[test]
fn decisions_that_rest_on_estimates_are_marked() {
    let service = format!("audience: {{ap: 1}}\nplacement: {{regions: [ap, ea]}}\n{STORES}");
    let report = |service: &str| -> serde_json::Value {
        let plan = islands("warn", service).plan(None, false).plan();
        serde_json::from_str(&json::plan(&plan)).expect("a report is JSON")
    };
    let guessed = report(&service);
    assert_eq!(guessed["services"]["web"]["roundTrips"]["estimated"], 2);
    assert_eq!(guessed["stores"]["web/db"]["restsOnEstimates"], true);
    let known = report(&service.replace("ea", "aq"));
    assert_eq!(known["services"]["web"]["roundTrips"]["fleet"], 2);
    assert_eq!(known["stores"]["web/db"]["restsOnEstimates"], false);
}

#[test]
fn zones_say_how_far_voters_of_one_region_are() {
    let store = "audience: {eu-west-1: 1}\nplacement: {regions: [eu-west-1]}\nfailover: none\n\
        stores: [{name: db, engine: yugabytedb, consistency: strong, survive: zone, voters: {count: 3, distinct: zone}, access: {writes: 100%}}]";
    let objective = |csv: &str| {
        let platform = "platform: {capabilities: [yugabytedb]}\n";
        let fleet = Fleet::new(platform)
            .aws(["eu-west-1"])
            .service("web", store);
        let plan = fleet.file("network/rtt.csv", csv).plan(None, false).plan();
        plan.stores.values().next().and_then(|s| s.objective_ns)
    };
    let zones = "from,to,p50_ms\neu-west-1/a,eu-west-1/b,0.6\neu-west-1/b,eu-west-1/c,0.7\neu-west-1/c,eu-west-1/a,0.9\n";
    // To the leader, and from it to a majority.
    assert_eq!(objective(zones), Some(1_400_000));
    assert_eq!(
        objective(&format!("{zones}eu-west-1,eu-west-1,2\n")),
        Some(4_000_000)
    );
}
