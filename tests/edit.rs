//! One change of a file of the examples changes that place and nothing else: every other byte stays,
//! comments too.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use regen::diag::{Sink, Sources, Span};
use regen::yaml::edit::{Scalar, insert, remove, replace};
use regen::yaml::{Node, Style, Value, parse};

/// The files of the examples that people write.
fn files() -> Vec<String> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let parts = ["regions", "services"];
    let mut texts = Vec::new();
    for fleet in ["minimal", "online-boutique", "payments"] {
        let fleet = examples.join(fleet);
        let mut paths = vec![fleet.join("regen.yaml")];
        for part in parts {
            let folder = std::fs::read_dir(fleet.join(part)).expect("a folder");
            paths.extend(folder.map(|e| e.expect("readable").path()));
        }
        paths.sort();
        texts.extend(
            paths
                .iter()
                .map(|p| std::fs::read_to_string(p).expect("text")),
        );
    }
    assert!(texts.len() > 20, "the walk misses files");
    texts
}

fn read(text: &str) -> Node {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let id = sources.add("a.yaml", text);
    let mut documents = parse(&sources, id, &mut sink).expect("YAML");
    assert_eq!(sink.errors(), 0);
    documents.remove(0)
}

/// Every scalar with its place and path.
fn scalars(node: &Node, at: &str, out: &mut Vec<(String, Span, String, Style)>) {
    match &node.value {
        Value::Scalar(text, style) => out.push((at.to_owned(), node.span, text.clone(), *style)),
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                scalars(item, &format!("{at}/{i}"), out);
            }
        }
        Value::Map(members) => {
            for (key, value) in members {
                scalars(value, &format!("{at}/{}", key.value), out);
            }
        }
    }
}

/// The paths of every mapping that can be reached by names alone.
fn mappings(node: &Node, at: &[String], out: &mut Vec<Vec<String>>) {
    if let Value::Map(members) = &node.value {
        out.push(at.to_vec());
        for (key, value) in members {
            mappings(value, &[at, std::slice::from_ref(&key.value)].concat(), out);
        }
    }
}

fn texts() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "NO",
        "on",
        "null",
        "~",
        "1e3",
        "0o17",
        "0777",
        "12:30:45",
        "2026-11-22",
        "é☃",
        "a: b",
        "a #b",
        "- a",
        "x\ny",
        " a ",
        "\u{85}",
        "\u{feff}",
        "\t",
        "'",
        "\"",
        "\\",
        "64Mi",
        "70%",
        "8080",
        "1.10",
    ]);
    prop_oneof![
        odd.prop_map(str::to_owned),
        "[a-z:#,\\[\\]{}'\"&*!|>%@` -]{0,12}",
        "[a-z0-9./-]{1,20}:v[0-9]\\.[0-9]",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_scalar_is_replaced_alone(file in any::<Index>(), which in any::<Index>(), new in texts()) {
        let files = files();
        let old = file.get(&files);
        let root = read(old);
        let mut before = Vec::new();
        scalars(&root, "", &mut before);
        let (at, span, _, style) = which.get(&before).clone();
        let made = replace(old, &root, span, &Scalar::Text(new.clone()));
        let Some(made) = made else {
            prop_assert!(style == Style::Block || span.start == span.end, "every scalar on a line can be replaced");
            return Ok(());
        };
        let (start, end) = (span.start as usize, span.end as usize);
        prop_assert!(made.starts_with(&old[..start]) && made.ends_with(&old[end..]), "{}", made);
        let mut after = Vec::new();
        scalars(&read(&made), "", &mut after);
        prop_assert_eq!(after.len(), before.len());
        for ((path, _, was, _), (same, _, is, _)) in before.iter().zip(&after) {
            prop_assert_eq!(path, same);
            prop_assert_eq!(if *path == at { &new } else { was }, is);
        }
    }

    #[test]
    fn what_is_added_and_taken_away_leaves_no_trace(
        file in any::<Index>(), which in any::<Index>(), name in "[A-Z][A-Z_]{2,10}", new in texts(), deep in 1usize..3,
    ) {
        let files = files();
        let old = file.get(&files);
        let root = read(old);
        let mut all = Vec::new();
        mappings(&root, &[], &mut all);
        let mut path = which.get(&all).clone();
        path.extend(std::iter::repeat_n(name, deep));
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let made = insert(old, &root, &path, &Scalar::Text(new.clone())).expect("every mapping takes a member");
        let found = read(&made);
        let found = path.iter().try_fold(&found, |node, key| node.get(key)).expect("there");
        prop_assert!(matches!(&found.value, Value::Scalar(text, _) if *text == new), "{}", made);
        let added = &path[..=path.len() - deep];
        let gone = remove(&made, &read(&made), added).expect("what was added can be removed");
        prop_assert_eq!(&gone, old);
    }
}

