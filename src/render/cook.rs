//! A document of a template to an object that clusters share: all but the cluster's name in its
//! identity is made once.

use std::sync::Arc;

use serde_json::Value;

use crate::emit;
use crate::model::manifest::{Made, ObjectId, Origin, Recipe};
use crate::model::name::ClusterName;
use crate::model::origin::{FieldRef, Subject};
use crate::model::text::Text;
use crate::schema::Schemas;

use super::check::{self, Links};
use super::fact::Item;
use super::facts::{Place, Scene};
use super::object::{self, Draft, Marks};
use super::place;
use super::shape::{Shape, ShapeFault};
use super::templates::Entry;

/// An object but for the cluster that it is for.
#[derive(Debug)]
pub(crate) struct Cooked {
    pub(crate) id: Arc<ObjectId>,
    pub(crate) template: Arc<str>,
    pub(crate) line: u32,
    /// The shortest name of its file.
    pub(crate) file: Arc<str>,
    /// The same for equal identities.
    pub(crate) hash: u64,
    /// What is wrong with it by itself.
    pub(crate) faults: Vec<check::Fault>,
    /// What it has to do with others.
    pub(crate) links: Arc<Links>,
    /// Whether the schema of its kind is known.
    pub(crate) known: bool,
    /// How many rules in CEL the definition of its kind has.
    pub(crate) cel: usize,
    api_version: Arc<str>,
    /// The text of its file before and after the identity.
    around: (Arc<str>, Arc<str>),
    shape: Arc<Shape>,
    document: usize,
    slots: Arc<[Item]>,
    marks: Arc<Marks>,
    /// Where it was made first.
    place: Arc<Place>,
}

impl Cooked {
    /// Makes an object of a document of a shape, in the first of its clusters, and checks it.
    pub(crate) fn new(
        entry: &Entry,
        scene: &Scene,
        (shape, document): (&Arc<Shape>, usize),
        slots: &Arc<[Item]>,
        types: &Schemas,
    ) -> Result<Self, ShapeFault> {
        let piece = &shape.documents[document];
        let mut body = piece.fill(slots)?;
        let line = piece.line;
        let told = |message| ShapeFault { message, line };
        let (id, api_version) = object::identify(&body).map_err(told)?;
        object::mark(&mut body, &id, &scene.marks, &scene.place.home).map_err(told)?;
        let identity = body["metadata"]["annotations"].get(object::ID);
        let (before, after) = emit::around(&body, identity.unwrap_or(&Value::Null));
        let mut cooked = Self {
            file: place::short(&id).into(),
            hash: hash(&id),
            id: Arc::new(id),
            template: Arc::clone(&entry.path),
            line,
            faults: Vec::new(),
            links: Arc::default(),
            known: false,
            cel: 0,
            api_version: api_version.into(),
            around: (before.into(), after.into()),
            shape: Arc::clone(shape),
            document,
            slots: Arc::clone(slots),
            marks: Arc::clone(&scene.marks),
            place: Arc::clone(&scene.place),
        };
        let root = types.root(&cooked.api_version, &cooked.id.kind);
        cooked.known = root.is_some();
        cooked.cel = root.map_or(0, |root| root.cel);
        cooked.links = Arc::new(Links::of(&cooked.id, &body));
        cooked.faults = cooked.check(&scene.place, &body, types);
        Ok(cooked)
    }

    /// What is wrong with it, or with what overlays made of it, by itself.
    pub(crate) fn check(&self, place: &Place, body: &Value, types: &Schemas) -> Vec<check::Fault> {
        let object = check::Object {
            id: &self.id,
            api_version: &self.api_version,
            body,
            minor: place.kubernetes.map(|version| version.minor),
        };
        check::object(types, object)
    }

    /// The text of its file in a cluster.
    pub(crate) fn text(&self, place: &Place) -> Text {
        let identity = object::identity(&self.id, &place.home);
        match emit::inline(&identity) {
            Some(identity) => {
                let (before, after) = &self.around;
                Text::of(vec![Arc::clone(before), identity.into(), Arc::clone(after)])
            }
            None => emit::document(&self.make(place.cluster.as_ref()).body).into(),
        }
    }

    /// The object in a cluster, to be patched.
    pub(crate) fn draft(&self, place: &Arc<Place>) -> Draft {
        let Made { body, origins } = self.make(place.cluster.as_ref());
        Draft {
            id: Arc::clone(&self.id),
            place: Arc::clone(place),
            marks: Arc::clone(&self.marks),
            body,
            origins,
        }
    }
}

impl Recipe for Cooked {
    fn make(&self, cluster: Option<&ClusterName>) -> Made {
        let piece = &self.shape.documents[self.document];
        // It was filled and marked before, with the same values.
        let (mut body, traces) = piece.trace(&self.slots).unwrap_or_default();
        let home = cluster.map_or(&*self.place.home, ClusterName::as_str);
        let _ = object::mark(&mut body, &self.id, &self.marks, home);
        let mut origins = object::origins(traces, &self.template, self.line);
        if let (Some(from), Some(to)) = (&self.place.cluster, cluster)
            && from != to
        {
            origins
                .values_mut()
                .for_each(|origin| rename(origin, from, to));
        }
        Made { body, origins }
    }
}

/// FNV-1a of an identity.
fn hash(id: &ObjectId) -> u64 {
    let parts = [&id.group, &id.kind, &id.namespace, &id.name];
    let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Puts one cluster in the place of another.
fn rename(origin: &mut Origin, from: &ClusterName, to: &ClusterName) {
    let field = |field: &mut FieldRef| {
        if matches!(&field.subject, Subject::Cluster(name) if name == from) {
            field.subject = Subject::Cluster(to.clone());
        }
    };
    match origin {
        Origin::Field(one) => field(one),
        Origin::Derived { fields, .. } => {
            fields.iter_mut().for_each(field);
            fields.sort();
        }
        Origin::Plan(_) | Origin::Overlay(_) | Origin::Template { .. } => {}
    }
}
