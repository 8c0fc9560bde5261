//! The walls of the house, read from its source: who may import whom, and where each outside
//! crate lives. The tests at the foot of a file may reach further than the file itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rooms and shelves by floor, with the names that each may import besides itself.
const GROUND: &[&str] = &["diag", "parallel"];
const FIRST: &[&str] = &["model"];
const SHELF: &[&str] = &[
    "yaml",
    "schema",
    "emit",
    "normalise",
    "engine",
    "latency",
    "atlas",
];
const ROOMS: &[&str] = &[
    "load", "validate", "plan", "render", "publish", "drift", "adopt",
];
const PIPES: &[&str] = &["io"];
const WINDOWS: &[&str] = &["report"];
const JOINT: &[&str] = &["pipeline"];
const DOOR: &[&str] = &["cli", "main"];

/// Outside crates with one home: the paths below `src/` that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("annotate_snippets", &["report/text/"]),
    ("anstream", &["report/text/", "cli/", "main.rs"]),
    ("anstyle", &["report/text/", "cli/"]),
    ("anyhow", &["io/", "cli/", "main.rs"]),
    ("clap", &["cli/", "main.rs"]),
    ("clap_complete", &["cli/"]),
    ("csv", &["atlas/", "latency/"]),
    ("futures", &["io/kube/"]),
    ("git2", &["io/git/"]),
    ("granit_parser", &["yaml/"]),
    ("hmac", &["model/digest.rs"]),
    ("http", &["io/kube/"]),
    ("http_body_util", &["io/kube/"]),
    ("jiff", &["io/", "cli/", "normalise/"]),
    ("k8s_openapi", &["io/kube/"]),
    ("kube", &["io/kube/"]),
    ("minijinja", &["render/engine.rs", "render/engine/"]),
    ("regex", &["schema/rules/pattern.rs"]),
    ("serde_saphyr", &["yaml/"]),
    ("sha1", &["io/git/snapshot.rs"]),
    ("sha2", &["model/digest.rs"]),
    ("similar", &["report/text.rs", "report/text/"]),
    ("strsim", &["diag/near.rs"]),
    ("tokio", &["io/", "cli/"]),
    ("walkdir", &["io/"]),
];

fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let pure = [GROUND, FIRST, SHELF].concat();
    let floors: [(&[&str], Vec<&'static str>); 8] = [
        (GROUND, Vec::new()),
        (FIRST, GROUND.to_vec()),
        (SHELF, pure.clone()),
        (ROOMS, pure.clone()),
        (PIPES, pure.clone()),
        (WINDOWS, pure.clone()),
        (JOINT, [pure.clone(), ROOMS.to_vec()].concat()),
        (
            DOOR,
            [
                pure,
                ROOMS.to_vec(),
                PIPES.to_vec(),
                WINDOWS.to_vec(),
                JOINT.to_vec(),
                DOOR.to_vec(),
            ]
            .concat(),
        ),
    ];
    let (_, allowed) = floors
        .into_iter()
        .find(|(names, _)| names.contains(&module))?;
    Some(allowed)
}

/// One source file: its path below `src/` and its code without comments, strings and foot tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// The module right below the crate: `plan` for `plan/amount.rs`.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all: Vec<Source> = walkdir::WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("src can be read"))
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "rs"))
        .map(|entry| {
            let below = entry.path().strip_prefix(&root).expect("below src");
            let text = fs::read_to_string(entry.path()).expect("a source file");
            Source {
                path: below.to_string_lossy().replace('\\', "/"),
                code: code(&text),
            }
        })
        // Modules that are only tests.
        .filter(|source| !source.path.ends_with("/tests.rs") && !source.path.contains("/tests/"))
        .collect();
    all.retain(|source| source.path != "lib.rs");
    assert!(all.len() > 50, "the walk misses the sources");
    all
}

