//! Rules that hide findings: pointers, a subset of jq, and field managers.
//!
//! Rules are matched against differences after the comparison; they never edit an object.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::finding::Finding;
use crate::model::manifest::ObjectId;
use crate::normalise::Key;

use super::invariants;
use super::jq::{Part, jq, pointer};
use super::ownership::{Entry, glob};
use super::path::{Step, element};
use super::settings::{SettingsFault, fault, text, texts};

/// One accepted difference.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// API group; `*` stands for any text. Absent: any.
    pub group: Option<String>,
    /// Kind; `*` stands for any text. Absent: any.
    pub kind: Option<String>,
    /// Name; `*` stands for any text. Absent: any.
    pub name: Option<String>,
    /// Namespace; `*` stands for any text. Absent: any.
    pub namespace: Option<String>,
    /// Labels that the live object carries.
    pub labels: BTreeMap<String, String>,
    /// Clusters, with `*`; empty: all.
    pub clusters: Vec<String>,
    /// Field managers, with `*`, whose additions are accepted.
    pub managers: Vec<String>,
    /// Invariants, with `*`, whose violations are accepted.
    pub invariants: Vec<String>,
    /// Whether `managers` also accepts changes of what the repository says.
    pub also_modified: bool,
    /// The last day on which the rule holds, as `2026-01-31`.
    pub until: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The rule as written.
    pub written: Value,
    places: Vec<Vec<Part>>,
}

const JQ_HELP: &str = "understood: `.a.b[]`, `.a[0]`, `.\"a/b\"` and `| select(.k == \"v\") | .c`";

impl Rule {
    /// Reads a rule; all faults at once.
    pub fn read(value: &Value) -> Result<Self, Vec<SettingsFault>> {
        let mut rule = Self {
            written: value.clone(),
            ..Self::default()
        };
        let mut faults = Vec::new();
        let Some(map) = value.as_object() else {
            return Err(vec![fault("", "expected a mapping", None)]);
        };
        for (name, value) in map {
            let at = format!("/{name}");
            match name.as_str() {
                "group" => rule.group = text(value, &at, &mut faults),
                "kind" => rule.kind = text(value, &at, &mut faults),
                "name" => rule.name = text(value, &at, &mut faults),
                "namespace" => rule.namespace = text(value, &at, &mut faults),
                "reason" => rule.reason = text(value, &at, &mut faults),
                "until" => match value.as_str() {
                    Some(day) if is_day(day) => rule.until = Some(day.to_owned()),
                    _ => faults.push(fault(at, "expected a day such as `2026-01-31`", None)),
                },
                "clusters" => rule.clusters = texts(value, &at, &mut faults),
                "managers" | "managedFieldsManagers" => rule.managers = texts(value, &at, &mut faults),
                "invariants" => {
                    rule.invariants = texts(value, &at, &mut faults);
                    for (i, name) in rule.invariants.iter().enumerate() {
                        if !invariants::is_one(name) {
                            let known: Vec<&str> = invariants::names().map(|(n, _)| n).collect();
                            let help = format!("known: {}", known.join(", "));
                            faults.push(fault(format!("{at}/{i}"), format!("no invariant is called `{name}`"), Some(&help)));
                        }
                    }
                }
                "alsoModified" => match value {
                    Value::Bool(also) => rule.also_modified = *also,
                    _ => faults.push(fault(at, "expected true or false", None)),
                },
                "labels" => match value.as_object() {
                    Some(labels) => {
                        for (label, value) in labels {
                            let value = text(value, &format!("{at}/{label}"), &mut faults);
                            rule.labels.extend(value.map(|v| (label.clone(), v)));
                        }
                    }
                    None => faults.push(fault(at, "expected a mapping", None)),
                },
                "jsonPointers" => {
                    for (i, text) in texts(value, &at, &mut faults).iter().enumerate() {
                        match pointer(text) {
                            Some(place) => rule.places.push(place),
                            None => faults.push(fault(
                                format!("{at}/{i}"),
                                format!("`{text}` is not a JSON pointer"),
                                Some("such as `/spec/replicas`; `*` stands for one step"),
                            )),
                        }
                    }
                }
                "jqPathExpressions" => {
                    for (i, text) in texts(value, &at, &mut faults).iter().enumerate() {
                        match jq(text) {
                            Some(place) => rule.places.push(place),
                            None => faults.push(fault(
                                format!("{at}/{i}"),
                                format!("`{text}` is more than this reads of jq"),
                                Some(JQ_HELP),
                            )),
                        }
                    }
                }
                _ => faults.push(fault(
                    at,
                    format!("unknown field `{name}`"),
                    Some("known: group, kind, name, namespace, labels, clusters, jsonPointers, jqPathExpressions, managers, alsoModified, invariants, until, reason"),
                )),
            }
        }
        let says =
            !(rule.places.is_empty() && rule.managers.is_empty() && rule.invariants.is_empty());
        if faults.is_empty() && !says {
            let help = "add `jsonPointers`, `jqPathExpressions`, `managers` or `invariants`";
            faults.push(fault("", "the rule says nothing to ignore", Some(help)));
        }
        match faults.is_empty() {
            true => Ok(rule),
            false => Err(faults),
        }
    }

