//! How users reach a service.

use std::collections::BTreeMap;

use crate::diag::{Sink, Spanned};
use crate::model::duration::Duration;
use crate::model::name::{JurisdictionName, PortName, RegionName};
use crate::model::raw;
use crate::model::world::{
    Cache, CacheTier, Exposure, Fleet, GeoArea, Jurisdiction, PlacementMode, Routing, WriteTarget,
};
use crate::validate::areas;

/// How long resolvers may keep an answer when nobody says, in seconds.
const TTL: u32 = 60;
/// What a pod of Varnish may use when nobody says.
const CACHE_MEMORY: &str = "256Mi";
/// The image of Varnish when nobody names one.
const CACHE_IMAGE: &str = "docker.io/library/varnish:7.7";

/// How users reach a service.
pub(super) fn exposure(
    written: &Spanned<raw::Exposure>,
    service: &raw::Service,
    mode: PlacementMode,
    fleet: &Fleet,
    sink: &mut Sink,
) -> Exposure {
    let raw = &written.value;
    let by_mode = match mode {
        PlacementMode::ActiveActive => Routing::Latency,
        PlacementMode::ActivePassive => Routing::Failover,
    };
    Exposure {
        span: written.span,
        host: raw.host.clone(),
        port: raw.port.as_ref().map_or_else(
            || super::workload::main_port(service).unwrap_or_else(|| PortName::from("http")),
            |p| p.value.clone(),
        ),
        routing: super::or_default(raw.routing.as_ref(), by_mode, written.span),
        health: raw.health.as_ref().map(|h| h.value.clone()),
        ttl: raw.ttl.map_or(TTL, |t| {
            u32::try_from(t.value.as_millis() / 1000).unwrap_or(u32::MAX)
        }),
        weights: raw
            .weights
            .iter()
            .map(|(region, weight)| (RegionName::new(region.value.as_str()), weight.value))
            .collect(),
        geo: raw
            .geo
            .iter()
            .map(|(region, all)| {
                let areas = geo(all, &fleet.jurisdictions, sink);
                (RegionName::new(region.value.as_str()), areas)
            })
            .collect(),
        timeout: raw.timeout,
        retries: raw.retries,
        writes: super::or_default(raw.writes.as_ref(), WriteTarget::Local, written.span),
        cache: raw.cache.as_ref().map(cache),
    }
}

fn cache(written: &Spanned<raw::Cache>) -> Cache {
    let raw = &written.value;
    let seconds = |d: Spanned<Duration>| d.value.as_millis() / 1000;
    Cache {
        span: written.span,
        max_age: seconds(raw.max_age),
        stale_while_revalidate: raw.stale_while_revalidate.map(seconds),
        stale_if_error: raw.stale_if_error.map(seconds),
        tier: super::or_default(raw.tier.as_ref(), CacheTier::Headers, written.span),
        memory: raw
            .memory
            .as_ref()
            .map_or_else(|| super::workload::quantity(CACHE_MEMORY), |m| m.value),
        image: super::or_default(raw.image.as_ref(), CACHE_IMAGE.to_owned(), written.span),
    }
}

fn geo(
    written: &raw::Areas,
    known: &BTreeMap<JurisdictionName, Jurisdiction>,
    sink: &mut Sink,
) -> Vec<GeoArea> {
    let mut all = Vec::new();
    for area in &written.0 {
        match areas::geo(&area.value, known) {
            Some(found) => all.extend(found),
            None => sink.emit(areas::unknown_area(
                "country, bloc or continent",
                &area.value,
                area.span,
                known
                    .keys()
                    .map(JurisdictionName::as_str)
                    .chain(crate::atlas::CONTINENTS),
            )),
        }
    }
    all.sort();
    all.dedup();
    all
}
