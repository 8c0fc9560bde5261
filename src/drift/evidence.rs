//! Small questions about values, whose answers decide what a difference is.

use serde_json::Value;

use crate::model::manifest::ObjectId;
use crate::normalise::base64;

use super::path::Step;

/// Whether a certificate bundle is none: empty, or without a certificate in it.
pub(super) fn is_placeholder(value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return value.is_null();
    };
    base64(text).is_none_or(|bytes| !String::from_utf8_lossy(&bytes).contains("-----BEGIN"))
}

/// Whether an object says something at a place.
pub(super) fn says(object: &Value, path: &[Step<'_>]) -> bool {
    let found = path.iter().try_fold(object, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Element(key, _) => value.as_array()?.iter().find(|element| {
            key.0.iter().all(|part| match part.name {
                "" => element.as_str() == Some(&part.text),
                name => match element.get(name) {
                    Some(Value::String(text)) => *text == part.text,
                    Some(other) => other.to_string() == part.text,
                    None => name == "protocol",
                },
            })
        }),
    });
    found.is_some_and(|v| !v.is_null())
}

/// Fields that no apply can change.
pub(super) fn needs_recreate(id: &ObjectId, place: &[&str]) -> bool {
    matches!(
        (id.kind.as_str(), place),
        ("Job", ["spec", "template" | "selector" | "completions", ..])
            | (
                "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet",
                ["spec", "selector", ..]
            )
            | (
                "StatefulSet",
                [
                    "spec",
                    "volumeClaimTemplates" | "serviceName" | "podManagementPolicy",
                    ..
                ]
            )
    )
}
