//! The drift report for Prometheus: gauges in its text format, for a node exporter's textfile
//! directory or a push gateway.
//!
//! Counts alone, so that no value of an object gets there. Every verdict of every cluster has a
//! sample, so that an alert does not depend on a series that comes and goes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::finding::{DriftReport, Finding, FindingKind, FindingSeverity, Verdict};

const VERDICTS: [(Verdict, &str); 4] = [
    (Verdict::Clean, "clean"),
    (Verdict::Known, "known"),
    (Verdict::Drift, "drift"),
    (Verdict::Unknown, "unknown"),
];

/// The whole report.
pub fn drift(report: &DriftReport) -> String {
    let mut out = String::new();
    head(
        &mut out,
        "regen_drift_objects",
        "Objects of the repository, and orphans, by verdict.",
    );
    for (cluster, compared) in &report.clusters {
        let cluster = escaped(cluster);
        for (verdict, word) in VERDICTS {
            let n = compared.verdicts.values().filter(|v| **v == verdict);
            let labels = format!("cluster=\"{cluster}\",verdict=\"{word}\"");
            let _ = writeln!(out, "regen_drift_objects{{{labels}}} {}", n.count());
        }
    }
    head(
        &mut out,
        "regen_drift_findings",
        "Findings that count as drift or are unknown, by kind and namespace.",
    );
    for (cluster, compared) in &report.clusters {
        let mut counts: BTreeMap<(&str, FindingKind), usize> = BTreeMap::new();
        for finding in compared.findings.iter().filter(is_news) {
            let key = (finding.object.namespace.as_str(), finding.kind);
            *counts.entry(key).or_default() += 1;
        }
        for ((namespace, kind), n) in counts {
            let kind = serde_json::to_value(kind).unwrap_or_default();
            let labels = [
                ("cluster", cluster.as_str()),
                ("kind", kind.as_str().unwrap_or_default()),
                ("namespace", namespace),
            ]
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
            let _ = writeln!(out, "regen_drift_findings{{{}}} {n}", labels.join(","));
        }
    }
    head(
        &mut out,
        "regen_drift_invariant_findings",
        "Where what must hold over all clusters does not, or is unknown, by invariant.",
    );
    let invariants = &report.invariants;
    for examined in &invariants.examined {
        let of = |f: &&Finding| f.rule == examined.rule;
        let n = invariants
            .findings
            .iter()
            .filter(of)
            .filter(is_news)
            .count();
        let rule = examined.rule;
        let _ = writeln!(
            out,
            "regen_drift_invariant_findings{{invariant=\"{rule}\"}} {n}"
        );
    }
    head(
        &mut out,
        "regen_drift_repository_findings",
        "Files of the repository that are not as rendered: tampered or unrendered.",
    );
    let files = report.repository.iter().filter(is_news).count();
    let _ = writeln!(out, "regen_drift_repository_findings {files}");
    out
}

/// Whether a finding is news of drift, or of what is unknown.
fn is_news(finding: &&Finding) -> bool {
    finding.severity != FindingSeverity::Info && !finding.known
}

fn head(out: &mut String, name: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
}

/// A label's value, as the text format escapes it.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::{ClusterReport, Examined, Invariants};
    use crate::model::manifest::ObjectId;

    fn object(namespace: &str, name: &str) -> ObjectId {
        ObjectId {
            group: String::new(),
            kind: "Secret".to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn counts_without_values() {
        let (web, odd) = (object("shop", "web"), object("a\"b\\\n", "odd"));
        let mut hidden = Finding::new(FindingKind::Extra, FindingSeverity::Info, &web, "IGN");
        hidden.live = Some("hidden".into());
        let mut known = Finding::new(FindingKind::Extra, FindingSeverity::Drift, &web, "X");
        known.known = true;
        let modified = |id| {
            let mut finding = Finding::new(FindingKind::Modified, FindingSeverity::Drift, id, "X");
            finding.live = Some("s3cret".into());
            finding
        };
        let examined = |rule| Examined {
            rule,
            about: "it holds",
            judged: 1,
            unjudged: BTreeMap::new(),
        };
        let cluster = ClusterReport {
            findings: vec![
                hidden,
                known,
                modified(&web),
                modified(&web),
                modified(&odd),
            ],
            verdicts: [(web.clone(), Verdict::Drift), (odd.clone(), Verdict::Drift)].into(),
            ..ClusterReport::default()
        };
        let report = DriftReport {
            clusters: [("euw1-a".to_owned(), cluster)].into(),
            repository: vec![modified(&web)],
            invariants: Invariants {
                examined: ["one-primary", "voters"].map(examined).into(),
                findings: vec![Finding::new(
                    FindingKind::Invariant,
                    FindingSeverity::High,
                    &web,
                    "voters",
                )],
                ..Invariants::default()
            },
            ..DriftReport::default()
        };
        let text = drift(&report);
        let samples: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "regen_drift_objects{cluster=\"euw1-a\",verdict=\"clean\"} 0",
                "regen_drift_objects{cluster=\"euw1-a\",verdict=\"known\"} 0",
                "regen_drift_objects{cluster=\"euw1-a\",verdict=\"drift\"} 2",
                "regen_drift_objects{cluster=\"euw1-a\",verdict=\"unknown\"} 0",
                "regen_drift_findings{cluster=\"euw1-a\",kind=\"modified\",namespace=\"a\\\"b\\\\\\n\"} 1",
                "regen_drift_findings{cluster=\"euw1-a\",kind=\"modified\",namespace=\"shop\"} 2",
                "regen_drift_invariant_findings{invariant=\"one-primary\"} 0",
                "regen_drift_invariant_findings{invariant=\"voters\"} 1",
                "regen_drift_repository_findings 1",
            ]
        );
    }
}
