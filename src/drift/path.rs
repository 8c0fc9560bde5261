//! Places inside an object, as pointers that name list elements by key.

use std::fmt::Write as _;

use crate::normalise::Key;

/// One step into a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'n> {
    /// A member of a map.
    Name(&'n str),
    /// An element of a list, told apart by key; with its place in the live list, else in the
    /// desired one.
    Element(&'n Key<'n>, usize),
}

/// Steps from the object down.
pub(super) type Path<'n> = Vec<Step<'n>>;

/// The pointer with `[key=value,…]` elements.
pub(super) fn pointer(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        text.push('/');
        match step {
            Step::Name(name) => escape(&mut text, name, false),
            Step::Element(key, _) => element(&mut text, key),
        }
    }
    text
}

/// The plain JSON pointer with indexes (RFC 6901).
pub(super) fn index_pointer(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        text.push('/');
        match step {
            Step::Name(name) => escape(&mut text, name, false),
            Step::Element(_, index) => {
                let _ = write!(text, "{index}");
            }
        }
    }
    text
}

/// One element: `[name=web]`, `[port=53,protocol=UDP]`, `[="blue"]`.
pub(super) fn element(text: &mut String, key: &Key<'_>) {
    text.push('[');
    for (i, part) in key.0.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        escape(text, part.name, true);
        text.push('=');
        if part.name.is_empty() && part.string {
            text.push('"');
            escape(text, &part.text, true);
            text.push('"');
        } else {
            escape(text, &part.text, true);
        }
    }
    text.push(']');
}

/// Writes a step escaped: `~0 ~1`, and inside brackets also `,` `]` and `=`.
pub(super) fn escape(text: &mut String, step: &str, brackets: bool) {
    for c in step.chars() {
        match c {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            ',' if brackets => text.push_str("~2"),
            ']' if brackets => text.push_str("~3"),
            '=' if brackets => text.push_str("~4"),
            c => text.push(c),
        }
    }
}

/// The names of the first steps, list elements as `*`: `["spec", "containers", "*", "image"]`.
pub(super) fn names<'n>(path: &[Step<'n>]) -> Vec<&'n str> {
    path.iter()
        .map(|step| match step {
            Step::Name(name) => *name,
            Step::Element(..) => "*",
        })
        .collect()
}
