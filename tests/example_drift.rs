//! The dump that is shipped beside the example: a bad week in two clusters, two that are as
//! rendered, and nothing else to tell; through the library and from the command line.
//!
//! `REGEN_BLESS=1 cargo test --test example_drift` accepts the report as it is printed now.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regen::diag::Sink;
use regen::drift::{Desired, compare};
use regen::io;
use regen::model::finding::{ClusterReport, FindingKind, FindingSeverity, Verdict};
use regen::model::keep::Asked;
use regen::model::live::GroupKind;
use regen::model::manifest::Manifest;
use regen::model::name::ClusterName;
use regen::pipeline::{self, Input};
use regen::plan;
use regen::schema::Schemas;
use support::{example, example_copy, regen};

/// What happened: cluster, kind, object, path, who.
const WEEK: [[&str; 5]; 5] = [
    [
        "euw1-b",
        "modified",
        "apps/Deployment/shop/checkoutservice",
        "/spec/template/spec/containers/[name=checkoutservice]/image",
        "kubectl-set",
    ],
    [
        "euw1-b",
        "extra",
        "apps/Deployment/shop/paymentservice",
        "/spec/template/spec/containers/[name=paymentservice]/env/[name=LOG_LEVEL]",
        "kubectl-set",
    ],
    [
        "use1-a",
        "missing",
        "apps/Deployment/shop/adservice",
        "",
        "",
    ],
    [
        "use1-a",
        "orphan",
        "apps/Deployment/shop/loadgenerator",
        "",
        "",
    ],
    [
        "use1-a",
        "modified",
        "networking.k8s.io/NetworkPolicy/shop/redis-cart-ingress",
        "/spec/ingress",
        "kubectl-edit",
    ],
];

fn live() -> PathBuf {
    example().join("live")
}

fn word(kind: FindingKind) -> String {
    let word = serde_json::to_value(kind).expect("a word");
    word.as_str().expect("a word").to_owned()
}

/// The report on each cluster, from what the example renders now.
fn reports() -> BTreeMap<ClusterName, ClusterReport> {
    let mut input = Input::default();
    input.files = io::files::read_fleet(&example(), &mut input.sources).expect("readable");
    let mut sink = Sink::new();
    let rendered =
        pipeline::plan(&input, &plan::Options::default(), &mut sink).and_then(|planned| {
            let set = pipeline::render(&input, &planned, &mut sink)?;
            Ok((pipeline::drift::settings(&planned.world, &mut sink)?, set))
        });
    let (settings, set) = rendered.unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()));

    let mut clusters: BTreeMap<ClusterName, Vec<&Manifest>> = BTreeMap::new();
    for (_, manifest) in set.manifests() {
        let cluster = manifest.cluster.clone().expect("nothing is for the hub");
        clusters.entry(cluster).or_default().push(manifest);
    }
    let kinds = |manifests: &Vec<&Manifest>| -> BTreeSet<GroupKind> {
        let kind = |m: &&Manifest| GroupKind {
            group: m.id.group.clone(),
            kind: m.id.kind.clone(),
        };
        manifests.iter().map(kind).collect()
    };
    let wanted = clusters
        .iter()
        .map(|(c, m)| (c.clone(), Asked::everything(kinds(m))))
        .collect();
    let states = io::snapshot::read_fleet(&live(), &wanted).expect("readable");
    let report = |(cluster, manifests): (ClusterName, Vec<&Manifest>)| {
        let desired: Vec<Desired<'_>> = manifests.iter().map(|m| Desired::of(m.body())).collect();
        let mut settings = settings.clone();
        settings.cluster = cluster.to_string();
        let report = compare(&desired, &states[&cluster], Schemas::built_in(), &settings);
        (cluster, report)
    };
    clusters.into_iter().map(report).collect()
}

#[test]
fn the_week_is_told_and_nothing_else() {
    let reports = reports();
    assert_eq!(reports.len(), 4);
    let mut told = Vec::new();
    for (cluster, report) in &reports {
        for finding in &report.findings {
            if finding.severity == FindingSeverity::Info {
                continue;
            }
            let by = finding.by.first().map_or("", |m| m.manager.as_str());
            told.push([
                cluster.to_string(),
                word(finding.kind),
                finding.object.to_string(),
                finding.path.clone(),
                by.to_owned(),
            ]);
        }
    }
    assert_eq!(told, WEEK);
    for (cluster, report) in &reports {
        for (object, verdict) in &report.verdicts {
            let drifted = WEEK
                .iter()
                .any(|w| w[0] == cluster.as_str() && w[2] == object.to_string());
            let expected = if drifted {
                Verdict::Drift
            } else {
                Verdict::Clean
            };
            assert_eq!(*verdict, expected, "{cluster} {object}");
        }
    }
}

