//! Takes secrets out of values before they leave the room.

use serde_json::Value;

use crate::model::digest::Key;
use crate::model::finding::Hint;
use crate::model::manifest::ObjectId;
use crate::normalise::{LAST_APPLIED, base64};

use super::path::{Step, names};

/// What stands for a value that is not shown.
pub(super) const REDACTED: &str = "<redacted>";

/// Values that nest deeper are not shown.
const MAX_DEPTH: usize = 100;

/// A value as it may be shown.
pub(super) fn masked(id: &ObjectId, path: &[Step<'_>], mut value: Value) -> Value {
    let place = names(path);
    let secret = id.group.is_empty()
        && id.kind == "Secret"
        && !matches!(place.first(), Some(&("metadata" | "type" | "immutable")));
    let environment = match path {
        [
            ..,
            Step::Name("env"),
            Step::Element(key, _),
            Step::Name("value"),
        ] => key
            .0
            .first()
            .is_some_and(|part| is_secret_variable(&part.text)),
        _ => false,
    };
    let named = matches!(path.last(), Some(Step::Name(name)) if is_secret_name(name));
    if secret || environment || (named && !value.is_object() && !value.is_array()) {
        return Value::from(REDACTED);
    }
    if place.last() == Some(&LAST_APPLIED) {
        return Value::from(REDACTED);
    }
    clean(&mut value, 0);
    value
}

/// What may be told of a value that is masked as a whole.
pub(super) fn hint(id: &ObjectId, path: &[Step<'_>], value: &Value, key: &Key) -> Option<Hint> {
    let of_secret = id.group.is_empty() && id.kind == "Secret";
    let bytes = match value {
        Value::String(text) if of_secret && names(path).first() == Some(&"data") => {
            base64(text).unwrap_or_else(|| text.as_bytes().to_vec())
        }
        Value::String(text) => text.as_bytes().to_vec(),
        other => other.to_string().into_bytes(),
    };
    let masked = masked(id, path, value.clone()) == REDACTED;
    masked.then(|| Hint {
        bytes: bytes.len(),
        hash: key.short(&bytes),
    })
}

/// Takes secrets out of what is inside a value.
fn clean(value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        *value = Value::from(REDACTED);
        return;
    }
    match value {
        Value::Array(values) => values.iter_mut().for_each(|v| clean(v, depth + 1)),
        Value::Object(map) => {
            let variable = map
                .get("name")
                .and_then(Value::as_str)
                .is_some_and(is_secret_variable);
            for (name, value) in map.iter_mut() {
                let leaf = !value.is_object() && !value.is_array();
                if name == LAST_APPLIED
                    || leaf && (is_secret_name(name) || variable && name == "value")
                {
                    *value = Value::from(REDACTED);
                } else {
                    clean(value, depth + 1);
                }
            }
        }
        _ => {}
    }
}

/// Environment variables whose values are taken for secrets.
fn is_secret_variable(name: &str) -> bool {
    let upper = name.to_uppercase();
    ["PASS", "TOKEN", "SECRET", "KEY", "CREDENTIAL"]
        .iter()
        .any(|word| upper.contains(word))
}

/// Fields and keys whose values are taken for secrets, whatever the kind.
fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    matches!(
        plain.as_str(),
        "password"
            | "passwd"
            | "passphrase"
            | "token"
            | "apikey"
            | "apitoken"
            | "accesstoken"
            | "authtoken"
            | "bearertoken"
            | "clientsecret"
            | "secretkey"
            | "secretaccesskey"
            | "accesskey"
            | "privatekey"
            | "credentials"
            | "dbpassword"
            | "rootpassword"
            | "adminpassword"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_secret_is_left_inside() {
        let id = ObjectId {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        };
        let container = json!({"name": "web", "env": [
            {"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "LOG", "value": "info"},
            {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            "auth": {"token": "hunter2", "tokenSecretName": "s"}, LAST_APPLIED: "hunter2"});
        let shown = masked(&id, &[], container);
        assert!(!shown.to_string().contains("hunter2"), "{shown}");
        assert_eq!(shown["env"][1]["value"], "info");
        assert_eq!(shown["env"][2]["valueFrom"]["secretKeyRef"]["key"], "k");
        assert_eq!(shown["auth"]["tokenSecretName"], "s");
    }
}
