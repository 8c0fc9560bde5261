//! Overlay files to patches.

use serde_json::{Map, Value};

use crate::model::name::{ClusterName, RegionName, ServiceName};
use crate::model::raw::{self, Folder};
use crate::model::world::{Overlay, OverlayPatch, OverlayScope};

/// All patches, in order of files and documents.
pub(super) fn overlays(written: &[raw::Overlay]) -> Vec<Overlay> {
    written.iter().map(overlay).collect()
}

fn overlay(written: &raw::Overlay) -> Overlay {
    let file = written.file.as_str();
    let document = &written.document;
    Overlay {
        scope: match written.folder {
            Folder::Clusters => OverlayScope::Cluster(ClusterName::from(file)),
            Folder::Regions => OverlayScope::Region(RegionName::from(file)),
            Folder::Services => OverlayScope::Service(ServiceName::from(file)),
        },
        kind: document.kind.clone(),
        name: document.name.clone(),
        review_by: document.review_by,
        patch: match (&document.merge, &document.patch) {
            (_, Some(patch)) => {
                OverlayPatch::Json(patch.value.iter().map(|op| operation(&op.value)).collect())
            }
            (Some(merge), None) => OverlayPatch::Merge(merge.value.0.clone()),
            (None, None) => OverlayPatch::Merge(Value::Object(Map::new())),
        },
        span: written.span,
    }
}

fn operation(op: &raw::Operation) -> Value {
    let mut json = Map::new();
    json.insert("op".to_owned(), op.op.name().into());
    json.insert("path".to_owned(), op.path.value.as_str().into());
    if let Some(from) = &op.from {
        json.insert("from".to_owned(), from.value.as_str().into());
    }
    if let Some(value) = &op.value {
        json.insert("value".to_owned(), value.0.clone());
    }
    Value::Object(json)
}
