//! What workloads refer to: ConfigMaps, the keys of Secrets, the Services of others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::object::{self, Object};
use super::ports::Port;

/// Something that has no place in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// `Deployment shop/cart`.
    pub object: String,
    /// `spec.template.spec.affinity`; empty for the object as a whole.
    pub path: String,
    /// Why, and what can be done.
    pub why: String,
}

/// A namespace and a name in it.
pub(super) type Named = (String, String);

/// A service of the catalog as those who call it know it.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub(super) service: String,
    pub(super) ports: Vec<Port>,
}

/// Everything around a workload.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) config: BTreeMap<Named, BTreeMap<String, String>>,
    /// Keys of ConfigMaps that stand in the catalog now.
    pub(super) used: BTreeSet<(Named, String)>,
    /// The keys of Secrets, never their values.
    secrets: BTreeMap<Named, Vec<String>>,
    /// By namespace and name of a Kubernetes Service.
    pub(super) callees: BTreeMap<Named, Callee>,
    pub(super) left: Vec<Left>,
}

impl Around {
    pub(super) fn new(objects: &[Object]) -> Self {
        let mut around = Self::default();
        for object in objects {
            let named = (object.namespace.clone(), object.name.clone());
            let members = |field: &str| object.get(field).as_object().into_iter().flatten();
            match object.kind.as_str() {
                "ConfigMap" => {
                    let texts = members("/data")
                        .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
                    around.config.insert(named, texts.collect());
                }
                "Secret" => {
                    let keys: BTreeSet<String> = members("/data")
                        .chain(members("/stringData"))
                        .map(|(key, _)| key.clone())
                        .collect();
                    around.secrets.insert(named, keys.into_iter().collect());
                }
                _ => {}
            }
        }
        around
    }

    /// The text of a key, which then counts as carried over.
    pub(super) fn config(&mut self, namespace: &str, name: &str, key: &str) -> Option<String> {
        let named = (namespace.to_owned(), name.to_owned());
        let text = self.config.get(&named)?.get(key)?.clone();
        self.used.insert((named, key.to_owned()));
        Some(text)
    }

    /// The keys of a ConfigMap that is among the manifests.
    pub(super) fn keys(&self, namespace: &str, name: &str) -> Option<Vec<String>> {
        let map = self.config.get(&(namespace.to_owned(), name.to_owned()))?;
        Some(map.keys().cloned().collect())
    }

    /// The keys of a Secret that is among the manifests.
    pub(super) fn secret_keys(&self, namespace: &str, name: &str) -> Option<Vec<String>> {
        self.secrets
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
    }

    /// Tells that a field stays behind, and takes it, so that it is told once.
    pub(super) fn leave(&mut self, object: &mut Object, pointer: &str, why: &str) {
        object.drop(pointer);
        self.tell(object, pointer, why);
    }

    /// Tells something about a field.
    pub(super) fn tell(&mut self, object: &Object, pointer: &str, why: &str) {
        self.left.push(Left {
            object: object.shown(),
            path: object::shown(pointer),
            why: why.to_owned(),
        });
    }

    /// Marks what the catalog holds of ConfigMaps.
    pub(super) fn settle(&self, objects: &mut [Object]) {
        for object in objects.iter_mut().filter(|o| o.kind == "ConfigMap") {
            let named = (object.namespace.clone(), object.name.clone());
            for (_, key) in self.used.iter().filter(|(n, _)| *n == named) {
                object.adopted = true;
                if let Some(text) = object.body["data"].get_mut(key) {
                    *text = Value::Null;
                }
            }
        }
    }
}
