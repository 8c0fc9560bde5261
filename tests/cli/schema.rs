//! JSON against a JSON Schema: the keywords that regen's own schemas use, and no other.

use serde_json::{Map, Value};

/// Everything that is wrong with a value, with its place; a keyword that this reader does not know
/// is a fault of the reader's.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Reader { root: schema }.check(schema, value, "", &mut faults);
    faults
}

struct Reader<'a> {
    root: &'a Value,
}

impl Reader<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return faults.push(format!("{at}: nothing may stand here")),
            Value::Object(keywords) => keywords,
            other => panic!("{at}: {other} is no schema"),
        };
        for (keyword, wanted) in keywords {
            self.keyword(keyword, wanted, keywords, value, at, faults);
        }
    }

    fn keyword(
        &self,
        keyword: &str,
        wanted: &Value,
        keywords: &Map<String, Value>,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let mut fault = |text: String| faults.push(format!("{at}: {text}"));
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" | "examples" | "format" => {}
            "$ref" => {
                let pointer = wanted.as_str().and_then(|r| r.strip_prefix('#'));
                let target = pointer.and_then(|p| self.root.pointer(p));
                self.check(target.expect("a definition"), value, at, faults);
            }
            "type" => {
                let types = match wanted {
                    Value::Array(types) => types.clone(),
                    one => vec![one.clone()],
                };
                if !types
                    .iter()
                    .any(|t| is_a(value, t.as_str().expect("a type")))
                {
                    fault(format!("{value} is none of {types:?}"));
                }
            }
            "const" if value != wanted => fault(format!("{value} is not {wanted}")),
            "enum" if !wanted.as_array().expect("values").contains(value) => {
                fault(format!("{value} is none of {wanted}"));
            }
            "const" | "enum" => {}
            "minimum" if value.as_f64() < wanted.as_f64() && value.is_number() => {
                fault(format!("{value} is less than {wanted}"));
            }
            "minimum" => {}
            "required" => {
                for name in wanted.as_array().expect("names") {
                    let name = name.as_str().expect("a name");
                    if value.is_object() && value.get(name).is_none() {
                        fault(format!("`{name}` is missing"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in wanted.as_object().expect("properties") {
                    if let Some(value) = value.get(name) {
                        self.check(inner, value, &format!("{at}/{name}"), faults);
                    }
                }
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                for (name, value) in value.as_object().into_iter().flatten() {
                    if !known.is_some_and(|k| k.contains_key(name)) {
                        self.check(wanted, value, &format!("{at}/{name}"), faults);
                    }
                }
            }
            "items" => {
                for (i, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(wanted, value, &format!("{at}/{i}"), faults);
                }
            }
            "anyOf" | "oneOf" => {
                let choices = wanted.as_array().expect("schemas");
                let fits = |inner: &&Value| {
                    let mut faults = Vec::new();
                    self.check(inner, value, at, &mut faults);
                    faults.is_empty()
                };
                let fitting = choices.iter().filter(fits).count();
                if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
                    fault(format!("{value} fits {fitting} of {}", choices.len()));
                }
            }
            other => panic!("{at}: this reader does not know `{other}`"),
        }
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    }
}

#[test]
fn the_reader_finds_what_does_not_fit() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"$ref": "#/$defs/small"},
            "b": {"type": "array", "items": {"enum": ["x", "y"]}},
            "c": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "additionalProperties": false,
        "$defs": {"small": {"type": "integer", "minimum": 1}},
    });
    for (value, wrong) in [
        (serde_json::json!({"a": 1, "b": ["x"], "c": null}), None),
        (serde_json::json!({}), Some(": `a` is missing")),
        (serde_json::json!({"a": 0}), Some("/a: 0 is less than 1")),
        (serde_json::json!({"a": "1"}), Some("/a: \"1\" is none of")),
        (serde_json::json!({"a": 1, "b": ["z"]}), Some("/b/0: ")),
        (serde_json::json!({"a": 1, "c": 2}), Some("/c: 2 fits 0")),
        (serde_json::json!({"a": 1, "d": 2}), Some("/d: nothing")),
        (serde_json::json!([]), Some(": [] is none of")),
    ] {
        let found = faults(&schema, &value);
        match wrong {
            None => assert_eq!(found, Vec::<String>::new(), "{value}"),
            Some(text) => assert!(found.iter().any(|f| f.starts_with(text)), "{found:?}"),
        }
    }
}
