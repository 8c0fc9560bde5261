//! The regions of one service: named, all that are legal, or those that serve its audience best.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Sink;
use crate::model::name::ServiceKey;
use crate::model::plan::Because;
use crate::model::world::{PlacementMode, RegionChoice, Service};

use super::allowed::{Allowed, Choice};
use super::ground::{Demand, Ground};
use super::legal::{self, Candidate};
use super::search::{Answer, Question, Searcher, value};
use super::words;

/// The regions of one service, and why.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    /// In order of preference.
    pub regions: Vec<usize>,
    /// Those that serve; the others stand by.
    pub serving: Vec<usize>,
    /// Leaders that enforced journeys ask for, by the store's index.
    pub leaders: BTreeMap<usize, usize>,
    /// What no choice can go below, where the regions are not proven to be the best: Σ weight ×
    /// microseconds.
    pub bound: Option<u128>,
    /// Whether it keeps what is enforced and can hold the stores; else nothing does.
    pub sound: bool,
    /// Whether that nothing does is known by proof.
    pub exact: bool,
    pub because: Because,
}

/// What a joint decision takes from a service's own choice.
#[derive(Clone, Debug, Default)]
pub(super) struct Bent {
    /// Regions that may not serve.
    pub idle: BTreeSet<usize>,
    /// At least so many regions.
    pub least: usize,
}

/// Chooses; `None` when an error was emitted.
pub(super) fn choose(
    ground: &Ground<'_>,
    searcher: &mut Searcher,
    (key, service): (&ServiceKey, &Service),
    demand: &Demand,
    candidates: &[Candidate],
    bent: &Bent,
    sink: &mut Sink,
) -> Option<Chosen> {
    let legal: Vec<usize> = (0..candidates.len())
        .filter(|&r| candidates[r].legal())
        .collect();
    let locked: Option<Vec<usize>> = ground
        .lock
        .and_then(|l| l.services.get(&key.to_string()))
        .map(|s| s.regions.iter().filter_map(|r| ground.index(r)).collect());
    let passive = service.placement.mode == PlacementMode::ActivePassive;
    let allowed = Allowed::of(ground, service, demand);
    let (mut bound, mut exact) = (None, true);
    let (mut regions, mut because) = match &service.placement.regions {
        RegionChoice::Named(named) => {
            let before = sink.errors();
            let mut regions = Vec::with_capacity(named.len());
            for region in named {
                let Some(index) = ground.index(region.value.as_str()) else {
                    continue;
                };
                if !candidates[index].legal() {
                    sink.emit(legal::illegal(
                        ground,
                        service,
                        index,
                        &candidates[index],
                        region.span,
                    ));
                } else if !regions.contains(&index) {
                    regions.push(index);
                }
            }
            sink.since(before).ok()?;
            (regions, Because::new("the service names its regions"))
        }
        RegionChoice::All => {
            if legal.is_empty() {
                sink.emit(legal::infeasible(ground, service, candidates, 1));
                return None;
            }
            let because = match legal.len() {
                n if n == candidates.len() => "the service runs in every region".to_owned(),
                1 => "the service runs in the one region that may hold it".to_owned(),
                n => format!("the service runs in all {n} regions that may hold it"),
            };
            (legal.clone(), Because::new(because))
        }
        RegionChoice::Count { at_least, at_most } => {
            let asked = (*at_least as usize).max(bent.least);
            let bounds = (asked.max(1), *at_most.max(&1) as usize);
            if legal.len() < bounds.0 {
                sink.emit(legal::infeasible(ground, service, candidates, bounds.0));
                return None;
            }
            if passive {
                (legal.clone(), Because::default())
            } else {
                let (answer, because, proven) = counted(
                    ground,
                    searcher,
                    &allowed,
                    demand,
                    &legal,
                    locked.as_deref(),
                    bounds,
                )?;
                bound = (answer.bound < answer.value).then_some(answer.bound);
                exact = proven;
                (answer.regions, because)
            }
        }
    };
    if passive {
        (regions, because) = one_serves(
            ground,
            service,
            &allowed,
            demand,
            &regions,
            (locked.as_deref(), bent),
            because,
        )?;
    }
    for (index, candidate) in candidates.iter().enumerate() {
        let wanted = !matches!(service.placement.regions, RegionChoice::Named(_));
        if wanted && let Some(obstacle) = candidate.obstacles.first() {
            because = because.and(format!(
                "{} is left out: {}",
                ground.names[index], obstacle.reason
            ));
        }
    }
    let serving = if passive {
        regions[..1].to_vec()
    } else {
        regions.clone()
    };
    Some(Chosen {
        sound: !allowed.broken(&regions, &serving),
        regions,
        serving,
        leaders: BTreeMap::new(),
        bound,
        exact,
        because,
    })
}

