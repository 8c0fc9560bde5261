//! A tree against the shape of its file: every unknown field, missing field and misfit at once.

use crate::diag::{Code, Diagnostic, Sink, Span, Spanned, nearest};
use crate::yaml::{Node, Style, Value};

use super::decode::{integer, is_null};
use super::shape::{Fields, Root, Shape};

/// Which faults are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Faults {
    /// All.
    All,
    /// What is written wrongly; what is missing may come from another layer.
    Written,
    /// What is missing.
    Missing,
}

/// Checks a whole document.
pub(super) fn document(node: &Node, root: &'static Root, faults: Faults, sink: &mut Sink) {
    shape(node, root, &root.shape, faults, sink);
}

/// Checks a part of a document that has a shape of its own.
pub(super) fn shape(
    node: &Node,
    root: &'static Root,
    shape: &Shape,
    faults: Faults,
    sink: &mut Sink,
) {
    let mut check = Check {
        root,
        faults,
        sink,
        path: Vec::new(),
    };
    // A document's own place is its first key: the whole text says nothing.
    let head = match &node.value {
        Value::Map(members) => members.first().map_or(node.span, |(key, _)| key.span),
        _ => node.span,
    };
    check.node(node, shape, head);
}

struct Check<'a> {
    root: &'static Root,
    faults: Faults,
    sink: &'a mut Sink,
    path: Vec<String>,
}

