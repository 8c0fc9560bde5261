//! One change of a fleet file's text: a scalar put in the place of another, a member added or taken
//! away. Every other byte stays, comments too, and what was made is read again before it is given
//! out: `None` where it would say anything else.

use std::borrow::Cow;

use crate::diag::{Sink, Sources, Span};
use crate::emit;

use super::kubernetes;
use super::node::{Node, Style, Value};
use super::parse::parse;

/// What a scalar shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A text, quoted where it has to be.
    Text(String),
    /// A number or a truth value, never quoted.
    Bare(String),
}

/// Puts a scalar in the place of another, quoted as that was where it can be. `root` is the document,
/// `at` the place of the old one; aliases that repeat it change with it.
pub fn replace(text: &str, root: &Node, at: Span, new: &Scalar) -> Option<String> {
    let style = style_at(root, at)?;
    let (start, end) = (at.start as usize, at.end as usize);
    let old = text.get(start..end)?;
    let written = match style {
        Style::Block => Cow::Owned(lines(text.get(..start)?, new.text())?),
        _ if old.contains('\n') || old.is_empty() => return None,
        _ => new.written(old),
    };
    let made = [&text[..start], &written, &text[end..]].concat();
    let expected = put(root, at, new.text());
    reads_as(&made, root, expected)
}

/// Adds a member below the mappings of a document that are there: the rest of the path is made.
pub fn insert(text: &str, root: &Node, path: &[&str], new: &Scalar) -> Option<String> {
    let (mapping, rest) = deepest(root, path)?;
    let Value::Map(members) = &mapping.value else {
        return None;
    };
    let written = new.written("");
    let start = mapping.span.start as usize;
    let made = if text[start..].starts_with('{') {
        let member = rest[1..]
            .iter()
            .rev()
            .fold(written.into_owned(), |inner, key| {
                format!("{{{}: {inner}}}", quoted_like("", key))
            });
        let member = format!("{}: {member}", quoted_like("", rest[0]));
        let (at, comma) = match members
            .iter()
            .filter_map(|(k, v)| end(text, k.span, v))
            .max()
        {
            Some(end) => (end, ", "),
            None => (start + 1, ""),
        };
        [&text[..at], comma, &member, &text[at..]].concat()
    } else {
        let (first, _) = members
            .iter()
            .find(|(k, _)| k.span.start as usize == start)
            .or(members.first())?;
        let before = &text[..first.span.start as usize];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let mut indent = " ".repeat(
            before[line..]
                .trim_start_matches('\u{feff}')
                .chars()
                .count(),
        );
        let end = members
            .iter()
            .filter_map(|(k, v)| end(text, k.span, v))
            .max()?;
        let at = text[end..].find('\n').map_or(text.len(), |n| end + n + 1);
        let newline = match text[..at].ends_with("\r\n") {
            true => "\r\n",
            false => "\n",
        };
        let mut lines = String::new();
        if !text[..at].ends_with('\n') {
            lines.push_str(newline);
        }
        for (i, key) in rest.iter().enumerate() {
            lines.push_str(&indent);
            lines.push_str(&quoted_like("", key));
            lines.push(':');
            if i + 1 == rest.len() {
                lines.push(' ');
                lines.push_str(&written);
            }
            lines.push_str(newline);
            indent.push_str("  ");
        }
        if at == text.len() && !text.ends_with('\n') {
            lines.truncate(lines.len() - newline.len());
        }
        [&text[..at], &lines, &text[at..]].concat()
    };
    let expected = with(root, path, new.text());
    reads_as(&made, root, expected)
}

