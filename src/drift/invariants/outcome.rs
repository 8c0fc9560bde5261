//! What came of an invariant, gathered: what holds, what does not, and what nobody can say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::model::finding::{Examined, Finding, FindingKind, FindingSeverity, Involved};
use crate::model::live::Unreadable;
use crate::model::manifest::{ObjectId, Origin};
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::origin::{FieldRef, Subject};

use super::Invariant;
use super::ground::{Gap, Kind};

/// At most so many objects are shown of one violation.
const SHOWN: usize = 50;

/// What does not hold.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    /// The object that says it best.
    pub object: ObjectId,
    pub severity: FindingSeverity,
    /// What should be, in a few words.
    pub expected: String,
    /// What is, in a sentence.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where the expectation was written.
    pub origin: Option<Origin>,
    pub involved: Vec<Involved>,
}

/// Gathers what comes of one invariant.
#[derive(Debug)]
pub(super) struct Outcome {
    rule: &'static str,
    judged: usize,
    unjudged: BTreeMap<String, usize>,
    findings: Vec<Finding>,
    /// What cannot be told, by what could not be read.
    gaps: BTreeMap<(String, &'static str, &'static str, String, String), BTreeSet<String>>,
}

impl Outcome {
    pub(super) fn new(rule: &'static str) -> Self {
        Self {
            rule,
            judged: 0,
            unjudged: BTreeMap::new(),
            findings: Vec::new(),
            gaps: BTreeMap::new(),
        }
    }

    /// It was looked at, and holds.
    pub(super) fn holds(&mut self) {
        self.judged += 1;
    }

    /// It was not looked at, since nobody asked for it.
    pub(super) fn unjudged(&mut self, why: impl Into<String>) {
        *self.unjudged.entry(why.into()).or_default() += 1;
    }

    /// It could not be looked at.
    pub(super) fn gap(&mut self, cluster: &ClusterName, kind: Kind, subject: String, gap: Gap) {
        match gap {
            Gap::Unasked(why) => self.unjudged(why),
            Gap::Unread(Unreadable { reason, detail }) => {
                let key = (cluster.to_string(), kind.0, kind.2, reason, detail);
                self.gaps.entry(key).or_default().insert(subject);
            }
        }
    }

    /// It does not hold.
    pub(super) fn violated(&mut self, violation: Violation) {
        self.judged += 1;
        let mut finding = Finding::new(
            FindingKind::Invariant,
            violation.severity,
            &violation.object,
            self.rule,
        );
        let mut live: Map<String, Value> = Map::new();
        for one in &violation.involved {
            match live.get_mut(&one.cluster) {
                Some(Value::Array(all)) => all.push(one.live.clone()),
                Some(first) => *first = json!([first.take(), one.live.clone()]),
                None => {
                    live.insert(one.cluster.clone(), one.live.clone());
                }
            }
        }
        finding.desired = Some(violation.expected.into());
        finding.live = Some(live.into());
        finding.message = Some(violation.message);
        finding.help = Some(violation.help);
        finding.origin = violation.origin;
        finding.involved = violation.involved;
        finding.involved.truncate(SHOWN);
        self.findings.push(finding);
    }

    /// All of it: violations by object, then what cannot be told.
    pub(super) fn finish(mut self, invariant: &Invariant) -> (Examined, Vec<Finding>) {
        self.findings
            .sort_by(|a, b| (&a.object, &a.message).cmp(&(&b.object, &b.message)));
        for ((cluster, group, kind, reason, detail), subjects) in self.gaps {
            let object = ObjectId {
                group: group.to_owned(),
                kind: kind.to_owned(),
                namespace: String::new(),
                name: String::new(),
            };
            let mut finding = Finding::new(
                FindingKind::Unknown,
                FindingSeverity::Drift,
                &object,
                self.rule,
            );
            finding.reason = Some(reason);
            let all: Vec<&str> = subjects.iter().map(String::as_str).collect();
            let what = match all.len() {
                0..=3 => all.join(", "),
                n => format!("{} and {} more", all[0], n - 1),
            };
            finding.message = Some(format!(
                "nobody can say whether {} of {what}: {detail}",
                invariant.about
            ));
            finding.involved.push(Involved {
                cluster,
                object,
                path: String::new(),
                live: Value::Null,
                by: Vec::new(),
            });
            self.findings.push(finding);
        }
        let examined = Examined {
            rule: self.rule,
            about: invariant.about,
            judged: self.judged,
            unjudged: self.unjudged,
        };
        (examined, self.findings)
    }
}

/// A field of a service as the origin of an expectation.
pub(super) fn field(service: &ServiceKey, path: impl Into<String>) -> Option<Origin> {
    Some(Origin::Field(FieldRef {
        subject: Subject::Service(service.clone()),
        path: path.into(),
    }))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<T: std::fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match all.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
