//! What is left after a loss: who serves, what is full, which writes stop, and what is not known.

use regen::model::name::{RegionName, ServiceKey};
use regen::model::simulation::{Outcome, Promise, Rpo, Rto, Survives, Writes};

use crate::fleet::Fleet;

const THREE: [&str; 3] = ["eu-central-1", "eu-west-1", "us-east-1"];
const EVERYWHERE: &str =
    "audience: {eu-central-1: 5, eu-west-1: 3, us-east-1: 2}\nplacement: {regions: all}\n";

fn broken(outcome: &Outcome) -> Vec<(Promise, &str)> {
    let all = outcome.broken.iter();
    all.map(|b| (b.promise, b.what.as_str())).collect()
}

/// From where to where the users of `web` go, with their share in percent.
fn moved(outcome: &Outcome) -> Vec<(String, String, u32)> {
    let web = &outcome.services[&ServiceKey::prod("web")];
    let all = web.moved.iter().map(|m| {
        let to = m.to.as_ref().map_or("nobody", RegionName::as_str);
        (m.from.to_string(), to.to_owned(), m.share_ppm / 10_000)
    });
    all.collect()
}

/// Regions with a stated capacity, so that everything can be checked.
fn roomy(settings: &str) -> Fleet {
    THREE.iter().fold(Fleet::new(settings), |fleet, name| {
        fleet.region(name, "capacity: {cpu: 8, memory: 16Gi}")
    })
}

#[test]
fn users_of_a_lost_region_go_where_the_chain_says_and_nobody_else_moves() {
    let fleet = roomy("").service("web", EVERYWHERE);
    let outcome = fleet.lose(&["us-east-1"]);
    assert_eq!(
        moved(&outcome),
        [("us-east-1".into(), "eu-west-1".into(), 20)]
    );
    assert_eq!(outcome.survives(), Survives::Yes, "{:?}", outcome.broken);
    let web = &outcome.services[&ServiceKey::prod("web")];
    assert!(web.after_ns > web.before_ns);
    assert_eq!(web.rto, Rto::Callers);
    let two = fleet.lose(&["us-east-1", "eu-west-1"]);
    assert_eq!(
        moved(&two),
        [
            ("eu-west-1".into(), "eu-central-1".into(), 30),
            ("us-east-1".into(), "eu-central-1".into(), 20)
        ]
    );
    let all = fleet.lose(&THREE);
    assert_eq!(broken(&all).len(), 3);
    assert!(broken(&all).iter().all(|b| b.0 == Promise::Served));
}

#[test]
fn nobody_moves_out_of_the_rule_even_where_dns_would_send_them() {
    let settings = "failover: {residency: EEA}\ndomain: shop.example\nplatform: {dns: external-dns, capabilities: [external-dns]}\n";
    let cluster = |name: &str| {
        format!(
            "capacity: {{cpu: 8, memory: 16Gi}}, ingress: {{hostname: in.{name}.example}}, healthChecks: {{web.shop.example: 11111111-2222-3333-4444-555555555555}}"
        )
    };
    let fleet = ["eu-west-1", "us-east-1"]
        .iter()
        .fold(Fleet::new(settings), |fleet, name| {
            fleet.region(name, &cluster(name))
        })
        .service(
            "web",
            "audience: {eu-west-1: 1, us-east-1: 1}\nplacement: {regions: all}\nexposure: {host: web.shop.example, health: /healthz}",
        );
    let outcome = fleet.lose(&["eu-west-1"]);
    assert_eq!(moved(&outcome), [("eu-west-1".into(), "nobody".into(), 50)]);
    let told = broken(&outcome);
    assert_eq!(told[0].0, Promise::Served);
    assert_eq!(
        told[1],
        (
            Promise::Residency,
            "DNS answers users of `web` in eu-west-1 with us-east-1, though it lies outside EEA"
        )
    );
}

