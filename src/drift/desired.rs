//! What the repository gives: manifests with their places, and the schemas that come with them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::live::LiveState;
use crate::model::manifest::{ManifestPath, Origin};
use crate::schema::Schemas;

/// One manifest of the repository.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    /// The object.
    pub value: &'a Value,
    /// The file it stands in.
    pub file: Option<&'a ManifestPath>,
    /// Origins of its values by JSON pointer, as in [`crate::model::manifest::Manifest`].
    pub origins: Option<&'a BTreeMap<String, Origin>>,
    /// The unit that applies it (an application, a Kustomization), where there are several.
    pub unit: Option<&'a str>,
}

impl<'a> Desired<'a> {
    /// A manifest of which no more is known.
    pub fn of(value: &'a Value) -> Self {
        Self {
            value,
            file: None,
            origins: None,
            unit: None,
        }
    }
}

/// The schemas with those that the cluster itself brings.
pub(super) fn with_live<'s>(
    desired: &[Desired<'_>],
    live: &LiveState,
    schemas: &'s Schemas,
) -> Cow<'s, Schemas> {
    let mut schemas = Cow::Borrowed(schemas);
    for document in live.openapi.values() {
        schemas.to_mut().add_openapi(document);
    }
    let definitions = live
        .objects
        .iter()
        .map(|o| &o.body)
        .chain(desired.iter().map(|d| d.value))
        .filter(|o| {
            o["kind"] == "CustomResourceDefinition"
                && o["apiVersion"]
                    .as_str()
                    .is_some_and(|v| v.starts_with("apiextensions.k8s.io/"))
        });
    for definition in definitions {
        let text = |pointer| definition.pointer(pointer).and_then(Value::as_str);
        let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else {
            continue;
        };
        if schemas.kind_known(group, kind) {
            continue;
        }
        schemas.to_mut().add_crd(definition);
    }
    schemas
}

/// The origin of a value: that of the longest pointer at or above it.
pub(super) fn origin<'o>(
    origins: &'o BTreeMap<String, Origin>,
    pointer: &str,
) -> Option<&'o Origin> {
    let mut at = pointer;
    loop {
        if let Some(origin) = origins.get(at) {
            return Some(origin);
        }
        at = &at[..at.rfind('/')?];
    }
}

/// A manifest that SOPS encrypted, without what cannot be read of it.
pub(super) fn seal(value: &Value) -> Option<Value> {
    value.get("sops").filter(|s| s.is_object())?;
    let mut value = value.clone();
    if let Value::Object(map) = &mut value {
        for name in ["sops", "data", "stringData"] {
            map.remove(name);
        }
    }
    Some(value)
}
