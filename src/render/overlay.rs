//! Last-resort patches: RFC 7386 merges and RFC 6902 operations on rendered objects.

use serde_json::{Map, Value};

use crate::diag::{Code, Diagnostic};
use crate::model::manifest::{ObjectId, Origin};
use crate::model::world::{Overlay, OverlayPatch, OverlayScope, World};

use super::facts::Place;
use super::object::{self, Draft};

/// The overlays that match an object, in order.
pub(crate) fn matching(
    world: &World,
    id: &ObjectId,
    place: &Place,
    service: Option<&str>,
) -> Vec<usize> {
    let all = world.overlays.iter().enumerate();
    let found = all.filter(|(_, overlay)| matches(world, overlay, id, place, service));
    found.map(|(index, _)| index).collect()
}

/// Applies overlays to a draft, in order.
pub(crate) fn apply<'a>(
    overlays: impl IntoIterator<Item = &'a Overlay>,
    draft: &mut Draft,
    faults: &mut Vec<Diagnostic>,
) {
    for overlay in overlays {
        let before = draft.body.clone();
        let touched = match &overlay.patch {
            OverlayPatch::Merge(patch) => {
                let mut touched = Vec::new();
                merge(&mut draft.body, patch, &mut String::new(), &mut touched);
                Ok(touched)
            }
            OverlayPatch::Json(patch) => operations(&mut draft.body, patch),
        };
        let kept = object::identify(&draft.body).is_ok_and(|(id, _)| id == *draft.id)
            && object::marked(&draft.body, &draft.id, &draft.marks, &draft.place.home);
        match touched {
            Ok(touched) if kept => {
                for at in touched {
                    note(draft, at, overlay);
                }
            }
            Ok(_) => {
                draft.body = before;
                let message = format!(
                    "the overlay changes the identity or ownership of {}",
                    draft.id
                );
                faults.push(
                    Diagnostic::new(Code::Overlay, message)
                        .at(overlay.span, "")
                        .help("leave kind, name, namespace and regen's labels and annotation alone; add a template for another object"),
                );
            }
            Err(message) => {
                draft.body = before;
                faults.push(
                    Diagnostic::new(
                        Code::Overlay,
                        format!("{message} in {} ({})", draft.id, draft.place.context),
                    )
                    .at(overlay.span, "")
                    .help("`regen explain --object PATH` shows the object as it is rendered"),
                );
            }
        }
    }
}

/// The fault of an overlay that matched nothing.
pub(crate) fn unmatched(overlay: &Overlay) -> Diagnostic {
    let scope = match &overlay.scope {
        OverlayScope::Cluster(name) => format!("cluster `{name}`"),
        OverlayScope::Region(name) => format!("region `{name}`"),
        OverlayScope::Service(name) => format!("service `{name}`"),
    };
    let message = format!(
        "the overlay matches nothing: {scope} has no `{}` named `{}`",
        overlay.kind.value, overlay.name.value
    );
    Diagnostic::new(Code::Overlay, message)
        .at(overlay.name.span, "")
        .help("correct kind and name, or remove the overlay")
}

fn matches(
    world: &World,
    overlay: &Overlay,
    id: &ObjectId,
    place: &Place,
    service: Option<&str>,
) -> bool {
    if id.kind != overlay.kind.value || id.name != overlay.name.value {
        return false;
    }
    let cluster = place.cluster.as_ref();
    match &overlay.scope {
        OverlayScope::Cluster(name) => cluster == Some(name),
        OverlayScope::Region(name) => cluster
            .and_then(|c| world.clusters.get(c))
            .is_some_and(|c| c.region == *name),
        OverlayScope::Service(name) => service == Some(name.as_str()),
    }
}

/// Notes that everything at and below a pointer comes from the overlay.
fn note(draft: &mut Draft, at: String, overlay: &Overlay) {
    let below = format!("{at}/");
    draft
        .origins
        .retain(|pointer, _| *pointer != at && !pointer.starts_with(&below));
    draft.origins.insert(at, Origin::Overlay(overlay.span));
}

