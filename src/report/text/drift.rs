//! The drift report for people: per cluster and object, what differs, who did it, and where the
//! expected value was written.

mod invariants;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::model::finding::{
    ClusterReport, DriftReport, Finding, FindingKind, FindingSeverity, Hint, Manager, Verdict,
};
use crate::model::manifest::Origin;
use crate::report::provenance::Provenance;

use super::plan::count;
use super::{Style, inert, shortened};

/// How wide a value may be before it is cut.
const VALUE_WIDTH: usize = 160;

/// How many digits of a finding's id are shown.
const SHORT_ID: usize = 8;

/// What to show.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Where fields were written, where there is a fleet.
    pub provenance: Option<Provenance<'a>>,
    /// Show information too.
    pub all: bool,
    /// End each finding with the rule that would accept it.
    pub rules: bool,
    /// Colours.
    pub style: Style,
}

/// The whole report.
pub fn drift(report: &DriftReport, view: View<'_>) -> String {
    let mut out = String::new();
    let repository: Vec<&Finding> = report
        .repository
        .iter()
        .filter(|f| shown(f, view))
        .collect();
    if !repository.is_empty() {
        let _ = writeln!(out, "{}", view.style.strong("repository"));
        objects(&mut out, &repository, None, view);
        out.push('\n');
    }
    for (name, cluster) in &report.clusters {
        one_cluster(&mut out, name, cluster, view);
    }
    invariants::section(&mut out, report, view);
    for rule in &report.idle_rules {
        let why = match rule.expired {
            true => "is past its day",
            false => "hides nothing",
        };
        let text = inert(&rule.rule.to_string()).into_owned();
        let _ = writeln!(
            out,
            "rule {} of `ignore` {why}: {}",
            rule.index + 1,
            shortened(&text, VALUE_WIDTH)
        );
    }
    if !report.idle_rules.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "{}", last_line(report));
    out
}

fn one_cluster(out: &mut String, name: &str, cluster: &ClusterReport, view: View<'_>) {
    let style = view.style;
    let verdict = verdict(cluster.verdict(), style);
    let of = |v| cluster.verdicts.values().filter(|x| **x == v).count();
    let mut facts = vec![count(cluster.verdicts.len(), "object")];
    if of(Verdict::Drift) > 0 {
        facts.push(format!("{} drifted", of(Verdict::Drift)));
    }
    if of(Verdict::Unknown) > 0 {
        facts.push(format!("{} unknown", of(Verdict::Unknown)));
    }
    if of(Verdict::Known) > 0 {
        facts.push(format!("{} as the baseline says", of(Verdict::Known)));
    }
    if cluster.ignored > 0 {
        facts.push(format!(
            "{} ignored by rule",
            count(cluster.ignored, "finding")
        ));
    }
    let _ = writeln!(
        out,
        "{}  {verdict}  {}",
        style.strong(name),
        facts.join(", ")
    );
    let (unknown, rest): (Vec<&Finding>, Vec<&Finding>) = cluster
        .findings
        .iter()
        .filter(|f| shown(f, view))
        .partition(|f| f.kind == FindingKind::Unknown);
    objects(out, &rest, Some(name), view);
    unread(out, &unknown, view);
    if !unknown.is_empty() || !rest.is_empty() {
        out.push('\n');
    }
}

fn verdict(verdict: Verdict, style: Style) -> String {
    match verdict {
        Verdict::Clean => style.green("clean"),
        Verdict::Known => style.yellow("known"),
        Verdict::Drift => style.red("drift"),
        Verdict::Unknown => style.yellow("unknown"),
    }
}

/// What could not be read, once per reason: a cluster that is away is one fact, not one per object.
fn unread(out: &mut String, findings: &[&Finding], view: View<'_>) {
    let mut reasons: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let reason = (&finding.reason, &finding.message);
        reasons.entry(reason).or_default().push(finding);
    }
    for ((reason, message), findings) in reasons {
        let what = match findings.as_slice() {
            [one] => inert(&one.object.to_string()).into_owned(),
            all => count(all.len(), "object"),
        };
        let reason = reason.as_ref().map(|r| format!(" ({})", inert(r)));
        let mark = view.style.yellow("?");
        let _ = writeln!(
            out,
            "  {mark} unknown: {what}{}",
            reason.unwrap_or_default()
        );
        if let Some(message) = message {
            let _ = writeln!(out, "      {}", inert(message));
        }
        if findings.len() > 1 && view.all {
            for finding in findings {
                let _ = writeln!(out, "      {}", inert(&finding.object.to_string()));
            }
        }
    }
}