#[test]
fn what_takes_over_must_have_room_and_a_capacity_that_nobody_states_is_unknown() {
    let fleet = |capacity: &str| {
        Fleet::new("failover: {headroom: 0%}")
            .region("eu-west-1", capacity)
            .region("us-east-1", "capacity: {cpu: 2, memory: 4Gi}")
            .service(
                "web",
                "audience: {eu-west-1: 1, us-east-1: 1}\nplacement: {regions: all}",
            )
    };
    let outcome = fleet("capacity: {cpu: 400m, memory: 4Gi}").lose(&["us-east-1"]);
    assert_eq!(outcome.survives(), Survives::Yes, "{:?}", outcome.broken);
    let load = &outcome.clusters["eu-west-1-a"];
    assert_eq!((load.pods_before, load.pods_after), (2, 4));
    assert_eq!((load.cpu.before, load.cpu.after), (200, 400));
    assert_eq!(load.cpu.at_max, 600, "with every pod that may start");
    let outcome = fleet("").lose(&["us-east-1"]);
    assert_eq!(outcome.survives(), Survives::Unknown);
    assert_eq!(outcome.unknown.len(), 2, "{:?}", outcome.unknown);
    // With eu-west-1 lost the plan leaves the other out when it is too small; two lost regions are
    // more than it promises.
    let three = Fleet::new("failover: {headroom: 0%}")
        .region("eu-central-1", "capacity: {cpu: 400m, memory: 4Gi}")
        .region("eu-west-1", "capacity: {cpu: 400m, memory: 4Gi}")
        .region("us-east-1", "capacity: {cpu: 400m, memory: 4Gi}")
        .service(
            "web",
            "audience: {eu-central-1: 1, eu-west-1: 1, us-east-1: 1}\nplacement: {regions: all}",
        );
    assert_eq!(three.lose(&["us-east-1"]).survives(), Survives::Yes);
    let outcome = three.lose(&["us-east-1", "eu-west-1"]);
    assert_eq!(
        broken(&outcome),
        [(
            Promise::Capacity,
            "eu-central-1-a would need 150% of its CPU"
        )]
    );
}

#[test]
fn a_cluster_that_is_not_alone_in_its_region_leaves_its_users_there() {
    let region = "region: eu-west-1\nprovider: aws\nclusters: [{name: a, capacity: {cpu: 4, memory: 8Gi}}, {name: b, capacity: {cpu: 4, memory: 8Gi}}]\n";
    let fleet = Fleet::new("")
        .file("regions/eu-west-1.yaml", region)
        .service("web", "audience: {eu-west-1: 1}\nplacement: {regions: all}");
    let outcome = fleet.lose(&["a"]);
    assert_eq!(moved(&outcome), []);
    assert_eq!(outcome.survives(), Survives::Yes, "{:?}", outcome.broken);
    let load = &outcome.clusters["b"];
    assert_eq!((load.pods_before, load.pods_after), (1, 2));
    assert_eq!(
        broken(&fleet.lose(&["a", "b"]))[0].1,
        "nobody serves 100% of its users of `web` in place of eu-west-1: the service runs in no other region"
    );
}

#[test]
fn what_the_catalog_accepts_is_told_and_breaks_nothing() {
    let fleet = roomy("").service("web", "audience: {eu-west-1: 1}\nplacement: {regions: [eu-west-1]}\nfailover: none\nstores: [{name: db, engine: cloudnative-pg}]");
    let outcome = fleet.lose(&["eu-west-1"]);
    assert_eq!(broken(&outcome), []);
    assert_eq!(
        outcome.accepted,
        [
            "`web` does not serve 100% of its users, as `failover: none` accepts",
            "writes of `web/db` stop, as `failover: none` accepts: no other region holds it",
        ]
    );
    let caller = fleet.service("shop", &format!("{EVERYWHERE}calls: [web]"));
    let told = caller.lose(&["eu-west-1"]);
    assert_eq!(
        broken(&told),
        [(
            Promise::Calls,
            "`shop` fails without `web`, which does not answer"
        )]
    );
    let degrades = caller.service(
        "shop",
        &format!("{EVERYWHERE}calls: [{{service: web, onFailure: degrade}}]"),
    );
    assert_eq!(broken(&degrades.lose(&["eu-west-1"])), []);
}