/// RFC 7386; notes the pointers that were set.
fn merge(target: &mut Value, patch: &Value, at: &mut String, touched: &mut Vec<String>) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        touched.push(at.clone());
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
        touched.push(at.clone());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (key, value) in patch {
        let depth = at.len();
        at.push('/');
        at.push_str(&key.replace('~', "~0").replace('/', "~1"));
        if value.is_null() {
            if members.remove(key).is_some() {
                touched.push(at.clone());
            }
        } else {
            merge(
                members.entry(key.clone()).or_insert(Value::Null),
                value,
                at,
                touched,
            );
        }
        at.truncate(depth);
    }
}

/// RFC 6902: all operations or none.
fn operations(target: &mut Value, patch: &Value) -> Result<Vec<String>, String> {
    let list = patch
        .as_array()
        .ok_or("a JSON patch is a list of operations")?;
    let mut touched = Vec::new();
    for (index, operation) in list.iter().enumerate() {
        operate(target, operation, &mut touched)
            .map_err(|e| format!("operation {} of the patch: {e}", index + 1))?;
    }
    Ok(touched)
}

fn operate(target: &mut Value, operation: &Value, touched: &mut Vec<String>) -> Result<(), String> {
    let text = |name: &str| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("`{name}` is missing"))
    };
    let value = || {
        operation
            .get("value")
            .cloned()
            .ok_or_else(|| "`value` is missing".to_owned())
    };
    let path = text("path")?;
    match text("op")? {
        "add" => add(target, path, value()?, touched),
        "remove" => remove(target, path, touched).map(drop),
        "replace" => {
            let value = value()?;
            let place = target.pointer_mut(path).ok_or_else(|| nothing_at(path))?;
            *place = value;
            touched.push(path.to_owned());
            Ok(())
        }
        "test" => {
            let found = target.pointer(path).ok_or_else(|| nothing_at(path))?;
            if *found == value()? {
                Ok(())
            } else {
                Err(format!("`{path}` is not what the test expects"))
            }
        }
        "copy" => {
            let from = text("from")?;
            let value = target
                .pointer(from)
                .cloned()
                .ok_or_else(|| nothing_at(from))?;
            add(target, path, value, touched)
        }
        "move" => {
            let from = text("from")?;
            if path.starts_with(&format!("{from}/")) {
                return Err(format!("`{from}` cannot move into itself"));
            }
            let value = remove(target, from, touched)?;
            add(target, path, value, touched)
        }
        other => Err(format!("unknown operation `{other}`")),
    }
}

fn nothing_at(path: &str) -> String {
    format!("there is nothing at `{path}`")
}

/// The container of a pointer, and the unescaped last step.
fn parent<'a>(target: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let (above, last) = path.rsplit_once('/').ok_or_else(|| nothing_at(path))?;
    let container = target.pointer_mut(above).ok_or_else(|| nothing_at(above))?;
    Ok((container, last.replace("~1", "/").replace("~0", "~")))
}

fn add(
    target: &mut Value,
    path: &str,
    value: Value,
    touched: &mut Vec<String>,
) -> Result<(), String> {
    if path.is_empty() {
        *target = value;
        touched.push(String::new());
        return Ok(());
    }
    match parent(target, path)? {
        (Value::Object(members), key) => {
            members.insert(key, value);
            touched.push(path.to_owned());
            Ok(())
        }
        (Value::Array(items), step) => {
            let index = if step == "-" {
                Some(items.len())
            } else {
                index(&step)
            };
            let index = index
                .filter(|i| *i <= items.len())
                .ok_or_else(|| nothing_at(path))?;
            items.insert(index, value);
            touched.push(above(path));
            Ok(())
        }
        _ => Err(nothing_at(path)),
    }
}

fn remove(target: &mut Value, path: &str, touched: &mut Vec<String>) -> Result<Value, String> {
    match parent(target, path)? {
        (Value::Object(members), key) => {
            let value = members.remove(&key).ok_or_else(|| nothing_at(path))?;
            touched.push(path.to_owned());
            Ok(value)
        }
        (Value::Array(items), step) => {
            let index = index(&step).filter(|i| *i < items.len());
            let value = items.remove(index.ok_or_else(|| nothing_at(path))?);
            touched.push(above(path));
            Ok(value)
        }
        _ => Err(nothing_at(path)),
    }
}

