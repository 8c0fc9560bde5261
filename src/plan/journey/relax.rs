//! A journey's enforced budget that no choice keeps, to the region that would help if it was allowed.

use crate::model::world::RegionChoice;
use crate::plan::Placed;
use crate::plan::legal::{Candidate, Constraint};

use super::choices::Rank;
use super::search::Member;
use super::settle::Others;
use super::together::Group;

/// How many regions are tried, and how many choices with each.
const REGIONS: usize = 96;
const CHOICES: usize = 4_000;

/// The one region of one service with which all budgets are kept at the smallest total; `None` where
/// none alone helps.
pub(super) fn remedy<'a>(
    group: &mut Group<'_, 'a>,
    placed: &[Placed<'a>],
    limits: &[[Option<u64>; 2]],
    others: &Others<'_, 'a>,
) -> Option<String> {
    let ground = group.net.ground;
    let mut tried = 0;
    let mut best: Option<(Rank, usize, usize)> = None;
    for m in 0..group.members.len() {
        let one = group.placed(m, placed);
        for region in 0..ground.names.len() {
            let Some(candidates) = allowing(one, &group.members[m].candidates, region) else {
                continue;
            };
            tried += 1;
            if tried > REGIONS {
                return None;
            }
            let choices = group.choices(m, one, &candidates, Some(region)).all;
            if choices.is_empty() {
                continue;
            }
            let with = Member::new(one.service, candidates, choices);
            let before = std::mem::replace(&mut group.members[m], with);
            let found = group.search(limits, None, false, CHOICES, others);
            group.members[m] = before;
            if let Some((rank, _)) = found.best {
                let is_best = best.as_ref().is_none_or(|(least, ..)| rank < *least);
                best = if is_best {
                    Some((rank, m, region))
                } else {
                    best
                };
            }
        }
    }
    let (_, m, region) = best?;
    let (name, region) = (&group.members[m].service.name.value, ground.names[region]);
    Some(match group.members[m].service.placement.regions {
        RegionChoice::Named(_) => {
            format!("let `{name}` serve in `{region}` too, by its `placement.regions`")
        }
        RegionChoice::All | RegionChoice::Count { .. } => {
            format!("allow `{region}` in `placement.from` of `{name}`")
        }
    })
}

/// The candidates with one more region, where only what the service lists stands against it.
fn allowing(
    placed: &Placed<'_>,
    candidates: &[Candidate],
    region: usize,
) -> Option<Vec<Candidate>> {
    let obstacles = &candidates[region].obstacles;
    let named = matches!(placed.service.placement.regions, RegionChoice::Named(_));
    let listed = |c: Constraint| c == Constraint::From;
    let may = match named {
        true => obstacles.is_empty() && !placed.chosen.regions.contains(&region),
        false => !obstacles.is_empty() && obstacles.iter().all(|o| listed(o.constraint)),
    };
    let mut candidates = may.then(|| candidates.to_vec())?;
    candidates[region].obstacles.clear();
    Some(candidates)
}
