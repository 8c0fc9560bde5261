//! Every region as a service saw it: out and by what, or legal and what it would be worth.

use std::collections::BTreeMap;

use crate::diag::Label;
use crate::model::story::{Alternative, Choice, Considered, Instead, Left, Obstacle, Standing};
use crate::model::world::{PlacementMode, RegionChoice};
use crate::plan::allowed::Allowed;
use crate::plan::amount::Room;
use crate::plan::legal::Candidate;
use crate::plan::search::{Question, Searcher, value};
use crate::plan::words;

use super::{Teller, known};

/// All regions, by name.
pub(super) fn considered(teller: &Teller<'_, '_>, room: &Room) -> Vec<Considered> {
    let (ground, placed) = (teller.ground(), teller.placed);
    let allowed = Allowed::of(ground, placed.service, &placed.demand);
    let all = placed.candidates.iter().enumerate();
    all.map(|(index, candidate)| {
        let standing = standing(teller, index);
        let holds = matches!(standing, Standing::Serves | Standing::StandsBy);
        let clusters = candidate.clusters.iter().filter(|_| holds);
        Considered {
            region: teller.name(index),
            country: ground.world.regions[ground.names[index]].country,
            standing,
            obstacles: obstacles(teller, candidate),
            left: clusters
                .map(|cluster| {
                    let (cpu, memory) = room.left(cluster);
                    let left = Left {
                        cpu_milli: cpu.and_then(|n| i64::try_from(n / 1_000_000).ok()),
                        memory: memory.and_then(|n| i64::try_from(n / 1_000_000_000).ok()),
                    };
                    (cluster.clone(), left)
                })
                .collect::<BTreeMap<_, _>>(),
            instead: instead(teller, &allowed, index, standing),
        }
    })
    .collect()
}

/// What stands against a region; the same reason once, with the places of all that ask for it.
fn obstacles(teller: &Teller<'_, '_>, candidate: &Candidate) -> Vec<Obstacle> {
    let mut all: Vec<Obstacle> = Vec::new();
    for one in &candidate.obstacles {
        let one = teller.obstacle(one.constraint, &one.reason);
        match all.iter_mut().find(|known| known.reason == one.reason) {
            Some(known) => {
                for place in one.places {
                    if !known.places.contains(&place) {
                        known.places.push(place);
                    }
                }
            }
            None => all.push(one),
        }
    }
    all
}

fn standing(teller: &Teller<'_, '_>, region: usize) -> Standing {
    let chosen = &teller.placed.chosen;
    match teller.placed.candidates[region].legal() {
        _ if chosen.serving.contains(&region) => Standing::Serves,
        _ if chosen.regions.contains(&region) => Standing::StandsBy,
        true => Standing::Spare,
        false => Standing::Out,
    }
}

/// What a region would be worth that may serve and does not.
fn instead(
    teller: &Teller<'_, '_>,
    allowed: &Allowed<'_>,
    region: usize,
    standing: Standing,
) -> Option<Instead> {
    let placed = teller.placed;
    let serving = &placed.chosen.serving;
    let own = value(&placed.demand.by_region, serving, &teller.ground().costs);
    let passive = placed.service.placement.mode == PlacementMode::ActivePassive;
    match standing {
        Standing::Spare => {}
        Standing::StandsBy if passive => {}
        _ => return None,
    }
    let worth = |of: Option<usize>| {
        let mut regions: Vec<usize> = serving.iter().copied().filter(|r| Some(*r) != of).collect();
        regions.push(region);
        regions.sort_unstable();
        let breaks = breaks(teller, allowed, region, &regions);
        let sum = value(&placed.demand.by_region, &regions, &teller.ground().costs);
        let known = known(teller.ground(), &placed.demand.by_region, &regions);
        let instead = Instead {
            of: of.map(|r| teller.name(r)),
            objective_ns: known.then(|| words::mean_ns(sum, placed.demand.total)),
            breaks,
        };
        // What would be better and may not be says more than what may be and would be worse.
        let rank = match &instead.breaks {
            Some(_) if sum < own => 0,
            None => 1,
            Some(_) => 2,
        };
        (rank, sum, of, instead)
    };
    let room = match &placed.service.placement.regions {
        _ if passive => false,
        RegionChoice::Count { at_most, .. } => serving.len() < *at_most as usize,
        RegionChoice::All | RegionChoice::Named(_) => true,
    };
    let named = matches!(placed.service.placement.regions, RegionChoice::Named(_));
    let swaps = serving
        .iter()
        .filter(|_| !named || passive)
        .map(|&r| worth(Some(r)));
    let added = room.then(|| worth(None));
    let best = swaps
        .chain(added)
        .min_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
    best.map(|best| best.3)
}

