//! What a cluster runs, as far as it could be read. Made by `io::kube` and `io::snapshot`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::manifest::ObjectId;
use super::name::ClusterName;

/// A kind without its version: all versions are views of the same objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKind {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
}

impl fmt::Display for GroupKind {
    /// `apps/Deployment`, `Namespace`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.pad(&self.kind)
        } else {
            f.pad(&format!("{}/{}", self.group, self.kind))
        }
    }
}

/// Built-in kinds, with their versions, that a fleet may have rendered once: their orphans are
/// sought even where no manifest of the kind is left.
pub const SOUGHT: &[(&str, &str, &str)] = &[
    ("", "v1", "ConfigMap"),
    ("", "v1", "LimitRange"),
    ("", "v1", "Namespace"),
    ("", "v1", "ResourceQuota"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "StatefulSet"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ("batch", "v1", "CronJob"),
    ("batch", "v1", "Job"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("policy", "v1", "PodDisruptionBudget"),
];

/// Of each cluster, the kinds that tell whether what must hold over all clusters does: read besides
/// those that are compared.
pub type AlsoRead = BTreeMap<ClusterName, BTreeSet<GroupKind>>;

/// What is wanted of one kind, at the version that the repository writes.
///
/// Objects that the repository names are kept, and those that carry a mark of ownership (regen's,
/// Flux', Argo CD's, Helm's, …), since they may be orphans; others are dropped while reading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// The kind.
    pub kind: GroupKind,
    /// The version written in the repository, such as `v1`.
    pub version: String,
    /// Namespace and name of the objects that the repository has; the namespace is empty for
    /// cluster-scoped ones.
    pub objects: BTreeSet<(String, String)>,
    /// Read every namespace, not only those of `objects` (an empty `objects` does so, too).
    pub everywhere: bool,
    /// Keep every object, marked or not: for kinds that are evidence, such as autoscalers.
    pub keep_all: bool,
    /// Objects that are kept beside those, as evidence of what holds over all clusters.
    pub seek: Option<Seek>,
}

/// Objects of one kind that are kept as evidence, whoever made them: those that mention one of
/// some names, and of them a few fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seek {
    /// The names. An object mentions one when its own name holds it, between hyphens and dots, or the value of a label is it
    /// or goes on with a hyphen.
    pub names: BTreeSet<String>,
    /// Where else a name may stand, exactly: JSON pointers, with `*` for the elements of a list.
    pub places: BTreeSet<String>,
    /// What is kept besides `apiVersion`, `kind`, name, namespace, labels, uid and managed fields,
    /// as such pointers.
    pub fields: BTreeSet<String>,
    /// Whether the kind is read for nothing else: none of it is compared, or can be an orphan.
    pub alone: bool,
}

impl Seek {
    /// Adds what another one asks of the same kind.
    pub fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.places.extend(other.places);
        self.fields.extend(other.fields);
        self.alone &= other.alone;
    }

    /// Whether an object mentions one of the names.
    pub fn mentions(&self, object: &serde_json::Value) -> bool {
        let metadata = &object["metadata"];
        let own = metadata["name"].as_str().unwrap_or_default();
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let labels: Vec<&str> = labels.filter_map(|(_, v)| v.as_str()).collect();
        let goes_on = |text: &str, name: &str| {
            let rest = text.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.names.iter().any(|name| {
            holds(own, name)
                || labels.iter().any(|label| goes_on(label, name))
                || self.places.iter().any(|place| stands(object, place, name))
        })
    }
}

/// Whether a name holds another, between its ends, hyphens and dots.
fn holds(text: &str, name: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| matches!(c, '-' | '.'));
    text.match_indices(name).any(|(at, _)| {
        edge(text[..at].chars().next_back()) && edge(text[at + name.len()..].chars().next())
    })
}

