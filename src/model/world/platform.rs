//! What runs the fleet's platform.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Span, Spanned};
use crate::model::name::{Capability, Namespace, ServiceName};

use super::Existing;

/// Platform choices of the whole fleet.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// What writes DNS records; absent: nothing.
    pub dns: Option<Dns>,
    /// The gateway in front of exposed services; absent: regen renders none.
    pub gateway: Option<Gateway>,
    /// The service mesh; absent: none.
    pub mesh: Option<Spanned<Mesh>>,
    /// Whether External Secrets brings the Secrets that services ask for.
    pub external_secrets: Option<Span>,
    /// What enforces policies; absent: nothing.
    pub policy: Option<Spanned<Policies>>,
    /// Where images may come from; empty: anywhere.
    pub registries: Vec<Spanned<String>>,
    /// Whether runbooks are written.
    pub runbooks: bool,
    /// Whether files for the API servers are written.
    pub bootstrap: bool,
    /// The service that replaces fields by tokens.
    pub tokenization: Option<Spanned<ServiceName>>,
    /// Where Prometheus runs and what it looks for.
    pub monitoring: Monitoring,
    /// The namespace that ingress traffic comes from; absent: exposed ports accept any source.
    pub ingress_namespace: Option<Namespace>,
    /// Capabilities of clusters that list none of their own.
    pub capabilities: BTreeSet<Capability>,
    /// Objects that stand in clusters and are not rendered.
    pub existing: Vec<Existing>,
}

impl Platform {
    /// What the gateway's certificate rests on, and nobody renders.
    pub fn gateway_needs(&self) -> Option<Existing> {
        let gateway = self.gateway.as_ref()?;
        let any = || "*".to_owned();
        let (kind, namespace, name) = match (&gateway.issuer, &self.ingress_namespace) {
            (Some(issuer), _) => ("ClusterIssuer", any(), &issuer.value),
            (None, Some(namespace)) => ("Secret", namespace.to_string(), &gateway.certificate),
            (None, None) => ("Secret", any(), &gateway.certificate),
        };
        Some(Existing {
            kind: kind.to_owned(),
            namespace,
            name: name.clone(),
        })
    }
}

/// Where Prometheus runs and what it looks for.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// Its namespace.
    pub namespace: Namespace,
    /// Labels that it selects monitors and rules by.
    pub labels: BTreeMap<String, String>,
    /// The URL of Prometheus.
    pub prometheus: String,
    /// Where the blackbox exporter answers.
    pub prober: String,
}

impl Default for Monitoring {
    fn default() -> Self {
        let namespace = Namespace::from("monitoring");
        Self {
            prometheus: Self::prometheus(&namespace),
            prober: Self::prober(&namespace),
            namespace,
            labels: BTreeMap::new(),
        }
    }
}

impl Monitoring {
    /// The URL of the Prometheus that its operator runs in a namespace by default.
    pub fn prometheus(namespace: &Namespace) -> String {
        format!("http://prometheus-operated.{namespace}.svc:9090")
    }

    /// Where the blackbox exporter of a namespace answers by default.
    pub fn prober(namespace: &Namespace) -> String {
        format!("blackbox-exporter.{namespace}.svc:9115")
    }
}

/// What enforces policies when objects are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policies {
    /// The API server itself.
    Admission,
    /// Kyverno.
    Kyverno,
}

/// What writes DNS records, and where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dns {
    /// What writes them.
    pub controller: DnsController,
    /// Where to.
    pub provider: DnsProvider,
    /// Where that was written.
    pub span: Span,
}

/// What writes DNS records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsController {
    /// external-dns, by `DNSEndpoint` objects.
    ExternalDns,
    /// k8gb, by `Gslb` objects.
    K8gb,
}

impl DnsController {
    /// Its word in `regen.yaml`, and the capability of a cluster that runs it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExternalDns => "external-dns",
            Self::K8gb => "k8gb",
        }
    }
}

/// A provider that external-dns writes records to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DnsProvider {
    /// Route 53, the only one with routing policies.
    Aws,
    /// Azure DNS.
    Azure,
    /// Cloudflare, which can put its own cache in front.
    Cloudflare,
    /// CoreDNS, by etcd.
    Coredns,
    /// Google Cloud DNS.
    Google,
    /// PowerDNS.
    Powerdns,
    /// Any other.
    Other,
}

impl DnsProvider {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "Route 53",
            Self::Azure => "Azure DNS",
            Self::Cloudflare => "Cloudflare",
            Self::Coredns => "CoreDNS",
            Self::Google => "Google Cloud DNS",
            Self::Powerdns => "PowerDNS",
            Self::Other => "this provider",
        }
    }
}

/// The gateway in front of exposed services, one per cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// What runs it.
    pub controller: GatewayController,
    /// The GatewayClass.
    pub class: String,
    /// The Secret that holds its certificate.
    pub certificate: String,
    /// The ClusterIssuer that signs it; absent: somebody else keeps the Secret.
    pub issuer: Option<Spanned<String>>,
    /// Where it was written.
    pub span: Span,
}

/// What runs a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayController {
    /// Envoy Gateway.
    Envoy,
    /// Istio.
    Istio,
    /// Cilium.
    Cilium,
}

impl GatewayController {
    /// Its word in `regen.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Istio => "istio",
            Self::Cilium => "cilium",
        }
    }
}

/// A service mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mesh {
    /// Istio.
    Istio,
    /// Cilium with Cluster Mesh.
    Cilium,
    /// Linkerd with federated services.
    Linkerd,
}

impl Mesh {
    /// Its word in `regen.yaml`, and the capability of a cluster that is in it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Istio => "istio",
            Self::Cilium => "cilium",
            Self::Linkerd => "linkerd",
        }
    }
}
