//! What the gateway is asked to do for exposed services, and whether it can.

use super::lookup::{can, candidates, fault, services};
use crate::diag::{Code, Diagnostic, Severity, Sink, Span};
use crate::engine::{self, Scheme};
use crate::model::duration::Duration;
use crate::model::raw;
use crate::model::world::{
    CacheTier, Cluster, DnsController, DnsProvider, Exposure, GatewayController, Mesh, Service,
    World, WriteTarget,
};
use crate::validate::Facts;

/// What is asked of the gateway can be done by it.
pub(super) fn asked(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        let written = entry.service.exposure.as_ref();
        if let (Some(written), Some(exposure)) = (written, &service.exposure) {
            let asked = Asked {
                world: facts.world,
                service,
                exposure,
                written: &written.value,
            };
            asked.of_a_gateway(sink);
            asked.cache(sink);
            asked.writes(sink);
            asked.patience(sink);
        }
    }
    certificates(facts, sink);
    meshed(facts, sink);
}

/// A circuit breaker counts something.
pub(super) fn breakers(facts: &Facts<'_>, sink: &mut Sink) {
    let mut seen = std::collections::BTreeSet::new();
    for entry in &facts.raw.services {
        let resilience = entry.service.resilience.as_ref().map(|r| &r.value);
        let Some(breaker) = resilience.and_then(|r| r.circuit_breaker.as_ref()) else {
            continue;
        };
        if !seen.insert(breaker.span) {
            continue;
        }
        let (errors, within) = (breaker.value.errors, breaker.value.within);
        if errors.value == 0 {
            let message = "a circuit breaker cannot open before the first error".to_owned();
            sink.emit(
                fault(Code::InvalidValue, message, errors.span)
                    .help("write a number of errors such as 5"),
            );
        }
        if within.value.as_millis() == 0 {
            let message = "a circuit breaker cannot look at no time".to_owned();
            sink.emit(
                fault(Code::InvalidValue, message, within.span).help("write a time such as `30s`"),
            );
        }
    }
}

struct Asked<'a> {
    world: &'a World,
    service: &'a Service,
    exposure: &'a Exposure,
    written: &'a raw::Exposure,
}

impl Asked<'_> {
    fn grpc(&self) -> bool {
        self.exposure.port.as_str().starts_with("grpc")
    }

    /// Fields that only a gateway can do something about.
    fn of_a_gateway(&self, sink: &mut Sink) {
        let gateway = self.world.fleet.platform.gateway.as_ref();
        let written = self.written;
        let writes = written.writes.filter(|w| w.value == WriteTarget::Leader);
        let asked: [(&str, Option<Span>); 4] = [
            ("timeout", written.timeout.map(|f| f.span)),
            (
                "retries",
                written.retries.filter(|r| r.value > 0).map(|f| f.span),
            ),
            ("writes", writes.map(|f| f.span)),
            ("cache", written.cache.as_ref().map(|f| f.span)),
        ];
        for (name, span) in asked {
            let Some(span) = span else { continue };
            let Some(gateway) = gateway else {
                let message = format!("`{name}` is for a gateway to do, and the platform has none");
                sink.emit(
                    fault(Code::GatewayField, message, span)
                        .help("add `gateway: envoy` to the `platform`, or leave it out"),
                );
                continue;
            };
            let controller = gateway.controller;
            if name == "retries" && controller != GatewayController::Envoy {
                let message = format!(
                    "a gateway of `{}` has no standard way to try again",
                    controller.name()
                );
                sink.emit(
                    fault(Code::GatewayField, message, span)
                        .see(gateway.span, "the gateway")
                        .help("leave `retries` out, or write `platform.gateway: envoy`"),
                );
            }
            if matches!(name, "retries" | "cache") && self.grpc() {
                let message = format!("`{name}` is for GET and HEAD, and gRPC has neither");
                sink.emit(fault(Code::GatewayField, message, span).help(format!(
                    "leave `{name}` out, or expose a port that is not called `grpc`"
                )));
            }
        }
    }

    fn cache(&self, sink: &mut Sink) {
        let (Some(written), Some(cache)) = (&self.written.cache, &self.exposure.cache) else {
            return;
        };
        let lengths = [
            Some(written.value.max_age),
            written.value.stale_while_revalidate,
            written.value.stale_if_error,
        ];
        for length in lengths.into_iter().flatten() {
            if !seconds(length.value) {
                sink.emit(
                    fault(
                        Code::InvalidValue,
                        format!("nobody can keep an answer for `{}`", length.value),
                        length.span,
                    )
                    .help("write whole seconds from `1s` to `365d`, such as `60s`"),
                );
            }
        }
        if cache.tier.value != CacheTier::Cdn {
            return;
        }
        let dns = self.world.fleet.platform.dns;
        let cloudflare = dns.is_some_and(|d| {
            d.controller == DnsController::ExternalDns && d.provider == DnsProvider::Cloudflare
        });
        if !cloudflare {
            let message = "only records of Cloudflare can have its network in front".to_owned();
            sink.emit(fault(Code::GatewayField, message, cache.tier.span).help(
                "write `platform.dns: {controller: external-dns, provider: cloudflare}`, or `tier: varnish`",
            ));
        }
        for store in &self.service.stores {
            let class = store.data.as_ref().map(|d| &d.value);
            let class = class.and_then(|c| self.world.fleet.data_classes.get(c));
            let Some(bound) = class.and_then(|c| c.residency.as_ref()) else {
                continue;
            };
            sink.emit(
                fault(
                    Code::CacheResidency,
                    format!(
                        "`{}` would be kept all over the world, and its store `{}` must stay in {bound}",
                        self.service.name.value, store.name.value
                    ),
                    cache.tier.span,
                )
                .see(bound.span, "bound here")
                .help("write `tier: varnish`, whose pods stand beside the service"),
            );
        }
    }

    /// Writes can be sent where they are taken.
    fn writes(&self, sink: &mut Sink) {
        let exposure = self.exposure;
        let gateway = self.world.fleet.platform.gateway.is_some();
        if exposure.writes.value != WriteTarget::Leader || !gateway {
            return;
        }
        let led = |s: &crate::model::world::Store| {
            matches!(engine::scheme(s), Scheme::Primary | Scheme::Quorum) && s.shards.is_empty()
        };
        if !self.service.stores.iter().any(led) {
            let message = format!(
                "no store of `{}` has one region that takes its writes",
                self.service.name.value
            );
            sink.emit(
                fault(Code::GatewayField, message, exposure.writes.span)
                    .help("write `writes: local`, or give it a store that has a leader"),
            );
        }
        let clusters = all_candidates(self.world, self.service);
        let several = clusters.iter().any(|c| c.region != clusters[0].region);
        let lacking: Vec<&Cluster> = clusters
            .into_iter()
            .filter(|c| several && !can(c, "multicluster-services"))
            .collect();
        let message = format!(
            "writes to `{}` are sent to another region, and {} no services of other clusters",
            self.service.name.value,
            known(&lacking)
        );
        lacks(
            &lacking,
            message,
            exposure.writes.span,
            "multicluster-services",
            sink,
        );
    }

    /// The gateway does not give up while the service still tries.
    fn patience(&self, sink: &mut Sink) {
        let Some(patience) = self.exposure.timeout else {
            return;
        };
        let resilience = &self.service.resilience;
        let tries = u64::from(resilience.retries.map_or(0, |r| r.value)) + 1;
        let calls = self.service.calls.iter().filter_map(|call| {
            let one = call.timeout.or(resilience.timeout)?;
            Some((one.value.as_millis().saturating_mul(tries), one.span, call))
        });
        let Some((all, span, call)) = calls.max_by_key(|(all, ..)| *all) else {
            return;
        };
        if all <= patience.value.as_millis() {
            return;
        }
        let name = &self.service.name.value;
        let all = Duration::millis(all);
        sink.emit(
            fault(
                Code::RetryTimeout,
                format!(
                    "the gateway gives up on `{name}` after {}, and `{name}` may wait {all} for `{}`",
                    patience.value, call.service.value
                ),
                patience.span,
            )
            .see(span, "each try")
            .help(format!("write `timeout: {all}`, or let `{name}` try less")),
        );
    }
}

