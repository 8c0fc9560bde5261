//! What the emitter writes must come back as it went in: through a YAML 1.1 reader, a YAML 1.2
//! reader, and Kubernetes' rules; as a value, as a key and inside lists.
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use regen::{emit, yaml};
use serde_json::{Value, json};

#[path = "yaml/oracle_1_1.rs"]
mod oracle_1_1;

/// Words that some reader takes for something else, tried in lower, upper, title and mixed case.
const WORDS: &[&str] = &[
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", ".nan", ".inf",
    "-.inf", "+.inf", "none", "nil", "e", "infinity", "0x1f", "1e3", "0o17", "0b11", "t", "f",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "  ",
    "\t",
    "~",
    "=",
    "<<",
    "<",
    ">",
    "|",
    "|-",
    "-",
    "--",
    "---",
    "...",
    "--- a",
    "- x",
    "-x",
    "?",
    "? x",
    "?x",
    ":",
    ": x",
    ":x",
    "x:",
    "x: ",
    "a: b",
    "a:b",
    "a::",
    "#",
    "# x",
    "#x",
    "a #b",
    "a#b",
    "!x",
    "!",
    "!!str x",
    "&x",
    "&",
    "*x",
    "*",
    "%x",
    "%YAML 1.2",
    "@x",
    "`x`",
    "\"",
    "\"x\"",
    "'",
    "'x'",
    "it's",
    "\\",
    "\\n",
    "a\\",
    "{",
    "}",
    "{}",
    "{a: b}",
    "[",
    "]",
    "[]",
    "[a]",
    ",",
    "a,b",
    "a, b",
    "{{ x }}",
    "$(X)",
    "${X}",
    "0",
    "00",
    "007",
    "0777",
    "0644",
    "08",
    "0o17",
    "0O17",
    "0b11",
    "0b1_1",
    "0x1F",
    "0x_1F",
    "0xg",
    "1_000",
    "1_000.5",
    "0_",
    "_0",
    "_",
    "1e3",
    "1E3",
    "1e+3",
    "1.e3",
    "1.0e+3",
    "1.10",
    "1.0",
    ".5",
    "5.",
    "+1",
    "-1",
    "+.5",
    "-0",
    "+",
    "1.2.3",
    "1.34",
    "1e400",
    "9223372036854775808",
    "123456789012345678901234567890",
    "12:30:45",
    "1:20",
    "-1:20",
    "1:60",
    "1:20.5",
    "190:20:30",
    "2026-11-22",
    "2026-1-2",
    "2026-11-22T10:00:00Z",
    "2026-11-22 10:00:00",
    "2001-12-14t21:59:43.10-05:00",
    "1,000",
    "/",
    "/a/b",
    "a/b",
    "a.b",
    ".",
    "..",
    ".a",
    "a b",
    "a  b",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a\tb",
    "é",
    "名前",
    "😀",
    "a😀",
    "\u{a0}",
    "\u{ad}",
    "\u{85}",
    "a\u{85}b",
    "\u{2028}",
    "a\u{2028}b",
    "\u{2029}",
    "\u{feff}",
    "\u{feff}a",
    "a\u{feff}",
    "\u{7f}",
    "\u{80}",
    "\u{9f}",
    "\0",
    "\u{1}",
    "\u{1b}[0m",
    "\u{fffe}",
    "\u{ffff}",
    "\u{fffd}",
    "\u{e000}",
    "\u{f0000}",
    "\u{1fffe}",
    "\u{10ffff}",
    "\u{200b}",
    "\u{202e}",
    "\r",
    "\r\n",
    "a\rb",
    "a\r\nb",
    "a\r\nb\r\n",
    "\n",
    "\n\n",
    "\na",
    "\n\na\n",
    "a\n",
    "a\n\n",
    "a\n\n\n",
    "a\nb",
    "a\nb\n",
    "a\nb\n\n\n",
    "a\n\nb",
    "a\n \nb",
    "a\n  b\nc\n",
    "a \nb",
    "a\n b",
    " a\nb",
    "\ta\nb",
    "a\n\tb\n",
    "a\t\nb",
    "a\n\t\nb",
    "a\n ",
    "a\n\t",
    "#a\nb",
    "a\n#b\n",
    "a: b\nc: d\n",
    "- a\n- b\n",
    "---\na\n",
    "a\n---\nb\n",
    "a\n...\nb\n",
    "a\u{85}\nb",
    "a\n\u{2028}\nb\n",
    "\u{feff}a\nb\n",
    "a\n\u{feff}b\n",
    "{{- if }}\n  x\n{{- end }}\n",
    "#!/bin/sh\nset -e\n",
    "key: |\n  text\n",
    "'a'\n\"b\"\n",
    "a\n\n\n\nb\n",
    "é\n名前\n",
    "😀\n",
    "a\\\nb\n",
    "%a\nb\n",
    "no\n",
    "1\n",
    "~\n",
    ">\n",
    "|\n",
    "a\0\nb",
    "a\u{7f}\nb",
    "a\u{200b}\nb",
];

