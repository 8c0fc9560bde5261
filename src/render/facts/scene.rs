//! What is rendered in one go, and what templates are given for it.

use std::sync::Arc;

use crate::model::name::{ClusterName, Namespace, ServiceKey, StoreKey};
use crate::model::world::KubernetesVersion;

use super::super::fact::Root;
use super::super::header::Scope;
use super::super::object::Marks;
use super::Lack;

/// One thing that templates of a scope are rendered for.
pub(crate) struct Scene {
    pub(crate) scope: Scope,
    /// The variables.
    pub(crate) root: Root,
    pub(crate) place: Arc<Place>,
    pub(crate) marks: Arc<Marks>,
    pub(crate) service: Option<Arc<str>>,
    /// The store that it is a scene of.
    pub(crate) store: Option<StoreKey>,
    /// What the store needs and does not have.
    pub(crate) lack: Option<Lack>,
}

/// Where the objects of a scene stand, and what it is.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` for the hub's folder.
    pub(crate) cluster: Option<ClusterName>,
    /// The cluster that identities begin with.
    pub(crate) home: Arc<str>,
    /// The Kubernetes release, where there is a cluster.
    pub(crate) kubernetes: Option<KubernetesVersion>,
    pub(crate) folder: String,
    /// Whether the folder is a service's.
    pub(crate) of_service: bool,
    /// What it is, for people.
    pub(crate) context: String,
}

/// What is rendered in one go: everything whose scenes share templates and most variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit<'a> {
    /// What is there once.
    Fleet,
    /// What is there once per cluster, or per region.
    Cluster(&'a ClusterName),
    /// A namespace in all of its clusters.
    Namespace(&'a Namespace),
    /// A service in all of its clusters, with its stores.
    Service(&'a ServiceKey),
}
