//! The drift report as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::model::finding::{
    DriftReport, Examined, Finding, FindingKind, FindingSeverity, Hint, Hints, IdleRule, Involved,
    Manager, Verdict, object_name,
};
use crate::model::manifest::Origin;
use crate::report::provenance::Provenance;

/// What differs between source, repository and clusters.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftForm {
    /// Version of this form.
    version: u32,
    /// The findings: of the repository, then by cluster, object and path, then of what must hold
    /// over all clusters (`kind` is `invariant`, or `unknown` with the invariant's name as `rule`).
    findings: Vec<FindingForm>,
    /// What must hold over all clusters, and what came of it.
    invariants: Vec<InvariantForm>,
    /// Rules of the settings that hide nothing any more.
    idle_rules: Vec<IdleRuleForm>,
    /// Counts.
    summary: SummaryForm,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InvariantForm {
    /// Its name, the `rule` of its findings.
    rule: &'static str,
    /// What must hold.
    about: &'static str,
    /// `clean`, `known`, `drift` (broken somewhere), `unknown` (nobody can say), or `unjudged`: of
    /// nothing that was looked at could it be said, for the reasons under `unjudged`.
    verdict: String,
    /// Of how many stores, records or calls it was judged.
    judged: usize,
    /// Of how many it was not, by reason: clusters that were not asked for, a dump without the
    /// kind, no fleet.
    unjudged: BTreeMap<String, usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct InvolvedForm {
    /// The cluster.
    cluster: String,
    /// `group/Kind[/namespace]/name`; the group of core kinds is `v1`.
    object: String,
    /// Where in it, with `[key=value]` elements; empty for the object as a whole.
    path: String,
    /// What it says, or what was seen of it.
    live: Value,
    /// Who last changed that; null where nobody can tell.
    by: Option<ManagerForm>,
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
    /// The cluster; null for findings about the repository itself, and about all clusters.
    cluster: Option<String>,
    /// What `--accept` calls it: the same from run to run as long as the same differs in the same way.
    id: String,
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
    /// What the repository says; of an invariant, what must hold.
    desired: Option<Value>,
    /// What the cluster says; of an invariant, what each cluster says.
    live: Option<Value>,
    /// With `--secret-hints`, what may be told of values that are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<HintsForm>,
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
    /// What to do, where that does not go without saying.
    help: Option<String>,
    /// The objects of an invariant, by cluster.
    involved: Vec<InvolvedForm>,
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

#[derive(Debug, Serialize, JsonSchema)]
struct HintsForm {
    /// Of what the repository says.
    desired: Option<HintForm>,
    /// Of what the cluster says.
    live: Option<HintForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct HintForm {
    /// Length in bytes.
    bytes: usize,
    /// Eight hexadecimal digits of the HMAC-SHA256: equal values have equal ones within one report.
    hash: String,
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
pub(super) struct OriginForm {
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
    /// Who last wrote the line, as git has it: `Ann <ann@shop.example>`; null where it is not
    /// committed, or the fleet in no repository.
    author: Option<String>,
    /// The commit that wrote it.
    commit: Option<String>,
}

/// Writes a drift report as JSON; `provenance` is that of the fleet, where there is one. Information is left out unless `all`.
pub fn drift(report: &DriftReport, provenance: Option<&Provenance<'_>>, all: bool) -> String {
    let shown = |f: &&Finding| all || f.severity != FindingSeverity::Info;
    let repository = report
        .repository
        .iter()
        .filter(shown)
        .map(|f| finding(None, f, provenance));
    let invariants = report.invariants.findings.iter().filter(shown);
    let invariants = invariants.map(|f| finding(None, f, provenance));
    let clusters = report.clusters.iter().flat_map(|(cluster, one)| {
        one.findings
            .iter()
            .filter(shown)
            .map(move |f| finding(Some(cluster), f, provenance))
    });
    let findings = repository.chain(clusters).chain(invariants).collect();
    super::write(&DriftForm {
        version: 1,
        findings,
        invariants: report
            .invariants
            .examined
            .iter()
            .map(|e| invariant(report, e))
            .collect(),
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
    let mut by_kind = BTreeMap::new();
    for f in report
        .findings()
        .filter(|f| f.severity != FindingSeverity::Info && !f.known)
    {
        *by_kind.entry(word(&f.kind)).or_default() += 1;
    }
    SummaryForm {
        objects: clusters.clone().map(|c| c.verdicts.len()).sum(),
        clean: count(Verdict::Clean),
        known: count(Verdict::Known),
        drift: count(Verdict::Drift),
        unknown: count(Verdict::Unknown),
        by_kind,
        ignored: clusters.clone().map(|c| c.ignored).sum::<usize>() + report.invariants.ignored,
        injected: report
            .findings()
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
    provenance: Option<&Provenance<'_>>,
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
        id: f.id(cluster.map(String::as_str)),
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
        hints: hints(&f.hints),
        default,
        by: owners.first().cloned(),
        owners: if owners.len() > 1 { owners } else { Vec::new() },
        candidates: managers(&f.candidates),
        duplicates: f.duplicates,
        partial,
        pending: f.pending,
        reason: f.reason.clone(),
        message: f.message.clone(),
        help: f.help.clone(),
        involved: f.involved.iter().map(involved).collect(),
        rule: f.rule,
        severity: Value::String(word(&f.severity)),
        origin: f.origin.as_ref().and_then(|o| origin(o, provenance)),
        file: f.file.as_ref().map(ToString::to_string),
        accept: f.accept.clone(),
        known: f.known,
    }
}

fn hints(hints: &Hints) -> Option<HintsForm> {
    let form = |hint: &Option<Hint>| {
        hint.as_ref().map(|hint| HintForm {
            bytes: hint.bytes,
            hash: hint.hash.clone(),
        })
    };
    (*hints != Hints::default()).then(|| HintsForm {
        desired: form(&hints.desired),
        live: form(&hints.live),
    })
}

fn involved(one: &Involved) -> InvolvedForm {
    InvolvedForm {
        cluster: one.cluster.clone(),
        object: object_name(&one.object),
        path: one.path.clone(),
        live: super::bounded::bounded(&one.live).0,
        by: one.by.first().map(manager),
    }
}

fn invariant(report: &DriftReport, examined: &Examined) -> InvariantForm {
    let verdict = report.invariants.verdict_on(examined.rule);
    let none = verdict == Verdict::Clean && examined.judged == 0 && !examined.unjudged.is_empty();
    InvariantForm {
        rule: examined.rule,
        about: examined.about,
        verdict: match none {
            true => "unjudged".to_owned(),
            false => word(&verdict),
        },
        judged: examined.judged,
        unjudged: examined.unjudged.clone(),
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

pub(super) fn origin(origin: &Origin, provenance: Option<&Provenance<'_>>) -> Option<OriginForm> {
    let written = provenance.and_then(|p| Some((p, p.place(origin)?)));
    if let Some((provenance, place)) = written {
        let layers = place
            .field
            .map_or(&[][..], |f| provenance.origins.of(&f.subject, &f.path));
        return Some(OriginForm {
            file: place.file.to_owned(),
            line: place.line,
            column: place.column,
            field: place.field.map(ToString::to_string),
            chain: layers
                .iter()
                .map(|t| format!("{} {}", provenance.sources.locate(t.span), t.layer))
                .collect(),
            author: place.by.map(|b| format!("{} <{}>", b.name, b.email)),
            commit: place.by.map(|b| b.commit.clone()),
        });
    }
    let elsewhere = |file: &str, line, field| OriginForm {
        file: file.to_owned(),
        line,
        column: 1,
        field,
        chain: Vec::new(),
        author: None,
        commit: None,
    };
    match origin {
        Origin::Derived { template, line, .. } | Origin::Template { template, line } => {
            Some(elsewhere(template, *line, None))
        }
        Origin::Plan(decision) => Some(elsewhere("regen.lock", 1, Some(decision.clone()))),
        Origin::Field(_) | Origin::Overlay(_) => None,
    }
}

/// The word that serde writes for a unit variant.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => unreachable!("unit variants are written as words, not {other:?}"),
    }
}
