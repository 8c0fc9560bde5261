//! Adds types from OpenAPI v3 documents and from CustomResourceDefinitions.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::rules::{self, Rules};
use super::types::{Field, Root, Schemas, Served, Struct, Type, Zero, group_of};

/// Deeper schemas than this are taken as "anything": no served one comes near.
const MAX_DEPTH: usize = 64;

/// Fields of custom resources that hold Go durations, which controllers rewrite (`2160h` to
/// `2160h0m0s`): group, kind, path.
const DURATIONS: &[(&str, &str, &str)] = &[
    ("cert-manager.io", "Certificate", "spec.duration"),
    ("cert-manager.io", "Certificate", "spec.renewBefore"),
    ("cert-manager.io", "CertificateRequest", "spec.duration"),
];

impl Schemas {
    /// These types with those of one OpenAPI v3 document of a cluster (`/openapi/v3/apis/…`).
    ///
    /// A built-in type gets the members that the cluster publishes and keeps what OpenAPI cannot
    /// tell (zero values, defaults) of the members that both know.
    #[must_use]
    pub fn with_openapi(mut self, document: &Value) -> Self {
        self.add_openapi(document);
        self
    }

    /// As [`Schemas::with_openapi`], in place.
    pub fn add_openapi(&mut self, document: &Value) {
        let Some(all) = document
            .pointer("/components/schemas")
            .and_then(Value::as_object)
        else {
            return;
        };
        // Names first, so that references may go in circles.
        let mut fresh = Vec::new();
        for (name, schema) in all {
            if schema.get("properties").is_none() || name.ends_with(".DeleteOptions") {
                continue;
            }
            let id = match self.named(name) {
                Some(id) => id,
                None => {
                    let id = self.push(Struct::default());
                    self.names.insert(name.as_str().into(), id);
                    id
                }
            };
            fresh.push((name, schema, id));
        }
        for (name, schema, id) in fresh {
            let built_in = name.starts_with("io.k8s.");
            let gvks = gvks(schema);
            let (group, kind) = match gvks.first() {
                Some((api_version, kind)) => (group_of(api_version).to_owned(), (*kind).to_owned()),
                None => Default::default(),
            };
            let mut reader = Reader {
                schemas: self,
                built_in,
                group: &group,
                kind: &kind,
            };
            let mut new = reader.object(schema, "", 0);
            new.name = name.as_str().into();
            if built_in {
                inherit(self.get(id), &mut new);
            }
            let open = new.open && new.fields.iter().all(|f| is_head(&f.name));
            self.structs[id.0 as usize] = Arc::new(new);
            for (api_version, kind) in gvks {
                if kind.ends_with("List") && schema.pointer("/properties/items").is_some() {
                    continue;
                }
                let known = self.root(&api_version, kind);
                let root = Root {
                    ty: Type::Struct(id),
                    namespaced: known.and_then(|r| r.namespaced),
                    built_in: built_in && known.is_none_or(|r| r.built_in) && !open,
                    served: Served::ALWAYS, // by the cluster that published it
                    rules: None,
                    cel: 0,
                };
                self.insert(&api_version, kind, root);
            }
        }
    }

    /// These types with those of one CustomResourceDefinition (`apiextensions.k8s.io/v1`).
    #[must_use]
    pub fn with_crd(mut self, crd: &Value) -> Self {
        self.add_crd(crd);
        self
    }

