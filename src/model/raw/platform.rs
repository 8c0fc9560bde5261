//! `platform` of `regen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Entries;
use super::forms::short_or_long;
use crate::diag::Spanned;
use crate::model::name::{Capability, JurisdictionName, Namespace, RegionName, ServiceName};
use crate::model::world::{DnsProvider, Existing};

/// Platform choices.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Platform {
    /// What writes DNS records, or `{controller, provider}`. Default: `none`.
    pub dns: Option<Spanned<Dns>>,
    /// The gateway in front of exposed services, or `{controller, class, issuer, certificate}`; it
    /// stands in `ingressNamespace`. Default: `none`.
    pub gateway: Option<Spanned<Gateway>>,
    /// The service mesh. Default: `none`.
    pub mesh: Option<Spanned<MeshChoice>>,
    /// Where Secrets come from. Default: `none`, so they are there already.
    pub secrets: Option<Spanned<SecretsController>>,
    /// What enforces policies when objects are admitted. Default: `none`.
    pub policy: Option<Spanned<PolicyController>>,
    /// Where images may come from: registries, or paths in them. Default: anywhere.
    #[serde(default)]
    pub registries: Vec<Spanned<String>>,
    /// Whether runbooks are written, one per service and region, into `runbooks/` of the repository.
    /// Default: `false`.
    pub runbooks: Option<Spanned<bool>>,
    /// Whether files for the API servers are written into `bootstrap/` of the repository: the audit
    /// policy and the encryption of Secrets. Default: `false`.
    pub bootstrap: Option<Spanned<bool>>,
    /// The service of the catalog that replaces what data classes `tokenize` by tokens: services with
    /// stores of such a class call it, and find it by `TOKENIZE_HOST`, `TOKENIZE_PORT` and
    /// `TOKENIZE_FIELDS`. Default: none.
    pub tokenization: Option<Spanned<ServiceName>>,
    /// Where clusters export metrics, traces and logs to, unless their region says otherwise. Default:
    /// nobody knows, and nothing is checked.
    pub telemetry: Option<Spanned<Telemetry>>,
    /// Where Prometheus runs and what it looks for.
    pub monitoring: Option<Monitoring>,
    /// The namespace that ingress traffic comes from. Default: `ingress` where there is a gateway,
    /// else exposed ports accept any source.
    pub ingress_namespace: Option<Spanned<Namespace>>,
    /// What clusters can do that list no `capabilities` of their own.
    #[serde(default)]
    pub capabilities: Vec<Spanned<Capability>>,
    /// Objects that stand in clusters without being rendered, so that others may refer to them:
    /// `Kind/name` in any namespace, or `Kind/namespace/name`; `*` is any namespace or any name.
    /// Such as `Secret/shop/db` for one that is made by hand; without `secrets`, all Secrets are.
    #[serde(default)]
    pub existing: Vec<Spanned<Existing>>,
}

/// Where Prometheus runs and what it looks for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Monitoring {
    /// Its namespace. Default: `monitoring`.
    pub namespace: Option<Spanned<Namespace>>,
    /// Labels that it selects monitors and rules by, such as `release: prometheus`. Default: none.
    #[serde(default)]
    pub labels: Entries<Spanned<String>>,
    /// The URL of Prometheus, for analyses of new versions. Default:
    /// `http://prometheus-operated.<namespace>.svc:9090`, the operator's own.
    pub prometheus: Option<Spanned<String>>,
    /// Where the blackbox exporter answers. Default: `blackbox-exporter.<namespace>.svc:9115`.
    pub prober: Option<Spanned<String>>,
}

/// Where metrics, traces and logs are exported to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Telemetry {
    /// The address that takes OTLP, such as `otel.shop.example:4317`.
    pub endpoint: Option<Spanned<String>>,
    /// The region that it stands in: one of the fleet, or of a cloud.
    pub region: Option<Spanned<RegionName>>,
    /// Or the area that it does not leave: a bloc, a country or a jurisdiction.
    pub jurisdiction: Option<Spanned<JurisdictionName>>,
}

/// What writes DNS records.
#[derive(Clone, Copy, Debug)]
pub enum Dns {
    /// Into Route 53.
    Controller(DnsChoice),
    /// With details.
    Long(DnsLong),
}

/// What writes DNS records, and where to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DnsLong {
    /// What writes them.
    pub controller: Spanned<DnsChoice>,
    /// The provider that external-dns writes to; only `aws` has routing policies there. Default:
    /// `aws`.
    pub provider: Option<Spanned<DnsProvider>>,
}

short_or_long!(Dns, "`external-dns`, `k8gb`, `none`, or `{controller: ..., provider: ...}`",
    short: DnsChoice => Dns::Controller,
    long: DnsLong => Dns::Long);

/// A controller of DNS records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DnsChoice {
    /// external-dns, by `DNSEndpoint` objects.
    ExternalDns,
    /// k8gb, by `Gslb` objects that follow the routes of the gateway.
    K8gb,
    /// Nothing.
    None,
}

/// A gateway.
#[derive(Clone, Debug)]
pub enum Gateway {
    /// By its controller.
    Controller(GatewayChoice),
    /// With details.
    Long(GatewayLong),
}

/// A gateway with details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayLong {
    /// What runs it.
    pub controller: Spanned<GatewayChoice>,
    /// The GatewayClass. Default: the controller's name.
    pub class: Option<Spanned<String>>,
    /// The ClusterIssuer of cert-manager that signs its certificate. Default: somebody else keeps
    /// the Secret `certificate`.
    pub issuer: Option<Spanned<String>>,
    /// The Secret in `ingressNamespace` that holds its certificate. Default: `<fleet>-gateway`.
    pub certificate: Option<Spanned<String>>,
}

short_or_long!(Gateway, "a gateway's controller, or `{controller: ..., class: ...}`",
    short: GatewayChoice => Gateway::Controller,
    long: GatewayLong => Gateway::Long);

/// What runs a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GatewayChoice {
    /// Envoy Gateway.
    Envoy,
    /// Istio.
    Istio,
    /// Cilium.
    Cilium,
    /// No gateway.
    None,
}

/// A service mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeshChoice {
    /// Istio.
    Istio,
    /// Cilium with Cluster Mesh.
    Cilium,
    /// Linkerd with federated services.
    Linkerd,
    /// No mesh.
    None,
}

/// Where Secrets come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SecretsController {
    /// External Secrets Operator, by `ExternalSecret` objects.
    #[serde(rename = "external-secrets")]
    ExternalSecrets,
    /// They are there already.
    #[serde(rename = "none")]
    None,
}

/// What enforces policies when objects are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PolicyController {
    /// The API server itself, by `ValidatingAdmissionPolicy` objects.
    #[serde(rename = "admission")]
    Admission,
    /// Kyverno, by `ValidatingPolicy` objects.
    #[serde(rename = "kyverno")]
    Kyverno,
    /// Nothing.
    #[serde(rename = "none")]
    None,
}
