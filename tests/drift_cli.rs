//! `regen drift` from the command line: a fleet against dumps of its clusters, and manifests alone.

mod support;

use std::path::Path;

use support::{copy, edit, example_copy, git, regen};

const FRONTEND: &str = "live/euw1-a/shop/frontend/deployment-frontend.yaml";

/// The example, committed, and for each cluster a dump that is what was rendered.
fn committed() -> tempfile::TempDir {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let clusters = fleet.path().join("gitops/clusters");
    for region in std::fs::read_dir(clusters).expect("rendered") {
        for cluster in std::fs::read_dir(region.expect("readable").path()).expect("a folder") {
            let cluster = cluster.expect("readable");
            copy(
                &cluster.path(),
                &fleet.path().join("live").join(cluster.file_name()),
            );
        }
    }
    fleet
}

fn drift(dir: &Path, more: &[&str]) -> support::Ran {
    regen(dir, &[&["drift", "--live", "live"], more].concat())
}

#[test]
fn what_is_as_rendered_is_clean() {
    let fleet = committed();
    let ran = drift(fleet.path(), &[]).exits(0);
    assert!(
        ran.stdout.ends_with("4 clusters: 4 clean; 0 findings\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_edit_is_told_with_the_line_that_says_otherwise() {
    let fleet = committed();
    edit(
        &fleet.path().join(FRONTEND),
        "frontend:v0.10.6",
        "frontend:debug",
    );
    let gone = "live/euw1-b/shop/adservice/deployment-adservice.yaml";
    std::fs::remove_file(fleet.path().join(gone)).expect("it was there");
    let ran = drift(fleet.path(), &[]).exits(1);
    for told in [
        "apps/Deployment/shop/frontend\n    ~ ",
        "  /spec/template/spec/containers/[name=frontend]/image\n",
        "services/frontend.yaml:",
        "frontend:debug",
        "apps/Deployment/shop/adservice\n    - ",
        "  not in the cluster\n",
        "wave-image: apps/Deployment/shop/frontend\n",
        "4 clusters: 2 drifted, 2 clean; 2 findings, 1 broken invariant\n",
    ] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
    // One cluster alone, and the exit code that a report for people wants.
    let one = drift(fleet.path(), &["--cluster", "use1-a"]).exits(0);
    assert!(one.stdout.contains("1 cluster: 1 clean"), "{}", one.stdout);
    let _ = drift(fleet.path(), &["--exit-zero"]).exits(0);
}

#[test]
fn reports_go_into_files_as_well() {
    let fleet = committed();
    edit(
        &fleet.path().join(FRONTEND),
        "frontend:v0.10.6",
        "frontend:x",
    );
    let ran = drift(
        fleet.path(),
        &["-o", "json=report.json", "-o", "text=report.txt"],
    )
    .exits(1);
    let read = |name: &str| std::fs::read_to_string(fleet.path().join(name)).expect("written");
    assert_eq!(read("report.txt"), ran.stdout);
    let json: serde_json::Value = serde_json::from_str(&read("report.json")).expect("JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(json["summary"]["byKind"]["modified"], 1);
    assert_eq!(
        json["findings"][0]["origin"]["file"],
        "services/frontend.yaml"
    );
    assert_eq!(json["findings"][0]["cluster"], "euw1-a");
    let torn = &json["findings"][1];
    assert_eq!(
        (&torn["kind"], &torn["rule"]),
        (&"invariant".into(), &"wave-image".into())
    );
    assert_eq!(torn["involved"][0]["cluster"], "euw1-a");
    assert_eq!(torn["origin"]["file"], "services/frontend.yaml");
}

#[test]
fn a_repository_that_is_not_as_rendered_is_drift_too() {
    let fleet = committed();
    let path = fleet.path().join("services/frontend.yaml");
    edit(&path, "frontend:v0.10.6", "frontend:v0.10.7");
    let ran = drift(fleet.path(), &[]).exits(1);
    assert!(ran.stdout.starts_with("repository\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("the source renders something else"),
        "{}",
        ran.stdout
    );
    edit(&path, "frontend:v0.10.7", "frontend:v0.10.6");
    let file = "clusters/us-east-1/use1-a/shop/adservice/service-adservice.yaml";
    let gitops = fleet.path().join("gitops");
    edit(&gitops.join(file), "9555", "9556");
    let _ = git(
        &gitops,
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example",
            "commit",
            "-qam",
            "by hand",
        ],
    )
    .exits(0);
    let ran = drift(fleet.path(), &[]).exits(1);
    assert!(ran.stdout.contains("edited by hand"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("4 clusters: 1 drifted, 3 clean"),
        "the commit is compared, not the source: {}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_read_is_unknown_and_never_clean() {
    let fleet = committed();
    std::fs::remove_dir_all(fleet.path().join("live/use1-a")).expect("it was there");
    let ran = drift(fleet.path(), &[]).exits(3);
    assert!(ran.stdout.contains("1 unknown, 3 clean"), "{}", ran.stdout);
    // No kubeconfig anywhere: nothing is known of any cluster.
    let ran = regen(fleet.path(), &["drift"]).exits(3);
    assert!(
        ran.stdout.contains("4 unknown; 0 findings"),
        "{}",
        ran.stdout
    );
}

#[test]
fn mistakes_end_before_anything_is_compared() {
    let fleet = committed();
    let told = |args: &[&str], text: &str| {
        let ran = regen(fleet.path(), &[&["drift"], args].concat()).exits(2);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.contains(text), "{args:?}: {}", ran.stderr);
    };
    told(&["--cluster", "euw1-c"], "did you mean `euw1-a`?");
    told(&["--context", "x"], "--cluster");
    told(&["--live", "nowhere"], "`nowhere`");
    told(&["-o", "pdf=x"], "`pdf` is no format");
    told(&["--desired", "nowhere"], "`nowhere`");
    std::fs::write(fleet.path().join("live/use1-a/bad.yaml"), "a: [\n").expect("written");
    told(&["--live", "live"], "bad.yaml");
    edit(
        &fleet.path().join("regen.yaml"),
        "drift: {appliers: [argocd-controller]}",
        "drift: {appliers: [argocd-controller], ignore: [{kind: Deployment, jsonPointers: [spec]}]}",
    );
    told(&[], "error[invalid-ignore-rule]");
    told(&[], "regen.yaml:");
}

#[test]
fn a_repository_that_does_not_exist_is_no_clean_report() {
    let fleet = example_copy();
    let ran = regen(fleet.path(), &["drift"]).exits(2);
    assert!(
        ran.stderr.contains("`regen render --commit`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_manifest_that_cannot_be_read_is_located() {
    let fleet = committed();
    let gitops = fleet.path().join("gitops");
    let file = "clusters/us-east-1/use1-a/shop/own.yaml";
    std::fs::write(gitops.join(file), "kind: ConfigMap\n\tx: 1\n").expect("written");
    let _ = git(&gitops, &["add", "-A"]).exits(0);
    let _ = git(
        &gitops,
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example",
            "commit",
            "-qm",
            "by hand",
        ],
    )
    .exits(0);
    let ran = drift(fleet.path(), &[]).exits(2);
    assert!(
        ran.stderr.contains(&format!("gitops/{file}:2:1")),
        "{}",
        ran.stderr
    );
}

#[test]
fn manifests_are_compared_without_a_fleet() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("manifests")).expect("made");
    std::fs::write(
        at("manifests/app.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {level: info}\n",
    )
    .expect("written");
    std::fs::write(
        at("manifests/kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [app.yaml]\n",
    )
    .expect("written");
    let live = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: app, namespace: shop}\n  data: {level: LEVEL}\n";
    let run = |level: &str, namespace: &str| {
        std::fs::write(at("live.yaml"), live.replace("LEVEL", level)).expect("written");
        let args = [
            "drift",
            "--desired",
            "manifests",
            "--live",
            "live.yaml",
            "--namespace",
            namespace,
        ];
        regen(dir.path(), &args)
    };
    let ran = run("info", "shop").exits(0);
    assert_eq!(
        ran.stdout,
        "cluster  clean  1 object\n1 cluster: 1 clean; 0 findings\n"
    );
    let ran = run("debug", "shop").exits(1);
    assert!(ran.stdout.contains("  /data/level\n"), "{}", ran.stdout);
    let ran = run("info", "elsewhere").exits(1);
    assert!(ran.stdout.contains("not in the cluster"), "{}", ran.stdout);
}

#[test]
fn settings_come_from_a_file_and_end_in_rules() {
    let dir = tempfile::tempdir().expect("a directory");
    let write =
        |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write(
        "app.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, labels: {a/b: x}}\ndata: {level: info}\n",
    );
    write(
        "live.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: shop, labels: {a/b: y}}\ndata: {level: debug}\n",
    );
    let run = |config: &str, more: &[&str]| {
        write("drift.yaml", config);
        let args = [
            "drift",
            "--desired",
            "app.yaml",
            "--live",
            "live.yaml",
            "--drift-config",
            "drift.yaml",
        ];
        regen(dir.path(), &[&args, more].concat())
    };
    let faulty = run("namespace: shop\nignore: [{jsonPointers: [x]}]\n", &[]).exits(2);
    assert!(faulty.stderr.contains("drift.yaml:2:"), "{}", faulty.stderr);
    let faulty = run("aplier: [x]\n", &[]).exits(2);
    let told = "error[invalid-drift-settings]: `aplier`: unknown field `aplier`";
    assert!(faulty.stderr.contains(told), "{}", faulty.stderr);

    let told = run("namespace: shop\n", &["--format", "json"]).exits(1);
    let report: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["object"], "v1/ConfigMap/shop/app");
    assert_eq!(findings[0]["gvk"], "v1/ConfigMap");

    // The rules that the report gives accept exactly what it found.
    let rules: Vec<&serde_json::Value> = findings.iter().map(|f| &f["accept"]).collect();
    let config = serde_json::json!({"namespace": "shop", "ignore": rules});
    let _ = run(&config.to_string(), &[]).exits(0);
    let config = serde_json::json!({"namespace": "shop", "ignore": rules[..1]});
    let one = run(&config.to_string(), &["--show-rules"]).exits(1);
    assert!(one.stdout.contains("accept with  - {"), "{}", one.stdout);

    // What hides nothing is told, and a flag goes before the file.
    let idle = "namespace: other\nignore:\n- {kind: Service, managers: ['*']}\n- {kind: ConfigMap, jsonPointers: [/data], until: 2020-01-01}\n";
    let idle = run(idle, &["--namespace", "shop"]).exits(1);
    for told in [
        "rule 1 of `ignore` hides nothing",
        "rule 2 of `ignore` is past its day",
    ] {
        assert!(idle.stdout.contains(told), "{}", idle.stdout);
    }
}

#[test]
fn the_fleets_block_takes_every_setting() {
    let fleet = committed();
    let stray =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stray, namespace: shop, uid: 4b0b}\n";
    std::fs::write(fleet.path().join("live/euw1-a/shop/stray.yaml"), stray).expect("written");
    let _ = drift(fleet.path(), &[]).exits(0);
    let more = "drift: {unknownManagers: drift, interactive: [ops-*], orphans: {namespace: shop, all: true}, ";
    edit(&fleet.path().join("regen.yaml"), "drift: {", more);
    let ran = drift(fleet.path(), &[]).exits(1);
    assert!(
        ran.stdout.contains("ConfigMap/shop/stray"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("; 1 finding\n"), "{}", ran.stdout);
}

#[test]
fn what_the_baseline_holds_does_not_count_and_what_is_new_does() {
    let fleet = committed();
    edit(
        &fleet.path().join(FRONTEND),
        "frontend:v0.10.6",
        "frontend:debug",
    );
    let before = ["-o", "json=before.json", "--exit-zero"];
    let _ = drift(fleet.path(), &before).exits(0);
    let baseline = ["--baseline", "before.json"];
    let known = drift(fleet.path(), &baseline).exits(0);
    assert!(!known.stdout.contains("frontend:debug"), "{}", known.stdout);
    let last =
        "4 clusters: 1 known, 3 clean; 0 findings, 2 known from the baseline, 0 of it settled\n";
    assert!(known.stdout.ends_with(last), "{}", known.stdout);
    let all = drift(fleet.path(), &["--baseline", "before.json", "--all"]).exits(0);
    assert!(
        all.stdout.contains("image (known from the baseline)"),
        "{}",
        all.stdout
    );

    edit(
        &fleet.path().join(FRONTEND),
        "frontend:debug",
        "frontend:worse",
    );
    let worse = drift(fleet.path(), &baseline).exits(1);
    assert!(worse.stdout.contains("frontend:worse"), "{}", worse.stdout);
    edit(
        &fleet.path().join(FRONTEND),
        "frontend:worse",
        "frontend:v0.10.6",
    );
    let settled = drift(fleet.path(), &baseline).exits(0);
    let last = "4 clusters: 4 clean; 0 findings, 0 known from the baseline, 2 of it settled\n";
    assert!(settled.stdout.ends_with(last), "{}", settled.stdout);

    std::fs::write(fleet.path().join("before.json"), "{}").expect("written");
    let none = drift(fleet.path(), &baseline).exits(2);
    assert!(
        none.stderr.contains("is no report to start from"),
        "{}",
        none.stderr
    );
}

#[test]
fn the_expected_value_has_the_author_and_the_commit_of_its_line() {
    let fleet = committed();
    let source = fleet.path();
    let wrote = |name: &str, day: &str| {
        let commit = [
            "-c",
            &format!("user.name={name}"),
            "-c",
            "user.email=who@shop.example",
            "commit",
            "-qam",
            "change",
            "--date",
            &format!("{day}T12:00:00Z"),
        ];
        let _ = git(source, &commit).exits(0);
        let head = git(source, &["rev-parse", "HEAD"]).exits(0).stdout;
        head.trim().to_owned()
    };
    std::fs::write(source.join(".gitignore"), "gitops/\nlive/\n").expect("written");
    let _ = git(source, &["init", "-q"]).exits(0);
    let _ = git(source, &["add", "-A"]).exits(0);
    let first = wrote("Ann", "2026-01-31");
    let service = source.join("services/frontend.yaml");
    edit(
        &service,
        "service: frontend",
        "# the shop window\nservice: frontend",
    );
    let _second = wrote("Ben", "2026-02-28");
    edit(&source.join(FRONTEND), "frontend:v0.10.6", "frontend:debug");
    let origin = || {
        let ran = drift(source, &["--format", "json"]).exits(1);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        report["findings"][0]["origin"].clone()
    };
    let image = origin();
    assert_eq!(image["file"], "services/frontend.yaml");
    assert_eq!(image["author"], "Ann <who@shop.example>");
    assert_eq!(image["commit"], first.as_str());
    let text = drift(source, &[]).exits(1).stdout;
    let told = format!("(Ann, {}, 2026-01-31)", &first[..10]);
    assert!(text.contains(&told), "{told}\n{text}");

    // What is not committed belongs to nobody yet.
    edit(&service, "frontend:v0.10.6", "frontend:v0.10.8");
    edit(&service, "frontend:v0.10.8", "frontend:v0.10.6 # kept");
    assert_eq!(origin()["author"], serde_json::Value::Null);
}

#[test]
fn the_repository_is_compared_without_its_fleet_and_in_shards() {
    let fleet = committed();
    let repository =
        |more: &[&str]| drift(fleet.path(), &[&["--desired", "gitops"], more].concat());
    let all = repository(&[]).exits(0);
    assert!(
        all.stdout.ends_with("4 clusters: 4 clean; 0 findings\n"),
        "{}",
        all.stdout
    );
    let mut seen = Vec::new();
    for shard in ["0/3", "1/3", "2/3"] {
        let ran = repository(&["--shard", shard, "--format", "json"]).exits(0);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let clusters = report["summary"]["clusters"].as_object().expect("clusters");
        seen.extend(clusters.keys().cloned());
    }
    seen.sort();
    assert_eq!(seen, ["euc1-a", "euw1-a", "euw1-b", "use1-a"]);

    edit(
        &fleet.path().join(FRONTEND),
        "frontend:v0.10.6",
        "frontend:x",
    );
    let _ = repository(&["--cluster", "euw1-b"]).exits(0);
    let one = repository(&["--cluster", "euw1-a"]).exits(1);
    assert!(one.stdout.contains("frontend:x"), "{}", one.stdout);
    let fleets = drift(fleet.path(), &["--shard", "1/4"]).exits(1);
    assert!(fleets.stdout.contains("1 cluster"), "{}", fleets.stdout);

    std::fs::create_dir_all(fleet.path().join("empty/.regen")).expect("made");
    std::fs::write(fleet.path().join("empty/.regen/ledger"), "").expect("written");
    for (wrong, told) in [
        (&["--shard", "3/3"][..], "0/4"),
        (&["--cluster", "euw1-c"], "euw1-"),
        (&["--desired", "services", "--shard", "0/2"], "--cluster"),
        (&["--desired", "empty"], "for no cluster"),
    ] {
        let ran = drift(fleet.path(), &[&["--desired", "gitops"], wrong].concat());
        let ran = match wrong[0] {
            "--desired" => drift(fleet.path(), wrong),
            _ => ran,
        };
        assert!(ran.exits(2).stderr.contains(told), "{wrong:?}");
    }
}

#[test]
fn what_stands_once_per_fleet_is_the_hubs_without_the_fleet_as_well() {
    let fleet = tempfile::tempdir().expect("a directory");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleets/reported");
    copy(&source, fleet.path());
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let gitops = fleet.path().join("gitops");
    for (folder, dump) in [
        ("clusters/eu-west-1/euw1", "euw1/own"),
        ("hub", "euw1/hub"),
        ("clusters/eu-central-1/euc1", "euc1"),
        ("clusters/eu-north-1/eun1", "eun1"),
    ] {
        let dump = fleet.path().join("live").join(dump);
        std::fs::create_dir_all(&dump).expect("made");
        copy(&gitops.join(folder), &dump);
    }
    let ran = drift(fleet.path(), &["--desired", "gitops"]).exits(0);
    let clean = "3 clusters: 3 clean; 0 findings\n";
    assert!(ran.stdout.ends_with(clean), "{}", ran.stdout);

    let application = "live/euw1/hub/application-parcels-eun1.yaml";
    std::fs::remove_file(fleet.path().join(application)).expect("it was there");
    let ran = drift(fleet.path(), &["--desired", "gitops", "--cluster", "euw1"]).exits(1);
    assert!(
        ran.stdout.contains("Application/argocd/parcels-eun1"),
        "{}",
        ran.stdout
    );
}

/// What is dropped while a dump is read still owns what is kept of it.
#[test]
fn what_nobody_asked_for_owns_what_is_not_ours_to_miss() {
    let dir = tempfile::tempdir().expect("a folder");
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ours, namespace: shop}\n";
    std::fs::write(dir.path().join("desired.yaml"), manifest).expect("written");
    let owned = |owner: &str| {
        format!(
            "apiVersion: v1\nitems:\n\
             - apiVersion: acme.example/v1\n  kind: Press\n  metadata: {{name: press, namespace: shop, uid: u-1}}\n\
             - apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: ours, namespace: shop, uid: u-2}}\n\
             - apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: pressed\n    namespace: shop\n    uid: u-3\n    labels: {{acme.example/app: app}}\n    ownerReferences: [{{apiVersion: acme.example/v1, kind: Press, name: press, uid: {owner}}}]\n\
             kind: List\n"
        )
    };
    let settings = "tracking: {argocdLabel: {acme.example/app: app}}\n";
    std::fs::write(dir.path().join("settings.yaml"), settings).expect("written");
    for (owner, exit) in [("u-1", 0), ("u-9", 1)] {
        std::fs::write(dir.path().join("live.yaml"), owned(owner)).expect("written");
        let args = [
            "--desired",
            "desired.yaml",
            "--live",
            "live.yaml",
            "--drift-config",
            "settings.yaml",
        ];
        let ran = regen(dir.path(), &[&["drift"], &args[..]].concat()).exits(exit);
        assert_eq!(ran.stdout.contains("pressed"), exit == 1, "{}", ran.stdout);
    }
}

/// Of blue and green, the repository says nothing that the controller of Rollouts would have to undo.
#[test]
fn what_the_controller_of_rollouts_writes_is_no_drift() {
    let dir = tempfile::tempdir().expect("a folder");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/progressive/clusters/eu-west-1/euw1/shop/basket/service-basket.yaml");
    let text = std::fs::read_to_string(golden).expect("rendered");
    assert!(!text.contains("selector"), "{text}");
    std::fs::write(dir.path().join("desired.yaml"), &text).expect("written");
    let live = |manager: &str| {
        let managed = format!(
            "  managedFields:\n  - {{manager: argocd-controller, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {{\"f:spec\": {{\"f:type\": {{}}}}}}}}\n  - {{manager: {manager}, operation: Update, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {{\"f:spec\": {{\"f:selector\": {{}}}}}}}}\nspec:\n  selector: {{rollouts-pod-template-hash: abc12}}\n"
        );
        text.replace("spec:\n", &managed)
    };
    for (manager, exit) in [("rollouts-controller", 0), ("kubectl-edit", 1)] {
        std::fs::write(dir.path().join("live.yaml"), live(manager)).expect("written");
        let args = ["drift", "--desired", "desired.yaml", "--live", "live.yaml"];
        let _ = regen(dir.path(), &args).exits(exit);
    }
}
