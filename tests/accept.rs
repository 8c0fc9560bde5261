//! `regen drift --accept`: what clusters have goes into the fleet's files, where rendering proves it.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{copy, edit, example_copy, git, regen};

const CLUSTERS: [&str; 4] = ["euc1-a", "euw1-a", "euw1-b", "use1-a"];

/// The example, committed, and for each cluster a dump that is what was rendered.
fn committed() -> tempfile::TempDir {
    let fleet = example_copy();
    let _ = git(fleet.path(), &["init", "-q"]).exits(0);
    rendered(fleet.path());
    dumped(fleet.path());
    fleet
}

/// Makes the dumps what the repository holds.
fn dumped(fleet: &Path) {
    for region in std::fs::read_dir(fleet.join("gitops/clusters")).expect("rendered") {
        for cluster in std::fs::read_dir(region.expect("readable").path()).expect("a folder") {
            let cluster = cluster.expect("readable");
            let live = fleet.join("live").join(cluster.file_name());
            copy(&cluster.path(), &live);
        }
    }
}

fn rendered(fleet: &Path) {
    let _ = regen(fleet, &["render", "--commit"]).exits(0);
}

fn drift(fleet: &Path, more: &[&str]) -> support::Ran {
    regen(fleet, &[&["drift", "--live", "live"], more].concat())
}

