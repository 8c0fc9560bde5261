//! What a cluster has to the change of the fleet's files that says the same: a line of the catalog
//! where all clusters agree, else an overlay of the regions or clusters that do.
//!
//! Every change is proved by rendering: what was accepted differs no more, nothing else differs that
//! did not, no other object changes, and no decision moves. What cannot be proved is not made.

mod files;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diag::{Sink, Sources, Span};
use crate::drift::Settings;
use crate::model::finding::{Finding, FindingSeverity};
use crate::model::live::LiveState;
use crate::model::manifest::{ManifestSet, ObjectId, Origin};
use crate::model::name::{ClusterName, RegionName};
use crate::model::origin::Subject;
use crate::plan::{self, Options};

use super::drift::{Repository, cluster_of};
use super::{Input, Planned};
use files::{Level, overlaid, replaced};

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
    /// Findings of other clusters that the change settles as well.
    pub also: Vec<(ClusterName, Finding)>,
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
        let (place, texts, after, gone) = one(&now, cluster, finding)?;
        change.texts.extend(texts);
        change.places.push((place, finding.clone()));
        for (cluster, finding) in gone {
            settled.insert(key(&cluster, &finding));
            change.also.push((cluster, finding));
        }
        last = Some(after);
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

/// The place, the new texts, the fleet with them, and the findings that they settle.
type One = (String, Texts, After, Vec<(ClusterName, Finding)>);

/// Accepts one finding, wherever the same is found.
fn one(ground: &Ground<'_>, cluster: &ClusterName, finding: &Finding) -> Result<One, String> {
    let before = findings(ground);
    let same: BTreeMap<&ClusterName, &Finding> = before
        .iter()
        .filter(|(_, f)| {
            f.object == finding.object && f.path == finding.path && f.live == finding.live
        })
        .map(|(c, f)| (c, f))
        .collect();
    let Some(found) = same.get(cluster) else {
        return Err(
            "what the fleet renders now does not differ so: render and commit it first".to_owned(),
        );
    };
    refused(found)?;
    let mut why = Vec::new();
    for candidate in candidates(ground, &same, found)? {
        match proved(ground, &candidate.texts, &same, &before) {
            Ok((after, gone)) => return Ok((candidate.place, candidate.texts, after, gone)),
            Err(reason) => why.push(format!("{}: {reason}", candidate.place)),
        }
    }
    match why.is_empty() {
        true => Err("no field and no overlay can say it".to_owned()),
        false => Err(why.join("; ")),
    }
}

/// What is never written into a fleet.
fn refused(finding: &Finding) -> Result<(), String> {
    let secret = |value: &Option<Value>| {
        value
            .as_ref()
            .is_some_and(|v| v.to_string().contains("<redacted>"))
    };
    if secret(&finding.desired) || secret(&finding.live) {
        return Err("it is a secret, which no file of a fleet may hold".to_owned());
    }
    match &finding.origin {
        Some(Origin::Plan(decision)) => Err(format!(
            "{decision} is a decision of the plan: see `regen explain`, and change what it follows from"
        )),
        _ => Ok(()),
    }
}

/// A change that may do.
struct Candidate {
    place: String,
    texts: Texts,
}

/// What may be changed, the best first.
fn candidates(
    ground: &Ground<'_>,
    same: &BTreeMap<&ClusterName, &Finding>,
    finding: &Finding,
) -> Result<Vec<Candidate>, String> {
    let having: BTreeSet<&ClusterName> = ground
        .set
        .manifests()
        .filter(|(_, m)| *m.id == finding.object)
        .filter_map(|(_, m)| m.cluster.as_ref())
        .collect();
    let everywhere = having.iter().all(|cluster| same.contains_key(cluster));
    let mut candidates = Vec::new();
    if everywhere {
        candidates.extend(lines(ground, same));
    }
    let service = match &finding.origin {
        Some(Origin::Field(field)) => Some(&field.subject),
        Some(Origin::Derived { fields, .. }) => fields.first().map(|field| &field.subject),
        _ => None,
    };
    let mut levels: Vec<Vec<Level>> = Vec::new();
    if let (true, Some(Subject::Service(key))) = (everywhere, service) {
        levels.push(vec![Level::Service(key.service.clone())]);
    }
    levels.push(narrowest(ground, same, &having));
    for levels in levels {
        let patch = place::patch(ground.set, finding)
            .ok_or("the place cannot be named in what is rendered")?;
        candidates.extend(overlaid(ground.input, &levels, &finding.object, &patch));
    }
    Ok(candidates)
}