    /// Whether it is about this object of this cluster.
    pub(super) fn is_about(&self, cluster: &str, id: &ObjectId, live: &Value) -> bool {
        let fits =
            |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|p| glob(p, text));
        let labels = live.pointer("/metadata/labels");
        fits(&self.group, &id.group)
            && fits(&self.kind, &id.kind)
            && fits(&self.name, &id.name)
            && fits(&self.namespace, &id.namespace)
            && (self.clusters.is_empty() || self.clusters.iter().any(|c| glob(c, cluster)))
            && self.labels.iter().all(|(label, value)| {
                labels.and_then(|l| l.get(label)).and_then(Value::as_str) == Some(value)
            })
    }

    /// Whether it hides a violation of an invariant: of this object, and in no cluster but those
    /// that it names.
    pub(super) fn hides_invariant(&self, finding: &Finding, live: &Value) -> bool {
        let mut clusters = finding.involved.iter().map(|i| i.cluster.as_str());
        self.invariants.iter().any(|name| glob(name, finding.rule))
            && clusters.all(|cluster| self.is_about(cluster, &finding.object, live))
    }

    /// Whether it hides a difference.
    pub(super) fn hides(&self, place: &Place<'_>) -> bool {
        let by_manager = !self.managers.is_empty()
            && (place.extra || self.also_modified)
            && !place.owners.is_empty()
            && place
                .owners
                .iter()
                .all(|o| self.managers.iter().any(|m| glob(m, &o.by.manager)));
        by_manager || self.places.iter().any(|parts| place.covered(parts))
    }
}

/// A difference, as rules look at it.
pub(super) struct Place<'a> {
    pub(super) path: &'a [Step<'a>],
    /// Places inside an atomic value that differ, as pointers.
    pub(super) detail: &'a [String],
    /// Whether the repository has no opinion.
    pub(super) extra: bool,
    pub(super) owners: &'a [&'a Entry],
    pub(super) live: &'a Value,
    pub(super) desired: &'a Value,
}

impl Place<'_> {
    fn covered(&self, parts: &[Part]) -> bool {
        let mut at: Vec<Option<&Value>> = vec![Some(self.live), Some(self.desired)];
        let mut rest = parts;
        for step in self.path {
            rest = match take(rest, step, &at) {
                Some(rest) => rest,
                None => return false,
            };
            if rest.is_empty() {
                return true;
            }
            for value in &mut at {
                *value = value.and_then(|v| down(v, step));
            }
        }
        let Some(rest) = selected(rest, &at) else {
            return false;
        };
        if rest.is_empty() {
            return true;
        }
        if !self.detail.is_empty() {
            return self.detail.iter().all(|pointer| inside(rest, pointer, &at));
        }
        // The whole is hidden when the rule names every leaf of it.
        let mut sides = at.iter().flatten().peekable();
        sides.peek().is_some() && sides.all(|value| leaves(rest, value))
    }
}