#[test]
fn a_primary_waits_for_a_person_and_loses_the_lag_unless_a_standby_acknowledged() {
    let fleet = |store: &str| {
        roomy("").service(
            "web",
            &format!("audience: {{eu-central-1: 8, eu-west-1: 1, us-east-1: 1}}\nplacement: {{regions: all}}\nstores: [{{name: db, engine: cloudnative-pg, {store}}}]"),
        )
    };
    let lose = |store: &str, lost: &[&str]| {
        let outcome = fleet(store).lose(lost);
        let db = outcome.stores.values().next().cloned().expect("a store");
        (db, outcome)
    };
    let (db, outcome) = lose("consistency: eventual", &["eu-central-1"]);
    assert_eq!(db.writes, Writes::Person);
    assert_eq!(db.rto, Rto::Manual);
    assert_eq!(db.leads, Some(RegionName::from("eu-west-1")));
    assert!(
        matches!(db.rpo, Rpo::Lag { at_least_ns: Some(ns) } if ns > 10_000_000),
        "{:?}",
        db.rpo
    );
    assert_eq!(outcome.survives(), Survives::Yes);
    let (_, outcome) = lose("consistency: strong", &["eu-central-1"]);
    assert_eq!(broken(&outcome)[0].0, Promise::Rpo);
    let (db, outcome) = lose("consistency: strong, synchronous: 1", &["eu-central-1"]);
    assert_eq!((db.rpo, db.writes), (Rpo::Zero, Writes::Person));
    assert_eq!(outcome.survives(), Survives::Yes, "{:?}", outcome.broken);
    let (db, _) = lose("consistency: strong, synchronous: 1", &["us-east-1"]);
    assert_eq!(db.writes, Writes::GoOn);
    let (db, outcome) = lose("consistency: strong, synchronous: 2", &["us-east-1"]);
    assert_eq!((db.writes, db.rto), (Writes::Stop, Rto::Back));
    assert_eq!(
        broken(&outcome)[0].1,
        "writes of `web/db` stop: a write waits for 2 standbys, and 1 of 2 is left"
    );
    let (db, _) = lose(
        "consistency: strong, synchronous: 2",
        &["eu-central-1..us-east-1", "eu-west-1..us-east-1"],
    );
    assert_eq!(
        db.writes,
        Writes::Stop,
        "a standby behind a cut way is as good as lost"
    );
}

#[test]
fn a_lost_zone_takes_its_share_of_the_capacity_and_single_instances() {
    let fleet = |instances: u32| {
        Fleet::new("")
            .file("regions/eu-west-1.yaml", "region: eu-west-1\nprovider: aws\nzones: [a, b, c]\nclusters: [{name: one, capacity: {cpu: 3, memory: 6Gi}}]\n")
            .service("web", &format!("audience: {{eu-west-1: 1}}\nplacement: {{regions: all}}\nstores: [{{name: db, engine: cloudnative-pg, consistency: eventual, instances: {instances}}}]"))
    };
    let outcome = fleet(3).lose(&["eu-west-1/a"]);
    assert_eq!(moved(&outcome), []);
    assert_eq!(outcome.clusters["one"].cpu.capacity, Some(2000));
    let db = outcome.stores.values().next().expect("a store");
    assert_eq!((db.writes, &db.rpo), (Writes::Switch, &Rpo::Zero));
    assert_eq!(outcome.survives(), Survives::Yes, "{:?}", outcome.broken);
    let outcome = fleet(1).lose(&["eu-west-1/b"]);
    assert_eq!(
        broken(&outcome),
        [(
            Promise::Writes,
            "writes of `web/db` stop: 1 instance in eu-west-1 may all be in a lost zone"
        )]
    );
    let outcome = fleet(3).lose(&["eu-west-1/a", "eu-west-1/b", "eu-west-1/c"]);
    assert_eq!(
        broken(&outcome)[0].0,
        Promise::Served,
        "all zones are the region"
    );
}

#[test]
fn a_cut_way_sends_the_users_behind_it_elsewhere() {
    let fleet = roomy("").service(
        "web",
        "audience: {us-east-1: 1}\nplacement: {regions: [eu-west-1, eu-central-1]}",
    );
    let outcome = fleet.lose(&["us-east-1..eu-west-1"]);
    assert_eq!(
        moved(&outcome),
        [("eu-west-1".into(), "eu-central-1".into(), 100)]
    );
    assert!(fleet.lose(&["us-east-1,eu-central-1"]).services.is_empty());
}

