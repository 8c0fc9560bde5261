//! Services that find no place together, to a minimal set of what conflicts and the cheapest ways
//! out.
//!
//! The planner itself is asked, with fewer services and less of what they and their clusters are
//! limited by: what it cannot plan conflicts, and what it can plan does not. So the set is minimal
//! for whatever the planner decides on, room after the loss of a region and calls included; and a
//! way out is told once it was planned.

mod change;
mod journey;
mod part;
mod remedy;
mod shrink;
mod tell;
mod trial;

use std::collections::BTreeSet;

use crate::model::name::ServiceKey;
use crate::model::world::World;

use super::conflict::{Conflict, Member};
use super::ground::Ground;
use super::store::Limit;

pub(super) use change::Which;
pub(super) use journey::of_journey;
pub(super) use remedy::{least_budget, remedies};

use part::Part;
use shrink::shrink;
use trial::Trials;

/// What is looked at around a service.
pub(super) struct Look<'l> {
    pub about: &'l ServiceKey,
    /// Who might stand in its way, the likeliest first.
    pub rivals: Vec<&'l ServiceKey>,
    /// Whether room after a loss and calls count too, or only whether there is a place.
    pub coupled: bool,
    /// How many sets may be told, each from what the ones before leave.
    pub sets: usize,
    /// Services without a place, each for a reason of its own.
    pub failing: &'l BTreeSet<&'l ServiceKey>,
    /// What others do not keep, each for a reason of its own.
    pub apart: &'l [(ServiceKey, Member)],
}

/// A set that conflicts.
pub(super) struct Found {
    parts: Vec<Part>,
    /// Those that take part, and all that they are asked for.
    crowd: World,
    pub conflict: Conflict,
}

/// What conflicts around a service, without ways out; several sets where they have nothing in
/// common but the service. Empty where nothing does; `None` where it takes too long to say.
pub(super) fn conflicts(ground: &Ground<'_>, look: &Look<'_>) -> Option<Vec<Found>> {
    let about = look.about;
    let mut trials = Trials::new(ground, look.apart);
    let Some(crowd) = crowd(&mut trials, look)? else {
        return Some(Vec::new());
    };
    let mut world = crowd.clone();
    if !look.coupled {
        part::uncouple(&mut world);
    }
    let all = part::parts(&ground.of_part(&world), &world, about);
    let mut rest: Vec<Part> = all.clone();
    let mut found: Vec<Found> = Vec::new();
    while found.len() < look.sets.max(2) {
        trials.proven = true;
        let mut conflict = |some: &[Part]| trials.planned_under(&world, &all, some).map(|p| !p);
        if conflict(&rest) != Some(true) {
            break;
        }
        let Some(parts) = shrink(&rest, conflict).filter(|parts| !parts.is_empty()) else {
            break;
        };
        // The next set is what is left without what others are limited by in this one.
        let of_others = |part: &Part| !matches!(part, Part::Own(key, _) if key == about);
        let theirs: Vec<&Part> = parts.iter().filter(|p| of_others(p)).collect();
        let gone = |part: &Part| match theirs.is_empty() {
            true => parts.contains(part),
            false => theirs.contains(&part),
        };
        rest.retain(|part| !gone(part));
        found.push(Found {
            conflict: Conflict {
                members: own(&parts, about),
                places: tell::places(ground, about, &parts),
                notes: tell::notes(ground, about, &parts),
                helps: Vec::new(),
                proven: trials.proven,
            },
            parts,
            crowd: crowd.clone(),
        });
    }
    let several = look.sets > 1 && found.len() > 1;
    let more = found.len() > look.sets;
    found.truncate(look.sets);
    for one in &mut found {
        let note = match (several, more) {
            (true, _) => "others conflict as well, told apart: each needs a remedy of its own",
            (_, true) => "others conflict as well, were it not for one of these",
            _ => continue,
        };
        one.conflict.notes.push(note.to_owned());
    }
    Some(found)
}

/// What else conflicts inside a service, but for some of its budgets, which are told apart.
pub(super) fn beside(
    ground: &Ground<'_>,
    about: &ServiceKey,
    apart: &[(ServiceKey, Member)],
) -> Option<Conflict> {
    let look = Look {
        about,
        rivals: Vec::new(),
        coupled: false,
        sets: 1,
        failing: &BTreeSet::new(),
        apart,
    };
    let found = conflicts(ground, &look)?.into_iter().next()?;
    Some(found.conflict)
}

/// Whether some of what is asked of a service conflicts by itself, and nothing of it can be spared;
/// also where it takes too long to say.
pub(super) fn is_minimal(ground: &Ground<'_>, about: &ServiceKey, members: &[Member]) -> bool {
    let mut trials = Trials::new(ground, &[]);
    let mut world = trials.only([about]);
    part::uncouple(&mut world);
    let all = part::parts(&ground.of_part(&world), &world, about);
    // Budgets for writes are asked of each store there, and of all of them here.
    let own = |m: &Member| match m {
        Member::Store(_, Limit::Write) => Part::Own(about.clone(), Member::Write),
        other => Part::Own(about.clone(), *other),
    };
    let parts: BTreeSet<Part> = members.iter().map(own).collect();
    let parts: Vec<Part> = parts.into_iter().collect();
    if !parts.iter().all(|part| all.contains(part)) {
        return true;
    }
    let mut feasible = |some: &[Part]| trials.planned_under(&world, &all, some);
    let spared = |i: usize| [&parts[..i], &parts[i + 1..]].concat();
    feasible(&parts) != Some(true) && (0..parts.len()).all(|i| feasible(&spared(i)) != Some(false))
}

/// The members of a set that are of one service.
fn own(parts: &[Part], about: &ServiceKey) -> Vec<Member> {
    let mut members: Vec<Member> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Own(key, member) if key == about => Some(*member),
            _ => None,
        })
        .collect();
    members.sort_unstable();
    members
}

/// The fleet with a service and as few of its rivals as there is no plan for.
///
/// Nothing where there is one for all of them; `None` where it takes too long to say.
fn crowd(trials: &mut Trials<'_, '_>, look: &Look<'_>) -> Option<Option<World>> {
    let mut with = |count: usize| {
        let keys = look.rivals.iter().take(count).copied();
        let world = trials.only(keys.chain([look.about]));
        let mut tried = world.clone();
        if !look.coupled {
            part::uncouple(&mut tried);
        }
        let planned = trials.planned(&tried)?;
        Some((!planned).then_some(world))
    };
    if let Some(alone) = with(0)? {
        return Some(Some(alone));
    }
    let all = look.rivals.len();
    let (mut low, mut high) = (0, 1);
    let mut world = loop {
        high = high.min(all);
        match with(high)? {
            Some(world) => break world,
            None if high == all => return Some(None),
            None => (low, high) = (high, high * 2),
        }
    };
    while high - low > 1 {
        let middle = low.midpoint(high);
        match with(middle)? {
            Some(fewer) => (high, world) = (middle, fewer),
            None => low = middle,
        }
    }
    Some(Some(world))
}
