//! The story of a placement: word for word on a fleet with everything, its numbers against plans of
//! every other choice, and what is said to those who mistype.

use std::path::Path;

use serde_json::Value;

use crate::expect::printed;
use crate::forms::form;
use crate::support::{edit, example_copy, regen};

const FLEET: &str = "\
fleet: shop
domain: shop.example
gitops: {repository: ./gitops, delivery: none}
platform: {dns: external-dns, capabilities: [external-dns, cloudnative-pg, yugabytedb, valkey]}
audience: {DE: 40, IE: 20, us-east-1: 30, ap-south-1: 10}
dataClasses:
  personal: {residency: EU}
  catalogue: {}
failover: {headroom: 10%}
journeys:
  - {name: buy, steps: [web, {service: checkout, writes: orders}], budget: {p99: 400ms}}
";

const SERVICES: [(&str, &str); 5] = [
    (
        "web",
        "\
service: web
owner: {team: storefront}
tier: critical
workload:
  image: registry.example/web:1.0.0
  ports: {http: 8080}
  resources: {cpu: 500m, memory: 256Mi}
  scale: {min: 2, max: 10}
exposure: {host: www.shop.example, routing: latency, health: /healthz}
placement:
  regions: {atLeast: 2, atMost: 3}
  from: [eu-west-1, eu-central-1, eu-north-1, us-east-1, ap-south-1]
calls: [{service: checkout, timeout: 2s}, catalog]
slo: {rto: 5m}
",
    ),
    (
        "checkout",
        "\
service: checkout
owner: {team: payments}
tier: critical
workload:
  image: registry.example/checkout:1.4.2
  ports: {grpc: 5050}
  resources: {cpu: \"1\", memory: 1Gi}
  scale: {min: 2, max: 6}
calls: [{service: mail, onFailure: degrade}]
placement: {regions: {exactly: 3}, from: [eu-west-1, eu-central-1, eu-north-1, eu-west-2, us-east-1]}
budget: {read: {p50: 200ms}, write: {p50: 160ms}, crossRegion: {p99: 120ms}, enforce: true}
slo: {rto: 15m, rpo: 0s}
stores:
  - {name: orders, engine: cloudnative-pg, consistency: strong, data: personal, synchronous: 1, access: {reads: 80%, writes: 20%}}
  - {name: ledger, engine: yugabytedb, consistency: strong, data: personal, survive: region, voters: {count: 3, distinct: country}}
  - {name: sessions, engine: valkey, consistency: eventual}
",
    ),
    (
        "catalog",
        "\
service: catalog
workload:
  image: registry.example/catalog:2.0.0
  ports: {grpc: 5051}
  resources: {cpu: 200m, memory: 256Mi}
  scale: {min: 1, max: 4}
placement: {mode: active-passive, regions: {exactly: 2}, from: [eu-west-1, eu-central-1, us-east-1]}
audience: {eu-west-1: 50, us-east-1: 50}
stores:
  - {name: items, engine: cloudnative-pg, consistency: bounded-staleness, staleness: 10s, data: catalogue}
environments:
  staging: {placement: {mode: active-active, regions: all, from: []}}
",
    ),
    (
        "mail",
        "\
service: mail
tier: batch
workload:
  image: registry.example/mail:1.0.0
  ports: {grpc: 5052}
  resources: {cpu: 100m, memory: 64Mi}
  scale: {min: 1, max: 1}
placement: {regions: [eu-central-1]}
failover: none
",
    ),
    (
        "profile",
        "\
service: profile
workload:
  image: registry.example/profile:1.0.0
  ports: {grpc: 5053}
  resources: {cpu: 100m, memory: 64Mi}
  scale: {min: 1, max: 2}
placement: {regions: all, from: [eu-west-1, eu-central-1, eu-north-1, us-east-1]}
stores:
  - {name: people, engine: yugabytedb, consistency: strong, shards: {by: jurisdiction, of: [EU]}, voters: {count: 3}}
",
    ),
];

/// Every part of a story in one small fleet.
fn shop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("inside")).expect("created");
        std::fs::write(path, text).expect("written");
    };
    write("regen.yaml", FLEET);
    for region in [
        "eu-west-1",
        "eu-central-1",
        "eu-north-1",
        "us-east-1",
        "ap-south-1",
    ] {
        let check = "{www.shop.example: 11111111-2222-3333-4444-555555555555}";
        write(
            &format!("regions/{region}.yaml"),
            &format!(
                "region: {region}\nprovider: aws\nclusters:\n  - name: {region}-a\n    \
                 capacity: {{cpu: \"8\", memory: 32Gi}}\n    \
                 ingress: {{hostname: ingress.{region}.shop.example}}\n    healthChecks: {check}\n"
            ),
        );
    }
    for (region, cluster) in [
        (
            "eu-west-2",
            "{name: eu-west-2-a, capacity: {cpu: \"1\", memory: 2Gi}}",
        ),
        (
            "sa-east-1",
            "{name: sa-east-1-a, capabilities: [external-dns, cloudnative-pg]}",
        ),
        ("eu-south-1", "{name: eu-south-1-t, environment: staging}"),
    ] {
        let text = format!("region: {region}\nprovider: aws\nclusters:\n  - {cluster}\n");
        write(&format!("regions/{region}.yaml"), &text);
    }
    for (name, text) in SERVICES {
        write(&format!("services/{name}.yaml"), text);
    }
    dir
}