impl Check<'_> {
    fn node(&mut self, node: &Node, shape: &Shape, head: Span) {
        match (self.root.resolve(shape), &node.value) {
            (Shape::Any, _) => {}
            (Shape::Choice(choices), _) => self.choice(node, choices, head),
            (Shape::Map(fields), Value::Map(_)) => self.map(node, fields, head),
            (Shape::Map(fields), Value::Scalar(..)) if is_null(node) => {
                self.missing(fields, |_| false, head);
            }
            (Shape::List { element, least }, Value::List(items)) => {
                if (items.len() as u64) < *least && self.faults != Faults::Missing {
                    let what = self.name();
                    let few = match items.len() {
                        0 => "is an empty list",
                        _ => "has too few entries",
                    };
                    self.emit(
                        Diagnostic::new(Code::InvalidValue, format!("{what} {few}"))
                            .at(node.span, "")
                            .help(format!("it needs at least {least}")),
                    );
                }
                for (index, item) in items.iter().enumerate() {
                    self.path.push(format!("[{index}]"));
                    let head = first_key(item);
                    self.node(item, element, head);
                    self.path.pop();
                }
            }
            (shape, Value::Scalar(text, style)) if !is_null(node) => {
                self.scalar(node, shape, text, *style);
            }
            (shape, _) => self.wrong(node, &[shape]),
        }
    }

    fn map(&mut self, node: &Node, fields: &Fields, head: Span) {
        let Value::Map(members) = &node.value else {
            return;
        };
        for (key, value) in members {
            let Some(shape) = fields.get(&key.value) else {
                self.unknown(fields, &key.value, key.span, members);
                continue;
            };
            // A field without a value is an absent one.
            if is_null(value) {
                continue;
            }
            self.path.push(key.value.clone());
            self.node(value, shape, key.span);
            self.path.pop();
        }
        // A misspelt field is told as unknown; that it is missing too would be the same mistake.
        let misspelt: Vec<&str> = members
            .iter()
            .filter(|(key, _)| fields.get(&key.value).is_none())
            .filter_map(|(key, _)| meant(fields, &key.value, members))
            .collect();
        let present =
            |name: &str| misspelt.contains(&name) || node.get(name).is_some_and(|n| !is_null(n));
        self.missing(fields, present, head);
    }

    fn missing(&mut self, fields: &Fields, present: impl Fn(&str) -> bool, head: Span) {
        if self.faults == Faults::Written {
            return;
        }
        for name in fields.required.iter().filter(|name| !present(name)) {
            let path = self.below(name);
            self.emit(
                Diagnostic::new(Code::MissingField, format!("`{path}` is missing"))
                    .at(head, "")
                    .help(format!("add `{name}:` here")),
            );
        }
    }

    fn unknown(
        &mut self,
        fields: &Fields,
        name: &str,
        span: Span,
        members: &[(Spanned<String>, Node)],
    ) {
        if self.faults == Faults::Missing {
            return;
        }
        let known = || fields.known.iter().map(|(n, _)| n.as_str());
        let place = match self.path.is_empty() {
            true => String::new(),
            false => format!(" in {}", self.name()),
        };
        let fault = Diagnostic::new(Code::UnknownField, format!("unknown field `{name}`{place}"))
            .at(span, "");
        self.emit(match meant(fields, name, members) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(format!("known fields: {}", list(known()))),
        });
    }

    fn choice(&mut self, node: &Node, choices: &[Shape], head: Span) {
        let choices: Vec<&Shape> = choices.iter().map(|c| self.root.resolve(c)).collect();
        let fitting: Vec<&&Shape> = choices.iter().filter(|c| fits_kind(c, node)).collect();
        match (fitting.as_slice(), &node.value) {
            ([], _) => self.wrong(node, &choices),
            ([only], _) => self.node(node, only, head),
            (several, Value::Scalar(text, style)) => {
                if !several.iter().any(|s| accepts(s, text, *style)) {
                    self.wrong(node, &choices);
                }
            }
            ([first, ..], _) => self.node(node, first, head),
        }
    }

    fn scalar(&mut self, node: &Node, shape: &Shape, text: &str, style: Style) {
        if self.faults == Faults::Missing || accepts(shape, text, style) {
            return;
        }
        let what = self.name();
        let shown = shorten(text);
        let fault = match shape {
            Shape::Text { words, .. } if !words.is_empty() => {
                let fault =
                    Diagnostic::new(Code::InvalidValue, format!("{what} cannot be `{shown}`"))
                        .at(node.span, "");
                let all = list(words.iter().map(String::as_str));
                match nearest(text, words.iter().map(String::as_str)) {
                    Some(near) => fault.help(format!("did you mean `{near}`? one of {all}")),
                    None => fault.help(format!("one of {all}")),
                }
            }
            Shape::Text {
                form: Some(form), ..
            } => Diagnostic::new(Code::InvalidValue, format!("{what} cannot be `{shown}`"))
                .at(node.span, "")
                .help(format!("write {}", form.form)),
            Shape::Integer { .. } | Shape::Bool if style != Style::Plain => {
                Diagnostic::new(Code::WrongType, format!("{what} is a text in quotes"))
                    .at(node.span, "")
                    .help(format!("write {}, without quotes", describe(shape)))
            }
            Shape::Integer { .. } | Shape::Bool => {
                Diagnostic::new(Code::InvalidValue, format!("{what} cannot be `{shown}`"))
                    .at(node.span, "")
                    .help(format!("write {}", describe(shape)))
            }
            other => return self.wrong(node, &[other]),
        };
        self.emit(fault);
    }

    fn wrong(&mut self, node: &Node, expected: &[&Shape]) {
        if self.faults == Faults::Missing {
            return;
        }
        let found = match &node.value {
            Value::Scalar(..) if is_null(node) => "empty".to_owned(),
            Value::Scalar(text, _) => format!("`{}`", shorten(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        };
        let expected: Vec<String> = expected.iter().map(|s| describe(s)).collect();
        let what = self.name();
        let code = match node.value {
            Value::Scalar(..) if !is_null(node) => Code::InvalidValue,
            _ => Code::WrongType,
        };
        self.emit(
            Diagnostic::new(code, format!("{what} cannot be {found}"))
                .at(head_of(node), "")
                .help(format!("write {}", expected.join(", or "))),
        );
    }

    fn below(&self, name: &str) -> String {
        join(self.path.iter().map(String::as_str).chain([name]))
    }

    fn name(&self) -> String {
        match self.path.as_slice() {
            [] => "the document".to_owned(),
            path => format!("`{}`", join(path.iter().map(String::as_str))),
        }
    }

    fn emit(&mut self, diagnostic: Diagnostic) {
        self.sink.emit(diagnostic);
    }
}

/// The known field that an unknown one is a misspelling of, among those not written yet.
fn meant<'f>(
    fields: &'f Fields,
    name: &str,
    members: &[(Spanned<String>, Node)],
) -> Option<&'f str> {
    let absent = |n: &&str| members.iter().all(|(key, _)| key.value != *n);
    let known = fields.known.iter().map(|(n, _)| n.as_str());
    // A required field of which a part is written is meant even when much of it is lost.
    let part = |n: &&str| name.len() > 2 && (n.contains(name) || name.contains(*n));
    let required = || fields.required.iter().map(String::as_str);
    nearest(name, known.filter(absent)).or_else(|| required().filter(absent).find(part))
}

