//! The place of a finding to the operation of a JSON patch that makes the object as it is.

use serde_json::{Value, json};

use crate::model::finding::{Finding, FindingKind};
use crate::model::manifest::ManifestSet;

/// The operation on the rendered object; `None` where the place is not in it.
pub(super) fn patch(set: &ManifestSet, finding: &Finding) -> Option<Value> {
    let mut objects = set.manifests().filter(|(_, m)| *m.id == finding.object);
    let body = objects.next()?.1.body();
    let live = finding.live.as_ref();
    match finding.kind {
        FindingKind::Removed => Some(json!({"op": "remove", "path": locate(body, &finding.path)?})),
        FindingKind::Extra => {
            let (above, last) = finding.path.rsplit_once('/')?;
            let above = locate(body, above)?;
            let last = match last.starts_with('[') {
                true => "-",
                false => last,
            };
            Some(json!({"op": "add", "path": format!("{above}/{last}"), "value": live?}))
        }
        _ => Some(json!({"op": "replace", "path": locate(body, &finding.path)?, "value": live?})),
    }
}

/// A pointer with `[key=value]` elements as one with indexes (RFC 6901).
fn locate(body: &Value, pointer: &str) -> Option<String> {
    let mut at = body;
    let mut found = String::new();
    for step in pointer.split('/').skip(1) {
        let element = step.strip_prefix('[').and_then(|s| s.strip_suffix(']'));
        match (element, at) {
            (Some(key), Value::Array(elements)) => {
                let mut fitting = elements.iter().enumerate().filter(|(_, e)| fits(e, key));
                let (Some((index, element)), None) = (fitting.next(), fitting.next()) else {
                    return None;
                };
                found.push_str(&format!("/{index}"));
                at = element;
            }
            _ => {
                at = at.get(plain(step))?;
                found.push('/');
                found.push_str(step);
            }
        }
    }
    Some(found)
}

/// Whether an element has a key: `name=web`, `port=53,protocol=UDP`, `="blue"`.
fn fits(element: &Value, key: &str) -> bool {
    key.split(',').all(|part| {
        let Some((name, text)) = part.split_once('=') else {
            return false;
        };
        let (name, text) = (plain(name), plain(text));
        // Of a set, `="blue"` is the element itself, as JSON.
        let json = |value: &Value| value.to_string();
        match name.as_str() {
            "" => json(element) == text,
            name => element.get(name).is_some_and(|value| match value {
                Value::String(own) => *own == text,
                other => json(other) == text,
            }),
        }
    })
}

fn plain(step: &str) -> String {
    let mut text = step.to_owned();
    for (escape, plain) in [
        ("~4", "="),
        ("~3", "]"),
        ("~2", ","),
        ("~1", "/"),
        ("~0", "~"),
    ] {
        text = text.replace(escape, plain);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_keys() {
        let body = json!({"spec": {"a/b": 1, "ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
            "list": [{"name": "web"}, {"name": "x,y=z]"}], "set": ["blue", 7], "twice": [{"name": "a"}, {"name": "a"}]}});
        let cases = [
            ("/spec/a~1b", Some("/spec/a~1b")),
            ("/spec/ports/[port=53,protocol=UDP]", Some("/spec/ports/1")),
            (
                "/spec/list/[name=x~2y~4z~3]/name",
                Some("/spec/list/1/name"),
            ),
            ("/spec/set/[=\"blue\"]", Some("/spec/set/0")),
            ("/spec/set/[=7]", Some("/spec/set/1")),
            ("/spec/twice/[name=a]", None),
            ("/spec/list/[name=none]", None),
            ("/spec/none", None),
        ];
        for (pointer, expected) in cases {
            assert_eq!(locate(&body, pointer).as_deref(), expected, "{pointer}");
        }
    }
}