fn traps() -> Vec<String> {
    let mut all: Vec<String> = TEXTS.iter().map(|t| (*t).to_owned()).collect();
    for word in WORDS {
        let title: String = word
            .char_indices()
            .map(|(i, c)| if i == 0 { c.to_ascii_uppercase() } else { c })
            .collect();
        let mixed: String = word
            .char_indices()
            .map(|(i, c)| {
                if i % 2 == 1 {
                    c.to_ascii_uppercase()
                } else {
                    c
                }
            })
            .collect();
        all.extend([(*word).to_owned(), word.to_uppercase(), title, mixed]);
        all.extend([
            format!("{word} "),
            format!(" {word}"),
            format!("{word}:"),
            format!("{word}\n"),
        ]);
    }
    for n in [100, 500, 520, 1010, 1020, 1030, 5000] {
        all.extend([
            "x".repeat(n),
            "a b ".repeat(n),
            "\"".repeat(n),
            format!("{}\n", "x y ".repeat(n)),
            "é".repeat(n),
        ]);
    }
    all.sort();
    all.dedup();
    all
}

/// A string as a value, in lists and as a key, alone and among others.
fn shapes(text: &str) -> Value {
    json!({
        "value": text,
        "list": [text, [text, [text]], {"a": text, "b": [text]}],
        "nested": {text: text, "zz": {text: {text: [text]}}},
        "keys": [{text: 1, "zz": text}, {text: {"a": 1}}, {text: []}],
        "last": text,
    })
}

fn random(count: u32) -> Vec<String> {
    let fragment = prop_oneof![
        4 => proptest::sample::select(vec![
            " ", "\n", "\t", "\r", ":", ": ", " #", "#", "- ", "-", "?", "\"", "'", "\\", ".", "_",
            "0", "1", "7", "9", "x", "e", "E", "+", "o", "b", "a", "n", "no", "y", "on", "~", "|",
            ">", "%", "@", "`", "!", "&", "*", "{", "}", "[", "]", ",", "=", "<", "/", "$", "(", "T",
            "Z", "\u{85}", "\u{2028}", "\u{feff}", "\0", "\u{7f}", "é", "😀", "---", "...",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-zA-Z0-9]{1,6}",
    ];
    let text = proptest::collection::vec(fragment, 0..9).prop_map(|parts| parts.concat());
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| text.new_tree(&mut runner).expect("a string").current())
        .collect()
}

/// As many as proptest is told to try, by `PROPTEST_CASES`; 1000 unless told.
fn cases() -> u32 {
    match std::env::var("PROPTEST_CASES") {
        Ok(_) => Config::default().cases,
        Err(_) => 1000,
    }
}

fn everything() -> Vec<String> {
    let mut all = traps();
    assert!(all.len() >= 141, "only {} traps", all.len());
    all.extend(random(cases()));
    all
}

