//! The change between a tree and what is rendered: laws, refusals, messages, plain directories.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use regen::diag::{Code, Sink, Sources};
use regen::io::files::{OutTree, write_tree};
use regen::model::change::{
    Action, Edited, Held, LEDGER_PATH, Ledger, PENDING_PATH, SourceCommit, TreeChange, TreeState,
};
use regen::model::digest::Digest;
use regen::model::finding::FindingKind;
use regen::model::manifest::{ManifestPath, ManifestSet, RenderedFile};
use regen::publish::{
    Options, Provenance, change, compare, digests, findings, input_digest, message, output_digest,
    read_ledger, recover, refuse, write_ledger,
};

type Files<'a> = &'a [(&'a str, &'a str)];

fn path(text: &str) -> ManifestPath {
    ManifestPath::new(text).expect("a legal path")
}

fn set(files: Files<'_>) -> ManifestSet {
    let file = |(p, text): &(&str, &str)| {
        let file = RenderedFile {
            text: (*text).into(),
            manifests: Vec::new(),
        };
        (path(p), file)
    };
    ManifestSet {
        files: files.iter().map(file).collect(),
        ..ManifestSet::default()
    }
}

fn owned(files: Files<'_>) -> Ledger {
    Ledger {
        files: digests(&set(files)),
        ..Ledger::default()
    }
}

fn tree(files: Files<'_>) -> TreeState {
    let file = |(p, text): &(&str, &str)| {
        (
            (*p).to_owned(),
            Held::File(Some(Digest::of(text.as_bytes()))),
        )
    };
    files.iter().map(file).collect()
}

fn compared(rendered: Files<'_>, ledger: &Ledger, tree: &TreeState) -> TreeChange {
    compare(&digests(&set(rendered)), ledger, tree, None)
}

/// Each row: what is rendered, owned and there of one file `a`, and what comes of it.
#[test]
fn one_file_in_every_state() {
    type Row<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a str);
    let rows: [Row<'_>; 14] = [
        (Some("1"), None, None, "added"),
        (Some("1"), None, Some("1"), "adopted"),
        (Some("1"), None, Some("2"), "foreign"),
        (Some("1"), Some("1"), Some("1"), "unchanged"),
        (Some("2"), Some("1"), Some("1"), "changed"),
        (Some("2"), Some("1"), Some("2"), "unchanged, ledger"),
        (Some("2"), Some("1"), Some("3"), "changed, edited"),
        (Some("1"), Some("1"), Some("3"), "changed, edited"),
        (Some("1"), Some("1"), None, "added, deleted"),
        (None, Some("1"), Some("1"), "removed"),
        (None, Some("1"), Some("2"), "removed, edited"),
        (None, Some("1"), None, "ledger"),
        (None, None, Some("1"), ""),
        (None, None, None, ""),
    ];
    fn one(text: Option<&str>) -> Vec<(&'static str, &str)> {
        text.map(|t| ("a", t)).into_iter().collect()
    }
    for (rendered, ledger, there, expected) in rows {
        let ledger = owned(&one(ledger));
        let change = compared(&one(rendered), &ledger, &tree(&one(there)));
        let mut told = Vec::new();
        told.extend(
            change
                .files
                .values()
                .map(|a| format!("{a:?}").to_lowercase()),
        );
        if change.unchanged > 0 && change.adopted.is_empty() {
            told.push("unchanged".to_owned());
        }
        told.extend(change.adopted.iter().map(|_| "adopted".to_owned()));
        told.extend(change.foreign.iter().map(|_| "foreign".to_owned()));
        told.extend(change.edited.values().map(|e| match e {
            Edited::Deleted => "deleted".to_owned(),
            _ => "edited".to_owned(),
        }));
        if told.iter().all(|t| t == "unchanged") && change.ledger_text.is_some() {
            told.push("ledger".to_owned());
        }
        assert_eq!(
            told.join(", "),
            expected,
            "{rendered:?} {ledger:?} {there:?}"
        );
    }
}