#[test]
fn recovery_is_held_against_what_the_service_promises() {
    let fleet = |slo: &str, store: &str| {
        let text = format!(
            "audience: {{eu-central-1: 8, eu-west-1: 1, us-east-1: 1}}\nplacement: {{regions: all}}\nslo: {{{slo}}}\nstores: [{{name: db, engine: cloudnative-pg, consistency: eventual, {store}}}]"
        );
        roomy("").service("web", &text).lose(&["eu-central-1"])
    };
    for (slo, store, told, unknown) in [
        ("rpo: 0s", "synchronous: 1", vec![], 0),
        (
            "rpo: 0s",
            "",
            vec![(
                Promise::Rpo,
                "`web/db` loses what had not been replicated, and promises 0s",
            )],
            0,
        ),
        (
            "rpo: 10ms",
            "",
            vec![(
                Promise::Rpo,
                "`web/db` loses what had not been replicated, and promises 10ms",
            )],
            0,
        ),
        ("rpo: 5m", "", vec![], 1),
        ("rto: 5m", "", vec![], 1),
        ("rto: 5m", "promotion: 5m", vec![], 0),
        (
            "rto: 5m",
            "promotion: 6m",
            vec![(
                Promise::Rto,
                "a person takes 6m to bring writes of `web/db` back, and 5m are promised",
            )],
            0,
        ),
    ] {
        let outcome = fleet(slo, store);
        assert_eq!(broken(&outcome), told, "{slo} {store}");
        assert_eq!(outcome.unknown.len(), unknown, "{:?}", outcome.unknown);
    }
}

/// Three places: eu and us 70 ms apart, both 160 ms from ap; their own zones.
fn world(service: &str) -> Fleet {
    let settings = "platform: {capabilities: [yugabytedb, cloudnative-pg, multicluster-services, k8ssandra, valkey]}\n";
    let rtt = "from,to,p50_ms\neu,us,70\nus,eu,70\neu,ap,160\nap,eu,160\nus,ap,160\nap,us,160\neu,eu,1\nus,us,1\nap,ap,1\n";
    [("eu", "DE"), ("us", "US"), ("ap", "SG")]
        .iter()
        .fold(Fleet::new(settings).file("network/rtt.csv", rtt), |fleet, (name, country)| {
            let text = format!(
                "region: {name}\ncountry: {country}\nzones: [a, b, c]\nclusters: [{{name: {name}-k, capacity: {{cpu: 8, memory: 16Gi}}}}]\n"
            );
            fleet.file(&format!("regions/{name}.yaml"), text)
        })
        .service("web", &format!("audience: {{eu: 3, us: 1, ap: 1}}\n{service}"))
}

#[test]
fn a_budget_that_holds_before_and_not_after_is_broken() {
    let store = "stores: [{name: db, engine: yugabytedb, consistency: strong, survive: region, leader: auto}]";
    let fleet = world(&format!(
        "placement: {{regions: all}}\n{store}\nbudget: {{read: {{p50: 200ms}}, write: {{p50: 300ms}}}}"
    ));
    let kept = fleet.lose(&["ap"]);
    assert!(broken(&kept).is_empty(), "{:?}", broken(&kept));
    // Led from us then, the users of eu and ap read there, and ap is the second of two voters.
    let tight = world(&format!(
        "placement: {{regions: all}}\n{store}\nbudget: {{read: {{p50: 160ms}}, write: {{p50: 300ms}}}}"
    ));
    let outcome = tight.lose(&["eu"]);
    let told = broken(&outcome);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, Promise::Budget);
    assert!(
        told[0]
            .1
            .starts_with("a write of `web` at p50 takes 320.0 ms "),
        "{told:?}"
    );
    let writes = outcome.budgets.iter().find(|b| b.of.starts_with("a write"));
    let writes = writes.expect("it changes");
    assert_eq!(
        writes.before_ns,
        Some(230_000_000),
        "from ap to eu, and until us votes"
    );
    assert_eq!(writes.after_ns, Some(320_000_000));
    let calls = world("placement: {regions: all}\ncalls: [api]\nbudget: {crossRegion: {p50: 100ms}}")
        .service("api", "placement: {regions: [eu, us]}\nworkload: {image: \"registry.example/it:1.2.3\", ports: {http: 8080}}");
    let outcome = calls.lose(&["eu", "us"]);
    assert!(outcome.budgets.is_empty(), "nobody answers at all");
}

