//! One service of a journey to the ways in which it may be placed and its stores be led.
//!
//! Each keeps what the service itself asks for: legal regions, enough of them, its enforced budgets,
//! its stores. In order of what they cost the service: decisions of the lock that move, its weighted
//! round trip, the weighted latency of its stores; then fewer regions, then names.

use std::collections::BTreeMap;
use std::ops::{Add, Sub};

use crate::engine::{self, Scheme};
use crate::model::plan::StorePlan;
use crate::model::world::{PlacementMode, RegionChoice, Store};
use crate::plan::Placed;
use crate::plan::allowed::Allowed;
use crate::plan::budget::Decided;
use crate::plan::choose::{self, Chosen};
use crate::plan::ground::Ground;
use crate::plan::legal::Candidate;
use crate::plan::search::value;
use crate::plan::store::{self, Question};
use crate::plan::words;

use super::course::Net;

/// How many sets of regions of one service are looked at.
const SETS: usize = 4_000;

/// What a choice costs, the first counting most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// Decisions that differ from the lock's.
    pub moves: u64,
    /// The weighted round trip in nanoseconds.
    pub reads: u64,
    /// The weighted latencies of the stores, in nanoseconds.
    pub stores: u64,
}

impl Add for Rank {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            moves: self.moves + other.moves,
            reads: self.reads.saturating_add(other.reads),
            stores: self.stores.saturating_add(other.stores),
        }
    }
}

impl Sub for Rank {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            moves: self.moves - other.moves,
            reads: self.reads.saturating_sub(other.reads),
            stores: self.stores.saturating_sub(other.stores),
        }
    }
}

/// One way to place a service and to lead its stores.
pub(super) struct Choice<'a> {
    pub chosen: Chosen,
    pub rank: Rank,
    /// The stores that journeys use.
    pub stores: Vec<Decided<'a>>,
}

/// All ways that were looked at, the best for the service first.
pub(super) struct Choices<'a> {
    pub all: Vec<Choice<'a>>,
    /// Whether there are no others.
    pub complete: bool,
}

/// Regions, and those of them that serve.
type Set = (Vec<usize>, Vec<usize>);

/// A service whose ways are asked for.
pub(super) struct Free<'p, 'a> {
    pub net: Net<'p, 'a>,
    pub placed: &'p Placed<'a>,
    pub candidates: &'p [Candidate],
    /// The stores that journeys use, by index.
    pub used: &'p [usize],
    /// Regions, the most promising first: where not all sets can be looked at, sets of these.
    pub near: &'p [usize],
    /// A region that it is to be in although it does not say so.
    pub more: Option<usize>,
}

