//! Sticky decisions that differ from those before, with what each gains and costs.

mod steps;

use crate::model::lock::{Lock, LockedStore};
use crate::model::name::StoreKey;
use crate::model::plan::{Because, Copied, Effect, Move, Plan, StorePlan};
use crate::model::world::{PlacementMode, Store};

use super::Placed;
use super::ground::Ground;
use super::search;
use super::store::{self, Question};
use super::words;

/// What a plan decides otherwise than `before`: by service, its regions before its stores.
pub(super) fn between(
    ground: &Ground<'_>,
    placed: &[Placed<'_>],
    before: &Lock,
    after: &Plan,
) -> Vec<Move> {
    let mut moves = Vec::new();
    let mut by_name: Vec<&Placed<'_>> = placed.iter().collect();
    by_name.sort_by_key(|p| p.key);
    for service in by_name {
        moves.extend(regions(ground, service, before));
        for (index, declared) in service.service.stores.iter().enumerate() {
            let key = StoreKey {
                service: service.key.clone(),
                store: declared.name.value.clone(),
            };
            let old = before.stores.get(&key.to_string());
            if let (Some(old), Some(new)) = (old, after.stores.get(&key)) {
                let question = Question {
                    key,
                    index,
                    service: service.service,
                    chosen: &service.chosen,
                    demand: &service.demand,
                    candidates: &service.candidates,
                };
                let one = One {
                    ground,
                    placed: service,
                    declared,
                    question,
                    old,
                    new,
                };
                moves.extend(one.leader());
                moves.extend(one.clusters());
            }
        }
    }
    moves
}

/// Why a region that was chosen is not any more; `None` where nothing stands against it.
fn gone(ground: &Ground<'_>, placed: &Placed<'_>, name: &str) -> Option<String> {
    let Some(region) = ground.index(name) else {
        return Some(format!("{name} is no longer a region of the fleet"));
    };
    let obstacle = placed.candidates[region].obstacles.first()?;
    Some(format!("{name} is out: {}", obstacle.reason))
}

fn regions(ground: &Ground<'_>, placed: &Placed<'_>, before: &Lock) -> Option<Move> {
    let was: Vec<&str> = before
        .services
        .get(&placed.key.to_string())?
        .regions
        .iter()
        .map(String::as_str)
        .collect();
    let chosen = &placed.chosen.regions;
    let is: Vec<&str> = chosen.iter().map(|&r| ground.names[r].as_str()).collect();
    let passive = placed.service.placement.mode == PlacementMode::ActivePassive;
    let serves_first = !passive || was.first() == is.first();
    if serves_first && is.iter().all(|n| was.contains(n)) && was.iter().all(|n| is.contains(n)) {
        return None;
    }
    let mut because = Because::default();
    for name in was.iter().filter(|n| !is.contains(n)) {
        because.0.extend(gone(ground, placed, name));
    }
    because.0.extend(placed.chosen.because.0.first().cloned());
    let known: Option<Vec<usize>> = was.iter().map(|n| ground.index(n)).collect();
    let serving = known.map(|all| match (passive, all.as_slice()) {
        (true, [first, ..]) => vec![*first],
        _ => all,
    });
    let mean = |regions: &[usize]| {
        let sum = search::value(&placed.demand.by_region, regions, &ground.costs);
        words::mean_ns(sum, placed.demand.total)
    };
    let added: Vec<usize> = chosen
        .iter()
        .copied()
        .filter(|&r| !was.contains(&ground.names[r].as_str()))
        .collect();
    let data: Vec<Copied> = added
        .iter()
        .flat_map(|&r| placed.service.stores.iter().map(move |s| (r, s)))
        .map(|(region, store)| copied(placed, store, ground.names[region].as_str()))
        .collect();
    let stays = was.iter().any(|n| is.contains(n));
    Some(Move {
        what: format!("regions of {}", placed.key),
        from: words::list(was.iter().copied()),
        to: words::list(is.iter().copied()),
        moves_data: !data.is_empty(),
        objective: Some(Effect {
            of: "weighted round trip".to_owned(),
            before_ns: serving.filter(|s| !s.is_empty()).map(|s| mean(&s)),
            after_ns: Some(mean(&placed.chosen.serving)),
        }),
        steps: steps::regions(placed.service, &was, &is, !data.is_empty()),
        reads: steps::reads_of_regions(stays).to_owned(),
        data,
        because,
        ..Move::default()
    })
}

/// One store, before and after.
struct One<'a> {
    ground: &'a Ground<'a>,
    placed: &'a Placed<'a>,
    declared: &'a Store,
    question: Question<'a>,
    old: &'a LockedStore,
    new: &'a StorePlan,
}

