//! `drift` of `regen.yaml`.

use std::collections::BTreeMap;

use super::Schedule;
use crate::diag::Spanned;

/// Settings of the drift report.
#[derive(Clone, Debug, Default)]
pub struct DriftSettings {
    /// Field managers that apply the repository.
    pub appliers: Vec<String>,
    /// Accepted differences, as written; `drift` reads them.
    pub ignore: Vec<Spanned<serde_json::Value>>,
    /// The other settings by name, as written; `drift` reads them.
    pub others: BTreeMap<&'static str, Spanned<serde_json::Value>>,
    /// The report that clusters make by themselves.
    pub report: Option<DriftReport>,
}

/// A report that clusters make by themselves, on a schedule.
#[derive(Clone, Debug)]
pub struct DriftReport {
    /// An image that holds `regen` and `git`.
    pub image: Spanned<String>,
    /// When.
    pub schedule: Schedule,
    /// How many pods of the hub share the clusters; absent: each cluster reports about itself.
    pub shards: Option<u32>,
    /// The address of the GitOps repository, where it is not the one that controllers pull from.
    pub url: Option<Spanned<String>>,
    /// The Secret with what the repository asks for.
    pub secret: Option<String>,
    /// The Secret with the kubeconfig of the hub.
    pub kubeconfig: String,
    /// Whether Secrets are read.
    pub secrets: bool,
}
