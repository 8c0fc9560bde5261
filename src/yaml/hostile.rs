//! Tests: no text makes a reader panic, hang, overflow the stack or eat memory.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::diag::{Code, Sink, Sources};

/// The codes that a fleet file with this text is refused with.
fn codes(text: &str) -> Vec<Code> {
    let mut sources = Sources::new();
    let id = sources.add("f.yaml", text);
    let mut sink = Sink::new();
    let result = super::parse(&sources, id, &mut sink);
    assert!(result.is_ok() || sink.errors() > 0, "a rejection was told");
    for fault in sink.diagnostics() {
        for label in &fault.labels {
            assert!(label.span.end as usize <= text.len());
            assert!(text.is_char_boundary(label.span.start as usize));
            assert!(text.is_char_boundary(label.span.end as usize));
        }
    }
    sink.diagnostics().iter().map(|d| d.code).collect()
}

fn laughs(levels: usize) -> String {
    let mut text = "a0: &a0 lol\n".to_owned();
    for i in 1..levels {
        let repeated = vec![format!("*a{}", i - 1); 10].join(", ");
        writeln!(text, "a{i}: &a{i} [{repeated}]").expect("into a string");
    }
    text
}

#[test]
fn bombs_end_in_one_diagnostic() {
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*a, ".repeat(1000)
    );
    let mut merges = "m0: &m0 {k: v}\n".to_owned();
    for i in 1..40 {
        let before = i - 1;
        writeln!(
            merges,
            "m{i}: &m{i} {{<<: [*m{before}, *m{before}], a: *m{before}, b: *m{before}}}"
        )
        .expect("into a string");
    }
    let nested = format!(
        "a: &a {}\nb: {}*a{}\n",
        "[".repeat(60) + &"]".repeat(60),
        "[".repeat(60),
        "]".repeat(60)
    );
    for (name, text) in [
        ("aliases that multiply", laughs(12)),
        ("a long text repeated", long),
        ("merges that multiply", merges),
        ("aliases that nest", nested),
        ("flow lists", "[".repeat(100_000)),
        ("flow mappings", "{a: ".repeat(100_000)),
        ("block lists", "- ".repeat(100_000)),
        (
            "block mappings",
            (0..2000)
                .map(|i| format!("{}a:\n", " ".repeat(i)))
                .collect(),
        ),
        ("explicit keys", "? ".repeat(100_000)),
        ("many values", "- a\n".repeat(300_000)),
        ("many bytes", "#".repeat(super::MAX_BYTES + 1)),
    ] {
        assert_eq!(codes(&text), [Code::YamlBomb], "{name}");
    }
    assert_eq!(codes(&laughs(5)), []);
}

#[test]
fn what_is_merely_long_is_read_in_linear_time() {
    for text in [
        format!("a: \"{}\"\n", "x".repeat(1 << 20)),
        format!("a: {}\n", "x ".repeat(1 << 18)),
        (0..20_000).map(|i| format!("k{i}: v\n")).collect(),
        "---\na: 1\n".repeat(20_000),
        format!("a:{}b", "\n".repeat(1 << 18)),
        "#\n".repeat(1 << 18),
    ] {
        codes(&text);
        let _ = super::kubernetes::parse(&text);
    }
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "a",
        "b: ",
        "c:\n",
        "\n",
        " ",
        "  ",
        "- ",
        "'",
        "\"",
        "\\",
        "\\u00e9",
        "\\ud800",
        "|\n",
        "|+2\n",
        ">-\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&x ",
        "*x",
        "*y",
        "<<: ",
        "!!str ",
        "!x ",
        "!<a> ",
        "# c",
        "\t",
        "0777",
        "on",
        "~",
        "---\n",
        "...\n",
        "? ",
        ": ",
        "\r\n",
        "\r",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "é",
        "😀",
        "\0",
        "%YAML 1.2\n",
        "%TAG ! x\n",
        "@",
        "`",
        ".inf",
        "1e3",
        "!!int ",
        "!!binary ",
    ]);
    proptest::collection::vec(piece, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        codes(&text);
        let _ = super::kubernetes::parse(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        codes(&text);
        let _ = super::kubernetes::parse(&text);
    }

    #[test]
    fn any_mixture_of_yaml_is_answered(text in pieces()) {
        codes(&text);
        if let Ok(documents) = super::kubernetes::parse(&text) {
            for document in documents {
                let written = crate::emit::document(&document.value);
                let back = super::kubernetes::parse(&written).expect("what is written is readable");
                prop_assert_eq!(&back[0].value, &document.value);
            }
        }
    }
}
