//! The smallest wrong inputs: each file of `tests/diagnostics/` is a fleet with one mistake (or a
//! few) and what is said about it.
//!
//! A case holds files after lines `== <path>`; what it leaves out is taken from the valid fleet in
//! `valid.txt`, and a file without a line is removed from it. After `== expect` stand the
//! diagnostics, one per line with its remedies below. `BLESS=1 cargo test --test diagnostics`
//! writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use regen::diag::{Code, Sink, Sources};
use regen::load::load;
use regen::model::input::{Content, InputFile};
use regen::model::name::ServiceKey;
use regen::model::origin::Subject;
use regen::model::world::{EnvValue, World};
use regen::pipeline::{self, Input};
use regen::plan::Options;
use regen::validate::validate;

type Files = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn sections(text: &str) -> Files {
    let mut files = Files::new();
    let mut current = None;
    for line in text.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("== ") {
            current = Some(path.trim_end().to_owned());
            files.insert(path.trim_end().to_owned(), String::new());
        } else if let Some(path) = &current {
            files.get_mut(path).expect("inserted").push_str(line);
        }
    }
    files
}

fn valid() -> Files {
    sections(&std::fs::read_to_string(folder().join("valid.txt")).expect("valid.txt"))
}

/// The files as they would be found on disk.
fn inputs(files: &Files, sources: &mut Sources) -> Vec<InputFile> {
    let mut inputs = Vec::new();
    for (path, text) in files {
        if text.is_empty() {
            continue;
        }
        let content = match text.trim_end() {
            "<symlink>" => Content::Symlink,
            "<too large>" => Content::TooLarge { bytes: 1 << 30 },
            "<not utf-8>" => Content::NotUtf8 {
                source: sources.add(path.as_str(), "fleet: \u{fffd}\n"),
                offset: 7,
            },
            "<empty>" => Content::Text(sources.add(path.as_str(), "")),
            _ => Content::Text(sources.add(path.as_str(), text.as_str())),
        };
        inputs.push(InputFile {
            path: path.clone(),
            content,
        });
    }
    inputs
}

/// The fleet of the design's own example.
fn design() -> Files {
    let mut files = valid();
    files.extend(cases()["design"].1.clone());
    files.remove("expect");
    files.retain(|_, text| !text.is_empty());
    files
}

/// The world that a fleet makes, where it is valid.
fn world(files: &Files) -> Option<World> {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let inputs = inputs(files, &mut sources);
    let raw = load(&inputs, &sources, &mut sink).ok()?;
    validate(raw, &sources, &mut sink).ok()
}

/// What is said about a fleet up to its manifests, one diagnostic per paragraph; and whether it was
/// accepted.
fn said(files: &Files) -> (String, bool) {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let files = inputs(files, &mut sources);
    let input = Input {
        sources,
        files,
        round_trips: None,
        crds: Vec::new(),
    };
    let manifests = pipeline::plan(&input, &Options::default(), &mut sink)
        .and_then(|planned| pipeline::render(&input, &planned, &mut sink));
    let sources = &input.sources;
    let errors = sink.errors();
    assert_eq!(
        manifests.is_err(),
        errors > 0,
        "Err if and only if an error was emitted"
    );
    let mut out = String::new();
    for diagnostic in sink.into_sorted() {
        let place = diagnostic
            .place()
            .map_or("-".to_owned(), |span| sources.locate(span));
        let severity = diagnostic.effective_severity().name();
        let code = diagnostic.code.name();
        writeln!(out, "{severity}[{code}] {place}: {}", diagnostic.message).expect("string");
        for note in &diagnostic.notes {
            writeln!(out, "  note: {note}").expect("string");
        }
        for help in &diagnostic.help {
            writeln!(out, "  help: {help}").expect("string");
        }
    }
    (out, manifests.is_ok())
}

fn cases() -> BTreeMap<String, (PathBuf, Files)> {
    let mut cases = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).expect("folder") {
        let path = entry.expect("entry").path();
        let name = path
            .file_stem()
            .expect("name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        cases.insert(name, (path, sections(&text)));
    }
    cases
}

