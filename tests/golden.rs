//! The manifests of every example and of the fleets below `tests/fleets/`, byte for byte, compared
//! both ways with `tests/golden/<fleet>/`.
//!
//! `REGEN_BLESS=1 cargo test --test golden` accepts what is rendered now.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regen::diag::Sink;
use regen::model::manifest::ManifestSet;
use regen::pipeline::{self, Input};
use regen::{io, plan};

fn read(dir: &Path) -> Input {
    let mut input = Input::default();
    input.files = io::files::read_fleet(dir, &mut input.sources).expect("readable");
    input
}

fn render(input: &Input) -> ManifestSet {
    let mut sink = Sink::new();
    let set = pipeline::plan(input, &plan::Options::default(), &mut sink)
        .and_then(|planned| pipeline::render(input, &planned, &mut sink));
    set.unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()))
}

fn texts(set: &ManifestSet) -> BTreeMap<String, String> {
    set.files
        .iter()
        .map(|(path, file)| (path.to_string(), file.text.to_string()))
        .collect()
}

/// What is missing, extra or different, each as a person reads it.
fn differences(
    held: &BTreeMap<String, String>,
    rendered: &BTreeMap<String, String>,
) -> Vec<String> {
    let paths: BTreeSet<&String> = held.keys().chain(rendered.keys()).collect();
    let told = |path: &String| match (held.get(path), rendered.get(path)) {
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => {
            let diff = similar::TextDiff::from_lines(old.as_str(), new.as_str());
            let diff = diff
                .unified_diff()
                .context_radius(2)
                .header("golden", "rendered")
                .to_string();
            Some(format!("different: {path}\n{diff}"))
        }
        (Some(_), None) => Some(format!("missing: {path} is no longer rendered")),
        (None, _) => Some(format!("extra: {path} is not in the golden tree")),
    };
    paths.into_iter().filter_map(told).collect()
}

#[test]
fn the_comparison_finds_what_is_missing_extra_and_different() {
    let tree = |files: &[(&str, &str)]| -> BTreeMap<String, String> {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        files.iter().map(owned).collect()
    };
    let held = tree(&[("a", "x\n"), ("b", "x\n"), ("c", "x\n")]);
    let rendered = tree(&[("b", "y\n"), ("c", "x\n"), ("d", "x\n")]);
    let faults = differences(&held, &rendered);
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].starts_with("missing: a "));
    assert!(faults[1].starts_with("different: b\n") && faults[1].contains("-x\n+y\n"));
    assert!(faults[2].starts_with("extra: d "));
    assert!(differences(&held, &held).is_empty());
}

/// Every fleet that has a golden tree, by the tree's name: the examples, and one per component.
fn fleets() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["examples", "tests/fleets"]
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(root.join(folder)).ok())
        .flatten()
        .map(|entry| entry.expect("readable").path());
    folders
        .filter(|dir| dir.join("regen.yaml").is_file())
        .map(|dir| {
            (
                dir.file_name().expect("named").to_string_lossy().into(),
                dir,
            )
        })
        .collect()
}

/// The files below a folder, by path; none where it is missing.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let entries = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).expect("below");
            let text = std::fs::read_to_string(entry.path()).expect("UTF-8");
            (path.to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn every_fleet_renders_exactly_its_golden_tree() {
    let trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let fleets = fleets();
    assert!(fleets.contains_key("online-boutique"), "{fleets:?}");
    for (name, dir) in &fleets {
        let golden = trees.join(name);
        let rendered = texts(&render(&read(dir)));
        if std::env::var_os("REGEN_BLESS").is_some() {
            let _ = std::fs::remove_dir_all(&golden);
            for (path, text) in &rendered {
                let path = golden.join(path);
                std::fs::create_dir_all(path.parent().expect("below")).expect("created");
                std::fs::write(path, text).expect("written");
            }
        }
        let held = tree(&golden);
        assert!(!held.is_empty(), "{name} has no golden tree");
        let faults = differences(&held, &rendered);
        assert!(
            faults.is_empty(),
            "{} files of {name} differ from the golden tree; `REGEN_BLESS=1 cargo test --test golden` accepts them\n{}",
            faults.len(),
            faults.join("\n")
        );
    }
    for entry in std::fs::read_dir(&trees).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path
            .file_name()
            .expect("named")
            .to_string_lossy()
            .into_owned();
        assert!(
            !path.is_dir() || fleets.contains_key(&name),
            "{name} is the tree of no fleet"
        );
    }
}

#[test]
fn the_order_of_files_changes_nothing() {
    let input = read(&support::example());
    let first = texts(&render(&input));
    let mut shuffled = read(&support::example());
    shuffled.files.reverse();
    let middle = shuffled.files.len() / 2;
    shuffled.files.rotate_left(middle);
    assert_eq!(texts(&render(&shuffled)), first);
}

#[test]
fn the_shipped_locks_are_the_plans() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let shipped = fleets().into_values().filter(|d| d.starts_with(&examples));
    for dir in shipped {
        let input = read(&dir);
        let mut sink = Sink::new();
        let planned = pipeline::plan(&input, &plan::Options::default(), &mut sink)
            .unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()));
        let lock = Some(plan::lock::of(&planned.plan));
        assert_eq!(planned.lock, lock, "{}", dir.display());
        assert!(planned.plan.moves.is_empty(), "{}", dir.display());
    }
}
