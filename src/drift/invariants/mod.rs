//! All clusters of one run together to what does not hold among them.
//!
//! A cluster can be exactly as its manifests say, and the fleet broken: two databases that take
//! writes, a name that leads where nothing answers. Each invariant is a file that judges
//! [`Ground`], says what must be read for it besides what is compared, and never calls unknown clean.

mod data;
mod dns_ready;
mod ground;
mod one_primary;
mod outcome;
mod policy;
mod policy_edges;
mod record_owner;
mod residency;
#[cfg(test)]
mod tests;
mod voters;
mod wave_image;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::finding::{Finding, FindingKind, FindingSeverity, Invariants};
use crate::model::live::{AlsoRead, GroupKind, Seek, Want};
use crate::model::name::ClusterName;

use super::accept::about;
use outcome::Outcome;

pub use ground::{Fleet, Ground, Seen};

/// Something that must hold over all clusters.
pub(crate) struct Invariant {
    /// Its name, by which rules ignore it.
    pub(crate) name: &'static str,
    /// What must hold, as the end of a sentence.
    pub(crate) about: &'static str,
    /// Kinds whose objects tell of it even where there is no fleet to compare with: all of them, or
    /// those that mention a name. None, and it needs a fleet.
    of_itself: &'static [(ground::Kind, Option<&'static str>)],
    /// What must be read of a cluster for it besides what is compared.
    wants: fn(&Fleet<'_>, &ClusterName, &mut Sought),
    /// Looks.
    check: fn(&Ground<'_>, &mut Outcome),
}

/// All of them, in the order of the report.
const INVARIANTS: &[Invariant] = &[
    one_primary::INVARIANT,
    voters::INVARIANT,
    residency::INVARIANT,
    dns_ready::INVARIANT,
    record_owner::INVARIANT,
    policy_edges::INVARIANT,
    wave_image::INVARIANT,
];

/// The name of each, with what must hold.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    INVARIANTS.iter().map(|i| (i.name, i.about))
}

/// What invariants ask of a cluster, by kind.
#[derive(Debug, Default)]
pub(crate) struct Sought(BTreeMap<ground::Kind, Seek>);

impl Sought {
    /// Objects of a kind that mention one of some names, or have one at a place, with some fields.
    fn seek(
        &mut self,
        kind: ground::Kind,
        names: impl IntoIterator<Item = String>,
        places: &[&str],
        fields: &[&str],
    ) {
        let own = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let names: BTreeSet<String> = names.into_iter().collect();
        if names.is_empty() {
            return;
        }
        let seek = Seek {
            names,
            places: own(places),
            fields: own(fields),
            alone: true,
        };
        self.0.entry(kind).or_default().join(seek);
    }
}

/// Adds what the invariants need of a cluster to what is read of it anyway: to the one LIST of each
/// kind where there is one.
pub fn add_wants(fleet: Fleet<'_>, cluster: &ClusterName, wants: &mut BTreeSet<Want>) {
    let mut sought = Sought::default();
    for invariant in INVARIANTS {
        (invariant.wants)(&fleet, cluster, &mut sought);
    }
    let all = std::mem::take(wants);
    for mut want in all {
        let kind = (want.kind.group.as_str(), want.kind.kind.as_str());
        if let Some((_, seek)) = sought.0.iter().find(|(k, _)| (k.0, k.2) == kind) {
            want.seek = Some(Seek {
                alone: false,
                ..seek.clone()
            });
        }
        wants.insert(want);
    }
    let read: BTreeSet<GroupKind> = wants.iter().map(|w| w.kind.clone()).collect();
    for ((group, version, kind), seek) in sought.0 {
        let kind = GroupKind {
            group: group.to_owned(),
            kind: kind.to_owned(),
        };
        if !read.contains(&kind) {
            wants.insert(Want {
                kind,
                version: version.to_owned(),
                objects: BTreeSet::new(),
                everywhere: true,
                keep_all: false,
                seek: Some(Seek {
                    alone: true,
                    ..seek
                }),
            });
        }
    }
}