#[test]
fn kubernetes_reads_what_was_written() {
    for text in everything() {
        let value = shapes(&text);
        let written = emit::document(&value);
        let read = yaml::kubernetes::parse(&written)
            .unwrap_or_else(|fault| panic!("{text:?}: {fault}\n{written}"));
        assert_eq!(read.len(), 1, "{text:?}\n{written}");
        assert_eq!(read[0].value, value, "{text:?}\n{written}");
        assert_eq!(read[0].duplicate_keys, []);
    }
}

#[test]
fn yaml_1_2_reads_what_was_written() {
    for text in everything() {
        let value = shapes(&text);
        let written = emit::document(&value);
        let read: Value = serde_saphyr::from_str(&written)
            .unwrap_or_else(|fault| panic!("{text:?}: {fault}\n{written}"));
        assert_eq!(read, value, "{text:?}\n{written}");
    }
}

#[test]
fn yaml_1_1_reads_what_was_written() {
    for text in everything() {
        let value = shapes(&text);
        let written = emit::document(&value);
        let read = oracle_1_1::read(&written)
            .unwrap_or_else(|fault| panic!("{text:?}: {fault}\n{written}"));
        assert_eq!(read, value, "{text:?}\n{written}");
    }
}

/// The YAML 1.1 reader that most people have: skipped, and said so, where it is not installed.
#[test]
fn pyyaml_reads_what_was_written() {
    const SCRIPT: &str = r#"
import json, sys, yaml
loaders = [yaml.SafeLoader] + ([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])
wrong = 0
cases = json.load(sys.stdin)
for text, expected in cases:
    for loader in loaders:
        try:
            read = yaml.load(text, Loader=loader)
        except Exception as error:
            read = repr(error)
        if read != expected:
            wrong += 1
            if wrong < 10:
                print(loader.__name__, repr(expected)[:300], repr(read)[:300], sep="\n  ")
print(len(cases), "cases", len(loaders), "readers", wrong, "wrong")
sys.exit(1 if wrong else 0)
"#;
    let present = Command::new("python3")
        .args(["-c", "import yaml"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !present {
        println!("SKIPPED: python3 with PyYAML is not installed, so it reads nothing here");
        return;
    }
    let cases: Vec<Value> = everything()
        .iter()
        .map(|text| {
            let value = json!({"v": text, "k": [{text: 1, "zz": text}], "l": [[text]], "z": text});
            json!([emit::document(&value), value])
        })
        .collect();
    let mut child = Command::new("python3")
        .args(["-X", "utf8", "-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let input = serde_json::to_vec(&cases).expect("JSON");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(&input)
        .expect("python3 reads");
    let output = child.wait_with_output().expect("python3 ends");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{told}");
}

#[test]
fn numbers_are_the_same_numbers_to_everyone() {
    for number in [
        0.1,
        1.0,
        -0.5,
        1e21,
        1e-7,
        1.5e300,
        5e-324,
        1e15,
        123_456_789.125,
        -1e22,
    ] {
        let written = emit::document(&json!({"n": number}));
        let kubernetes = yaml::kubernetes::parse(&written).expect("valid");
        assert_eq!(kubernetes[0].value["n"].as_f64(), Some(number), "{written}");
        let old = oracle_1_1::read(&written).expect("valid");
        assert_eq!(old["n"].as_f64(), Some(number), "{written}");
        let new: Value = serde_saphyr::from_str(&written).expect("valid");
        assert_eq!(new["n"].as_f64(), Some(number), "{written}");
    }
}

proptest! {
    /// The order of members in the input does not show, and writing what was read changes nothing.
    #[test]
    fn writing_is_stable(texts in proptest::collection::vec("[a-z \n]{0,6}", 1..6)) {
        let forward: serde_json::Map<String, Value> = texts.iter().map(|t| (t.clone(), json!(t))).collect();
        let backward: serde_json::Map<String, Value> = texts.iter().rev().map(|t| (t.clone(), json!(t))).collect();
        let written = emit::document(&Value::Object(forward));
        prop_assert_eq!(&written, &emit::document(&Value::Object(backward)));
        let read = yaml::kubernetes::parse(&written).expect("valid");
        prop_assert_eq!(emit::document(&read[0].value), written);
    }
}