    /// As [`Schemas::with_crd`], in place.
    pub fn add_crd(&mut self, crd: &Value) {
        let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str);
        let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else {
            return;
        };
        self.note_plural(group, kind, crd);
        let namespaced = text("/spec/scope").map(|s| s == "Namespaced");
        let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
        for version in versions.into_iter().flatten() {
            let Some(name) = version.get("name").and_then(Value::as_str) else {
                continue;
            };
            if version.get("served") == Some(&Value::Bool(false)) {
                continue;
            }
            let nothing = Value::Object(Map::new());
            let schema = version
                .pointer("/schema/openAPIV3Schema")
                .unwrap_or(&nothing);
            let mut reader = Reader {
                schemas: self,
                built_in: false,
                group,
                kind,
            };
            let mut root = reader.object(schema, "", 0);
            self.add_head(&mut root);
            let id = self.push(root);
            let root = Root {
                ty: Type::Struct(id),
                namespaced,
                built_in: false,
                served: Served::ALWAYS,
                rules: Rules::read(schema).map(Arc::new),
                cel: rules::in_cel(schema),
            };
            self.insert(&format!("{group}/{name}"), kind, root);
        }
    }

    fn insert(&mut self, api_version: &str, kind: &str, root: Root) {
        self.roots
            .entry(api_version.into())
            .or_default()
            .insert(kind.into(), root);
    }

    /// Gives a custom object its `apiVersion`, `kind` and `metadata`.
    fn add_head(&self, s: &mut Struct) {
        s.fields.retain(|f| !is_head(&f.name));
        let meta = self.meta.clone().unwrap_or(Type::Any);
        for (name, ty) in [
            ("apiVersion", Type::String),
            ("kind", Type::String),
            ("metadata", meta),
        ] {
            s.fields.push(plain(name, ty));
        }
        s.fields.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

fn is_head(name: &str) -> bool {
    matches!(name, "apiVersion" | "kind" | "metadata")
}

fn plain(name: &str, ty: Type) -> Field {
    Field {
        name: name.into(),
        ty,
        required: false,
        zero: Zero::Kept,
        empty_is_absent: false,
        nullable: false,
        values: Box::default(),
        default: None,
        served: Served::ALWAYS,
    }
}

fn gvks(schema: &Value) -> Vec<(String, &str)> {
    schema
        .get("x-kubernetes-group-version-kind")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|gvk| {
            let text = |key| gvk.get(key).and_then(Value::as_str);
            let (group, version, kind) = (text("group")?, text("version")?, text("kind")?);
            Some(match group {
                "" => (version.to_owned(), kind),
                _ => (format!("{group}/{version}"), kind),
            })
        })
        .collect()
}

/// What OpenAPI does not publish of a built-in type, from the type of that name known so far.
fn inherit(known: &Struct, new: &mut Struct) {
    new.atomic |= known.atomic;
    for field in &mut new.fields {
        if let Some(old) = known.field(&field.name) {
            field.zero = old.zero;
            field.empty_is_absent = old.empty_is_absent;
            field.default = old.default.clone();
            if matches!(old.ty, Type::Any) {
                field.ty = Type::Any;
            }
        }
    }
    let names: Vec<Arc<str>> = new.fields.iter().map(|f| f.name.clone()).collect();
    new.when = known.when.clone();
    for condition in &mut new.when {
        condition.set.retain(|(name, _)| names.contains(name));
    }
}

struct Reader<'a> {
    schemas: &'a mut Schemas,
    built_in: bool,
    group: &'a str,
    kind: &'a str,
}

