//! What a cluster has to the change of the fleet's files that says the same: the line of the catalog
//! where all that follows from it agree, else a narrower line, else an overlay of the service, the
//! region or the cluster.
//!
//! Every change is proved by rendering: what was accepted differs no more, every other place that
//! changes is one that differed in the same way, and no decision moves. What cannot be proved is not
//! made.

mod changed;
mod fields;
mod files;
mod forms;
mod place;
pub mod refuse;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diag::{Severity, Sink, Sources};
use crate::drift::{self, Settings};
use crate::model::finding::{Finding, FindingSeverity};
use crate::model::live::LiveState;
use crate::model::manifest::{Manifest, ManifestSet, ObjectId};
use crate::model::name::ClusterName;
use crate::plan::{self, Options};

use super::drift::{Repository, cluster_of};
use super::{Input, Planned};
use changed::{Changed, changed, covers};
use files::{Level, in_place, overlaid};

pub use files::Texts;

/// The fleet and what its clusters run.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The fleet's files.
    pub input: &'a Input,
    /// What they say and what follows from it.
    pub planned: &'a Planned,
    /// What they render.
    pub set: &'a ManifestSet,
    /// The clusters that were read.
    pub states: &'a BTreeMap<ClusterName, LiveState>,
    /// How drift of each of them is told.
    pub settings: &'a BTreeMap<ClusterName, Settings>,
}

/// A change that makes the fleet say what its clusters have.
#[derive(Debug, Default)]
pub struct Change {
    /// The new texts of files, by path below the fleet's directory.
    pub texts: Texts,
    /// Where each finding is accepted: `services/cart.yaml:7`, `overlays/clusters/euw1-a.yaml`.
    pub places: Vec<(String, Finding)>,
    /// Findings that the change settles as well.
    pub also: Vec<(ClusterName, Finding)>,
    /// Places that would have been wider, and why they were left: `services/cart.yaml:7: it would …`.
    pub left: Vec<String>,
}

/// A change that may do.
struct Candidate {
    place: String,
    texts: Texts,
}

/// What a finding is about, in all clusters that have it.
type Key = (ClusterName, ObjectId, String);

/// A fleet after a change.
struct After {
    input: Input,
    planned: Planned,
    set: ManifestSet,
}

/// Makes the fleet say what clusters have at the places of some findings.
///
/// # Errors
///
/// When no change is proved: a sentence for people that says why not.
pub fn accept(ground: &Ground<'_>, wanted: &[(ClusterName, Finding)]) -> Result<Change, String> {
    let mut change = Change::default();
    let mut settled: BTreeSet<Key> = BTreeSet::new();
    let mut last: Option<After> = None;
    for (cluster, finding) in wanted {
        if settled.contains(&key(cluster, finding)) {
            continue;
        }
        let now = match &last {
            None => Ground { ..*ground },
            Some(after) => Ground {
                input: &after.input,
                planned: &after.planned,
                set: &after.set,
                ..*ground
            },
        };
        let one = one(&now, cluster, finding)?;
        change.texts.extend(one.candidate.texts);
        change.places.push((one.candidate.place, finding.clone()));
        change.left.extend(one.left);
        for (cluster, finding) in one.gone {
            settled.insert(key(&cluster, &finding));
            change.also.push((cluster, finding));
        }
        last = Some(one.after);
    }
    let wanted: BTreeSet<Key> = wanted.iter().map(|(c, f)| key(c, f)).collect();
    change.also.retain(|(c, f)| !wanted.contains(&key(c, f)));
    Ok(change)
}

fn key(cluster: &ClusterName, finding: &Finding) -> Key {
    (
        cluster.clone(),
        finding.object.clone(),
        finding.path.clone(),
    )
}

/// A proved change for one finding.
struct One {
    candidate: Candidate,
    after: After,
    /// The findings that it settles.
    gone: Vec<(ClusterName, Finding)>,
    left: Vec<String>,
}

