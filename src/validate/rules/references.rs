//! Names that lead somewhere: waves, regions, clusters, environments, data classes, capabilities.

use std::collections::{BTreeMap, BTreeSet};

use super::lookup::{candidates, fault, services, unknown};
use crate::diag::{Code, Sink, Span, Spanned, nearest};
use crate::engine;
use crate::model::name::{Capability, ClusterName, RegionName};
use crate::model::raw::{Leader, Regions, Synchronous};
use crate::model::world::{
    ConfidentialNodes, KubernetesVersion, RegionChoice, Service, WorkloadKind,
};
use crate::validate::Facts;

/// Everything that is named exists.
pub(super) fn exist(facts: &Facts<'_>, sink: &mut Sink) {
    let (raw, world) = (facts.raw, facts.world);
    let waves = world.fleet.waves.iter().map(|w| w.as_str());
    for region in &raw.regions {
        if let Some(wave) = &region.wave
            && !world.fleet.waves.contains(&wave.value)
        {
            let name = wave.value.as_str();
            sink.emit(unknown(
                Code::UnknownWave,
                "wave",
                name,
                wave.span,
                waves.clone(),
            ));
        }
    }
    if let Some(hub) = &raw.fleet.hub
        && !world.clusters.contains_key(&hub.value)
    {
        let names = world.clusters.keys().map(ClusterName::as_str);
        sink.emit(unknown(
            Code::UnknownCluster,
            "cluster",
            hub.value.as_str(),
            hub.span,
            names,
        ));
    }
    let mut region = |name: &str, span: Span| {
        if !world.regions.contains_key(name) {
            let names = world.regions.keys().map(RegionName::as_str);
            sink.emit(unknown(Code::UnknownRegion, "region", name, span, names));
        }
    };
    for entry in &raw.services {
        let service = &entry.service;
        if let Some(placement) = &service.placement {
            for from in &placement.value.from {
                region(from.value.as_str(), from.span);
            }
            if let Some(Regions::Named(names)) = placement.value.regions.as_ref().map(|r| &r.value)
            {
                for name in names {
                    region(name.value.as_str(), name.span);
                }
            }
        }
        for store in &service.stores {
            if let Some(leader) = store.leader.as_ref().filter(|l| l.value != Leader::AUTO) {
                region(&leader.value, leader.span);
            }
            if let Some(Synchronous::Long(long)) = store.synchronous.as_ref().map(|s| &s.value) {
                for standby in &long.of {
                    region(standby.value.as_str(), standby.span);
                }
            }
        }
        for exposure in service.exposure.iter().map(|e| &e.value) {
            let weights = exposure.weights.iter().map(|(name, _)| name);
            for name in weights.chain(exposure.geo.iter().map(|(name, _)| name)) {
                region(&name.value, name.span);
            }
        }
    }
    for data in raw
        .services
        .iter()
        .flat_map(|e| &e.service.stores)
        .filter_map(|s| s.data.as_ref())
    {
        if !world.fleet.data_classes.contains_key(&data.value) {
            let names = world.fleet.data_classes.keys().map(|c| c.as_str());
            sink.emit(unknown(
                Code::UnknownDataClass,
                "data class",
                data.value.as_str(),
                data.span,
                names,
            ));
        }
    }
}

/// Every region has a wave, and every wave a region.
pub(super) fn waves(facts: &Facts<'_>, sink: &mut Sink) {
    let declared = &facts.raw.fleet.waves;
    for wave in declared {
        if !facts
            .world
            .regions
            .values()
            .any(|r| r.wave.as_ref() == Some(&wave.value))
        {
            sink.emit(
                fault(
                    Code::EmptyWave,
                    format!("no region is in wave `{}`", wave.value),
                    wave.span,
                )
                .help("put a region into it, or leave it out"),
            );
        }
    }
    if let [_, .., last] = declared.as_slice() {
        for region in facts.raw.regions.iter().filter(|r| r.wave.is_none()) {
            sink.emit(
                fault(
                    Code::RegionWithoutWave,
                    format!(
                        "region `{}` names no wave and goes last, with `{}`",
                        region.region.value, last.value
                    ),
                    region.region.span,
                )
                .help(format!("add `wave: {}` if that is meant", last.value)),
            );
        }
    }
}

/// Every service has a cluster to run in.
pub(super) fn environments(facts: &Facts<'_>, sink: &mut Sink) {
    let known: BTreeSet<&str> = facts
        .world
        .clusters
        .values()
        .map(|c| c.environment.as_str())
        .collect();
    for (entry, service) in services(facts) {
        let environment = service.environment.as_str();
        let span = entry.named.unwrap_or(service.name.span);
        if !known.contains(environment) {
            let fault = fault(
                Code::NoCluster,
                format!(
                    "no cluster is in the environment `{environment}` of `{}`",
                    service.name.value
                ),
                span,
            );
            sink.emit(match nearest(environment, known.iter().copied()) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help(format!("add `environment: {environment}` to a cluster")),
            });
        } else if regions_exist(facts, service) && candidates(facts.world, service).is_empty() {
            let span = service.placement.span.unwrap_or(span);
            sink.emit(
                fault(
                    Code::NoCluster,
                    format!(
                        "no region that `{}` may run in has a cluster in `{environment}`",
                        service.name.value
                    ),
                    span,
                )
                .help("name other regions in `placement`, or add a cluster there"),
            );
        }
    }
}

