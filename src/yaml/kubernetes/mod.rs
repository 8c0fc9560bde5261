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

/// What Kubernetes makes of one unquoted scalar: `NO` is false, `0777` is 511.
pub fn plain(text: &str) -> Result<Value, String> {
    build::plain(text)
}

/// Reads every document of a manifest file, YAML or JSON; documents without content are left out.
///
/// One thing is read otherwise than by Kubernetes: U+2028 and U+2029, written raw, are text and never
/// end a line. Takes time and memory in proportion to the text: aliases may add 400,000 values and 16 MiB to
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
    if chunk.text.contains('\u{85}') {
        // To YAML 1.1 this ends a line, to the parser it does not.
        let text = chunk.text.replace('\u{85}', "\n");
        let chunk = Chunk {
            text: &text,
            start: 0,
            lines: chunk.lines,
        };
        return document(&text, &chunk, budget);
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
mod tests;