#[test]
fn parts_of_a_store_are_held_against_the_promises_of_its_service() {
    let fleet = world(
        "placement: {regions: all}\nslo: {rpo: 0s, rto: 1m}\nstores: [{name: db, engine: yugabytedb, consistency: strong, voters: {count: 3, distinct: zone}, shards: {of: [EU]}}]",
    );
    let told = fleet.lose(&["eu"]);
    let told = broken(&told);
    assert!(
        told.iter()
            .any(|b| b.0 == Promise::Writes && b.1.starts_with("writes of `web/db/EU` stop")),
        "{told:?}"
    );
    assert!(
        !told.iter().any(|b| b.1.contains("web/db/default")),
        "{told:?}"
    );
}

#[test]
fn losing_more_never_breaks_less() {
    for (store, less, more) in [
        (
            "{name: db, engine: cloudnative-pg, leader: us, instances: 1, consistency: eventual}",
            &["us/a"][..],
            &["eu/a", "us/a"][..],
        ),
        (
            "{name: db, engine: valkey, instances: 1}",
            &["us/a"],
            &["us"],
        ),
        (
            "{name: db, engine: k8ssandra, setting: quorum, instances: 3}",
            &["eu..us", "eu..ap", "us..ap"],
            &["eu", "us"],
        ),
    ] {
        let fleet = world(&format!("placement: {{regions: all}}\nstores: [{store}]"));
        let breaks = |lost: &[&str]| {
            let outcome = fleet.lose(lost);
            let writes = outcome
                .broken
                .iter()
                .filter(|b| b.promise == Promise::Writes);
            writes.count()
        };
        assert!(breaks(less) <= breaks(more), "{store}");
    }
    // Three sides that do not see each other have no majority; two of three that do have one.
    let quorum = world(
        "placement: {regions: all}\nstores: [{name: db, engine: k8ssandra, setting: quorum, instances: 3}]",
    );
    let stops = |lost: &[&str]| {
        let outcome = quorum.lose(lost);
        let mut writes = outcome.stores.values().map(|s| s.writes);
        writes.next() == Some(Writes::Stop)
    };
    assert!(stops(&["eu..us", "eu..ap", "us..ap"]));
    assert!(!stops(&["eu..us", "eu..ap"]));
    // A cache that may be gone in one region goes on in the others.
    let cache =
        world("placement: {regions: all}\nstores: [{name: db, engine: valkey, instances: 1}]");
    let outcome = cache.lose(&["us/a"]);
    let writes = outcome.stores.values().map(|s| s.writes).next();
    assert_eq!(writes, Some(Writes::GoOnElsewhere), "{:?}", outcome.stores);
}

#[test]
fn what_nobody_writes_loses_nothing_and_failing_services_name_all_that_they_wait_for() {
    let read = world(
        "placement: {regions: all}\nslo: {rpo: 0s}\nstores: [{name: db, engine: cloudnative-pg, consistency: eventual, leader: eu, access: {reads: 100%, writes: 0%}}]",
    );
    let told = read.lose(&["eu"]);
    assert!(broken(&told).is_empty(), "{:?}", broken(&told));
    let image = "workload: {image: \"registry.example/it:1.2.3\", ports: {http: 8080}}\n";
    let chain = world("placement: {regions: all}\ncalls: [b, c]")
        .service(
            "b",
            &format!("{image}placement: {{regions: [eu]}}\nfailover: none"),
        )
        .service(
            "c",
            &format!("{image}placement: {{regions: all}}\ncalls: [b]"),
        );
    let outcome = chain.lose(&["eu"]);
    let lacks = &outcome.services[&ServiceKey::prod("web")].unanswered;
    let lacks: Vec<String> = lacks.iter().map(ToString::to_string).collect();
    assert_eq!(lacks, ["b", "c"]);
}