/// Leaves out what is not code, and everything from the tests at the foot on.
fn code(text: &str) -> String {
    let code = text
        .find("#[cfg(test)]\nmod tests {")
        .map_or(text, |foot| &text[..foot]);
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(next) = rest.find(['/', '"', '\'']) {
        out.push_str(&rest[..next]);
        rest = &rest[next..];
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(inside) = rest.strip_prefix('"') {
            let hashes = out.len() - out.trim_end_matches('#').len();
            if out.trim_end_matches('#').ends_with('r') {
                let close = format!("\"{}", "#".repeat(hashes));
                inside
                    .find(&close)
                    .map_or(rest.len(), |end| end + 1 + close.len())
            } else {
                string_end(rest)
            }
        } else if let Some(inside) = rest.strip_prefix('\'') {
            // A character, or else a lifetime.
            let mut chars = inside.char_indices();
            match (chars.next(), chars.next(), chars.next()) {
                (Some((_, '\\')), Some(_), _) => rest[3..].find('\'').map_or(1, |end| end + 4),
                (Some(_), Some((end, '\'')), _) => end + 2,
                _ => 1,
            }
        } else {
            out.push_str(&rest[..1]);
            1
        };
        out.push(' ');
        rest = &rest[skipped..];
    }
    out.push_str(rest);
    out
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first segments of paths that start with `prefix`, groups (`crate::{a, b::c}`) included.
fn heads<'a>(code: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let mut heads = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            heads.insert(word(rest));
            continue;
        };
        let mut depth = 0_usize;
        let mut start = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if is_word(c) && start && depth == 0 => {
                    heads.insert(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    heads
}

fn word(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

#[test]
fn imports_point_down() {
    let mut faults = Vec::new();
    for source in sources() {
        let module = source.module().to_owned();
        let Some(allowed) = allowed(&module) else {
            faults.push(format!("`src/{}` stands on no floor", source.path));
            continue;
        };
        let own = |head: &str| head == module || head.is_empty();
        // `crate::x` everywhere; `super::x` out of a file right below the crate leads there too.
        let mut heads = heads(&source.code, "crate::");
        if source.path == format!("{module}.rs") || source.path == format!("{module}/mod.rs") {
            heads.extend(self::heads(&source.code, "super::"));
        } else if source.path.matches('/').count() == 1 {
            heads.extend(self::heads(&source.code, "super::super::"));
        }
        let all = [GROUND, FIRST, SHELF, ROOMS, PIPES, WINDOWS, JOINT, DOOR].concat();
        for head in heads {
            if all.contains(&head) && !own(head) && !allowed.contains(&head) {
                faults.push(format!("`src/{}` imports `{head}`", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_outside_crate_has_one_home() {
    let mut faults = Vec::new();
    for source in sources() {
        for (name, homes) in HOMES {
            let named = source
                .code
                .match_indices(&format!("{name}::"))
                .any(|(at, _)| !source.code[..at].ends_with(|c| is_word(c) || c == ':'));
            let used = source.code.contains(&format!("use {name};"));
            if (named || used) && !homes.iter().any(|home| source.path.starts_with(home)) {
                faults.push(format!("`src/{}` names `{name}`", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_dependency_with_a_home_is_listed() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    let dependencies = manifest
        .split("\n[")
        .find_map(|table| table.strip_prefix("dependencies]\n"))
        .expect("a table of dependencies");
    // Named wherever types are read and written.
    let everywhere = ["serde", "serde_json", "schemars"];
    for line in dependencies.lines() {
        let Some((name, _)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim().replace('-', "_");
        let listed = HOMES.iter().any(|(n, _)| *n == name) || everywhere.contains(&name.as_str());
        assert!(
            listed || name.starts_with('#'),
            "`{name}` has no home in tests/walls.rs"
        );
    }
}

#[test]
fn every_folder_opens_with_what_turns_into_what() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.expect("src can be read");
        if entry.file_name() == "mod.rs" || entry.file_name() == "lib.rs" {
            let text = fs::read_to_string(entry.path()).expect("a source file");
            assert!(
                text.starts_with("//! "),
                "{} does not open with `//!`",
                entry.path().display()
            );
        }
    }
}

/// The reader itself sees what it should and nothing else.
#[test]
fn the_reader_of_imports_tells_code_from_text() {
    let text = r###"
        use crate::{diag::{Code, Sink}, model::name};
        // crate::comment
        let a = "crate::text \" crate::still";
        let b = r#"crate::raw " crate::raw2"#;
        let c = '"'; let d = '\''; let e: &'a str = crate::after;
        mycrate::other; /* crate::block */ crate::last::x
        #[cfg(test)]
mod tests { crate::foot }"###;
    let found = code(text);
    let heads: Vec<&str> = heads(&found, "crate::").into_iter().collect();
    assert_eq!(heads, ["after", "diag", "last", "model"], "{found}");
}