fn story(dir: &Path, subject: &str) -> Value {
    let ran = regen(dir, &["explain", subject, "--format", "json"]).exits(0);
    assert_eq!(ran.stderr, "", "{subject}");
    form(dir, "explain", &ran)
}

#[test]
fn a_story_is_told_from_its_users_to_its_lock() {
    let fleet = shop();
    let run = |args: &[&str]| regen(fleet.path(), args);
    printed("explain-story", &run(&["explain", "checkout"]));
    printed("explain-parts", &run(&["explain", "profile/people"]));
    printed("explain-staging", &run(&["explain", "catalog@staging"]));
    let _ = run(&["plan", "--write"]).exits(0);
    edit(
        &fleet.path().join("services/catalog.yaml"),
        "{eu-west-1: 50, us-east-1: 50}",
        "{eu-west-1: 20, us-east-1: 80}",
    );
    printed("explain-kept", &run(&["explain", "catalog"]));
}

#[test]
fn every_story_has_the_form_that_its_schema_says_and_its_numbers_agree() {
    let fleet = shop();
    let all = [
        "web",
        "checkout",
        "catalog",
        "catalog@staging",
        "mail",
        "profile",
    ];
    for name in all {
        let told = story(fleet.path(), name);
        assert_eq!(
            (&told["kind"], &told["name"]),
            (&"service".into(), &name.into())
        );
        let service = &told["service"];
        let objective = &service["decided"]["objectiveMs"];
        assert_eq!(&service["choice"]["objectiveMs"], objective, "{name}");
        let shares = service["users"].as_array().expect("users").iter();
        let sum: u64 = shares
            .map(|u| u["sharePpm"].as_u64().expect("a share"))
            .sum();
        assert!((999_990..=1_000_010).contains(&sum), "{name}: {sum}");
        for region in service["regions"].as_array().expect("regions") {
            let obstacles = region["obstacles"].as_array().expect("obstacles");
            assert_eq!(
                region["standing"] == "out",
                !obstacles.is_empty(),
                "{region}"
            );
            for obstacle in obstacles {
                assert!(
                    !obstacle["places"].as_array().expect("places").is_empty(),
                    "{obstacle}"
                );
            }
        }
        for store in told["stores"].as_array().expect("stores") {
            agrees(store);
            let name = store["store"].as_str().expect("a name");
            let subject = format!("{}/{name}", told["name"].as_str().expect("a name"));
            let alone = story(fleet.path(), &subject);
            assert_eq!(alone["kind"], "store");
            assert!(alone["stores"].as_array().expect("stores").contains(store));
        }
    }
}

/// The formulas with their numbers are what the objective is made of, and the leader is the best.
fn agrees(store: &Value) {
    let objective = store["decided"]["objectiveMs"].as_f64();
    let number = |of: &Value| of.as_f64().unwrap_or_default();
    let (reads, writes) = (number(&store["reads"]), number(&store["writes"]));
    let mix = reads * number(&store["read"]["meanMs"]) + writes * number(&store["write"]["meanMs"]);
    let objective = objective.expect("an audience");
    assert!(
        (mix / (reads + writes) - objective).abs() < 2e-6,
        "{store:#}"
    );
    let leaders = store["leaders"].as_array().expect("leaders");
    if let Some(leader) = store["decided"]["leader"].as_str() {
        let free = |l: &&Value| l["obstacle"].is_null();
        let best = leaders.iter().find(free).expect("a leader");
        assert_eq!(
            (&best["region"], &best["objectiveMs"]),
            (&leader.into(), &store["decided"]["objectiveMs"])
        );
    }
}

