//! `overlays/{clusters,regions,services}/<name>.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Json;
use crate::diag::{Span, Spanned};
use crate::model::date::Date;

/// One patch and the file's place in the folder of overlays.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// `clusters`, `regions` or `services`.
    pub folder: Folder,
    /// The file's name without its ending.
    pub file: String,
    /// Where the document stands.
    pub span: Span,
    /// What it says.
    pub document: OverlayDocument,
}

/// Whose manifests the overlays of a folder may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Folder {
    /// A cluster's.
    Clusters,
    /// A region's.
    Regions,
    /// A service's.
    Services,
}

/// A last-resort patch of one rendered object; a file may hold several documents.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverlayDocument {
    /// The kind of the object, such as `Deployment`.
    pub kind: Spanned<String>,
    /// The name of the object.
    pub name: Spanned<String>,
    /// The last day by which it has to be looked at again.
    pub review_by: Option<Spanned<Date>>,
    /// A merge patch (RFC 7386): mappings are merged, `null` removes.
    pub merge: Option<Spanned<Json>>,
    /// A JSON patch (RFC 6902).
    pub patch: Option<Spanned<Vec<Spanned<Operation>>>>,
}

/// One operation of a JSON patch (RFC 6902).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// What is done.
    pub op: Op,
    /// Where (RFC 6901), such as `/spec/replicas`.
    pub path: Spanned<String>,
    /// The place that is moved or copied from.
    pub from: Option<Spanned<String>>,
    /// The value that is added, put or tested.
    pub value: Option<Json>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Adds a member or an element.
    Add,
    /// Removes one.
    Remove,
    /// Puts another value.
    Replace,
    /// Moves a value.
    Move,
    /// Copies a value.
    Copy,
    /// Fails unless the value is this.
    Test,
}

impl Op {
    /// The word as written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Move => "move",
            Self::Copy => "copy",
            Self::Test => "test",
        }
    }
}
