//! What an object refers to, what comes into being because of it, and which pods it makes or
//! selects: all that has to be known of it to see whether the objects of a cluster fit together.

mod built_in;
mod custom;
mod pod;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::manifest::ObjectId;

use super::{pods, texts};

/// Stands for any namespace, and in lists of what exists for any name.
pub(super) const ANY: &str = "*";

/// An object by name. The group is empty for the core group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Thing {
    pub(super) group: Box<str>,
    pub(super) kind: Box<str>,
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
}

impl Thing {
    fn new(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// A reference to something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) thing: Thing,
    /// The key in it that is read, of ConfigMaps and Secrets.
    pub(super) key: Option<Box<str>>,
    /// JSON pointer to the name.
    pub(super) at: String,
}

/// Something that exists because of an object: itself, or what its controller makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Makes {
    pub(super) thing: Thing,
    /// Its keys, of ConfigMaps and Secrets; nothing where they are not known.
    pub(super) keys: Option<Vec<Box<str>>>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContainerPort {
    pub(super) name: Option<Box<str>>,
    pub(super) number: u64,
    pub(super) protocol: Box<str>,
}

/// The pods that an object makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pods {
    pub(super) labels: BTreeMap<Box<str>, Box<str>>,
    pub(super) ports: Vec<ContainerPort>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServicePort {
    pub(super) name: Option<Box<str>>,
    pub(super) number: u64,
    pub(super) protocol: Box<str>,
    /// The port of the pods, by name or number.
    pub(super) target: Value,
    /// JSON pointer to it.
    pub(super) at: String,
}

/// Who selects pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selects {
    /// What pods have to be labelled with.
    pub(super) labels: BTreeMap<Box<str>, Box<str>>,
    /// JSON pointer to the selector.
    pub(super) at: &'static str,
    /// The ports of a Service.
    pub(super) ports: Vec<ServicePort>,
}

/// All of it. It does not depend on the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::render) struct Links {
    pub(super) wants: Vec<Want>,
    pub(super) makes: Vec<Makes>,
    pub(super) pods: Option<Pods>,
    pub(super) selects: Option<Selects>,
    /// A Service port that a route names: the Service, the number, and where.
    pub(super) routes: Vec<(Thing, u64, String)>,
}

impl Links {
    /// Those of an object.
    pub(in crate::render) fn of(id: &ObjectId, body: &Value) -> Self {
        let mut links = Self::default();
        let namespace = id.namespace.as_str();
        if let Some(found) = pods::of(id, body) {
            pod::links(&found, namespace, &mut links);
        }
        built_in::links(id, body, &mut links);
        if id.group.contains('.') {
            custom::links(id, body, &mut links);
        }
        links
    }

    fn want(&mut self, group: &str, kind: &str, namespace: &str, name: &str, at: String) {
        self.wants.push(Want {
            thing: Thing::new(group, kind, namespace, name),
            key: None,
            at,
        });
    }

    /// Wants what stands at a pointer, if it is there.
    fn want_at(&mut self, body: &Value, at: &str, group: &str, kind: &str, namespace: &str) {
        if let Some(name) = super::text(body, at) {
            self.want(group, kind, namespace, name, at.to_owned());
        }
    }

    fn make(&mut self, group: &str, kind: &str, namespace: &str, name: &str) {
        self.makes.push(Makes {
            thing: Thing::new(group, kind, namespace, name),
            keys: None,
        });
    }

    /// A ConfigMap or Secret with these keys.
    fn make_with<'a>(
        &mut self,
        kind: &str,
        namespace: &str,
        name: &str,
        keys: impl IntoIterator<Item = &'a str>,
    ) {
        self.makes.push(Makes {
            thing: Thing::new("", kind, namespace, name),
            keys: Some(keys.into_iter().map(Box::from).collect()),
        });
    }
}

fn labels(value: Option<&Value>) -> BTreeMap<Box<str>, Box<str>> {
    texts(value).map(|(k, v)| (k.into(), v.into())).collect()
}
