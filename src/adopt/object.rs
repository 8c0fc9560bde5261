//! One manifest whose fields are taken out one by one, so that what remains can be told.

use serde_json::Value;

/// A Kubernetes object; what was carried over of it is null.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    /// With its group where that is not one of Kubernetes' usual ones.
    pub(super) kind: String,
    /// `default` where none is written.
    pub(super) namespace: String,
    pub(super) name: String,
    /// Whether something of it stands in the catalog.
    pub(super) adopted: bool,
    pub(super) body: Value,
}

/// What a server or a client adds by itself, and what identifies an object.
const OF_SERVERS: &[&str] = &[
    "/apiVersion",
    "/kind",
    "/status",
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/uid",
    "/metadata/resourceVersion",
    "/metadata/generation",
    "/metadata/creationTimestamp",
    "/metadata/managedFields",
    "/metadata/selfLink",
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
    "/metadata/annotations/deployment.kubernetes.io~1revision",
];

/// Labels that say what an object belongs to; the rendered ones have their own.
const BELONGING: &[&str] = &[
    "app",
    "k8s-app",
    "app.kubernetes.io~1name",
    "app.kubernetes.io~1instance",
    "app.kubernetes.io~1managed-by",
    "app.kubernetes.io~1part-of",
];

impl Object {
    /// None when it has no kind or no name.
    pub(super) fn new(mut body: Value) -> Option<Self> {
        strip(&mut body);
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let kind = text("/kind").filter(|k| !k.is_empty())?.to_owned();
        let name = text("/metadata/name").filter(|n| !n.is_empty())?.to_owned();
        let group = text("/apiVersion")?
            .split_once('/')
            .map_or("", |(group, _)| group);
        let kind = match group {
            "" | "apps" | "batch" | "autoscaling" | "policy" | "networking.k8s.io" => kind,
            _ => format!("{kind}.{group}"),
        };
        let namespace = text("/metadata/namespace").unwrap_or("default").to_owned();
        let mut object = Self {
            kind,
            namespace,
            name,
            adopted: false,
            body,
        };
        for pointer in OF_SERVERS {
            object.drop(pointer);
        }
        object.drop_labels("/metadata/labels");
        Some(object)
    }

    /// `Deployment cart`, or `Deployment shop/cart`.
    pub(super) fn shown(&self) -> String {
        match self.namespace.as_str() {
            "default" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }

    /// Whether a controller made it.
    pub(super) fn is_owned(&self) -> bool {
        self.body
            .pointer("/metadata/ownerReferences")
            .and_then(Value::as_array)
            .is_some_and(|owners| !owners.is_empty())
    }

    pub(super) fn get(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, pointer: &str) -> Value {
        self.body
            .pointer_mut(pointer)
            .map(Value::take)
            .unwrap_or_default()
    }

    /// Takes a field that needs no place in the catalog.
    pub(super) fn drop(&mut self, pointer: &str) {
        let _ = self.take(pointer);
    }

    /// Takes a text out; anything else stays.
    pub(super) fn text(&mut self, pointer: &str) -> Option<String> {
        match self.get(pointer) {
            Value::String(_) => match self.take(pointer) {
                Value::String(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Takes a whole number out; anything else stays.
    pub(super) fn number(&mut self, pointer: &str) -> Option<u64> {
        let number = self.get(pointer).as_u64()?;
        self.drop(pointer);
        Some(number)
    }

    /// Takes a list of texts out; a list with anything else stays.
    pub(super) fn texts(&mut self, pointer: &str) -> Vec<String> {
        let texts: Option<Vec<String>> = self
            .get(pointer)
            .as_array()
            .and_then(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        if texts.is_some() {
            self.drop(pointer);
        }
        texts.unwrap_or_default()
    }

    /// Takes a field if it is what the rendered objects have, or what Kubernetes assumes.
    pub(super) fn drop_if(&mut self, pointer: &str, value: &Value) {
        if self.get(pointer) == value {
            self.drop(pointer);
        }
    }

    /// How many elements a list has.
    pub(super) fn len(&self, pointer: &str) -> usize {
        self.get(pointer).as_array().map_or(0, Vec::len)
    }

    /// Takes the labels that say what an object belongs to.
    pub(super) fn drop_labels(&mut self, pointer: &str) {
        for label in BELONGING {
            self.drop(&format!("{pointer}/{label}"));
        }
    }

    /// The paths of what was not taken, as high up as nothing below them was.
    pub(super) fn rest(&self) -> Vec<String> {
        let mut paths = Vec::new();
        rest(&self.body, String::new(), &mut paths);
        paths
    }
}

/// Takes nulls away: they say nothing, and later mean that a field was taken.
fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => {
            list.retain(|v| !v.is_null());
            list.iter_mut().for_each(strip);
        }
        _ => {}
    }
}

fn is_touched(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(is_touched),
        Value::Array(list) => list.iter().any(is_touched),
        _ => false,
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(map) => map.values().any(says_something),
        Value::Array(list) => list.iter().any(says_something),
        _ => true,
    }
}

fn rest(value: &Value, path: String, paths: &mut Vec<String>) {
    if !says_something(value) {
        return;
    }
    // The top itself is no path: an object of which nothing was taken is told as a whole.
    if !is_touched(value) && !path.is_empty() {
        paths.push(path);
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                rest(value, member(&path, key), paths);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                rest(value, format!("{path}[{index}]"), paths);
            }
        }
        _ => paths.push(path),
    }
}

fn member(path: &str, key: &str) -> String {
    match (path.is_empty(), key.contains(['.', '/'])) {
        (true, _) => key.to_owned(),
        (false, true) => format!("{path}[{key}]"),
        (false, false) => format!("{path}.{key}"),
    }
}

/// A JSON pointer as people write it: `spec.containers[0].env`.
pub(super) fn shown(pointer: &str) -> String {
    pointer.split('/').skip(1).fold(String::new(), |path, key| {
        let key = key.replace("~1", "/").replace("~0", "~");
        match !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit()) {
            true => format!("{path}[{key}]"),
            false => member(&path, &key),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_not_taken_is_told_as_high_up_as_it_can_be() {
        let mut object = Object::new(json!({
            "apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "annotations": {"b.c/d": "e"}},
            "spec": {"taken": 1, "kept": {"x": 1, "y": [2]}, "list": [{"a": 1, "b": 2}, {"a": 3}],
                     "empty": {}, "none": null},
        }))
        .expect("an object");
        assert_eq!(object.number("/spec/taken"), Some(1));
        object.drop("/spec/list/0/a");
        assert_eq!(
            object.rest(),
            [
                "metadata.annotations",
                "spec.kept",
                "spec.list[0].b",
                "spec.list[1]"
            ]
        );
        assert_eq!(shown("/spec/list/0/b.c~1d"), "spec.list[0][b.c/d]");
    }

    #[test]
    fn an_object_has_a_kind_and_a_name() {
        for body in [
            json!({"kind": "X", "metadata": {"name": "a"}}),
            json!({"apiVersion": "v1", "metadata": {"name": "a"}}),
            json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": false}}),
            json!("text"),
        ] {
            assert!(Object::new(body.clone()).is_none(), "{body}");
        }
    }
}
