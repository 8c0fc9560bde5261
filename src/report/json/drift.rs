//! The drift report as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::diag::Sources;
use crate::model::finding::{
    DriftReport, Finding, FindingKind, FindingSeverity, IdleRule, Manager, Verdict,
};
use crate::model::manifest::Origin;
use crate::model::origin::Origins;

/// What differs between source, repository and clusters.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftForm {
    /// Version of this form.
    version: u32,
    /// The findings, by cluster, object and path.
    findings: Vec<FindingForm>,
    /// Rules of the settings that hide nothing any more.
    idle_rules: Vec<IdleRuleForm>,
    /// Counts.
    summary: SummaryForm,
}

#[derive(Debug, Serialize, JsonSchema)]
struct IdleRuleForm {
    /// Its place in `ignore`, from 0.
    index: usize,
    /// The rule as written.
    rule: Value,
    /// `expired`: past its `until`; `unused`: no difference is left that it names.
    why: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SummaryForm {
    /// Objects compared.
    objects: usize,
    /// Objects as desired.
    clean: usize,
    /// Objects that differ only as the baseline says.
    known: usize,
    /// Objects with at least one finding.
    drift: usize,
    /// Objects that could not be read.
    unknown: usize,
    /// Findings by kind, information and what the baseline knows left out.
    by_kind: BTreeMap<String, usize>,
    /// Findings that a rule of the fleet hid.
    ignored: usize,
    /// Differences that controllers made and that are not drift.
    injected: usize,
    /// Requests to API servers.
    requests: u64,
    /// Findings of the baseline that are gone; null without a baseline.
    settled: Option<usize>,
    /// Clusters by verdict (`clean`, `known`, `drift`, `unknown`).
    clusters: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FindingForm {
    /// The cluster; null for findings about the repository itself.
    cluster: Option<String>,
    /// The folder whose files are applied together; null for what stands in no folder.
    unit: Option<String>,
    /// `group/Kind[/namespace]/name`; the group of core kinds is `v1`.
    object: String,
    /// `apps/v1/Deployment`, with the version that the repository writes.
    gvk: Option<String>,
    /// The kind of difference.
    kind: Value,
    /// JSON pointer with `[key=value,…]` elements; empty for the object as a whole.
    path: String,
    /// The same place with indexes.
    index_path: String,
    /// Places inside an atomic value that differ.
    detail: Vec<String>,
    /// What the repository says.
    desired: Option<Value>,
    /// What the cluster says.
    live: Option<Value>,
    /// What the server would have filled in.
    default: Option<Value>,
    /// Who last changed it; null where nobody can tell.
    by: Option<ManagerForm>,
    /// All owners of the live value, where there are several.
    owners: Vec<ManagerForm>,
    /// Who may have removed it; not proof.
    candidates: Vec<ManagerForm>,
    /// Whether a key stands more than once in the list, so that whole groups are compared.
    duplicates: bool,
    /// Whether `desired`, `live` or `default` was cut, being too large to print.
    partial: bool,
    /// Whether the next apply settles it.
    pending: bool,
    /// A word that says more than the kind.
    reason: Option<String>,
    /// A sentence for people.
    message: Option<String>,
    /// The rule that decided.
    rule: &'static str,
    /// `info`, `drift` or `high`.
    severity: Value,
    /// Where the expected value was written.
    origin: Option<OriginForm>,
    /// The file of the repository.
    file: Option<String>,
    /// The rule under `ignore` that would accept it; null where no rule can.
    accept: Option<Value>,
    /// Whether the baseline holds the very same finding, so that it does not count.
    known: bool,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ManagerForm {
    manager: String,
    operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subresource: Option<String>,
    time: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OriginForm {
    /// Path relative to the fleet's directory; a template's name where the template decided.
    file: String,
    /// Line, from 1.
    line: u32,
    /// Column, from 1.
    column: u32,
    /// The field, or the decision.
    field: Option<String>,
    /// The layers that touched it, first to last, as `file:line:col layer`.
    chain: Vec<String>,
}

/// Writes a drift report as JSON; `origins` and `sources` are those of the fleet, where there is
/// one. Information is left out unless `all`.
pub fn drift(report: &DriftReport, origins: Option<(&Origins, &Sources)>, all: bool) -> String {
    let shown = |f: &&Finding| all || f.severity != FindingSeverity::Info;
    let repository = report
        .repository
        .iter()
        .filter(shown)
        .map(|f| finding(None, f, origins));
    let clusters = report.clusters.iter().flat_map(|(cluster, one)| {
        one.findings
            .iter()
            .filter(shown)
            .map(move |f| finding(Some(cluster), f, origins))
    });
    let findings = repository.chain(clusters).collect();
    super::write(&DriftForm {
        version: 1,
        findings,
        idle_rules: report.idle_rules.iter().map(idle).collect(),
        summary: summary(report),
    })
}

fn summary(report: &DriftReport) -> SummaryForm {
    let clusters = report.clusters.values();
    let count = |verdict| {
        clusters
            .clone()
            .flat_map(|c| c.verdicts.values())
            .filter(|v| **v == verdict)
            .count()
    };
    let findings = || {
        report
            .repository
            .iter()
            .chain(clusters.clone().flat_map(|c| &c.findings))
    };
    let mut by_kind = BTreeMap::new();
    for f in findings().filter(|f| f.severity != FindingSeverity::Info && !f.known) {
        *by_kind.entry(word(&f.kind)).or_default() += 1;
    }
    SummaryForm {
        objects: clusters.clone().map(|c| c.verdicts.len()).sum(),
        clean: count(Verdict::Clean),
        known: count(Verdict::Known),
        drift: count(Verdict::Drift),
        unknown: count(Verdict::Unknown),
        by_kind,
        ignored: clusters.clone().map(|c| c.ignored).sum(),
        injected: findings()
            .filter(|f| f.reason.as_deref() == Some("injected"))
            .count(),
        requests: clusters.clone().map(|c| c.requests).sum(),
        settled: report.settled,
        clusters: report
            .clusters
            .iter()
            .map(|(name, c)| (name.clone(), word(&c.verdict())))
            .collect(),
    }
}

fn finding(
    cluster: Option<&String>,
    f: &Finding,
    origins: Option<(&Origins, &Sources)>,
) -> FindingForm {
    let managers = |all: &[Manager]| all.iter().map(manager).collect::<Vec<_>>();
    let owners = managers(&f.by);
    let mut partial = false;
    let mut bounded = |value: &Option<Value>| {
        let (value, cut) = super::bounded::bounded(value.as_ref()?);
        partial |= cut;
        Some(value)
    };
    let (desired, live) = (bounded(&f.desired), bounded(&f.live));
    let default = bounded(&f.default);
    FindingForm {
        cluster: cluster.cloned(),
        unit: f.file.as_ref().and_then(|file| {
            let (folder, _) = file.as_str().rsplit_once('/')?;
            Some(folder.to_owned())
        }),
        object: f.object_name(),
        gvk: f
            .api_version
            .as_ref()
            .map(|v| format!("{v}/{}", f.object.kind)),
        kind: Value::String(word::<FindingKind>(&f.kind)),
        path: f.path.clone(),
        index_path: f.index_path.clone(),
        detail: f.detail.clone(),
        desired,
        live,
        default,
        by: owners.first().cloned(),
        owners: if owners.len() > 1 { owners } else { Vec::new() },
        candidates: managers(&f.candidates),
        duplicates: f.duplicates,
        partial,
        pending: f.pending,
        reason: f.reason.clone(),
        message: f.message.clone(),
        rule: f.rule,
        severity: Value::String(word(&f.severity)),
        origin: f.origin.as_ref().and_then(|o| origin(o, origins)),
        file: f.file.as_ref().map(ToString::to_string),
        accept: f.accept.clone(),
        known: f.known,
    }
}

fn idle(rule: &IdleRule) -> IdleRuleForm {
    IdleRuleForm {
        index: rule.index,
        rule: rule.rule.clone(),
        why: match rule.expired {
            true => "expired",
            false => "unused",
        },
    }
}

fn manager(m: &Manager) -> ManagerForm {
    ManagerForm {
        manager: m.manager.clone(),
        operation: m.operation.clone(),
        subresource: m.subresource.clone(),
        time: m.time.clone(),
    }
}

fn origin(origin: &Origin, origins: Option<(&Origins, &Sources)>) -> Option<OriginForm> {
    match origin {
        Origin::Field(field) => field_origin(field, origins),
        Origin::Derived {
            fields,
            template,
            line,
        } => fields
            .iter()
            .find_map(|field| field_origin(field, origins))
            .or_else(|| Some(template_origin(template, *line))),
        Origin::Plan(decision) => Some(OriginForm {
            file: "regen.lock".to_owned(),
            line: 1,
            column: 1,
            field: Some(decision.clone()),
            chain: Vec::new(),
        }),
        Origin::Overlay(span) => origins.map(|(_, sources)| {
            let at = sources.line_col(*span);
            OriginForm {
                file: sources.get(span.source).path().to_owned(),
                line: at.line,
                column: at.column,
                field: None,
                chain: Vec::new(),
            }
        }),
        Origin::Template { template, line } => Some(template_origin(template, *line)),
    }
}

fn template_origin(template: &str, line: u32) -> OriginForm {
    OriginForm {
        file: template.to_owned(),
        line,
        column: 1,
        field: None,
        chain: Vec::new(),
    }
}

fn field_origin(
    field: &crate::model::origin::FieldRef,
    origins: Option<(&Origins, &Sources)>,
) -> Option<OriginForm> {
    let (origins, sources) = origins?;
    let decided = origins.decided(&field.subject, &field.path)?;
    let at = sources.line_col(decided.span);
    Some(OriginForm {
        file: sources.get(decided.span.source).path().to_owned(),
        line: at.line,
        column: at.column,
        field: Some(field.to_string()),
        chain: origins
            .of(&field.subject, &field.path)
            .iter()
            .map(|t| format!("{} {}", sources.locate(t.span), t.layer))
            .collect(),
    })
}

/// The word that serde writes for a unit variant.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => unreachable!("unit variants are written as words, not {other:?}"),
    }
}
