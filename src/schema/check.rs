//! What a server would refuse or drop in an object, by its schema alone.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diag::nearest;
use crate::model::quantity::Quantity;

use super::types::{Field, Schemas, Served, Struct, Type};

/// At most so many faults of one object are told.
const MAX_VIOLATIONS: usize = 100;

/// So few elements are compared with each other; more are sorted.
const FEW: usize = 16;

/// Values that nest deeper are not looked into.
const MAX_DEPTH: usize = 100;

/// One fault of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the value; for a missing member, to what should hold it.
    pub pointer: String,
    /// What is wrong there.
    pub what: What,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The type has no such member: the server drops it, or refuses it when asked to be strict.
    Unknown {
        /// The member.
        name: String,
        /// The member of the type that is spelled most like it.
        similar: Option<Arc<str>>,
    },
    /// The value is of another type.
    Type {
        /// The type in words, such as `an integer`.
        expected: &'static str,
    },
    /// A required member is absent.
    Missing {
        /// The member.
        name: Arc<str>,
    },
    /// The value is none of those that are allowed.
    NotAllowed {
        /// Those that are.
        allowed: Vec<Arc<str>>,
    },
    /// Another version of Kubernetes has it, the one that was asked for has not.
    OtherVersion {
        /// The member; nothing for the kind itself.
        name: Option<Arc<str>>,
        /// The versions that have it.
        served: Served,
    },
    /// A rule of a CustomResourceDefinition does not hold; what it says, in words.
    Rule(String),
    /// Two elements of a list have the same key.
    DuplicateKey,
    /// The value nests deeper than any server takes.
    TooDeep,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown {
                name,
                similar: None,
            } => write!(f, "unknown field `{name}`"),
            Self::Unknown {
                name,
                similar: Some(similar),
            } => write!(f, "unknown field `{name}`; did you mean `{similar}`?"),
            Self::Type { expected } => write!(f, "expected {expected}"),
            Self::Missing { name } => write!(f, "required field `{name}` is missing"),
            Self::NotAllowed { allowed } => {
                f.write_str("expected one of ")?;
                for (i, value) in allowed.iter().enumerate() {
                    write!(f, "{}`{value}`", if i == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::OtherVersion { name, served } => {
                match name {
                    Some(name) => write!(f, "field `{name}` ")?,
                    None => f.write_str("the kind ")?,
                }
                match (served.since, served.until) {
                    (Some(since), Some(until)) if since == until => {
                        write!(f, "exists in Kubernetes 1.{since} alone")
                    }
                    (Some(since), Some(until)) => {
                        write!(f, "exists in Kubernetes 1.{since} to 1.{until} alone")
                    }
                    (Some(since), None) => write!(f, "came with Kubernetes 1.{since}"),
                    (None, Some(until)) => write!(f, "went after Kubernetes 1.{until}"),
                    (None, None) => f.write_str("is not served"),
                }
            }
            Self::Rule(rule) => f.write_str(rule),
            Self::DuplicateKey => f.write_str("two elements have the same key"),
            Self::TooDeep => f.write_str("nests too deep"),
        }
    }
}

impl Schemas {
    /// The faults of an object, in the order of its members; `None` when its kind is unknown.
    ///
    /// `minor` is the minor version of the Kubernetes 1 that it is for; nothing: any.
    pub fn check(
        &self,
        api_version: &str,
        kind: &str,
        object: &Value,
        minor: Option<u16>,
    ) -> Option<Vec<Violation>> {
        let root = self.root(api_version, kind)?;
        let mut walk = Walk {
            schemas: self,
            minor,
            found: Vec::new(),
            path: Vec::new(),
        };
        if minor.is_some_and(|m| !root.served.by(m)) {
            let (name, served) = (None, root.served);
            walk.tell(What::OtherVersion { name, served });
            return Some(walk.found);
        }
        walk.value(object, &root.ty);
        let mut found = walk.found;
        if let Some(rules) = &root.rules {
            rules.check(object, &mut found);
        }
        Some(found)
    }
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

struct Walk<'a> {
    schemas: &'a Schemas,
    minor: Option<u16>,
    found: Vec<Violation>,
    path: Vec<Step<'a>>,
}

impl<'a> Walk<'a> {
    fn tell(&mut self, what: What) {
        if self.found.len() < MAX_VIOLATIONS {
            let pointer = self
                .path
                .iter()
                .fold(String::new(), |path, step| match step {
                    Step::Name(name) => path + "/" + &name.replace('~', "~0").replace('/', "~1"),
                    Step::Index(i) => path + "/" + &i.to_string(),
                });
            self.found.push(Violation { pointer, what });
        }
    }

    fn within(&mut self, step: Step<'a>, then: impl FnOnce(&mut Self)) {
        self.path.push(step);
        if self.path.len() > MAX_DEPTH {
            self.tell(What::TooDeep);
        } else {
            then(self);
        }
        self.path.pop();
    }

    fn value(&mut self, value: &'a Value, ty: &'a Type) {
        if value.is_null() {
            return; // the same as absence
        }
        if let Some(expected) = mismatch(value, ty) {
            return self.tell(What::Type { expected });
        }
        match (ty, value) {
            (Type::Struct(id), Value::Object(members)) => {
                self.members(members, self.schemas.get(*id));
            }
            (Type::Atomic(inner), _) => self.value(value, inner),
            (Type::Dict(inner), Value::Object(members)) => {
                for (name, value) in members {
                    self.within(Step::Name(name), |w| w.value(value, inner));
                }
            }
            (Type::List(inner), Value::Array(elements)) => self.elements(elements, inner),
            (Type::Set(inner), Value::Array(elements)) => {
                self.elements(elements, inner);
                let mut seen = BTreeSet::new();
                if !elements.iter().all(|e| seen.insert(e.to_string())) {
                    self.tell(What::DuplicateKey);
                }
            }
            (Type::Keyed(keys, inner), Value::Array(elements)) => {
                self.elements(elements, inner);
                self.keys(keys, inner, elements);
            }
            _ => {}
        }
    }

