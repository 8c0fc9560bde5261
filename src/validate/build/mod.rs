//! What the files would mean: defaults filled in, places looked up.
//!
//! Builds a world from every input that is well-formed. What cannot be looked up is emitted here;
//! whether the rest makes sense is for the rules to say.

mod drift;
mod exposure;
mod fleet;
mod identity;
mod journey;
mod overlay;
mod platform;
mod probes;
mod region;
mod service;
mod store;
mod workload;

pub(super) use probes::resolve;
pub(super) use workload::port;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Sink, Span, Spanned};
use crate::model::name::{RegionName, ServiceKey};
use crate::model::raw::Raw;
use crate::model::world::World;
use crate::validate::areas::Places;

/// The world that the files would make.
pub(super) fn world(raw: &Raw, sink: &mut Sink) -> World {
    let names: BTreeSet<RegionName> = raw.regions.iter().map(|r| r.region.value.clone()).collect();
    let fleet = fleet::fleet(&raw.fleet, &names, sink);
    let places = Places::of(&raw.regions, &fleet.jurisdictions);
    let platform = raw.fleet.platform.as_ref();
    let telemetry = platform.and_then(|p| places.telemetry(p.telemetry.as_ref()?, sink));
    let mut regions = BTreeMap::new();
    let mut clusters = BTreeMap::new();
    for written in &raw.regions {
        let (mut region, of_region) = region::region(written, &fleet, sink);
        region.telemetry = match &written.telemetry {
            Some(own) => places.telemetry(own, sink),
            None => telemetry.clone(),
        };
        regions.entry(region.name.value.clone()).or_insert(region);
        for cluster in of_region {
            clusters
                .entry(cluster.name.value.clone())
                .or_insert(cluster);
        }
    }
    let mut services = BTreeMap::new();
    for entry in &raw.services {
        let key = ServiceKey::new(&entry.service.service.value, &entry.environment);
        let service = service::service(entry, &fleet, &names, &places, sink);
        services.entry(key).or_insert(service);
    }
    let journeys = journey::journeys(&raw.fleet, &fleet, &names, sink);
    World {
        fleet,
        regions,
        clusters,
        services,
        journeys,
        overlays: overlay::overlays(&raw.overlays),
        rtt_file: raw.rtt_file,
        origins: raw.origins.clone(),
    }
}

/// A written value, or the default at the place that it would belong to.
fn or_default<T: Clone>(written: Option<&Spanned<T>>, default: T, span: Span) -> Spanned<T> {
    written
        .cloned()
        .unwrap_or_else(|| Spanned::new(default, span))
}
