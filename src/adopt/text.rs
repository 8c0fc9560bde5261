//! The YAML of a service as a person would write it: short things on one line, notes at the side.

use serde_json::{Value, json};

use crate::emit;

/// The widest line that several fields share, in characters.
const WIDTH: usize = 96;

/// A value to be written.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A text, quoted where a reader might take it for something else.
    Text(String),
    /// What is written as it is: a number, a duration, a quantity, a word of the catalog.
    Plain(String),
    /// Fields; on one line where they fit.
    Fields(Vec<Field>),
    /// Fields, each on a line of its own.
    Lines(Vec<Field>),
    /// Elements, each with the note at its side.
    List(Vec<(Item, Option<String>)>),
}

/// A field to be written.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) item: Item,
    /// The comment at its side.
    pub(super) note: Option<String>,
}

impl Item {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn plain(text: impl ToString) -> Self {
        Self::Plain(text.to_string())
    }

    pub(super) fn texts(texts: Vec<String>) -> Self {
        Self::List(texts.into_iter().map(|t| (Self::Text(t), None)).collect())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Fields(fields) | Self::Lines(fields) => fields.is_empty(),
            Self::List(list) => list.is_empty(),
            _ => false,
        }
    }

    /// On one line, where nothing forbids it.
    fn flow(&self) -> Option<String> {
        match self {
            Self::Text(text) if text.contains('\n') => None,
            Self::Text(text) => Some(scalar(text)),
            Self::Plain(text) => Some(text.clone()),
            Self::Lines(_) => None,
            Self::Fields(fields) => {
                let all: Option<Vec<String>> = fields
                    .iter()
                    .map(|f| match f.note {
                        Some(_) => None,
                        None => Some(format!("{}: {}", scalar(&f.key), f.item.flow()?)),
                    })
                    .collect();
                Some(format!("{{{}}}", all?.join(", ")))
            }
            Self::List(list) => {
                let all: Option<Vec<String>> = list
                    .iter()
                    .map(|(item, note)| match note {
                        Some(_) => None,
                        None => item.flow(),
                    })
                    .collect();
                Some(format!("[{}]", all?.join(", ")))
            }
        }
    }
}

pub(super) fn field(key: &str, item: Item) -> Field {
    Field {
        key: key.to_owned(),
        item,
        note: None,
    }
}

/// Adds a field unless there is nothing in it.
pub(super) fn push(fields: &mut Vec<Field>, key: &str, item: Item) {
    if !item.is_empty() {
        fields.push(field(key, item));
    }
}

/// Writes a document.
pub(super) fn document(head: &str, fields: &[Field]) -> String {
    let mut out = format!("# {}\n", clean(head));
    lines(fields, 0, &mut out);
    out
}

fn lines(fields: &[Field], depth: usize, out: &mut String) {
    for field in fields {
        out.push_str(&" ".repeat(depth));
        out.push_str(&scalar(&field.key));
        out.push(':');
        value(&field.item, field.note.as_deref(), depth, out);
    }
}

/// Writes what follows a colon, to the end of the line and further.
fn value(item: &Item, note: Option<&str>, depth: usize, out: &mut String) {
    let used = out.len() - out.rfind('\n').map_or(0, |at| at + 1);
    let flow = item.flow().filter(|flow| {
        let nested = matches!(item, Item::Fields(_) | Item::List(_));
        !nested || used + 1 + flow.chars().count() <= WIDTH
    });
    let side = note
        .map(|n| format!("  # {}", clean(n)))
        .unwrap_or_default();
    if let Some(flow) = flow {
        out.push_str(&format!(" {flow}{side}\n"));
        return;
    }
    match item {
        Item::Text(text) => block(text, depth, out),
        Item::Plain(_) => {}
        Item::Fields(fields) | Item::Lines(fields) => {
            out.push_str(&format!("{side}\n"));
            lines(fields, depth + 2, out);
        }
        Item::List(list) => {
            out.push_str(&format!("{side}\n"));
            for (item, note) in list {
                out.push_str(&format!("{}-", " ".repeat(depth + 2)));
                element(item, note.as_deref(), depth + 2, out);
            }
        }
    }
}

/// Writes an element; the first of several fields stands beside its dash.
fn element(item: &Item, note: Option<&str>, depth: usize, out: &mut String) {
    let fits = item
        .flow()
        .is_some_and(|f| f.chars().count() + depth < WIDTH);
    match item {
        Item::Fields(fields) | Item::Lines(fields) if !fits => {
            let mut inner = String::new();
            lines(fields, depth + 2, &mut inner);
            out.push(' ');
            out.push_str(inner.trim_start_matches(' '));
        }
        _ => value(item, note, depth, out),
    }
}

/// A text of several lines as a literal block, where that can hold it.
fn block(text: &str, depth: usize, out: &mut String) {
    let written = emit::document(&json!({ "k": text }));
    let body = written.strip_prefix("k:").unwrap_or(&written);
    for (index, line) in body.lines().enumerate() {
        if index > 0 && !line.is_empty() {
            out.push_str(&" ".repeat(depth));
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// A text on one line.
fn scalar(text: &str) -> String {
    emit::document(&Value::from(text))
        .trim_end_matches('\n')
        .to_owned()
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