/// Takes a member away, and the block around it where nothing else is in there.
pub fn remove(text: &str, root: &Node, path: &[&str]) -> Option<String> {
    let (last, above) = path.split_last()?;
    let mut mapping = root;
    for key in above {
        mapping = mapping.get(key)?;
    }
    let Value::Map(members) = &mapping.value else {
        return None;
    };
    let index = members.iter().position(|(key, _)| key.value == *last)?;
    let is_flow = text[mapping.span.start as usize..].starts_with('{');
    if members.len() == 1 && !is_flow {
        return remove(text, root, above);
    }
    let (key, value) = &members[index];
    let (start, stop) = (key.span.start as usize, end(text, key.span, value)?);
    let made = if is_flow {
        let range = match (members.get(index + 1), index.checked_sub(1)) {
            (Some((next, _)), _) => start..next.span.start as usize,
            (None, Some(before)) => end(text, members[before].0.span, &members[before].1)?..stop,
            (None, None) => start..stop,
        };
        [text.get(..range.start)?, text.get(range.end..)?].concat()
    } else {
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        if !text[line..start].trim().is_empty() {
            return None;
        }
        let next = text[stop..].find('\n').map_or(text.len(), |n| stop + n + 1);
        [&text[..line], &text[next..]].concat()
    };
    let expected = without(root, path);
    reads_as(&made, root, expected)
}

/// How the scalar at a place of a document is written; `None` where none stands there.
pub fn style_at(node: &Node, at: Span) -> Option<Style> {
    scalar_at(node, at).map(|(_, style)| style)
}

/// The scalar at a place of a document.
pub fn text_at(node: &Node, at: Span) -> Option<&str> {
    scalar_at(node, at).map(|(text, _)| text)
}

fn scalar_at(node: &Node, at: Span) -> Option<(&str, Style)> {
    match &node.value {
        Value::Scalar(text, style) => (node.span == at).then_some((text, *style)),
        Value::List(items) => items.iter().find_map(|item| scalar_at(item, at)),
        Value::Map(members) => members.iter().find_map(|(_, value)| scalar_at(value, at)),
    }
}

/// A text as the lines of a literal block, of which what stands before them says how they are indented
/// and whether a line feed ends the last; `None` where the block cannot hold it.
fn lines(before: &str, new: &str) -> Option<String> {
    let (above, indent) = before.rsplit_once('\n')?;
    let header = above.rsplit('\n').next()?.trim_end_matches('\r');
    let body = match header.strip_suffix('|') {
        Some(_) => new.strip_suffix('\n')?,
        None => header.strip_suffix("|-").map(|_| new)?,
    };
    let visible = |c: char| matches!(c, '\n' | ' '..='~') || c.is_alphanumeric();
    let blank = indent.bytes().all(|b| b == b' ');
    if !blank || body.ends_with('\n') || body.starts_with([' ', '\n']) || !body.chars().all(visible)
    {
        return None;
    }
    let line = |(i, line): (usize, &str)| match i == 0 || line.is_empty() {
        true => line.to_owned(),
        false => format!("{indent}{line}"),
    };
    let lines: Vec<String> = body.split('\n').enumerate().map(line).collect();
    Some(lines.join("\n"))
}

impl Scalar {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Bare(text) => text,
        }
    }

    fn written(&self, old: &str) -> Cow<'_, str> {
        match self {
            Self::Text(text) => quoted_like(old, text),
            Self::Bare(text) => Cow::Borrowed(text),
        }
    }
}

/// A text as a scalar in the manner of another: in the same quotes, or without where every reader
/// takes it for that text, or for a number as the other was.
fn quoted_like<'t>(old: &str, new: &'t str) -> Cow<'t, str> {
    let visible = |c: char| matches!(c, ' '..='~') || c.is_alphanumeric();
    match old.chars().next() {
        Some('\'') if new.chars().all(visible) => format!("'{}'", new.replace('\'', "''")).into(),
        Some('\'' | '"') => emit::quoted(new).into(),
        first => match emit::inline(new) {
            Some(Cow::Borrowed(plain)) => Cow::Borrowed(plain),
            _ if is_figure(new) && (!is_number(new) || first.is_none() || is_number(old)) => {
                Cow::Borrowed(new)
            }
            _ => emit::quoted(new).into(),
        },
    }
}

/// A plain text of digits with a unit, or a number in the one form that every reader takes for the
/// same: `64Mi`, `250m`, `99.9%`, `8080`.
fn is_figure(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    let letters = unit.bytes().all(|b| b.is_ascii_alphabetic() || b == b'%');
    let text_for_all = kubernetes::plain(text).is_ok_and(|v| v.as_str() == Some(text));
    match unit.is_empty() {
        true => is_number(text),
        false => is_number(number) && letters && text_for_all,
    }
}

