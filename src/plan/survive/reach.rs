//! Who serves users and reaches nothing that takes the writes of a store.
//!
//! A write goes from the region that serves its user straight to the region that takes it: ways
//! are not passed on.

use crate::engine::{ClassFacts, Read, Write};
use crate::model::name::RegionName;
use crate::model::simulation::{StoreOutcome, Writes};

use super::scene::Scene;
use super::stores::{Held, reached};
use crate::plan::words;

/// Fills in the regions whose users cannot write, and their share of all users.
pub(super) fn cut_off(
    scene: &Scene<'_>,
    held: &Held<'_>,
    way: &ClassFacts,
    regions: &[&RegionName],
    outcome: &mut StoreOutcome,
) {
    // Writes that stop do so for everybody.
    if outcome.writes == Writes::Stop {
        return;
    }
    let leads = outcome.leads.as_ref().map(RegionName::as_str);
    let leads = leads.and_then(|l| scene.ground.index(l));
    let standing = regions.iter().filter(|r| !outcome.lost.contains(r));
    let standing: Vec<usize> = standing
        .filter_map(|r| scene.ground.index(r.as_str()))
        .collect();
    let takes = |from: usize| {
        if let Some(leader) = leads {
            return scene.reaches(from, leader);
        }
        let mut near = standing.clone();
        near.retain(|&r| scene.reaches(from, r));
        let Some(at) = scene.ground.nearest(from, &near) else {
            return false;
        };
        let sees = || reached(scene, held, &scene.name(at), regions.iter().copied()).len() + 1;
        way.write != Write::QuorumAcross || sees() * 2 > regions.len()
    };
    let mut weight = 0;
    let mut apart: Vec<usize> = Vec::new();
    for (served, after) in held.served.iter().filter_map(|s| Some((s, s.after?))) {
        if !takes(after) {
            weight += u128::from(served.place.weight);
            apart.push(after);
        }
    }
    apart.sort_unstable();
    apart.dedup();
    if apart.is_empty() {
        return;
    }
    outcome.cut_off = apart.into_iter().map(|r| scene.name(r)).collect();
    let ppm = weight * 1_000_000 / held.total;
    outcome.cut_off_ppm = u32::try_from(ppm).unwrap_or(u32::MAX);
    outcome.cut_off_reads = matches!(way.read, Read::Leader | Read::QuorumAcross);
    let reason = because(outcome);
    outcome.because.push(reason);
}

/// `bb and cc do not reach aa, which takes the writes`.
pub(super) fn because(outcome: &StoreOutcome) -> String {
    let from = words::list(outcome.cut_off.iter().map(RegionName::as_str));
    let does = match outcome.cut_off.len() {
        1 => "does",
        _ => "do",
    };
    let to = match &outcome.leads {
        Some(leader) => format!("{leader}, which takes the writes"),
        None => "a region that takes writes".to_owned(),
    };
    format!("{from} {does} not reach {to}")
}
