//! `platform` to the choices of the fleet.

use crate::diag::Spanned;
use crate::model::name::Namespace;
use crate::model::raw::{
    self, DnsChoice, GatewayChoice, MeshChoice, PolicyController, SecretsController,
};
use crate::model::world::{
    Dns, DnsController, DnsProvider, Gateway, GatewayController, Mesh, Monitoring, Platform,
    Policies,
};

/// The namespace of a gateway when nobody names one.
const INGRESS: &str = "ingress";

/// The platform's choices; those that say `none` are none.
pub(super) fn platform(written: &raw::Fleet) -> Platform {
    let Some(platform) = &written.platform else {
        return Platform::default();
    };
    let gateway = platform
        .gateway
        .as_ref()
        .and_then(|g| gateway(g, written.fleet.value.as_str()));
    let ingress = platform.ingress_namespace.as_ref();
    Platform {
        tokenization: platform.tokenization.clone(),
        dns: platform.dns.and_then(dns),
        external_secrets: platform
            .secrets
            .filter(|s| s.value == SecretsController::ExternalSecrets)
            .map(|s| s.span),
        policy: platform.policy.and_then(|p| match p.value {
            PolicyController::Admission => Some(Spanned::new(Policies::Admission, p.span)),
            PolicyController::Kyverno => Some(Spanned::new(Policies::Kyverno, p.span)),
            PolicyController::None => None,
        }),
        registries: platform
            .registries
            .iter()
            .map(|r| r.clone().map(|r| r.trim_end_matches('/').to_owned()))
            .collect(),
        runbooks: platform.runbooks.is_some_and(|r| r.value),
        bootstrap: platform.bootstrap.is_some_and(|b| b.value),
        monitoring: platform
            .monitoring
            .as_ref()
            .map_or_else(Monitoring::default, monitoring),
        mesh: platform.mesh.and_then(|mesh| {
            let choice = match mesh.value {
                MeshChoice::Istio => Mesh::Istio,
                MeshChoice::Cilium => Mesh::Cilium,
                MeshChoice::Linkerd => Mesh::Linkerd,
                MeshChoice::None => return None,
            };
            Some(Spanned::new(choice, mesh.span))
        }),
        ingress_namespace: ingress
            .map(|n| n.value.clone())
            .or_else(|| gateway.as_ref().map(|_| Namespace::from(INGRESS))),
        gateway,
        capabilities: platform
            .capabilities
            .iter()
            .map(|c| c.value.clone())
            .collect(),
        existing: platform.existing.iter().map(|e| e.value.clone()).collect(),
    }
}

fn monitoring(written: &raw::Monitoring) -> Monitoring {
    let default = Monitoring::default();
    let namespace = written
        .namespace
        .as_ref()
        .map_or(default.namespace, |n| n.value.clone());
    let prometheus = written.prometheus.as_ref().map(|p| p.value.clone());
    let prober = written.prober.as_ref().map(|p| p.value.clone());
    Monitoring {
        prometheus: prometheus.unwrap_or_else(|| Monitoring::prometheus(&namespace)),
        prober: prober.unwrap_or_else(|| Monitoring::prober(&namespace)),
        namespace,
        labels: written
            .labels
            .iter()
            .map(|(name, value)| (name.value.clone(), value.value.clone()))
            .collect(),
    }
}

fn dns(written: Spanned<raw::Dns>) -> Option<Dns> {
    let (choice, provider) = match written.value {
        raw::Dns::Controller(choice) => (choice, None),
        raw::Dns::Long(long) => (long.controller.value, long.provider),
    };
    let controller = match choice {
        DnsChoice::ExternalDns => DnsController::ExternalDns,
        DnsChoice::K8gb => DnsController::K8gb,
        DnsChoice::None => return None,
    };
    Some(Dns {
        controller,
        provider: provider.map_or(DnsProvider::Aws, |p| p.value),
        span: provider.map_or(written.span, |p| p.span),
    })
}

fn gateway(written: &Spanned<raw::Gateway>, fleet: &str) -> Option<Gateway> {
    let (choice, long) = match &written.value {
        raw::Gateway::Controller(choice) => (*choice, None),
        raw::Gateway::Long(long) => (long.controller.value, Some(long)),
    };
    let controller = match choice {
        GatewayChoice::Envoy => GatewayController::Envoy,
        GatewayChoice::Istio => GatewayController::Istio,
        GatewayChoice::Cilium => GatewayController::Cilium,
        GatewayChoice::None => return None,
    };
    let text = |of: fn(&raw::GatewayLong) -> &Option<Spanned<String>>| {
        long.and_then(|l| of(l).as_ref()).map(|t| t.value.clone())
    };
    Some(Gateway {
        controller,
        class: text(|l| &l.class).unwrap_or_else(|| controller.name().to_owned()),
        certificate: text(|l| &l.certificate).unwrap_or_else(|| format!("{fleet}-gateway")),
        issuer: long.and_then(|l| l.issuer.clone()),
        span: written.span,
    })
}
