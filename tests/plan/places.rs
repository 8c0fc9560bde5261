//! What clusters must be and where data must stay, as regions are chosen: residency of all that
//! holds data, telemetry, Secrets, Kubernetes versions and capabilities.

use crate::fleet::Fleet;

const ENGINES: [&str; 7] = [
    "cloudnative-pg",
    "cockroachdb",
    "k8ssandra",
    "mongodb",
    "nats-jetstream",
    "strimzi-kafka",
    "valkey",
];

/// Two regions in the EU, one beside it and one across the sea.
fn fleet(settings: &str) -> Fleet {
    let capabilities = ENGINES.join(", ");
    Fleet::new(&format!(
        "platform: {{capabilities: [{capabilities}, multicluster-services]}}\ndataClasses: {{personal: {{residency: EU}}}}\naudience: {{us-east-1: 9, eu-west-1: 1}}\n{settings}"
    ))
    .aws(["eu-central-1", "eu-west-1", "eu-west-2", "us-east-1"])
}

/// The regions of `web`, or what was said.
fn regions(fleet: &Fleet) -> Result<Vec<String>, String> {
    let outcome = fleet.plan(None, false);
    let said = outcome.said();
    let plan = outcome.plan.ok_or(said)?;
    let web = plan.services.values().next().expect("one service");
    Ok(web.regions.iter().map(|r| r.region.to_string()).collect())
}

fn errors(said: &str) -> String {
    let mut keep = false;
    let lines = said.lines().filter(|line| {
        if !line.starts_with(' ') {
            keep = line.starts_with("error");
        }
        keep
    });
    lines.map(|l| format!("{l}\n")).collect()
}

#[test]
fn whatever_holds_bound_data_stays_inside_its_area() {
    for engine in ENGINES {
        for (consistency, shown) in [("", ""), (", consistency: eventual", " eventual")] {
            let store =
                format!("stores: [{{name: db, engine: {engine}{consistency}, data: personal}}]");
            let all = fleet("").service("web", &format!("placement: {{regions: all}}\n{store}"));
            let case = format!("{engine}{shown}");
            // Replicas, mirrors and caches are where the service is: nowhere else.
            let found = regions(&all);
            assert_eq!(
                found.as_deref(),
                Ok(&["eu-central-1".to_owned(), "eu-west-1".to_owned()][..]),
                "{case}"
            );
            let plan = all.plan(None, false).plan();
            let decided = plan.stores.values().next().expect("one store");
            let mut holds: Vec<&str> = decided.clusters.keys().map(|r| r.as_str()).collect();
            holds.sort_unstable();
            assert!(
                holds
                    .iter()
                    .all(|r| r.starts_with("eu-") && *r != "eu-west-2"),
                "{case}: {holds:?}"
            );
            // And so are those that take over.
            for service in plan.services.values() {
                for (lost, chain) in &service.failover {
                    let inside = |r: &str| r.starts_with("eu-") && r != "eu-west-2";
                    assert!(
                        inside(lost.as_str()) && chain.targets.iter().all(|t| inside(t.as_str())),
                        "{case}"
                    );
                }
            }
            let named = fleet("").service(
                "web",
                &format!("placement: {{regions: [eu-west-1, us-east-1]}}\n{store}"),
            );
            let said = regions(&named).expect_err("an illegal region is named");
            assert!(
                said.contains("error[placement-region] services/web.yaml:3:34: ")
                    && said.contains("personal data must stay in EU, and it lies in US"),
                "{case}: {said}"
            );
        }
    }
}

const BOUND: &str =
    "stores: [{name: db, engine: cloudnative-pg, consistency: eventual, data: personal}]";

#[test]
fn telemetry_that_leaves_keeps_a_region_from_bound_data() {
    let web = |settings: &str, own: &str, regions: &str| {
        let region = format!(
            "region: eu-central-1\nprovider: aws\n{own}clusters:\n  - {{name: eu-central-1-a}}\n"
        );
        fleet(settings)
            .file("regions/eu-central-1.yaml", region)
            .service(
                "web",
                &format!("placement: {{regions: {regions}}}\n{BOUND}\nfailover: none"),
            )
    };
    let inside = "telemetry: {jurisdiction: EU}\n";
    let across = "telemetry: {endpoint: \"otel.example:4317\", region: us-east-1}\n";
    assert_eq!(regions(&web("", inside, "all")).map(|r| r.len()), Ok(2));
    assert_eq!(
        regions(&web("", across, "all")),
        Ok(vec!["eu-west-1".to_owned()])
    );
    // Of a class whose attributes are deleted nothing leaves.
    let deleted = web("", across, "all").file(
        "regen.yaml",
        web("", across, "all").0["regen.yaml"]
            .replace("residency: EU", "residency: EU, attributes: [user.email]"),
    );
    assert_eq!(regions(&deleted).map(|r| r.len()), Ok(2));
    let said = regions(&web("", across, "{exactly: 2}")).expect_err("one region is left");
    assert_eq!(
        errors(&said),
        "error[placement-infeasible] services/web.yaml:3:22: `web` cannot be placed in 2 regions
  see services/web.yaml:4:74: store `db` holds it
  see regen.yaml:3:37: bound to `EU`
  see regions/eu-central-1.yaml:3:52: telemetry goes here
  note: `eu-central-1`: its telemetry goes to us-east-1, and personal data must stay in EU
  note: `eu-west-2`: personal data must stay in EU, and it lies in GB
  note: `us-east-1`: personal data must stay in EU, and it lies in US
  help: ask for 1 region
  help: list the `attributes` of telemetry that hold `personal`, so that they are deleted, or write a `telemetry` for `eu-central-1` inside of its area
  help: bind `personal` to an area with `eu-west-2` in it
"
    );
    let said = regions(&web("", across, "[eu-central-1]")).expect_err("it leaves");
    assert!(said.contains("residency-telemetry"), "{said}");
    let said = regions(&web("", across, "[eu-central-1, eu-west-1]")).expect_err("it leaves");
    assert_eq!(
        errors(&said),
        "error[placement-region] services/web.yaml:3:23: `web` may not be placed in `eu-central-1`
  see services/web.yaml:4:74: store `db` holds it
  see regen.yaml:3:37: bound to `EU`
  see regions/eu-central-1.yaml:3:52: telemetry goes here
  note: `eu-central-1`: its telemetry goes to us-east-1, and personal data must stay in EU
  help: take `eu-central-1` out of `placement.regions`, or lift what stands in the way
"
    );
}