/// Whether all regions that a placement names exist; one that does not is told elsewhere.
fn regions_exist(facts: &Facts<'_>, service: &Service) -> bool {
    let named = match &service.placement.regions {
        RegionChoice::Named(names) => names.as_slice(),
        _ => &[],
    };
    let mut all = service.placement.from.iter().chain(named);
    all.all(|region| facts.world.regions.contains_key(&region.value))
}

/// What regen asks of clusters, by the names that it knows.
fn known_capabilities() -> BTreeSet<&'static str> {
    let engines = engine::ENGINES.iter().map(|e| e.capability);
    engines
        .chain([
            "argo-rollouts",
            "barman-cloud",
            "cert-manager",
            "chaos-mesh",
            "cilium",
            ConfidentialNodes::CAPABILITY,
            "external-dns",
            "external-secrets",
            "gateway-api",
            "grafana",
            "istio",
            "k8gb",
            "kyverno",
            "linkerd",
            "metrics-server",
            "multicluster-services",
            "open-feature",
            "opentelemetry-operator",
            "prometheus-operator",
            "volume-snapshots",
        ])
        .collect()
}

/// Misspelt capabilities would silently be missing ones.
pub(super) fn capabilities(facts: &Facts<'_>, sink: &mut Sink) {
    let known = known_capabilities();
    let platform = facts
        .raw
        .fleet
        .platform
        .iter()
        .flat_map(|p| &p.capabilities);
    let clusters = facts.raw.regions.iter().flat_map(|r| &r.clusters);
    let own = clusters.flat_map(|c| c.capabilities.iter().flatten());
    let mut check = |capability: &Spanned<Capability>| {
        let name = capability.value.as_str();
        if known.contains(name) {
            return;
        }
        if let Some(near) = nearest(name, known.iter().copied()) {
            sink.emit(
                fault(
                    Code::UnknownCapability,
                    format!("nothing asks for a capability `{name}`"),
                    capability.span,
                )
                .help(format!("did you mean `{near}`?")),
            );
        }
    };
    platform.chain(own).for_each(&mut check);
}

/// Manifests are rendered for a range of versions.
pub(super) fn versions(facts: &Facts<'_>, sink: &mut Sink) {
    let (oldest, newest) = (KubernetesVersion::OLDEST, KubernetesVersion::NEWEST);
    for cluster in facts.raw.regions.iter().flat_map(|r| &r.clusters) {
        let Some(version) = &cluster.kubernetes else {
            continue;
        };
        if !(oldest..=newest).contains(&version.value) {
            sink.emit(
                fault(
                    Code::KubernetesVersion,
                    format!("cluster `{}` runs Kubernetes {}, which regen does not know", cluster.name.value, version.value),
                    version.span,
                )
                .help(format!("versions {oldest} to {newest} are known; write it in quotes, such as \"{newest}\"")),
            );
        }
    }
}

/// Flags have names of their own, and roll out to waves and regions that exist.
pub(super) fn flags(facts: &Facts<'_>, sink: &mut Sink) {
    let world = facts.world;
    for (_, service) in services(facts) {
        let kind = service.workload.kind;
        if let (Some(flag), WorkloadKind::CronJob | WorkloadKind::Job) =
            (service.flags.first(), kind)
        {
            let message = format!("nothing is rendered from the flags of a {}", kind.name());
            sink.emit(fault(Code::NoEffect, message, flag.name.span).help(
                "leave them out: the container that evaluates them would keep its pods from ending",
            ));
        }
        let mut seen = BTreeMap::new();
        for flag in &service.flags {
            let name = &flag.name;
            if let Some(first) = seen.insert(name.value.as_str(), name.span) {
                let message = format!("the flag `{}` is there twice", name.value);
                sink.emit(
                    fault(Code::DuplicateName, message, name.span)
                        .see(first, "first here")
                        .help("leave one of them out"),
                );
            }
            for (place, share) in &flag.rollout {
                let known = || {
                    let regions = world.regions.keys().map(|r| r.as_str());
                    regions.chain(world.fleet.waves.iter().map(|w| w.as_str()))
                };
                if !known().any(|k| k == place) {
                    let kind = "region or wave";
                    sink.emit(unknown(
                        Code::UnknownRegion,
                        kind,
                        place,
                        share.span,
                        known(),
                    ));
                }
            }
        }
    }
}