/// Whether a text stands at a place of an object.
fn stands(object: &serde_json::Value, place: &str, text: &str) -> bool {
    let Some(rest) = place.strip_prefix('/') else {
        return object.as_str() == Some(text);
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (step, rest) = rest.split_at(end);
    match object {
        serde_json::Value::Array(all) if step == "*" => all.iter().any(|v| stands(v, rest, text)),
        serde_json::Value::Object(members) => {
            let step = step.replace("~1", "/").replace("~0", "~");
            members.get(&step).is_some_and(|v| stands(v, rest, text))
        }
        _ => false,
    }
}

/// Objects that tell what holds over all clusters, and belong to no comparison.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The objects, without what nobody asked of them.
    pub objects: Vec<LiveObject>,
    /// How completely the kinds were read that are read for this alone.
    pub views: BTreeMap<GroupKind, View>,
}

/// Why something could not be read: a word for machines and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// One of `Forbidden`, `Unauthorized`, `Timeout`, `ListFailed`, `ServerError`, `Unreachable`,
    /// `TooManyRequests`, `DiscoveryFailed`, `ContinueExpired`, `BadAnswer`, `TooLarge`,
    /// `NotListable`, `BadKubeconfig`, `NoContext`, `CredentialPlugin`, `NotInSnapshot`,
    /// `OtherVersion`.
    pub reason: String,
    /// What was attempted on which path or cluster, and what came back.
    pub detail: String,
}

/// How completely the objects of one kind were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// All of them: what is not there does not exist.
    Complete,
    /// All of them in these namespaces, nothing elsewhere.
    Namespaces(BTreeSet<String>),
    /// Only some; what is not there may exist, unless it is in [`LiveState::absent`].
    Partial(Unreadable),
    /// None.
    Unreadable(Unreadable),
    /// The cluster is known not to serve the kind.
    NotServed,
}

/// One object as the server returned it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveObject {
    /// Its kind; the version stands in the body's `apiVersion`.
    pub kind: GroupKind,
    /// The object as it was returned.
    pub body: serde_json::Value,
    /// `metadata.managedFields` as JSON, where the body is without them: half of what a server
    /// returns, and of use only where something differs.
    pub managed: Option<Box<str>>,
}

impl LiveObject {
    /// An object that is whole.
    pub fn whole(kind: GroupKind, body: serde_json::Value) -> Self {
        Self {
            kind,
            body,
            managed: None,
        }
    }
}

/// The live state of one cluster.
#[derive(Clone, Debug, Default)]
pub struct LiveState {
    /// The objects that were read.
    pub objects: Vec<LiveObject>,
    /// The uids of objects that exist and were not kept.
    pub others: BTreeSet<String>,
    /// How completely each kind was read; a kind that is absent was not asked for.
    pub views: BTreeMap<GroupKind, View>,
    /// What was read for the invariants besides.
    pub evidence: Evidence,
    /// Objects that the server said do not exist although the view of their kind is not complete
    /// (asked for by name, or in one of the namespaces that could be read).
    pub absent: BTreeSet<ObjectId>,
    /// Set when the cluster as a whole could not be read; then nothing is known of any kind.
    pub unreadable: Option<Unreadable>,
    /// Scope of kinds as the cluster's discovery tells it (`true`: namespaced).
    pub namespaced: BTreeMap<GroupKind, bool>,
    /// OpenAPI v3 documents by group-version (`v1`, `apps/v1`), where the cluster gave them.
    pub openapi: BTreeMap<String, serde_json::Value>,
    /// Whether it was saved by another tool, which chose the version of each object: one that
    /// differs from the repository's says nothing of what the cluster serves.
    pub saved: bool,
    /// The versions that the cluster serves, of the kinds of which that is known beside a dump.
    pub served: BTreeMap<GroupKind, BTreeSet<String>>,
    /// How many requests it took; 0 for a snapshot.
    pub requests: u64,
    /// The server's clock at the end of reading, in seconds since 1970, where it told.
    pub now: Option<i64>,
}