#[test]
fn links_and_repositories_in_the_way_are_not_written_through() {
    let ledger = owned(&[("a", "1")]);
    for (held, edited, foreign) in [
        (Held::Link, Some(Edited::Replaced), false),
        (Held::Repository, None, true),
    ] {
        let there = TreeState::from([("a".to_owned(), held)]);
        let change = compared(&[("a", "2")], &ledger, &there);
        assert_eq!(change.edited.get(&path("a")).copied(), edited, "{held:?}");
        assert_eq!(change.foreign.contains(&path("a")), foreign, "{held:?}");
    }
    let there = TreeState::from([("a".to_owned(), Held::Repository)]);
    assert!(
        compared(&[], &ledger, &there).files.is_empty(),
        "no longer regen's to remove"
    );
}

#[test]
fn paths_that_cannot_stand_side_by_side_collide() {
    let rows: &[(Files<'_>, Files<'_>, Files<'_>, bool)] = &[
        (&[("a/B", ""), ("a/b", "")], &[], &[], true),
        (&[("a/b", "")], &[], &[("A/B", "")], true),
        (&[("a/b", "")], &[], &[("A/c", "")], false),
        (&[("a/b/c", "")], &[], &[("a/b", "")], true),
        (&[("a/b/c", "")], &[], &[("A/B", "")], true),
        (&[("a", "")], &[], &[("a/b", "")], true),
        (&[("a", "")], &[("a/b", "")], &[("a/b", "")], false),
        (&[("a/b", "")], &[("a", "")], &[("a", "")], false),
        (
            &[("a", "")],
            &[("a/b", "")],
            &[("a/b", ""), ("a/c", "")],
            true,
        ),
        (&[("A", "")], &[("a", "")], &[("a", "")], false),
        (&[(".regen/x", "")], &[], &[], true),
        (&[(".Regen", "")], &[], &[], true),
        (&[("a.b", ""), ("a/b", "")], &[], &[("a-b", "")], false),
    ];
    for (rendered, ledger, there, collides) in rows {
        let change = compared(rendered, &owned(ledger), &tree(there));
        assert_eq!(
            !change.collisions.is_empty(),
            *collides,
            "{rendered:?} {there:?}"
        );
        let mut sink = Sink::new();
        let refused = refuse(&change, &Options::default(), &mut sink);
        assert_eq!(refused.is_err(), *collides);
        assert!(
            sink.diagnostics()
                .iter()
                .all(|d| d.code == Code::PathCollision)
        );
    }
}

#[test]
fn more_deletions_than_allowed_are_refused_with_the_number_that_would_do() {
    let names: Vec<String> = (0..101)
        .map(|i| format!("clusters/eu/euw1-a/shop/web/x-{i}.yaml"))
        .collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "")).collect();
    let change = compared(&[], &owned(&files), &tree(&files));
    let refused = |max_deletes| {
        let mut sink = Sink::new();
        let options = Options {
            max_deletes,
            ..Options::default()
        };
        let _ = refuse(&change, &options, &mut sink);
        sink.into_sorted()
    };
    assert!(refused(101).is_empty());
    let diagnostics = refused(Options::default().max_deletes);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].code, Code::TooManyDeletes);
    assert_eq!(
        diagnostics[0].help,
        ["give `--max-deletes 101` if that is meant"]
    );
    assert_eq!(diagnostics[0].notes, ["they are 101 in `euw1-a`"]);
}

#[test]
fn all_reasons_are_told_at_once_and_many_are_counted() {
    let names: Vec<String> = (0..30).map(|i| format!("a/{i:02}")).collect();
    let mut rendered: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "new")).collect();
    let ledger = owned(&rendered[..25]);
    let there: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "other")).collect();
    rendered.push(("b", ""));
    rendered.push(("B", ""));
    let digests = digests(&set(&rendered));
    let mut sink = Sink::new();
    let options = Options::default();
    change(&digests, &ledger, &tree(&there), None, &options, &mut sink).expect_err("refused");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for d in sink.diagnostics() {
        *counts.entry(d.code.name()).or_default() += 1;
    }
    let expected = [
        ("edited-by-hand", 21),
        ("not-owned", 5),
        ("path-collision", 2),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn a_clusters_source_moves_only_with_its_files() {
    let source = |digit: char| SourceCommit {
        id: digit.to_string().repeat(40),
        dirty: false,
    };
    let files = |a: &'static str| {
        [
            ("clusters/r/a/x/y", a),
            ("clusters/r/b/x/y", "1"),
            ("hub/x", a),
        ]
    };
    let first = compare(
        &digests(&set(&files("1"))),
        &Ledger::default(),
        &TreeState::new(),
        Some(&source('1')),
    );
    let there = tree(&files("1"));
    let same = compare(
        &digests(&set(&files("1"))),
        &first.ledger,
        &there,
        Some(&source('2')),
    );
    assert!(
        same.is_empty(),
        "a commit of the fleet that changes no manifest changes nothing"
    );
    let second = compare(
        &digests(&set(&files("2"))),
        &first.ledger,
        &there,
        Some(&source('2')),
    );
    let text = second.ledger_text.expect("changes");
    assert!(
        text.contains(&format!("cluster a {}\n", "2".repeat(40))),
        "{text}"
    );
    assert!(
        text.contains(&format!("cluster b {}\n", "1".repeat(40))),
        "{text}"
    );
}

