//! A region's file, and what the atlas knows of it, to the region and its clusters.

use std::collections::BTreeSet;

use crate::atlas::{self, AtlasRegion};
use crate::diag::{Code, Diagnostic, Sink};
use crate::model::name::{Capability, DEFAULT_ENVIRONMENT, Environment};
use crate::model::place::{Coordinates, Country};
use crate::model::raw;
use crate::model::world::{
    Capacity, Cluster, ClusterNetwork, ConfidentialNodes, Fleet, Ingress, KubernetesVersion, Region,
};
use crate::validate::areas::unknown_country;

/// A region and its clusters.
pub(super) fn region(
    written: &raw::Region,
    fleet: &Fleet,
    sink: &mut Sink,
) -> (Region, Vec<Cluster>) {
    let name = &written.region;
    let known = written
        .provider
        .as_ref()
        .and_then(|p| atlas::region(p.value, name.value.as_str()));
    let country = written
        .country
        .as_ref()
        .map(|c| c.value)
        .or(known.map(|k| k.country));
    let coordinates = written
        .coordinates
        .as_ref()
        .map(|c| Coordinates {
            lat: c.value.lat.0,
            lon: c.value.lon.0,
        })
        .or(known.map(|k| k.coordinates))
        .or_else(|| centre(written, sink));
    if country.is_none() || coordinates.is_none() {
        sink.emit(unknown_place(
            written,
            country.is_none(),
            coordinates.is_none(),
        ));
    }
    if let Some(country) = &written.country
        && !atlas::is_country(country.value)
    {
        sink.emit(unknown_country(country.value, country.span));
    }
    if let (Some(country), Some(known)) = (&written.country, known) {
        contradiction(country.value, known, country.span, sink);
    }
    let zones = match (written.zones.is_empty(), known) {
        (true, Some(known)) => known.zones.clone(),
        _ => written.zones.iter().map(|z| z.value.clone()).collect(),
    };
    let wave = written.wave.as_ref().map(|w| w.value.clone());
    let region = Region {
        name: name.clone(),
        provider: written.provider.as_ref().map(|p| p.value),
        // Only a rejected world has a region that stands nowhere.
        country: country.unwrap_or(UNKNOWN),
        coordinates: coordinates.unwrap_or(Coordinates { lat: 0, lon: 0 }),
        zones,
        telemetry: None,
        wave: wave.or_else(|| fleet.waves.last().cloned()),
        clusters: {
            let names: BTreeSet<_> = written
                .clusters
                .iter()
                .map(|c| c.name.value.clone())
                .collect();
            names.into_iter().collect()
        },
    };
    let clusters = written
        .clusters
        .iter()
        .map(|c| cluster(c, written, &region, fleet))
        .collect();
    (region, clusters)
}

/// The centre of the country's population, for a region of no cloud that says no more.
fn centre(written: &raw::Region, sink: &mut Sink) -> Option<Coordinates> {
    let country = written
        .country
        .as_ref()
        .filter(|_| written.provider.is_none())?;
    let centre = atlas::country_coordinates(country.value)?;
    let name = &written.region.value;
    let guess = Diagnostic::new(
        Code::CountryCentre,
        format!(
            "`{name}` is taken to stand where most people of {} live",
            country.value
        ),
    )
    .at(country.span, "")
    .help(format!(
        "write where it is, for round trips that nobody measured: `{}`",
        position(centre)
    ));
    sink.emit(guess);
    Some(centre)
}

/// `coordinates: {lat: 53.35, lon: -6.26}`.
fn position(at: Coordinates) -> String {
    let degrees = |millionths: i32| {
        let hundredths = (i64::from(millionths).abs() + 5000) / 10_000;
        let sign = if millionths < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    };
    format!(
        "coordinates: {{lat: {}, lon: {}}}",
        degrees(at.lat),
        degrees(at.lon)
    )
}

/// ISO 3166-1's code for no country.
const UNKNOWN: Country = Country::UNKNOWN;

fn contradiction(country: Country, known: &AtlasRegion, span: crate::diag::Span, sink: &mut Sink) {
    if country != known.country {
        sink.emit(
            Diagnostic::new(
                Code::AtlasDisagrees,
                format!(
                    "`{}` stands in {}, not in {country}",
                    known.code, known.country
                ),
            )
            .at(span, "")
            .help(format!(
                "leave `country` out: the atlas knows {} ({})",
                known.code, known.city
            )),
        );
    }
}