/// The lines that the value comes from, where it stands there as it is.
fn lines(ground: &Ground<'_>, same: &BTreeMap<&ClusterName, &Finding>) -> Option<Candidate> {
    let mut spans: BTreeSet<Span> = BTreeSet::new();
    let mut live = None;
    for finding in same.values() {
        let Some(Origin::Field(field)) = &finding.origin else {
            return None;
        };
        let (desired, has) = (finding.desired.as_ref()?, finding.live.as_ref()?);
        let origins = &ground.planned.world.origins;
        let touch = origins.of(&field.subject, &field.path).last()?;
        let written = touch.text.trim_matches(['"', '\'']);
        let says = match desired {
            Value::String(text) => text == written,
            Value::Number(number) => number.to_string().as_str() == written,
            Value::Bool(is) => written == if *is { "true" } else { "false" },
            _ => false,
        };
        if !says {
            return None;
        }
        spans.insert(touch.span);
        live = Some(has);
    }
    let sources = &ground.input.sources;
    let first = spans.first().map(|span| sources.locate(*span))?;
    let place = first
        .rsplit_once(':')
        .map_or(first.clone(), |(line, _)| line.to_owned());
    let texts = replaced(sources, &spans, live?)?;
    Some(Candidate { place, texts })
}

/// The regions of which all clusters agree, where they have several, and the other clusters.
fn narrowest(
    ground: &Ground<'_>,
    same: &BTreeMap<&ClusterName, &Finding>,
    having: &BTreeSet<&ClusterName>,
) -> Vec<Level> {
    let mut regions: BTreeMap<&RegionName, (Vec<&ClusterName>, bool)> = BTreeMap::new();
    for cluster in having {
        let Some(facts) = ground.planned.world.clusters.get(*cluster) else {
            continue;
        };
        let (clusters, all) = regions.entry(&facts.region).or_insert((Vec::new(), true));
        match same.contains_key(cluster) {
            true => clusters.push(cluster),
            false => *all = false,
        }
    }
    let levels =
        regions.into_iter().flat_map(
            |(region, (clusters, all))| match all && clusters.len() > 1 {
                true => vec![Level::Region(region.clone())],
                false => clusters
                    .into_iter()
                    .map(|c| Level::Cluster(c.clone()))
                    .collect(),
            },
        );
    levels.collect()
}

/// Renders with new texts, and says why they will not do.
fn proved(
    ground: &Ground<'_>,
    texts: &Texts,
    same: &BTreeMap<&ClusterName, &Finding>,
    before: &[(ClusterName, Finding)],
) -> Result<(After, Vec<(ClusterName, Finding)>), String> {
    let input = files::with(ground.input, texts);
    let mut sink = Sink::new();
    let made = super::plan(&input, &Options::default(), &mut sink)
        .and_then(|planned| super::render(&input, &planned, &mut sink).map(|set| (planned, set)));
    let Ok((planned, set)) = made else {
        let said = sink.into_sorted().into_iter().next().map(|d| d.message);
        return Err(said.unwrap_or_else(|| "it is rejected".to_owned()));
    };
    if plan::lock::of(&planned.plan) != plan::lock::of(&ground.planned.plan) {
        return Err("it would change decisions of the plan".to_owned());
    }
    if let Some((cluster, object)) = changed(ground.set, &set, same) {
        return Err(match cluster {
            Some(cluster) => format!("it would change {object} of {cluster} as well"),
            None => format!("it would change {object} as well"),
        });
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
    let of = |all: &[(ClusterName, Finding)]| -> BTreeMap<Key, Option<Value>> {
        let of = all.iter().map(|(c, f)| (key(c, f), f.live.clone()));
        of.collect()
    };
    let (was, is) = (of(before), of(&now));
    if let Some((cluster, _, path)) = is.keys().find(|key| !was.contains_key(*key)) {
        return Err(format!("{path} of {cluster} would differ"));
    }
    let left = same.iter().find(|(c, f)| is.contains_key(&key(c, f)));
    if let Some((cluster, _)) = left {
        return Err(format!("{cluster} would still differ"));
    }
    let gone = before.iter().filter(|(c, f)| !is.contains_key(&key(c, f)));
    let gone = gone.cloned().collect();
    Ok((after, gone))
}

/// An object that changes and was not meant.
fn changed(
    before: &ManifestSet,
    after: &ManifestSet,
    same: &BTreeMap<&ClusterName, &Finding>,
) -> Option<(Option<ClusterName>, ObjectId)> {
    let paths: BTreeSet<_> = before.files.keys().chain(after.files.keys()).collect();
    for path in paths {
        let (old, new) = (before.files.get(path), after.files.get(path));
        if old.map(|f| &f.text) == new.map(|f| &f.text) {
            continue;
        }
        let objects = |file: Option<&crate::model::manifest::RenderedFile>| {
            let all = file.into_iter().flat_map(|f| &f.manifests);
            let all = all.map(|m| ((m.cluster.clone(), (*m.id).clone()), m.body().clone()));
            all.collect::<BTreeMap<_, _>>()
        };
        let (old, new) = (objects(old), objects(new));
        let other = old.keys().chain(new.keys()).find(|id| {
            let meant = id.0.as_ref().and_then(|c| same.get(c));
            old.get(*id) != new.get(*id) && meant.is_none_or(|f| f.object != id.1)
        });
        if let Some(id) = other {
            return Some(id.clone());
        }
    }
    None
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
