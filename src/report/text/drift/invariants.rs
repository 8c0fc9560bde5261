//! What must hold over all clusters, for people: where it does not, who made it so, and what to do.

use std::fmt::Write as _;

use crate::model::finding::{DriftReport, Finding, FindingKind, Involved, Verdict};

use super::super::plan::count;
use super::super::{inert, shortened};
use super::{VALUE_WIDTH, View, line, manager, origin, short, shown, verdict};

/// The section; none for one cluster with nothing to tell, of which nobody asks about others.
pub(super) fn section(out: &mut String, report: &DriftReport, view: View<'_>) {
    let (style, invariants) = (view.style, &report.invariants);
    let findings: Vec<&Finding> = invariants
        .findings
        .iter()
        .filter(|f| shown(f, view))
        .collect();
    if invariants.examined.is_empty()
        || findings.is_empty() && report.clusters.len() < 2 && !view.all
    {
        return;
    }
    let mut facts = vec![count(invariants.examined.len(), "invariant")];
    for (verdict, word) in [(Verdict::Drift, "broken"), (Verdict::Unknown, "unknown")] {
        let of = invariants.examined.iter();
        let of = of
            .filter(|e| invariants.verdict_on(e.rule) == verdict)
            .count();
        if of > 0 {
            facts.push(format!("{of} {word}"));
        }
    }
    if invariants.ignored > 0 {
        facts.push(format!(
            "{} ignored by rule",
            count(invariants.ignored, "finding")
        ));
    }
    let _ = writeln!(
        out,
        "{}  {}  {}",
        style.strong("fleet"),
        verdict(invariants.verdict(), style),
        facts.join(", ")
    );
    for finding in &findings {
        match finding.kind {
            FindingKind::Unknown => unknown(out, finding, view),
            _ => violation(out, finding, view),
        }
    }
    for examined in &invariants.examined {
        let (part, all) = (!examined.unjudged.is_empty(), examined.judged == 0);
        if part && (all || view.all) {
            let reasons: Vec<&str> = examined.unjudged.keys().map(String::as_str).collect();
            let what = if all {
                "not judged"
            } else {
                "judged in part, not"
            };
            let text = format!("{}: {what} {}", examined.rule, reasons.join("; nor "));
            let _ = writeln!(out, "  {}", style.faint(&inert(&text)));
        }
    }
    out.push('\n');
}

fn violation(out: &mut String, finding: &Finding, view: View<'_>) {
    let style = view.style;
    let _ = writeln!(
        out,
        "  {}: {}",
        style.strong(finding.rule),
        inert(&finding.object.to_string())
    );
    let message = finding.message.as_deref().unwrap_or("ignored by a rule");
    let known = match finding.known {
        true => " (known from the baseline)",
        false => "",
    };
    let id = finding.id(None);
    let (mark, id) = (style.yellow("!"), style.faint(short(&id)));
    let _ = writeln!(out, "    {mark} {id}  {}{known}", inert(message));
    let origin = finding.origin.as_ref();
    let origin = origin.and_then(|o| origin_of(o, view));
    if let Some(expected) = &finding.desired {
        line(out, "expected", expected, origin.as_deref(), style);
    }
    for one in finding.involved.iter().take(10) {
        involved(out, one, view);
    }
    if finding.involved.len() > 10 {
        let more = finding.involved.len() - 10;
        let _ = writeln!(
            out,
            "        and {more} more objects; `-o json=PATH` lists all"
        );
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "        to do       {}", inert(help));
    }
    if let Some(rule) = finding.accept.as_ref().filter(|_| view.rules) {
        let _ = writeln!(out, "        accept with  - {}", inert(&rule.to_string()));
    }
}

fn origin_of(written: &crate::model::manifest::Origin, view: View<'_>) -> Option<String> {
    origin(written, view.provenance.as_ref())
}

/// `        euw1-b      reg.example/web:1  (apps/Deployment/shop/web)   kubectl-set (Update), …`.
fn involved(out: &mut String, one: &Involved, view: View<'_>) {
    let live = match &one.live {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let by = one.by.first().map(manager);
    let by = by.map(|by| format!("   {}", view.style.faint(&by)));
    let _ = writeln!(
        out,
        "        {:<10}  {} ({}){}",
        inert(&one.cluster),
        shortened(&inert(&live), VALUE_WIDTH),
        inert(&one.object.to_string()),
        by.unwrap_or_default()
    );
}

fn unknown(out: &mut String, finding: &Finding, view: View<'_>) {
    let cluster = finding.involved.first().map_or("", |i| i.cluster.as_str());
    let reason = finding.reason.as_deref().unwrap_or_default();
    let _ = writeln!(
        out,
        "  {} {}: unknown, for {} ({})",
        view.style.yellow("?"),
        finding.rule,
        inert(cluster),
        inert(reason)
    );
    if let Some(message) = &finding.message {
        let _ = writeln!(out, "      {}", inert(message));
    }
}