impl One<'_> {
    fn leader(&self) -> Option<Move> {
        let was = self.old.leader.as_deref()?;
        let is = self.new.leader.as_ref()?.as_str();
        if was == is {
            return None;
        }
        let known = self.ground.index(was);
        let chosen = &self.placed.chosen;
        let objective = Effect {
            of: store::term(self.declared),
            before_ns: known.and_then(|r| store::value_ns(self.ground, &self.question, r)),
            after_ns: self
                .ground
                .index(is)
                .and_then(|r| store::value_ns(self.ground, &self.question, r)),
        };
        let why = match known {
            _ if self.declared.leader.is_some() => format!("the store names {is}"),
            Some(r) if chosen.serving.contains(&r) => {
                let ms = |ns: Option<u64>| words::ms(ns.unwrap_or_default() / 1000);
                let (from, to) = (ms(objective.before_ns), ms(objective.after_ns));
                format!("the {} falls from {from} to {to}", objective.of)
            }
            Some(r) if chosen.regions.contains(&r) => format!("{was} no longer serves"),
            _ => gone(self.ground, self.placed, was)
                .unwrap_or_else(|| format!("{was} no longer holds the service")),
        };
        let held = [&self.old.replicas, &self.old.voters];
        let held = held.into_iter().flatten().any(|r| r == is);
        let mut steps = Vec::new();
        if !held {
            let key = self.placed.key;
            steps.push(format!(
                "after `regions of {key}`, once the copy in {is} has caught up"
            ));
        }
        steps.extend(steps::leader(was, is, known.is_some()));
        Some(Move {
            what: format!("leader of {}", self.question.key),
            from: was.to_owned(),
            to: is.to_owned(),
            moves_data: true,
            objective: Some(objective),
            steps,
            reads: steps::READS_OF_LEADER.to_owned(),
            writes: steps::WRITES_OF_LEADER.to_owned(),
            because: Because::new(why),
            ..Move::default()
        })
    }

    fn clusters(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        for (region, is) in &self.new.clusters {
            let Some(was) = self.old.clusters.get(region.as_str()) else {
                continue;
            };
            if was == is.as_str() {
                continue;
            }
            let leads = self.new.leader.as_ref() == Some(region);
            moves.push(Move {
                what: format!("{} in {region}", self.question.key),
                from: was.clone(),
                to: is.to_string(),
                moves_data: true,
                data: vec![copied(self.placed, self.declared, is.as_str())],
                steps: steps::cluster(was, is.as_str(), leads),
                reads: steps::READS_OF_CLUSTER.to_owned(),
                writes: if leads {
                    steps::WRITES_OF_LEADER.to_owned()
                } else {
                    String::new()
                },
                because: Because::new(format!("{was} can no longer hold it")),
                ..Move::default()
            });
        }
        moves
    }
}

fn copied(placed: &Placed<'_>, store: &Store, to: &str) -> Copied {
    Copied {
        store: format!("{}/{}", placed.key, store.name.value),
        to: to.to_owned(),
        instances: store.instances,
        size: store.size,
        at_most: store.size.times(u64::from(store.instances)),
    }
}