/// Accepts one finding.
fn one(ground: &Ground<'_>, cluster: &ClusterName, finding: &Finding) -> Result<One, String> {
    let before = findings(ground);
    let alike = |f: &Finding| {
        f.object == finding.object && f.path == finding.path && f.live == finding.live
    };
    let same: BTreeMap<&ClusterName, &Finding> = before
        .iter()
        .filter(|(_, f)| alike(f))
        .map(|(c, f)| (c, f))
        .collect();
    let (Some(found), Some(manifest)) = (
        same.get(cluster),
        manifest(ground, cluster, &finding.object),
    ) else {
        return Err(
            "what the fleet renders now does not differ so: render and commit it first".to_owned(),
        );
    };
    refuse::value(ground.set, found)?;
    let mut left = Vec::new();
    for candidate in candidates(ground, cluster, &same, manifest) {
        match proved(ground, &candidate.texts, (cluster, found), &same, &before) {
            Ok((after, gone)) => {
                return Ok(One {
                    candidate,
                    after,
                    gone,
                    left,
                });
            }
            Err(Why::Follows(text)) => {
                return Err(format!(
                    "{} says it for all, but {text}, which follows from it: change the line by hand, and render",
                    candidate.place
                ));
            }
            Err(Why::Other(text)) => left.push(format!("{}: {text}", candidate.place)),
        }
    }
    match left.is_empty() {
        true => Err("no field and no overlay can say it".to_owned()),
        false => Err(left.join("; ")),
    }
}

/// What the fleet renders of an object for a cluster.
fn manifest<'g>(
    ground: &Ground<'g>,
    cluster: &ClusterName,
    object: &ObjectId,
) -> Option<&'g Manifest> {
    let world = &ground.planned.world;
    let mut all = ground.set.manifests().filter(|(_, m)| *m.id == *object);
    all.find(|(path, _)| cluster_of(path.as_str(), world) == Some(cluster))
        .map(|(_, m)| m)
}

/// What may be changed, the widest first: lines, then overlays.
fn candidates(
    ground: &Ground<'_>,
    cluster: &ClusterName,
    same: &BTreeMap<&ClusterName, &Finding>,
    manifest: &Manifest,
) -> Vec<Candidate> {
    let finding = same[cluster];
    let mut all = fields::candidates(ground, manifest, finding);
    let (at, rest) = drift::locate(manifest.body(), &finding.path);
    if rest.is_empty() {
        all.extend(in_place(ground, &at, finding));
    }
    if let Some(patch) = place::patch(manifest.body(), finding) {
        let levels = levels(ground, cluster, same, manifest);
        let overlay = |level: &Level| overlaid(ground.input, level, &finding.object, &patch);
        all.extend(levels.iter().filter_map(overlay));
    }
    all
}

/// Whose overlays may say it: the service's and the region's where all of their clusters that have
/// the object agree, and there are several.
fn levels(
    ground: &Ground<'_>,
    cluster: &ClusterName,
    same: &BTreeMap<&ClusterName, &Finding>,
    manifest: &Manifest,
) -> Vec<Level> {
    let world = &ground.planned.world;
    let having: BTreeSet<&ClusterName> = ground
        .set
        .manifests()
        .filter(|(_, m)| m.id == manifest.id)
        .filter_map(|(_, m)| m.cluster.as_ref())
        .collect();
    let region = world.clusters.get(cluster).map(|c| &c.region);
    let beside: BTreeSet<&ClusterName> = having
        .iter()
        .copied()
        .filter(|c| world.clusters.get(*c).map(|c| &c.region) == region)
        .collect();
    let agree = |clusters: &BTreeSet<&ClusterName>| {
        clusters.len() > 1 && clusters.iter().all(|c| same.contains_key(c))
    };
    let service = manifest
        .body()
        .pointer("/metadata/labels/regen.dev~1service");
    let service = service.and_then(Value::as_str);
    let service = world
        .services
        .keys()
        .find(|key| Some(key.service.as_str()) == service);
    let mut levels = Vec::new();
    if let Some(key) = service.filter(|_| agree(&having)) {
        levels.push(Level::Service(key.service.clone()));
    }
    if let Some(region) = region.filter(|_| agree(&beside)) {
        levels.push(Level::Region(region.clone()));
    }
    if manifest.cluster.is_some() {
        levels.push(Level::Cluster(cluster.clone()));
    }
    levels
}

/// Why a change will not do.
enum Why {
    /// It says the value for all that have it, and more follows from that.
    Follows(String),
    /// For any other reason.
    Other(String),
}

/// Whether a changed object is of the service of a finding's, or of none.
fn of_one_service(set: &ManifestSet, change: &Changed, finding: &Finding) -> bool {
    let service = |id: &ObjectId| {
        let found = set.manifests().find(|(_, m)| *m.id == *id)?.1;
        let label = found
            .body()
            .pointer("/metadata/labels/regen.dev~1service")?;
        label.as_str().map(str::to_owned)
    };
    let other = service(&change.object);
    other.is_none() || other == service(&finding.object)
}