/// As many as lower the weighted round trip, within bounds. Regions in the lock stay while they
/// are legal; only what is missing is searched for.
fn counted(
    ground: &Ground<'_>,
    searcher: &mut Searcher,
    allowed: &Allowed<'_>,
    demand: &Demand,
    legal: &[usize],
    locked: Option<&[usize]>,
    (at_least, at_most): (usize, usize),
) -> Option<(Answer, Because, bool)> {
    let free = Question {
        demand: demand.by_region.clone(),
        candidates: legal.to_vec(),
        fixed: Vec::new(),
        at_least,
        at_most,
        ..Question::default()
    };
    let Choice {
        answer: best,
        sound,
        exact,
    } = allowed.best(searcher, free.clone())?;
    let mut kept: Vec<usize> = locked.unwrap_or_default().to_vec();
    kept.retain(|r| legal.contains(r));
    kept.sort_unstable();
    kept.dedup();
    let had = kept.len();
    // A rebalance moves for a gain only.
    let as_good = value(&demand.by_region, &kept, &ground.costs) == best.value
        && had == best.regions.len()
        && locked.is_some_and(|l| l.len() == had);
    if (ground.rebalance && !as_good) || kept.is_empty() || had > at_most {
        let because = reason(ground, demand, &best, legal.len(), (at_least, at_most));
        let because = nearer(ground, searcher, demand, free, &best, because);
        return Some((best, because, exact));
    }
    // What the lock had beyond what is legal today is replaced, not dropped.
    let before = locked.unwrap_or_default().len().max(had);
    let completed = Question {
        candidates: legal
            .iter()
            .copied()
            .filter(|r| !kept.contains(r))
            .collect(),
        fixed: kept,
        at_least,
        at_most: before.clamp(at_least, at_most.max(at_least)),
        ..free.clone()
    };
    let completed = allowed.best(searcher, completed);
    let Some(answer) = completed.filter(|c| c.sound || !sound).map(|c| c.answer) else {
        let because = reason(ground, demand, &best, legal.len(), (at_least, at_most))
            .and("the regions in the lock break an enforced budget, or cannot hold a store as it is asked for");
        return Some((best, because, exact));
    };
    let now = words::mean(answer.value, demand.total);
    let mut because = if answer.regions.len() == had {
        Because::new(format!(
            "kept from the lock: a weighted round trip of {now}"
        ))
    } else {
        let added = format!(
            "the regions in the lock stay and are completed, for a weighted round trip of {now}"
        );
        Because::new(added)
    };
    if best.value < answer.value {
        let better = words::mean(best.value, demand.total);
        because = because.and(format!(
            "{} would lower it to {better} (--rebalance accepts)",
            ground.list(&best.regions)
        ));
    }
    Some((answer, because, exact))
}

/// Adds what would be nearer, were it not for enforced budgets and stores.
fn nearer(
    ground: &Ground<'_>,
    searcher: &mut Searcher,
    demand: &Demand,
    free: Question,
    best: &Answer,
    because: Because,
) -> Because {
    let nearest = searcher.answer(free, &ground.costs).best();
    match nearest.filter(|n| n.value < best.value) {
        Some(nearest) => because.and(format!(
            "{} would lower it to {}, and break an enforced budget or what a store asks for",
            ground.list(&nearest.regions),
            words::mean(nearest.value, demand.total)
        )),
        None => because,
    }
}

fn reason(
    ground: &Ground<'_>,
    demand: &Demand,
    answer: &Answer,
    legal: usize,
    (at_least, at_most): (usize, usize),
) -> Because {
    let mean = words::mean(answer.value, demand.total);
    let size = answer.regions.len();
    let mut text = format!(
        "of {legal} legal regions, {} give{} the smallest weighted round trip, {mean}",
        ground.list(&answer.regions),
        if size == 1 { "s" } else { "" },
    );
    if size < at_most.min(legal) {
        text.push_str("; another region would not lower it");
    } else if size > at_least && size > 1 {
        // One fewer by the least loss shows what the last of them is worth.
        let worth = (0..size)
            .map(|i| {
                let mut others = answer.regions.clone();
                let dropped = others.remove(i);
                (value(&demand.by_region, &others, &ground.costs), dropped)
            })
            .min();
        if let Some((without, dropped)) = worth {
            let name = ground.names[dropped];
            let without = words::mean(without, demand.total);
            text = format!("{text}; adding {name} lowers it from {without}");
        }
    }
    let mut because = Because::new(text);
    if answer.bound < answer.value {
        let bound = words::mean(answer.bound, demand.total);
        because = because.and(format!(
            "the best found, not proven: no choice can be below {bound}"
        ));
    }
    if !demand.given {
        because = because.and("no audience is given, so every region counts the same");
    }
    because
}