#[test]
fn messages_name_clusters_or_count_them() {
    let message_of = |files: Files<'_>, there: Files<'_>| {
        let change = compared(files, &owned(there), &tree(there));
        let provenance = Provenance {
            version: "1.2.3".to_owned(),
            input: Digest::of(b"in"),
            output: Digest::of(b"out"),
            source: SourceCommit::parse(&format!("{}-dirty", "a".repeat(40))),
        };
        message(&change, &provenance)
    };
    let text = message_of(
        &[("clusters/r/euw1-a/n/s/x", "2"), ("hub/y", "1")],
        &[
            ("clusters/r/euw1-a/n/s/x", "1"),
            ("clusters/r/use1-a/n/s/x", "1"),
        ],
    );
    let input = Digest::of(b"in");
    let output = Digest::of(b"out");
    let id = "a".repeat(40);
    assert_eq!(
        text,
        format!(
            "regen: 1 changed, 1 added, 1 removed in euw1-a, hub, use1-a\n\n\
             euw1-a: 1 changed\nhub: 1 added\nuse1-a: 1 removed\n\n\
             Regen-Version: 1.2.3\nRegen-Input-Digest: sha256:{input}\n\
             Regen-Output-Digest: sha256:{output}\nRegen-Source-Commit: {id}-dirty\n\
             Regen-Clusters: euw1-a, use1-a\n"
        )
    );
    let names: Vec<String> = (0..20)
        .map(|i| format!("clusters/r/cluster-{i}/n/s/x"))
        .collect();
    let mut many: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "")).collect();
    many.push(("hub/x", ""));
    let text = message_of(&many, &[]);
    assert!(
        text.starts_with("regen: 21 added in 20 clusters and hub\n\ncluster-0: 1"),
        "{text}"
    );
    let adopted = compared(&[("a", "1")], &Ledger::default(), &tree(&[("a", "1")]));
    assert!(adopted.files.is_empty() && !adopted.is_empty());
}

#[test]
fn digests_cover_names_bytes_and_version_and_not_the_order() {
    let files: [(&str, &[u8]); 2] = [("a", b"1"), ("b", b"2")];
    let digest = input_digest("1", files);
    assert_eq!(digest, input_digest("1", [files[1], files[0]]));
    assert_ne!(digest, input_digest("2", files));
    assert_ne!(digest, input_digest("1", [files[0]]));
    let output = |f: Files<'_>| output_digest(&digests(&set(f)));
    assert_ne!(output(&[("a", "1")]), output(&[("a", "2")]));
    assert_ne!(output(&[("a", "1")]), output(&[("b", "1")]));
}

#[test]
fn what_is_unrendered_and_what_was_tampered_with_become_findings() {
    let rendered: Files<'_> = &[("a", "2"), ("b", "1"), ("e", "1")];
    let ledger = owned(&[("a", "1"), ("c", "1"), ("e", "1")]);
    let change = compared(
        rendered,
        &ledger,
        &tree(&[("a", "1"), ("c", "1"), ("e", "9")]),
    );
    let found: Vec<_> = findings(&change, &set(rendered))
        .into_iter()
        .map(|f| {
            (
                f.file.expect("a file").to_string(),
                f.kind,
                f.reason.expect("a reason"),
            )
        })
        .collect();
    let expected = [
        ("a", FindingKind::Unrendered, "Changed"),
        ("b", FindingKind::Unrendered, "Added"),
        ("c", FindingKind::Unrendered, "Removed"),
        ("e", FindingKind::Tampered, "Changed"),
    ];
    assert_eq!(
        found,
        expected.map(|(p, k, r)| (p.to_owned(), k, r.to_owned()))
    );
}

