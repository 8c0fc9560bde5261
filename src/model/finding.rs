//! Drift: findings, the objects they concern, and the report that holds them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::manifest::{ManifestPath, ObjectId, Origin};

/// What kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Both sides have a value, and they differ.
    Modified,
    /// The repository has it, the cluster does not.
    Removed,
    /// The cluster has it, the repository has no opinion.
    Extra,
    /// The same elements in an order that means something else.
    Reordered,
    /// The repository dropped it, the applier has yet to.
    Stale,
    /// The object is not in the cluster.
    Missing,
    /// The object is in the cluster, carries our mark, and is not in the repository.
    Orphan,
    /// The object is being deleted.
    Terminating,
    /// The same object stands twice in the repository.
    Duplicate,
    /// The written version is not served, another one is.
    VersionSkew,
    /// The manifest is one that a server would reject.
    InvalidManifest,
    /// Nobody can say: the object could not be read.
    Unknown,
    /// A file of the repository was edited by hand.
    Tampered,
    /// The source says something else than the repository holds.
    Unrendered,
    /// Information: another controller or admission added it.
    Injected,
    /// Information: a rule of the fleet hides it.
    Ignored,
    /// Information: an autoscaler set the replicas, within its bounds.
    Autoscaled,
    /// Information: a rollout was restarted by hand.
    Restarted,
    /// Information: no schema knows the field, so the server drops it.
    UnknownField,
    /// Information: the manifest has no name to compare by.
    NotComparable,
    /// Information: no applier of the repository is among the managers.
    NoApplierEntry,
    /// Information: a hook of the applier, which runs and goes.
    Hook,
    /// Information: a key stands twice in a list of the repository.
    DuplicateKey,
    /// Information: an orphan that says it must not be pruned.
    Kept,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingSeverity {
    /// For the record; never changes the exit code.
    Info,
    /// Drift.
    Drift,
    /// Drift on a path that grants something.
    High,
}

/// The field manager that last changed a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Manager {
    /// Its name.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The subresource, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    /// RFC 3339; absent where the server records none.
    pub time: Option<String>,
}

/// One piece of drift.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of difference.
    pub kind: FindingKind,
    /// The object.
    pub object: ObjectId,
    /// JSON pointer with `[key=value,…]` elements; empty for the object as a whole.
    pub path: String,
    /// The same place as a plain JSON pointer with indexes into the live object (into the desired
    /// one for what live does not have).
    pub index_path: String,
    /// Places inside an atomic value that differ.
    pub detail: Vec<String>,
    /// What the repository says; secrets are masked before they get here.
    pub desired: Option<Value>,
    /// What the cluster says; secrets are masked before they get here.
    pub live: Option<Value>,
    /// The value that the server would have filled in.
    pub default: Option<Value>,
    /// Who owns the live value, most telling first.
    pub by: Vec<Manager>,
    /// Who may have removed it; not proof.
    pub candidates: Vec<Manager>,
    /// Whether a key stands more than once in the list, so that whole groups are compared.
    pub duplicates: bool,
    /// Whether it will go away with the next apply.
    pub pending: bool,
    /// A word that says more than the kind (`Forbidden`, `KindNotServed`, `autoscaled`, …).
    pub reason: Option<String>,
    /// A sentence for people, where the kind and reason need one.
    pub message: Option<String>,
    /// The rule of the semantics that decided (`N-QTY`, `X-EXTRA`, …).
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: FindingSeverity,
    /// Where the expected value comes from.
    pub origin: Option<Origin>,
    /// The file of the repository.
    pub file: Option<ManifestPath>,
    /// The `apiVersion` that the repository writes, or of the live object where it has none.
    pub api_version: Option<String>,
    /// The rule that would accept it, in the form of the settings; object-level findings have none.
    pub accept: Option<Value>,
    /// Whether the baseline holds the very same finding.
    pub known: bool,
}

impl Finding {
    /// A finding about an object as a whole, of which nothing more is known.
    pub fn new(
        kind: FindingKind,
        severity: FindingSeverity,
        object: &ObjectId,
        rule: &'static str,
    ) -> Self {
        Self {
            kind,
            object: object.clone(),
            path: String::new(),
            index_path: String::new(),
            detail: Vec::new(),
            desired: None,
            live: None,
            default: None,
            by: Vec::new(),
            candidates: Vec::new(),
            duplicates: false,
            pending: false,
            reason: match kind {
                FindingKind::Injected => Some("injected".to_owned()),
                FindingKind::Autoscaled => Some("autoscaled".to_owned()),
                _ => None,
            },
            message: None,
            rule,
            severity,
            origin: None,
            file: None,
            api_version: None,
            accept: None,
            known: false,
        }
    }

    /// `group/Kind[/namespace]/name`; the group of core kinds is `v1`.
    pub fn object_name(&self) -> String {
        match self.object.group.is_empty() && !self.object.kind.is_empty() {
            true => format!("v1/{}", self.object),
            false => self.object.to_string(),
        }
    }
}

/// The verdict on one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As desired.
    Clean,
    /// It differs, and only as the baseline says.
    Known,
    /// At least one finding.
    Drift,
    /// It could not be read.
    Unknown,
}

/// The comparison of one cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterReport {
    /// The findings, by object and path; information too.
    pub findings: Vec<Finding>,
    /// The verdict on each desired object and each orphan.
    pub verdicts: BTreeMap<ObjectId, Verdict>,
    /// How many findings a rule of the fleet hid.
    pub ignored: usize,
    /// The rules of the fleet that hid something, by their place in the settings.
    pub rules_used: BTreeSet<usize>,
    /// The rules that are past their `until`, by their place in the settings.
    pub rules_expired: BTreeSet<usize>,
    /// Requests to the API server.
    pub requests: u64,
}

/// A rule of the settings that hides nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct IdleRule {
    /// Its place in `ignore`, from 0.
    pub index: usize,
    /// The rule as written.
    pub rule: Value,
    /// Whether it is past its `until`; otherwise no difference is left that it names.
    pub expired: bool,
}

/// The whole drift report, by cluster name.
#[derive(Clone, Debug, Default)]
pub struct DriftReport {
    /// One comparison per cluster.
    pub clusters: BTreeMap<String, ClusterReport>,
    /// Tampered and unrendered files of the repository.
    pub repository: Vec<Finding>,
    /// Rules that hide nothing any more.
    pub idle_rules: Vec<IdleRule>,
    /// How many findings of the baseline are gone; `None` without a baseline.
    pub settled: Option<usize>,
}

impl ClusterReport {
    /// The verdict on the cluster: drift outweighs unknown, unknown what is known, and that clean.
    pub fn verdict(&self) -> Verdict {
        let any = |verdict| self.verdicts.values().any(|v| *v == verdict);
        if any(Verdict::Drift) {
            Verdict::Drift
        } else if any(Verdict::Unknown) {
            Verdict::Unknown
        } else if any(Verdict::Known) {
            Verdict::Known
        } else {
            Verdict::Clean
        }
    }
}

impl DriftReport {
    /// The verdict on everything: drift outweighs unknown, unknown what is known, and that clean.
    pub fn verdict(&self) -> Verdict {
        let any = |verdict| self.clusters.values().any(|c| c.verdict() == verdict);
        if any(Verdict::Drift) || self.repository.iter().any(|f| !f.known) {
            Verdict::Drift
        } else if any(Verdict::Unknown) {
            Verdict::Unknown
        } else if any(Verdict::Known) || !self.repository.is_empty() {
            Verdict::Known
        } else {
            Verdict::Clean
        }
    }
}