fn shown(finding: &Finding, view: View<'_>) -> bool {
    view.all || finding.severity != FindingSeverity::Info && !finding.known
}

fn objects(out: &mut String, findings: &[&Finding], cluster: Option<&str>, view: View<'_>) {
    let mut last = None;
    for finding in findings {
        if last != Some(&finding.object) {
            let _ = writeln!(out, "  {}", inert(&named(finding)));
            last = Some(&finding.object);
        }
        one_finding(out, finding, cluster, view);
    }
}

/// The object, or the file where it has no name.
fn named(finding: &Finding) -> String {
    let object = finding.object.to_string();
    match &finding.file {
        Some(file) if object.is_empty() => file.to_string(),
        _ => object,
    }
}

fn one_finding(out: &mut String, finding: &Finding, cluster: Option<&str>, view: View<'_>) {
    let style = view.style;
    let (mark, word) = match finding.kind {
        FindingKind::Modified | FindingKind::Reordered => ("~", None),
        FindingKind::Removed => ("-", None),
        FindingKind::Extra => ("+", None),
        FindingKind::Stale => ("+", Some("dropped from the repository, not applied yet")),
        FindingKind::Missing => ("-", Some("not in the cluster")),
        FindingKind::Orphan => ("+", Some("in the cluster, no longer in the repository")),
        FindingKind::Terminating => ("!", Some("is being deleted")),
        FindingKind::Duplicate => ("!", Some("stands twice in the repository")),
        FindingKind::VersionSkew => ("!", Some("this version is not served")),
        FindingKind::InvalidManifest => ("!", Some("a server would reject this manifest")),
        FindingKind::Invariant => ("!", None),
        FindingKind::Unknown => ("?", Some("unknown")),
        FindingKind::Tampered => ("!", Some("edited by hand in the repository")),
        FindingKind::Unrendered => ("!", Some("the source renders something else")),
        FindingKind::Injected => ("i", Some("added by a controller or at admission")),
        FindingKind::Ignored => ("i", Some("ignored by a rule")),
        FindingKind::Autoscaled => ("i", Some("set by an autoscaler within its bounds")),
        FindingKind::Restarted => ("i", Some("restarted by hand")),
        FindingKind::UnknownField => ("i", Some("no such field; the server drops it")),
        FindingKind::NotComparable => ("i", Some("has no name to compare by")),
        FindingKind::NoApplierEntry => ("i", Some("no applier among its managers")),
        FindingKind::Hook => ("i", Some("a hook, not compared")),
        FindingKind::DuplicateKey => ("i", Some("the key stands twice in the repository")),
        FindingKind::Kept => (
            "i",
            Some("no longer in the repository, and kept on purpose"),
        ),
    };
    let mark = match mark {
        "-" => style.red(mark),
        "+" => style.green(mark),
        _ => style.yellow(mark),
    };
    let mut head = Vec::new();
    if !finding.path.is_empty() {
        head.push(inert(&finding.path).into_owned());
    }
    if finding.kind == FindingKind::Reordered {
        head.push("same elements, another order".to_owned());
    }
    head.extend(word.map(str::to_owned));
    if let Some(reason) = &finding.reason {
        head.push(format!("({})", inert(reason)));
    }
    if finding.known {
        head.push("(known from the baseline)".to_owned());
    }
    if finding.pending {
        head.push("(the next apply settles it, or admission rewrites it)".to_owned());
    }
    let id = style.faint(short(&finding.id(cluster)));
    let _ = writeln!(out, "    {mark} {id}  {}", head.join(" "));
    if let Some(message) = &finding.message {
        let _ = writeln!(out, "        {}", inert(message));
    }
    let origin = finding
        .origin
        .as_ref()
        .and_then(|o| origin(o, view.provenance.as_ref()));
    if let Some(desired) = &finding.desired {
        let desired = with_hint(desired, finding.hints.desired.as_ref());
        line(out, "repository", &desired, origin.as_deref(), style);
    } else if finding.kind == FindingKind::Extra {
        out.push_str("        repository  nothing\n");
    } else if let Some(origin) = origin {
        let _ = writeln!(out, "        expected by {}", style.faint(&origin));
    }
    let by = finding.by.first().map(manager);
    if let Some(live) = &finding.live {
        let live = with_hint(live, finding.hints.live.as_ref());
        line(out, "cluster", &live, by.as_deref(), style);
    } else if let Some(by) = by {
        let _ = writeln!(out, "        {}", style.faint(&by));
    }
    if let Some(default) = &finding.default {
        line(out, "default", default, None, style);
    }
    for detail in finding.detail.iter().take(10) {
        let _ = writeln!(out, "        differs at {}", inert(detail));
    }
    if finding.detail.len() > 10 {
        let more = finding.detail.len() - 10;
        let _ = writeln!(
            out,
            "        and at {more} more places; `-o json=PATH` lists all"
        );
    }
    for candidate in finding.candidates.iter().take(3) {
        let text = format!("perhaps by {} (not proof)", manager(candidate));
        let _ = writeln!(out, "        {}", style.faint(&text));
    }
    if let Some(rule) = finding.accept.as_ref().filter(|_| view.rules) {
        let _ = writeln!(out, "        accept with  - {}", inert(&rule.to_string()));
    }
}

