//! Choices made together to what they mean for everyone, and to the decisions of their services.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::ServiceKey;
use crate::model::plan::{Because, Quantile};
use crate::model::world::Estimate;
use crate::plan::amount::Room;
use crate::plan::budget::limit;
use crate::plan::ground::Ground;
use crate::plan::search::value;
use crate::plan::store;
use crate::plan::{Placed, failover, place, words};

use super::choices::Choice;
use super::course::Net;
use super::path::question;
use super::search::Member;

/// Everyone as before, and what did not hold then.
pub(super) struct Others<'p, 'a> {
    net: Net<'p, 'a>,
    placed: &'p [Placed<'a>],
    slots: Vec<usize>,
    by_key: BTreeMap<&'a ServiceKey, usize>,
    /// Services without room after the loss of a region; nothing where no cluster has limits.
    lacked: Option<BTreeSet<(usize, usize)>>,
    /// Enforced budgets for calls to other regions that were over.
    over: BTreeSet<Crossing>,
}

/// A caller, its call, and a percentile.
type Crossing = (usize, usize, Quantile);

impl<'p, 'a> Others<'p, 'a> {
    pub(super) fn new(
        net: Net<'p, 'a>,
        placed: &'p [Placed<'a>],
        slots: &[usize],
        room: &Room,
    ) -> Self {
        let all: Vec<&Placed<'a>> = placed.iter().collect();
        let lacks = || {
            failover::lacks(net.ground, &all, room)
                .into_iter()
                .collect()
        };
        let mut others = Self {
            net,
            placed,
            slots: slots.to_vec(),
            by_key: placed.iter().enumerate().map(|(i, p)| (p.key, i)).collect(),
            lacked: room.limited().then(lacks),
            over: BTreeSet::new(),
        };
        others.over = others.crossings(&all);
        others
    }

    /// Whether choices leave everyone with what held before: room after the loss of a region, and
    /// enforced budgets for calls to other regions.
    pub(super) fn accept(&self, members: &[Member<'a>], picked: &[usize], left: &Room) -> bool {
        let made = members.iter().zip(picked).zip(&self.slots);
        let made: Vec<Placed<'a>> = made
            .map(|((member, &picked), &slot)| {
                let choice = &member.choices[picked];
                as_chosen(self.net.ground, member, choice, &self.placed[slot])
            })
            .collect();
        let mut all: Vec<&Placed<'a>> = self.placed.iter().collect();
        for (one, &slot) in made.iter().zip(&self.slots) {
            all[slot] = one;
        }
        if !self.crossings(&all).is_subset(&self.over) {
            return false;
        }
        let Some(lacked) = &self.lacked else {
            return true;
        };
        let mut room = left.clone();
        made.iter().for_each(|one| one.occupy(&mut room));
        let lacks = failover::lacks(self.net.ground, &all, &room);
        lacks.iter().all(|lack| lacked.contains(lack))
    }

    /// The enforced budgets for calls from or to members that are over.
    fn crossings(&self, all: &[&Placed<'a>]) -> BTreeSet<Crossing> {
        let Net { ground, legs } = self.net;
        let exempt = ground.world.fleet.network.estimate != Estimate::Enforce;
        let mut over = BTreeSet::new();
        for (slot, caller) in all.iter().enumerate() {
            let budget = &caller.service.budget;
            let Some(asked) = budget.cross_region.as_ref().filter(|_| budget.enforce) else {
                continue;
            };
            for (index, call) in caller.service.calls.iter().enumerate() {
                let key = ServiceKey::new(&call.service.value, &caller.service.environment);
                let Some(&callee) = self.by_key.get(&key) else {
                    continue;
                };
                if !self.slots.contains(&slot) && !self.slots.contains(&callee) {
                    continue;
                }
                let serving = &all[callee].chosen.serving;
                for &from in caller
                    .chosen
                    .serving
                    .iter()
                    .filter(|f| !serving.contains(f))
                {
                    let Some(to) = ground.nearest(from, serving) else {
                        continue;
                    };
                    for quantile in Quantile::ALL {
                        let leg = legs.at(quantile, from, to);
                        let most = limit(asked.value, quantile);
                        let most = most.map_or(u64::MAX, |l| l.as_millis().saturating_mul(1000));
                        if leg.micros > most && !(exempt && leg.source.estimated()) {
                            over.insert((slot, index, quantile));
                        }
                    }
                }
            }
        }
        over
    }
}

/// A service with a choice of its regions and leaders.
fn as_chosen<'a>(
    ground: &Ground<'a>,
    member: &Member<'a>,
    choice: &Choice<'a>,
    was: &Placed<'a>,
) -> Placed<'a> {
    Placed {
        key: was.key,
        service: was.service,
        demand: was.demand.clone(),
        candidates: member.candidates.clone(),
        chosen: choice.chosen.clone(),
        rests_on: was.rests_on,
        served: place::served(ground, &was.demand, &choice.chosen.serving),
        why: was.why.clone(),
    }
}

/// A service with what was chosen for it, and why; as it was where it keeps its regions.
pub(super) fn settled<'a>(
    ground: &Ground<'a>,
    member: &Member<'a>,
    picked: usize,
    was: &Placed<'a>,
    proven: bool,
    why: impl Fn(&str) -> String,
) -> Placed<'a> {
    let mut one = as_chosen(ground, member, &member.choices[picked], was);
    let same = one.chosen.regions == was.chosen.regions;
    if same {
        let leaders = std::mem::take(&mut one.chosen.leaders);
        one = was.clone();
        one.chosen.leaders = leaders;
    } else {
        let mean = |serving: &[usize]| {
            let sum = value(&one.demand.by_region, serving, &ground.costs);
            words::mean(sum, one.demand.total)
        };
        let name = one.service.name.value.as_str();
        let (now, before) = (&one.chosen.serving, &was.chosen.serving);
        let because = Because::new(format!(
            "{} at a weighted round trip of {}, {}",
            ground.list(now),
            mean(now),
            why(name)
        ));
        let because = match mean(now) == mean(before) {
            true => because,
            false => because.and(format!(
                "by itself it would serve from {} at {}",
                ground.list(before),
                mean(before)
            )),
        };
        one.chosen.because = because;
        // By itself it can do no better than it did by itself, or than everywhere at once.
        let bound = |serving: &[usize]| value(&was.demand.by_region, serving, &ground.costs);
        let free = ground.lock.is_none() || ground.rebalance;
        let legal = (0..one.candidates.len()).filter(|&r| one.candidates[r].legal());
        one.chosen.bound = match proven {
            true => None,
            false if free => Some(was.chosen.bound.unwrap_or_else(|| bound(before))),
            false => Some(bound(&legal.collect::<Vec<_>>())),
        };
    }
    // What would be led there anyway is not led there for a journey.
    for (store, leader) in one.chosen.leaders.clone() {
        let led = |one: &Placed<'_>| {
            let plan = store::quietly(ground, &question(one, store))?;
            ground.index(plan.leader?.as_str())
        };
        one.chosen.leaders.remove(&store);
        if led(&one) != Some(leader) {
            one.chosen.leaders.insert(store, leader);
        }
    }
    one
}
