//! The main job of every command on the example, word for word.

use crate::expect::printed;
use crate::support::{edit, example_copy, regen};

#[test]
fn a_fleet_is_rendered_checked_and_explained() {
    let fleet = example_copy();
    let run = |args: &[&str]| regen(fleet.path(), args);
    std::fs::remove_file(fleet.path().join("regen.lock")).expect("removed");

    printed("check-before-the-first-render", &run(&["check"]));
    printed("render-dry-run", &run(&["render", "--commit", "--dry-run"]));
    assert!(!fleet.path().join("gitops").exists());
    assert!(!fleet.path().join("regen.lock").exists());
    printed("render-commit", &run(&["render", "--commit"]));
    printed("render-commit-again", &run(&["render", "--commit"]));
    printed("check", &run(&["check"]));
    printed("plan", &run(&["plan"]));
    printed(
        "explain-service",
        &run(&["explain", "productcatalogservice"]),
    );
    printed(
        "explain-field",
        &run(&["explain", "checkoutservice.workload.resources.memory"]),
    );
    printed(
        "explain-unwritten-field",
        &run(&["explain", "checkoutservice.placement.mode"]),
    );
    let object = "clusters/us-east-1/use1-a/shop/frontend/horizontalpodautoscaler-frontend.yaml";
    printed("explain-object", &run(&["explain", "--object", object]));

    edit(
        &fleet.path().join("services/frontend.yaml"),
        "frontend:v0.10.6",
        "frontend:v0.10.7",
    );
    printed("check-pending", &run(&["check"]));
    printed("check-rendered", &run(&["check", "--rendered"]));
    let excused = run(&["check", "--rendered", "--exit-zero"]).exits(0);
    assert!(excused.stdout.contains("yet to be rendered"));
    printed("render-commit-change", &run(&["render", "--commit"]));
}

#[test]
fn a_plan_against_its_lock_is_told_and_written_on_request() {
    let fleet = example_copy();
    let run = |args: &[&str]| regen(fleet.path(), args);
    let _ = run(&["plan"]).exits(0);
    edit(
        &fleet.path().join("services/loadgenerator.yaml"),
        "regions: [eu-central-1]",
        "regions: [us-east-1]",
    );
    let differs = run(&["plan"]).exits(1);
    assert!(
        differs.stderr.contains("plan --write"),
        "{}",
        differs.stderr
    );
    let _ = run(&["plan", "--exit-zero"]).exits(0);
    let before = std::fs::read(fleet.path().join("regen.lock")).expect("read");
    let _ = run(&["plan", "--write"]).exits(0);
    let after = std::fs::read(fleet.path().join("regen.lock")).expect("read");
    assert_ne!(before, after);
    let _ = run(&["plan"]).exits(0);
}

#[test]
fn a_plan_may_rest_on_other_round_trips() {
    let fleet = example_copy();
    let file = fleet.path().join("elsewhere.csv");
    std::fs::write(
        &file,
        "from,to,p50_ms\neu-central-1,us-east-1,1\nus-east-1,eu-central-1,1\n",
    )
    .expect("written");
    let path = file.to_string_lossy();
    let ran = regen(
        fleet.path(),
        &["plan", "--exit-zero", "--format", "json", "--rtt", &path],
    )
    .exits(0);
    let plan: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        plan["services"]["frontend"]["failover"]["us-east-1"][0], "eu-central-1",
        "now the nearest"
    );
}

#[test]
fn a_directory_is_rendered_into() {
    let fleet = example_copy();
    let run = |args: &[&str]| regen(fleet.path(), args);
    let dry = run(&["render", "--out", "out", "--dry-run"]).exits(0);
    assert!(dry.stdout.contains(" added\n"), "{}", dry.stdout);
    assert!(!fleet.path().join("out").exists());
    printed("render-out", &run(&["render", "--out", "out"]));
    let again = run(&["render", "--out", "out"]).exits(0);
    assert!(again.stdout.contains("nothing changed"), "{}", again.stdout);
}

#[test]
fn manifests_without_a_fleet_are_compared_with_a_dump() {
    let dir = tempfile::tempdir().expect("a directory");
    let map = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: shop}}\ndata: {{k: {value}}}\n"
        )
    };
    std::fs::write(dir.path().join("desired.yaml"), map("one")).expect("written");
    std::fs::write(dir.path().join("same.yaml"), map("one")).expect("written");
    std::fs::write(dir.path().join("other.yaml"), map("two")).expect("written");
    let drift = |live: &str, more: &[&str]| {
        let args = [
            &["drift", "--desired", "desired.yaml", "--live", live],
            more,
        ]
        .concat();
        regen(dir.path(), &args)
    };
    let _ = drift("same.yaml", &[]).exits(0);
    printed("drift-desired", &drift("other.yaml", &[]).exits(1));
    let _ = drift("other.yaml", &["--exit-zero"]).exits(0);
    let _ = drift("other.yaml", &["-o", "json=report.json"]).exits(1);
    let report = std::fs::read_to_string(dir.path().join("report.json")).expect("written");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["findings"][0]["path"], "/data/k");
}

#[test]
fn what_regen_knows_is_listed() {
    let dir = tempfile::tempdir().expect("a directory");
    printed("engines", &regen(dir.path(), &["engines"]));
    printed("engines-one", &regen(dir.path(), &["engines", "k8ssandra"]));
    let near = regen(dir.path(), &["engines", "cockroach"]).exits(2);
    assert!(near.stderr.contains("`cockroachdb`"), "{}", near.stderr);
    for row in regen::engine::ENGINES {
        let one = regen(dir.path(), &["engines", row.engine.name()]).exits(0);
        for source in row.sources {
            assert!(one.stdout.contains(source), "{source}");
        }
    }
    printed("templates", &regen(dir.path(), &["templates"]));
    printed("codes-one", &regen(dir.path(), &["codes", "unknown-field"]));
    let all = regen(dir.path(), &["codes"]).exits(0);
    for code in regen::diag::Code::ALL {
        let head = format!("{} ({})\n    ", code.name(), code.severity().name());
        assert!(all.stdout.contains(&head), "{head}");
    }
}

#[test]
fn the_templates_of_a_fleet_stand_in_their_places() {
    let fleet = example_copy();
    let templates = fleet.path().join("templates/ours");
    std::fs::create_dir_all(&templates).expect("created");
    let text = "{#\n  scope: cluster\n  about: ours\n#}\napiVersion: v1\nkind: Namespace\nmetadata: {name: ours}\n";
    std::fs::write(templates.join("namespace.yaml.j2"), text).expect("written");
    let listed = regen(fleet.path(), &["templates"]);
    assert!(
        listed
            .stdout
            .lines()
            .any(|l| l.starts_with("ours/namespace.yaml.j2") && l.ends_with("(this fleet's)")),
        "{}",
        listed.text()
    );
}