impl Reader<'_> {
    fn object(&mut self, schema: &Value, path: &str, depth: usize) -> Struct {
        let flag = |key| schema.get(key) == Some(&Value::Bool(true));
        let mut s = Struct {
            built_in: self.built_in,
            atomic: schema.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic"),
            open: flag("x-kubernetes-preserve-unknown-fields")
                || schema.get("additionalProperties").is_some()
                || schema.get("type").is_none() && schema.get("properties").is_none(),
            embedded: flag("x-kubernetes-embedded-resource"),
            ..Struct::default()
        };
        let required = schema.get("required").and_then(Value::as_array);
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let path = match path {
                "" => name.clone(),
                _ => format!("{path}.{name}"),
            };
            let values = schema.get("enum").and_then(Value::as_array);
            s.fields.push(Field {
                required: required
                    .is_some_and(|r| r.iter().any(|r| r.as_str() == Some(name.as_str()))),
                nullable: schema.get("nullable") == Some(&Value::Bool(true)),
                values: values
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(Arc::from)
                    .collect(),
                // In built-in schemas `default` is mostly the zero value of a Go type.
                default: match self.built_in {
                    true => None,
                    false => schema.get("default").cloned(),
                },
                zero: match self.built_in && schema.get("default").is_some_and(is_zero) {
                    true => Zero::Absent,
                    false => Zero::Kept,
                },
                ..plain(name, self.ty(schema, &path, depth + 1))
            });
        }
        s.fields.sort_by(|a, b| a.name.cmp(&b.name));
        s
    }

    fn ty(&mut self, schema: &Value, path: &str, depth: usize) -> Type {
        if depth > MAX_DEPTH {
            return Type::Any;
        }
        let text = |key| schema.get(key).and_then(Value::as_str);
        let atomic = text("x-kubernetes-map-type") == Some("atomic");
        let whole = |ty| match atomic {
            true => Type::Atomic(Box::new(ty)),
            false => ty,
        };
        if let Some(reference) = text("$ref") {
            return self.reference(reference);
        }
        if let Some([one]) = schema
            .get("allOf")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            && let Some(reference) = one.get("$ref").and_then(Value::as_str)
        {
            return whole(self.reference(reference));
        }
        if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
            return match text("pattern") {
                Some(pattern) if pattern.contains("KMGTPE") => Type::CustomQuantity,
                _ => Type::IntOrString,
            };
        }
        let open = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
        match text("type") {
            Some("array") => self.list(schema, path, depth),
            Some("object") if schema.get("properties").is_some() => {
                let s = self.object(schema, path, depth);
                Type::Struct(self.schemas.push(s))
            }
            Some("object") => match schema.get("additionalProperties") {
                Some(Value::Bool(false)) | None if !open && !self.built_in => {
                    let s = self.object(schema, path, depth);
                    Type::Struct(self.schemas.push(s))
                }
                Some(values @ Value::Object(_)) => {
                    let values = self.ty(values, path, depth + 1);
                    whole(Type::Dict(Box::new(values)))
                }
                _ => Type::Any,
            },
            Some("string") if DURATIONS.contains(&(self.group, self.kind, path)) => Type::Duration,
            Some("string") => match text("format") {
                Some("byte") => Type::Bytes,
                Some("date-time") => Type::Time,
                _ => Type::String,
            },
            Some("integer") => match text("format") {
                Some("int32") => Type::Int32,
                _ => Type::Int64,
            },
            Some("number") => Type::Number,
            Some("boolean") => Type::Bool,
            _ => Type::Any,
        }
    }

    fn list(&mut self, schema: &Value, path: &str, depth: usize) -> Type {
        if schema.get("format").and_then(Value::as_str) == Some("byte") {
            return Type::Bytes;
        }
        let items = match schema.get("items") {
            Some(items) => self.ty(items, path, depth + 1),
            None => Type::Any,
        };
        let keys: Vec<Arc<str>> = schema
            .get("x-kubernetes-list-map-keys")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(Arc::from)
            .collect();
        let items = Box::new(items);
        match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
            Some("set") => Type::Set(items),
            Some("map") if !keys.is_empty() => Type::Keyed(keys.into(), items),
            _ => Type::List(items),
        }
    }

    fn reference(&self, reference: &str) -> Type {
        let name = reference.rsplit('/').next().unwrap_or_default();
        match name.rsplit('.').next() {
            Some("Quantity") if name.starts_with("io.k8s.") => Type::Quantity,
            Some("Time" | "MicroTime") if name.starts_with("io.k8s.") => Type::Time,
            Some("IntOrString") if name.starts_with("io.k8s.") => Type::IntOrString,
            _ => self.schemas.named(name).map_or(Type::Any, Type::Struct),
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        _ => false,
    }
}
