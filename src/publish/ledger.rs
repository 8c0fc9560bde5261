//! The ledger's text form: a versioned header, one line per cluster, one line per owned file.
//!
//! ```text
//! regen-ledger 1
//! cluster euw1-a 0123456789abcdef0123456789abcdef01234567
//! file e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 hub/dns.yaml
//! ```
//!
//! Lines are sorted by name, so that equal ledgers are equal bytes and a merge conflicts only
//! where the same file changed on both sides. The source of a cluster is a commit id, with
//! `-dirty` where the fleet's files differed from it, or `none`.

use std::fmt::Write as _;

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span};
use crate::model::change::{Held, Ledger, SourceCommit, TreeState, cluster};
use crate::model::digest::Digest;
use crate::model::manifest::ManifestPath;
use crate::model::name::ClusterName;

const HEADER: &str = "regen-ledger ";
const VERSION: u32 = 1;
/// More faulty lines than these are counted, not listed.
const FAULTS_SHOWN: usize = 10;

/// The text form of a ledger.
pub fn write_ledger(ledger: &Ledger) -> String {
    let mut text = format!("{HEADER}{VERSION}\n");
    for (name, source) in &ledger.clusters {
        let source = source
            .as_ref()
            .map_or_else(|| "none".to_owned(), ToString::to_string);
        let _ = writeln!(text, "cluster {name} {source}");
    }
    for (path, digest) in &ledger.files {
        let _ = writeln!(text, "file {digest} {path}");
    }
    text
}

/// Reads a ledger; a repository without one owns nothing.
pub fn read_ledger(
    sources: &Sources,
    source: Option<SourceId>,
    sink: &mut Sink,
) -> Result<Ledger, Rejected> {
    let Some(id) = source else {
        return Ok(Ledger::default());
    };
    let text = sources.get(id).text();
    let before = sink.errors();
    let first = text.split('\n').next().unwrap_or_default();
    let at = |start: usize, len: usize| Span::new(id, start, start + len);
    match first.strip_prefix(HEADER).map(str::parse::<u32>) {
        Some(Ok(VERSION)) => {}
        Some(Ok(newer)) if newer > VERSION => {
            return Err(sink.reject(
                Diagnostic::new(
                    Code::LedgerNewer,
                    format!("the ledger has version {newer}, this regen knows {VERSION}"),
                )
                .at(at(0, first.len()), "written by a newer regen")
                .help("use the regen that wrote it, or a newer one"),
            ));
        }
        _ => {
            return Err(sink.reject(
                faulty("the first line is not `regen-ledger 1`").at(at(0, first.len()), ""),
            ));
        }
    }

    let mut ledger = Ledger::default();
    let mut faults = 0;
    let mut last: Option<(u8, &str)> = None;
    let mut start = first.len() + 1;
    while start < text.len() {
        let rest = &text[start..];
        let (line, complete) = rest
            .split_once('\n')
            .map_or((rest, false), |(l, _)| (l, true));
        let fault = if complete {
            read_line(line, &mut ledger, &mut last).err()
        } else {
            Some("the last line has no end: the file was cut off")
        };
        if let Some(fault) = fault {
            faults += 1;
            if faults <= FAULTS_SHOWN {
                sink.emit(faulty(fault).at(at(start, line.len()), ""));
            }
        }
        start += line.len() + 1;
    }
    if text.len() <= first.len() {
        sink.emit(faulty("the first line has no end: the file was cut off").at(at(0, 0), ""));
    }
    if faults > FAULTS_SHOWN {
        let more = faults - FAULTS_SHOWN;
        sink.emit(faulty(&format!("{more} more lines are faulty")));
    }
    sink.since(before)?;
    Ok(ledger)
}

fn faulty(message: &str) -> Diagnostic {
    Diagnostic::new(Code::LedgerInvalid, message).help(
        "restore the ledger from the repository's history, \
         such as `git checkout HEAD~1 -- .regen/ledger`",
    )
}