/// `<redacted> (12 bytes, hash 5bdcc146)`.
fn with_hint<'v>(value: &'v Value, hint: Option<&Hint>) -> Cow<'v, Value> {
    match (value, hint) {
        (Value::String(text), Some(Hint { bytes, hash })) => {
            let bytes = count(*bytes, "byte");
            Cow::Owned(format!("{text} ({bytes}, hash {hash})").into())
        }
        _ => Cow::Borrowed(value),
    }
}

/// The first digits of a finding's id, which are enough to name it.
pub fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

fn line(out: &mut String, side: &str, value: &Value, note: Option<&str>, style: Style) {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = inert(&text).into_owned();
    let note = note
        .map(|n| format!("   {}", style.faint(n)))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "        {side:<10}  {}{note}",
        shortened(&text, VALUE_WIDTH)
    );
}

/// `kubectl-set (Update), last change by this manager at 2026-11-20T08:14:02Z`.
fn manager(manager: &Manager) -> String {
    let how = match &manager.subresource {
        Some(sub) => format!("{}, {sub}", manager.operation),
        None => manager.operation.clone(),
    };
    let when = match &manager.time {
        Some(time) => format!("last change by this manager at {time}"),
        None => "time not recorded".to_owned(),
    };
    inert(&format!("{} ({how}), {when}", manager.manager)).into_owned()
}

/// `services/cart.yaml:7:12` with who wrote it, or what made it, for people.
pub fn origin(origin: &Origin, provenance: Option<&Provenance<'_>>) -> Option<String> {
    if let Some(place) = provenance.and_then(|p| p.place(origin)) {
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        return Some(match place.by {
            Some(by) => {
                let commit = by.commit.get(..10).unwrap_or(&by.commit);
                let by = format!("{at} ({}, {commit}, {})", by.name, by.day);
                inert(&by).into_owned()
            }
            None => at,
        });
    }
    match origin {
        Origin::Field(field) => Some(format!("default of {field}")),
        Origin::Derived { template, line, .. } | Origin::Template { template, line } => {
            Some(format!("template {template}:{line}"))
        }
        Origin::Plan(decision) => Some(format!("decided: {decision}")),
        Origin::Overlay(_) => Some("an overlay".to_owned()),
    }
}

fn last_line(report: &DriftReport) -> String {
    let of = |v| {
        report
            .clusters
            .values()
            .filter(|c| c.verdict() == v)
            .count()
    };
    let told = report.findings();
    let told =
        told.filter(|f| f.severity != FindingSeverity::Info && f.kind != FindingKind::Unknown);
    let (known, new): (Vec<_>, Vec<_>) = told.partition(|f| f.known);
    let broken = new
        .iter()
        .filter(|f| f.kind == FindingKind::Invariant)
        .count();
    let mut parts = Vec::new();
    for (verdict, word) in [
        (Verdict::Drift, "drifted"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Known, "known"),
        (Verdict::Clean, "clean"),
    ] {
        if of(verdict) > 0 {
            parts.push(format!("{} {word}", of(verdict)));
        }
    }
    let clusters = count(report.clusters.len(), "cluster");
    let mut line = format!(
        "{clusters}: {}; {}",
        parts.join(", "),
        count(new.len() - broken, "finding")
    );
    if broken > 0 {
        let _ = write!(line, ", {}", count(broken, "broken invariant"));
    }
    if let Some(settled) = report.settled {
        let _ = write!(
            line,
            ", {} known from the baseline, {settled} of it settled",
            known.len()
        );
    }
    line
}