/// Where an issuer keeps certificates, cert-manager runs.
fn certificates(facts: &Facts<'_>, sink: &mut Sink) {
    let gateway = facts.world.fleet.platform.gateway.as_ref();
    let Some(issuer) = gateway.and_then(|g| g.issuer.as_ref()) else {
        return;
    };
    let exposed = services(facts).filter(|(_, s)| s.exposure.is_some());
    let mut lacking: Vec<&Cluster> = exposed
        .flat_map(|(_, service)| all_candidates(facts.world, service))
        .filter(|c| !can(c, "cert-manager"))
        .collect();
    lacking.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    lacking.dedup_by(|a, b| a.name.value == b.name.value);
    let message = format!(
        "an issuer signs certificates by cert-manager, and {} none",
        known(&lacking)
    );
    lacks(&lacking, message, issuer.span, "cert-manager", sink);
}

/// A cluster outside of the mesh reaches nobody inside, which is said and not refused.
fn meshed(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(mesh) = facts.world.fleet.platform.mesh else {
        return;
    };
    if mesh.value != Mesh::Istio {
        return;
    }
    let all = facts.world.clusters.values();
    let lacking: Vec<&Cluster> = all.filter(|c| !can(c, mesh.value.name())).collect();
    let message = format!("the mesh is of Istio, and {} none", known(&lacking));
    if lacking.is_empty() {
        return;
    }
    let told = fault(Code::MissingCapability, message, mesh.span);
    let told = lacking
        .iter()
        .fold(told, |told, c| told.see(c.name.span, "outside of it"));
    sink.emit(Diagnostic {
        severity: Some(Severity::Warning),
        ..told.help("add `istio` to its `capabilities`; services there get no sidecar")
    });
}

fn all_candidates<'a>(world: &'a World, service: &Service) -> Vec<&'a Cluster> {
    let regions = candidates(world, service);
    regions
        .into_iter()
        .flat_map(|(_, clusters)| clusters)
        .collect()
}

/// Clusters as people name them, with the verb.
fn known(clusters: &[&Cluster]) -> String {
    let names: Vec<String> = clusters
        .iter()
        .map(|c| format!("`{}`", c.name.value))
        .collect();
    match names.as_slice() {
        [one] => format!("cluster {one} has"),
        several => format!("each of the clusters {} has", several.join(", ")),
    }
}

/// One fault for all clusters that lack a capability.
pub(super) fn lacks(
    clusters: &[&Cluster],
    message: String,
    span: Span,
    capability: &str,
    sink: &mut Sink,
) {
    if clusters.is_empty() {
        return;
    }
    let told = fault(Code::MissingCapability, message, span);
    let told = clusters.iter().fold(told, |told: Diagnostic, c| {
        told.see(c.name.span, "may serve it")
    });
    sink.emit(told.help(format!(
        "add `{capability}` to its `capabilities`, or leave the region out"
    )));
}

/// Whether a length of time is whole seconds, at least one and at most a year.
fn seconds(length: Duration) -> bool {
    let millis = length.as_millis();
    millis.is_multiple_of(1000) && (1..=365 * 86_400).contains(&(millis / 1000))
}
