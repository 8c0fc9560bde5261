//! A filled document to an object: its identity, the marks of ownership, its origins.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::manifest::{ObjectId, Origin};
use crate::model::origin::FieldRef;

use super::fact::Source;
use super::facts::Place;
use super::shape::Trace;

/// The annotation that holds the identity of an object.
pub(crate) const ID: &str = "regen.dev/id";
/// The label that says who manages an object.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The label that names the fleet.
pub(crate) const FLEET: &str = "regen.dev/fleet";
/// The label that names the service.
pub(crate) const SERVICE: &str = "regen.dev/service";

/// The annotation that lists the areas to one of which data is bound.
pub(crate) const RESIDENCY: &str = "regen.dev/residency";

/// One object on its way to a file.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) id: Arc<ObjectId>,
    pub(crate) place: Arc<Place>,
    /// Labels that nothing may change, and others that mark what it belongs to.
    pub(crate) marks: Arc<Marks>,
    pub(crate) body: Value,
    pub(crate) origins: BTreeMap<String, Origin>,
}

/// The marks that every object of a scope gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Labels that say who owns it; a template may not set them otherwise.
    pub(crate) owned: Vec<(String, String)>,
    /// Labels that a template may set otherwise.
    pub(crate) offered: Vec<(String, String)>,
    /// Annotations that a template may set otherwise.
    pub(crate) notes: Vec<(String, String)>,
}

/// The identity and version of a document, or what is missing in it.
pub(crate) fn identify(body: &Value) -> Result<(ObjectId, String), String> {
    let text = |value: Option<&Value>, name: &str| match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(_) => Err(format!("`{name}` of a document is not a text")),
        None => Err(format!("a document has no `{name}`")),
    };
    let api_version = text(body.get("apiVersion"), "apiVersion")?;
    let kind = text(body.get("kind"), "kind")?;
    let metadata = body.get("metadata").unwrap_or(&Value::Null);
    let name = text(metadata.get("name"), "metadata.name")?;
    let namespace = match metadata.get("namespace") {
        None => String::new(),
        some => text(some, "metadata.namespace")?,
    };
    let group = api_version
        .split_once('/')
        .map_or("", |(g, _)| g)
        .to_owned();
    let id = ObjectId {
        group,
        kind,
        namespace,
        name,
    };
    Ok((id, api_version))
}

/// Puts the marks on an object; fails where a template claims what is not its to say.
pub(crate) fn mark(
    body: &mut Value,
    id: &ObjectId,
    marks: &Marks,
    home: &str,
) -> Result<(), String> {
    let identity = identity(id, home);
    let labels = section(body, "labels")?;
    for (label, value) in &marks.owned {
        set(labels, label, value)?;
    }
    for (label, value) in &marks.offered {
        labels
            .entry(label.clone())
            .or_insert_with(|| Value::String(value.clone()));
    }
    let annotations = section(body, "annotations")?;
    for (name, value) in &marks.notes {
        annotations
            .entry(name.clone())
            .or_insert_with(|| Value::String(value.clone()));
    }
    set(annotations, ID, &identity)
}

/// Whether the marks are as [`mark`] has put them.
pub(crate) fn marked(body: &Value, id: &ObjectId, marks: &Marks, home: &str) -> bool {
    let metadata = body.get("metadata");
    let has = |section: &str, key: &str, value: &str| {
        let found = metadata
            .and_then(|m| m.get(section))
            .and_then(|s| s.get(key));
        found.and_then(Value::as_str) == Some(value)
    };
    marks
        .owned
        .iter()
        .all(|(label, value)| has("labels", label, value))
        && has("annotations", ID, &identity(id, home))
}

/// The identity as the annotation holds it.
pub(crate) fn identity(id: &ObjectId, cluster: &str) -> String {
    let ObjectId {
        group,
        kind,
        namespace,
        name,
    } = id;
    format!("{cluster}:{group}/{kind}:{namespace}/{name}")
}

fn section<'a>(body: &'a mut Value, name: &str) -> Result<&'a mut Map<String, Value>, String> {
    body.get_mut("metadata")
        .and_then(Value::as_object_mut)
        .map(|metadata| {
            metadata
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()))
        })
        .and_then(Value::as_object_mut)
        .ok_or_else(|| format!("`metadata.{name}` of a document is not a mapping"))
}

fn set(members: &mut Map<String, Value>, key: &str, value: &str) -> Result<(), String> {
    match members.insert(key.to_owned(), Value::String(value.to_owned())) {
        Some(Value::String(old)) if old == value => Ok(()),
        None => Ok(()),
        Some(_) => Err(format!("`{key}` is regen's to set, not a template's")),
    }
}

/// The origins of a document by JSON pointer.
pub(crate) fn origins(
    traces: Vec<Trace>,
    template: &Arc<str>,
    line: u32,
) -> BTreeMap<String, Origin> {
    let mut origins = BTreeMap::new();
    let written = |line: u32| Origin::Template {
        template: Arc::clone(template),
        line,
    };
    origins.insert(String::new(), written(line));
    for trace in traces {
        let Trace {
            at,
            source,
            line,
            exact,
        } = trace;
        let derived = |fields: Vec<FieldRef>| Origin::Derived {
            fields,
            template: Arc::clone(template),
            line,
        };
        let origin = match source {
            Source::Field(field) if exact => Origin::Field(FieldRef::clone(&field)),
            Source::Field(field) => derived(vec![FieldRef::clone(&field)]),
            Source::Fields(fields) => derived(fields.to_vec()),
            Source::Plan(what) => Origin::Plan(what.to_string()),
            Source::Around => written(line),
        };
        // A text of several values has several traces at one place.
        match origins.remove(&at) {
            Some(Origin::Derived {
                mut fields,
                template,
                line,
            }) if !exact => {
                if let Origin::Derived { fields: more, .. } = origin {
                    fields.extend(more);
                    fields.sort();
                    fields.dedup();
                }
                origins.insert(
                    at,
                    Origin::Derived {
                        fields,
                        template,
                        line,
                    },
                );
            }
            Some(old @ Origin::Plan(_)) if !exact && matches!(origin, Origin::Template { .. }) => {
                origins.insert(at, old);
            }
            _ => {
                origins.insert(at, origin);
            }
        }
    }
    origins
}