#[test]
fn clusters_of_a_service_meet_what_it_requires() {
    // Two clusters in eu-west-1, of which one is newer; one elsewhere, which is old.
    let web = |requires: &str, regions: &str| {
        fleet("")
            .file(
                "regions/eu-west-1.yaml",
                "region: eu-west-1\nprovider: aws\nclusters:\n  - {name: a, kubernetes: \"1.33\"}\n  - {name: b, kubernetes: \"1.35\", capabilities: [gpu]}\n",
            )
            .file(
                "regions/eu-west-2.yaml",
                "region: eu-west-2\nprovider: aws\nclusters:\n  - {name: c, kubernetes: \"1.32\", capabilities: [gpu]}\n",
            )
            .service("web", &format!("placement: {{regions: {regions}}}\nrequires: {{{requires}}}"))
    };
    let clusters = |requires: &str| -> Vec<String> {
        let plan = web(requires, "all").plan(None, false).plan();
        let web = plan.services.values().next().expect("one service");
        let placed = web.regions.iter().flat_map(|r| r.clusters.keys());
        placed.map(ToString::to_string).collect()
    };
    for (requires, expected) in [
        (
            "kubernetes: \">=1.34\"",
            &["eu-central-1-a", "b", "us-east-1-a"][..],
        ),
        (
            "kubernetes: \">=1.33 <1.35\"",
            &["eu-central-1-a", "a", "us-east-1-a"],
        ),
        ("kubernetes: \"<1.34\"", &["a", "c"]),
        ("capabilities: [gpu]", &["b", "c"]),
        ("capabilities: [gpu], kubernetes: \">1.32\"", &["b"]),
    ] {
        assert_eq!(clusters(requires), expected, "{requires}");
    }
    let said = regions(&web(
        "capabilities: [gpu], kubernetes: \">=1.34\"",
        "{exactly: 2}",
    ))
    .expect_err("one region is left");
    assert_eq!(
        errors(&said),
        "error[placement-infeasible] services/web.yaml:3:22: `web` cannot be placed in 2 regions
  see services/web.yaml:4:27: required of its clusters
  see services/web.yaml:4:45: required of its clusters
  see regions/eu-west-2.yaml:4:27: `c` runs 1.32
  note: `eu-central-1`: no cluster with gpu
  note: `eu-west-2`: c runs Kubernetes 1.32, and >=1.34 is required
  note: `us-east-1`: no cluster with gpu
  help: ask for 1 region
  help: give a cluster in `eu-central-1` what is required: gpu
  help: upgrade a cluster in `eu-west-2` to Kubernetes >=1.34, or require less
"
    );
    let said =
        regions(&web("kubernetes: \">=1.33\"", "[eu-west-1, eu-west-2]")).expect_err("one is old");
    assert_eq!(
        errors(&said),
        "error[placement-region] services/web.yaml:3:34: `web` may not be placed in `eu-west-2`
  see services/web.yaml:4:24: required of its clusters
  see regions/eu-west-2.yaml:4:27: `c` runs 1.32
  note: `eu-west-2`: c runs Kubernetes 1.32, and >=1.33 is required
  help: take `eu-west-2` out of `placement.regions`, or lift what stands in the way
"
    );
}

#[test]
fn secrets_of_bound_data_come_from_inside_its_area() {
    let web = |store: &str| {
        let settings = "platform: {secrets: external-secrets, capabilities: [cloudnative-pg, external-secrets, multicluster-services]}\ndataClasses: {personal: {residency: EU}}\n";
        Fleet::new(settings)
            .aws(["eu-central-1"])
            .region(
                "eu-west-1",
                &format!("secretStore: {{aws: {{service: SecretsManager, region: {store}}}}}"),
            )
            .service(
                "web",
                &format!("placement: {{regions: all}}\n{BOUND}\nfailover: none"),
            )
    };
    assert_eq!(regions(&web("eu-central-1")).map(|r| r.len()), Ok(2));
    assert_eq!(
        regions(&web("us-east-1")),
        Ok(vec!["eu-central-1".to_owned()])
    );
}
