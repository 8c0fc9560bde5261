//! Raw differences to findings: whose a difference is decides whether it is drift.

use std::cell::OnceCell;

use serde_json::Value;

use crate::model::finding::{Finding, FindingKind, FindingSeverity, Hints};
use crate::model::live::LiveObject;
use crate::model::manifest::ObjectId;
use crate::normalise::{LAST_APPLIED, Node};

use super::bookkeeping;
use super::compare::{Difference, Held, What};
use super::evidence::{is_placeholder, needs_recreate, says};
use super::ignore::Place;
use super::ownership::{Class, Classes, Entry, entries, owners};
use super::path::{self, Step, names};
use super::scale::Bounds;
use super::secrets::{hint, masked};
use super::settings::Settings;

/// One object of which both sides are there.
pub(super) struct Case<'a> {
    settings: &'a Settings,
    id: &'a ObjectId,
    desired: &'a Value,
    live: &'a Value,
    object: &'a LiveObject,
    bounds: Option<Bounds>,
    entries: OnceCell<Vec<Entry>>,
    last_applied: OnceCell<Option<Value>>,
}

/// What became of a difference.
pub(super) struct Outcome {
    pub(super) finding: Finding,
    /// The rules that hid it.
    pub(super) rule: Option<usize>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        id: &'a ObjectId,
        desired: &'a Value,
        object: &'a LiveObject,
        bounds: Option<Bounds>,
    ) -> Self {
        Self {
            settings,
            id,
            desired,
            live: &object.body,
            object,
            bounds,
            entries: OnceCell::new(),
            last_applied: OnceCell::new(),
        }
    }

    /// Who wrote to the object; read where a difference asks.
    fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| {
            let classes = Classes {
                appliers: &self.settings.appliers,
                interactive: &self.settings.interactive,
                strict: self.settings.unknown_managers_drift,
            };
            entries(self.object, &classes)
        })
    }

    /// Information when managers are recorded and none of them applies the repository.
    pub(super) fn no_applier(&self) -> Option<Finding> {
        let entries = self.entries();
        let none = !entries.is_empty() && entries.iter().all(|e| e.class != Class::Own);
        none.then(|| Finding {
            message: Some("no applier of the repository is among its managers; that is no proof that it never was".to_owned()),
            ..Finding::new(FindingKind::NoApplierEntry, FindingSeverity::Info, self.id, "ATTR-REMOVE")
        })
    }

    /// The finding of a difference; `None` when it is nobody's business.
    pub(super) fn finding(&self, difference: &Difference<'_>) -> Option<Outcome> {
        match difference.what {
            What::UnknownField => {
                Some(self.plain(difference, FindingKind::UnknownField, "N-PRUNED"))
            }
            What::DuplicateKey => Some(self.plain(difference, FindingKind::DuplicateKey, "L-DUP")),
            What::Extra => self.extra(difference),
            What::Modified | What::Removed | What::Reordered => self.said(difference),
        }
    }

    fn plain(&self, difference: &Difference<'_>, kind: FindingKind, rule: &'static str) -> Outcome {
        let mut finding = self.base(difference, kind, FindingSeverity::Info, rule);
        if kind == FindingKind::DuplicateKey {
            finding.desired = None;
        }
        Outcome {
            finding,
            rule: None,
        }
    }

    /// The owners of a place, most telling first.
    fn owners(&self, path: &[Step<'_>]) -> Vec<&Entry> {
        let found = owners(self.entries(), path);
        // Old versions carry newer fields in annotations; they are managed under the newer name.
        if found.is_empty()
            && let [
                Step::Name("metadata"),
                Step::Name("annotations"),
                Step::Name(key),
            ] = path
            && let Some(field) = key.strip_prefix("autoscaling.alpha.kubernetes.io/")
        {
            return owners(self.entries(), &[Step::Name("spec"), Step::Name(field)]);
        }
        found
    }

    /// The repository has an opinion.
    fn said(&self, difference: &Difference<'_>) -> Option<Outcome> {
        let path = &difference.path;
        let place = names(path);
        let owners = match difference.what {
            What::Modified => self.owners(path),
            _ => Vec::new(),
        };
        let person = owners.iter().any(|o| o.class == Class::Interactive);
        let (desired, live) = (raw(&difference.desired), raw(&difference.live));
        let kept = matches!(place.as_slice(), ["metadata", "annotations", _])
            && live
                .as_ref()
                .is_some_and(|live| bookkeeping::is_kept(self.id, path, self.live, live));
        if !person && (kept || bookkeeping::is_tracking(&place)) {
            return None;
        }
        if place == ["rules"] && self.is_aggregated() {
            return None;
        }
        if let (Some(desired), Some(live)) = (&desired, &live)
            && bookkeeping::only_default_tolerations(self.id, path, desired, live)
        {
            return None;
        }
        let severity = FindingSeverity::Drift;
        let make = |kind, severity, rule| self.base(difference, kind, severity, rule);
        if let Some(rule) = self.hidden(difference, &owners, false) {
            let finding = make(FindingKind::Ignored, FindingSeverity::Info, "IGN");
            return Some(with(finding, &owners, Some(rule)));
        }
        if place.last() == Some(&"caBundle")
            && difference.what == What::Modified
            && desired.as_ref().is_some_and(is_placeholder)
            && written_by_machines(&owners)
        {
            let finding = make(FindingKind::Injected, FindingSeverity::Info, "I-CABUNDLE");
            return Some(with(finding, &owners, None));
        }
        if difference.what == What::Modified
            && place == ["spec", "replicas"]
            && !owners.iter().any(|o| o.is_person())
            && let (Some(bounds), Some(live)) = (self.bounds, &live)
            && bounds.allow(live)
        {
            let mut finding = make(FindingKind::Autoscaled, FindingSeverity::Info, "I-SCALE");
            finding.message = Some(
                "an autoscaler sets the replicas; leave them out of the repository".to_owned(),
            );
            return Some(with(finding, &owners, None));
        }
        let mut finding = match difference.what {
            What::Modified => make(FindingKind::Modified, severity, "M-MODIFIED"),
            What::Removed => make(FindingKind::Removed, severity, "ATTR-REMOVE"),
            _ => make(FindingKind::Reordered, severity, "L-ORDER"),
        };
        if difference.what == What::Modified
            && !owners.is_empty()
            && owners.iter().all(|o| o.class == Class::Own)
        {
            finding.pending = true;
            finding.rule = "P-PENDING";
        }
        if difference.what == What::Removed {
            finding.candidates = self.candidates();
        }
        if needs_recreate(self.id, &place) {
            finding.message =
                Some("the field is immutable: the object must be made anew".to_owned());
        }
        Some(with(finding, &owners, None))
    }

    /// The repository has no opinion.
    fn extra(&self, difference: &Difference<'_>) -> Option<Outcome> {
        let path = &difference.path;
        let place = names(path);
        let live = raw(&difference.live)?;
        let owners = self.owners(path);
        let person = owners.iter().any(|o| o.class == Class::Interactive);
        if place == ["rules"] && self.is_aggregated() {
            return None;
        }
        if !person && bookkeeping::is_kept(self.id, path, self.live, &live) {
            return None;
        }
        let grants = bookkeeping::grants(self.id, path, &live);
        let severity = match grants {
            true => FindingSeverity::High,
            false => FindingSeverity::Drift,
        };
        let make = |kind, severity, rule| self.base(difference, kind, severity, rule);
        let info = |kind, rule| {
            let finding = make(kind, FindingSeverity::Info, rule);
            Some(with(finding, &owners, None))
        };
        let drift = |kind, rule| {
            let mut finding = make(kind, severity, rule);
            if kind != FindingKind::Stale {
                return Some(with(finding, &owners, None));
            }
            finding.pending = true;
            let own: Vec<&Entry> = owners
                .iter()
                .copied()
                .filter(|o| o.class == Class::Own)
                .collect();
            Some(with(finding, &own, None))
        };
        if let Some(rule) = self.hidden(difference, &owners, true) {
            let finding = make(FindingKind::Ignored, FindingSeverity::Info, "IGN");
            return Some(with(finding, &owners, Some(rule)));
        }
        if place.last() == Some(&"kubectl.kubernetes.io/restartedAt") {
            return info(FindingKind::Restarted, "I-RESTART");
        }
        if place.last() == Some(&"caBundle") && written_by_machines(&owners) {
            return info(FindingKind::Injected, "I-CABUNDLE");
        }
        let by_person = owners.iter().any(|o| o.is_person());
        if place == ["spec", "replicas"] {
            match self.bounds {
                Some(bounds) if !by_person && bounds.allow(&live) => {
                    return info(FindingKind::Autoscaled, "I-SCALE");
                }
                _ if owners.is_empty() => return drift(FindingKind::Extra, "I-SCALE"),
                Some(bounds) if !bounds.allow(&live) => {
                    return drift(FindingKind::Extra, "I-SCALE");
                }
                _ => {}
            }
        }
        if by_person {
            return drift(FindingKind::Extra, "X-EXTRA");
        }
        let own = |operation: &str| {
            owners
                .iter()
                .any(|o| o.class == Class::Own && o.by.operation == operation)
        };
        if own("Apply") {
            return drift(FindingKind::Stale, "X-STALE");
        }
        if own("Update") {
            return match self.last_applied() {
                Some(applied) if says(applied, path) => drift(FindingKind::Stale, "X-STALE"),
                Some(_) => None,
                None => drift(FindingKind::Stale, "OWN-UPDATE"),
            };
        }
        if !owners.is_empty() {
            return info(FindingKind::Injected, "I-MANAGER");
        }
        if self.entries().is_empty() {
            return drift(FindingKind::Extra, "OWN-NONE");
        }
        match grants {
            true => drift(FindingKind::Extra, "I-UNOWNED"),
            false => info(FindingKind::Injected, "I-UNOWNED"),
        }
    }

    fn is_aggregated(&self) -> bool {
        self.id.kind == "ClusterRole"
            && [self.desired, self.live]
                .iter()
                .any(|o| o.get("aggregationRule").is_some_and(|r| !r.is_null()))
    }

    fn hidden(&self, difference: &Difference<'_>, owners: &[&Entry], extra: bool) -> Option<usize> {
        let place = Place {
            path: &difference.path,
            detail: &difference.detail,
            extra,
            owners,
            live: self.live,
            desired: self.desired,
        };
        let today = self.settings.today.as_deref();
        self.settings.ignore.iter().position(|rule| {
            let expired = matches!((today, &rule.until), (Some(today), Some(until)) if today > until.as_str());
            !expired && rule.is_about(&self.settings.cluster, self.id, self.live) && rule.hides(&place)
        })
    }

    fn last_applied(&self) -> Option<&Value> {
        self.last_applied
            .get_or_init(|| {
                let text = self
                    .live
                    .pointer("/metadata/annotations")?
                    .get(LAST_APPLIED)?;
                serde_json::from_str(text.as_str()?).ok()
            })
            .as_ref()
    }

    /// Who wrote to the object after its applier: one of them may have removed something.
    fn candidates(&self) -> Vec<crate::model::finding::Manager> {
        let entries = self.entries();
        let applied = entries
            .iter()
            .filter(|e| e.class == Class::Own)
            .filter_map(|e| e.by.time.as_deref())
            .max();
        entries
            .iter()
            .filter(|e| {
                e.class != Class::Own
                    && e.by.operation == "Update"
                    && e.by.subresource.as_deref() != Some("status")
            })
            .filter(|e| match (applied, e.by.time.as_deref()) {
                (Some(applied), Some(time)) => time >= applied,
                _ => true,
            })
            .map(|e| e.by.clone())
            .collect()
    }

    fn base(
        &self,
        difference: &Difference<'_>,
        kind: FindingKind,
        severity: FindingSeverity,
        rule: &'static str,
    ) -> Finding {
        let path = &difference.path;
        let shown = |held: &Held<'_>| raw(held).map(|v| masked(self.id, path, v));
        let default = match (&difference.desired, difference.what) {
            (held @ Held::Value(node), What::Extra) if node.filled => shown(held),
            _ => None,
        };
        let desired = match default {
            Some(_) => None,
            None => shown(&difference.desired),
        };
        let key = self.settings.hints.as_ref();
        let hint = |held: &Held<'_>| {
            let value = raw(held)?;
            hint(self.id, path, &value, key?)
        };
        Finding {
            hints: Hints {
                desired: hint(&difference.desired),
                live: hint(&difference.live),
            },
            path: path::pointer(path),
            index_path: path::index_pointer(path),
            detail: difference.detail.clone(),
            desired,
            live: shown(&difference.live),
            default,
            duplicates: matches!(difference.desired, Held::Elements(_))
                || matches!(difference.live, Held::Elements(_)),
            ..Finding::new(kind, severity, self.id, rule)
        }
    }
}

fn with(mut finding: Finding, owners: &[&Entry], rule: Option<usize>) -> Outcome {
    finding.by = owners.iter().map(|o| o.by.clone()).collect();
    Outcome { finding, rule }
}

/// Whether it has owners, and all of them are controllers or not recorded.
fn written_by_machines(owners: &[&Entry]) -> bool {
    !owners.is_empty()
        && owners
            .iter()
            .all(|o| matches!(o.class, Class::Other | Class::Pseudo))
}

/// What one side holds, as written.
fn raw(held: &Held<'_>) -> Option<Value> {
    match held {
        Held::Nothing => None,
        Held::Value(node) => Some(node.to_value()),
        Held::Elements(nodes) => Some(nodes.iter().map(|n: &&Node<'_>| n.to_value()).collect()),
    }
}
