use crate::diag::{Sink, Sources};

fn faults(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let id = sources.add("f", text);
    let mut sink = Sink::new();
    let result = crate::yaml::parse(&sources, id, &mut sink);
    assert!(result.is_ok() || sink.errors() > 0);
    sink.into_sorted()
        .iter()
        .map(|d| {
            let at = sources.line_col(d.place().expect("located"));
            let remedy = if d.help.is_empty() {
                " and no remedy"
            } else {
                ""
            };
            format!("{}:{} {}{remedy}", at.line, at.column, d.message)
        })
        .collect()
}

#[test]
fn faults_are_located_and_have_a_remedy() {
    for (text, expected) in [
        ("a:\n\tb: c\n", "2:1 a tab stands where only spaces may"),
        ("a: b\n\tc: d\n", "2:1 a tab stands where only spaces may"),
        ("a: \"open\nb: c\n", "1:4 the quote is never closed"),
        ("a: 'it's'\n", "1:8 text follows the closing quote"),
        (
            "\"a\": \"b\",\n\"c\": 1\n",
            "1:9 text follows the closing quote",
        ),
        (
            "%YAML 1.2\n---\na: b\n",
            "1:1 a directive has no place here",
        ),
        ("a:b\nc: d\n", "1:2 a space is missing after `:`"),
        ("a: b\nc:d\n", "2:2 a space is missing after `:`"),
        ("a: b\nc:d\ne: f\n", "2:2 a space is missing after `:`"),
        ("a: b: c\n", "1:5 a `: ` stands inside a plain value"),
        (
            "a: [1, 2\nb: c\n",
            "2:2 a `,` or a closing bracket is missing before this",
        ),
        (
            "a: {x: 1, y: 2\nb: c\n",
            "2:2 a `,` or a closing bracket is missing before this",
        ),
        ("a: {x: 1,\n", "1:4 `{` is never closed"),
        ("a: [{]\n", "1:5 `{` is closed by `]`"),
        ("a: ]\n", "1:4 a bracket is closed that was never opened"),
        ("a: @foo\n", "1:4 a plain value may not start with `@`"),
        ("a: `foo`\n", "1:4 a plain value may not start with ```"),
        ("a: %foo\n", "1:4 a plain value may not start with `%`"),
        (
            "a: \u{1}b\n",
            "1:4 the control character U+0001 may not stand in YAML",
        ),
        (
            "- a\nb: c\n",
            "2:1 a key stands where the next `- ` of a list is expected",
        ),
        (
            "a: b\n- c\n",
            "2:1 a list item stands where a key is expected",
        ),
        (
            "a: b\n  c: d\n",
            "2:3 this is indented below a line that already has a value",
        ),
        (
            "a:\n  b: c\n d: e\n",
            "3:2 the indentation of this line fits no line above",
        ),
        ("a: b\nplain\n", "2:1 a `key: value` is expected here"),
        (
            "a: \"\\d\"\n",
            "1:4 the double-quoted text holds an unknown escape",
        ),
        (
            "a: \"\\ud800\"\n",
            "1:4 the double-quoted text holds an escape that is no character",
        ),
        (
            "a: *\n",
            "1:4 `*` and `&` at the start of a value stand for an alias and an anchor, and the name is missing",
        ),
        ("a: - b\n", "1:4 a list may not start here"),
        (
            "<<<<<<< HEAD\na: b\n=======\na: c\n>>>>>>> x\n",
            "1:1 a merge conflict is not resolved",
        ),
        (
            "a: *nope\n",
            "1:4 no anchor `&nope` stands before this alias",
        ),
        (
            "a: &a [*a]\n",
            "1:8 the alias stands inside the value that it repeats",
        ),
        ("a: !foo b\n", "1:4 the tag `!foo` has no meaning here"),
        (
            "a: 1\nb: 2\n'a': 3\n",
            "3:1 the key `a` stands twice in one mapping",
        ),
        (
            "a: {{ x }}\n",
            "1:5 a key must be text, not a list or a mapping",
        ),
        (": x\n", "1:1 a key is empty"),
        (
            "a: {<<: 3}\n",
            "1:5 `<<` merges a mapping or a list of mappings",
        ),
        (
            "a: &x {k: 1}\nb: {<<: *x, <<: *x}\n",
            "2:13 the key `<<` stands twice in one mapping",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text:?}");
    }
}

#[test]
fn faults_of_later_documents_are_reported_too() {
    let text = "a: 1\na: 2\nb: [1\n---\nc: *no\n---\nd: 'open\n";
    assert_eq!(
        faults(text),
        [
            "2:1 the key `a` stands twice in one mapping",
            "3:4 `[` is never closed",
            "5:4 no anchor `&no` stands before this alias",
            "7:4 the quote is never closed",
        ]
    );
}

#[test]
fn every_prefix_of_a_document_is_answered() {
    let text = "a: &x {k: [1, 'é', \"\\u00e9\"]}\nb:\n  <<: *x\n  c: |\n    z\n- !!str d # e\n? [f]\n: 'g\n";
    for end in (0..=text.len()).filter(|i| text.is_char_boundary(*i)) {
        for start in (0..=end).filter(|i| text.is_char_boundary(*i)) {
            faults(&text[start..end]);
        }
    }
}