/// Clean is more than untouched: the clusters were at work when the dump was made.
#[test]
fn what_autoscalers_did_is_information() {
    for (cluster, report) in reports() {
        let mut kinds: Vec<FindingKind> = report.findings.iter().map(|f| f.kind).collect();
        kinds.retain(|k| *k == FindingKind::Autoscaled);
        assert!(kinds.len() >= 2, "{cluster}: {kinds:?}");
    }
}

#[test]
fn the_dump_holds_nothing_that_is_not_for_everybody() {
    let mut size = 0;
    for file in std::fs::read_dir(live()).expect("the dump is there") {
        let path = file.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        size += text.len();
        for word in [
            "\n  kind: Secret\n", // an object; certificates of gateways are referred to
            "BEGIN ",
            "token:",
            "127.0.0.1",
            "localhost",
            "/tmp/",
            "/home/",
            "/root/",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
    assert!(size < 1_500_000, "{size} bytes");
}

/// Times differ when the dump is made anew.
fn without_times(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let time = word.trim_end();
        let is_time = time.len() == 20 && time.starts_with("20") && time.ends_with('Z');
        word.replace(time, if is_time { "<time>" } else { time })
    });
    words.collect()
}

#[test]
fn the_command_line_reports_the_week() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let live = live();
    let live = live.to_str().expect("UTF-8");
    let args = ["drift", "--live", live, "-o", "json=report.json"];
    let ran = regen(fleet.path(), &args).exits(1);
    let held = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/example-drift.txt");
    let told = without_times(&ran.stdout);
    if std::env::var_os("REGEN_BLESS").is_some() {
        std::fs::write(&held, &told).expect("written");
    }
    assert_eq!(
        told,
        std::fs::read_to_string(&held).expect("the report is held")
    );

    let json = std::fs::read_to_string(fleet.path().join("report.json")).expect("written");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let told: Vec<[&str; 4]> = json["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|f| f["kind"] != "invariant")
        .map(|f| ["cluster", "kind", "object", "path"].map(|k| f[k].as_str().expect("text")))
        .collect();
    let week: Vec<[&str; 4]> = WEEK
        .iter()
        .map(|[c, k, o, p, _]| [*c, *k, *o, *p])
        .collect();
    assert_eq!(told, week);
    // The image that was changed in one cluster tears its wave; nothing else is broken among them.
    let findings = json["findings"].as_array().expect("a list");
    let broken: Vec<_> = findings
        .iter()
        .filter(|f| f["kind"] == "invariant")
        .collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0]["rule"], "wave-image");
    assert_eq!(broken[0]["live"]["euw1-b"], findings[0]["live"]);
    for invariant in json["invariants"].as_array().expect("a list") {
        let torn = invariant["rule"] == "wave-image";
        let expected = if torn { "drift" } else { "clean" };
        assert_eq!(invariant["verdict"], expected, "{invariant}");
        assert_ne!(invariant["judged"], 0, "{invariant}");
    }
    let image = &json["findings"][0];
    assert_eq!(image["origin"]["file"], "services/checkoutservice.yaml");
    assert_eq!(image["by"]["manager"], "kubectl-set");
    assert!(image["by"]["time"].is_string());
    let summary = &json["summary"];
    let objects = summary["objects"].as_u64().expect("a number");
    assert_eq!(summary["drift"], 5);
    assert_eq!(summary["unknown"], 0);
    assert_eq!(summary["clean"].as_u64(), Some(objects - 5));
    assert_eq!(
        summary["clusters"],
        serde_json::json!({"euc1-a": "clean", "euw1-a": "clean", "euw1-b": "drift", "use1-a": "drift"})
    );
    for cluster in ["euc1-a", "euw1-a"] {
        let _ = regen(
            fleet.path(),
            &["drift", "--live", live, "--cluster", cluster],
        )
        .exits(0);
    }
}