    fn elements(&mut self, elements: &'a [Value], ty: &'a Type) {
        for (i, element) in elements.iter().enumerate() {
            self.within(Step::Index(i), |w| w.value(element, ty));
        }
    }

    fn members(&mut self, members: &'a Map<String, Value>, s: &'a Struct) {
        for (name, value) in members {
            match s.field(name) {
                Some(field) if self.minor.is_some_and(|m| !field.served.by(m)) => {
                    let (name, served) = (Some(field.name.clone()), field.served);
                    self.tell(What::OtherVersion { name, served });
                }
                // Go's decoder reads null as absence; a custom resource keeps it.
                Some(field)
                    if value.is_null() && !s.built_in && !field.nullable && !field.required =>
                {
                    if field.default.is_none() && !matches!(field.ty, Type::Any) {
                        let expected = "a value, not null";
                        self.within(Step::Name(name), |w| w.tell(What::Type { expected }));
                    }
                }
                Some(field) => self.within(Step::Name(name), |w| w.field(value, field)),
                None if s.open => {}
                None if s.embedded
                    && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") => {}
                None => {
                    let similar = similar(name, s);
                    let name = name.clone();
                    self.tell(What::Unknown { name, similar });
                }
            }
        }
        for field in s.fields.iter().filter(|f| f.required) {
            let absent = match members.get(field.name.as_ref()) {
                None => true,
                Some(value) => value.is_null() && !field.nullable,
            };
            if absent && field.default.is_none() {
                let name = field.name.clone();
                self.tell(What::Missing { name });
            }
        }
    }

    fn field(&mut self, value: &'a Value, field: &'a Field) {
        self.value(value, &field.ty);
        if let Value::String(text) = value
            && !field.values.is_empty()
            && !field.values.iter().any(|v| v.as_ref() == text)
        {
            let allowed = field.values.to_vec();
            self.tell(What::NotAllowed { allowed });
        }
    }

    fn keys(&mut self, keys: &[Arc<str>], inner: &Type, elements: &[Value]) {
        if elements.len() < 2 {
            return;
        }
        let default = |key: &str| match inner {
            Type::Struct(id) => self.schemas.get(*id).field(key)?.default.as_ref(),
            _ => None,
        };
        let same = |a: &Value, b: &Value| {
            keys.iter().all(|key| {
                let a = a.get(key.as_ref()).or_else(|| default(key));
                a == b.get(key.as_ref()).or_else(|| default(key))
            })
        };
        let twice = if elements.len() <= FEW {
            (1..elements.len()).any(|i| (0..i).any(|j| same(&elements[i], &elements[j])))
        } else {
            let mut seen = BTreeSet::new();
            !elements.iter().all(|element| {
                let key: Vec<String> = keys
                    .iter()
                    .map(|key| {
                        let value = element.get(key.as_ref()).or_else(|| default(key));
                        value.map_or_else(String::new, Value::to_string)
                    })
                    .collect();
                seen.insert(key)
            })
        };
        if twice {
            self.tell(What::DuplicateKey);
        }
    }
}

/// Whether a value is of a type, whatever is inside it.
pub fn fits(value: &Value, ty: &Type) -> bool {
    mismatch(value, ty).is_none()
}

/// The type in words, when the value is not of it.
fn mismatch(value: &Value, ty: &Type) -> Option<&'static str> {
    let fits = |fits: bool, words| (!fits).then_some(words);
    match ty {
        Type::Any => None,
        Type::String | Type::Duration => fits(value.is_string(), "a string"),
        Type::Bool => fits(value.is_boolean(), "a boolean"),
        Type::Int32 => fits(
            integer(value).is_some_and(|i| i32::try_from(i).is_ok()),
            "an integer of 32 bits",
        ),
        Type::Int64 => fits(integer(value).is_some(), "an integer"),
        Type::Number => fits(value.is_number(), "a number"),
        Type::Quantity | Type::CustomQuantity => {
            let legal = match value {
                Value::String(text) => Quantity::parse(text).is_some(),
                _ => value.is_number(),
            };
            fits(legal, "a quantity such as `500m` or `1Gi`")
        }
        Type::IntOrString => fits(
            value.is_string() || integer(value).is_some(),
            "an integer or a string",
        ),
        Type::Time => {
            let legal = value
                .as_str()
                .is_some_and(|t| crate::normalise::instant(t).is_some());
            fits(legal, "a time such as `2026-01-31T00:00:00Z`")
        }
        Type::Bytes => {
            let legal = value
                .as_str()
                .is_some_and(|t| crate::normalise::base64(t).is_some());
            fits(legal, "base64")
        }
        Type::Struct(_) | Type::Dict(_) => fits(value.is_object(), "a map"),
        Type::Atomic(inner) => mismatch(value, inner),
        Type::List(_) | Type::Set(_) | Type::Keyed(..) => fits(value.is_array(), "a list"),
    }
}

/// The integer, also of a number that is written with a fraction of zero (`1.0`, `1e3`).
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(float as i64)
    })
}

/// The member that is spelled most like a name, if any is near.
fn similar(name: &str, s: &Struct) -> Option<Arc<str>> {
    nearest(name, s.fields.iter().map(|f| &*f.name)).map(Arc::from)
}

#[cfg(test)]
mod tests;