/// All choices of so many of some names.
fn choices<'n>(names: &[&'n str], size: usize) -> Vec<Vec<&'n str>> {
    match (size, names) {
        (0, _) => vec![Vec::new()],
        (_, []) => Vec::new(),
        (_, [first, rest @ ..]) => {
            let mut with = choices(rest, size - 1);
            with.iter_mut().for_each(|c| c.insert(0, first));
            with.extend(choices(rest, size));
            with
        }
    }
}

#[test]
fn alternatives_are_worth_what_a_plan_of_them_is_worth() {
    let fleet = shop();
    let dir = fleet.path();
    let told = story(dir, "web");
    let legal = [
        "ap-south-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "us-east-1",
    ];
    let web = dir.join("services/web.yaml");
    let from = format!(
        "\n  from: [{}]",
        [
            "eu-west-1",
            "eu-central-1",
            "eu-north-1",
            "us-east-1",
            "ap-south-1"
        ]
        .join(", ")
    );
    let mut asked = format!("{{atLeast: 2, atMost: 3}}{from}");
    let mut worth: Vec<(f64, Vec<&str>)> = Vec::new();
    for choice in [choices(&legal, 2), choices(&legal, 3)].concat() {
        let named = format!("[{}]", choice.join(", "));
        edit(&web, &asked, &named);
        asked = named;
        let plan = regen(dir, &["plan", "--format", "json"]).exits(0).stdout;
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        let value = plan["services"]["web"]["objectiveMs"].as_f64();
        worth.push((value.expect("an audience"), choice));
    }
    worth.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.len().cmp(&b.1.len())));
    let regions = |of: &Value| -> Vec<String> {
        let all = of.as_array().expect("regions").iter();
        let mut all: Vec<String> = all
            .map(|r| r.as_str().expect("a name").to_owned())
            .collect();
        all.sort_unstable();
        all
    };
    let service = &told["service"];
    assert_eq!(regions(&service["decided"]["regions"]), worth[0].1);
    let runner_up = &service["choice"]["runnerUp"];
    assert_eq!(regions(&runner_up["regions"]), worth[1].1);
    assert_eq!(runner_up["objectiveMs"].as_f64(), Some(worth[1].0));
    assert_eq!(runner_up["proven"], true);
    for region in service["regions"].as_array().expect("regions") {
        let instead = &region["instead"];
        if instead.is_null() {
            continue;
        }
        let mut with = regions(&service["decided"]["regions"]);
        with.retain(|r| Some(r.as_str()) != instead["of"].as_str());
        with.push(region["region"].as_str().expect("a name").to_owned());
        with.sort_unstable();
        let planned = worth.iter().find(|w| w.1 == with).expect("a choice");
        assert_eq!(instead["objectiveMs"].as_f64(), Some(planned.0), "{region}");
    }
}

#[test]
fn what_an_enforced_budget_keeps_out_is_told_with_its_place() {
    let fleet = shop();
    let web = fleet.path().join("services/web.yaml");
    let budget = "budget: {read: {p50: 100ms}, enforce: true}\naudience: {eu-west-1: 70, us-east-1: 28, ap-south-1: 2}\n";
    edit(&web, "slo: {rto: 5m}\n", budget);
    edit(&web, "{atLeast: 2, atMost: 3}", "{exactly: 2}");
    let told = story(fleet.path(), "web");
    let service = &told["service"];
    assert_eq!(
        service["decided"]["regions"],
        serde_json::json!(["ap-south-1", "eu-west-1"])
    );
    let regions = service["regions"].as_array().expect("regions");
    let out = regions
        .iter()
        .find(|r| r["region"] == "us-east-1")
        .expect("is considered");
    let (own, instead) = (&service["choice"]["objectiveMs"], &out["instead"]);
    assert_eq!(
        (&out["standing"], &instead["of"]),
        (&"spare".into(), &"ap-south-1".into())
    );
    assert!(instead["objectiveMs"].as_f64() < own.as_f64(), "{instead}");
    let breaks = &instead["breaks"];
    assert_eq!(
        breaks["reason"],
        "it would break the enforced budget for reads"
    );
    assert_eq!(breaks["places"][0]["file"], "services/web.yaml");
    assert_eq!(breaks["places"][0]["line"], 14);
}

