//! A change of the fleet's files to the proof that it settles a finding and does nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Severity, Sink, Sources};
use crate::drift::invariants;
use crate::model::finding::{Finding, FindingKind, FindingSeverity};
use crate::model::manifest::{ManifestSet, ObjectId};
use crate::model::name::ClusterName;
use crate::pipeline::drift::{Repository, cluster_of};
use crate::pipeline::{self, Input, Planned};
use crate::plan::{self, Options};

use super::changed::{Changed, changed, covers};
use super::files::{self, Texts};
use super::{Ground, Key, key};

/// A fleet after a change.
pub(super) struct After {
    pub(super) input: Input,
    pub(super) planned: Planned,
    pub(super) set: ManifestSet,
    /// What still differs.
    pub(super) findings: Vec<(ClusterName, Finding)>,
}

impl After {
    /// The clusters, and what this fleet renders for them.
    pub(super) fn ground<'g>(&'g self, before: &Ground<'g>) -> Ground<'g> {
        Ground {
            input: &self.input,
            planned: &self.planned,
            set: &self.set,
            ..*before
        }
    }
}

/// Why a change will not do.
pub(super) enum Why {
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
pub(super) fn proved(
    ground: &Ground<'_>,
    texts: &Texts,
    accepted: (&ClusterName, &Finding),
    same: &BTreeMap<&ClusterName, &Finding>,
    before: &[(ClusterName, Finding)],
) -> Result<(After, Vec<(ClusterName, Finding)>), Why> {
    let input = files::with(ground.input, texts);
    let mut sink = Sink::new();
    let made = pipeline::plan(&input, &Options::default(), &mut sink).and_then(|planned| {
        pipeline::render(&input, &planned, &mut sink).map(|set| (planned, set))
    });
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
    let changes = changed(ground.set, &set);
    let world = &ground.planned.world;
    let touched: BTreeSet<&ClusterName> = changes
        .iter()
        .filter_map(|c| cluster_of(c.file.as_str(), world))
        .collect();
    // What no finding is about is told before anything is compared.
    meant(ground, &set, &changes, before, accepted.1, same)?;
    let mut after = After {
        input,
        planned,
        set,
        findings: Vec::new(),
    };
    let rest = before.iter().filter(|(c, _)| !touched.contains(c));
    let mut now: Vec<(ClusterName, Finding)> = rest.cloned().collect();
    now.extend(findings(&after.ground(ground), Some(&touched)));
    let keys = |all: &[(ClusterName, Finding)]| -> BTreeSet<Key> {
        all.iter().map(|(c, f)| key(c, f)).collect()
    };
    let (was, is) = (keys(before), keys(&now));
    let gone = before.iter().filter(|(c, f)| !is.contains(&key(c, f)));
    let gone: Vec<(ClusterName, Finding)> = gone.cloned().collect();
    meant(ground, &after.set, &changes, &gone, accepted.1, same)?;
    if let Some((cluster, object, path)) = is.iter().find(|key| !was.contains(*key)) {
        let text = format!("{path} of {object} in {cluster} would differ");
        return Err(Why::Other(text));
    }
    if is.contains(&key(accepted.0, accepted.1)) {
        return Err(Why::Other("the cluster would still differ".to_owned()));
    }
    after.findings = now;
    Ok((after, gone))
}

/// Refuses changes of places that none of some findings is about.
fn meant(
    ground: &Ground<'_>,
    set: &ManifestSet,
    changes: &[Changed],
    settled: &[(ClusterName, Finding)],
    finding: &Finding,
    same: &BTreeMap<&ClusterName, &Finding>,
) -> Result<(), Why> {
    let mut unmeant = Vec::new();
    for change in changes {
        let of = cluster_of(change.file.as_str(), &ground.planned.world);
        let meant = |place: &String| {
            settled
                .iter()
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
            1 => ", and one more object".to_owned(),
            more => format!(", and {more} more objects"),
        };
        let text = format!(
            "it would change {at}{} in {of} as well{more}",
            change.object
        );
        let follows = |(of, change, _): &(Option<&ClusterName>, &Changed, String)| {
            of.is_some_and(|of| same.contains_key(of))
                && change.object != finding.object
                && of_one_service(set, change, finding)
        };
        return Err(match unmeant.iter().all(follows) {
            true => Why::Follows(text),
            false => Why::Other(text),
        });
    }
    Ok(())
}

/// What differs between what the fleet renders and what its clusters run, or some of them.
pub(super) fn findings(
    ground: &Ground<'_>,
    only: Option<&BTreeSet<&ClusterName>>,
) -> Vec<(ClusterName, Finding)> {
    let mut all = Vec::new();
    for (cluster, live) in ground.states {
        if only.is_some_and(|only| !only.contains(cluster)) {
            continue;
        }
        let Some(settings) = ground.settings.get(cluster) else {
            continue;
        };
        let report = side(ground, cluster).compare(live, settings);
        let counted = report.findings.into_iter();
        let counted = counted.filter(|f| f.severity != FindingSeverity::Info);
        all.extend(counted.map(|finding| (cluster.clone(), finding)));
    }
    all
}

/// What a fleet renders for a cluster, as its repository would hold it.
fn side<'g>(ground: &Ground<'g>, cluster: &ClusterName) -> Repository<'g> {
    let (mut side, mut sink, mut sources) = (Repository::default(), Sink::new(), Sources::new());
    for (path, file) in &ground.set.files {
        if cluster_of(path.as_str(), &ground.planned.world) == Some(cluster) {
            let source = sources.add(path.to_string(), file.text.to_string());
            // What regen renders, regen reads.
            let _ = side.add(path, source, &sources, Some(file), &mut sink);
        }
    }
    side
}

/// What must hold over all clusters and does not, as far as it is about some objects.
pub(super) fn broken(ground: &Ground<'_>, about: &BTreeSet<Key>) -> Vec<Finding> {
    let Some(settings) = ground.settings.values().next() else {
        return Vec::new();
    };
    let sides: Vec<_> = ground
        .states
        .iter()
        .map(|(cluster, live)| (cluster, live, side(ground, cluster)))
        .collect();
    let seen = sides
        .iter()
        .map(|(cluster, live, side)| (*cluster, side.seen(live)));
    let found = invariants::check(&invariants::Ground {
        clusters: seen.collect(),
        fleet: Some(invariants::Fleet {
            world: &ground.planned.world,
            plan: &ground.planned.plan,
        }),
        settings,
    });
    let mut broken = found.findings;
    broken.retain(|finding| {
        finding.kind == FindingKind::Invariant
            && finding.severity != FindingSeverity::Info
            && finding.involved.iter().any(|i| {
                about
                    .iter()
                    .any(|(c, o, _)| c.as_str() == i.cluster && *o == i.object)
            })
    });
    broken
}
