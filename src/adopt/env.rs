//! Variables of a container: texts, keys of ConfigMaps and Secrets, fields of the pod.

use serde_json::Value;

use super::around::Around;
use super::object::Object;
use super::text::{Field, Item, field};

/// Words in the names of variables that hold secrets.
const SECRET: [&str; 7] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
];

/// The variables of the container at `container`.
pub(super) fn variables(object: &mut Object, container: &str, around: &mut Around) -> Vec<Field> {
    let mut fields = Vec::new();
    let sources = format!("{container}/envFrom");
    for index in 0..object.len(&sources) {
        source(object, &format!("{sources}/{index}"), around, &mut fields);
    }
    let list = format!("{container}/env");
    for index in 0..object.len(&list) {
        variable(object, &format!("{list}/{index}"), around, &mut fields);
    }
    fields
}

/// All keys of a ConfigMap or a Secret at once.
fn source(object: &mut Object, at: &str, around: &mut Around, fields: &mut Vec<Field>) {
    let text = |pointer: &str| {
        let value = object.get(&format!("{at}/{pointer}"));
        value.as_str().map(str::to_owned)
    };
    let prefix = text("prefix").unwrap_or_default();
    let (config, secret) = (text("configMapRef/name"), text("secretRef/name"));
    let namespace = object.namespace.clone();
    let keys = match (&config, &secret) {
        (Some(name), _) => around.keys(&namespace, name),
        (None, Some(name)) => around.secret_keys(&namespace, name),
        (None, None) => None,
    };
    let Some(keys) = keys else {
        let why = "what it names is not among the manifests: write its keys as variables";
        return around.leave(object, at, why);
    };
    for key in keys {
        let name = format!("{prefix}{key}");
        if !is_name(&name) {
            around.tell(
                object,
                at,
                &format!("`{name}` cannot be the name of a variable"),
            );
            continue;
        }
        if let Some(secret) = &secret {
            put(fields, secret_key(&name, secret, &key));
        } else if let Some(config) = &config {
            if looks_secret(&name) {
                let why = format!("`{name}` looks like a secret: keep it in a Secret");
                around.tell(object, at, &why);
                continue;
            }
            if let Some(text) = around.config(&namespace, config, &key) {
                put(fields, from_config(&name, text, config));
            }
        }
    }
    object.drop(at);
}

fn variable(object: &mut Object, at: &str, around: &mut Around, fields: &mut Vec<Field>) {
    let get = |pointer: &str| {
        let value = object.get(&format!("{at}/{pointer}"));
        value.as_str().map(str::to_owned)
    };
    let Some(name) = get("name") else {
        return;
    };
    if !is_name(&name) {
        let why = format!("`{name}` cannot be the name of a variable in the catalog");
        return around.leave(object, at, &why);
    }
    let namespace = object.namespace.clone();
    let written = object.get(&format!("{at}/value")).clone();
    let from = format!("{at}/valueFrom");
    if object.get(&from).is_null() {
        match written {
            Value::Null => put(fields, field(&name, Item::text(""))),
            Value::String(text) if looks_secret(&name) && !text.is_empty() => {
                let key = name.to_ascii_lowercase().replace('_', "-");
                let why = format!(
                    "`{name}` looks like a secret and is not written: keep it in a Secret and write \
                     `{name}: {{secret: <name>, key: {key}}}`"
                );
                return around.leave(object, at, &why);
            }
            Value::String(text) => put(fields, field(&name, Item::text(text))),
            other => {
                let kind = match other {
                    Value::Bool(_) => "a boolean",
                    Value::Number(_) => "a number",
                    _ => "a structure",
                };
                let why =
                    format!("the value of `{name}` is {kind} to Kubernetes, no text: quote it");
                return around.leave(object, at, &why);
            }
        }
        return object.drop(at);
    }
    let secret = (
        get("valueFrom/secretKeyRef/name"),
        get("valueFrom/secretKeyRef/key"),
    );
    let config = (
        get("valueFrom/configMapKeyRef/name"),
        get("valueFrom/configMapKeyRef/key"),
    );
    if let (Some(secret), Some(key)) = secret {
        put(fields, secret_key(&name, &secret, &key));
        for known in [
            "name",
            "valueFrom/secretKeyRef/name",
            "valueFrom/secretKeyRef/key",
        ] {
            object.drop(&format!("{at}/{known}"));
        }
        // A value that may be absent is not the same as one that must be there.
        object.drop_if(
            &format!("{from}/secretKeyRef/optional"),
            &Value::Bool(false),
        );
    } else if let Some(path) = get("valueFrom/fieldRef/fieldPath") {
        let item = Item::Fields(vec![field("field", Item::text(path))]);
        put(fields, field(&name, item));
        object.drop(at);
    } else if let (Some(config), Some(key)) = config {
        if looks_secret(&name) {
            let why =
                format!("`{name}` looks like a secret and is not written: keep it in a Secret");
            return around.leave(object, at, &why);
        }
        match around.config(&namespace, &config, &key) {
            Some(text) => {
                put(fields, from_config(&name, text, &config));
                object.drop(at);
            }
            None => {
                let why = format!(
                    "`{name}`: key `{key}` of ConfigMap `{config}` is not among the manifests"
                );
                around.leave(object, at, &why);
            }
        }
    } else {
        let why = format!("`{name}`: variables are texts, keys of Secrets or fields of the pod");
        around.leave(object, at, &why);
    }
}

/// The later of two variables with one name counts.
fn put(fields: &mut Vec<Field>, new: Field) {
    fields.retain(|f| f.key != new.key);
    fields.push(new);
}

fn secret_key(name: &str, secret: &str, key: &str) -> Field {
    let fields = vec![
        field("secret", Item::text(secret)),
        field("key", Item::text(key)),
    ];
    field(name, Item::Fields(fields))
}

fn from_config(name: &str, text: String, config: &str) -> Field {
    Field {
        note: (!text.contains('\n')).then(|| format!("from ConfigMap {config}")),
        ..field(name, Item::text(text))
    }
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(inner)
}

/// As validation judges: a path or an address of a secret is not the secret itself.
fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let pointer = ["_FILE", "_PATH", "_URL", "_NAME", "_TTL"];
    SECRET.iter().any(|word| upper.contains(word)) && !pointer.iter().any(|e| upper.ends_with(e))
}
