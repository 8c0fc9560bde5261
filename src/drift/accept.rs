//! The other way round: a finding to the rule that would accept it, and the rules that do nothing.

use serde_json::{Map, Value, json};

use crate::model::finding::{
    DriftReport, Finding, FindingKind, FindingSeverity, IdleRule, Verdict,
};
use crate::model::manifest::ObjectId;

use super::ignore::Rule;
use super::ownership::glob;

/// The narrowest rule that hides a difference; what happened to an object as a whole cannot be
/// accepted by a rule.
pub(super) fn accepting(finding: &Finding, cluster: &str) -> Option<Value> {
    let difference = matches!(
        finding.kind,
        FindingKind::Modified
            | FindingKind::Removed
            | FindingKind::Extra
            | FindingKind::Reordered
            | FindingKind::Stale
    );
    if !difference || finding.severity == FindingSeverity::Info || finding.path.is_empty() {
        return None;
    }
    let mut rule = about(&finding.object);
    if !cluster.is_empty() {
        rule.insert("clusters".to_owned(), json!([cluster]));
    }
    rule.insert("jsonPointers".to_owned(), json!([finding.path]));
    Some(rule.into())
}

/// The members of a rule that is about one object.
pub(super) fn about(id: &ObjectId) -> Map<String, Value> {
    let members = [
        ("group", &id.group),
        ("kind", &id.kind),
        ("namespace", &id.namespace),
        ("name", &id.name),
    ];
    let member = |(name, text): (&str, &String)| (name.to_owned(), text.clone().into());
    members.into_iter().map(member).collect()
}

/// The rules that are past their day, and those that hid nothing in any cluster; the latter only
/// when every cluster was read, and every invariant judged that they name: what is unread may hold
/// what they are for.
pub fn idle(rules: &[Rule], report: &DriftReport) -> Vec<IdleRule> {
    let (clusters, invariants) = (&report.clusters, &report.invariants);
    let all_read = clusters
        .values()
        .all(|c| c.verdicts.values().all(|v| *v != Verdict::Unknown))
        && invariants
            .findings
            .iter()
            .all(|f| f.kind != FindingKind::Unknown);
    let told = rules.iter().enumerate().filter_map(|(index, rule)| {
        let expired = clusters.values().any(|c| c.rules_expired.contains(&index));
        let used = clusters.values().any(|c| c.rules_used.contains(&index))
            || invariants.rules_used.contains(&index);
        let mut unjudged = invariants
            .examined
            .iter()
            .filter(|e| !e.unjudged.is_empty());
        let unjudged = unjudged.any(|e| rule.invariants.iter().any(|name| glob(name, e.rule)));
        (expired || all_read && !used && !unjudged).then(|| IdleRule {
            index,
            rule: rule.written.clone(),
            expired,
        })
    });
    told.collect()
}