/// A front everywhere, a cart in Europe with a store led in Ireland, and a journey through both.
fn journey(budget: &str, cart: &str) -> Fleet {
    roomy(&format!(
        "platform: {{capabilities: [cloudnative-pg, multicluster-services]}}\njourneys: [{{name: buy, steps: [web, {{service: cart, writes: db}}], budget: {{{budget}}}}}]"
    ))
    .service("web", &format!("{EVERYWHERE}calls: [cart]"))
    .service(
        "cart",
        &format!("audience: {{us-east-1: 1}}\nplacement: {{regions: [eu-central-1, eu-west-1]}}\nstores: [{{name: db, engine: cloudnative-pg, consistency: eventual, {cart}}}]"),
    )
}

#[test]
fn a_journey_is_walked_on_what_is_left_and_held_against_its_budget() {
    let through = |budget: &str, cart: &str, lost: &[&str]| {
        let outcome = journey(budget, cart).lose(lost);
        let budgets = outcome.budgets.iter();
        let mut ours = budgets.filter(|b| b.of == "journey `buy` at p50");
        let ms = |ns: Option<u64>| ns.map(|ns| ns / 1_000_000);
        let values = ours
            .next()
            .map(|b| (ms(b.before_ns), ms(b.after_ns), b.promised));
        (outcome, values)
    };
    let over = "journey `buy` at p50 takes 98.4 ms, most of it to `cart` in eu-central-1, over its budget of 90ms";
    let cut = "journey `buy` at p50 takes 125.3 ms, most of it to `cart` in eu-central-1, over its budget of 90ms";
    for (budget, lost, broken_by, after) in [
        // Nothing on its way is lost.
        (
            "p50: 90ms, enforce: true",
            "us-east-1..eu-central-1",
            None,
            None,
        ),
        ("p50: 150ms, enforce: true", "eu-west-1", None, Some(98)),
        (
            "p50: 90ms, enforce: true",
            "eu-west-1",
            Some(over),
            Some(98),
        ),
        ("p50: 90ms", "eu-west-1", None, Some(98)),
        // Its slowest users enter nearer to the cart than before.
        ("p50: 90ms, enforce: true", "us-east-1", None, Some(69)),
        (
            "p50: 90ms, enforce: true",
            "us-east-1..eu-west-1",
            Some(cut),
            Some(125),
        ),
    ] {
        let (outcome, values) = through(budget, "leader: eu-west-1", &[lost]);
        let told = broken(&outcome);
        let told: Vec<&str> = told
            .into_iter()
            .filter(|b| b.0 == Promise::Budget)
            .map(|b| b.1)
            .collect();
        assert_eq!(told, Vec::from_iter(broken_by), "{budget} {lost}");
        let enforced = budget.contains("enforce");
        let expected = after.map(|after| (Some(74), Some(after), enforced));
        assert_eq!(values, expected, "{budget} {lost}");
        let noted = !enforced && after.is_some();
        let note = format!("{over}, which is not enforced");
        assert_eq!(
            outcome.notes,
            Vec::from_iter(noted.then_some(note)),
            "{budget} {lost}"
        );
        assert_eq!(outcome.unknown, Vec::<String>::new());
    }
}

#[test]
fn a_journey_ends_where_nothing_answers() {
    for (cart, lost, at) in [
        (
            "leader: eu-west-1",
            &["eu-central-1", "eu-west-1"][..],
            "cart",
        ),
        // Its writes wait for a standby that is lost.
        ("leader: eu-west-1, synchronous: 1", &["eu-central-1"], "db"),
    ] {
        let ends = format!("journey `buy` ends at `{at}`, which does not answer");
        let outcome = journey("p50: 150ms, enforce: true", cart).lose(lost);
        let told = broken(&outcome);
        assert!(told.contains(&(Promise::Budget, ends.as_str())), "{told:?}");
        let outcome = journey("p50: 150ms", cart).lose(lost);
        assert!(!broken(&outcome).iter().any(|b| b.0 == Promise::Budget));
        assert!(outcome.notes.contains(&ends), "{:?}", outcome.notes);
    }
}
