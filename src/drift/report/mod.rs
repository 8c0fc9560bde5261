//! All objects of a cluster to its report.

mod object;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{ClusterReport, Finding, FindingKind, FindingSeverity, Verdict};
use crate::model::live::{LiveObject, LiveState, View};
use crate::model::manifest::{ManifestPath, ObjectId};
use crate::schema::Schemas;

use crate::drift::accept::accepting;
use crate::drift::desired::{Desired, origin, with_live};
use crate::drift::orphan::orphan;
use crate::drift::read::{Identity, identity};
use crate::drift::scale::Autoscalers;
use crate::drift::settings::Settings;
use crate::drift::version;

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
                    let mut finding = Finding::new(
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
                    let mut finding = Finding::new(
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
        let mut finding =
            Finding::new(FindingKind::Duplicate, FindingSeverity::Drift, id, "ID-DUP");
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
                let mut finding = Finding::new(
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
