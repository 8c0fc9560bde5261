//! What is shipped to be copied is valid: pipelines are YAML, and fleets say what they are meant to
//! teach, no more.

mod support;

use std::path::Path;

use regen::yaml::kubernetes;
use serde_json::Value;
use support::regen;

fn documents(path: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(path);
    let text = std::fs::read_to_string(&path).expect("readable");
    let documents = kubernetes::parse(&text).expect("valid YAML");
    documents.into_iter().map(|d| d.value).collect()
}

#[test]
fn pipelines_render_locked_on_main_and_check_before() {
    for file in ["pipelines/github-actions.yaml", "pipelines/gitlab-ci.yaml"] {
        let text = documents(file)[0].to_string();
        for command in ["regen check", "regen render --commit --push --locked"] {
            assert!(text.contains(command), "{file}: {command}");
        }
    }
}

/// The fleets and the warnings that each is meant to give, with what it says about the loss of a region.
const FLEETS: [(&str, &[&str], &str); 3] = [
    ("minimal", &[], "yes, because"),
    ("online-boutique", &[], "yes, because"),
    ("payments", &["cross-region-read"], "yes, because"),
];

#[test]
fn fleets_render_and_warn_of_nothing_but_what_they_teach() {
    for (name, taught, survives) in FLEETS {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name);
        let told = regen(&dir, &["check"]).exits(0).stderr;
        let warned: Vec<&str> = told
            .lines()
            .filter_map(|line| line.strip_prefix("warning[")?.split(']').next())
            .collect();
        assert_eq!(warned, taught, "{name}");
        let lost = regen(&dir, &["simulate", "--every", "region,zone,cluster"])
            .exits(0)
            .stdout;
        let answer = "the fleet survives the loss of any one region, zone or cluster: ";
        let said = lost.lines().find_map(|line| line.strip_prefix(answer));
        assert_eq!(said, Some(survives), "{name}");
    }
}

#[test]
fn the_smallest_fleet_has_ten_lines() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/minimal");
    let files = walkdir::WalkDir::new(&dir).into_iter();
    let lines = files
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| {
            std::fs::read_to_string(path)
                .expect("UTF-8")
                .lines()
                .count()
        });
    assert_eq!(lines.sum::<usize>(), 10);
}
