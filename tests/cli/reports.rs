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

/// Two regions where the fleet's own file and the tried one disagree on which is nearer.
fn two_matrices() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write(
        "regen.yaml",
        "fleet: test\nplatform: {capabilities: [cloudnative-pg]}\n",
    );
    for region in ["eu-west-1", "us-east-1", "sa-east-1"] {
        let text = format!("region: {region}\nprovider: aws\nclusters: [{{name: {region}-a}}]\n");
        write(&format!("regions/{region}.yaml"), &text);
    }
    write(
        "services/web.yaml",
        "service: web\nworkload: {image: \"registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", ports: {http: 8080}}\n\
         audience: {sa-east-1: 1}\nplacement: {regions: {exactly: 1}, from: [eu-west-1, us-east-1]}\n\
         budget: {read: {p50: 50ms}, write: {p50: 60ms}}\nslo: {availability: 99.9%}\n\
         stores: [{name: db, engine: cloudnative-pg, consistency: eventual}]\n",
    );
    write(
        "network/rtt.csv",
        "from,to,p50_ms\nsa-east-1,us-east-1,40\nsa-east-1,eu-west-1,45\n",
    );
    write(
        "tried.csv",
        "from,to,p50_ms\nsa-east-1,us-east-1,90\nsa-east-1,eu-west-1,45\n",
    );
    dir
}

#[test]
fn tried_round_trips_say_what_moves_and_why() {
    let fleet = two_matrices();
    let file = fleet
        .path()
        .join("tried.csv")
        .to_string_lossy()
        .into_owned();
    let run = |args: &[&str]| regen(fleet.path(), &[&["plan", "--rtt", &file], args].concat());
    let fresh = run(&[]).exits(0);
    let own = fresh.stdout.replace(&file, "tried.csv");
    assert!(
        own.starts_with(
            "tried: tried.csv in the place of network/rtt.csv
  1 of 9 round trips differs: 0 shorter, 1 longer
    sa-east-1 to us-east-1: 40 ms → 90 ms

moves, from the plan under the fleet's own round trips
  regions of web: us-east-1 → eu-west-1
      of 2 legal regions, eu-west-1 gives the smallest weighted round trip, 45.0 ms
      sa-east-1 is left out: not listed in placement.from
    weighted round trip: 90 ms → 45 ms, a gain of 45 ms
"
        ),
        "{own}"
    );
    assert!(
        own.contains("    under network/rtt.csv it would be: 40 ms → 45 ms\n"),
        "{own}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&run(&["--format", "json"]).exits(0).stdout).expect("JSON");
    let trial = &json["trial"];
    assert_eq!(trial["own"], "network/rtt.csv");
    assert_eq!(trial["pairs"][0]["tried"]["p50Ms"], 90.0);
    let moved = &trial["moves"][0];
    assert_eq!(moved["what"], "regions of web");
    assert_eq!(moved["movesData"], true);
    assert_eq!(moved["objective"]["beforeMs"], 90.0);
    assert_eq!(moved["underOwn"]["afterMs"], 45.0);
    assert_eq!(trial["values"][0]["keptMs"], 90.0);
    // What the lock holds stays; what a rebalance would do is said.
    let _ = regen(fleet.path(), &["plan", "--write"]).exits(0);
    let kept = run(&[]).exits(0);
    assert!(
        kept.stdout.contains(
            "\n  nothing moves; what regen.lock keeps, and a rebalance would move, stands below\n"
        ),
        "{}",
        kept.stdout
    );
    assert!(
        kept.stdout.contains("better, but not done"),
        "{}",
        kept.stdout
    );
    let free = run(&["--rebalance"]).exits(1);
    assert!(
        free.stdout
            .contains("regions of web: us-east-1 → eu-west-1"),
        "{}",
        free.stdout
    );
}
