//! The JSON Schemas of the files that people write, generated from the types they are read into.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::model::raw;

/// The schema of `regen.yaml` (JSON Schema, draft 2020-12).
pub fn fleet() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate::<raw::Fleet>);
    &SCHEMA
}

/// The schema of `regions/<name>.yaml` (JSON Schema, draft 2020-12).
pub fn region() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate::<raw::Region>);
    &SCHEMA
}

/// The schema of `services/<name>.yaml` (JSON Schema, draft 2020-12).
///
/// Editors see one file alone, so it demands what the layers of `regen.yaml` might provide.
pub fn service() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate::<raw::Service>);
    &SCHEMA
}

/// The schema of a document in `overlays/` (JSON Schema, draft 2020-12).
pub fn overlay() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate::<raw::OverlayDocument>);
    &SCHEMA
}

/// Where the layers of inheritance stand among the definitions.
const PARTIAL: &str = "PartialService";

fn generate<T: JsonSchema>() -> Value {
    let mut schema = SchemaGenerator::new(SchemaSettings::draft2020_12())
        .into_root_schema_for::<T>()
        .to_value();
    if let Some(slot) = schema.pointer_mut(&format!("/$defs/{PARTIAL}")) {
        *slot = partial();
    }
    drop_null(&mut schema);
    schema
}

/// The schema of a service whose fields may all be left out, for layers of inheritance.
fn partial() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    let mut schema = SchemaGenerator::new(settings)
        .into_root_schema_for::<raw::Service>()
        .to_value();
    if let Some(root) = schema.as_object_mut() {
        root.remove("$schema");
        root.remove("$defs");
        root.remove("title");
        root.insert(
            "description".to_owned(),
            "Values of a service; later layers win, mappings are merged, `null` removes.".into(),
        );
        if let Some(fields) = root.get_mut("properties").and_then(Value::as_object_mut) {
            for own in ["service", "environment", "environments"] {
                fields.remove(own);
            }
        }
    }
    demand_nothing(&mut schema);
    schema
}

/// Drops `required` from mappings that are merged; elements of lists replace each other whole.
fn demand_nothing(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    schema.remove("required");
    for field in members(schema, "properties") {
        demand_nothing(field);
    }
    if let Some(rest) = schema.get_mut("additionalProperties") {
        demand_nothing(rest);
    }
    for key in ["anyOf", "oneOf"] {
        for choice in schema
            .get_mut(key)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            demand_nothing(choice);
        }
    }
}

fn members<'a>(
    schema: &'a mut Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a mut Value> {
    schema
        .get_mut(key)
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|m| m.values_mut())
}

/// Drops `null` as a choice: a field without a value is an absent one, and needs no mention.
fn drop_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        Value::Object(object) => {
            object.values_mut().for_each(drop_null);
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.retain(|w| !w.is_null());
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|c| c.get("type").is_none_or(|t| t != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
        }
        _ => {}
    }
}
