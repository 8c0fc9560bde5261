//! The round trips that decisions rest on, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::plan::RestsOn;

/// How many directed round trips decisions compare, by where they come from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RestsOnForm {
    /// Given by the fleet in `network/rtt.csv`, or in the file of `--rtt`.
    fleet: u32,
    /// Measured between regions of one cloud, from the atlas.
    atlas: u32,
    /// Estimated from the distance.
    estimated: u32,
    /// Inside one region, where nobody measured: counted as 0 ms.
    inside: u32,
}

impl From<RestsOn> for RestsOnForm {
    fn from(rests: RestsOn) -> Self {
        Self {
            fleet: rests.fleet,
            atlas: rests.atlas,
            estimated: rests.estimated,
            inside: rests.inside,
        }
    }
}
