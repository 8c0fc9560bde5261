//! Manifests as Kubernetes reads them: YAML by the rules of `sigs.k8s.io/yaml` (go-yaml v2), to JSON.
//!
//! `NO` is false, `0777` is 511, `1e3` is 1000, and a repeated key wins over the earlier one, for
//! that is what the cluster would see. What text of a fleet means is decided elsewhere
//! ([`super::parse`]).

mod build;
mod scalar;

use std::fmt;

use granit_parser::{ErrorKind, Event, Parser, options};
use serde_json::Value;

use super::syntax;
use build::Builder;

/// How deep lists and mappings of a manifest may nest.
const MAX_DEPTH: usize = 255;

/// One document of a manifest file that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What Kubernetes makes of it.
    pub value: Value,
    /// The line of the file on which its content starts, from 1.
    pub line: usize,
    /// Keys that were repeated, and lost their earlier value: JSON pointer and line, from 1.
    pub duplicate_keys: Vec<(String, usize)>,
}

/// Why a manifest file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

impl fmt::Display for Fault {
    /// `12:3: the quote is never closed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Fault {}

/// Reads every document of a manifest file, YAML or JSON; documents without content are left out.
///
/// Takes time and memory in proportion to the text: aliases may add 400,000 values and 16 MiB to
/// what is written out, nesting ends at 255.
pub fn parse(text: &str) -> Result<Vec<Document>, Fault> {
    let content = text.trim_start_matches('\u{feff}').trim_start();
    if content.starts_with(['{', '['])
        && let Some(documents) = json(text, content)
    {
        return Ok(documents);
    }
    let mut documents = Vec::new();
    let mut budget = build::Budget::new(text.len());
    for chunk in Chunks::new(text) {
        let chunk = chunk?;
        if let Some(document) = document(text, &chunk, &mut budget)? {
            documents.push(document);
        }
    }
    Ok(documents)
}

/// One or more JSON values; none when the text is not JSON after all, such as flow-style YAML.
fn json(text: &str, content: &str) -> Option<Vec<Document>> {
    let before = text.len() - content.len();
    let mut values = serde_json::Deserializer::from_str(content).into_iter::<Value>();
    let mut documents = Vec::new();
    let mut line = 1 + newlines(&text[..before]);
    let mut from = 0;
    loop {
        let rest = &content[from..];
        let at = from + (rest.len() - rest.trim_start().len());
        line += newlines(&content[from..at]);
        match values.next() {
            None => return Some(documents),
            Some(Err(_)) => return None,
            Some(Ok(value)) => {
                let end = values.byte_offset();
                if !value.is_null() {
                    documents.push(Document {
                        value,
                        line,
                        duplicate_keys: Vec::new(),
                    });
                }
                line += newlines(&content[at..end]);
                from = end;
            }
        }
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

/// A document's text between two separator lines.
struct Chunk<'t> {
    text: &'t str,
    start: usize,
    /// How many lines stand before it.
    lines: usize,
}

/// Splits a file as Kubernetes does, before any YAML is read: at every line that begins with `---`.
struct Chunks<'t> {
    text: &'t str,
    at: usize,
    lines: usize,
    done: bool,
}

impl<'t> Chunks<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            lines: 0,
            done: false,
        }
    }
}

impl<'t> Iterator for Chunks<'t> {
    type Item = Result<Chunk<'t>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let (start, lines) = (self.at, self.lines);
        for line in self.text[start..].split_inclusive('\n') {
            let here = self.at;
            self.at += line.len();
            self.lines += 1;
            if let Some(rest) = line.strip_prefix("---") {
                let rest = rest.trim();
                if !rest.is_empty() && !rest.starts_with('#') {
                    self.done = true;
                    return Some(Err(Fault {
                        line: self.lines,
                        column: 4,
                        message: "text follows the separator `---` on its line".to_owned(),
                        help: Some("put it on a line of its own".to_owned()),
                    }));
                }
                return Some(Ok(Chunk {
                    text: &self.text[start..here],
                    start,
                    lines,
                }));
            }
        }
        self.done = true;
        Some(Ok(Chunk {
            text: &self.text[start..],
            start,
            lines,
        }))
    }
}

fn document(
    whole: &str,
    chunk: &Chunk<'_>,
    budget: &mut build::Budget,
) -> Result<Option<Document>, Fault> {
    if chunk.text.trim().is_empty() {
        return Ok(None);
    }
    let options = options! {
        emit_comments: false,
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let fault = |line: usize, column: usize, message: String, help: Option<String>| Fault {
        line: chunk.lines + line,
        column: column + 1,
        message,
        help,
    };
    let content = chunk.text.trim_start_matches('\u{feff}').trim_start();
    if content.starts_with('%') {
        // It would need a `---`, and that is taken away before YAML is read.
        let at = newlines(&chunk.text[..chunk.text.len() - content.len()]);
        let message = "Kubernetes refuses a file with a directive".to_owned();
        return Err(fault(
            1 + at,
            0,
            message,
            Some("remove the line".to_owned()),
        ));
    }
    let mut parser = Parser::new_from_str_with_options(chunk.text, options);
    let mut builder = Builder::new(budget);
    let mut line = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                let message = format!("lists and mappings nest deeper than {MAX_DEPTH}");
                return fault(marker.line(), marker.col(), message, None);
            }
            let at = chunk.start + marker.byte_offset().unwrap_or(chunk.text.len());
            let (place, message, help) = syntax::describe(whole, at, error.kind());
            let (line, column) = line_column(chunk.text, place.saturating_sub(chunk.start));
            fault(line, column, message, help)
        })?;
        match event {
            // What follows `...` is not read: Kubernetes takes one document between separators.
            Event::DocumentEnd => break,
            event => {
                if event.is_node() && line.is_none() {
                    line = Some(span.start.line());
                }
                builder
                    .event(event, span.is_empty(), span.start.line())
                    .map_err(|message| fault(span.start.line(), span.start.col(), message, None))?;
            }
        }
    }
    let (value, mut duplicate_keys) = builder.finish();
    for (_, line) in &mut duplicate_keys {
        *line += chunk.lines;
    }
    Ok(value.filter(|v| !v.is_null()).map(|value| Document {
        value,
        line: chunk.lines + line.unwrap_or(1),
        duplicate_keys,
    }))
}

/// Line from 1 and column from 0 of a byte offset.
fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (1 + newlines(before), before[start..].chars().count())
}

#[cfg(test)]
mod tests {
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
                "3:4: while parsing node, found unknown anchor",
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
}
