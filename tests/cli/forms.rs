//! What `--format json` prints is what `regen schema` says.

use std::path::Path;

use serde_json::Value;

use crate::schema::faults;
use crate::support::{Ran, edit, example_copy, regen};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Asserts that a run printed a form of this schema, and hands it on.
#[track_caller]
pub(crate) fn form(dir: &Path, subject: &str, ran: &Ran) -> Value {
    let printed = json(&ran.stdout);
    let schema = json(&regen(dir, &["schema", subject]).exits(0).stdout);
    assert_eq!(faults(&schema, &printed), Vec::<String>::new(), "{subject}");
    assert_eq!(printed["version"], 1);
    printed
}

#[test]
fn reports_have_the_form_that_their_schema_says() {
    let fleet = example_copy();
    let dir = fleet.path();
    let run = |args: &[&str]| regen(dir, &[args, &["--format", "json"]].concat());

    let before = form(dir, "change", &run(&["check"]).exits(0));
    let files = before["files"].as_object().expect("files").len();
    assert!(files > 200, "everything is yet to be rendered: {files}");
    let _ = form(
        dir,
        "change",
        &run(&["render", "--commit", "--dry-run"]).exits(0),
    );
    let made = form(dir, "change", &run(&["render", "--commit"]).exits(0));
    assert_eq!(made["commit"].as_str().map(str::len), Some(40));
    assert_eq!(made["files"], before["files"]);
    let again = form(dir, "change", &run(&["render", "--commit"]).exits(0));
    assert_eq!(again["commit"], Value::Null);
    let out = form(dir, "change", &run(&["render", "--out", "out"]).exits(0));
    assert_eq!(out["files"], before["files"]);
    let clean = form(dir, "change", &run(&["check", "--rendered"]).exits(0));
    assert_eq!(clean["unchanged"], files);

    let plan = form(dir, "plan", &run(&["plan"]).exits(0));
    assert_eq!(
        plan["services"].as_object().map(serde_json::Map::len),
        Some(12)
    );
    let codes = form(dir, "codes", &run(&["codes"]).exits(0));
    assert_eq!(
        codes["codes"].as_array().map(Vec::len),
        Some(regen::diag::Code::ALL.len())
    );

    let engines = form(dir, "engines", &run(&["engines"]).exits(0));
    let listed = engines["engines"].as_array().expect("engines");
    assert_eq!(listed.len(), regen::engine::ENGINES.len());
    let one = form(dir, "engines", &run(&["engines", "yugabytedb"]).exits(0));
    let bounded = &one["engines"][0]["classes"][1];
    assert_eq!(bounded["consistency"], "bounded-staleness");
    assert_eq!(bounded["lag"]["leastMs"], 1001);
    assert_eq!(bounded["localReads"], true);

    std::fs::create_dir(dir.join("dumps")).expect("created");
    let list = "apiVersion: v1\nkind: List\nitems: []\n";
    std::fs::write(dir.join("dumps/use1-a.yaml"), list).expect("written");
    let drift = run(&["drift", "--live", "dumps", "--cluster", "use1-a"]);
    let drift = form(dir, "drift", &drift.exits(1));
    assert_eq!(drift["findings"][0]["kind"], "missing");
    let unknown = run(&["drift", "--live", "dumps", "--cluster", "euc1-a"]);
    let unknown = form(dir, "drift", &unknown.exits(3));
    assert_eq!(unknown["summary"]["clusters"]["euc1-a"], "unknown");
}

#[test]
fn rejections_have_the_form_of_diagnostics() {
    let fleet = example_copy();
    let dir = fleet.path();
    let run = |args: &[&str]| regen(dir, &[args, &["--format", "json"]].concat());
    let _ = run(&["render", "--commit"]).exits(0);

    let gitops = "gitops/clusters/us-east-1/use1-a/shop/frontend/deployment-frontend.yaml";
    edit(
        &dir.join("services/loadgenerator.yaml"),
        "[eu-central-1]",
        "[us-east-1]",
    );
    for args in [
        &["render", "--commit", "--locked"][..],
        &["render", "--commit", "--max-deletes", "0"],
    ] {
        let told = form(dir, "diagnostics", &run(args).exits(2));
        assert_eq!(told["diagnostics"][0]["severity"], "error", "{args:?}");
    }
    edit(&dir.join(gitops), "v0.10.6", "v0.10.5");
    let told = form(dir, "diagnostics", &run(&["render"]).exits(2));
    assert_eq!(told["diagnostics"][0]["code"], "edited-by-hand");

    edit(
        &dir.join("services/frontend.yaml"),
        "tier: critical",
        "teir: critical",
    );
    for args in [&["check"][..], &["plan"], &["render"], &["drift"]] {
        let ran = run(args).exits(2);
        assert_eq!(ran.stderr, "", "{args:?}");
        let told = form(dir, "diagnostics", &ran);
        let first = &told["diagnostics"][0];
        assert_eq!(first["code"], "unknown-field", "{args:?}");
        assert_eq!(first["place"]["file"], "services/frontend.yaml");
        assert_eq!(first["place"]["line"], 2);
    }
}

#[test]
fn every_schema_is_printed() {
    let dir = tempfile::tempdir().expect("a directory");
    for subject in [
        "fleet",
        "region",
        "service",
        "overlay",
        "plan",
        "drift",
        "diagnostics",
        "change",
        "simulation",
        "measured",
        "codes",
        "engines",
        "explain",
    ] {
        let schema = json(&regen(dir.path(), &["schema", subject]).exits(0).stdout);
        assert!(schema["$schema"].is_string(), "{subject}");
        assert!(schema["properties"].is_object(), "{subject}");
    }
}