/// Renders with new texts, and says why they will not do.
fn proved(
    ground: &Ground<'_>,
    texts: &Texts,
    accepted: (&ClusterName, &Finding),
    same: &BTreeMap<&ClusterName, &Finding>,
    before: &[(ClusterName, Finding)],
) -> Result<(After, Vec<(ClusterName, Finding)>), Why> {
    let input = files::with(ground.input, texts);
    let mut sink = Sink::new();
    let made = super::plan(&input, &Options::default(), &mut sink)
        .and_then(|planned| super::render(&input, &planned, &mut sink).map(|set| (planned, set)));
    let Ok((planned, set)) = made else {
        let mut said = sink.into_sorted().into_iter();
        let said = said.find(|d| d.effective_severity() == Severity::Error);
        let said = said.map_or_else(|| "it is rejected".to_owned(), |d| d.message);
        return Err(Why::Other(said));
    };
    if plan::lock::of(&planned.plan) != plan::lock::of(&ground.planned.plan) {
        return Err(Why::Other(
            "it would change decisions of the plan".to_owned(),
        ));
    }
    let after = After {
        input,
        planned,
        set,
    };
    let now = findings(&Ground {
        input: &after.input,
        planned: &after.planned,
        set: &after.set,
        ..*ground
    });
    let keys = |all: &[(ClusterName, Finding)]| -> BTreeSet<Key> {
        all.iter().map(|(c, f)| key(c, f)).collect()
    };
    let (was, is) = (keys(before), keys(&now));
    let gone = before.iter().filter(|(c, f)| !is.contains(&key(c, f)));
    let gone: Vec<(ClusterName, Finding)> = gone.cloned().collect();
    let mut unmeant = Vec::new();
    for change in changed(ground.set, &after.set) {
        let of = cluster_of(change.file.as_str(), &ground.planned.world);
        let meant = |place: &String| {
            gone.iter()
                .any(|(c, f)| Some(c) == of && f.object == change.object && covers(place, &f.path))
        };
        let place = change.places.iter().find(|place| !meant(place)).cloned();
        unmeant.extend(place.map(|place| (of, change, place)));
    }
    if let Some((of, change, place)) = unmeant.first() {
        let at = match place.is_empty() {
            true => String::new(),
            false => format!("{place} of "),
        };
        let of = of.map_or_else(|| change.file.to_string(), ToString::to_string);
        let more = match unmeant.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more objects"),
        };
        let text = format!(
            "it would change {at}{} in {of} as well{more}",
            change.object
        );
        let (_, finding) = accepted;
        let follows = |(of, change, _): &(Option<&ClusterName>, Changed, String)| {
            of.is_some_and(|of| same.contains_key(of))
                && change.object != finding.object
                && of_one_service(&after.set, change, finding)
        };
        return Err(match unmeant.iter().all(follows) {
            true => Why::Follows(text),
            false => Why::Other(text),
        });
    }
    if let Some((cluster, object, path)) = is.iter().find(|key| !was.contains(*key)) {
        let text = format!("{path} of {object} in {cluster} would differ");
        return Err(Why::Other(text));
    }
    if is.contains(&key(accepted.0, accepted.1)) {
        return Err(Why::Other("the cluster would still differ".to_owned()));
    }
    Ok((after, gone))
}

/// What differs between what the fleet renders and what its clusters run.
fn findings(ground: &Ground<'_>) -> Vec<(ClusterName, Finding)> {
    let mut all = Vec::new();
    for (cluster, live) in ground.states {
        let Some(settings) = ground.settings.get(cluster) else {
            continue;
        };
        let (mut side, mut sink, mut sources) =
            (Repository::default(), Sink::new(), Sources::new());
        for (path, file) in &ground.set.files {
            if cluster_of(path.as_str(), &ground.planned.world) == Some(cluster) {
                let source = sources.add(path.to_string(), file.text.to_string());
                // What regen renders, regen reads.
                let _ = side.add(path, source, &sources, Some(file), &mut sink);
            }
        }
        let report = side.compare(live, settings);
        let counted = report.findings.into_iter();
        let counted = counted.filter(|f| f.severity != FindingSeverity::Info);
        all.extend(counted.map(|finding| (cluster.clone(), finding)));
    }
    all
}
