//! One manifest and the live object that it is about to findings and a verdict.

use serde_json::Value;

use crate::model::finding::{Finding, FindingKind, FindingSeverity, Verdict};
use crate::model::live::{GroupKind, LiveObject, Unreadable, View};
use crate::model::manifest::ObjectId;
use crate::normalise::{Side, object};
use crate::schema::What as Fault;

use crate::drift::classify::Case;
use crate::drift::compare::compare as differences;
use crate::drift::desired::{Desired, seal};
use crate::drift::path::Step;
use crate::drift::version;

use super::Run;

impl Run<'_> {
    pub(super) fn one(&mut self, id: &ObjectId, desired: &Desired<'_>) {
        if self.is_hook(desired.value) {
            let finding = Finding::new(FindingKind::Hook, FindingSeverity::Info, id, "ID-HOOK");
            return self.tell(finding, Some(desired));
        }
        if let Some(unreadable) = &self.sides.live.unreadable {
            return self.unknown(id, desired, unreadable);
        }
        let Some(object) = self.sides.objects.get(id) else {
            return self.absent(id, desired);
        };
        let verdict = self.both(id, desired, object);
        self.report.verdicts.insert(id.clone(), verdict);
    }

    /// Hooks are Argo CD's and Helm's: they run and go. Other appliers apply them like any object.
    fn is_hook(&self, value: &Value) -> bool {
        let annotations = value.pointer("/metadata/annotations");
        let has = |name| annotations.and_then(|a| a.get(name)).is_some();
        let applied_by = |names: &[&str]| {
            self.sides
                .settings
                .appliers
                .iter()
                .any(|a| names.contains(&a.as_str()))
        };
        let argo = [
            "argocd-controller",
            "argocd-application-controller",
            "argocd",
        ];
        has("argocd.argoproj.io/hook") && applied_by(&argo)
            || has("helm.sh/hook")
                && applied_by(&[&argo[..], &["helm", "helm-controller"]].concat())
    }

    fn unknown(&mut self, id: &ObjectId, desired: &Desired<'_>, unreadable: &Unreadable) {
        let mut finding = Finding::new(
            FindingKind::Unknown,
            FindingSeverity::Drift,
            id,
            "C-UNKNOWN",
        );
        finding.reason = Some(unreadable.reason.clone());
        finding.message = Some(unreadable.detail.clone());
        self.report.verdicts.insert(id.clone(), Verdict::Unknown);
        self.tell(finding, Some(desired));
    }

    /// The object was not read: it is missing only where all that exist were read.
    fn absent(&mut self, id: &ObjectId, desired: &Desired<'_>) {
        let kind = GroupKind {
            group: id.group.clone(),
            kind: id.kind.clone(),
        };
        let live = self.sides.live;
        let known_absent = live.absent.contains(id);
        let unread = Unreadable {
            reason: "NotRead".to_owned(),
            detail: format!("objects of kind `{kind}` were not read"),
        };
        let reason = match live.views.get(&kind) {
            Some(View::Complete) => None,
            Some(View::NotServed) => Some("KindNotServed"),
            _ if known_absent => None,
            Some(View::Namespaces(namespaces)) if namespaces.contains(&id.namespace) => None,
            Some(View::Partial(why) | View::Unreadable(why)) => {
                return self.unknown(id, desired, why);
            }
            Some(View::Namespaces(_)) | None => return self.unknown(id, desired, &unread),
        };
        let mut finding = Finding::new(
            FindingKind::Missing,
            FindingSeverity::Drift,
            id,
            "F-MISSING",
        );
        finding.reason = reason.map(str::to_owned);
        if reason.is_some() {
            finding.rule = "V-NOKIND";
        }
        self.report.verdicts.insert(id.clone(), Verdict::Drift);
        self.tell(finding, Some(desired));
    }

    fn both(&mut self, id: &ObjectId, desired: &Desired<'_>, object_: &LiveObject) -> Verdict {
        let mut drift = self.terminating(id, desired, &object_.body);
        let object_ = version::as_written(self.sides.live, id, desired.value, object_);
        let versions = (
            desired.value["apiVersion"].as_str(),
            object_.body["apiVersion"].as_str(),
        );
        if let (Some(written), Some(read)) = versions
            && written != read
        {
            if let Some(why) =
                version::unsaid(self.sides.live, self.sides.schemas, id, written, read)
            {
                self.unknown(id, desired, &why);
                return match drift {
                    true => Verdict::Drift,
                    false => Verdict::Unknown,
                };
            }
            let mut finding = Finding::new(
                FindingKind::VersionSkew,
                FindingSeverity::Drift,
                id,
                "V-GONE",
            );
            "/apiVersion".clone_into(&mut finding.path);
            finding.index_path = finding.path.clone();
            finding.desired = Some(written.into());
            finding.live = Some(read.into());
            self.tell(finding, Some(desired));
            return Verdict::Drift;
        }
        let sealed = seal(desired.value);
        let value = sealed.as_ref().unwrap_or(desired.value);
        let schemas = self.sides.schemas;
        let wanted = object(value, schemas, Side::Desired, Some(&object_.body));
        if (!wanted.typed || sealed.is_some()) && self.refused(id, desired) {
            return Verdict::Drift;
        }
        let held = object(&object_.body, schemas, Side::Live, None);
        let differences = differences(&wanted.root, &held.root);
        let case = Case::new(
            self.sides.settings,
            id,
            value,
            object_,
            self.sides.autoscalers.of(id),
        );
        let mut told = Vec::new();
        for difference in &differences {
            if sealed.is_some() && matches!(difference.path.first(), Some(Step::Name("data"))) {
                continue;
            }
            told.extend(case.finding(difference));
        }
        for outcome in told {
            if let Some(rule) = outcome.rule {
                self.report.rules_used.insert(rule);
                self.report.ignored += 1;
            }
            drift |= outcome.finding.severity != FindingSeverity::Info;
            self.tell(outcome.finding, Some(desired));
        }
        if drift && let Some(finding) = case.no_applier() {
            self.tell(finding, Some(desired));
        }
        if sealed.is_some() {
            let why = Unreadable {
                reason: "Encrypted".to_owned(),
                detail: "the manifest is encrypted, so its data cannot be compared".to_owned(),
            };
            if !drift {
                self.unknown(id, desired, &why);
                return Verdict::Unknown;
            }
        }
        match drift {
            true => Verdict::Drift,
            false => Verdict::Clean,
        }
    }

    fn terminating(&mut self, id: &ObjectId, desired: &Desired<'_>, live: &Value) -> bool {
        let Some(since) = live
            .pointer("/metadata/deletionTimestamp")
            .and_then(Value::as_str)
        else {
            return false;
        };
        let mut finding = Finding::new(
            FindingKind::Terminating,
            FindingSeverity::Drift,
            id,
            "T-TERMINATING",
        );
        let finalizers = live
            .pointer("/metadata/finalizers")
            .and_then(Value::as_array);
        let held: Vec<&str> = finalizers
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let age = self
            .sides
            .live
            .now
            .zip(crate::normalise::instant(since))
            .map(|(now, then)| {
                let seconds = (i128::from(now) - then / 1_000_000_000).max(0);
                format!(" for {seconds} s")
            });
        let mut message = format!("is being deleted{} since {since}", age.unwrap_or_default());
        if !held.is_empty() {
            message += &format!("; held by {}", held.join(", "));
        }
        finding.message = Some(message);
        self.tell(finding, Some(desired));
        true
    }

    /// A manifest that a server would refuse is not compared any further.
    fn refused(&mut self, id: &ObjectId, desired: &Desired<'_>) -> bool {
        // Values of another type than the schema's cannot be stored at all.
        let (Some(api_version), Some(kind)) = (
            desired.value["apiVersion"].as_str(),
            desired.value["kind"].as_str(),
        ) else {
            return false;
        };
        let built_in = self
            .sides
            .schemas
            .root(api_version, kind)
            .is_some_and(|r| r.built_in);
        if !built_in {
            return false;
        }
        let faults = self
            .sides
            .schemas
            .check(api_version, kind, desired.value, None)
            .unwrap_or_default();
        let mut refused = false;
        for fault in faults {
            if !matches!(fault.what, Fault::Type { .. }) || fault.pointer.starts_with("/status") {
                continue;
            }
            let mut finding = Finding::new(
                FindingKind::InvalidManifest,
                FindingSeverity::Drift,
                id,
                "Y-11",
            );
            finding.path = fault.pointer.clone();
            finding.index_path = fault.pointer;
            finding.message = Some(fault.what.to_string());
            self.tell(finding, Some(desired));
            refused = true;
        }
        refused
    }
}
