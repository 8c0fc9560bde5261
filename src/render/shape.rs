//! Text with placeholders to a *shape*, parsed once; a shape and its values to manifests.
//!
//! The style of a scalar counts: a plain placeholder alone is typed, one in quotes is a string, a
//! block that is only a placeholder is exactly that string, and mixed text joins scalars.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::diag::{Sink, Sources};
use crate::yaml::{self, Node, Style};

use super::engine::{Written, slot};
use super::fact::{Fact, Item, Source};
use super::plain;

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

    /// The document with its values in place, and where they came from.
    pub(crate) fn fill(&self, slots: &[Item]) -> Result<(Value, Vec<Trace>), ShapeFault> {
        let mut filling = Filling {
            slots,
            at: String::new(),
            traces: Vec::new(),
        };
        let value = filling.piece(self)?.unwrap_or(Value::Null);
        Ok((value, filling.traces))
    }
}

/// A document while its values are put in.
struct Filling<'a> {
    slots: &'a [Item],
    at: String,
    traces: Vec<Trace>,
}

impl Filling<'_> {
    fn slot(&self, index: usize, line: u32) -> Result<&Item, ShapeFault> {
        self.slots.get(index).ok_or_else(|| ShapeFault {
            message: "a placeholder has no value".into(),
            line,
        })
    }

    /// `None`: the value is nothing, and its member is left out.
    fn piece(&mut self, piece: &Piece) -> Result<Option<Value>, ShapeFault> {
        Ok(Some(match &piece.form {
            Form::Fixed(value) => value.clone(),
            Form::Typed(index) => {
                let item = self.slot(*index, piece.line)?.clone();
                if item.fact == Fact::Null {
                    return Ok(None);
                }
                self.item(&item, piece.line, true)
            }
            Form::Text(parts) => {
                let text = self.text(parts, piece.line)?;
                let slots: Vec<usize> = parts
                    .iter()
                    .filter_map(|p| match p {
                        Part::Slot(index) => Some(*index),
                        Part::Fixed(_) => None,
                    })
                    .collect();
                let exact = parts.len() == 1;
                for index in slots {
                    let source = self.slot(index, piece.line)?.source.clone();
                    self.trace(source, piece.line, exact);
                }
                Value::String(text)
            }
            Form::List(pieces) => {
                let mut items = Vec::with_capacity(pieces.len());
                for piece in pieces {
                    let depth = self.at.len();
                    let _ = write!(self.at, "/{}", items.len());
                    let value = self.piece(piece)?;
                    self.at.truncate(depth);
                    items.extend(value);
                }
                Value::Array(items)
            }
            Form::Map(pieces) => {
                let mut members = Map::new();
                for (key, piece) in pieces {
                    let key = self.text(key, piece.line)?;
                    let depth = self.at.len();
                    push_key(&mut self.at, &key);
                    let value = self.piece(piece)?;
                    self.at.truncate(depth);
                    if let Some(value) = value
                        && members.insert(key.clone(), value).is_some()
                    {
                        return Err(ShapeFault {
                            message: format!("the key `{key}` stands twice in one mapping"),
                            line: piece.line,
                        });
                    }
                }
                Value::Object(members)
            }
        }))
    }

    fn text(&self, parts: &[Part], line: u32) -> Result<String, ShapeFault> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Fixed(fixed) => text.push_str(fixed),
                Part::Slot(index) => {
                    let kind = match &self.slot(*index, line)?.fact {
                        Fact::Text(value) => {
                            text.push_str(value);
                            continue;
                        }
                        Fact::Number(value) => {
                            let _ = write!(text, "{value}");
                            continue;
                        }
                        Fact::Bool(value) => {
                            let _ = write!(text, "{value}");
                            continue;
                        }
                        Fact::Null => "nothing",
                        Fact::List(_) => "a list",
                        Fact::Map(_) => "a mapping",
                    };
                    let message = format!("{kind} cannot be part of a text or a key");
                    return Err(ShapeFault { message, line });
                }
            }
        }
        Ok(text)
    }

    fn trace(&mut self, source: Source, line: u32, exact: bool) {
        self.traces.push(Trace {
            at: self.at.clone(),
            source,
            line,
            exact,
        });
    }

    fn item(&mut self, item: &Item, line: u32, outermost: bool) -> Value {
        if outermost || item.source != Source::Around {
            self.trace(item.source.clone(), line, true);
        }
        match &item.fact {
            Fact::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let depth = self.at.len();
                    let _ = write!(self.at, "/{}", list.len());
                    list.push(self.item(item, line, false));
                    self.at.truncate(depth);
                }
                Value::Array(list)
            }
            Fact::Map(members) => {
                let mut map = Map::new();
                for (key, member) in members.iter() {
                    let depth = self.at.len();
                    push_key(&mut self.at, key);
                    let value = self.item(member, line, false);
                    self.at.truncate(depth);
                    map.insert(key.clone().into_owned(), value);
                }
                Value::Object(map)
            }
            scalar => scalar_of(scalar),
        }
    }
}

fn push_key(at: &mut String, key: &str) {
    at.push('/');
    for c in key.chars() {
        match c {
            '~' => at.push_str("~0"),
            '/' => at.push_str("~1"),
            _ => at.push(c),
        }
    }
}

fn scalar_of(fact: &Fact) -> Value {
    match fact {
        Fact::Bool(b) => Value::Bool(*b),
        Fact::Number(n) => Value::Number(n.clone()),
        Fact::Text(text) => Value::String(text.to_string()),
        Fact::Null | Fact::List(_) | Fact::Map(_) => Value::Null,
    }
}

/// A value as JSON, without its origins.
pub(crate) fn json_of(item: &Item) -> Value {
    match &item.fact {
        Fact::List(items) => Value::Array(items.iter().map(json_of).collect()),
        Fact::Map(members) => Value::Object(
            members
                .iter()
                .map(|(k, v)| (k.clone().into_owned(), json_of(v)))
                .collect(),
        ),
        scalar => scalar_of(scalar),
    }
}