#[test]
fn leaders_are_worth_what_a_plan_with_them_is_worth() {
    let fleet = shop();
    let dir = fleet.path();
    let told = story(dir, "checkout/ledger");
    let checkout = dir.join("services/checkout.yaml");
    let mut asked = "name: ledger,".to_owned();
    let leaders = told["stores"][0]["leaders"].as_array().expect("leaders");
    assert_eq!(leaders.len(), 3);
    for lead in leaders {
        let region = lead["region"].as_str().expect("a name");
        let named = format!("name: ledger, leader: {region},");
        edit(&checkout, &asked, &named);
        asked = named;
        let ran = regen(dir, &["plan", "--format", "json"]);
        let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        if ran.code == 0 {
            let store = &plan["stores"]["checkout/ledger"];
            assert_eq!(lead["objectiveMs"], store["objectiveMs"], "{region}");
            assert_eq!(lead["obstacle"], Value::Null, "{region}");
        } else {
            let reason = &lead["obstacle"]["reason"];
            assert_eq!(
                reason, "it would break the enforced budget for writes",
                "{region}"
            );
        }
    }
}

#[test]
fn fields_and_objects_are_explained_as_data_too() {
    let fleet = shop();
    let dir = fleet.path();
    let told = story(dir, "checkout/ledger.survive");
    assert_eq!(
        (&told["kind"], &told["fields"][0]["value"]),
        (&"field".into(), &"region".into())
    );
    assert_eq!(told["fields"][0]["field"], "stores[1].survive");
    assert_eq!(told["fields"][0]["layers"][0]["place"]["line"], 15);
    let told = story(dir, "checkout.placement.mode");
    assert_eq!(told["fields"], Value::Array(Vec::new()));
    assert!(
        told["about"]
            .as_str()
            .is_some_and(|about| about.contains("active")),
        "{told}"
    );
    let example = example_copy();
    let object = "clusters/us-east-1/use1-a/shop/frontend/deployment-frontend.yaml";
    let ran = regen(
        example.path(),
        &["explain", "--object", object, "--format", "json"],
    )
    .exits(0);
    let told = form(example.path(), "explain", &ran);
    let object = &told["objects"][0];
    assert_eq!(
        (&told["kind"], &object["id"]),
        (&"object".into(), &"apps/Deployment/shop/frontend".into())
    );
    let origins = object["origins"].as_object().expect("origins").values();
    let files: Vec<&str> = origins.filter_map(|o| o["file"].as_str()).collect();
    assert!(files.contains(&"services/frontend.yaml"), "{files:?}");
}

#[test]
fn whoever_mistypes_is_told_what_there_is() {
    let fleet = shop();
    let dir = fleet.path();
    for (typed, said) in [
        (
            "chekout",
            "no service is named `chekout`; did you mean `checkout`?",
        ),
        ("nothing-like-it", "no service is named `nothing-like-it`\n"),
        (
            "catalog@stagin",
            "`catalog@stagin` does not say which environment: did you mean `catalog` or `catalog@staging`?",
        ),
        (
            "checkout@staging",
            "no service is named `checkout@staging`; did you mean `checkout`?",
        ),
        (
            "orders",
            "no service is named `orders`, but a store is: did you mean `checkout/orders`?",
        ),
        (
            "checkout/order",
            "`checkout` has no store `order`; did you mean `checkout/orders`?",
        ),
        (
            "catalog@staging/item",
            "`catalog@staging` has no store `item`; did you mean `catalog@staging/items`?",
        ),
        (
            "checkout/x",
            "`checkout` has no store `x`; it has `checkout/orders`, `checkout/ledger`, `checkout/sessions`",
        ),
        ("mail/box", "`mail` has no store `box`; it has none"),
        (
            "checkout.teir",
            "a service has no field `teir`; did you mean `tier`?",
        ),
        ("web\u{1b}[31m", "no service is named `web\\u{1b}[31m`"),
    ] {
        let ran = regen(dir, &["explain", typed]).exits(2);
        assert!(ran.stderr.contains(said), "{typed}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{typed}");
    }
}
