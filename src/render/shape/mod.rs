//! Text with placeholders to a *shape*, parsed once; a shape and its values to manifests.
//!
//! The style of a scalar counts: a plain placeholder alone is typed, one in quotes is a string, a
//! block that is only a placeholder is exactly that string, and mixed text joins scalars.

mod fill;

use std::ops::Range;

use serde_json::{Map, Value};

use crate::diag::{Sink, Sources};
use crate::yaml::{self, Node, Style};

use super::engine::{Written, slot};
use super::fact::Source;
use super::plain;

pub(crate) use fill::json_of;

/// The parsed documents of a rendered template, with placeholders where values go.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) documents: Vec<Piece>,
}

/// A part of a document.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    form: Form,
    /// The line of the template, from 1; 0 where unknown.
    pub(crate) line: u32,
}

#[derive(Clone, Debug)]
enum Form {
    /// Without placeholders.
    Fixed(Value),
    /// One value, of any type.
    Typed(usize),
    /// Text, with the values in it.
    Text(Vec<Part>),
    List(Vec<Piece>),
    Map(Vec<(Vec<Part>, Piece)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Fixed(Box<str>),
    Slot(usize),
}

/// What is wrong with a shape or with a value in it, and on which line of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShapeFault {
    pub(crate) message: String,
    pub(crate) line: u32,
}

/// A value of a filled shape and where it came from; `at` is a JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trace {
    pub(crate) at: String,
    pub(crate) source: Source,
    pub(crate) line: u32,
    /// Whether the value is the source's, unchanged.
    pub(crate) exact: bool,
}

impl Shape {
    /// Parses the text of a rendered template.
    pub(crate) fn parse(text: &str, lines: &[Written]) -> Result<Self, Vec<ShapeFault>> {
        let line_at = |offset: usize| line_at(text, lines, offset);
        let mut sources = Sources::new();
        let id = sources.add("template", text);
        let mut sink = Sink::new();
        let nodes = yaml::parse(&sources, id, &mut sink);
        let mut faults: Vec<ShapeFault> = sink
            .into_sorted()
            .into_iter()
            .filter(|d| d.effective_severity() == crate::diag::Severity::Error)
            .map(|d| ShapeFault {
                message: readable(&d.message),
                line: d.place().map_or(0, |s| line_at(s.start as usize)),
            })
            .collect();
        let mut documents = Vec::new();
        for node in nodes.unwrap_or_default() {
            if matches!(&node.value, yaml::Value::Scalar(t, Style::Plain) if t.is_empty()) {
                continue; // an empty document, as conditions leave them
            }
            documents.push(piece(&node, text, &line_at, &mut faults));
        }
        if faults.is_empty() {
            Ok(Self { documents })
        } else {
            Err(faults)
        }
    }
}

/// The template's line at an offset of the rendered text; 0 where unknown.
fn line_at(text: &str, lines: &[Written], offset: usize) -> u32 {
    let Some(written) = lines.iter().rfind(|w| w.range.start <= offset) else {
        return 0;
    };
    let inside: Range<usize> = written.range.start..offset.min(written.range.end);
    let breaks = text.get(inside).map_or(0, |t| t.matches('\n').count());
    written.line + u32::try_from(breaks).unwrap_or(0)
}

/// A message about rendered text, with its placeholders shown as `{{…}}`.
fn readable(message: &str) -> String {
    let mut out = String::new();
    for c in message.chars() {
        match slot(c) {
            Some(_) => out.push_str("{{…}}"),
            None => out.push(c),
        }
    }
    out
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut fixed = String::new();
    for c in text.chars() {
        match slot(c) {
            None => fixed.push(c),
            Some(index) => {
                if !fixed.is_empty() {
                    parts.push(Part::Fixed(std::mem::take(&mut fixed).into()));
                }
                parts.push(Part::Slot(index));
            }
        }
    }
    if !fixed.is_empty() {
        parts.push(Part::Fixed(fixed.into()));
    }
    parts
}

fn piece(
    node: &Node,
    text: &str,
    line_at: &dyn Fn(usize) -> u32,
    faults: &mut Vec<ShapeFault>,
) -> Piece {
    let line = line_at(node.span.start as usize);
    let form = match &node.value {
        yaml::Value::Scalar(scalar, style) => {
            let mut parts = parts(scalar);
            let holds = parts.iter().any(|p| matches!(p, Part::Slot(_)));
            if holds && anchored(text, node.span.start as usize) {
                let message = "a placeholder may not have an anchor".to_owned();
                faults.push(ShapeFault { message, line });
            }
            match (parts.as_slice(), style) {
                ([Part::Slot(index)], Style::Plain) => Form::Typed(*index),
                ([Part::Slot(_), Part::Fixed(end)], Style::Block) if &**end == "\n" => {
                    parts.truncate(1);
                    Form::Text(parts)
                }
                _ if holds => Form::Text(parts),
                (_, Style::Plain) => Form::Fixed(plain::read(scalar).unwrap_or_else(|meaning| {
                    let message = format!(
                        "Kubernetes would read `{scalar}` as {meaning}; quote it if it is text"
                    );
                    faults.push(ShapeFault { message, line });
                    Value::Null
                })),
                _ => Form::Fixed(Value::String(scalar.clone())),
            }
        }
        yaml::Value::List(items) => {
            let pieces: Vec<Piece> = items
                .iter()
                .map(|n| piece(n, text, line_at, faults))
                .collect();
            let fixed: Option<Vec<Value>> = pieces.iter().map(|p| p.fixed().cloned()).collect();
            fixed.map_or(Form::List(pieces), |items| Form::Fixed(Value::Array(items)))
        }
        yaml::Value::Map(members) => {
            let pieces: Vec<(Vec<Part>, Piece)> = members
                .iter()
                .map(|(key, value)| (parts(&key.value), piece(value, text, line_at, faults)))
                .collect();
            let fixed: Option<Map<String, Value>> = pieces
                .iter()
                .map(|(key, value)| match key.as_slice() {
                    [] => Some((String::new(), value.fixed()?.clone())),
                    [Part::Fixed(key)] => Some((key.to_string(), value.fixed()?.clone())),
                    _ => None,
                })
                .collect();
            fixed.map_or(Form::Map(pieces), |members| {
                Form::Fixed(Value::Object(members))
            })
        }
    };
    Piece { form, line }
}

/// Whether an anchor stands before the scalar at an offset.
fn anchored(text: &str, start: usize) -> bool {
    let line = text.get(..start).unwrap_or("");
    let before = line.rsplit('\n').next().unwrap_or("").trim_end();
    before
        .rsplit([' ', ',', '[', '{'])
        .next()
        .is_some_and(|word| word.starts_with('&'))
}

impl Piece {
    fn fixed(&self) -> Option<&Value> {
        match &self.form {
            Form::Fixed(value) => Some(value),
            _ => None,
        }
    }
}
