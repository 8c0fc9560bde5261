//! What invariants look at: the clusters of one run as they were found, and the fleet they are of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::finding::{Involved, Manager};
use crate::model::live::{GroupKind, LiveObject, LiveState, Unreadable, View};
use crate::model::manifest::ObjectId;
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::plan::Plan;
use crate::model::world::{Cluster, Service, World};
use crate::normalise::{Key, KeyPart};

use crate::drift::desired::Desired;
use crate::drift::ownership::{Classes, entries, owners};
use crate::drift::path::Step;
use crate::drift::settings::Settings;
use crate::drift::version;

/// A kind: its group, its version and its name.
pub(super) type Kind = (&'static str, &'static str, &'static str);

/// What everything is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Fleet<'a> {
    /// What people wrote.
    pub world: &'a World,
    /// What was decided.
    pub plan: &'a Plan,
}

/// One cluster as it was found, and what the repository has for it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// What it runs.
    pub live: &'a LiveState,
    /// What it should run.
    pub desired: Vec<Desired<'a>>,
}

/// The clusters of one run, and the fleet they are of, where there is one.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The clusters.
    pub clusters: BTreeMap<&'a ClusterName, Seen<'a>>,
    /// The fleet.
    pub fleet: Option<Fleet<'a>>,
    /// How drift is told from what is none.
    pub settings: &'a Settings,
}

/// One live object.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    pub cluster: &'a ClusterName,
    pub id: ObjectId,
    pub live: &'a LiveObject,
}

/// Why nothing is known of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// It was asked for and could not be read.
    Unread(Unreadable),
    /// Nobody asked for it: one cluster alone, or a dump without the kind.
    Unasked(String),
}

impl<'a> Object<'a> {
    pub(super) fn body(&self) -> &'a Value {
        &self.live.body
    }

    /// The value at a JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.live.body.pointer(pointer)
    }

    pub(super) fn text(&self, pointer: &str) -> Option<&'a str> {
        self.at(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// A list at a JSON pointer; empty where there is none.
    pub(super) fn list(&self, pointer: &str) -> &'a [Value] {
        let list = self.at(pointer).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }

    pub(super) fn label(&self, name: &str) -> Option<&'a str> {
        self.live.body["metadata"]["labels"][name].as_str()
    }
}