#[test]
fn each_wrong_input_is_explained_as_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, (path, mut sections)) in cases() {
        let expected = sections.remove("expect").unwrap_or_default();
        let mut files = valid();
        files.remove("expect");
        files.extend(sections.clone());
        let (found, _) = said(&files);
        if found == expected {
            continue;
        }
        if bless {
            let text = std::fs::read_to_string(&path).expect("text");
            let head = text.split("== expect\n").next().expect("a first part");
            std::fs::write(&path, format!("{head}== expect\n{found}")).expect("written");
        } else {
            wrong.push(format!(
                "--- {name}: expected\n{expected}--- found\n{found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_fault_has_a_place_and_an_error_a_remedy() {
    for (name, (_, sections)) in cases() {
        let expected = sections.get("expect").cloned().unwrap_or_default();
        let mut lines = expected.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.starts_with("error[") {
                continue;
            }
            let helped = lines.peek().is_some_and(|next| next.starts_with("  "));
            assert!(helped, "{name}: no remedy for {line}");
        }
    }
}

/// Codes that no fleet's text alone provokes, or that have cases of their own, each with the test
/// that tells them.
const ELSEWHERE: &[(Code, &str)] = &[
    (
        Code::ReviewDue,
        "tests/reviews.rs::what_was_not_looked_at_in_time_is_told",
    ),
    (
        Code::PlacementInfeasible,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::PlacementRegion,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::StoreInfeasible,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::LeaderPlacement,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::SynchronousStandbys,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::StrongLosesWrites,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::StalenessFloor,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::Residency,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::FailoverMissing,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::FailoverCapacity,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::DnsSecondary,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::Budget,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::BudgetUnchecked,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::WaveOrder,
        "tests/plan/faults.rs::the_smallest_wrong_inputs_are_told_with_place_and_remedy",
    ),
    (
        Code::LockDiffers,
        "tests/fleet.rs::locked_refuses_to_change_the_lock",
    ),
    (
        Code::LeaderSwitch,
        "tests/fleet.rs::a_leader_is_not_switched_in_one_commit",
    ),
    (
        Code::LedgerInvalid,
        "src/publish/ledger.rs::faults_are_told_by_line",
    ),
    (
        Code::LedgerNewer,
        "src/publish/ledger.rs::faults_are_told_by_line",
    ),
    (
        Code::EditedByHand,
        "tests/git/commits.rs::edits_by_hand_are_refused_unless_told",
    ),
    (
        Code::NotOwned,
        "tests/git/commits.rs::what_is_not_owned_is_never_touched",
    ),
    (
        Code::PathCollision,
        "tests/publish.rs::paths_that_cannot_stand_side_by_side_collide",
    ),
    (
        Code::TooManyDeletes,
        "tests/publish.rs::more_deletions_than_allowed_are_refused_with_the_number_that_would_do",
    ),
    (
        Code::MeasuredFormat,
        "tests/cli/measured.rs::malformed_measurements_are_told_where_they_stand",
    ),
    (
        Code::MeasuredValue,
        "tests/cli/measured.rs::malformed_measurements_are_told_where_they_stand",
    ),
    (
        Code::MeasuredHoles,
        "src/latency/measured/tests.rs::holes_and_other_quantiles_are_left_out_with_a_note",
    ),
    (
        Code::MeasuredSuccess,
        "tests/cli/measured.rs::promises_at_risk_are_told_where_they_are_made",
    ),
    (
        Code::MeasuredLag,
        "tests/cli/measured.rs::promises_at_risk_are_told_where_they_are_made",
    ),
    (
        Code::NothingToAdopt,
        "tests/adopt.rs::faults_are_told_and_nothing_is_written",
    ),
];

#[test]
fn each_code_has_a_smallest_wrong_input() {
    let named: BTreeSet<String> = cases()
        .values()
        .flat_map(|(_, sections)| sections.get("expect").cloned())
        .flat_map(|expected| expected.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
        .collect();
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let elsewhere = ELSEWHERE.iter().find(|(c, _)| c == code).map(|(_, at)| *at);
        match (named.contains(code.name()), elsewhere) {
            (true, None) => {}
            (_, Some(at)) => wrong.extend(missing_test(*code, at)),
            (false, None) => wrong.push(format!("`{}` has no case", code.name())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why `<file>::<test>` does not tell a code: no such test, or a file that never names the code.
fn missing_test(code: Code, at: &str) -> Option<String> {
    let (file, test) = at.split_once("::").expect("<file>::<test>");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let function = text
        .split("#[test]")
        .skip(1)
        .any(|after| after.trim_start().starts_with(&format!("fn {test}(")));
    let names = text.contains(&format!("Code::{code:?}")) || text.contains(code.name());
    (!function || !names).then(|| format!("`{}` is not told by {at}", code.name()))
}

#[test]
fn the_valid_fleet_is_accepted_without_a_word() {
    let mut files = valid();
    files.remove("expect");
    assert_eq!(said(&files), (String::new(), true));
}

#[test]
fn plain_scalars_are_the_text_as_written_where_a_text_is_expected() {
    let (_, sections) = &cases()["as-written"];
    let mut files = valid();
    files.extend(sections.clone());
    let world = world(&files).expect("valid");
    let region = &world.regions["here"];
    assert_eq!(region.country.as_str(), "NO");
    assert_eq!(world.clusters["here-a"].context.as_deref(), Some("on"));
    let service = world.services.values().next().expect("one");
    let owner = service.owner.as_ref().expect("owner");
    assert_eq!(owner.team, "1.10");
    assert_eq!(owner.oncall.as_deref(), Some("12:30"));
    assert_eq!(owner.escalation.as_deref(), Some("0777"));
    for (name, text) in [
        ("PORT", "8080"),
        ("COUNTRY", "NO"),
        ("VERSION", "1.10"),
        ("CODE", "036"),
        ("SWITCH", "on"),
        ("BIG", "1e3"),
        ("MODE", "0777"),
        ("TIME", "12:30"),
    ] {
        match &service.workload.env[name] {
            EnvValue::Plain(value) => assert_eq!(value.value, text, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn layers_are_merged_in_order_and_every_touch_is_kept() {
    let mut files = valid();
    files.remove("expect");
    let append = |files: &mut Files, path: &str, text: &str| {
        files.get_mut(path).expect("file").push_str(text);
    };
    append(
        &mut files,
        "regen.yaml",
        "defaults: {profile: web, workload: {scale: {min: 2}, env: {A: a, B: b}}}\n\
         profiles: {web: {tier: critical, workload: {scale: {min: 3, max: 10}}}}\n",
    );
    append(
        &mut files,
        "services/api.yaml",
        "  scale: {max: 5}\n  env: {B: null, C: c}\n\
         environments: {prod: {workload: {scale: {max: 6}}}}\n",
    );
    let world = world(&files).expect("valid");
    let key = ServiceKey::prod("api");
    let service = &world.services[&key];
    let scale = service.workload.scale;
    assert_eq!((scale.min, scale.max), (3, 6));
    let names: Vec<&str> = service.workload.env.keys().map(String::as_str).collect();
    assert_eq!(names, ["A", "C"], "null removes");
    let touches = |path: &str| {
        let subject = Subject::Service(key.clone());
        let touches = world.origins.of(&subject, path).iter();
        touches
            .map(|t| format!("{}: {}", t.layer, t.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        touches("workload.scale.min"),
        ["defaults: 2", "profile `web`: 3"]
    );
    assert_eq!(
        touches("workload.scale.max"),
        [
            "profile `web`: 10",
            "its own file: 5",
            "environment `prod`: 6"
        ]
    );
    assert_eq!(
        touches("workload.env.B"),
        ["defaults: b", "its own file: null"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    /// No edit of a valid fleet's text makes it panic, and it is refused exactly when an error is
    /// told ([`said`] asserts that).
    #[test]
    fn damaged_fleets_are_refused_with_a_reason(
        file in any::<prop::sample::Index>(),
        edits in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0..3_u8, "[ -~é\n\t]{0,3}"),
            1..6,
        ),
    ) {
        let mut files = design();
        let path = files.keys().nth(file.index(files.len())).expect("file").clone();
        let text = files.get_mut(&path).expect("text");
        for (at, what, insert) in edits {
            let places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            if places.is_empty() {
                break;
            }
            let at = places[at.index(places.len())];
            if what != 1 {
                text.remove(at);
            }
            if what != 0 {
                text.insert_str(at, &insert);
            }
        }
        said(&files);
    }
}
