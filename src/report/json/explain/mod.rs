//! An explanation as JSON: of a service, one of its stores, a field, or a rendered object.

mod service;
mod stores;
mod weighed;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Sources;
use crate::model::manifest::RenderedFile;
use crate::model::name::ServiceKey;
use crate::model::origin::{Blame, Origins, Subject};
use crate::report::{Provenance, Told};

use super::diagnostics::{PlaceForm, place};
use super::drift::{OriginForm, origin};

use service::ServiceStoryForm;
use stores::StoreStoryForm;

/// What was explained; members that do not belong to its kind are null.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainForm {
    /// Version of this form.
    version: u32,
    /// `service`, `store`, `field` or `object`.
    kind: &'static str,
    /// What it is about: `checkout@staging`, `checkout/orders`, `checkout.tier`, a path.
    name: String,
    /// The story of a service's placement.
    service: Option<ServiceStoryForm>,
    /// The stories of its stores, or of the one that was asked for; each part of one that is homed
    /// with its users by itself.
    stores: Option<Vec<StoreStoryForm>>,
    /// The fields at and below what was asked for; of a service all that are written. Empty where
    /// nothing is written, and the default holds.
    fields: Option<Vec<FieldForm>>,
    /// What the field means, where it is written nowhere.
    about: Option<String>,
    /// The objects of a rendered file.
    objects: Option<Vec<ObjectForm>>,
}

/// One field, with the layers that wrote it.
#[derive(Debug, Serialize, JsonSchema)]
struct FieldForm {
    /// The path below the service.
    field: String,
    /// The value as written, on one line.
    value: String,
    /// Every layer that wrote it, the one that counts first.
    layers: Vec<LayerForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LayerForm {
    /// The value as this layer writes it.
    value: String,
    /// Where; its label is the layer.
    place: PlaceForm,
}

/// One rendered object.
#[derive(Debug, Serialize, JsonSchema)]
struct ObjectForm {
    /// `apps/Deployment/shop/web`.
    id: String,
    /// The cluster; null outside clusters.
    cluster: Option<String>,
    /// The template that made it.
    template: String,
    /// The object.
    object: serde_json::Value,
    /// Where values come from, by JSON pointer; a pointer stands for what is below it too, unless a
    /// longer one is there.
    origins: BTreeMap<String, OriginForm>,
}

fn form(kind: &'static str, name: String) -> ExplainForm {
    ExplainForm {
        version: 1,
        kind,
        name,
        service: None,
        stores: None,
        fields: None,
        about: None,
        objects: None,
    }
}

/// Writes a service's story as JSON, or that of one of its stores.
pub fn story(told: &Told<'_>, origins: &Origins, store: Option<&str>) -> String {
    let key = &told.story.key;
    let all = told.story.stores.iter();
    let asked = all.filter(|s| store.is_none_or(|asked| s.store.as_str() == asked));
    let stores = asked.filter_map(|one| stores::story(told, one)).collect();
    let Some(store) = store else {
        return super::write(&ExplainForm {
            service: Some(service::story(told)),
            stores: Some(stores),
            fields: Some(fields(key, "", origins, told.sources)),
            ..form("service", key.to_string())
        });
    };
    super::write(&ExplainForm {
        stores: Some(stores),
        ..form("store", format!("{key}/{store}"))
    })
}

/// Writes the values at and below a field as JSON; `None` when nothing wrote it.
pub fn field(
    key: &ServiceKey,
    field: &str,
    origins: &Origins,
    sources: &Sources,
) -> Option<String> {
    let fields = fields(key, field, origins, sources);
    (!fields.is_empty()).then(|| {
        super::write(&ExplainForm {
            fields: Some(fields),
            ..form("field", format!("{key}.{field}"))
        })
    })
}

/// Writes as JSON that nothing wrote a field, and what it means.
pub fn unwritten(key: &ServiceKey, field: &str, about: &str) -> String {
    super::write(&ExplainForm {
        fields: Some(Vec::new()),
        about: Some(about.to_owned()),
        ..form("field", format!("{key}.{field}"))
    })
}

fn fields(key: &ServiceKey, prefix: &str, origins: &Origins, sources: &Sources) -> Vec<FieldForm> {
    let subject = Subject::Service(key.clone());
    let all = origins.below(&subject, prefix);
    all.filter_map(|(path, touches)| {
        let layers = touches.iter().rev().map(|touch| LayerForm {
            value: touch.text.clone(),
            place: place(touch.span, &touch.layer.to_string(), sources),
        });
        Some(FieldForm {
            field: path.to_owned(),
            value: touches.last()?.text.clone(),
            layers: layers.collect(),
        })
    })
    .collect()
}

/// Writes the objects of a rendered file as JSON, with the origins of their values.
pub fn annotated(
    path: &str,
    file: &RenderedFile,
    (origins, sources): (&Origins, &Sources),
) -> String {
    let nobody = Blame::default();
    let provenance = Provenance {
        origins,
        sources,
        blame: &nobody,
    };
    let objects = file.manifests.iter().map(|manifest| {
        let places = manifest.origins().iter();
        let places = places
            .filter_map(|(pointer, of)| Some((pointer.clone(), origin(of, Some(&provenance))?)));
        ObjectForm {
            id: manifest.id.to_string(),
            cluster: manifest.cluster.as_ref().map(ToString::to_string),
            template: manifest.template.to_string(),
            object: manifest.body().clone(),
            origins: places.collect(),
        }
    });
    super::write(&ExplainForm {
        objects: Some(objects.collect()),
        ..form("object", path.to_owned())
    })
}
