//! A JSON Schema of ours in the form that checking a tree wants: what may stand here?

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::schema;
use crate::model::raw::{Scalar, scalar};

/// What may stand at a place.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// What a definition says.
    Ref(String),
    /// A text; of a form, or one of some words, where it says so.
    Text {
        form: Option<&'static Scalar>,
        words: Vec<String>,
    },
    /// A whole number.
    Integer { least: i64, most: i64 },
    /// `true` or `false`.
    Bool,
    /// A list.
    List { element: Box<Shape>, least: u64 },
    /// A mapping.
    Map(Fields),
    /// One of several, told apart by kind.
    Choice(Vec<Shape>),
}

/// The members of a mapping.
#[derive(Debug)]
pub(super) struct Fields {
    /// Known members, in order of documentation.
    pub(super) known: Vec<(String, Shape)>,
    /// Members that must be there.
    pub(super) required: Vec<String>,
    /// What any other member is; absent: there may be none.
    pub(super) rest: Option<Box<Shape>>,
}

impl Fields {
    /// What a member may be.
    pub(super) fn get(&self, name: &str) -> Option<&Shape> {
        let known = self.known.iter().find(|(n, _)| n == name).map(|(_, s)| s);
        known.or(self.rest.as_deref())
    }
}

/// A shape with the definitions that it refers to.
#[derive(Debug)]
pub(super) struct Root {
    /// What a whole document is.
    pub(super) shape: Shape,
    defs: BTreeMap<String, Shape>,
}

impl Root {
    fn new(schema: &Value) -> Self {
        let defs = schema.get("$defs").and_then(Value::as_object);
        Self {
            shape: compile(schema),
            defs: defs
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.clone(), compile(schema)))
                .collect(),
        }
    }

    /// The shape behind a reference.
    pub(super) fn resolve<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        match shape {
            Shape::Ref(name) => self.defs.get(name).map_or(&Shape::Any, |s| self.resolve(s)),
            other => other,
        }
    }
}

macro_rules! roots {
    ($($name:ident),+) => {$(
        /// The compiled schema of the same name.
        pub(super) fn $name() -> &'static Root {
            static ROOT: LazyLock<Root> = LazyLock::new(|| Root::new(schema::$name()));
            &ROOT
        }
    )+};
}

roots!(fleet, region, service, overlay);

fn compile(schema: &Value) -> Shape {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return Shape::Ref(name.trim_start_matches("#/$defs/").to_owned());
    }
    if let Some(words) = words(schema) {
        return Shape::Text { form: None, words };
    }
    if let Some(name) = schema.get("x-scalar").and_then(Value::as_str) {
        let form = scalar(name);
        return Shape::Text {
            form,
            words: Vec::new(),
        };
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = schema.get(key).and_then(Value::as_array) {
            return Shape::Choice(choices.iter().map(compile).collect());
        }
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) if kinds.iter().any(|k| k == "string") => "string",
        _ => "",
    };
    match kind {
        "string" => Shape::Text {
            form: None,
            words: Vec::new(),
        },
        "integer" => Shape::Integer {
            least: schema
                .get("minimum")
                .and_then(Value::as_i64)
                .unwrap_or(i64::MIN),
            most: schema
                .get("maximum")
                .and_then(Value::as_i64)
                .unwrap_or_else(|| match schema.get("format").and_then(Value::as_str) {
                    Some("uint32") => i64::from(u32::MAX),
                    _ => i64::MAX,
                }),
        },
        "boolean" => Shape::Bool,
        "array" => Shape::List {
            element: Box::new(schema.get("items").map_or(Shape::Any, compile)),
            least: schema.get("minItems").and_then(Value::as_u64).unwrap_or(0),
        },
        "object" => Shape::Map(fields(schema)),
        _ => Shape::Any,
    }
}

fn fields(schema: &Value) -> Fields {
    let known = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    Fields {
        known: known
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), compile(schema)))
            .collect(),
        required: required
            .into_iter()
            .flatten()
            .filter_map(|r| r.as_str().map(str::to_owned))
            .collect(),
        rest: match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(rest) => Some(Box::new(compile(rest))),
            None => Some(Box::new(Shape::Any)),
        },
    }
}

/// The words of an enumeration, which schemars writes as `enum`, `const` or `oneOf` of `const`s.
fn words(schema: &Value) -> Option<Vec<String>> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    if let Some(word) = schema.get("const") {
        return text(word).map(|w| vec![w]);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(text).collect();
    }
    let choices = schema.get("oneOf").and_then(Value::as_array)?;
    let words: Option<Vec<Vec<String>>> = choices.iter().map(words_of_choice).collect();
    words.map(|w| w.concat())
}

fn words_of_choice(choice: &Value) -> Option<Vec<String>> {
    choice
        .get("oneOf")
        .is_none()
        .then(|| words(choice))
        .flatten()
}