/// The numbers of findings, by cluster and path.
fn numbers(fleet: &Path) -> BTreeMap<(String, String), String> {
    let ran = drift(fleet, &["--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let with = findings.iter().filter(|f| f["id"].is_string());
    with.map(|f| ((text(&f["cluster"]), text(&f["path"])), text(&f["id"])))
        .collect()
}

/// Every file that people write, with its text.
fn files(fleet: &Path) -> BTreeMap<PathBuf, String> {
    let parts = ["regen.yaml", "regions", "services", "overlays", "network"];
    let walk = parts
        .iter()
        .flat_map(|part| walkdir::WalkDir::new(fleet.join(part)));
    let files = walk
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file());
    files
        .map(|e| {
            let below = e.path().strip_prefix(fleet).expect("below").to_owned();
            (below, std::fs::read_to_string(e.path()).expect("text"))
        })
        .collect()
}

fn deployment(fleet: &Path, cluster: &str, service: &str) -> PathBuf {
    fleet.join(format!(
        "live/{cluster}/shop/{service}/deployment-{service}.yaml"
    ))
}

/// Accepts all findings in some clusters, and what became of the files: new ones and changed lines.
fn accepted(fleet: &Path, clusters: &[&str]) -> BTreeMap<PathBuf, Vec<String>> {
    let before = files(fleet);
    let ids = numbers(fleet);
    let ids = ids
        .iter()
        .filter(|((cluster, _), _)| clusters.contains(&cluster.as_str()));
    let mut args = Vec::new();
    for (_, id) in ids {
        args.extend(["--accept", id.as_str()]);
    }
    assert!(!args.is_empty());
    let dry = drift(fleet, &[&args[..], &["--dry-run"]].concat()).exits(0);
    assert!(
        dry.stdout.ends_with("nothing was written\n"),
        "{}",
        dry.stdout
    );
    assert_eq!(files(fleet), before);
    let ran = drift(fleet, &args).exits(0);
    let after = files(fleet);
    let changed = after
        .into_iter()
        .filter(|(path, text)| before.get(path) != Some(text));
    let changed: BTreeMap<PathBuf, Vec<String>> = changed
        .map(|(path, text)| {
            let old = before.get(&path).cloned().unwrap_or_default();
            let diff = similar::TextDiff::from_lines(old.as_str(), text.as_str());
            let lines = diff
                .iter_all_changes()
                .filter(|c| c.tag() != similar::ChangeTag::Equal);
            (
                path,
                lines
                    .map(|c| format!("{}{}", c.tag(), c.value().trim_end()))
                    .collect(),
            )
        })
        .collect();
    for path in changed.keys() {
        assert!(
            ran.stdout.contains(&path.display().to_string()),
            "{}",
            ran.stdout
        );
    }
    rendered(fleet);
    let ran = drift(fleet, &[]).exits(0);
    assert!(ran.stdout.contains("4 clean; 0 findings"), "{}", ran.stdout);
    changed
}

#[test]
fn what_all_clusters_have_goes_into_the_line_that_says_otherwise() {
    let fleet = committed();
    for cluster in CLUSTERS {
        let file = deployment(fleet.path(), cluster, "frontend");
        edit(&file, "frontend:v0.10.6", "frontend:v0.10.7");
        let file = deployment(fleet.path(), cluster, "currencyservice");
        edit(&file, "value: \"7000\"", "value: \"7001\"");
    }
    let changed = accepted(fleet.path(), &["euw1-a"]);
    let lines: Vec<String> = changed
        .into_iter()
        .flat_map(|(path, lines)| {
            lines
                .into_iter()
                .map(move |line| format!("{}: {line}", path.display()))
        })
        .collect();
    let image = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo/frontend";
    assert_eq!(
        lines,
        [
            "services/currencyservice.yaml: -  env: {PORT: 7000, DISABLE_PROFILER: 1}".to_owned(),
            "services/currencyservice.yaml: +  env: {PORT: \"7001\", DISABLE_PROFILER: 1}"
                .to_owned(),
            format!("services/frontend.yaml: -  image: {image}:v0.10.6"),
            format!("services/frontend.yaml: +  image: {image}:v0.10.7"),
        ]
    );
}

#[test]
fn what_a_region_or_a_cluster_has_goes_into_its_overlay() {
    let fleet = committed();
    let overlays = fleet.path().join("overlays/clusters");
    std::fs::create_dir_all(&overlays).expect("made");
    let own = "# what was there\nkind: Deployment\nname: cartservice\nmerge: {metadata: {annotations: {a: b}}}";
    std::fs::write(overlays.join("use1-a.yaml"), own).expect("written");
    rendered(fleet.path());
    dumped(fleet.path());
    for cluster in ["euw1-a", "euw1-b"] {
        let file = deployment(fleet.path(), cluster, "frontend");
        edit(&file, "frontend:v0.10.6", "frontend:v0.10.7");
    }
    let file = deployment(fleet.path(), "use1-a", "adservice");
    edit(&file, "adservice:v0.10.6", "adservice:v0.10.5");
    let changed = accepted(fleet.path(), &["euw1-a", "use1-a"]);
    let paths: Vec<String> = changed.keys().map(|p| p.display().to_string()).collect();
    assert_eq!(
        paths,
        [
            "overlays/clusters/use1-a.yaml",
            "overlays/regions/eu-west-1.yaml"
        ]
    );
    let text = std::fs::read_to_string(overlays.join("use1-a.yaml")).expect("there");
    assert!(
        text.starts_with(&format!("{own}\n---\nkind: Deployment\nname: adservice\n")),
        "{text}"
    );
}

#[test]
fn what_is_missing_or_more_is_removed_or_added() {
    let fleet = committed();
    let file = deployment(fleet.path(), "euw1-a", "frontend");
    let text = std::fs::read_to_string(&file).expect("there");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines
        .iter()
        .position(|l| l.contains("name: ENABLE_PROFILER"))
        .expect("a variable");
    let indent = " ".repeat(lines[at].len() - lines[at].trim_start().len());
    let mut changed: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    changed[at] = format!("{indent}- name: LOG_LEVEL");
    changed[at + 1] = format!("{indent}  value: debug");
    std::fs::write(&file, changed.join("\n")).expect("written");
    assert_eq!(numbers(fleet.path()).len(), 2);
    let changed = accepted(fleet.path(), &["euw1-a"]);
    let text = changed[Path::new("overlays/clusters/euw1-a.yaml")].join("\n");
    assert!(
        text.contains("\"op\":\"remove\"") && text.contains("\"op\":\"add\""),
        "{text}"
    );
}

#[test]
fn what_cannot_be_proved_is_not_written() {
    let fleet = committed();
    let file = deployment(fleet.path(), "euw1-a", "frontend");
    edit(&file, "frontend:v0.10.6", "frontend:v0.10.7");
    let before = files(fleet.path());
    let refused = |given: &str, why: &str| {
        let ran = drift(fleet.path(), &["--accept", given]).exits(2);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        assert_eq!(files(fleet.path()), before);
    };
    refused("zzzz", "there is no finding `zzzz` that could be accepted");
    edit(
        &deployment(fleet.path(), "euw1-a", "adservice"),
        "adservice:v0.10.6",
        "adservice:v0.10.5",
    );
    refused("", "is the beginning of several findings");

    // A decision of the plan is changed by what it follows from.
    let database = walkdir::WalkDir::new(fleet.path().join("live"))
        .into_iter()
        .filter_map(Result::ok)
        .find(|e| {
            e.file_name().to_string_lossy().starts_with("cluster-")
                && e.path().to_string_lossy().contains("euw1-a")
        });
    let database = database.expect("a database").into_path();
    let text = std::fs::read_to_string(&database).expect("there");
    let primary = text
        .lines()
        .find(|l| l.trim_start().starts_with("primary: "))
        .expect("a primary");
    let other = format!(
        "{}primary: elsewhere",
        &primary[..primary.len() - primary.trim_start().len()]
    );
    std::fs::write(&database, text.replace(primary, &other)).expect("written");
    let ids = numbers(fleet.path());
    let id = &ids[&("euw1-a".to_owned(), "/spec/replica/primary".to_owned())];
    refused(id, "decision of the plan");

    // What the source renders already, the repository is told first.
    edit(
        &fleet.path().join("services/frontend.yaml"),
        "frontend:v0.10.6",
        "frontend:v0.10.7",
    );
    let ids = numbers(fleet.path());
    let image = "/spec/template/spec/containers/[name=frontend]/image".to_owned();
    let ran = drift(
        fleet.path(),
        &["--accept", &ids[&("euw1-a".to_owned(), image)]],
    )
    .exits(2);
    assert!(
        ran.stderr.contains("render and commit it first"),
        "{}",
        ran.stderr
    );
}