// ---- laws ---------------------------------------------------------------------------------

/// A few names that are apt to lie in each other's way.
fn file_sets() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = "(clusters/r/[ab]/)?[abc](/[ab])?";
    proptest::collection::btree_map(name, "[12]", 0..8)
}

fn list(files: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect()
}

fn apply(change: &TreeChange, rendered: &ManifestSet, files: &mut BTreeMap<String, String>) {
    for (path, action) in &change.files {
        if *action == Action::Removed {
            files.remove(path.as_str());
        } else {
            files.insert(path.to_string(), rendered.files[path].text.to_string());
        }
    }
}

proptest! {
    #[test]
    fn a_change_that_is_not_refused_ends_where_it_should(
        rendered in file_sets(), before in file_sets(), foreign in file_sets(), told: bool,
    ) {
        let ledger = owned(&list(&before));
        let mut there = before.clone();
        there.extend(foreign.clone());
        let rendered = set(&list(&rendered));
        let options = Options { overwrite_edited: told, ..Options::default() };
        let mut sink = Sink::new();
        let digests = digests(&rendered);
        let made = change(&digests, &ledger, &tree(&list(&there)), None, &options, &mut sink);
        let Ok(made) = made else {
            prop_assert!(sink.errors() > 0, "a refusal has a reason");
            return Ok(());
        };
        apply(&made, &rendered, &mut there);
        // Everything rendered is there, and is owned.
        for (path, file) in &rendered.files {
            prop_assert_eq!(there.get(path.as_str()), Some(&file.text.to_string()));
        }
        prop_assert_eq!(&made.ledger.files, &digests);
        // What is foreign survives; what is owned and not rendered does not.
        for (path, text) in &foreign {
            if !before.contains_key(path) && !digests.contains_key(&self::path(path)) {
                prop_assert_eq!(there.get(path), Some(text));
            }
        }
        for path in ledger.files.keys().filter(|p| !digests.contains_key(*p)) {
            prop_assert!(!there.contains_key(path.as_str()));
        }
        // Again: no change.
        let again = compare(&digests, &made.ledger, &tree(&list(&there)), None);
        prop_assert!(again.is_empty(), "{:?}", again);
    }
}

proptest! {
    // Each case writes three directories.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_plain_directory_that_was_interrupted_anywhere_is_taken_over(
        before in file_sets(), wanted in file_sets(), next in file_sets(), stop in 0_usize..12,
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        if render(directory.path(), &before).is_err() {
            return Ok(());
        }
        let written = contents(directory.path());
        // The change to `wanted` is announced and made only in part.
        let whole = tempfile::tempdir().expect("a directory");
        render(whole.path(), &before).expect("as before");
        if render(whole.path(), &wanted).is_err() {
            return Ok(());
        }
        let after = contents(whole.path());
        let pending = directory.path().join(PENDING_PATH);
        fs::create_dir_all(pending.parent().expect("below")).expect("creates");
        let ledger = fs::read_to_string(whole.path().join(LEDGER_PATH)).unwrap_or_else(|_| {
            write_ledger(&Ledger::default())
        });
        fs::write(pending, ledger).expect("writes");
        let gone = written.keys().filter(|p| !after.contains_key(*p));
        let made = after.iter().filter(|(p, t)| written.get(*p) != Some(t));
        let steps = gone.map(|p| (p, None)).chain(made.map(|(p, t)| (p, Some(t))));
        for (path, text) in steps.take(stop) {
            let full = directory.path().join(path);
            match text {
                None => {
                    fs::remove_file(&full).expect("removes");
                    let parent = full.parent().expect("below");
                    let _ = fs::remove_dir(parent);
                }
                Some(text) => {
                    fs::create_dir_all(full.parent().expect("below")).expect("creates");
                    fs::write(&full, text).expect("writes");
                }
            }
        }
        // Whatever is rendered next is not taken for somebody's edit.
        if let Err(codes) = render(directory.path(), &next) {
            prop_assert!(codes.iter().all(|c| *c == Code::PathCollision), "{:?}", codes);
            return Ok(());
        }
        prop_assert_eq!(contents(directory.path()), next);
        prop_assert!(!directory.path().join(PENDING_PATH).exists());
    }
}