impl<'a> Free<'_, 'a> {
    /// The ways.
    pub(super) fn choices(&self) -> Choices<'a> {
        let ground = self.net.ground;
        let placed = self.placed;
        let allowed = Allowed::of(ground, placed.service, &placed.demand);
        let now = &placed.chosen;
        let mut all = Vec::new();
        if self.more.is_none() {
            all.extend(self.led(now));
        }
        // What does not keep what its service asks for is told by that, and changed by nothing here.
        if self.more.is_none() && allowed.broken(&now.regions, &now.serving) {
            let complete = true;
            all.truncate(1);
            return Choices { all, complete };
        }
        let (sets, complete) = self.sets();
        for (regions, serving) in sets {
            let is_now = regions == now.regions && serving == now.serving;
            if (is_now && self.more.is_none()) || allowed.broken(&regions, &serving) {
                continue;
            }
            all.extend(self.led(&Chosen {
                regions,
                serving,
                sound: self.placed.chosen.sound,
                exact: self.placed.chosen.exact,
                ..Chosen::default()
            }));
        }
        all.sort_by(|a, b| {
            let key = |c: &Choice<'_>| (c.rank, c.chosen.regions.len());
            let names = |c: &Choice<'_>| (c.chosen.regions.clone(), c.chosen.leaders.clone());
            key(a).cmp(&key(b)).then_with(|| names(a).cmp(&names(b)))
        });
        Choices { all, complete }
    }

    /// Sets of regions with those that serve, and whether there are no others.
    fn sets(&self) -> (Vec<Set>, bool) {
        let (ground, service) = (self.net.ground, self.placed.service);
        let may = |r: &usize| self.candidates[*r].legal();
        let legal: Vec<usize> = (0..self.candidates.len()).filter(may).collect();
        let now = &self.placed.chosen;
        let named = matches!(service.placement.regions, RegionChoice::Named(_));
        if service.placement.mode == PlacementMode::ActivePassive {
            if named {
                // The one that is named first serves.
                return (vec![(now.regions.clone(), now.serving.clone())], true);
            }
            let locked = self.locked();
            let with = |&primary: &usize| {
                let standby =
                    choose::standbys(ground, service, primary, &legal, locked.as_deref(), 0);
                let mut regions = vec![primary];
                regions.extend(standby);
                (regions, vec![primary])
            };
            return (legal.iter().map(with).collect(), true);
        }
        let same = |regions: Vec<usize>| (regions.clone(), regions);
        let (at_least, at_most) = match service.placement.regions {
            RegionChoice::Named(_) => {
                let mut regions = now.regions.clone();
                regions.extend(self.more.filter(|more| !regions.contains(more)));
                return (vec![same(regions)], true);
            }
            RegionChoice::All => {
                let mut regions = now.regions.clone();
                regions.extend(self.more.filter(|more| !regions.contains(more)));
                regions.sort_unstable();
                return (vec![same(regions)], true);
            }
            RegionChoice::Count { at_least, at_most } => {
                let most = (at_most as usize).min(legal.len());
                (at_least.max(1) as usize, most)
            }
        };
        let mut pool: Vec<usize> = self.more.into_iter().filter(may).collect();
        for r in self.near.iter().chain(&legal) {
            let more = pool.len() + 1;
            if pool.contains(r) || !may(r) || number(more, at_least, at_most) > SETS {
                continue;
            }
            pool.push(*r);
        }
        pool.sort_unstable();
        let complete = pool.len() == legal.len();
        let mut sets = Vec::new();
        for size in at_least..=at_most {
            subsets(&pool, size, &mut Vec::new(), &mut sets);
        }
        if let Some(more) = self.more {
            sets.retain(|set| set.contains(&more));
        }
        (sets.into_iter().map(same).collect(), complete)
    }

    fn locked(&self) -> Option<Vec<usize>> {
        let ground = self.net.ground;
        let locked = ground.lock?.services.get(&self.placed.key.to_string())?;
        let regions = locked.regions.iter().filter_map(|r| ground.index(r));
        Some(regions.collect())
    }

    /// A choice of regions with every choice of leaders of the stores that journeys use.
    fn led(&self, chosen: &Chosen) -> Vec<Choice<'a>> {
        let mut ways = vec![chosen.leaders.clone()];
        for &store in self.used {
            let declared = &self.placed.service.stores[store];
            if leads_freely(declared) && chosen.serving.len() > 1 {
                let with = |way: BTreeMap<usize, usize>| {
                    chosen.serving.iter().map(move |&leader| {
                        let mut way = way.clone();
                        way.insert(store, leader);
                        way
                    })
                };
                ways = ways.into_iter().flat_map(with).collect();
            }
        }
        let ways = ways.into_iter().map(|leaders| Chosen {
            leaders,
            ..chosen.clone()
        });
        ways.filter_map(|chosen| self.choice(chosen)).collect()
    }

    /// `None` where a store cannot be led so.
    fn choice(&self, chosen: Chosen) -> Option<Choice<'a>> {
        let (ground, placed) = (self.net.ground, self.placed);
        let sum = value(&placed.demand.by_region, &chosen.serving, &ground.costs);
        let mut rank = Rank {
            moves: u64::from(self.moves(&chosen)),
            reads: words::mean_ns(sum, placed.demand.total),
            stores: 0,
        };
        let mut stores = Vec::new();
        for (index, declared) in placed.service.stores.iter().enumerate() {
            let question = Question {
                key: placed.key.store(&declared.name.value),
                index,
                service: placed.service,
                chosen: &chosen,
                demand: &placed.demand,
                candidates: self.candidates,
                conflict: &placed.why.conflict,
            };
            let decided = store::kept(ground, &question)?;
            let objective = decided.objective_ns.unwrap_or_default();
            rank.stores = rank.stores.saturating_add(objective);
            let locked = ground.lock.filter(|_| !ground.rebalance);
            let locked = locked.and_then(|l| l.stores.get(&question.key.to_string()));
            let leads = decided.leader.as_ref().map(|l| l.as_str());
            let moves = locked.is_some_and(|l| l.leader.as_deref() != leads);
            rank.moves += u64::from(moves);
            if self.used.contains(&index) {
                stores.extend(self.decided(declared, &decided));
            }
        }
        Some(Choice {
            chosen,
            rank,
            stores,
        })
    }

    fn moves(&self, chosen: &Chosen) -> bool {
        let Some(mut before) = self.locked().filter(|_| !self.net.ground.rebalance) else {
            return false;
        };
        let mut after = chosen.regions.clone();
        let serves =
            chosen.serving.len() == chosen.regions.len() || before.first() == after.first();
        before.sort_unstable();
        after.sort_unstable();
        before != after || !serves
    }

    fn decided(&self, declared: &'a Store, plan: &StorePlan) -> Vec<Decided<'a>> {
        Decided::parts(self.net.ground, self.net.legs, declared, plan)
    }
}

/// Whether the plan decides where it is led.
fn leads_freely(store: &Store) -> bool {
    let scheme = matches!(engine::scheme(store), Scheme::Primary | Scheme::Quorum);
    scheme && store.leader.is_none() && store.shards.is_empty()
}

/// How many sets of some sizes there are of so many regions.
fn number(of: usize, at_least: usize, at_most: usize) -> usize {
    let sets = |size: usize| {
        (0..size).fold(1_usize, |sets, i| {
            sets.saturating_mul(of.saturating_sub(i)) / (i + 1)
        })
    };
    let all = (at_least..=at_most).map(sets);
    all.fold(0, usize::saturating_add)
}

/// All sets of a size, in order of name.
fn subsets(pool: &[usize], size: usize, picked: &mut Vec<usize>, sets: &mut Vec<Vec<usize>>) {
    if size == 0 {
        sets.push(picked.clone());
        return;
    }
    for (i, &region) in pool.iter().enumerate() {
        if pool.len() - i < size {
            return;
        }
        picked.push(region);
        subsets(&pool[i + 1..], size - 1, picked, sets);
        picked.pop();
    }
}

impl Ground<'_> {
    /// Regions in order of what they promise a journey: given ones, then those nearest to users.
    pub(super) fn promising(&self, first: &[usize], users: &[usize]) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::with_capacity(self.names.len());
        let mut rest: Vec<usize> = (0..self.names.len()).collect();
        let near = |r: usize| users.iter().map(|&u| self.costs[u][r]).min().unwrap_or(0);
        rest.sort_by_key(|&r| (near(r), r));
        for &r in first.iter().chain(&rest) {
            if !order.contains(&r) {
                order.push(r);
            }
        }
        order
    }
}
