//! One object as JSON to its value, with its managed fields as they came.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// An object, and its managed fields as they came.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Item {
    pub(super) body: Value,
    pub(super) managed: Option<Box<str>>,
    /// Whether only some fields of it were kept.
    pub(super) evidence: bool,
}

/// What is kept of every object.
const ALWAYS: &[&str] = &[
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/labels",
    "/metadata/uid",
];

impl Item {
    /// Only some of its fields.
    pub(super) fn cut(self, fields: &BTreeSet<String>) -> Self {
        let mut rest = self.body;
        let mut body = Value::Null;
        for field in ALWAYS
            .iter()
            .copied()
            .chain(fields.iter().map(String::as_str))
        {
            copy(&mut rest, &mut body, field);
        }
        Self {
            body,
            managed: self.managed,
            evidence: true,
        }
    }
}

/// Moves what is at a pointer to the same place of another value; lists keep their lengths.
fn copy(from: &mut Value, to: &mut Value, pointer: &str) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *to = from.take();
        return;
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (step, rest) = rest.split_at(end);
    match from {
        Value::Array(elements) if step == "*" => {
            if !to.is_array() {
                *to = Value::Array(vec![Value::Null; elements.len()]);
            }
            let places = to.as_array_mut().into_iter().flatten();
            for (element, place) in elements.iter_mut().zip(places) {
                copy(element, place, rest);
            }
        }
        Value::Object(members) => {
            let step = step.replace("~1", "/").replace("~0", "~");
            if let Some(member) = members.get_mut(&step) {
                if !to.is_object() {
                    *to = Value::Object(Map::new());
                }
                if let Some(kept) = to.as_object_mut() {
                    copy(member, kept.entry(step).or_insert(Value::Null), rest);
                }
            }
        }
        _ => {}
    }
}

/// An object, or what stands in its place.
impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let (mut body, mut managed) = (Map::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            let value = match key.as_str() {
                "metadata" => {
                    let metadata: Metadata = map.next_value()?;
                    managed = metadata.managed;
                    metadata.rest
                }
                _ => map.next_value()?,
            };
            body.insert(key, value);
        }
        let body = Value::Object(body);
        Ok(Item {
            body,
            managed,
            evidence: false,
        })
    }
}

/// `metadata` of an object.
pub(super) struct Metadata {
    pub(super) rest: Value,
    pub(super) managed: Option<Box<str>>,
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the metadata of an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let (mut rest, mut managed) = (Map::new(), None);
                while let Some(key) = map.next_key::<String>()? {
                    if key == "managedFields" {
                        managed = Some(map.next_value::<Box<RawValue>>()?.into());
                    } else {
                        rest.insert(key, map.next_value()?);
                    }
                }
                let rest = Value::Object(rest);
                Ok(Metadata { rest, managed })
            }
        }
        deserializer.deserialize_map(Members)
    }
}
