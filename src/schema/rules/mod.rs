//! What a CustomResourceDefinition demands of values beyond their types: patterns, bounds, formats,
//! enumerations and alternatives. Turns a node of its schema into what is checked there.

mod check;
mod format;
mod pattern;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Number, Value};

use format::Format;
use pattern::Pattern;

/// Deeper schemas are not read: no served one comes near.
const MAX_DEPTH: usize = 64;

/// What is demanded of a value, and of what is in it; only what demands anything is here.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// The JSON type, in alternatives alone: elsewhere the type says it.
    kind: Option<Box<str>>,
    pattern: Option<Pattern>,
    format: Option<Format>,
    /// Inclusive, unless the second says otherwise.
    minimum: Option<(Number, bool)>,
    maximum: Option<(Number, bool)>,
    multiple_of: Option<Number>,
    /// Least and most characters, elements and members.
    length: Range,
    elements: Range,
    size: Range,
    unique: bool,
    values: Vec<Value>,
    /// Members that alternatives demand.
    required: Vec<Arc<str>>,
    /// Whether it is a whole object, with a version and a kind.
    embedded: bool,
    members: BTreeMap<Arc<str>, Self>,
    others: Option<Box<Self>>,
    each: Option<Box<Self>>,
    all: Vec<Self>,
    any: Vec<Self>,
    one: Vec<Self>,
    not: Option<Box<Self>>,
}

/// Bounds of a count, both inclusive.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    least: Option<u64>,
    most: Option<u64>,
}

impl Range {
    fn is_open(self) -> bool {
        self.least.is_none() && self.most.is_none()
    }
}

impl Rules {
    /// What a schema demands; nothing where that is nothing.
    pub(super) fn read(schema: &Value) -> Option<Self> {
        read(schema, false, 0)
    }

    fn demands_nothing(&self) -> bool {
        self.kind.is_none()
            && self.pattern.is_none()
            && self.format.is_none()
            && self.minimum.is_none()
            && self.maximum.is_none()
            && self.multiple_of.is_none()
            && self.length.is_open()
            && self.elements.is_open()
            && self.size.is_open()
            && !self.unique
            && self.values.is_empty()
            && self.required.is_empty()
            && !self.embedded
            && self.members.is_empty()
            && self.others.is_none()
            && self.each.is_none()
            && self.all.is_empty()
            && self.any.is_empty()
            && self.one.is_empty()
            && self.not.is_none()
    }
}

fn read(schema: &Value, alternative: bool, depth: usize) -> Option<Rules> {
    if depth > MAX_DEPTH {
        return None;
    }
    let text = |key| schema.get(key).and_then(Value::as_str);
    let flag = |key| schema.get(key) == Some(&Value::Bool(true));
    let number = |key| match schema.get(key) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    let range = |least, most| Range {
        least: schema.get(least).and_then(Value::as_u64),
        most: schema.get(most).and_then(Value::as_u64),
    };
    let list = |key| {
        let list = schema.get(key).and_then(Value::as_array);
        list.map_or(&[][..], Vec::as_slice)
    };
    let below = |schema: &Value| read(schema, alternative, depth + 1);
    // An alternative that demands nothing holds always, and has to stay one.
    let alternatives = |key| -> Vec<Rules> {
        let each = list(key).iter();
        each.map(|s| read(s, true, depth + 1).unwrap_or_default())
            .collect()
    };
    let members = schema.get("properties").and_then(Value::as_object);
    let int_or_string = flag("x-kubernetes-int-or-string");
    let rules = Rules {
        kind: text("type").filter(|_| alternative).map(Box::from),
        pattern: text("pattern").map(Pattern::new),
        format: text("format").and_then(Format::of),
        minimum: number("minimum").map(|n| (n, flag("exclusiveMinimum"))),
        maximum: number("maximum").map(|n| (n, flag("exclusiveMaximum"))),
        multiple_of: number("multipleOf"),
        length: range("minLength", "maxLength"),
        elements: range("minItems", "maxItems"),
        size: range("minProperties", "maxProperties"),
        unique: flag("uniqueItems"),
        values: list("enum").to_vec(),
        required: list("required")
            .iter()
            .filter(|_| alternative)
            .filter_map(Value::as_str)
            .map(Arc::from)
            .collect(),
        embedded: flag("x-kubernetes-embedded-resource"),
        members: members
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| Some((name.as_str().into(), below(schema)?)))
            .collect(),
        others: schema
            .get("additionalProperties")
            .and_then(below)
            .map(Box::new),
        each: schema.get("items").and_then(below).map(Box::new),
        all: list("allOf")
            .iter()
            .filter_map(|s| read(s, true, depth + 1))
            .collect(),
        any: match int_or_string {
            // That is what the mark says already, and a value of another type is told once.
            true => Vec::new(),
            false => alternatives("anyOf"),
        },
        one: alternatives("oneOf"),
        not: schema
            .get("not")
            .map(|s| Box::new(read(s, true, depth + 1).unwrap_or_default())),
    };
    (!rules.demands_nothing()).then_some(rules)
}