fn read_line<'a>(
    line: &'a str,
    ledger: &mut Ledger,
    last: &mut Option<(u8, &'a str)>,
) -> Result<(), &'static str> {
    if line.starts_with("<<<<<<<") || line.starts_with("=======") || line.starts_with(">>>>>>>") {
        return Err("a merge conflict is left in the ledger");
    }
    if line.ends_with('\r') {
        return Err("the line ends with a carriage return");
    }
    let (word, rest) = line.split_once(' ').ok_or("the line is not known")?;
    let key = match word {
        "cluster" => {
            let (name, source) = rest.split_once(' ').ok_or("the cluster has no source")?;
            let legal = !name.is_empty() && !name.contains(char::is_whitespace);
            let source = match source {
                "none" => None,
                text => Some(SourceCommit::parse(text).ok_or("the source is not a commit id")?),
            };
            if !legal {
                return Err("the name is not a cluster's");
            }
            ledger.clusters.insert(ClusterName::new(name), source);
            (0, name)
        }
        "file" => {
            let (digest, path) = rest.split_once(' ').ok_or("the file has no path")?;
            let digest = Digest::parse(digest).ok_or("the digest is not a SHA-256 one")?;
            let legal = ManifestPath::new(path).ok_or("the path is not a legal one")?;
            ledger.files.insert(legal, digest);
            (1, path)
        }
        _ => return Err("the line is not known"),
    };
    let ordered = last.is_none_or(|last| last < key);
    *last = Some(key);
    if ordered {
        Ok(())
    } else {
        Err("the line is out of order or stands twice")
    }
}