#[test]
fn changes_look_like_what_is_around_them() {
    let old = "a: 'x'   # one\nb:\n    c: 8080\n    d: {e: 1}   # two\n# three\nf: 64Mi\n";
    let root = read(old);
    let put = |key: &str, new: &str| {
        let span = root.get(key).expect("there").span;
        replace(old, &root, span, &Scalar::Text(new.to_owned())).expect("made")
    };
    assert!(put("a", "it's").starts_with("a: 'it''s'   # one\n"));
    assert!(put("f", "NO").ends_with("\nf: \"NO\"\n"));
    assert!(put("f", "128Mi").ends_with("\nf: 128Mi\n"));
    assert!(
        put("f", "128").ends_with("\nf: \"128\"\n"),
        "a number now, a text before"
    );
    let add = |path: &[&str], new: Scalar| insert(old, &root, path, &new).expect("made");
    assert_eq!(
        add(&["b", "g", "h"], Scalar::Text("i".to_owned())),
        old.replace("# two\n", "# two\n    g:\n      h: i\n")
    );
    assert_eq!(
        add(&["b", "d", "g", "h"], Scalar::Bare("2".to_owned())),
        old.replace("{e: 1}", "{e: 1, g: {h: 2}}")
    );
    assert_eq!(
        insert(old, &root, &["a", "b"], &Scalar::Bare("2".to_owned())),
        None,
        "no mapping"
    );
    assert_eq!(
        insert(old, &root, &["a"], &Scalar::Bare("2".to_owned())),
        None,
        "there already"
    );
    assert_eq!(
        remove(old, &root, &["b", "d", "e"]),
        Some(old.replace("{e: 1}", "{}"))
    );
    assert_eq!(
        remove(old, &root, &["b", "d"]),
        Some(old.replace("    d: {e: 1}   # two\n", ""))
    );
    let crlf = "a:\r\n  b: 1\r\n";
    let added = insert(
        crlf,
        &read(crlf),
        &["a", "c"],
        &Scalar::Bare("2".to_owned()),
    );
    assert_eq!(added.as_deref(), Some("a:\r\n  b: 1\r\n  c: 2\r\n"));
    let open = "a: 1";
    let added = insert(open, &read(open), &["c"], &Scalar::Bare("2".to_owned()));
    assert_eq!(added.as_deref(), Some("a: 1\nc: 2"));
    let block = |old: &str, new: &str| {
        let root = read(old);
        let span = root.get("a").expect("there").span;
        replace(old, &root, span, &Scalar::Text(new.to_owned()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(block("a: |  \n  x\nb: 1\n", "y\n"), None, "an odd header");
    assert_eq!(
        block("a: |\n  x\n  z\nb: 1\n", "y\n\n w\n"),
        some("a: |\n  y\n\n   w\nb: 1\n")
    );
    assert_eq!(
        block("a: |-\n    x\n# c\nb: 1\n", "y: #\nw"),
        some("a: |-\n    y: #\n    w\n# c\nb: 1\n")
    );
    assert_eq!(block("a: |\n  x\n", "y"), None, "a line feed would be more");
    assert_eq!(
        block("a: |-\n  x\n", "y\n"),
        None,
        "a line feed would be lost"
    );
    assert_eq!(block("a: |-\n  x\n", " y"), None, "a blank would be lost");
    assert_eq!(block("a: >-\n  x\n", "y"), None, "lines would be folded");
}
