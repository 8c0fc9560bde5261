//! Parser events to located nodes: anchors, aliases, keys and tags, within bounds.
//!
//! The tree is built on a stack of its own, so that no input decides how deep the machine's goes.

use std::collections::BTreeMap;

use granit_parser::{Event, ScalarStyle, Tag};

use super::bounds::{Full, Weight};
use super::merge;
use super::node::{Node, Style, Value};
use super::parse::MAX_DEPTH;
use crate::diag::{Code, Diagnostic, Sink, SourceId, Span, Spanned, nearest};

enum Open {
    List(Vec<Node>),
    Map(OpenMap),
}

#[derive(Default)]
struct OpenMap {
    members: Vec<(Spanned<String>, Node)>,
    index: BTreeMap<String, usize>,
    key: Option<Key>,
    merges: Vec<(Span, Node)>,
}

enum Key {
    Text(Spanned<String>),
    Merge(Span),
    /// Already reported; its value is dropped.
    Invalid,
}

struct Frame {
    open: Open,
    start: usize,
    end: usize,
    anchor: usize,
    weight: Weight,
}

/// Builds the documents of one text from its events.
pub(super) struct Builder<'a> {
    text: &'a str,
    id: SourceId,
    sink: &'a mut Sink,
    documents: Vec<Node>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, (Node, Weight)>,
    names: Vec<String>,
    total: Weight,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, id: SourceId, sink: &'a mut Sink) -> Self {
        Self {
            text,
            id,
            sink,
            documents: Vec::new(),
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            names: Vec::new(),
            total: Weight::default(),
        }
    }

    pub(super) fn sink(&mut self) -> &mut Sink {
        self.sink
    }

    /// Drops the document that is under way.
    pub(super) fn abandon(&mut self) {
        self.stack.clear();
        self.anchors.clear();
        self.names.clear();
    }

    pub(super) fn finish(self) -> Vec<Node> {
        self.documents
    }

    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        span: granit_parser::Span,
    ) -> Result<(), Full> {
        let range = span.byte_range().unwrap_or(0..0);
        let place = Span::new(self.id, range.start, range.end);
        if let Some(tag) = event.tag()
            && !is_text(tag)
        {
            let tag_place = span
                .tag_span()
                .and_then(|s| s.byte_range())
                .map_or(place, |r| Span::new(self.id, r.start, r.end));
            self.sink.emit(
                Diagnostic::new(
                    Code::YamlSyntax,
                    format!("the tag `{}` has no meaning here", tag.original()),
                )
                .at(tag_place, "")
                .help("remove it: the schema of the file decides the type"),
            );
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), &range);
                let weight = Weight {
                    nodes: 1,
                    bytes: text.len(),
                    height: 0,
                };
                self.total.add(weight, place)?;
                self.finished(node, weight, anchor, range.end)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::List(Vec::new()), anchor, place),
            Event::MappingStart(_, anchor, _) => {
                self.open(Open::Map(OpenMap::default()), anchor, place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&range),
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::Anchor(_, name) => {
                self.names.push(name.into_owned());
                Ok(())
            }
            Event::UnresolvedAlias(name) => {
                let mut fault = Diagnostic::new(
                    Code::YamlSyntax,
                    format!("no anchor `&{name}` stands before this alias"),
                )
                .at(place, "");
                if let Some(near) = nearest(&name, self.names.iter().map(String::as_str)) {
                    fault = fault.help(format!("did you mean `*{near}`?"));
                } else {
                    fault = fault
                        .help("quote the text if it is none: a plain value may not start with `*`");
                }
                self.sink.emit(fault);
                self.missing(place)
            }
            Event::DocumentStart(..) => {
                self.abandon();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        range: &std::ops::Range<usize>,
    ) -> Node {
        let style = match style {
            ScalarStyle::Plain if tag.is_some() => Style::Quoted,
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let written = self.text.get(range.clone()).unwrap_or("");
        let end = range.start + written.trim_end().len();
        // The parser writes `~` for a value that is not there.
        let text = if style == Style::Plain && range.is_empty() {
            ""
        } else {
            text
        };
        Node {
            value: Value::Scalar(text.to_owned(), style),
            span: Span::new(self.id, range.start, end),
        }
    }

    fn open(&mut self, open: Open, anchor: usize, place: Span) -> Result<(), Full> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Full::depth(place));
        }
        self.total.add(
            Weight {
                nodes: 1,
                ..Weight::default()
            },
            place,
        )?;
        self.stack.push(Frame {
            open,
            start: place.start as usize,
            end: place.end as usize,
            anchor,
            weight: Weight {
                nodes: 1,
                ..Weight::default()
            },
        });
        Ok(())
    }

    fn close(&mut self, range: &std::ops::Range<usize>) -> Result<(), Full> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let end = if range.is_empty() {
            frame.end
        } else {
            range.end
        };
        let mut weight = frame.weight;
        weight.height += 1;
        let value = match frame.open {
            Open::List(items) => Value::List(items),
            Open::Map(map) => {
                Value::Map(merge::apply(map.members, map.index, map.merges, self.sink))
            }
        };
        let node = Node {
            value,
            span: Span::new(self.id, frame.start, end),
        };
        self.finished(node, weight, frame.anchor, end)
    }

    fn alias(&mut self, anchor: usize, place: Span) -> Result<(), Full> {
        let Some((node, weight)) = self.anchors.get(&anchor) else {
            self.sink.emit(
                Diagnostic::new(
                    Code::YamlSyntax,
                    "the alias stands inside the value that it repeats",
                )
                .at(place, "")
                .help("write the value out"),
            );
            return self.missing(place);
        };
        let weight = *weight;
        if self.stack.len() + weight.height > MAX_DEPTH {
            return Err(Full::depth(place));
        }
        // Counted before the copy is made: what is refused must not be built first.
        self.total.add(weight, place)?;
        let node = node.clone();
        self.finished(node, weight, 0, place.end as usize)
    }

    /// Stands in for a value that was reported, so that the rest keeps its structure.
    fn missing(&mut self, place: Span) -> Result<(), Full> {
        let node = Node {
            value: Value::Scalar(String::new(), Style::Plain),
            span: place,
        };
        self.finished(node, Weight::default(), 0, place.end as usize)
    }

    fn finished(
        &mut self,
        node: Node,
        weight: Weight,
        anchor: usize,
        end: usize,
    ) -> Result<(), Full> {
        if anchor != 0 {
            self.total.add(weight, node.span)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        frame.end = frame.end.max(end);
        frame.weight.nodes += weight.nodes;
        frame.weight.bytes += weight.bytes;
        frame.weight.height = frame.weight.height.max(weight.height);
        match &mut frame.open {
            Open::List(items) => items.push(node),
            Open::Map(map) => match map.key.take() {
                None => map.key = Some(key(node, self.sink)),
                Some(key) => map.member(key, node, self.sink),
            },
        }
        Ok(())
    }
}