/// Adds what the invariants look at in a dump where there is no fleet.
pub fn add_of_itself(wants: &mut BTreeSet<Want>) {
    for (kind, name) in INVARIANTS.iter().flat_map(|i| i.of_itself) {
        let seek = name.map(|name| Seek {
            names: BTreeSet::from([name.to_owned()]),
            fields: BTreeSet::from(["/spec".to_owned()]),
            ..Seek::default()
        });
        wants.insert(Want {
            kind: GroupKind {
                group: kind.0.to_owned(),
                kind: kind.2.to_owned(),
            },
            version: kind.1.to_owned(),
            objects: BTreeSet::new(),
            everywhere: true,
            keep_all: name.is_none(),
            seek,
        });
    }
}

/// What the invariants read of each cluster, whether it is compared as well or not.
pub fn also_read(fleet: Fleet<'_>) -> AlsoRead {
    let of = |cluster: &ClusterName| {
        let mut wants = BTreeSet::new();
        add_wants(fleet, cluster, &mut wants);
        (cluster.clone(), wants.into_iter().map(|w| w.kind).collect())
    };
    fleet.world.clusters.keys().map(of).collect()
}

/// Judges all invariants.
pub fn check(ground: &Ground<'_>) -> Invariants {
    let mut report = Invariants::default();
    for invariant in INVARIANTS {
        let mut outcome = Outcome::new(invariant.name);
        match ground.fleet.is_none() && invariant.of_itself.is_empty() {
            true => outcome.unjudged("without a fleet there is nothing to compare with"),
            false => (invariant.check)(ground, &mut outcome),
        }
        let (examined, findings) = outcome.finish(invariant);
        report.examined.push(examined);
        for finding in findings {
            tell(finding, ground, &mut report);
        }
    }
    report
}

/// Adds a finding, or counts it where a rule hides it.
fn tell(mut finding: Finding, ground: &Ground<'_>, report: &mut Invariants) {
    let settings = ground.settings;
    let hiding = settings.ignore.iter().position(|rule| {
        let current = rule.until.as_ref().zip(settings.today.as_ref());
        finding.kind == FindingKind::Invariant
            && current.is_none_or(|(until, today)| today <= until)
            && rule.hides_invariant(&finding, &body_of(&finding, ground))
    });
    match hiding {
        Some(index) => {
            report.ignored += 1;
            report.rules_used.insert(index);
            finding.severity = FindingSeverity::Info;
            finding.kind = FindingKind::Ignored;
        }
        None => finding.accept = accepting(&finding),
    }
    report.findings.push(finding);
}

/// The live object that a finding is about, where one of its clusters has it.
fn body_of(finding: &Finding, ground: &Ground<'_>) -> Value {
    let object = |cluster: &str| {
        let seen = ground
            .clusters
            .iter()
            .find(|(name, _)| name.as_str() == cluster)?
            .1;
        let same = |o: &&crate::model::live::LiveObject| super::version::id(o) == finding.object;
        let live = seen.live.objects.iter().find(same)?;
        Some(live.body.clone())
    };
    let mut clusters = finding.involved.iter().map(|i| i.cluster.as_str());
    clusters.find_map(object).unwrap_or_default()
}

/// The narrowest rule that hides a violation.
fn accepting(finding: &Finding) -> Option<Value> {
    if finding.kind != FindingKind::Invariant {
        return None;
    }
    let mut rule = about(&finding.object);
    let clusters: BTreeSet<&str> = finding
        .involved
        .iter()
        .map(|i| i.cluster.as_str())
        .collect();
    rule.insert("clusters".to_owned(), json!(clusters));
    rule.insert("invariants".to_owned(), json!([finding.rule]));
    Some(rule.into())
}

/// Whether a name, with `*`, fits an invariant at all.
pub(super) fn is_one(pattern: &str) -> bool {
    names().any(|(name, _)| super::ownership::glob(pattern, name))
}
