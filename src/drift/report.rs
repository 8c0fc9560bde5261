//! All objects of a cluster to its report.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::finding::{ClusterReport, Finding, FindingKind, FindingSeverity, Verdict};
use crate::model::live::{GroupKind, LiveObject, LiveState, Unreadable, View};
use crate::model::manifest::{ManifestPath, ObjectId};
use crate::normalise::{Side, object};
use crate::schema::{Schemas, What as Fault};

use super::accept::accepting;
use super::classify::Case;
use super::compare::compare as differences;
use super::desired::{Desired, origin, seal, with_live};
use super::evidence::blank;
use super::orphan::orphan;
use super::path::Step;
use super::read::{Identity, identity};
use super::scale::Autoscalers;
use super::settings::Settings;
use super::version;

/// Compares the manifests of one cluster with what it runs.
///
/// Schemas that the live state brings (OpenAPI documents, CustomResourceDefinitions) go before
/// those given.
pub fn compare(
    desired: &[Desired<'_>],
    live: &LiveState,
    schemas: &Schemas,
    settings: &Settings,
) -> ClusterReport {
    let schemas = with_live(desired, live, schemas);
    let mut run = Run {
        live,
        schemas: &schemas,
        settings,
        report: ClusterReport {
            requests: live.requests,
            ..ClusterReport::default()
        },
        autoscalers: Autoscalers::default(),
        objects: BTreeMap::new(),
    };
    run.index();
    run.desired(desired);
    run.orphans();
    run.finish()
}

struct Run<'a> {
    live: &'a LiveState,
    schemas: &'a Schemas,
    settings: &'a Settings,
    report: ClusterReport,
    autoscalers: Autoscalers,
    /// Live objects by identity, and whether a manifest is about them.
    objects: BTreeMap<ObjectId, (&'a LiveObject, bool)>,
}

impl<'a> Run<'a> {
    fn index(&mut self) {
        for object in &self.live.objects {
            let id = version::id(object);
            self.autoscalers.note(&object.body, &id.namespace);
            self.objects.insert(id, (object, false));
        }
    }

    fn desired(&mut self, desired: &[Desired<'_>]) {
        let namespace = self.settings.namespace.as_deref();
        let mut named: BTreeMap<ObjectId, Vec<&Desired<'_>>> = BTreeMap::new();
        for one in desired {
            match identity(one.value, self.live, self.schemas, namespace) {
                Identity::Named(id) => named.entry(id).or_default().push(one),
                Identity::Generated(id) => {
                    let mut finding = blank(
                        FindingKind::NotComparable,
                        FindingSeverity::Info,
                        &id,
                        "ID-GENNAME",
                    );
                    "/metadata/generateName".clone_into(&mut finding.path);
                    finding.index_path = finding.path.clone();
                    self.tell(finding, Some(one));
                }
                Identity::Invalid(id, message) => {
                    let mut finding = blank(
                        FindingKind::InvalidManifest,
                        FindingSeverity::Drift,
                        &id,
                        "Y-11",
                    );
                    finding.message = Some(message.to_owned());
                    self.report.verdicts.insert(id, Verdict::Drift);
                    self.tell(finding, Some(one));
                }
            }
        }
        for (id, all) in named {
            let [one] = all.as_slice() else {
                self.duplicate(&id, &all);
                continue;
            };
            self.one(&id, one);
        }
    }

    fn duplicate(&mut self, id: &ObjectId, all: &[&Desired<'_>]) {
        let mut finding = blank(FindingKind::Duplicate, FindingSeverity::Drift, id, "ID-DUP");
        let units: BTreeSet<&str> = all.iter().filter_map(|d| d.unit).collect();
        let files: Vec<&str> = all
            .iter()
            .filter_map(|d| d.file.map(ManifestPath::as_str))
            .collect();
        let places = match units.len() {
            0 | 1 => files,
            _ => units.into_iter().collect(),
        };
        finding.message = Some(match places.is_empty() {
            true => format!("stands {} times in the repository", all.len()),
            false => format!("stands in {}", places.join(" and ")),
        });
        if let Some((_, matched)) = self.objects.get_mut(id) {
            *matched = true;
        }
        self.report.verdicts.insert(id.clone(), Verdict::Drift);
        self.tell(finding, all.first().copied());
    }

    fn one(&mut self, id: &ObjectId, desired: &Desired<'_>) {
        let found = self.objects.get_mut(id).map(|(object, matched)| {
            *matched = true;
            *object
        });
        if self.is_hook(desired.value) {
            let finding = blank(FindingKind::Hook, FindingSeverity::Info, id, "ID-HOOK");
            return self.tell(finding, Some(desired));
        }
        if let Some(unreadable) = &self.live.unreadable {
            return self.unknown(id, desired, unreadable);
        }
        let Some(object) = found else {
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
            self.settings
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
        let mut finding = blank(
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
        let live = self.live;
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
        let mut finding = blank(
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
        let object_ = version::as_written(self.live, id, desired.value, object_);
        let versions = (
            desired.value["apiVersion"].as_str(),
            object_.body["apiVersion"].as_str(),
        );
        if let (Some(written), Some(read)) = versions
            && written != read
        {
            if let Some(why) = version::unsaid(self.live, self.schemas, id, written, read) {
                self.unknown(id, desired, &why);
                return match drift {
                    true => Verdict::Drift,
                    false => Verdict::Unknown,
                };
            }
            let mut finding = blank(
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
        if self.refused(id, desired) {
            return Verdict::Drift;
        }
        let sealed = seal(desired.value);
        let value = sealed.as_ref().unwrap_or(desired.value);
        let schemas = self.schemas;
        let wanted = object(value, schemas, Side::Desired, Some(&object_.body));
        let held = object(&object_.body, schemas, Side::Live, None);
        let differences = differences(&wanted, &held);
        let case = Case::new(
            self.settings,
            id,
            value,
            &object_.body,
            self.autoscalers.of(id),
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
        let mut finding = blank(
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
            .schemas
            .root(api_version, kind)
            .is_some_and(|r| r.built_in);
        if !built_in {
            return false;
        }
        let faults = self
            .schemas
            .check(api_version, kind, desired.value)
            .unwrap_or_default();
        let mut refused = false;
        for fault in faults {
            if !matches!(fault.what, Fault::Type { .. }) || fault.pointer.starts_with("/status") {
                continue;
            }
            let mut finding = blank(
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

    fn orphans(&mut self) {
        if self.live.unreadable.is_some() {
            return;
        }
        let uids: BTreeSet<&str> = self
            .live
            .objects
            .iter()
            .filter_map(|o| o.body.pointer("/metadata/uid")?.as_str())
            .collect();
        let mut found = Vec::new();
        for (id, (object, matched)) in &self.objects {
            if !matched {
                found.extend(orphan(&object.body, id, &uids, self.live, self.settings));
            }
        }
        found.extend(self.unread());
        for finding in found {
            if finding.kind == FindingKind::Unknown {
                self.report
                    .verdicts
                    .insert(finding.object.clone(), Verdict::Unknown);
            } else if finding.severity != FindingSeverity::Info {
                self.report
                    .verdicts
                    .insert(finding.object.clone(), Verdict::Drift);
            }
            self.tell(finding, None);
        }
    }

    /// Kinds without a manifest that were read for orphans alone, and could not be: there may be some.
    fn unread(&self) -> Vec<Finding> {
        let marked = !self.settings.cluster.is_empty() || !self.settings.marks.is_empty();
        let known: BTreeSet<(&str, &str)> = self
            .report
            .verdicts
            .keys()
            .map(|id| (id.group.as_str(), id.kind.as_str()))
            .collect();
        let views = self.live.views.iter();
        let unread = views.filter_map(|(kind, view)| match view {
            View::Unreadable(why) | View::Partial(why)
                if marked && !known.contains(&(kind.group.as_str(), kind.kind.as_str())) =>
            {
                let id = ObjectId {
                    group: kind.group.clone(),
                    kind: kind.kind.clone(),
                    namespace: String::new(),
                    name: String::new(),
                };
                let mut finding = blank(
                    FindingKind::Unknown,
                    FindingSeverity::Drift,
                    &id,
                    "C-UNKNOWN",
                );
                finding.reason = Some(why.reason.clone());
                finding.message = Some(format!("there may be orphans: {}", why.detail));
                Some(finding)
            }
            _ => None,
        });
        unread.collect()
    }

    fn tell(&mut self, mut finding: Finding, desired: Option<&Desired<'_>>) {
        if let Some(desired) = desired {
            finding.file = desired.file.cloned();
            finding.origin = desired
                .origins
                .and_then(|o| origin(o, &finding.index_path).cloned());
            finding.api_version = desired.value["apiVersion"].as_str().map(str::to_owned);
        } else if let Some((object, _)) = self.objects.get(&finding.object) {
            finding.api_version = object.body["apiVersion"].as_str().map(str::to_owned);
        }
        finding.accept = accepting(&finding, &self.settings.cluster);
        self.report.findings.push(finding);
    }

    fn finish(self) -> ClusterReport {
        let mut report = self.report;
        if let Some(today) = &self.settings.today {
            for (i, rule) in self.settings.ignore.iter().enumerate() {
                if rule.until.as_ref().is_some_and(|until| today > until) {
                    report.rules_expired.insert(i);
                }
            }
        }
        report.findings.sort_by(|a, b| {
            let rank = |f: &Finding| (f.kind != FindingKind::Terminating, f.path.clone(), f.kind);
            (&a.object, rank(a)).cmp(&(&b.object, rank(b)))
        });
        report
    }
}
