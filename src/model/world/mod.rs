//! The valid world: what the fleet's files say, with names resolved and defaults filled in.
//!
//! Made only by `validate`: holding a [`World`] means that every reference in it leads somewhere.

use std::collections::BTreeMap;

use crate::diag::SourceId;
use crate::model::engine::Engine;
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

impl World {
    /// The kinds, with their versions, that are never rendered and tell whether what must hold over
    /// all clusters does: a report on the fleet has to read them as well.
    pub fn evidence(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let exposed = self.services.values().any(|s| s.exposure.is_some());
        let stores = || self.services.values().flat_map(|s| &s.stores);
        let is_bound = |store: &&Store| {
            let class = store.data.as_ref().map(|d| &d.value);
            let class = class.and_then(|name| self.fleet.data_classes.get(name));
            class.is_some_and(|class| class.residency.is_some())
        };
        // Nothing but their disks tells where the members of these are.
        let by_disk =
            |store: &Store| matches!(store.engine.value, Engine::CockroachDb | Engine::YugabyteDb);
        let claims = stores().any(|store| is_bound(&store) || by_disk(store));
        let mut bound = stores().filter(is_bound);
        let backups = bound.any(|store| store.engine.value == Engine::CloudnativePg);
        [
            (claims, ("", "v1", "PersistentVolumeClaim")),
            (exposed, ("discovery.k8s.io", "v1", "EndpointSlice")),
            (backups, ("postgresql.cnpg.io", "v1", "Backup")),
        ]
        .into_iter()
        .filter_map(|(needed, kind)| needed.then_some(kind))
        .collect()
    }
}