/// What a choice with this region would break.
fn breaks(
    teller: &Teller<'_, '_>,
    allowed: &Allowed<'_>,
    region: usize,
    regions: &[usize],
) -> Option<Obstacle> {
    let service = teller.placed.service;
    let reads = |set: &[usize]| {
        let budget = service
            .budget
            .read
            .as_ref()
            .filter(|_| allowed.breaks(set))?;
        Some(Obstacle {
            reason: "it would break the enforced budget for reads".to_owned(),
            places: vec![label(budget.span, "")],
        })
    };
    let stores = |broken: bool| {
        let places = allowed.stores().iter().map(|&store| {
            let name = &service.stores[store].name;
            label(name.span, "what it asks for")
        });
        broken.then(|| Obstacle {
            reason: "a store could not be held as it is asked for".to_owned(),
            places: places.collect(),
        })
    };
    if service.placement.mode == PlacementMode::ActivePassive {
        let candidates = &teller.placed.candidates;
        let among: Vec<usize> = (0..candidates.len())
            .filter(|&r| candidates[r].legal())
            .collect();
        return reads(&[region]).or_else(|| stores(!allowed.serves(region, &among)));
    }
    reads(regions).or_else(|| stores(allowed.broken(regions, regions)))
}

fn label(span: crate::diag::Span, text: &str) -> Label {
    Label {
        span,
        text: text.to_owned(),
        primary: false,
    }
}

/// What was asked for, and the best of the other choices.
pub(super) fn choice(teller: &Teller<'_, '_>) -> Choice {
    let placed = teller.placed;
    let placement = &placed.service.placement;
    let mode = match placement.mode {
        PlacementMode::ActiveActive => "all serve",
        PlacementMode::ActivePassive => "one serves",
    };
    let asked = match &placement.regions {
        RegionChoice::All => "every region that may hold it".to_owned(),
        RegionChoice::Named(named) => words::list(named.iter().map(|n| n.value.as_str())),
        RegionChoice::Count { at_least, at_most } if at_least == at_most => {
            format!("exactly {}", words::count(*at_least as usize, "region"))
        }
        RegionChoice::Count { at_least, at_most } => format!("{at_least} to {at_most} regions"),
    };
    let lock = teller.ground().lock;
    let locked = lock.and_then(|l| l.services.get(&placed.key.to_string()));
    Choice {
        asked: format!("{asked}, of which {mode}"),
        span: placement.counts.regions.or(placement.span),
        legal: placed.candidates.iter().filter(|c| c.legal()).count(),
        runner_up: runner_up(teller),
        locked: locked.map(|l| l.regions.clone()),
    }
}

/// The best of all other choices that keep everything.
///
/// Another choice lacks one of the regions that serve, or has them all and more; each of these
/// questions is searched as the choice itself was.
fn runner_up(teller: &Teller<'_, '_>) -> Option<Alternative> {
    let (ground, placed) = (teller.ground(), teller.placed);
    let (demand, serving) = (&placed.demand, &placed.chosen.serving);
    let legal: Vec<usize> = (0..placed.candidates.len())
        .filter(|&r| placed.candidates[r].legal())
        .collect();
    let allowed = Allowed::of(ground, placed.service, demand);
    let choice = &placed.service.placement.regions;
    if placed.service.placement.mode == PlacementMode::ActivePassive {
        if matches!(choice, RegionChoice::Named(_)) {
            return None;
        }
        let alone = |r: usize| value(&demand.by_region, &[r], &ground.costs);
        let others = legal.iter().copied().filter(|r| !serving.contains(r));
        let best = others
            .filter(|&r| allowed.serves(r, &legal))
            .map(|r| (alone(r), r))
            .min()?;
        return Some(Alternative {
            regions: vec![teller.name(best.1)],
            objective_ns: words::mean_ns(best.0, demand.total),
            proven: true,
        });
    }
    let RegionChoice::Count { at_least, at_most } = choice else {
        return None;
    };
    let free = Question {
        demand: demand.by_region.clone(),
        candidates: legal.clone(),
        at_least: *at_least.max(&1) as usize,
        at_most: *at_most.max(&1) as usize,
        ..Question::default()
    };
    let without = serving.iter().map(|dropped| Question {
        candidates: legal.iter().copied().filter(|r| r != dropped).collect(),
        ..free.clone()
    });
    let mut fixed = serving.clone();
    fixed.sort_unstable();
    let more = Question {
        candidates: legal
            .iter()
            .copied()
            .filter(|r| !serving.contains(r))
            .collect(),
        fixed,
        at_least: serving.len() + 1,
        ..free.clone()
    };
    let own = value(&demand.by_region, serving, &ground.costs);
    let mut searcher = Searcher::default();
    let mut answers = Vec::new();
    for question in without.chain((serving.len() < free.at_most).then_some(more)) {
        let grows = !question.fixed.is_empty();
        let answer = allowed.best(&mut searcher, question).filter(|c| c.sound);
        // More regions for nothing are no choice that anybody would make.
        let answer = answer.map(|c| c.answer).filter(|a| !grows || a.value < own);
        answers.extend(answer);
    }
    let bound = answers.iter().map(|a| a.bound).min()?;
    let best = answers.into_iter().min_by(|a, b| {
        (a.value, a.regions.len(), &a.regions).cmp(&(b.value, b.regions.len(), &b.regions))
    })?;
    Some(Alternative {
        regions: best.regions.iter().map(|&r| teller.name(r)).collect(),
        objective_ns: words::mean_ns(best.value, demand.total),
        proven: bound >= best.value,
    })
}
