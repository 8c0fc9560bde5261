//! Sticky decisions that differ from those before, with what each gains and costs.

mod order;
mod parts;
mod steps;

use std::collections::BTreeSet;

use crate::model::lock::{Lock, LockedStore};
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
        let first_of_service = moves.len();
        moves.extend(regions(ground, service, before, after).map(|one| Move {
            service: Some(service.key.clone()),
            ..one
        }));
        for (index, declared) in service.service.stores.iter().enumerate() {
            let key = service.key.store(&declared.name.value);
            let old = before.stores.get(&key.to_string());
            if let (Some(old), Some(new)) = (old, after.stores.get(&key)) {
                let question = Question {
                    key,
                    index,
                    service: service.service,
                    chosen: &service.chosen,
                    demand: &service.demand,
                    candidates: &service.candidates,
                    conflict: &service.why.conflict,
                };
                let one = One {
                    ground,
                    placed: service,
                    declared,
                    question,
                    old,
                    new,
                    joined: order::joined(ground, service, before),
                };
                let first = moves.len();
                if old.shards.is_empty() && new.shards.is_empty() {
                    moves.extend(one.voters());
                    moves.extend(one.leader());
                } else {
                    moves.extend(parts::moves(&one));
                }
                moves.extend(one.clusters());
                for one in &mut moves[first..] {
                    one.service = Some(service.key.clone());
                    one.store = Some(declared.name.value.clone());
                }
            }
        }
        // A copy is told by the first move that makes it.
        let mut told = BTreeSet::new();
        for one in &mut moves[first_of_service..] {
            one.data
                .retain(|copy| told.insert((copy.store.clone(), copy.to.clone())));
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

fn regions(ground: &Ground<'_>, placed: &Placed<'_>, before: &Lock, after: &Plan) -> Option<Move> {
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
    let first = order::out_of(placed, before, after, &without(&was, &is));
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
        steps: steps::regions(placed.service, &was, &is, !data.is_empty(), &first),
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
    /// The regions that its service joins.
    joined: Vec<&'a str>,
}

impl One<'_> {
    /// Leader and voters as they were and as they are.
    fn objective(&self) -> Effect {
        let index = |name: &str| self.ground.index(name);
        let value = |leader: Option<&str>, voters: &[&str], within: &[usize]| {
            let voters: Option<Vec<usize>> = voters.iter().map(|v| index(v)).collect();
            store::value_with_ns(
                self.ground,
                &self.question,
                index(leader?)?,
                &voters?,
                within,
            )
        };
        // The lock's voters stood in the lock's regions.
        let held = self.old.replicas.iter().chain(&self.old.voters);
        let held: Vec<usize> = held.filter_map(|name| index(name)).collect();
        let old: Vec<&str> = self.old.voters.iter().map(String::as_str).collect();
        let new: Vec<&str> = self.new.voters.iter().map(|v| v.as_str()).collect();
        let leader = self.new.leader.as_ref().map(|l| l.as_str());
        Effect {
            of: store::term(self.declared),
            before_ns: value(self.old.leader.as_deref(), &old, &held),
            after_ns: value(leader, &new, &self.placed.chosen.regions),
        }
    }

    fn leader(&self) -> Option<Move> {
        let was = self.old.leader.as_deref()?;
        let is = self.new.leader.as_ref()?.as_str();
        if was == is {
            return None;
        }
        let known = self.ground.index(was);
        let chosen = &self.placed.chosen;
        let objective = self.objective();
        let named = self.declared.leader.as_ref();
        let why = match known {
            _ if named.is_some_and(|l| l.value.as_str() == is) => {
                format!("the store names {is}")
            }
            Some(r) if chosen.serving.contains(&r) => {
                match (objective.before_ns, objective.after_ns) {
                    (Some(from), Some(to)) if to < from => format!(
                        "the {} falls from {} to {}",
                        objective.of,
                        words::ms(from / 1000),
                        words::ms(to / 1000)
                    ),
                    _ => {
                        format!("{was} may no longer lead with the voters that the store asks for")
                    }
                }
            }
            Some(r) if chosen.regions.contains(&r) => format!("{was} no longer serves"),
            _ => gone(self.ground, self.placed, was)
                .unwrap_or_else(|| format!("{was} no longer holds the service")),
        };
        let mut steps = Vec::new();
        if !self.held(is) {
            let caught_up = format!("once the copy in {is} has caught up");
            steps.push(if !self.new.voters.is_empty() {
                format!("after `voters of {}`, {caught_up}", self.question.key)
            } else if self.joined.contains(&is) {
                format!("{}, {caught_up}", steps::after_joining(self.placed.key))
            } else {
                caught_up
            });
        }
        let switch = steps::leader(self.declared, was, is, known.is_some());
        steps.extend(switch.steps);
        Some(Move {
            what: format!("leader of {}", self.question.key),
            from: was.to_owned(),
            to: is.to_owned(),
            moves_data: true,
            objective: Some(objective),
            steps,
            reads: steps::READS_OF_LEADER.to_owned(),
            writes: switch.writes.to_owned(),
            because: Because::new(why),
            ..Move::default()
        })
    }

    /// Whether a region held the data before.
    fn held(&self, region: &str) -> bool {
        let lists = [&self.old.replicas, &self.old.voters];
        lists.into_iter().flatten().any(|r| r == region)
    }

    fn voters(&self) -> Option<Move> {
        let was: Vec<&str> = self.old.voters.iter().map(String::as_str).collect();
        let is: Vec<&str> = self.new.voters.iter().map(|v| v.as_str()).collect();
        let (go, come) = (without(&was, &is), without(&is, &was));
        // A lock of an older form has none: they are chosen, and nothing moves.
        if was.is_empty() || (go.is_empty() && come.is_empty()) {
            return None;
        }
        let mut because = Because::default();
        for name in once(&go) {
            let chosen = &self.placed.chosen.regions;
            let placed = self.ground.index(name).is_some_and(|r| chosen.contains(&r));
            because
                .0
                .extend(match gone(self.ground, self.placed, name) {
                    Some(reason) => Some(reason),
                    None if !placed => Some(format!("{name} no longer holds the service")),
                    None => None,
                });
        }
        let leads = self.new.leader.as_ref().map(|l| l.as_str()) == self.old.leader.as_deref();
        let objective = leads.then(|| self.objective());
        if because.0.is_empty() {
            let sizes = (was.len(), is.len());
            because = because.and(match sizes.0 == sizes.1 {
                true => {
                    "the voters of the lock are not the best, or may not vote together".to_owned()
                }
                false => format!("the store asks for {} in place of {}", sizes.1, sizes.0),
            });
        }
        let data = come
            .iter()
            .filter(|name| !self.held(name))
            .map(|name| copied(self.placed, self.declared, name))
            .collect::<Vec<_>>();
        Some(Move {
            what: format!("voters of {}", self.question.key),
            from: words::list(was.iter().copied()),
            to: words::list(is.iter().copied()),
            moves_data: true,
            objective,
            data,
            steps: self.voting(&go, &come),
            reads: steps::READS_OF_VOTERS.to_owned(),
            writes: steps::WRITES_OF_VOTERS.to_owned(),
            because,
            ..Move::default()
        })
    }

    /// How voters change, after their regions were joined.
    fn voting(&self, go: &[&str], come: &[&str]) -> Vec<String> {
        let joins = come.iter().any(|name| self.joined.contains(name));
        let after = joins.then(|| steps::after_joining(self.placed.key));
        after.into_iter().chain(steps::voters(go, come)).collect()
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
                steps: steps::cluster(self.declared, was, is.as_str(), leads),
                reads: steps::READS_OF_CLUSTER.to_owned(),
                writes: if leads {
                    steps::WRITES_OF_CLUSTER.to_owned()
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

/// What of a list another one does not have, each as often as it is there.
fn without<'n>(all: &[&'n str], other: &[&str]) -> Vec<&'n str> {
    let mut left = other.to_vec();
    let mut rest = Vec::new();
    for name in all {
        match left.iter().position(|l| l == name) {
            Some(at) => {
                left.remove(at);
            }
            None => rest.push(*name),
        }
    }
    rest
}

/// Each name once, in order.
fn once<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let mut seen = BTreeSet::new();
    let names = names.iter().copied();
    names.filter(|name| seen.insert(*name)).collect()
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
