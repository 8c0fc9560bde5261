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
mod prove;
pub mod refuse;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::drift::{self, Settings};
use crate::model::finding::{Finding, FindingKind};
use crate::model::live::LiveState;
use crate::model::manifest::{Manifest, ManifestSet, ObjectId, Origin};
use crate::model::name::ClusterName;

use super::drift::cluster_of;
use super::{Input, Planned};
use files::{Level, in_place, overlaid};
use prove::{After, Why, broken, findings, proved};

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
    /// What must hold over all clusters and would not, of the objects that findings are accepted of.
    pub broken: Vec<Finding>,
}

/// A change that may do.
struct Candidate {
    place: String,
    texts: Texts,
}

/// What a finding is about, in all clusters that have it.
type Key = (ClusterName, ObjectId, String);

/// Makes the fleet say what clusters have at the places of some findings.
///
/// # Errors
///
/// When no change is proved: a sentence for people that says why not.
pub fn accept(ground: &Ground<'_>, wanted: &[(ClusterName, Finding)]) -> Result<Change, String> {
    let mut change = Change::default();
    let mut settled: BTreeSet<Key> = BTreeSet::new();
    let mut last: Option<After> = None;
    let mut before = findings(ground, None);
    let mut open: Vec<&(ClusterName, Finding)> = wanted.iter().collect();
    // What others follow from comes first: it may settle them.
    open.sort_by_key(|(_, finding)| rank(finding));
    // Lines before overlays, of all of them.
    let mut overlays = false;
    while !open.is_empty() {
        let (mut left, mut why) = (Vec::new(), None);
        for both in open.iter().copied() {
            let (cluster, finding) = both;
            if settled.contains(&key(cluster, finding)) {
                continue;
            }
            let now = match &last {
                None => Ground { ..*ground },
                Some(after) => after.ground(ground),
            };
            let one = match one(&now, cluster, finding, &before, overlays) {
                Ok(one) => one,
                Err(reason) => {
                    left.push(both);
                    why.get_or_insert(reason);
                    continue;
                }
            };
            change.texts.extend(one.candidate.texts);
            change.places.push((one.candidate.place, finding.clone()));
            change.left.extend(one.left);
            for (cluster, finding) in one.gone {
                settled.insert(key(&cluster, &finding));
                change.also.push((cluster, finding));
            }
            before.clone_from(&one.after.findings);
            last = Some(one.after);
        }
        // Another one that went through may have opened the way.
        match why {
            Some(why) if overlays && left.len() == open.len() => return Err(why),
            _ => {
                overlays |= left.len() == open.len();
                open = left;
            }
        }
    }
    let wanted: BTreeSet<Key> = wanted.iter().map(|(c, f)| key(c, f)).collect();
    change.also.retain(|(c, f)| !wanted.contains(&key(c, f)));
    if let Some(after) = &last {
        change.broken = broken(&after.ground(ground), &wanted);
    }
    Ok(change)
}

/// Values of fields go before those that are computed, and before what a template or the plan says.
fn rank(finding: &Finding) -> (u8, u8) {
    let origin = match &finding.origin {
        Some(Origin::Field(_)) => 0,
        Some(Origin::Derived { .. }) => 1,
        _ => 2,
    };
    let kind = match finding.kind {
        FindingKind::Modified => 0,
        FindingKind::Extra => 1,
        _ => 2,
    };
    (origin, kind)
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

/// Accepts one finding; with `overlays`, where no line says it.
fn one(
    ground: &Ground<'_>,
    cluster: &ClusterName,
    finding: &Finding,
    before: &[(ClusterName, Finding)],
    overlays: bool,
) -> Result<One, String> {
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
    for candidate in candidates(ground, cluster, &same, manifest, overlays) {
        match proved(ground, &candidate.texts, (cluster, found), &same, before) {
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
    overlays: bool,
) -> Vec<Candidate> {
    let finding = same[cluster];
    let mut all = fields::candidates(ground, manifest, finding);
    let (at, rest) = drift::locate(manifest.body(), &finding.path);
    if rest.is_empty() {
        all.extend(in_place(ground, &at, finding));
    }
    if let (Some(patch), true) = (place::patch(manifest.body(), finding), overlays) {
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
