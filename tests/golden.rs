//! The example's manifests, byte for byte, compared both ways with `tests/golden/`.
//!
//! `REGEN_BLESS=1 cargo test --test golden` accepts what is rendered now.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

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
        .map(|(path, file)| (path.to_string(), file.text.clone()))
        .collect()
}

#[test]
fn the_example_renders_exactly_the_golden_tree() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/online-boutique");
    let rendered = texts(&render(&read(&support::example())));
    if std::env::var_os("REGEN_BLESS").is_some() {
        let _ = std::fs::remove_dir_all(&golden);
        for (path, text) in &rendered {
            let path = golden.join(path);
            std::fs::create_dir_all(path.parent().expect("below")).expect("created");
            std::fs::write(path, text).expect("written");
        }
    }
    let mut held = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&golden) {
        let entry = entry.expect("the golden tree is there");
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(&golden).expect("below");
            let text = std::fs::read_to_string(entry.path()).expect("UTF-8");
            held.insert(path.to_string_lossy().into_owned(), text);
        }
    }
    let missing: Vec<_> = rendered.keys().filter(|p| !held.contains_key(*p)).collect();
    let extra: Vec<_> = held.keys().filter(|p| !rendered.contains_key(*p)).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "new: {missing:#?}\ngone: {extra:#?}"
    );
    for (path, text) in &rendered {
        assert_eq!(text, &held[path], "{path}");
    }
    assert!(rendered.len() > 300, "a whole shop on four clusters");
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
fn the_shipped_lock_is_the_plan() {
    let input = read(&support::example());
    let mut sink = Sink::new();
    let planned = pipeline::plan(&input, &plan::Options::default(), &mut sink)
        .unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()));
    assert_eq!(planned.lock, Some(plan::lock::of(&planned.plan)));
    assert!(planned.plan.moves.is_empty());
}
