//! Places inside an object, as pointers that name list elements by key.

use std::fmt::Write as _;

use serde_json::Value;

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

/// The plain JSON pointer that leads to a place in an object, as far as the object has it, and what
/// of the place is left.
pub fn locate<'p>(object: &Value, pointer: &'p str) -> (String, &'p str) {
    let (mut at, mut value, mut rest) = (String::new(), object, pointer);
    while let Some(after) = rest.strip_prefix('/') {
        let (step, left) = match after.find('/') {
            Some(end) => after.split_at(end),
            None => (after, ""),
        };
        let found = match value {
            Value::Object(members) => {
                let name = unescape(step);
                members.get(&name).map(|v| (step.to_owned(), v))
            }
            Value::Array(items) => index(items, step).map(|i| (i.to_string(), &items[i])),
            _ => None,
        };
        let Some((name, inside)) = found else {
            break;
        };
        let _ = write!(at, "/{name}");
        (value, rest) = (inside, left);
    }
    (at, rest)
}

/// The one element of a list that `[name=web]` or a plain index means.
fn index(items: &[Value], step: &str) -> Option<usize> {
    let Some(key) = step.strip_prefix('[').and_then(|s| s.strip_suffix(']')) else {
        return step.parse().ok().filter(|i| *i < items.len());
    };
    let json = |value: &Value| value.to_string();
    let has = |item: &Value, part: &str| {
        let Some((name, text)) = part.split_once('=') else {
            return false;
        };
        let (name, text) = (unescape(name), unescape(text));
        match name.as_str() {
            // Of a set, the element itself, in quotes where it is a text.
            "" => match item {
                Value::String(held) => text == format!("\"{held}\""),
                other => text == json(other),
            },
            name => match item.get(name) {
                Some(Value::String(held)) => *held == text,
                Some(other) => text == json(other),
                // The server fills it in, and the comparison with it.
                None => name == "protocol" && text == "TCP",
            },
        }
    };
    let mut found = (0..items.len()).filter(|i| key.split(',').all(|part| has(&items[*i], part)));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The text of a step that `escape` wrote.
pub fn unescape(step: &str) -> String {
    let mut text = step.to_owned();
    for (escaped, plain) in [
        ("~4", "="),
        ("~3", "]"),
        ("~2", ","),
        ("~1", "/"),
        ("~0", "~"),
    ] {
        text = text.replace(escaped, plain);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_lead_to_where_they_are_in_another_object() {
        let object = json!({
            "metadata": {"labels": {"a/b~c": "x"}},
            "spec": {
                "containers": [{"name": "side"}, {"name": "web", "env": [{"name": "A", "value": "1"}]}],
                "ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}],
                "finalizers": ["a,b"],
                "twins": [{"name": "x"}, {"name": "x"}],
            },
        });
        for (pointer, at, rest) in [
            ("", "", ""),
            (
                "/spec/containers/[name=web]/env/[name=A]/value",
                "/spec/containers/1/env/0/value",
                "",
            ),
            (
                "/spec/containers/[name=web]/env/[name=B]",
                "/spec/containers/1/env",
                "/[name=B]",
            ),
            (
                "/spec/containers/[name=db]/image",
                "/spec/containers",
                "/[name=db]/image",
            ),
            ("/spec/ports/[port=53,protocol=UDP]", "/spec/ports/1", ""),
            ("/spec/ports/[port=53,protocol=TCP]", "/spec/ports/0", ""),
            ("/spec/finalizers/[=\"a~2b\"]", "/spec/finalizers/0", ""),
            ("/spec/twins/[name=x]", "/spec/twins", "/[name=x]"),
            ("/spec/containers/1/name", "/spec/containers/1/name", ""),
            ("/spec/containers/2", "/spec/containers", "/2"),
            ("/metadata/labels/a~1b~0c", "/metadata/labels/a~1b~0c", ""),
            ("/metadata/annotations/x", "/metadata", "/annotations/x"),
        ] {
            assert_eq!(locate(&object, pointer), (at.to_owned(), rest), "{pointer}");
        }
        let mut escaped = String::new();
        escape(&mut escaped, "a/b~c,d]e=f", true);
        assert_eq!(unescape(&escaped), "a/b~c,d]e=f");
    }
}
