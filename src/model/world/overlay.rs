//! Last-resort patches of rendered objects.

use crate::diag::{Span, Spanned};
use crate::model::date::Date;
use crate::model::name::{ClusterName, RegionName, ServiceName};

/// A last-resort patch of rendered objects.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// Which manifests it may touch.
    pub scope: OverlayScope,
    /// The kind of the patched object.
    pub kind: Spanned<String>,
    /// The name of the patched object.
    pub name: Spanned<String>,
    /// The last day by which it has to be looked at again.
    pub review_by: Option<Spanned<Date>>,
    /// The patch.
    pub patch: OverlayPatch,
    /// Where it was written.
    pub span: Span,
}

/// Which manifests an overlay may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlayScope {
    /// Those of a cluster.
    Cluster(ClusterName),
    /// Those of a region's clusters.
    Region(RegionName),
    /// Those of a service.
    Service(ServiceName),
}

/// How an overlay changes an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlayPatch {
    /// RFC 7386.
    Merge(serde_json::Value),
    /// RFC 6902: a list of operations.
    Json(serde_json::Value),
}
