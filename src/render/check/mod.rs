//! Rendered objects, after overlays, to what an API server or the cluster would refuse.
//!
//! Two entries: [`object`] looks at one object alone, and [`cluster`] at how the objects of one
//! cluster fit together; it sees of each only its [`Links`].

mod crds;
mod data;
mod links;
mod metadata;
mod names;
mod pods;
mod ports;
mod references;
mod schema;
mod selectors;
mod targets;
mod tell;

use std::borrow::Cow;

use serde_json::Value;

use crate::diag::Code;
use crate::model::manifest::ObjectId;
use crate::model::world::Existing;
use crate::schema::Schemas;

pub(super) use crds::add_crds;
pub(super) use links::Links;
pub(super) use tell::{Found, tell};

/// The types that objects are checked against.
pub(super) type Types = Cow<'static, Schemas>;

/// One fault of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: Code,
    /// JSON pointer to what is wrong.
    pub(super) at: String,
    pub(super) message: String,
    pub(super) help: String,
}

impl Fault {
    fn new(code: Code, at: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            at: at.into(),
            message: message.into(),
            help: String::new(),
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// An object on its way to a file.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) id: &'a ObjectId,
    pub(super) api_version: &'a str,
    pub(super) body: &'a Value,
    /// The minor version of the Kubernetes 1 that it is for; nothing: any.
    pub(super) minor: Option<u16>,
}

/// What is wrong with an object by itself. It does not depend on the cluster beyond its version.
pub(super) fn object(types: &Schemas, object: Object<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    schema::check(types, object, &mut faults);
    names::check(types, object, &mut faults);
    metadata::check(object, &mut faults);
    if object.id.group.is_empty() {
        data::check(object, &mut faults);
    }
    if let Some(pod) = pods::of(object.id, object.body) {
        selectors::check(object, &pod, &mut faults);
        pods::check(&pod, &mut faults);
    }
    faults
}

/// How the objects of one cluster fail to fit together: the index of the object and what is wrong.
///
/// `existing` is what stands in clusters without being rendered.
pub(super) fn cluster(
    objects: &[(&ObjectId, &Links)],
    existing: &[Existing],
) -> Vec<(usize, Fault)> {
    let mut faults = Vec::new();
    let known = references::Known::new(objects, existing);
    references::check(objects, &known, &mut faults);
    let workloads = targets::Workloads::new(objects);
    ports::check(objects, &workloads, &mut faults);
    targets::check(objects, &workloads, &mut faults);
    faults
}

/// The text of a member.
fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The elements of a list; nothing where it is absent.
fn each<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().enumerate()
}

/// The members of a mapping whose values are texts.
fn texts(value: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    let members = value.and_then(Value::as_object);
    members
        .into_iter()
        .flatten()
        .filter_map(|(k, v)| Some((k.as_str(), v.as_str()?)))
}

/// A pointer with one more step.
fn below(at: &str, step: &str) -> String {
    format!("{at}/{}", step.replace('~', "~0").replace('/', "~1"))
}
