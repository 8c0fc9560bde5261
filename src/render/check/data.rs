//! The contents of ConfigMaps and Secrets: their keys and their size.

use serde_json::Value;

use crate::diag::Code;

use super::{Fault, Object, below};

/// The most bytes that they may hold.
const MOST: usize = 1 << 20;
/// The longest key, in bytes.
const MOST_KEY: usize = 253;

pub(super) fn check(object: Object<'_>, faults: &mut Vec<Fault>) {
    let kind = object.id.kind.as_str();
    let sections: &[&str] = match kind {
        "ConfigMap" => &["data", "binaryData"],
        "Secret" => &["data", "stringData"],
        _ => return,
    };
    let mut size = 0;
    for section in sections {
        let members = object.body.get(*section).and_then(Value::as_object);
        for (key, value) in members.into_iter().flatten() {
            size += key.len() + value.as_str().map_or(0, str::len);
            let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            let wrong = key.is_empty()
                || key.len() > MOST_KEY
                || !key.bytes().all(legal)
                || key == "."
                || key.starts_with("..");
            if wrong {
                let message = format!("`{}` cannot be a key of a {kind}", key.escape_debug());
                faults.push(
                    Fault::new(
                        Code::ObjectSchema,
                        below(&format!("/{section}"), key),
                        message,
                    )
                    .help("use at most 253 letters, digits, `-`, `_` and `.`"),
                );
            }
        }
    }
    if size > MOST {
        let message = format!("a {kind} holds {size} bytes, {MOST} are allowed");
        faults.push(
            Fault::new(Code::ObjectSchema, "/data", message)
                .help("split it, or keep what is large outside of Kubernetes"),
        );
    }
}