/// Consumes the part that one step fits; an empty rest hides everything below.
fn take<'p>(parts: &'p [Part], step: &Step<'_>, at: &[Option<&Value>]) -> Option<&'p [Part]> {
    let parts = selected(parts, at)?;
    let (first, rest) = parts.split_first()?;
    let fits = match (first, step) {
        (Part::Any, _) => true,
        (Part::Each, Step::Element(..)) => true,
        (Part::Name(name), Step::Name(step)) => name == step,
        (Part::Name(name), Step::Element(key, index)) => names(name, key, *index),
        _ => false,
    };
    if !fits {
        return None;
    }
    // A selection right behind an element looks into that very element.
    let next: Vec<Option<&Value>> = at.iter().map(|v| v.and_then(|v| down(v, step))).collect();
    selected(rest, &next)
}

/// Consumes selections, where the value here fits them.
fn selected<'p>(mut parts: &'p [Part], at: &[Option<&Value>]) -> Option<&'p [Part]> {
    while let Some((Part::Select(path, wanted), rest)) = parts.split_first() {
        let fits = |value: &Value| {
            let found = path.iter().try_fold(value, |v, name| v.get(name));
            found == Some(wanted)
        };
        if !at.iter().flatten().any(|value| fits(value)) {
            return None;
        }
        parts = rest;
    }
    Some(parts)
}

fn names(name: &str, key: &Key<'_>, index: usize) -> bool {
    let mut whole = String::new();
    element(&mut whole, key);
    name == whole
        || matches!(key.0.as_slice(), [one] if one.text == name)
        || name.parse() == Ok(index)
}

fn down<'v>(value: &'v Value, step: &Step<'_>) -> Option<&'v Value> {
    match step {
        Step::Name(name) => value.get(name),
        Step::Element(key, index) => {
            let list = value.as_array()?;
            let fits = |v: &&Value| {
                key.0.iter().all(|part| {
                    let member = match part.name {
                        "" => Some(*v),
                        name => v.get(name),
                    };
                    match member {
                        Some(Value::String(text)) => *text == part.text,
                        Some(other) => other.to_string() == part.text,
                        None => part.name == "protocol",
                    }
                })
            };
            list.get(*index)
                .filter(fits)
                .or_else(|| list.iter().find(fits))
        }
    }
}

/// Whether a rule's rest covers a pointer into an atomic value.
fn inside(parts: &[Part], pointer: &str, at: &[Option<&Value>]) -> bool {
    let mut at = at.to_vec();
    let mut parts = parts;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let Some(rest) = selected(parts, &at) else {
            return false;
        };
        let Some((first, rest)) = rest.split_first() else {
            return true;
        };
        let fits = match first {
            Part::Any | Part::Each => true,
            Part::Name(name) => *name == step,
            Part::Select(..) => false,
        };
        if !fits {
            return false;
        }
        for value in &mut at {
            *value = value.and_then(|v| match v {
                Value::Array(list) => list.get(step.parse::<usize>().ok()?),
                other => other.get(&step),
            });
        }
        parts = rest;
    }
    selected(parts, &at).is_some_and(<[Part]>::is_empty)
}

/// Whether a rule's rest covers every leaf of a value.
fn leaves(parts: &[Part], value: &Value) -> bool {
    let Some(parts) = selected(parts, &[Some(value)]) else {
        return false;
    };
    let Some((first, rest)) = parts.split_first() else {
        return true;
    };
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().all(|(name, value)| {
            matches!(first, Part::Any) | matches!(first, Part::Name(n) if n == name)
                && leaves(rest, value)
        }),
        Value::Array(list) if !list.is_empty() => list.iter().enumerate().all(|(i, value)| {
            let fits = match first {
                Part::Any | Part::Each => true,
                Part::Name(name) => {
                    name.parse() == Ok(i) || value.get("name").and_then(Value::as_str) == Some(name)
                }
                Part::Select(..) => false,
            };
            fits && leaves(rest, value)
        }),
        _ => false,
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && super::super::normalise::instant(&format!("{text}T00:00:00Z")).is_some()
}