/// RFC 6901: digits without a leading zero.
fn index(step: &str) -> Option<usize> {
    let legal = step.bytes().all(|b| b.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    legal.then(|| step.parse().ok()).flatten()
}

fn above(path: &str) -> String {
    path.rsplit_once('/')
        .map_or(String::new(), |(above, _)| above.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merges_as_rfc_7386_does() {
        for (name, target, patch, result, at) in [
            (
                "set",
                json!({"a": 1}),
                json!({"a": 2}),
                json!({"a": 2}),
                vec!["/a"],
            ),
            (
                "null removes",
                json!({"a": 1, "b": 1}),
                json!({"a": null}),
                json!({"b": 1}),
                vec!["/a"],
            ),
            (
                "deep",
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 3}}),
                json!({"a": {"b": 3, "c": 2}}),
                vec!["/a/b"],
            ),
            (
                "lists are replaced",
                json!({"a": [1, 2]}),
                json!({"a": [3]}),
                json!({"a": [3]}),
                vec!["/a"],
            ),
            (
                "scalar to mapping",
                json!({"a": 1}),
                json!({"a": {"b": null, "c": 1}}),
                json!({"a": {"c": 1}}),
                vec!["/a", "/a/c"],
            ),
            (
                "escapes",
                json!({}),
                json!({"x/y~z": 1}),
                json!({"x/y~z": 1}),
                vec!["/x~1y~0z"],
            ),
        ] {
            let (mut target, mut touched) = (target, Vec::new());
            merge(&mut target, &patch, &mut String::new(), &mut touched);
            assert_eq!(target, result, "{name}");
            assert_eq!(touched, at, "{name}");
        }
    }

    #[test]
    fn operates_as_rfc_6902_does() {
        let start = json!({"a": [1, 2], "b": {"c/d": 1}});
        for (patch, result) in [
            (
                json!([{"op": "add", "path": "/a/1", "value": 9}]),
                Some(json!({"a": [1, 9, 2], "b": {"c/d": 1}})),
            ),
            (
                json!([{"op": "add", "path": "/a/-", "value": 9}]),
                Some(json!({"a": [1, 2, 9], "b": {"c/d": 1}})),
            ),
            (
                json!([{"op": "remove", "path": "/b/c~1d"}]),
                Some(json!({"a": [1, 2], "b": {}})),
            ),
            (
                json!([{"op": "replace", "path": "/a/0", "value": 5}]),
                Some(json!({"a": [5, 2], "b": {"c/d": 1}})),
            ),
            (
                json!([{"op": "move", "from": "/a/0", "path": "/b/x"}]),
                Some(json!({"a": [2], "b": {"c/d": 1, "x": 1}})),
            ),
            (
                json!([{"op": "copy", "from": "/a", "path": "/b/x"}]),
                Some(json!({"a": [1, 2], "b": {"c/d": 1, "x": [1, 2]}})),
            ),
            (
                json!([{"op": "test", "path": "/a/0", "value": 1}]),
                Some(start.clone()),
            ),
            (json!([{"op": "test", "path": "/a/0", "value": 2}]), None),
            (json!([{"op": "replace", "path": "/a/7", "value": 2}]), None),
            (json!([{"op": "remove", "path": "/a/01"}]), None),
            (json!([{"op": "add", "path": "/a/3", "value": 2}]), None),
            (json!([{"op": "add", "path": "/x/y", "value": 2}]), None),
            (json!([{"op": "move", "from": "/b", "path": "/b/x"}]), None),
            (json!([{"op": "grow", "path": "/b"}]), None),
            (json!({"op": "add"}), None),
        ] {
            let mut target = start.clone();
            let outcome = operations(&mut target, &patch);
            assert_eq!(outcome.is_ok().then_some(target), result, "{patch}");
        }
    }
}
