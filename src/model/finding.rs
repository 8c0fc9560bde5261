//! Drift: findings, the objects they concern, and the report that holds them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::digest::Digest;
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
    /// What must hold over all clusters does not.
    Invariant,
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

/// An object that breaks what must hold over all clusters, together with others.
#[derive(Clone, Debug, PartialEq)]
pub struct Involved {
    /// Its cluster.
    pub cluster: String,
    /// The object.
    pub object: ObjectId,
    /// Where in it, as a JSON pointer; empty for the object as a whole.
    pub path: String,
    /// What it says, or what was seen of it.
    pub live: Value,
    /// Who owns that, most telling first.
    pub by: Vec<Manager>,
}

/// How many digits the id of a finding has.
const ID_DIGITS: usize = 16;

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
    /// Of values that are masked, what may be told of them where it was asked for.
    pub hints: Hints,
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
    /// What to do about it, where that does not go without saying.
    pub help: Option<String>,
    /// The objects of an invariant, by cluster.
    pub involved: Vec<Involved>,
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
    /// What it is called by: hexadecimal digits, the same as long as the same differs in the same way,
    /// so that what is accepted is what was seen. `cluster` is absent for what is about the repository
    /// or about all clusters. Of what is masked, the mask is part of it.
    pub fn id(&self, cluster: Option<&str>) -> String {
        let value = |value: &Option<Value>| value.as_ref().map_or(String::new(), Value::to_string);
        let rule = match self.kind {
            FindingKind::Invariant => self.rule,
            _ => "",
        };
        let parts = [
            cluster.unwrap_or_default(),
            &self.object.to_string(),
            self.file.as_ref().map_or("", ManifestPath::as_str),
            &format!("{:?}", self.kind),
            rule,
            &self.path,
            &value(&self.desired),
            &value(&self.live),
        ];
        let pairs = parts.map(|part| ("", part.as_bytes()));
        let mut digits = Digest::of_pairs(pairs).to_string();
        digits.truncate(ID_DIGITS);
        digits
    }
}

/// What may be told of masked values; never part of what makes a finding the same one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Of what the repository says.
    pub desired: Option<Hint>,
    /// Of what the cluster says.
    pub live: Option<Hint>,
}

/// What may be told of one masked value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Its length in bytes.
    pub bytes: usize,
    /// Eight hexadecimal digits of its keyed hash: equal values of one key have equal ones.
    pub hash: String,
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
            hints: Hints::default(),
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
            help: None,
            involved: Vec::new(),
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
        object_name(&self.object)
    }
}

/// `group/Kind[/namespace]/name`; the group of core kinds is `v1`.
pub fn object_name(object: &ObjectId) -> String {
    match object.group.is_empty() && !object.kind.is_empty() {
        true => format!("v1/{object}"),
        false => object.to_string(),
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

impl Verdict {
    /// Drift outweighs unknown, unknown what is known, and that clean.
    pub fn worse(self, other: Self) -> Self {
        let weight = |verdict| match verdict {
            Self::Clean => 0,
            Self::Known => 1,
            Self::Unknown => 2,
            Self::Drift => 3,
        };
        match weight(other) > weight(self) {
            true => other,
            false => self,
        }
    }
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

/// What came of one invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Its name, which is the `rule` of its findings.
    pub rule: &'static str,
    /// What must hold.
    pub about: &'static str,
    /// How many stores, records, calls … it was judged of.
    pub judged: usize,
    /// What it was not judged of, and why: how many by reason. This is no fault of a cluster, but of
    /// what was asked for: one cluster, a dump without the kind, no fleet.
    pub unjudged: BTreeMap<String, usize>,
}

/// What must hold over all clusters.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// Where it does not, and where nobody can say.
    pub findings: Vec<Finding>,
    /// Each invariant, in order.
    pub examined: Vec<Examined>,
    /// How many findings a rule of the fleet hid.
    pub ignored: usize,
    /// The rules of the fleet that hid something, by their place in the settings.
    pub rules_used: BTreeSet<usize>,
}

impl Invariants {
    /// The verdict on all of them.
    pub fn verdict(&self) -> Verdict {
        verdict_of(self.findings.iter())
    }

    /// The verdict on one of them.
    pub fn verdict_on(&self, rule: &str) -> Verdict {
        verdict_of(self.findings.iter().filter(|f| f.rule == rule))
    }
}

fn verdict_of<'f>(findings: impl Iterator<Item = &'f Finding>) -> Verdict {
    let of = |f: &Finding| match f.kind {
        _ if f.severity == FindingSeverity::Info => Verdict::Clean,
        FindingKind::Unknown => Verdict::Unknown,
        _ if f.known => Verdict::Known,
        _ => Verdict::Drift,
    };
    findings.map(of).fold(Verdict::Clean, Verdict::worse)
}

/// The whole drift report, by cluster name.
#[derive(Clone, Debug, Default)]
pub struct DriftReport {
    /// One comparison per cluster.
    pub clusters: BTreeMap<String, ClusterReport>,
    /// What must hold over all of them.
    pub invariants: Invariants,
    /// Tampered and unrendered files of the repository.
    pub repository: Vec<Finding>,
    /// Rules that hide nothing any more.
    pub idle_rules: Vec<IdleRule>,
    /// How many findings of the baseline are gone; `None` without a baseline.
    pub settled: Option<usize>,
}

impl ClusterReport {
    /// The verdict on the cluster.
    pub fn verdict(&self) -> Verdict {
        let all = self.verdicts.values().copied();
        all.fold(Verdict::Clean, Verdict::worse)
    }
}

impl DriftReport {
    /// The verdict on everything.
    pub fn verdict(&self) -> Verdict {
        let clusters = self.clusters.values().map(ClusterReport::verdict);
        let all = clusters.chain([
            self.invariants.verdict(),
            verdict_of(self.repository.iter()),
        ]);
        all.fold(Verdict::Clean, Verdict::worse)
    }

    /// All findings: of the repository, of what must hold everywhere, and of the clusters.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let clusters = self.clusters.values().flat_map(|c| &c.findings);
        let first = self.repository.iter().chain(&self.invariants.findings);
        first.chain(clusters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_what_differs_and_how() {
        let object = ObjectId {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        };
        let finding = Finding {
            path: "/spec/x".to_owned(),
            live: Some(1.into()),
            ..Finding::new(FindingKind::Modified, FindingSeverity::Drift, &object, "X")
        };
        let id = finding.id(Some("a"));
        assert_eq!(id.len(), ID_DIGITS);
        assert!(id.bytes().all(|b| b.is_ascii_hexdigit()));
        let later = Finding {
            by: vec![Manager {
                manager: "kubectl".to_owned(),
                operation: "Update".to_owned(),
                subresource: None,
                time: None,
            }],
            known: true,
            rule: "Y",
            ..finding.clone()
        };
        assert_eq!(later.id(Some("a")), id, "who and when are not part of it");
        let mut others = vec![finding.id(Some("b")), finding.id(None)];
        for change in [
            |f: &mut Finding| f.live = Some(2.into()),
            |f: &mut Finding| f.desired = Some(1.into()),
            |f: &mut Finding| f.kind = FindingKind::Extra,
            |f: &mut Finding| f.path.push('y'),
            |f: &mut Finding| f.object.name.push('y'),
        ] {
            let mut other = finding.clone();
            change(&mut other);
            others.push(other.id(Some("a")));
        }
        others.push(id);
        others.sort();
        others.dedup();
        assert_eq!(others.len(), 8);
    }
}
