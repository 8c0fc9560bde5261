//! `regen drift --accept`: what clusters have goes into the fleet's files, where rendering proves it.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{copy, edit, example_copy, git, regen};

/// Changes the live objects of a service in some clusters.
fn live(fleet: &Path, clusters: &[&str], file: &str, change: impl Fn(&str) -> String) {
    for cluster in clusters {
        let path = fleet.join(format!("live/{cluster}/shop/{file}"));
        let old = std::fs::read_to_string(&path).expect("a dump");
        let new = change(&old);
        assert_ne!(old, new, "{cluster}: nothing changes");
        std::fs::write(&path, new).expect("written");
    }
}

/// One finding by its cluster and the end of its path.
fn id(fleet: &Path, cluster: &str, end: &str) -> String {
    let all = numbers(fleet);
    let mut fitting = all
        .iter()
        .filter(|((c, path), _)| c == cluster && path.ends_with(end));
    let (Some((_, id)), None) = (fitting.next(), fitting.next()) else {
        panic!("{cluster} {end}: {all:?}");
    };
    id.clone()
}

/// The lines that differ, by file.
fn lines(changed: &BTreeMap<PathBuf, Vec<String>>) -> Vec<String> {
    let of = |(path, lines): (&PathBuf, &Vec<String>)| -> Vec<String> {
        lines
            .iter()
            .map(|line| format!("{}: {line}", path.display()))
            .collect()
    };
    changed.iter().flat_map(of).collect()
}

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
    assert!(dry.stdout.contains("nothing was written"), "{}", dry.stdout);
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
    let image = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo/frontend";
    assert_eq!(
        lines(&changed),
        [
            "services/currencyservice.yaml: -  env: {PORT: 7000, DISABLE_PROFILER: 1}".to_owned(),
            "services/currencyservice.yaml: +  env: {PORT: 7001, DISABLE_PROFILER: 1}".to_owned(),
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
        text.contains("op: remove") && text.contains("op: add"),
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
    refused("zzzz", "there is no finding `zzzz`");
    refused("", "there is no finding ``");

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

#[test]
fn fields_say_it_in_their_own_words() {
    let fleet = committed();
    let frontend = "frontend/deployment-frontend.yaml";
    // A duration; a variable that is added, and one that is gone; what the defaults say for all.
    live(fleet.path(), &CLUSTERS, frontend, |t| {
        t.replacen("initialDelaySeconds: 10", "initialDelaySeconds: 25", 1)
    });
    live(
        fleet.path(),
        &CLUSTERS,
        "paymentservice/deployment-paymentservice.yaml",
        |t| {
            t.replacen(
                "- name: PORT\n",
                "- name: LOG_LEVEL\n          value: \"on\"\n        - name: PORT\n",
                1,
            )
        },
    );
    live(
        fleet.path(),
        &CLUSTERS,
        "adservice/deployment-adservice.yaml",
        |t| t.replace("memory: \"300Mi\"", "memory: \"512Mi\""),
    );
    live(
        fleet.path(),
        &CLUSTERS,
        "shippingservice/deployment-shippingservice.yaml",
        |t| t.replace("            cpu: \"200m\"", "            cpu: \"250m\""),
    );
    live(
        fleet.path(),
        &CLUSTERS,
        "currencyservice/deployment-currencyservice.yaml",
        |t| {
            t.replace(
                "        - name: DISABLE_PROFILER\n          value: \"1\"\n",
                "",
            )
        },
    );
    let changed = accepted(fleet.path(), &["use1-a"]);
    assert_eq!(
        lines(&changed),
        [
            "services/adservice.yaml: -  resources: {cpu: 200m, memory: 180Mi, limits: {cpu: 300m, memory: 300Mi}}",
            "services/adservice.yaml: +  resources: {cpu: 200m, memory: 180Mi, limits: {cpu: 300m, memory: 512Mi}}",
            "services/currencyservice.yaml: -  env: {PORT: 7000, DISABLE_PROFILER: 1}",
            "services/currencyservice.yaml: +  env: {PORT: 7000}",
            "services/frontend.yaml: -      initialDelay: 10s",
            "services/frontend.yaml: +      initialDelay: 25s",
            "services/paymentservice.yaml: -  env: {PORT: 50051, DISABLE_PROFILER: 1}",
            "services/paymentservice.yaml: +  env: {PORT: 50051, DISABLE_PROFILER: 1, LOG_LEVEL: \"on\"}",
            // The defaults are those of all services.
            "services/shippingservice.yaml: +  resources:",
            "services/shippingservice.yaml: +    limits:",
            "services/shippingservice.yaml: +      cpu: 250m",
        ]
    );
}

#[test]
fn what_more_follows_from_is_left_to_people() {
    let fleet = committed();
    let file = "adservice/deployment-adservice.yaml";
    live(fleet.path(), &CLUSTERS, file, |t| {
        t.replace("memory: \"180Mi\"", "memory: \"256Mi\"")
    });
    let before = files(fleet.path());
    let id = id(fleet.path(), "euw1-a", "/requests/memory");
    let ran = drift(fleet.path(), &["--accept", &id]).exits(2);
    for told in [
        "services/adservice.yaml:7 says it for all",
        "/spec/hard/requests.memory of ResourceQuota/shop/services",
        "change the line by hand",
    ] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    assert_eq!(files(fleet.path()), before);
}

#[test]
fn what_follows_from_others_is_refused_with_what_to_do() {
    let fleet = committed();
    let file = "frontend/deployment-frontend.yaml";
    live(fleet.path(), &["euw1-a"], file, |t| {
        t.replacen("regen.dev/tier: critical", "regen.dev/tier: batch", 1)
            .replace("spec:\n  selector", "spec:\n  replicas: 50\n  selector")
            .replace("        - name: ENABLE_PROFILER\n", "        - name: API_TOKEN\n          value: hunter2\n        - name: ENABLE_PROFILER\n")
    });
    live(
        fleet.path(),
        &["euw1-a"],
        "frontend/service-frontend.yaml",
        |t| {
            t.replace(
                "  selector:\n    app.kubernetes.io/name: frontend",
                "  selector:\n    app.kubernetes.io/name: other",
            )
        },
    );
    let gone = deployment(fleet.path(), "use1-a", "adservice");
    std::fs::remove_file(gone).expect("it was there");
    let before = files(fleet.path());
    for (cluster, end, why) in [
        (
            "euw1-a",
            "/metadata/labels/regen.dev~1tier",
            "a mark of whose the object is",
        ),
        ("euw1-a", "/spec/replicas", "change `workload.scale`"),
        ("euw1-a", "/env/[name=API_TOKEN]", "taken for a secret"),
        ("euw1-a", "/spec/selector", "how the object finds its pods"),
        ("use1-a", "", "not in the cluster"),
    ] {
        let id = match end {
            "" => numbers(fleet.path())[&(cluster.to_owned(), String::new())].clone(),
            end => id(fleet.path(), cluster, end),
        };
        let ran = drift(fleet.path(), &["--accept", &id[..8]]).exits(2);
        assert!(ran.stderr.contains(why), "{end}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"));
        assert_eq!(files(fleet.path()), before, "{end}");
    }
    // With so many findings, some begin with the same digit.
    for service in [
        "cartservice",
        "currencyservice",
        "paymentservice",
        "adservice",
        "shippingservice",
    ] {
        let file = format!("{service}/deployment-{service}.yaml");
        live(fleet.path(), &CLUSTERS[..3], &file, |t| {
            t.replace(":v0.10.6", ":v0.10.7")
        });
    }
    let ids = numbers(fleet.path());
    let digit = |id: &String| id[..1].to_owned();
    let mut firsts: BTreeMap<String, usize> = BTreeMap::new();
    ids.values()
        .for_each(|id| *firsts.entry(digit(id)).or_default() += 1);
    let (first, _) = firsts
        .iter()
        .find(|(_, n)| **n > 1)
        .expect("more than 16 findings");
    let ran = drift(fleet.path(), &["--accept", first]).exits(2);
    assert!(
        ran.stderr.contains("is the beginning of several findings"),
        "{}",
        ran.stderr
    );
    // What was seen and is no longer so is not accepted.
    let seen = id(fleet.path(), "euw1-b", "[name=cartservice]/image");
    let file = "cartservice/deployment-cartservice.yaml";
    live(fleet.path(), &["euw1-b"], file, |t| {
        t.replace(":v0.10.7", ":v0.10.8")
    });
    let ran = drift(fleet.path(), &["--accept", &seen]).exits(2);
    assert!(ran.stderr.contains("there is no finding"), "{}", ran.stderr);
    assert_eq!(files(fleet.path()), before);
}

#[test]
fn one_of_two_is_accepted_and_an_overlay_is_changed_in_place() {
    let fleet = committed();
    let file = "frontend/deployment-frontend.yaml";
    live(fleet.path(), &["use1-a"], file, |t| {
        t.replace("maxSurge: \"25%\"", "maxSurge: \"50%\"")
            .replace("frontend:v0.10.6", "frontend:x")
    });
    let surge = id(fleet.path(), "use1-a", "/maxSurge");
    let ran = drift(fleet.path(), &["--accept", &surge]).exits(0);
    let overlay = fleet.path().join("overlays/clusters/use1-a.yaml");
    let text = std::fs::read_to_string(&overlay).expect("written");
    let expected = "kind: Deployment\nname: frontend\nmerge:\n  spec:\n    strategy:\n      rollingUpdate:\n        maxSurge: \"50%\"\n";
    assert_eq!(text, expected, "{}", ran.stdout);
    rendered(fleet.path());
    let left = numbers(fleet.path());
    assert!(
        left.keys().any(|(_, path)| path.ends_with("/image")),
        "{left:?}"
    );
    assert!(
        !left.keys().any(|(_, path)| path.ends_with("/maxSurge")),
        "{left:?}"
    );
    // The overlay says it now, and so it is the overlay that is changed.
    let commented = format!(
        "# for the season\n{}",
        text.replace("50%\"", "50%\"   # was 25%")
    );
    std::fs::write(&overlay, &commented).expect("written");
    live(fleet.path(), &["use1-a"], file, |t| {
        t.replace("maxSurge: \"50%\"", "maxSurge: \"75%\"")
    });
    let surge = id(fleet.path(), "use1-a", "/maxSurge");
    let _ = drift(fleet.path(), &["--accept", &surge]).exits(0);
    let text = std::fs::read_to_string(&overlay).expect("there");
    assert_eq!(text, commented.replace("50%", "75%"));
    // So is the operation of a patch.
    for (n, tag) in ["x", "y"].into_iter().enumerate() {
        if n > 0 {
            live(fleet.path(), &["use1-a"], file, |t| {
                t.replace("frontend:x", "frontend:y")
            });
        }
        let image = id(fleet.path(), "use1-a", "/image");
        let _ = drift(fleet.path(), &["--accept", &image]).exits(0);
        rendered(fleet.path());
        let text = std::fs::read_to_string(&overlay).expect("there");
        assert_eq!(text.matches("\n---\n").count(), 1, "{text}");
        assert!(text.ends_with(&format!("/frontend:{tag}\n")), "{text}");
    }
}

#[test]
fn a_regions_number_is_the_one_of_all_its_clusters() {
    let fleet = committed();
    let file = "frontend/horizontalpodautoscaler-frontend.yaml";
    live(fleet.path(), &CLUSTERS, file, |t| {
        t.replace("minReplicas: 2", "minReplicas: 3")
            .replace("minReplicas: 4", "minReplicas: 6")
    });
    let changed = accepted(fleet.path(), &["euw1-a"]);
    assert_eq!(
        lines(&changed),
        [
            "services/frontend.yaml: -  scale: {min: 4, max: 20}",
            "services/frontend.yaml: +  scale: {min: 6, max: 20}",
        ]
    );
}

#[test]
fn one_environment_differs_in_its_own_words() {
    let fleet = example_copy();
    let append = |path: &str, more: &str| {
        let path = fleet.path().join(path);
        let old = std::fs::read_to_string(&path).expect("there");
        std::fs::write(&path, old + more).expect("written");
    };
    append(
        "regions/eu-west-1.yaml",
        "  - {name: euw1-s, environment: staging, capacity: {cpu: \"64\", memory: 256Gi}, network: {pods: [10.24.0.0/14], nodes: [172.25.0.0/16], egress: [52.18.2.0/24]}}\n",
    );
    append(
        "services/shippingservice.yaml",
        "environments:\n  staging: {workload: {scale: {min: 1, max: 1}}}   # small\n",
    );
    rendered(fleet.path());
    dumped(fleet.path());
    let file = "shippingservice/deployment-shippingservice.yaml";
    live(fleet.path(), &["euw1-s"], file, |t| {
        t.replace(":v0.10.6", ":edge")
    });
    let id = id(fleet.path(), "euw1-s", "/image");
    let ran = drift(fleet.path(), &["--accept", &id]).exits(0);
    let text = std::fs::read_to_string(fleet.path().join("services/shippingservice.yaml"));
    assert!(
        text.expect("there")
            .ends_with("shippingservice:edge}}   # small\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("not        services/shippingservice.yaml:4: it would change"),
        "{}",
        ran.stdout
    );
    rendered(fleet.path());
    let ran = drift(fleet.path(), &[]).exits(0);
    assert!(ran.stdout.contains("5 clean; 0 findings"), "{}", ran.stdout);
}

#[test]
fn clusters_that_were_not_asked_for_stay_as_they_are() {
    let fleet = committed();
    let file = "frontend/deployment-frontend.yaml";
    live(fleet.path(), &CLUSTERS, file, |t| {
        t.replace("frontend:v0.10.6", "frontend:x")
    });
    let id = id(fleet.path(), "use1-a", "/image");
    let only = drift(fleet.path(), &["--cluster", "use1-a", "--accept", &id]).exits(0);
    assert!(
        only.stdout.contains("+++ overlays/clusters/use1-a.yaml"),
        "{}",
        only.stdout
    );
    // What the command line cannot mean at once.
    let _ = drift(fleet.path(), &["--accept", &id, "--format", "json"]).exits(2);
}
