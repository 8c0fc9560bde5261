//! Fields that are understood and that nothing is made of yet: said once per group, never ignored
//! in silence.

use super::lookup::fault;
use crate::diag::{Code, Sink, Span};
use crate::model::raw::{MeshChoice, Promotion};
use crate::model::world::{Cluster, GatewayController, Mesh};
use crate::validate::Facts;

/// Says which written fields change nothing.
pub(super) fn unused(facts: &Facts<'_>, sink: &mut Sink) {
    let fleet = &facts.raw.fleet;
    let mut group = |name: &str, places: Vec<Span>| {
        let Some(first) = places.iter().min() else {
            return;
        };
        let times = match places.len() {
            1 => String::new(),
            n => format!(" ({n} times)"),
        };
        sink.emit(fault(
            Code::NoEffect,
            format!("nothing is planned or rendered from {name} yet{times}"),
            *first,
        ));
    };
    let gitops = fleet.gitops.as_ref();
    let promotion = gitops
        .and_then(|g| g.promotion)
        .filter(|p| p.value == Promotion::Waves);
    group(
        "`gitops.promotion: waves`",
        promotion.iter().map(|p| p.span).collect(),
    );
    let mesh = fleet.platform.iter().filter_map(|p| p.mesh);
    let other = mesh.filter(|m| matches!(m.value, MeshChoice::Cilium | MeshChoice::Linkerd));
    group(
        "`platform.mesh` of another kind than `istio`",
        other.map(|m| m.span).collect(),
    );
    let fleets = fleet.platform.iter().filter_map(|p| p.telemetry.as_ref());
    let regions = facts
        .raw
        .regions
        .iter()
        .filter_map(|r| r.telemetry.as_ref());
    let endpoints = fleets
        .chain(regions)
        .filter_map(|t| t.value.endpoint.as_ref());
    let collects = |c: &Cluster| c.capabilities.contains("opentelemetry-operator");
    let collected = facts.world.clusters.values().any(collects);
    group(
        "`endpoint` of telemetry without `opentelemetry-operator` in a cluster",
        endpoints.filter(|_| !collected).map(|e| e.span).collect(),
    );
    let services = facts.raw.services.iter();
    let instrumented = services.filter_map(|s| s.service.workload.instrument.as_ref());
    let exports = facts.world.regions.values().any(|region| {
        let telemetry = region.telemetry.as_ref();
        telemetry.is_some_and(|t| t.endpoint.is_some())
    });
    group(
        "`workload.instrument` without an `endpoint` of telemetry and `opentelemetry-operator`",
        instrumented
            .filter(|_| !(collected && exports))
            .map(|i| i.span)
            .collect(),
    );
    let cost = fleet.network.iter().filter_map(|n| n.cost.as_ref());
    group("`network.cost`", cost.map(|c| c.span).collect());
    let classes = || fleet.data_classes.iter().map(|(_, class)| class);
    let encryption = || classes().filter_map(|c| c.encryption.as_ref());
    let at_rest = encryption().filter_map(|e| e.value.at_rest.as_ref());
    // Keys of a key management service encrypt disks and backups; other words change nothing.
    let others = at_rest.filter(|a| a.value != "kms").map(|a| a.span);
    group("`encryption.atRest`, other than `kms`,", others.collect());
    let rotate = encryption().filter_map(|e| e.value.rotate.as_ref());
    let told = facts.world.fleet.platform.runbooks;
    group(
        "`encryption.rotate` of data classes without `platform.runbooks`",
        rotate.filter(|_| !told).map(|r| r.span).collect(),
    );
    let attributes = classes().filter_map(|c| c.attributes.first());
    group(
        "`attributes` of data classes without a collector (until then delete them in your own)",
        attributes
            .filter(|_| !(collected && exports))
            .map(|a| a.span)
            .collect(),
    );
    let wired = facts.world.fleet.platform.tokenization.is_some();
    let tokenize = classes().filter_map(|c| c.tokenize.as_ref());
    group(
        "`tokenize` of data classes without `platform.tokenization`",
        tokenize.filter(|_| !wired).map(|t| t.span).collect(),
    );
    let services = || facts.raw.services.iter().map(|e| &e.service);
    let resilience = || services().filter_map(|s| s.resilience.as_ref());
    let choices = &facts.world.fleet.platform;
    let envoy = choices
        .gateway
        .as_ref()
        .is_some_and(|g| g.controller == GatewayController::Envoy);
    let heeded = envoy || choices.mesh.is_some_and(|m| m.value == Mesh::Istio);
    let breaker = resilience().filter_map(|r| r.value.circuit_breaker.as_ref());
    group(
        "`resilience.circuitBreaker` without a gateway of Envoy or a mesh",
        distinct(breaker.filter(|_| !heeded).map(|b| b.span)),
    );
    let stores = || services().flat_map(|s| &s.stores);
    group(
        "`access.from` of stores",
        distinct(
            stores()
                .filter_map(|s| s.access.as_ref()?.value.from.first())
                .map(|f| f.span),
        ),
    );
}

/// A default is merged into many services, and is one place.
fn distinct(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut all: Vec<Span> = spans.collect();
    all.sort_unstable();
    all.dedup();
    all
}
