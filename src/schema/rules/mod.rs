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

/// How many rules in CEL stand anywhere in a schema.
pub(super) fn in_cel(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => {
            let own = members.get("x-kubernetes-validations");
            let own = own.and_then(Value::as_array).map_or(0, Vec::len);
            own + members.values().map(in_cel).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(in_cel).sum(),
        _ => 0,
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

#[cfg(test)]
mod tests {
    use super::super::{Schemas, Violation};
    use serde_json::{Value, json};

    fn said(schema: Value, spec: Value) -> (Vec<String>, usize) {
        let crd = json!({"spec": {"group": "shop.example", "scope": "Namespaced", "names": {"kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema":
                {"type": "object", "properties": {"spec": schema}}}}]}});
        let schemas = Schemas::built_in().clone().with_crd(&crd);
        let widget = json!({"apiVersion": "shop.example/v1", "kind": "Widget",
            "metadata": {"name": "w", "namespace": "shop"}, "spec": spec});
        let found = schemas.check("shop.example/v1", "Widget", &widget, None);
        let told = |v: Violation| format!("{} {}", v.pointer, v.what);
        let cel = schemas.root("shop.example/v1", "Widget").unwrap().cel;
        (found.unwrap().into_iter().map(told).collect(), cel)
    }

    #[test]
    fn each_demand_is_met_or_told() {
        let text = |more: Value| {
            let mut schema = json!({"type": "string"});
            schema
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            schema
        };
        let object = |more: Value| {
            let mut schema = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}});
            schema
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            schema
        };
        let cases = [
            (
                json!({"type": "integer", "minimum": 1}),
                json!(1),
                json!(0),
                "/spec has to be at least 1",
            ),
            (
                json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true}),
                json!(2),
                json!(1),
                "/spec has to be more than 1",
            ),
            (
                json!({"type": "number", "maximum": 1.5}),
                json!(1.5),
                json!(2),
                "/spec may be at most 1.5",
            ),
            (
                json!({"type": "integer", "multipleOf": 5}),
                json!(10),
                json!(11),
                "/spec has to be a multiple of 5",
            ),
            (
                json!({"type": "integer", "enum": [1, 2]}),
                json!(2),
                json!(3),
                "/spec expected one of `1`, `2`",
            ),
            (
                text(json!({"minLength": 2})),
                json!("éé"),
                json!("é"),
                "/spec has 1 characters, at least 2 are needed",
            ),
            (
                text(json!({"pattern": "^a+$"})),
                json!("aa"),
                json!("ab"),
                "/spec does not match `^a+$`",
            ),
            (
                text(json!({"enum": ["a", "b"]})),
                json!("a"),
                json!("c"),
                "/spec expected one of `a`, `b`",
            ),
            (
                text(json!({"format": "ipv4"})),
                json!("192.0.2.1"),
                json!("x"),
                "/spec expected an IPv4 address",
            ),
            (
                json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
                json!(["a", "b"]),
                json!(["a", "a"]),
                "/spec two elements have the same key",
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "string", "maxLength": 1}}),
                json!({"x": "a"}),
                json!({"x/y": "ab"}),
                "/spec/x~1y has 2 characters, at most 1 are allowed",
            ),
            (
                json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": "^[0-9]+%$"}),
                json!("5%"),
                json!("5"),
                "/spec does not match `^[0-9]+%$`",
            ),
            (
                object(json!({"maxProperties": 1})),
                json!({"a": 1}),
                json!({"a": 1, "b": "x"}),
                "/spec has 2 members, at most 1 are allowed",
            ),
            (
                object(json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})),
                json!({"b": "x"}),
                json!({}),
                "/spec none of its alternatives holds: required field `a` is missing; or required field `b` is missing",
            ),
            (
                object(json!({"not": {"required": ["a", "b"]}})),
                json!({"a": 1}),
                json!({"a": 1, "b": "x"}),
                "/spec it is what its definition rules out (`not`)",
            ),
            (
                object(json!({"allOf": [{"properties": {"a": {"maximum": 3}}}]})),
                json!({"a": 3}),
                json!({"a": 4}),
                "/spec/a may be at most 3",
            ),
            (
                object(json!({})),
                json!({"a": 1}),
                json!({"a": null}),
                "/spec/a expected a value, not null",
            ),
        ];
        for (schema, right, wrong, told) in cases {
            assert_eq!(
                said(schema.clone(), right).0,
                Vec::<String>::new(),
                "{schema}"
            );
            assert_eq!(said(schema.clone(), wrong).0, [told], "{schema}");
        }
    }

    #[test]
    fn rules_in_cel_are_counted() {
        let rule = json!([{"rule": "self.a > 0"}, {"rule": "self.a < 9"}]);
        let schema = json!({"type": "object", "x-kubernetes-validations": rule,
            "properties": {"a": {"type": "integer", "x-kubernetes-validations": [{"rule": "self != 5"}]}}});
        assert_eq!(said(schema, json!({"a": 5})), (Vec::new(), 3));
    }
}
