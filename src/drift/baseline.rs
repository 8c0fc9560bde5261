//! A report of before and one of now to what is new since.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::finding::{DriftReport, Finding, FindingKind, FindingSeverity, Verdict};

use super::secrets::REDACTED;

/// The findings of an earlier report that can be told from others for certain.
///
/// What was masked or cut may have changed since without a trace in the report, and what could
/// not be read is not known at all: these always count.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
}

/// One finding, by everything that makes it the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// Absent for findings about the repository.
    cluster: Option<String>,
    object: String,
    kind: String,
    /// Which invariant is broken, where it is one.
    invariant: Option<String>,
    path: String,
    /// Both sides, as JSON.
    values: String,
}

const INVARIANT: &str = "invariant";

impl Baseline {
    /// Reads a report in JSON.
    ///
    /// # Errors
    ///
    /// When the text is none: a sentence that says why.
    pub fn read(text: &str) -> Result<Self, String> {
        let report: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        match report["version"].as_u64() {
            Some(1) => {}
            Some(other) => return Err(format!("its form has version {other}, not 1")),
            None => return Err("it has no `version`".to_owned()),
        }
        let findings = report["findings"]
            .as_array()
            .ok_or("it has no list of `findings`")?;
        let mut entries = BTreeSet::new();
        for finding in findings {
            let text = |name: &str| finding[name].as_str().map(str::to_owned);
            let (Some(object), Some(kind), Some(path)) =
                (text("object"), text("kind"), text("path"))
            else {
                return Err("a finding has no `object`, `kind` or `path`".to_owned());
            };
            let counts = finding["severity"] != "info" && finding["partial"] != true;
            if counts && kind != "unknown" && is_plain(&finding["desired"], &finding["live"]) {
                entries.insert(Entry {
                    cluster: text("cluster"),
                    invariant: (kind == INVARIANT).then(|| text("rule")).flatten(),
                    object,
                    kind,
                    path,
                    values: values(&finding["desired"], &finding["live"]),
                });
            }
        }
        Ok(Self { entries })
    }

    /// Marks what the baseline holds as known, and counts what of it is gone. An object is known
    /// when all its findings are.
    pub fn apply(&self, report: &mut DriftReport) {
        let mut left = self.entries.clone();
        for finding in &mut report.repository {
            self.mark(None, finding, &mut left);
        }
        for finding in &mut report.invariants.findings {
            self.mark(None, finding, &mut left);
        }
        for (name, cluster) in &mut report.clusters {
            let mut open = BTreeSet::new();
            for finding in &mut cluster.findings {
                self.mark(Some(name), finding, &mut left);
                if finding.severity != FindingSeverity::Info && !finding.known {
                    open.insert(finding.object.clone());
                }
            }
            for (object, verdict) in &mut cluster.verdicts {
                if *verdict == Verdict::Drift && !open.contains(object) {
                    *verdict = Verdict::Known;
                }
            }
        }
        // What could not be judged may still be broken.
        let invariants = &report.invariants;
        let open = |rule: &str| {
            let mut part = invariants
                .examined
                .iter()
                .filter(|e| !e.unjudged.is_empty());
            let mut findings = invariants.findings.iter();
            part.any(|e| e.rule == rule)
                || findings.any(|f| f.kind == FindingKind::Unknown && f.rule == rule)
        };
        let unread = |entry: &Entry| match &entry.cluster {
            None => entry.invariant.as_deref().is_some_and(open),
            Some(cluster) => report.clusters.get(cluster).is_none_or(|c| {
                c.findings.iter().any(|f| {
                    f.kind == FindingKind::Unknown
                        && (f.object.name.is_empty() || f.object_name() == entry.object)
                })
            }),
        };
        report.settled = Some(left.iter().filter(|entry| !unread(entry)).count());
    }

