//! All objects of a cluster to its report.

mod object;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{ClusterReport, Finding, FindingKind, FindingSeverity, Verdict};
use crate::model::live::{LiveObject, LiveState, View};
use crate::model::manifest::{ManifestPath, ObjectId};
use crate::parallel;
use crate::schema::Schemas;

use crate::drift::accept::accepting;
use crate::drift::desired::{Desired, origin, with_live};
use crate::drift::orphan::orphan;
use crate::drift::path::locate;
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
    let mut sides = Sides {
        live,
        schemas: &schemas,
        settings,
        autoscalers: Autoscalers::default(),
        objects: BTreeMap::new(),
    };
    sides.index();
    let mut run = Run::of(&sides);
    run.report.requests = live.requests;
    let named = run.identify(desired);
    for part in parallel::map(&named.chunks(CHUNK).collect::<Vec<_>>(), |some| {
        let mut run = Run::of(&sides);
        some.iter().for_each(|(id, all)| run.object(id, all));
        run.report
    }) {
        run.add(part);
    }
    let named: BTreeSet<&ObjectId> = named.iter().map(|(id, _)| id).collect();
    run.orphans(&named);
    run.finish()
}

/// Objects that one thread compares before it takes more.
const CHUNK: usize = 64;

/// What is compared.
struct Sides<'a> {
    live: &'a LiveState,
    schemas: &'a Schemas,
    settings: &'a Settings,
    autoscalers: Autoscalers,
    /// Live objects by identity.
    objects: BTreeMap<ObjectId, &'a LiveObject>,
}

impl Sides<'_> {
    fn index(&mut self) {
        for object in &self.live.objects {
            let id = version::id(object);
            self.autoscalers.note(&object.body, &id.namespace);
            self.objects.insert(id, object);
        }
    }
}

/// A part of the comparison, and what it found.
struct Run<'a> {
    sides: &'a Sides<'a>,
    report: ClusterReport,
}

impl<'a> Run<'a> {
    fn of(sides: &'a Sides<'a>) -> Self {
        Self {
            sides,
            report: ClusterReport::default(),
        }
    }

    fn add(&mut self, part: ClusterReport) {
        self.report.findings.extend(part.findings);
        self.report.verdicts.extend(part.verdicts);
        self.report.ignored += part.ignored;
        self.report.rules_used.extend(part.rules_used);
    }

    /// The manifests by the object that they are about; those about none are told.
    fn identify<'d>(
        &mut self,
        desired: &'d [Desired<'d>],
    ) -> Vec<(ObjectId, Vec<&'d Desired<'d>>)> {
        let Sides {
            live,
            schemas,
            settings,
            ..
        } = self.sides;
        let namespace = settings.namespace.as_deref();
        let mut named: BTreeMap<ObjectId, Vec<&Desired<'_>>> = BTreeMap::new();
        for one in desired {
            match identity(one.value, live, schemas, namespace) {
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
        named.into_iter().collect()
    }

    fn object(&mut self, id: &ObjectId, all: &[&Desired<'_>]) {
        match all {
            [one] => self.one(id, one),
            _ => self.duplicate(id, all),
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
        self.report.verdicts.insert(id.clone(), Verdict::Drift);
        self.tell(finding, all.first().copied());
    }

    /// Live objects that no manifest is about.
    fn orphans(&mut self, named: &BTreeSet<&ObjectId>) {
        let sides = self.sides;
        if sides.live.unreadable.is_some() {
            return;
        }
        let uids: BTreeSet<&str> = sides
            .live
            .objects
            .iter()
            .filter_map(|o| o.body.pointer("/metadata/uid")?.as_str())
            .chain(sides.live.others.iter().map(String::as_str))
            .collect();
        let mut found = Vec::new();
        for (id, object) in sides.objects.iter().filter(|(id, _)| !named.contains(id)) {
            found.extend(orphan(&object.body, id, &uids, sides.live, sides.settings));
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
        let Sides { live, settings, .. } = self.sides;
        let marked = !settings.cluster.is_empty() || !settings.marks.is_empty();
        let known: BTreeSet<(&str, &str)> = self
            .report
            .verdicts
            .keys()
            .map(|id| (id.group.as_str(), id.kind.as_str()))
            .collect();
        let views = live.views.iter();
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
            finding.origin = desired.origins.and_then(|origins| {
                let (at, _) = locate(desired.value, &finding.path);
                origin(origins, &at).cloned()
            });
            finding.api_version = desired.value["apiVersion"].as_str().map(str::to_owned);
        } else if let Some(object) = self.sides.objects.get(&finding.object) {
            finding.api_version = object.body["apiVersion"].as_str().map(str::to_owned);
        }
        finding.accept = accepting(&finding, &self.sides.settings.cluster);
        self.report.findings.push(finding);
    }

    fn finish(self) -> ClusterReport {
        let mut report = self.report;
        if let Some(today) = &self.sides.settings.today {
            for (i, rule) in self.sides.settings.ignore.iter().enumerate() {
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
