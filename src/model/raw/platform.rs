//! `platform` of `regen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Entries;
use crate::diag::Spanned;
use crate::model::name::{Capability, Namespace};

/// Platform choices.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Platform {
    /// What writes DNS records. Default: `none`.
    pub dns: Option<Spanned<DnsController>>,
    /// The gateway in front of exposed services.
    pub gateway: Option<Spanned<String>>,
    /// The service mesh.
    pub mesh: Option<Spanned<String>>,
    /// Where Secrets come from. Default: `none`, so they are there already.
    pub secrets: Option<Spanned<SecretsController>>,
    /// What enforces policies when objects are admitted. Default: `none`.
    pub policy: Option<Spanned<PolicyController>>,
    /// Where images may come from: registries, or paths in them. Default: anywhere.
    #[serde(default)]
    pub registries: Vec<Spanned<String>>,
    /// Where Prometheus runs and what it looks for.
    pub monitoring: Option<Monitoring>,
    /// The namespace that ingress traffic comes from; absent: exposed ports accept any source.
    pub ingress_namespace: Option<Spanned<Namespace>>,
    /// What clusters can do that list no `capabilities` of their own.
    #[serde(default)]
    pub capabilities: Vec<Spanned<Capability>>,
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
    /// Where the blackbox exporter answers. Default: `blackbox-exporter.<namespace>.svc:9115`.
    pub prober: Option<Spanned<String>>,
}

/// What writes DNS records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum DnsController {
    /// external-dns, by `DNSEndpoint` objects.
    #[serde(rename = "external-dns")]
    ExternalDns,
    /// Nothing.
    #[serde(rename = "none")]
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