    fn mark(&self, cluster: Option<&str>, finding: &mut Finding, left: &mut BTreeSet<Entry>) {
        let nothing = Value::Null;
        let desired = finding.desired.as_ref().unwrap_or(&nothing);
        let live = finding.live.as_ref().unwrap_or(&nothing);
        if finding.severity == FindingSeverity::Info
            || finding.kind == FindingKind::Unknown
            || !is_plain(desired, live)
        {
            return;
        }
        let entry = Entry {
            cluster: cluster.map(str::to_owned),
            object: finding.object_name(),
            invariant: (finding.kind == FindingKind::Invariant).then(|| finding.rule.to_owned()),
            kind: match serde_json::to_value(finding.kind) {
                Ok(Value::String(word)) => word,
                _ => return,
            },
            path: finding.path.clone(),
            values: values(desired, live),
        };
        finding.known = self.entries.contains(&entry);
        left.remove(&entry);
    }
}

/// Whether nothing of the values is masked.
fn is_plain(desired: &Value, live: &Value) -> bool {
    fn plain(value: &Value) -> bool {
        match value {
            Value::String(text) => text != REDACTED,
            Value::Array(items) => items.iter().all(plain),
            Value::Object(members) => members.values().all(plain),
            _ => true,
        }
    }
    plain(desired) && plain(live)
}

fn values(desired: &Value, live: &Value) -> String {
    format!("{desired}\n{live}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::ClusterReport;
    use crate::model::manifest::ObjectId;
    use serde_json::json;

    fn finding(name: &str, live: Value) -> Finding {
        let object = ObjectId {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
        };
        Finding {
            path: "/spec/x".to_owned(),
            desired: Some(json!(1)),
            live: Some(live),
            ..Finding::new(FindingKind::Modified, FindingSeverity::Drift, &object, "X")
        }
    }

    fn report(findings: Vec<Finding>) -> DriftReport {
        let verdicts = findings.iter().map(|f| (f.object.clone(), Verdict::Drift));
        let cluster = ClusterReport {
            verdicts: verdicts.collect(),
            findings,
            ..ClusterReport::default()
        };
        DriftReport {
            clusters: [("a".to_owned(), cluster)].into(),
            ..DriftReport::default()
        }
    }

    /// What a report of these findings looks like in JSON, as far as it matters here.
    fn written(entries: &[(&str, Value)]) -> String {
        let findings = entries.iter().map(|(name, live)| {
            json!({
                "cluster": "a", "object": format!("apps/Deployment/shop/{name}"), "kind": "modified",
                "path": "/spec/x", "desired": 1, "live": live, "severity": "drift", "partial": false,
            })
        });
        json!({"version": 1, "findings": findings.collect::<Vec<_>>()}).to_string()
    }

    #[test]
    fn the_same_finding_is_known_and_another_value_is_not() {
        let before = written(&[("web", json!(2)), ("api", json!(2)), ("gone", json!(3))]);
        let baseline = Baseline::read(&before).expect("a report");
        let mut now = report(vec![finding("web", json!(2)), finding("api", json!(3))]);
        baseline.apply(&mut now);
        let known: Vec<bool> = now.clusters["a"].findings.iter().map(|f| f.known).collect();
        assert_eq!(known, [true, false]);
        assert_eq!(now.verdict(), Verdict::Drift);
        assert_eq!(now.settled, Some(2), "the old value of api, and gone");
        let mut same = report(vec![finding("web", json!(2))]);
        baseline.apply(&mut same);
        assert_eq!(same.verdict(), Verdict::Known);
    }

    #[test]
    fn what_is_masked_or_unread_always_counts() {
        let before = written(&[("web", json!("<redacted>")), ("api", json!(2))]);
        let baseline = Baseline::read(&before).expect("a report");
        let mut now = report(vec![finding("web", json!("<redacted>"))]);
        let unread = Finding::new(
            FindingKind::Unknown,
            FindingSeverity::Drift,
            &finding("api", json!(2)).object,
            "C-UNKNOWN",
        );
        let cluster = now.clusters.get_mut("a").expect("there");
        cluster
            .verdicts
            .insert(unread.object.clone(), Verdict::Unknown);
        cluster.findings.push(unread);
        baseline.apply(&mut now);
        assert!(now.clusters["a"].findings.iter().all(|f| !f.known));
        assert_eq!(now.settled, Some(0), "nobody knows of api");
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for text in [
            "",
            "[]",
            "{\"version\": 2}",
            "{\"version\": 1}",
            "{\"version\": 1, \"findings\": [{}]}",
        ] {
            assert!(Baseline::read(text).is_err(), "{text}");
        }
    }
}
