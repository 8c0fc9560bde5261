use super::*;

#[test]
fn documents_are_read_as_kubernetes_reads_them() {
    for (name, text, expected) in [
        (
            "a real one",
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  COUNTRY: NO\n  MODE: 0644\n",
            r#"{"apiVersion":"v1","data":{"COUNTRY":false,"MODE":420},"kind":"ConfigMap"}"#,
        ),
        (
            "whole floats are integers",
            "a: 1.0\nb: 1e3\nc: 1.5\nd: -0.0\ne: 1e21\n",
            r#"{"a":1,"b":1000,"c":1.5,"d":0,"e":1e+21}"#,
        ),
        (
            "big integers are floats",
            "a: 12345678901234567890\nb: 123456789012345678901234567890\n",
            r#"{"a":1.2345678901234567e+19,"b":1.2345678901234568e+29}"#,
        ),
        (
            "keys become text",
            "on: a\n1: b\n1.50: c\n0x10: d\n",
            r#"{"1":"b","1.5":"c","16":"d","true":"a"}"#,
        ),
        (
            "quoted is text",
            "a: 'NO'\nb: \"1\"\nc: |\n  on\n",
            r#"{"a":"NO","b":"1","c":"on\n"}"#,
        ),
        (
            "nulls",
            "a:\nb: ~\nc: null\nd: ''\n",
            r#"{"a":null,"b":null,"c":null,"d":""}"#,
        ),
        (
            "tags",
            "a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: !x 4\ne: ! 5\nf: !!str\n",
            r#"{"a":"1","b":2,"c":3,"d":"4","e":"5","f":""}"#,
        ),
        (
            "no sexagesimals, no dates",
            "a: 12:30:45\nb: 2026-11-22\nc: =\n",
            r#"{"a":"12:30:45","b":"2026-11-22","c":"="}"#,
        ),
        (
            "merge wins over what stands above",
            "x: &x {k: 1, l: 1}\nz: {k: 0, <<: *x, l: 2}\n",
            r#"{"x":{"k":1,"l":1},"z":{"k":1,"l":2}}"#,
        ),
        (
            "merge of a list",
            "x: [&a {k: 1}, &b {k: 2, l: 2}]\nz: {<<: [*a, *b]}\n",
            r#"{"x":[{"k":1},{"k":2,"l":2}],"z":{"k":1,"l":2}}"#,
        ),
        (
            "alias as a key",
            "a: &a on\n*a : b\n",
            r#"{"a":true,"true":"b"}"#,
        ),
        (
            "only one document before a separator",
            "a: 1\n...\nb: 2\n",
            r#"{"a":1}"#,
        ),
        (
            "crlf and byte-order mark",
            "\u{feff}a: b\r\nc: |\r\n  d\r\n  e\r\n",
            r#"{"a":"b","c":"d\ne\n"}"#,
        ),
        (
            "no line feed at the end of a block",
            "a: |\n  b",
            r#"{"a":"b"}"#,
        ),
        (
            "next line",
            "a: on\u{85}b: |\u{85}  c\u{85}",
            r#"{"a":true,"b":"c\n"}"#,
        ),
        ("surrogates", "a: \"\\ud83d\\ude00\"\n", r#"{"a":"😀"}"#),
        ("json", "{\"a\": [1, 2.5, \"NO\"]}", r#"{"a":[1,2.5,"NO"]}"#),
        ("flow style is not json", "{a: NO}", r#"{"a":false}"#),
    ] {
        let documents = parse(text).unwrap_or_else(|f| panic!("{name}: {f}"));
        assert_eq!(documents.len(), 1, "{name}");
        assert_eq!(documents[0].value.to_string(), expected, "{name}");
    }
}

#[test]
fn lines_and_repeated_keys_are_known() {
    let text = "# head\n\na: 1\n--- # next\n\n---\nb:\n- x/y: 1\n  x/y: 2\nc: 1\nc: 2\n---\r\n~\n---\nd: 1";
    let documents = parse(text).expect("valid");
    let lines: Vec<usize> = documents.iter().map(|d| d.line).collect();
    assert_eq!(lines, [3, 7, 15]);
    assert_eq!(
        documents[1].duplicate_keys,
        [("/b/0/x~1y".to_owned(), 9), ("/c".to_owned(), 11)]
    );
    assert_eq!(documents[1].value["b"][0]["x/y"], 2, "the last one wins");
    let json: Vec<usize> = parse("\n{\"a\":\n1}\n\n{\"b\": 2}")
        .expect("valid")
        .iter()
        .map(|d| d.line)
        .collect();
    assert_eq!(json, [2, 5]);
}

#[test]
fn what_kubernetes_refuses_is_refused_with_its_place() {
    for (text, expected) in [
        ("a: .inf\n", "1:4: Kubernetes cannot hold the number `.inf`"),
        (
            "a: b\n---\nc:\n  ~: d\n",
            "4:3: Kubernetes refuses this key: it is no text, number or boolean",
        ),
        (
            "[a]: b\n",
            "1:3: Kubernetes refuses this key: it is no text, number or boolean",
        ),
        (
            "a: 1\n---\nb: *x\n",
            "3:4: no anchor of this name stands before this alias",
        ),
        (
            "%YAML 1.2\n---\na: b\n",
            "1:1: Kubernetes refuses a file with a directive",
        ),
        (
            "--- {a: b}\n",
            "1:4: text follows the separator `---` on its line",
        ),
        ("a: !!int x\n", "1:10: the text is no `!!int`"),
        (
            "a: {<<: 1}\n",
            "1:9: `<<` merges a mapping or a list of mappings",
        ),
        (
            "a: &a [*a]\n",
            "1:8: the alias stands inside the value that it repeats",
        ),
        (
            "a: \"\\ud800\"\n",
            "1:4: the double-quoted text holds an escape that is no character",
        ),
        (
            "x: 1\n---\na:\n\tb: c\n",
            "4:1: a tab stands where only spaces may",
        ),
    ] {
        let fault = parse(text).expect_err(text);
        assert_eq!(fault.to_string(), expected, "{text:?}");
    }
}

#[test]
fn bombs_are_refused_and_depth_needs_no_stack() {
    let mut laughs = "a0: &a0 lol\n".to_owned();
    for i in 1..12 {
        let line = format!(
            "a{i}: &a{i} [{}]\n",
            vec![format!("*a{}", i - 1); 10].join(", ")
        );
        laughs.push_str(&line);
    }
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*a, ".repeat(1000)
    );
    for (name, text) in [
        ("laughs", laughs),
        ("long", long),
        ("flow lists", "[".repeat(100_000)),
        ("flow mappings", "{a: ".repeat(100_000)),
        ("block lists", "- ".repeat(100_000)),
        (
            "json",
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        ),
    ] {
        assert!(parse(&text).is_err(), "{name}");
    }
}