// ---- plain directories --------------------------------------------------------------------

/// The way of `render --out DIR`.
fn render(out: &Path, files: &BTreeMap<String, String>) -> Result<TreeChange, Vec<Code>> {
    let rendered = set(&list(files));
    let digests = digests(&rendered);
    let out = OutTree::open(out).expect("opens");
    let mut sources = Sources::new();
    let mut sink = Sink::new();
    let mut read = |text: &Option<String>| {
        let id = text.as_ref().map(|t| sources.add(LEDGER_PATH, t.as_str()));
        read_ledger(&sources, id, &mut sink).expect("a ledger")
    };
    let mut ledger = read(&out.ledger);
    let pending = out.pending.is_some().then(|| read(&out.pending));
    let owned = ledger.files.clone();
    let announced = pending.iter().flat_map(|p| p.files.keys());
    let wanted = digests.keys().chain(owned.keys()).chain(announced);
    let wanted: BTreeSet<&str> = wanted.map(ManifestPath::as_str).collect();
    let state = out.state(&wanted).expect("reads");
    if let Some(pending) = &pending {
        recover(&mut ledger, pending, &state);
    }
    let mut sink = Sink::new();
    let change = change(
        &digests,
        &ledger,
        &state,
        None,
        &Options::default(),
        &mut sink,
    )
    .map_err(|_| {
        sink.into_sorted()
            .iter()
            .map(|d| d.code)
            .collect::<Vec<Code>>()
    })?;
    write_tree(&out, &change, &rendered).expect("writes");
    Ok(change)
}

/// The files of a directory, without regen's own.
fn contents(out: &Path) -> BTreeMap<String, String> {
    walkdir::WalkDir::new(out)
        .into_iter()
        .map(|e| e.expect("an entry"))
        .filter(|e| e.file_type().is_file())
        .map(|e| {
            let path = e
                .path()
                .strip_prefix(out)
                .expect("below")
                .display()
                .to_string();
            (path, fs::read_to_string(e.path()).expect("reads"))
        })
        .filter(|(path, _)| !path.starts_with(".regen/"))
        .collect()
}

fn files(files: Files<'_>) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|(p, t)| ((*p).to_owned(), (*t).to_owned()))
        .collect()
}

#[test]
fn a_plain_directory_holds_what_is_rendered_and_what_is_foreign() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("made/on/demand");
    let first = files(&[("a/b", "1"), ("c", "1")]);
    assert_eq!(render(&out, &first).expect("writes").counts().added, 2);
    assert_eq!(contents(&out), first);
    assert!(render(&out, &first).expect("writes").is_empty());
    fs::write(out.join("a/mine"), "x").expect("writes");
    let second = files(&[("c", "2")]);
    render(&out, &second).expect("writes");
    assert_eq!(contents(&out), files(&[("a/mine", "x"), ("c", "2")]));
    let own: Vec<_> = fs::read_dir(out.join(".regen")).expect("lists").collect();
    assert_eq!(own.len(), 1, "only the ledger stays: {own:?}");

    fs::write(out.join("c"), "by hand").expect("writes");
    assert_eq!(
        render(&out, &files(&[("c", "3")])),
        Err(vec![Code::EditedByHand])
    );
    assert_eq!(
        render(&out, &files(&[("a/mine", "y"), ("c", "by hand")])),
        Err(vec![Code::NotOwned])
    );
    assert_eq!(contents(&out), files(&[("a/mine", "x"), ("c", "by hand")]));
}

#[test]
fn nothing_is_written_through_a_link() {
    let directory = tempfile::tempdir().expect("a directory");
    let outside = directory.path().join("outside");
    fs::create_dir_all(&outside).expect("creates");
    let out = directory.path().join("out");
    fs::create_dir_all(&out).expect("creates");
    std::os::unix::fs::symlink(&outside, out.join("a")).expect("links");
    assert_eq!(
        render(&out, &files(&[("a/b", "1")])),
        Err(vec![Code::PathCollision])
    );
    std::os::unix::fs::symlink(outside.join("x"), out.join("c")).expect("links");
    assert_eq!(
        render(&out, &files(&[("c", "1")])),
        Err(vec![Code::NotOwned])
    );
    assert!(fs::read_dir(&outside).expect("lists").next().is_none());
}
