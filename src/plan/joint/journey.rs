//! A journey whose enforced budget no choice keeps, to what of its services conflicts with it.

use crate::model::name::ServiceKey;
use crate::model::world::Journey;
use crate::plan::conflict::{Conflict, Member};
use crate::plan::ground::Ground;

use super::part::{self, Part};
use super::shrink::shrink;
use super::tell;
use super::trial::Trials;

/// How many services are planned at most for one journey.
const ALLOWANCE: usize = 500;

/// What its services ask for that cannot be kept beside its budget, but for what of them conflicts
/// `apart` from it; `None` where the budget alone is too much, where other services stand in the
/// way, or where it takes too long to say.
pub(in crate::plan) fn of_journey(
    ground: &Ground<'_>,
    journey: &Journey,
    apart: &[(ServiceKey, Member)],
) -> Option<Conflict> {
    let calls = journey.steps.iter().flat_map(|step| step.calls());
    let keys: Vec<ServiceKey> = calls
        .map(|call| ServiceKey::new(&call.service.value, &journey.environment))
        .collect();
    let mut trials = Trials::new(ground, apart);
    // There may be many journeys, and none of them needs more than a few dozen plans.
    trials.left = ALLOWANCE;
    let mut world = trials.only(&keys);
    world
        .journeys
        .insert(journey.name.value.clone(), journey.clone());
    let about = keys.first()?;
    let all: Vec<Part> = part::parts(&ground.of_part(&world), &world, about);
    let conflict = |some: &[Part]| trials.planned_under(&world, &all, some).map(|p| !p);
    let parts = shrink(&all, conflict)?;
    if parts.is_empty() || trials.planned_under(&world, &all, &parts) != Some(false) {
        return None;
    }
    Some(Conflict {
        members: Vec::new(),
        places: tell::places(ground, about, &parts),
        notes: Vec::new(),
        helps: Vec::new(),
        proven: trials.proven,
    })
}