/// Active-passive: the one region that serves comes first, the others stand by, nearest first.
fn one_serves(
    ground: &Ground<'_>,
    service: &Service,
    allowed: &Allowed<'_>,
    demand: &Demand,
    from: &[usize],
    (locked, bent): (Option<&[usize]>, &Bent),
    mut because: Because,
) -> Option<(Vec<usize>, Because)> {
    let alone = |r: usize| value(&demand.by_region, &[r], &ground.costs);
    let mut among = from.to_vec();
    among.sort_unstable();
    let nearest = from.iter().copied().min_by_key(|&r| (alone(r), r));
    let may = |r: &usize| !bent.idle.contains(r);
    let best = from
        .iter()
        .copied()
        .filter(may)
        .min_by_key(|&r| (!allowed.serves(r, &among), alone(r), r))?;
    let pinned = service.stores.iter().find_map(|s| s.leader.as_ref());
    let pinned = pinned.and_then(|l| ground.index(l.value.as_str()));
    let kept = locked
        .and_then(|l| l.first().copied())
        .filter(|&l| !ground.rebalance || alone(l) == alone(best))
        .filter(|&l| allowed.serves(l, &among) || !allowed.serves(best, &among));
    let named = matches!(service.placement.regions, RegionChoice::Named(_));
    let inside = |r: Option<usize>| r.filter(|r| from.contains(r) && may(r));
    let primary = if named {
        from.first().copied().unwrap_or(best)
    } else {
        inside(pinned).or(inside(kept)).unwrap_or(best)
    };
    let name = ground.names[primary];
    let mean = words::mean(alone(primary), demand.total);
    because = because.and(if named {
        format!("{name} is named first and serves, at a weighted round trip of {mean}")
    } else if inside(pinned).is_some() {
        format!("{name} serves because a store's leader is set there")
    } else if inside(kept).is_some() && primary != best {
        let better = words::mean(alone(best), demand.total);
        format!(
            "{name} serves as in the lock at {mean}; {} would at {better} (--rebalance accepts)",
            ground.names[best]
        )
    } else {
        match nearest.filter(|&n| alone(n) < alone(primary)) {
            None => format!("{name} serves: alone it has the smallest weighted round trip, {mean}"),
            Some(nearest) => format!(
                "{name} serves at {mean}; {} would at {}, and break an enforced budget or what a store asks for",
                ground.names[nearest],
                words::mean(alone(nearest), demand.total)
            ),
        }
    });
    let mut standby = standbys(ground, service, primary, from, locked, bent.least);
    if !standby.is_empty() {
        because = because.and(match standby.as_slice() {
            [one] => format!("{} stands by", ground.names[*one]),
            many => format!("{} stand by, nearest first", ground.list(many)),
        });
    }
    standby.insert(0, primary);
    Some((standby, because))
}

/// The regions that stand by for one that serves, nearest first; those of the lock stay.
pub(super) fn standbys(
    ground: &Ground<'_>,
    service: &Service,
    primary: usize,
    from: &[usize],
    locked: Option<&[usize]>,
    least: usize,
) -> Vec<usize> {
    let near = |r: usize| (ground.costs[primary][r], r);
    let mut standby: Vec<usize> = from.iter().copied().filter(|&r| r != primary).collect();
    if let RegionChoice::Count { at_least, at_most } = service.placement.regions {
        let was = |r: &usize| !ground.rebalance && locked.is_some_and(|l| l.contains(r));
        standby.sort_by_key(|&r| (!was(&r), near(r)));
        let kept = standby.iter().filter(|r| was(r)).count() + 1;
        let most = at_most.max(1) as usize;
        let least = (at_least.max(1) as usize).max(least).min(most);
        standby.truncate(kept.clamp(least, most) - 1);
    }
    standby.sort_by_key(|&r| near(r));
    standby
}
