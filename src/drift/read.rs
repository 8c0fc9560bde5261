//! Whose object is whose: flattens lists and gives every object its identity.

use serde_json::Value;

use crate::model::live::{GroupKind, LiveState};
use crate::model::manifest::ObjectId;
use crate::schema::Schemas;

/// At most so many lists inside lists are opened.
const MAX_LISTS: usize = 8;

/// The objects of a document: the items of a `List` or `…List` one by one, with the type that the
/// list gives them; nothing of an empty document.
pub fn flatten(document: Value) -> Vec<Value> {
    let mut objects = Vec::new();
    open(document, 0, &mut objects);
    objects
}

fn open(mut value: Value, depth: usize, objects: &mut Vec<Value>) {
    if value.is_null() {
        return;
    }
    let text = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let Some(item_kind) = kind.strip_suffix("List") else {
        objects.push(value);
        return;
    };
    let Some(Value::Array(items)) = value.get_mut("items").map(Value::take) else {
        objects.push(value);
        return;
    };
    if depth >= MAX_LISTS {
        return;
    }
    for mut item in items {
        if let Value::Object(map) = &mut item
            && !item_kind.is_empty()
        {
            map.entry("apiVersion")
                .or_insert_with(|| api_version.clone().into());
            map.entry("kind").or_insert_with(|| item_kind.into());
        }
        open(item, depth + 1, objects);
    }
}

/// What identifies an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// An object with a name.
    Named(ObjectId),
    /// `generateName` without a name.
    Generated(ObjectId),
    /// Not an object that a server would take; what is missing or wrong.
    Invalid(ObjectId, &'static str),
}

/// The identity of an object.
pub(super) fn identity(
    value: &Value,
    live: &LiveState,
    schemas: &Schemas,
    namespace: Option<&str>,
) -> Identity {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let api_version = text("/apiVersion").unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = text("/kind").unwrap_or_default();
    let mut id = ObjectId {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: text("/metadata/namespace").unwrap_or_default().to_owned(),
        name: text("/metadata/name").unwrap_or_default().to_owned(),
    };
    if api_version.is_empty() || kind.is_empty() {
        return Identity::Invalid(id, "`apiVersion` or `kind` is missing");
    }
    for pointer in ["/metadata/name", "/metadata/namespace"] {
        if value
            .pointer(pointer)
            .is_some_and(|v| !v.is_string() && !v.is_null())
        {
            return Identity::Invalid(id, "its name or namespace is no string; quote it");
        }
    }
    let group_kind = GroupKind {
        group: id.group.clone(),
        kind: id.kind.clone(),
    };
    let namespaced = live
        .namespaced
        .get(&group_kind)
        .copied()
        .or_else(|| schemas.kind_namespaced(group, kind));
    match namespaced {
        Some(false) => id.namespace.clear(),
        Some(true) if id.namespace.is_empty() => {
            namespace.unwrap_or("default").clone_into(&mut id.namespace);
        }
        _ => {}
    }
    if id.name.is_empty() {
        return match text("/metadata/generateName") {
            Some(prefix) => {
                prefix.clone_into(&mut id.name);
                Identity::Generated(id)
            }
            None => Identity::Invalid(id, "`metadata.name` is missing"),
        };
    }
    Identity::Named(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_flattened() {
        let list = json!({"apiVersion": "v1", "kind": "ConfigMapList", "items": [
            {"metadata": {"name": "a"}}, {"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}]}]});
        let found = flatten(list);
        let kinds: Vec<&str> = found.iter().filter_map(|o| o["kind"].as_str()).collect();
        assert_eq!(kinds, ["ConfigMap", "Secret"]);
        assert_eq!(flatten(Value::Null), Vec::<Value>::new());
    }

    #[test]
    fn scope_decides_the_namespace() {
        let live = LiveState::default();
        let id = |value: Value| identity(&value, &live, Schemas::built_in(), Some("shop"));
        let named = |group: &str, kind: &str, namespace: &str| {
            Identity::Named(ObjectId {
                group: group.to_owned(),
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: "x".to_owned(),
            })
        };
        let object = |api_version: &str, kind: &str, meta: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": meta});
        assert_eq!(
            id(object("v1", "ConfigMap", json!({"name": "x"}))),
            named("", "ConfigMap", "shop")
        );
        assert_eq!(
            id(object(
                "rbac.authorization.k8s.io/v1",
                "ClusterRole",
                json!({"name": "x", "namespace": "y"})
            )),
            named("rbac.authorization.k8s.io", "ClusterRole", "")
        );
        assert!(matches!(
            id(object("v1", "ConfigMap", json!({"name": true}))),
            Identity::Invalid(..)
        ));
        assert!(matches!(
            id(object("batch/v1", "Job", json!({"generateName": "x-"}))),
            Identity::Generated(_)
        ));
    }
}
