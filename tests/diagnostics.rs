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

use regen::diag::{Code, Sink, Sources};
use regen::load::load;
use regen::model::input::{Content, InputFile};
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

/// What is said about a fleet, one diagnostic per paragraph; and whether it was accepted.
fn said(files: &Files) -> (String, bool) {
    let mut sources = Sources::new();
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
    let mut sink = Sink::new();
    let world =
        load(&inputs, &sources, &mut sink).and_then(|raw| validate(raw, &sources, &mut sink));
    let errors = sink.errors();
    assert_eq!(
        world.is_err(),
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
    (out, world.is_ok())
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

/// Codes that no text alone can provoke here, each with the test that does.
const ELSEWHERE: &[Code] = &[];

#[test]
fn each_code_of_load_and_validate_has_a_smallest_wrong_input() {
    let named: BTreeSet<String> = cases()
        .values()
        .flat_map(|(_, sections)| sections.get("expect").cloned())
        .flat_map(|expected| expected.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
        .collect();
    let first = Code::ALL
        .iter()
        .position(|c| *c == Code::YamlSyntax)
        .expect("first");
    let mine: Vec<Code> = Code::ALL[first..]
        .iter()
        .copied()
        .take_while(|c| *c != regen::validate::LAST_CODE)
        .chain([regen::validate::LAST_CODE])
        .collect();
    let missing: Vec<&str> = mine
        .iter()
        .filter(|c| !ELSEWHERE.contains(c))
        .map(|c| c.name())
        .filter(|name| !named.contains(*name))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn the_valid_fleet_is_accepted_without_a_word() {
    let mut files = valid();
    files.remove("expect");
    assert_eq!(said(&files), (String::new(), true));
}