/// Decimal digits, without a leading zero, perhaps a fraction.
fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// The deepest mapping on a path, and what of the path is not there.
fn deepest<'n, 'p>(root: &'n Node, path: &'p [&'p str]) -> Option<(&'n Node, &'p [&'p str])> {
    let (key, below) = path.split_first()?;
    match root.get(key) {
        None => Some((root, path)),
        Some(node) => deepest(node, below),
    }
}

/// Where a member ends: its key does where the value is not written. Only what stands in brackets
/// has an end of its own.
fn end(text: &str, key: Span, value: &Node) -> Option<usize> {
    let brackets = text[value.span.start as usize..].starts_with(['[', '{']);
    let stop = match &value.value {
        Value::Scalar(text, Style::Plain) if text.is_empty() => None,
        Value::Scalar(..) => Some(value.span.end as usize),
        _ if brackets => Some(value.span.end as usize),
        Value::List(items) => items
            .iter()
            .filter_map(|item| end(text, item.span, item))
            .max(),
        Value::Map(members) => members
            .iter()
            .filter_map(|(k, v)| end(text, k.span, v))
            .max(),
    };
    stop.or(Some(key.end as usize))
}

fn put(node: &Node, at: Span, new: &str) -> Node {
    let value = match &node.value {
        Value::Scalar(..) if node.span == at => Value::Scalar(new.to_owned(), Style::Quoted),
        Value::Scalar(..) => node.value.clone(),
        Value::List(items) => Value::List(items.iter().map(|item| put(item, at, new)).collect()),
        Value::Map(members) => Value::Map(
            members
                .iter()
                .map(|(key, value)| (key.clone(), put(value, at, new)))
                .collect(),
        ),
    };
    Node {
        value,
        span: node.span,
    }
}

fn with(node: &Node, path: &[&str], new: &str) -> Node {
    let mut node = node.clone();
    let Some((first, below)) = path.split_first() else {
        node.value = Value::Scalar(new.to_owned(), Style::Quoted);
        return node;
    };
    let empty = Node {
        value: Value::Map(Vec::new()),
        span: node.span,
    };
    if let Value::Map(members) = &mut node.value {
        match members.iter_mut().find(|(key, _)| key.value == *first) {
            Some((_, value)) => *value = with(value, below, new),
            None => {
                let key = crate::diag::Spanned::new((*first).to_owned(), empty.span);
                members.push((key, with(&empty, below, new)));
            }
        }
    }
    node
}

fn without(node: &Node, path: &[&str]) -> Node {
    let mut node = node.clone();
    if let (Some((first, below)), Value::Map(members)) = (path.split_first(), &mut node.value) {
        match below.is_empty() {
            true => members.retain(|(key, _)| key.value != *first),
            false => {
                for (_, value) in members.iter_mut().filter(|(key, _)| key.value == *first) {
                    *value = without(value, below);
                }
            }
        }
    }
    node
}

/// The text, if its document at the place of `root` reads as expected and the others as they did.
fn reads_as(text: &str, root: &Node, expected: Node) -> Option<String> {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let id = sources.add("", text);
    let documents = parse(&sources, id, &mut sink).ok()?;
    // The documents before it stand where they stood.
    let read = documents.iter().find(|d| d.span.start == root.span.start)?;
    (sink.errors() == 0 && same(read, &expected)).then(|| text.to_owned())
}

/// Whether two trees say the same, wherever they stand.
fn same(a: &Node, b: &Node) -> bool {
    let is_null = |text: &str, style: Style| {
        style == Style::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
    };
    match (&a.value, &b.value) {
        (Value::Scalar(a, s), Value::Scalar(b, t)) => a == b && is_null(a, *s) == is_null(b, *t),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(members), Value::Map(others)) => {
            let other = |(key, value): &(crate::diag::Spanned<String>, Node)| {
                b.get(&key.value).is_some_and(|other| same(value, other))
            };
            members.len() == others.len() && members.iter().all(other)
        }
        _ => false,
    }
}
