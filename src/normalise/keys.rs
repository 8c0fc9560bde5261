//! Keys of list elements, and names of types.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::schema::Struct;

use super::tree::{Element, Key, KeyPart, Kind, Node};

pub(super) fn is_head(name: &str) -> bool {
    matches!(name, "apiVersion" | "kind" | "metadata")
}

/// The last part of a built-in type's name; empty for others.
pub(super) fn short_name(s: &Struct) -> &str {
    match s.built_in {
        true => s.name.rsplit('.').next().unwrap_or_default(),
        false => "",
    }
}

pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        _ => false,
    }
}

pub(super) fn part<'a>(name: &'a str, node: &Node<'a>) -> KeyPart<'a> {
    let (text, string) = match &node.kind {
        Kind::Text(text) => (text.clone(), true),
        Kind::Number(number) => (Cow::Owned(number.to_string()), false),
        _ => (Cow::Owned(node.to_value().to_string()), false),
    };
    KeyPart { name, text, string }
}

pub(super) fn key<'a>(keys: &'a Arc<[Arc<str>]>, node: &Node<'a>) -> Key<'a> {
    Key(keys
        .iter()
        .map(|name| match node.get(name) {
            Some(value) => part(name, value),
            None => KeyPart {
                name,
                text: Cow::Borrowed(""),
                string: true,
            },
        })
        .collect())
}

/// The metrics of a HorizontalPodAutoscaler, whose order any autoscaling/v1 writer changes.
pub(super) fn metrics(nodes: Vec<Node<'_>>) -> Vec<Element<'_>> {
    const MEMBERS: &[(&str, &str)] = &[
        ("containerResource", "containerResource.name"),
        ("external", "external.name"),
        ("object", "object.name"),
        ("pods", "pods.name"),
        ("resource", "resource.name"),
    ];
    nodes
        .into_iter()
        .enumerate()
        .map(|(index, node)| {
            let mut parts = Vec::with_capacity(2);
            if let Some(ty) = node.get("type") {
                parts.push(part("type", ty));
            }
            for (member, path) in MEMBERS {
                if let Some(source) = node.get(member) {
                    let name = source
                        .get("name")
                        .or_else(|| source.get("metric").and_then(|m| m.get("name")));
                    parts.extend(name.map(|name| part(path, name)));
                }
            }
            let key = Key(parts);
            Element { key, index, node }
        })
        .collect()
}