/// A multi-line value is shown by its first key.
fn head_of(node: &Node) -> Span {
    match &node.value {
        Value::Map(_) => first_key(node),
        Value::List(items) => items.first().map_or(node.span, head_of),
        Value::Scalar(..) => node.span,
    }
}

fn first_key(node: &Node) -> Span {
    match &node.value {
        Value::Map(members) => members.first().map_or(node.span, |(key, _)| key.span),
        _ => node.span,
    }
}

fn fits_kind(shape: &Shape, node: &Node) -> bool {
    match (&node.value, shape) {
        (_, Shape::Any) => true,
        (Value::Map(_), Shape::Map(_)) | (Value::List(_), Shape::List { .. }) => true,
        (Value::Scalar(..), Shape::Text { .. } | Shape::Integer { .. } | Shape::Bool) => {
            !is_null(node)
        }
        _ => false,
    }
}

fn accepts(shape: &Shape, text: &str, style: Style) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Text { form, words } => {
            (words.is_empty() || words.iter().any(|w| w == text))
                && form.is_none_or(|f| (f.accepts)(text))
        }
        Shape::Integer { least, most } => {
            style == Style::Plain && integer(text).is_some_and(|n| (*least..=*most).contains(&n))
        }
        Shape::Bool => style == Style::Plain && matches!(text, "true" | "false"),
        _ => false,
    }
}

/// What a shape wants, as it completes "write …".
fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Any | Shape::Ref(_) => "any value".to_owned(),
        Shape::Text {
            form: Some(form), ..
        } => form.form.to_owned(),
        Shape::Text { words, .. } if !words.is_empty() => list(words.iter().map(String::as_str)),
        Shape::Text { .. } => "a text".to_owned(),
        Shape::Integer { least: 0, most } if *most >= i64::from(u32::MAX) => {
            "a whole number in decimal digits, such as `3`".to_owned()
        }
        Shape::Integer { least, most } => format!("a whole number from {least} to {most}"),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::List { .. } => "a list".to_owned(),
        Shape::Map(fields) if fields.known.is_empty() => "a mapping of names to values".to_owned(),
        Shape::Map(fields) => {
            let names: Vec<&str> = match fields.required.is_empty() {
                true => fields.known.iter().map(|(n, _)| n.as_str()).collect(),
                false => fields.required.iter().map(String::as_str).collect(),
            };
            format!("a mapping with {}", list(names.into_iter()))
        }
        Shape::Choice(choices) => choices
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join(", or "),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|n| format!("`{n}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn join<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut path = String::new();
    for part in parts {
        if !path.is_empty() && !part.starts_with('[') {
            path.push('.');
        }
        path.push_str(part);
    }
    path
}

/// A value short enough for a message.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() > 40 || line.len() < text.len() {
        format!("{}…", line.chars().take(40).collect::<String>())
    } else {
        line.to_owned()
    }
}
