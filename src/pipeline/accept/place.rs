//! The place of a finding to the patch of an overlay that makes the object as it is live.

use serde_json::{Value, json};

use crate::drift;
use crate::model::finding::{Finding, FindingKind};

/// The member of an overlay document that patches the rendered object, `merge` where that can say
/// it; `None` where the place is not in it.
pub(super) fn patch(body: &Value, finding: &Finding) -> Option<Value> {
    let live = finding.live.as_ref();
    let (at, rest) = drift::locate(body, &finding.path);
    let added = matches!(finding.kind, FindingKind::Extra);
    if !rest.is_empty() && !added {
        return None;
    }
    let indexed = |pointer: &str| {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        (1..=steps.len()).any(|n| {
            let above = steps[..n - 1]
                .iter()
                .map(|s| format!("/{s}"))
                .collect::<String>();
            body.pointer(&above).is_some_and(Value::is_array)
        })
    };
    let whole = |value: &&Value| added || !value.is_object();
    if !indexed(&at) && !rest.contains("/[") && live.as_ref().is_none_or(whole) {
        let value = live.cloned().unwrap_or(Value::Null);
        return Some(json!({"merge": nested(&format!("{at}{rest}"), value)}));
    }
    let mut operations = guards(body, &at);
    operations.push(match (live, rest.strip_prefix('/')) {
        (None, _) => json!({"op": "remove", "path": at}),
        (Some(live), None) => json!({"op": "replace", "path": at, "value": live}),
        (Some(live), Some(rest)) => {
            let (first, below) = rest.split_once('/').unwrap_or((rest, ""));
            let below = match below.is_empty() {
                true => String::new(),
                false => format!("/{below}"),
            };
            let step = match first.starts_with('[') {
                true => "-",
                false => first,
            };
            json!({"op": "add", "path": format!("{at}/{step}"), "value": nested(&below, live.clone())})
        }
    });
    Some(json!({"patch": operations}))
}

/// A value below the steps of a pointer: mappings by name, lists of one element by key.
fn nested(pointer: &str, value: Value) -> Value {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    steps
        .iter()
        .rev()
        .fold(value, |inner, step| match step.starts_with('[') {
            true => json!([inner]),
            false => json!({drift::unescape(step): inner}),
        })
}

/// Tests that the elements of lists on the way are the ones that are meant, wherever they come to
/// stand.
fn guards(body: &Value, at: &str) -> Vec<Value> {
    let ends = at
        .match_indices('/')
        .map(|(i, _)| i)
        .skip(1)
        .chain([at.len()]);
    let mut tests = Vec::new();
    for end in ends {
        let here = &at[..end];
        let above = here.rfind('/').map_or("", |i| &here[..i]);
        let name = body
            .pointer(here)
            .and_then(|element| element.get("name")?.as_str());
        if let (Some(true), Some(name)) = (body.pointer(above).map(Value::is_array), name) {
            tests.push(json!({"op": "test", "path": format!("{here}/name"), "value": name}));
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::FindingSeverity;
    use crate::model::manifest::ObjectId;

    #[test]
    fn a_patch_says_what_is_live() {
        let body = json!({"metadata": {"labels": {"a": "x"}}, "spec": {"replicas": 2, "ingress": [1],
            "containers": [{"name": "side"}, {"name": "web", "image": "a", "env": [{"name": "A", "value": "1"}]}]}});
        let object = ObjectId {
            group: String::new(),
            kind: "X".to_owned(),
            namespace: String::new(),
            name: "x".to_owned(),
        };
        let web = json!({"op": "test", "path": "/spec/containers/1/name", "value": "web"});
        use FindingKind::{Extra, Modified, Removed};
        for (kind, path, live, expected) in [
            (
                Modified,
                "/spec/replicas",
                Some(json!(3)),
                json!({"merge": {"spec": {"replicas": 3}}}),
            ),
            (
                Modified,
                "/spec/ingress",
                Some(json!([2])),
                json!({"merge": {"spec": {"ingress": [2]}}}),
            ),
            (
                Removed,
                "/metadata/labels/a",
                None,
                json!({"merge": {"metadata": {"labels": {"a": null}}}}),
            ),
            (
                Extra,
                "/metadata/annotations/b~1c",
                Some(json!("y")),
                json!({"merge": {"metadata": {"annotations": {"b/c": "y"}}}}),
            ),
            (
                Modified,
                "/spec/containers/[name=web]/image",
                Some(json!("b")),
                json!({"patch": [web, {"op": "replace", "path": "/spec/containers/1/image", "value": "b"}]}),
            ),
            (
                Extra,
                "/spec/containers/[name=web]/env/[name=B]",
                Some(json!({"name": "B"})),
                json!({"patch": [web, {"op": "add", "path": "/spec/containers/1/env/-", "value": {"name": "B"}}]}),
            ),
            (
                Extra,
                "/spec/containers/[name=side]/env/[name=B]",
                Some(json!({"name": "B"})),
                json!({"patch": [{"op": "test", "path": "/spec/containers/0/name", "value": "side"},
                    {"op": "add", "path": "/spec/containers/0/env", "value": [{"name": "B"}]}]}),
            ),
            (
                Removed,
                "/spec/containers/[name=web]/env/[name=A]",
                None,
                json!({"patch": [web, {"op": "test", "path": "/spec/containers/1/env/0/name", "value": "A"},
                    {"op": "remove", "path": "/spec/containers/1/env/0"}]}),
            ),
        ] {
            let finding = Finding {
                path: path.to_owned(),
                live,
                ..Finding::new(kind, FindingSeverity::Drift, &object, "X")
            };
            assert_eq!(patch(&body, &finding), Some(expected), "{path}");
        }
        let gone = Finding {
            path: "/spec/nothing".to_owned(),
            live: Some(json!(1)),
            ..Finding::new(Modified, FindingSeverity::Drift, &object, "X")
        };
        assert_eq!(patch(&body, &gone), None);
    }
}
