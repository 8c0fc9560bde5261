//! The valid world: what the fleet's files say, with names resolved and defaults filled in.
//!
//! Made only by `validate`: holding a [`World`] means that every reference in it leads somewhere.

use std::collections::BTreeMap;

use crate::diag::SourceId;
use crate::model::name::{ClusterName, JourneyName, RegionName, ServiceKey};
use crate::model::origin::Origins;

mod drift;
mod existing;
mod exposure;
mod fleet;
mod identity;
mod journey;
mod overlay;
mod platform;
mod region;
mod service;
mod store;
mod workload;

pub use drift::*;
pub use existing::*;
pub use exposure::*;
pub use fleet::*;
pub use identity::*;
pub use journey::*;
pub use overlay::*;
pub use platform::*;
pub use region::*;
pub use service::*;
pub use store::*;
pub use workload::*;

/// Everything that one `regen.yaml` describes.
#[derive(Clone, Debug)]
pub struct World {
    /// The fleet's own settings.
    pub fleet: Fleet,
    /// The region inventory.
    pub regions: BTreeMap<RegionName, Region>,
    /// All clusters of all regions.
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// The service catalog: one entry per service and environment.
    pub services: BTreeMap<ServiceKey, Service>,
    /// Paths through services that users wait for.
    pub journeys: BTreeMap<JourneyName, Journey>,
    /// Last-resort patches of rendered objects, in order of application.
    pub overlays: Vec<Overlay>,
    /// The text of `network/rtt.csv` (or what `network.rtt` names), where the fleet has one.
    pub rtt_file: Option<SourceId>,
    /// Where each value was written.
    pub origins: Origins,
}