/// Takes over what an interrupted change to a plain directory already wrote: files that hold what
/// the pending ledger says, and the absence of files that it drops.
pub fn recover(ledger: &mut Ledger, pending: &Ledger, tree: &TreeState) {
    let written = |path: &ManifestPath, digest: &Digest| {
        tree.get(path.as_str()) == Some(&Held::File(Some(*digest)))
    };
    for (name, source) in &pending.clusters {
        let done = pending
            .files
            .iter()
            .filter(|(path, _)| cluster(path) == Some(name.as_str()))
            .all(|(path, digest)| written(path, digest));
        if done {
            ledger.clusters.insert(name.clone(), source.clone());
        }
    }
    for (path, digest) in &pending.files {
        if written(path, digest) {
            ledger.files.insert(path.clone(), *digest);
        }
    }
    ledger
        .files
        .retain(|path, _| pending.files.contains_key(path) || tree.contains_key(path.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Ledger, Vec<(Code, String)>> {
        let mut sources = Sources::new();
        let id = sources.add(".regen/ledger", text);
        let mut sink = Sink::new();
        read_ledger(&sources, Some(id), &mut sink).map_err(|_| {
            sink.into_sorted()
                .into_iter()
                .map(|d| (d.code, d.message))
                .collect()
        })
    }

    #[test]
    fn a_repository_without_a_ledger_owns_nothing() {
        let ledger = read_ledger(&Sources::new(), None, &mut Sink::new());
        assert_eq!(ledger, Ok(Ledger::default()));
    }

    #[test]
    fn faults_are_told_by_line() {
        let digest = Digest::of(b"");
        let file = |path: &str| format!("file {digest} {path}\n");
        for (body, fault) in [
            ("cluster a\n".to_owned(), "the cluster has no source"),
            ("cluster a b\n".to_owned(), "the source is not a commit id"),
            ("cluster  none\n".to_owned(), "the name is not a cluster's"),
            ("file 00 a\n".to_owned(), "the digest is not a SHA-256 one"),
            (file("../etc/passwd"), "the path is not a legal one"),
            (file("/etc/passwd"), "the path is not a legal one"),
            (file(".git/config"), "the path is not a legal one"),
            (
                format!("{}{}", file("b"), file("a")),
                "the line is out of order or stands twice",
            ),
            (
                format!("{}{}", file("a"), file("a")),
                "the line is out of order or stands twice",
            ),
            (
                format!("{}cluster a none\n", file("a")),
                "the line is out of order or stands twice",
            ),
            (
                format!("file {digest} a"),
                "the last line has no end: the file was cut off",
            ),
            (
                "cluster a none\r\n".to_owned(),
                "the line ends with a carriage return",
            ),
            (
                "<<<<<<< HEAD\n".to_owned(),
                "a merge conflict is left in the ledger",
            ),
            ("\n".to_owned(), "the line is not known"),
            ("comment x\n".to_owned(), "the line is not known"),
        ] {
            let faults = read(&format!("regen-ledger 1\n{body}")).expect_err(&body);
            assert_eq!(faults, [(Code::LedgerInvalid, fault.to_owned())], "{body}");
        }
        for header in [
            "",
            "regen-ledger",
            "regen-ledger x\n",
            "regen-ledger 0\n",
            "regen-ledger 1",
        ] {
            assert_eq!(read(header).expect_err(header)[0].0, Code::LedgerInvalid);
        }
        let newer = read("regen-ledger 2\nanything\n").expect_err("newer");
        assert_eq!(newer[0].0, Code::LedgerNewer);
    }

    #[test]
    fn a_thousand_faults_are_told_in_a_few() {
        let text = format!("regen-ledger 1\n{}", "x\n".repeat(1000));
        let faults = read(&text).expect_err("faulty");
        assert_eq!(faults.len(), FAULTS_SHOWN + 1);
        assert_eq!(faults[0].1, "990 more lines are faulty");
    }

    #[test]
    fn an_interrupted_change_is_taken_over_file_by_file() {
        let path = |p: &str| ManifestPath::new(p).expect("legal");
        let digest = |p: &str| Digest::of(p.as_bytes());
        let ledger = |files: &[(&str, &str)]| Ledger {
            clusters: [(ClusterName::new("c"), None)].into(),
            files: files.iter().map(|(p, d)| (path(p), digest(d))).collect(),
        };
        let mut old = ledger(&[
            ("changed", "1"),
            ("gone", "1"),
            ("late", "1"),
            ("left", "1"),
        ]);
        let new = ledger(&[("added", "2"), ("changed", "2"), ("late", "2")]);
        let tree: TreeState = [
            ("added", "2"),
            ("changed", "2"),
            ("late", "1"),
            ("left", "1"),
        ]
        .iter()
        .map(|(p, d)| ((*p).to_owned(), Held::File(Some(digest(d)))))
        .collect();
        recover(&mut old, &new, &tree);
        let expected = ledger(&[
            ("added", "2"),
            ("changed", "2"),
            ("late", "1"),
            ("left", "1"),
        ]);
        assert_eq!(old, expected);
    }

    fn ledgers() -> impl Strategy<Value = Ledger> {
        let source = proptest::option::of(("[0-9a-f]{40}", any::<bool>()))
            .prop_map(|s| s.map(|(id, dirty)| SourceCommit { id, dirty }));
        let path = "[^/]{1,6}(/[^/]{1,6}){0,3}"
            .prop_filter_map("illegal", |p| ManifestPath::new(p.as_str()));
        (
            proptest::collection::btree_map(
                "[a-z][a-z0-9-]{0,8}".prop_map(ClusterName::new),
                source,
                0..5,
            ),
            proptest::collection::btree_map(
                path,
                any::<[u8; 8]>().prop_map(|b| Digest::of(&b)),
                0..20,
            ),
        )
            .prop_map(|(clusters, files)| Ledger { clusters, files })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ledger in ledgers()) {
            prop_assert_eq!(read(&write_ledger(&ledger)), Ok(ledger));
        }

        #[test]
        fn what_is_read_is_written_back(text in "regen-ledger 1\n(file [0-9a-f]{64} [a-c/.]{1,5}\n|cluster [a-c]{1,2} none\n){0,4}") {
            if let Ok(ledger) = read(&text) {
                prop_assert_eq!(write_ledger(&ledger), text);
            }
        }

        #[test]
        fn nothing_makes_the_reader_panic(text in ".{0,200}", ledger in ledgers(), cut in any::<prop::sample::Index>()) {
            let _ = read(&text);
            let whole = write_ledger(&ledger);
            let cut: String = whole.chars().take(cut.index(whole.chars().count())).collect();
            // A cut at the end of a line cannot be told from a shorter ledger.
            prop_assert!(cut.ends_with('\n') || read(&cut).is_err());
        }
    }
}
