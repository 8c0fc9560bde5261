//! Manifests: rendered Kubernetes objects, the files they stand in, and where their values come
//! from.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::diag::Span;

use super::name::ClusterName;
use super::origin::FieldRef;
use super::text::Text;

/// A path inside the GitOps repository, with `/`, relative, without `.` and `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestPath(Arc<str>);

impl ManifestPath {
    /// Takes a path that is relative, uses `/` and has no empty, `.`, `..` or `.git` segment and
    /// no control character.
    pub fn new(path: impl Into<Arc<str>>) -> Option<Self> {
        let path = path.into();
        let legal = path.split('/').all(|segment| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && !segment.eq_ignore_ascii_case(".git")
        });
        let legal = legal && !path.contains(|c: char| matches!(c, '\\' | ':') || c.is_control());
        legal.then_some(Self(path))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ManifestPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ManifestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The identity of an object in a cluster. The version is not part of it, the group is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    /// `apps/Deployment/shop/web`, `Namespace/shop`: the empty parts are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.group, &self.kind, &self.namespace, &self.name];
        let text: Vec<&str> = parts
            .iter()
            .map(|s| s.as_str())
            .filter(|s| !s.is_empty())
            .collect();
        f.pad(&text.join("/"))
    }
}

/// Where the value at one place of a manifest comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One field of the inventory or catalog, unmodified.
    Field(FieldRef),
    /// Computed from these fields by a template's expression.
    Derived {
        /// The fields that the expression read.
        fields: Vec<FieldRef>,
        /// The template.
        template: Arc<str>,
        /// Its line, from 1.
        line: u32,
    },
    /// A decision of the plan.
    Plan(String),
    /// Written in an overlay.
    Overlay(Span),
    /// Written in the template itself.
    Template {
        /// The template.
        template: Arc<str>,
        /// Its line, from 1.
        line: u32,
    },
}

/// An object and where its values come from.
#[derive(Clone, Debug)]
pub struct Made {
    /// The object.
    pub body: serde_json::Value,
    /// Origins of values by JSON pointer (RFC 6901); a pointer stands for what is below it, too,
    /// unless a longer one is there.
    pub origins: BTreeMap<String, Origin>,
}

/// How an object can be made again. Objects that differ only by their cluster share one.
pub trait Recipe: fmt::Debug + Send + Sync {
    /// Makes the object for its cluster; `None`: for none.
    fn make(&self, cluster: Option<&ClusterName>) -> Made;
}

impl Recipe for Made {
    fn make(&self, _: Option<&ClusterName>) -> Made {
        self.clone()
    }
}

/// One rendered Kubernetes object.
///
/// Most uses need its identity alone: the object itself is made when it is first asked for.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its identity.
    pub id: Arc<ObjectId>,
    /// The cluster it is for; `None` for `hub/` and other files outside clusters.
    pub cluster: Option<ClusterName>,
    /// The template that made it.
    pub template: Arc<str>,
    recipe: Arc<dyn Recipe>,
    made: OnceLock<Box<Made>>,
}

impl Manifest {
    /// An object that is made by a recipe.
    pub fn new(
        id: Arc<ObjectId>,
        cluster: Option<ClusterName>,
        template: Arc<str>,
        recipe: Arc<dyn Recipe>,
    ) -> Self {
        Self {
            id,
            cluster,
            template,
            recipe,
            made: OnceLock::new(),
        }
    }

    /// The object.
    pub fn body(&self) -> &serde_json::Value {
        &self.made().body
    }

    /// Where its values come from.
    pub fn origins(&self) -> &BTreeMap<String, Origin> {
        &self.made().origins
    }

    fn made(&self) -> &Made {
        let make = || Box::new(self.recipe.make(self.cluster.as_ref()));
        self.made.get_or_init(make)
    }
}

/// One file of the GitOps repository.
#[derive(Clone, Debug)]
pub struct RenderedFile {
    /// Its exact bytes, canonical YAML for manifests.
    pub text: Text,
    /// The objects in it, in order; empty for other files.
    pub manifests: Vec<Manifest>,
}

/// Everything that a fleet renders, by path.
#[derive(Clone, Debug, Default)]
pub struct ManifestSet {
    /// The files.
    pub files: BTreeMap<ManifestPath, RenderedFile>,
    /// The kinds of objects that could not be checked, since nothing is known of their schema.
    pub unchecked: BTreeSet<String>,
    /// How many rules in CEL the definitions of rendered kinds have, by kind: only an API server
    /// evaluates them.
    pub cel: BTreeMap<String, usize>,
}

impl ManifestSet {
    /// All objects, by path.
    pub fn manifests(&self) -> impl Iterator<Item = (&ManifestPath, &Manifest)> {
        self.files
            .iter()
            .flat_map(|(path, file)| file.manifests.iter().map(move |m| (path, m)))
    }
}