fn unknown_place(written: &raw::Region, country: bool, coordinates: bool) -> Diagnostic {
    let name = &written.region;
    let missing = match (country, coordinates) {
        (true, true) => "`country` and `coordinates`",
        (true, false) => "`country`",
        _ => "`coordinates`",
    };
    match &written.provider {
        Some(provider) => {
            let cloud = provider.value;
            let fault = Diagnostic::new(
                Code::UnknownRegion,
                format!(
                    "{} has no region `{}` that the atlas knows",
                    cloud.name(),
                    name.value
                ),
            )
            .at(name.span, "")
            .see(provider.span, "");
            let fault = match atlas::nearest_region(cloud, name.value.as_str()) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            };
            fault.help(format!("or write its {missing}"))
        }
        None => {
            let fault = Diagnostic::new(
                Code::MissingField,
                format!("region `{}` has no {missing}", name.value),
            )
            .at(name.span, "");
            match atlas::find(name.value.as_str()) {
                Some(known) => fault.help(format!("add `provider: {}`", known.provider.name())),
                None => fault.help(
                    "add `provider: aws`, `gcp` or `azure`, or `country: IE` and \
                     `coordinates: {lat: 53.35, lon: -6.26}`",
                ),
            }
        }
    }
}

fn cluster(
    written: &raw::Cluster,
    around: &raw::Region,
    region: &Region,
    fleet: &Fleet,
) -> Cluster {
    let capacity = written.capacity.as_ref();
    let network = written.network.as_ref();
    let texts = |ranges: Option<&Vec<crate::diag::Spanned<raw::Cidr>>>| {
        ranges
            .into_iter()
            .flatten()
            .map(|r| (*r).map(|cidr| cidr.to_string()))
            .collect()
    };
    Cluster {
        name: written.name.clone(),
        region: region.name.value.clone(),
        context: written.context.as_ref().map(|c| c.value.clone()),
        server: written.server.as_ref().map(|s| s.value.clone()),
        kubernetes_span: written.kubernetes.as_ref().map(|v| v.span),
        kubernetes: written
            .kubernetes
            .as_ref()
            .map_or(KubernetesVersion::DEFAULT, |v| v.value),
        environment: written.environment.as_ref().map_or_else(
            || Environment::from(DEFAULT_ENVIRONMENT),
            |e| e.value.clone(),
        ),
        capacity: Capacity {
            cpu: capacity.and_then(|c| c.value.cpu),
            memory: capacity.and_then(|c| c.value.memory),
        },
        capabilities: capabilities(written, fleet),
        confidential: written
            .confidential
            .as_ref()
            .map(|c| confidential(&c.value)),
        network: ClusterNetwork {
            pods: texts(network.map(|n| &n.pods)),
            nodes: texts(network.map(|n| &n.nodes)),
            egress: texts(network.map(|n| &n.egress)),
            domain: network.and_then(|n| n.domain.clone()),
        },
        kms_key: written
            .kms_key
            .as_ref()
            .or(around.kms_key.as_ref())
            .map(|k| k.value.clone()),
        ingress: written.ingress.as_ref().and_then(|ingress| {
            let way = match &ingress.value.hostname {
                Some(host) => Ingress::Hostname(host.value.clone()),
                None if ingress.value.addresses.is_empty() => return None,
                None => {
                    Ingress::Addresses(ingress.value.addresses.iter().map(|a| a.value.0).collect())
                }
            };
            Some(crate::diag::Spanned::new(way, ingress.span))
        }),
        secret_store: written
            .secret_store
            .as_ref()
            .map(|s| s.clone().map(|json| json.0)),
        health_checks: written
            .health_checks
            .iter()
            .map(|(host, id)| (host.value.clone(), id.value.clone()))
            .collect(),
    }
}

/// What a cluster lists, else what the fleet does, and what follows from the rest.
fn capabilities(written: &raw::Cluster, fleet: &Fleet) -> BTreeSet<Capability> {
    let mut all: BTreeSet<Capability> = match &written.capabilities {
        Some(own) => own.iter().map(|c| c.value.clone()).collect(),
        None => fleet.platform.capabilities.clone(),
    };
    if written.confidential.is_some() {
        all.insert(Capability::from(ConfidentialNodes::CAPABILITY));
    }
    all
}

fn confidential(written: &raw::ConfidentialNodes) -> ConfidentialNodes {
    let labels = written.node_selector.iter();
    ConfidentialNodes {
        selector: labels
            .map(|(k, v)| (k.value.clone(), v.value.clone()))
            .collect(),
        tolerations: written
            .tolerations
            .iter()
            .map(|t| t.value.0.clone())
            .collect(),
        runtime_class: written.runtime_class.as_ref().map(|r| r.value.clone()),
    }
}