impl OpenMap {
    fn member(&mut self, key: Key, node: Node, sink: &mut Sink) {
        match key {
            Key::Invalid => {}
            Key::Merge(span) => {
                if let Some((first, _)) = self.merges.first() {
                    sink.emit(
                        repeated("<<", span, *first)
                            .help("merge several mappings as `<<: [*a, *b]`"),
                    );
                }
                self.merges.push((span, node));
            }
            Key::Text(key) => {
                if let Some(first) = self.index.get(&key.value) {
                    let first = self.members[*first].0.span;
                    sink.emit(
                        repeated(&key.value, key.span, first).help("remove or rename one of them"),
                    );
                } else {
                    self.index.insert(key.value.clone(), self.members.len());
                    self.members.push((key, node));
                }
            }
        }
    }
}

fn repeated(key: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::DuplicateKey,
        format!("the key `{}` stands twice in one mapping", brief(key)),
    )
    .at(second, "again")
    .see(first, "first here")
}

fn key(node: Node, sink: &mut Sink) -> Key {
    match node.value {
        Value::Scalar(text, Style::Plain) if text == "<<" => Key::Merge(node.span),
        Value::Scalar(text, style) if !text.is_empty() || style != Style::Plain => {
            Key::Text(Spanned::new(text, node.span))
        }
        Value::Scalar(..) => {
            sink.emit(
                Diagnostic::new(Code::WrongType, "a key is empty")
                    .at(node.span, "")
                    .help("write a name before the `:`"),
            );
            Key::Invalid
        }
        Value::List(_) | Value::Map(_) => {
            sink.emit(
                Diagnostic::new(
                    Code::WrongType,
                    "a key must be text, not a list or a mapping",
                )
                .at(node.span, "")
                .help("quote it if text was meant: a plain value may not start with `[` or `{`"),
            );
            Key::Invalid
        }
    }
}

/// `!!str`, and `!`, which says the same.
fn is_text(tag: &Tag) -> bool {
    tag.is_yaml_core_schema_tag("str") || (tag.handle().is_empty() && tag.suffix() == "!")
}

/// At most 60 characters of a text, for messages.
pub(super) fn brief(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
