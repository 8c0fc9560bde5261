//! Labels and annotations, of an object and of what it makes others from, as the API server takes
//! them.

use serde_json::Value;

use crate::diag::Code;

use super::{Fault, Object, below, each, texts};

/// The most bytes that the annotations of one object may have, keys and values together.
const MOST_ANNOTATIONS: usize = 256 << 10;
/// The longest value of a label, and name part of a key, in bytes.
const MOST_NAME: usize = 63;
/// The longest prefix of a key, in bytes.
const MOST_PREFIX: usize = 253;

pub(super) fn check(object: Object<'_>, faults: &mut Vec<Fault>) {
    let spec = object.body.get("spec");
    metadata(object.body.get("metadata"), "/metadata", faults);
    for (pointer, at) in [
        ("/template/metadata", "/spec/template/metadata"),
        ("/jobTemplate/metadata", "/spec/jobTemplate/metadata"),
        (
            "/jobTemplate/spec/template/metadata",
            "/spec/jobTemplate/spec/template/metadata",
        ),
    ] {
        metadata(spec.and_then(|s| s.pointer(pointer)), at, faults);
    }
    for (i, claim) in each(object.body, "/spec/volumeClaimTemplates") {
        let at = format!("/spec/volumeClaimTemplates/{i}/metadata");
        metadata(claim.get("metadata"), &at, faults);
    }
    for pointer in [
        "/spec/selector/matchLabels",
        "/spec/podSelector/matchLabels",
    ] {
        labels(object.body.pointer(pointer), pointer, faults);
    }
    if object.id.group.is_empty() && object.id.kind == "Service" {
        labels(
            spec.and_then(|s| s.get("selector")),
            "/spec/selector",
            faults,
        );
    }
}

fn metadata(metadata: Option<&Value>, at: &str, faults: &mut Vec<Fault>) {
    let Some(metadata) = metadata else { return };
    labels(metadata.get("labels"), &format!("{at}/labels"), faults);
    let at = format!("{at}/annotations");
    let mut size = 0;
    for (key, value) in texts(metadata.get("annotations")) {
        size += key.len() + value.len();
        if let Some(why) = key_fault(key) {
            faults.push(wrong(
                &at,
                key,
                format!("`{key}` cannot be the key of an annotation: {why}"),
            ));
        }
    }
    if size > MOST_ANNOTATIONS {
        let message = format!("annotations have {size} bytes, {MOST_ANNOTATIONS} are allowed");
        faults.push(
            Fault::new(Code::ObjectMetadata, at, message)
                .help("move what is large into a ConfigMap"),
        );
    }
}

fn labels(labels: Option<&Value>, at: &str, faults: &mut Vec<Fault>) {
    for (key, value) in texts(labels) {
        if let Some(why) = key_fault(key) {
            faults.push(wrong(
                at,
                key,
                format!("`{key}` cannot be the key of a label: {why}"),
            ));
        }
        if !value.is_empty()
            && let Some(why) = name_fault(value)
        {
            let value = value.escape_debug();
            faults.push(wrong(
                at,
                key,
                format!("label `{key}` cannot be `{value}`: {why}"),
            ));
        }
    }
}

fn wrong(at: &str, key: &str, message: String) -> Fault {
    Fault::new(Code::ObjectMetadata, below(at, key), message).help(
        "use at most 63 letters, digits, `-`, `_` and `.`, the first and last a letter or digit",
    )
}

/// `name` or `prefix/name`.
fn key_fault(key: &str) -> Option<String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if let Some(prefix) = prefix {
        let part = |p: &str| {
            !p.is_empty()
                && !p.starts_with('-')
                && !p.ends_with('-')
                && p.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if prefix.len() > MOST_PREFIX || !prefix.split('.').all(part) {
            return Some("what stands before `/` is no domain".to_owned());
        }
    }
    match name {
        "" => Some("it has no name".to_owned()),
        name => name_fault(name),
    }
}

fn name_fault(name: &str) -> Option<String> {
    if name.len() > MOST_NAME {
        return Some(format!("it has {} characters of {MOST_NAME}", name.len()));
    }
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    if let Some(wrong) = name
        .chars()
        .find(|c| !alphanumeric(*c) && !matches!(c, '-' | '_' | '.'))
    {
        return Some(format!("it has `{}` in it", wrong.escape_debug()));
    }
    let ends = name.starts_with(alphanumeric) && name.ends_with(alphanumeric);
    (!ends).then(|| "it does not begin and end with a letter or digit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_and_values_are_held_to_their_form() {
        for (key, right) in [
            ("app", true),
            ("app.kubernetes.io/name", true),
            ("A_b.c-d", true),
            ("", false),
            ("/a", false),
            ("a/", false),
            ("a/b/c", false),
            ("Shop.example/a", false),
            ("-a", false),
            ("a b", false),
            ("é", false),
        ] {
            assert_eq!(key_fault(key).is_none(), right, "{key}");
        }
        assert_eq!(key_fault(&"a".repeat(63)), None);
        assert!(key_fault(&"a".repeat(64)).is_some());
        assert_eq!(key_fault(&format!("{}/a", "a".repeat(253))), None);
        assert!(key_fault(&format!("{}/a", "a".repeat(254))).is_some());
    }

    #[test]
    fn annotations_are_bounded_together() {
        let told = |n: usize| {
            let mut faults = Vec::new();
            let value = json!({"annotations": {"a": "x".repeat(n), "b": ""}});
            metadata(Some(&value), "/metadata", &mut faults);
            faults.len()
        };
        assert_eq!((told((256 << 10) - 2), told((256 << 10) - 1)), (0, 1));
    }
}