impl<'a> Ground<'a> {
    /// The live objects of a kind in a cluster, those that are evidence alone too; each once.
    pub(super) fn objects(&self, cluster: &ClusterName, kind: Kind) -> Vec<Object<'a>> {
        let Some((name, seen)) = self.clusters.get_key_value(cluster) else {
            return Vec::new();
        };
        let mut objects: BTreeMap<ObjectId, &LiveObject> = BTreeMap::new();
        for live in of_kind(seen.live, kind) {
            objects.entry(version::id(live)).or_insert(live);
        }
        let object = |(id, live)| Object {
            cluster: name,
            id,
            live,
        };
        objects.into_iter().map(object).collect()
    }

    /// The same in all clusters of the run.
    pub(super) fn everywhere(&self, kind: Kind) -> Vec<Object<'a>> {
        let all = self.clusters.keys();
        all.flat_map(|cluster| self.objects(cluster, kind))
            .collect()
    }

    pub(super) fn object(
        &self,
        cluster: &ClusterName,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Option<Object<'a>> {
        let (cluster, seen) = self.clusters.get_key_value(cluster)?;
        let wanted = |o: &&LiveObject| {
            let metadata = &o.body["metadata"];
            metadata["name"] == name
                && metadata["namespace"].as_str().unwrap_or_default() == namespace
        };
        let live = of_kind(seen.live, kind).find(wanted)?;
        Some(Object {
            cluster,
            id: version::id(live),
            live,
        })
    }

    /// Whether all objects of a kind in a namespace are known, so that what is not there does not
    /// exist.
    pub(super) fn known(
        &self,
        cluster: &ClusterName,
        kind: Kind,
        namespace: &str,
    ) -> Result<(), Gap> {
        let Some(seen) = self.clusters.get(cluster) else {
            return Err(Gap::Unasked(
                "of clusters that were not asked for".to_owned(),
            ));
        };
        let live = seen.live;
        if let Some(why) = &live.unreadable {
            return Err(Gap::Unread(why.clone()));
        }
        let kind = GroupKind {
            group: kind.0.to_owned(),
            kind: kind.2.to_owned(),
        };
        let unheld = || Gap::Unasked(format!("where a dump holds no `{kind}`"));
        match live
            .views
            .get(&kind)
            .or_else(|| live.evidence.views.get(&kind))
        {
            Some(View::Complete | View::NotServed) => Ok(()),
            Some(View::Namespaces(all)) if all.contains(namespace) => Ok(()),
            _ if live.saved => Err(unheld()),
            Some(View::Partial(why) | View::Unreadable(why)) => Err(Gap::Unread(why.clone())),
            Some(View::Namespaces(_)) | None => Err(Gap::Unread(Unreadable {
                reason: "NotRead".to_owned(),
                detail: format!("objects of kind `{kind}` were not read"),
            })),
        }
    }

    /// The objects that are wanted of a kind in a cluster.
    pub(super) fn desired(&self, cluster: &ClusterName, kind: Kind) -> Vec<&'a Value> {
        let Some(seen) = self.clusters.get(cluster) else {
            return Vec::new();
        };
        let of_kind = |value: &&Value| {
            let version = value["apiVersion"].as_str().unwrap_or_default();
            let group = version.rsplit_once('/').map_or("", |(group, _)| group);
            value["kind"] == kind.2 && group == kind.0
        };
        let all = seen.desired.iter().map(|d| d.value);
        all.filter(of_kind).collect()
    }

    /// Who last wrote a place of an object: names, and `[key=value]` for the element of a list.
    pub(super) fn writers(&self, object: &Object<'_>, path: &[&str]) -> Vec<Manager> {
        let classes = Classes {
            appliers: &self.settings.appliers,
            interactive: &self.settings.interactive,
            strict: self.settings.unknown_managers_drift,
        };
        let keys: Vec<Option<Key<'_>>> = path.iter().map(|step| element(step)).collect();
        let steps = path.iter().zip(&keys).map(|(name, key)| match key {
            Some(key) => Step::Element(key, 0),
            None => Step::Name(name),
        });
        let steps: Vec<Step<'_>> = steps.collect();
        let entries = entries(object.live, &classes);
        let found = owners(&entries, &steps);
        found.into_iter().map(|entry| entry.by.clone()).collect()
    }

    /// An object as a violation shows it.
    pub(super) fn involved(&self, object: &Object<'_>, path: &[&str], live: Value) -> Involved {
        let pointer = path.iter().map(|step| format!("/{step}")).collect();
        Involved {
            cluster: object.cluster.to_string(),
            object: object.id.clone(),
            path: pointer,
            live,
            by: self.writers(object, path),
        }
    }
}

/// The live objects of a kind; both lists are sorted by kind.
fn of_kind(live: &LiveState, kind: Kind) -> impl Iterator<Item = &LiveObject> {
    let of = move |all: &[LiveObject]| {
        let before =
            |o: &LiveObject| (o.kind.group.as_str(), o.kind.kind.as_str()) < (kind.0, kind.2);
        all.partition_point(before)
    };
    let (whole, evidence) = (&live.objects, &live.evidence.objects);
    let same = move |o: &&LiveObject| o.kind.group == kind.0 && o.kind.kind == kind.2;
    let whole = whole[of(whole)..].iter().take_while(same);
    whole.chain(evidence[of(evidence)..].iter().take_while(same))
}

/// `[name=web]` as the key of an element.
fn element(step: &str) -> Option<Key<'_>> {
    let (name, text) = step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')?;
    Some(Key(vec![KeyPart {
        name,
        text: text.into(),
        string: true,
    }]))
}

impl<'a> Fleet<'a> {
    /// The services that run in an environment, by their keys.
    pub(super) fn services(&self) -> impl Iterator<Item = (&'a ServiceKey, &'a Service)> {
        self.world.services.iter()
    }

    /// A cluster of the fleet.
    pub(super) fn cluster(&self, name: &ClusterName) -> Option<&'a Cluster> {
        self.world.clusters.get(name)
    }

    /// The clusters that a service runs in, by name.
    pub(super) fn clusters_of(&self, key: &ServiceKey) -> Vec<&'a ClusterName> {
        let plan = self.plan.services.get(key);
        let placed = plan.into_iter().flat_map(|p| &p.regions);
        let mut names: Vec<&ClusterName> = placed.flat_map(|r| r.clusters.keys()).collect();
        names.sort_unstable();
        names
    }
}
