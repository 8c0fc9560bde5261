//! `drift` of `regen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Json;
use super::workload::Schedule;
use crate::diag::Spanned;

/// Settings of the drift report.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Drift {
    /// Field managers that apply the repository, such as `argocd-controller`.
    #[serde(default)]
    pub appliers: Vec<Spanned<String>>,
    /// More field managers that people use; `*` stands for any text.
    pub interactive: Option<Spanned<Json>>,
    /// What field managers in no list are: `info` (a controller) or `drift` (a person). Default:
    /// `info`.
    pub unknown_managers: Option<Spanned<Json>>,
    /// The namespace of objects that name none.
    pub namespace: Option<Spanned<Json>>,
    /// Marks, besides regen's own, that say an object is the repository's: `{kustomization,
    /// helmRelease, helm: {name, namespace}}`, `{argocd, applySet: NAME}`, `{argocdLabel: {LABEL:
    /// NAME}}`.
    pub tracking: Option<Spanned<Json>>,
    /// Where objects without a mark count as orphans too: `{namespace, labels, all}`.
    pub orphans: Option<Spanned<Json>>,
    /// Accepted differences: what objects they are about (`group`, `kind`, `namespace`, `name`, `labels`,
    /// `clusters`), what is accepted of them (`jsonPointers`, `jqPathExpressions`, `managers`, or
    /// `invariants` for what must hold over all clusters), `until` when, and the `reason`.
    #[serde(default)]
    pub ignore: Vec<Spanned<Json>>,
    /// A report that clusters make by themselves, on a schedule. Default: none.
    pub report: Option<Spanned<DriftReport>>,
}

/// A report that clusters make by themselves, on a schedule: a CronJob that reads the GitOps
/// repository and what the cluster runs, by a role that may get and list the kinds that are
/// rendered and nothing else.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriftReport {
    /// An image that holds `regen` and `git`, and `ssh` where the repository is reached by it.
    pub image: Spanned<String>,
    /// When: five cron fields, or `{cron, timeZone}`. Default: `0 6 * * *`.
    pub schedule: Option<Spanned<Schedule>>,
    /// Where the report is made: in each `cluster`, about itself, or in the `hub`, about all that the
    /// kubeconfig of the Secret has a context for, by the name of the cluster. Default: `cluster`.
    pub from: Option<Spanned<ReportFrom>>,
    /// How many pods share the clusters, from the hub. Default: 1.
    pub shards: Option<Spanned<u32>>,
    /// How the GitOps repository is had.
    pub git: Option<ReportGit>,
    /// The Secret whose key `kubeconfig` reaches the clusters, from the hub. Default:
    /// `regen-drift-kubeconfig`.
    pub kubeconfig: Option<Spanned<String>>,
    /// Whether Secrets are read and compared as well; of their values nothing is shown. Default:
    /// `false`.
    pub secrets: Option<Spanned<bool>>,
}

/// Where a report is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportFrom {
    /// In each cluster, about itself.
    Cluster,
    /// In the hub, about all.
    Hub,
}

/// How the GitOps repository is had.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportGit {
    /// Its address. Default: the one that controllers pull from.
    pub url: Option<Spanned<String>>,
    /// The Secret with what it asks for: `username` and `password`, or `identity` and `known_hosts`
    /// where the address is one of SSH. Default: none.
    pub secret: Option<Spanned<String>>,
}
