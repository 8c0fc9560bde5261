//! What enforced budgets and stores ask of a choice of regions.
//!
//! The best choice is the best of those that keep both. Where there is none, it is the best of
//! those that keep the budget for reads, else of those that break it least: what is broken then is
//! told by the budgets and the stores themselves, as errors, and the limit that they name is the
//! smallest that can be kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{self, Scheme};
use crate::model::world::{PlacementMode, RegionChoice, Service, Store};

use super::ground::{Demand, Ground};
use super::legal::{Candidate, Constraint};
use super::search::{self, Answer, Outcome, Question, Searcher};
use super::store::{self, Inside, Limit};

/// What one service asks of its regions.
pub(super) struct Allowed<'a> {
    pub ground: &'a Ground<'a>,
    pub service: &'a Service,
    pub demand: &'a Demand,
    /// Stores that not every set of regions can hold, by index.
    stores: Vec<usize>,
}

/// The best choice, and what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub answer: Answer,
    /// Whether it keeps everything that is asked.
    pub sound: bool,
    /// Whether that nothing does is known by proof.
    pub exact: bool,
}

impl<'a> Allowed<'a> {
    pub(super) fn of(ground: &'a Ground<'a>, service: &'a Service, demand: &'a Demand) -> Self {
        let budget = &service.budget;
        let writes = budget.enforce && budget.write.is_some();
        let asks = |store: &Store| {
            let parted = !store.shards.is_empty();
            let limited = writes
                || engine::scheme(store) == Scheme::Quorum
                || store.synchronous > 0
                || store.survive.is_some()
                || store.leader.is_some();
            limited && !parted
        };
        let stores = service.stores.iter().enumerate();
        Self {
            ground,
            service,
            demand,
            stores: stores.filter(|(_, s)| asks(s)).map(|(i, _)| i).collect(),
        }
    }

    /// The best regions of a question.
    pub(super) fn best(&self, searcher: &mut Searcher, question: Question) -> Option<Choice> {
        let costs = &self.ground.costs;
        let near = Question {
            forbidden: self.too_far(&question),
            ..question.clone()
        };
        let nearest = searcher.answer(near.clone(), costs).best();
        if let Some(answer) = nearest.clone().filter(|a| self.holds(&a.regions)) {
            return Some(Choice {
                answer,
                sound: true,
                exact: true,
            });
        }
        let sound = match nearest.is_some() && self.may_hold(&question) {
            true => {
                let mut needing = self.needing(&near, &self.asked());
                needing.covers.extend(self.leading_reads(&near));
                search::admissible(&needing, costs, &mut |set| self.holds(set))
            }
            false => Outcome::None,
        };
        let exact = sound != Outcome::GaveUp;
        match sound.best() {
            Some(answer) => Some(Choice {
                answer,
                sound: true,
                exact,
            }),
            None => nearest
                .map(|answer| self.but_for_writes(&near).unwrap_or(answer))
                .or_else(|| self.least(searcher, &question))
                .or_else(|| searcher.answer(question, costs).best())
                .map(|answer| Choice {
                    answer,
                    sound: false,
                    exact,
                }),
        }
    }

    /// The best of those that can hold the stores but for the budget for writes: where that is what
    /// cannot be kept, nothing else is broken along with it.
    fn but_for_writes(&self, question: &Question) -> Option<Answer> {
        let budget = &self.service.budget;
        if !budget.enforce || budget.write.is_none() {
            return None;
        }
        let limits = Limit::ALL.into_iter().filter(|l| *l != Limit::Write);
        let limits: BTreeSet<Limit> = limits.collect();
        let limits = self.stores.iter().map(|&store| (store, limits.clone()));
        let limits = limits.collect();
        let costs = &self.ground.costs;
        let mut holds = |set: &[usize]| self.decided_under(set, set, &limits);
        let needing = self.needing(question, &limits);
        search::admissible(&needing, costs, &mut holds).best()
    }

    /// Whether any choice among these can hold the stores, as far as is seen at once: where more
    /// regions never stand in the way, what all of them cannot hold none of them can.
    fn may_hold(&self, question: &Question) -> bool {
        let mut all: Vec<usize> = question.candidates.clone();
        all.extend(&question.fixed);
        !self.monotone(question.at_least) || self.holds(&self.question(&all).candidates)
    }

    /// The best regions under the smallest limits on reads that any can keep: the median's first,
    /// then that of the 99th percentile.
    fn least(&self, searcher: &mut Searcher, question: &Question) -> Option<Answer> {
        let written = self.limits()?;
        let mut limits = written.map(|limit| limit.map(|_| u64::MAX));
        let mut best = None;
        for tail in [false, true] {
            let Some(limit) = written[usize::from(tail)] else {
                continue;
            };
            let costs = self.ground.enforced(tail);
            let pairs = self.pairs(question);
            let mut steps: Vec<u64> = pairs.map(|(from, to)| costs[from][to]).collect();
            steps.push(limit);
            steps.retain(|step| *step >= limit);
            steps.sort_unstable();
            steps.dedup();
            let mut keeps = |limit: u64| {
                let mut limits = limits;
                limits[usize::from(tail)] = Some(limit);
                let asked = Question {
                    forbidden: self.beyond(question, limits),
                    ..question.clone()
                };
                searcher.answer(asked, &self.ground.costs).best()
            };
            let (mut low, mut high) = (0, steps.len());
            while low < high {
                let middle = low.midpoint(high);
                match keeps(steps[middle]) {
                    Some(answer) => {
                        best = Some(answer);
                        high = middle;
                    }
                    None => low = middle + 1,
                }
            }
            limits[usize::from(tail)] = steps.get(low).copied();
        }
        best
    }

    /// Of regions that the service does not allow, the one with which the enforced budget for reads
    /// is kept at the smallest value; `None` where it is kept already, or none alone helps.
    pub(super) fn helps(
        &self,
        searcher: &mut Searcher,
        candidates: &[Candidate],
        serving: &[usize],
    ) -> Option<usize> {
        if !self.breaks(serving) {
            return None;
        }
        let legal = |r: &usize| candidates[*r].legal();
        let asked = match (self.service.placement.mode, &self.service.placement.regions) {
            // The regions that are there stay, and one comes in addition.
            (PlacementMode::ActiveActive, RegionChoice::All | RegionChoice::Named(_)) => Question {
                fixed: self.question(serving).candidates,
                candidates: Vec::new(),
                at_most: serving.len() + 1,
                ..self.question(serving)
            },
            (PlacementMode::ActiveActive, RegionChoice::Count { at_least, at_most }) => Question {
                candidates: (0..candidates.len()).filter(legal).collect(),
                at_least: *at_least as usize,
                at_most: *at_most as usize,
                ..self.question(&[])
            },
            // One serves.
            (PlacementMode::ActivePassive, _) => Question {
                at_most: 1,
                ..self.question(&[])
            },
        };
        let may = |r: &usize| {
            let mut obstacles = candidates[*r].obstacles.iter();
            !asked.candidates.contains(r)
                && !asked.fixed.contains(r)
                && obstacles.all(|o| o.constraint == Constraint::From)
        };
        let with = |region: usize| {
            let mut asked = asked.clone();
            asked.candidates.push(region);
            asked.candidates.sort_unstable();
            asked.forbidden = self.too_far(&asked);
            let answer = searcher.answer(asked, &self.ground.costs).best()?;
            Some((answer.value, region))
        };
        let others = (0..candidates.len()).filter(may);
        others.filter_map(with).min().map(|(_, region)| region)
    }

    /// Whether a choice breaks the enforced budget for reads, or what a store asks for.
    pub(super) fn broken(&self, regions: &[usize], serving: &[usize]) -> bool {
        let sorted = |of: &[usize]| self.question(of).candidates;
        self.breaks(serving) || !self.decided(&sorted(regions), &sorted(serving))
    }

    /// Stores that not every set of regions can hold, by index.
    pub(super) fn stores(&self) -> &[usize] {
        &self.stores
    }

    /// Whether some users are too far from all of these regions.
    pub(super) fn breaks(&self, serving: &[usize]) -> bool {
        let question = self.question(serving);
        let too_far = self.too_far(&question);
        let mut users = question.demand.iter().filter(|(_, weight)| *weight > 0);
        users.any(|&(from, _)| serving.iter().all(|&to| too_far.contains(&(from, to))))
    }

    /// A question whose candidates are these regions.
    pub(super) fn question(&self, regions: &[usize]) -> Question {
        let mut candidates = regions.to_vec();
        candidates.sort_unstable();
        Question {
            demand: self.demand.by_region.clone(),
            candidates,
            ..Question::default()
        }
    }

    /// Whether a region alone may serve, while the nearest of these stand by, as many as may.
    pub(super) fn serves(&self, region: usize, among: &[usize]) -> bool {
        let most = match self.service.placement.regions {
            RegionChoice::Count { at_most, .. } => at_most as usize,
            RegionChoice::All | RegionChoice::Named(_) => among.len(),
        };
        self.too_far(&self.question(&[region])).is_empty()
            && self.decided(&self.with_standbys(region, among, most), &[region])
    }

    /// A region and those of others that are nearest to it, so many in all, ascending.
    pub(super) fn with_standbys(&self, region: usize, among: &[usize], most: usize) -> Vec<usize> {
        let costs = &self.ground.costs[region];
        let mut others: Vec<usize> = among.iter().copied().filter(|&r| r != region).collect();
        others.sort_by_key(|&r| (costs[r], r));
        others.truncate(most.saturating_sub(1));
        others.push(region);
        others.sort_unstable();
        others
    }

    /// Demand that may not be served by a candidate, for the enforced budget for reads.
    fn too_far(&self, question: &Question) -> Vec<(usize, usize)> {
        match self.limits() {
            Some(limits) => self.beyond(question, limits),
            None => Vec::new(),
        }
    }

    /// The enforced limits on reads in microseconds: of the median, of the 99th percentile.
    pub(super) fn limits(&self) -> Option<[Option<u64>; 2]> {
        let budget = self.service.budget.read.as_ref();
        let budget = budget.filter(|_| self.service.budget.enforce && self.demand.given)?;
        let limits = [budget.value.p50, budget.value.p99];
        Some(limits.map(|l| l.map(|l| l.as_millis().saturating_mul(1000))))
    }

    /// Users and regions that are farther apart than some limits, ascending.
    pub(super) fn beyond(
        &self,
        question: &Question,
        limits: [Option<u64>; 2],
    ) -> Vec<(usize, usize)> {
        let over = |from: usize, to: usize| {
            let mut both = limits.iter().enumerate();
            both.any(|(i, limit)| {
                limit.is_some_and(|limit| self.ground.enforced(i == 1)[from][to] > limit)
            })
        };
        self.pairs(question)
            .filter(|&(from, to)| over(from, to))
            .collect()
    }

    /// Users and regions that may serve them, ascending.
    fn pairs(&self, question: &Question) -> impl Iterator<Item = (usize, usize)> {
        let mut regions: Vec<usize> = question.candidates.clone();
        regions.extend(&question.fixed);
        regions.sort_unstable();
        let users: Vec<usize> = question
            .demand
            .iter()
            .filter(|(_, weight)| *weight > 0)
            .map(|(from, _)| *from)
            .collect();
        users
            .into_iter()
            .flat_map(move |from| regions.clone().into_iter().map(move |to| (from, to)))
    }

    /// Whether every store can be decided inside some regions, ascending, that all serve.
    fn holds(&self, regions: &[usize]) -> bool {
        self.decided(regions, regions)
    }

    fn decided(&self, regions: &[usize], serving: &[usize]) -> bool {
        self.reads_lead(serving) && self.decided_under(regions, serving, &self.asked())
    }

    /// The limits of every store that count.
    fn asked(&self) -> BTreeMap<usize, BTreeSet<Limit>> {
        let asked = |store| store::asked(self.ground, self.service, store);
        let limits = self.stores.iter().map(|&store| (store, asked(store)));
        limits.collect()
    }

    /// The same under some of the stores' limits.
    pub(super) fn decided_under(
        &self,
        regions: &[usize],
        serving: &[usize],
        limits: &BTreeMap<usize, BTreeSet<Limit>>,
    ) -> bool {
        limits.iter().all(|(&store, limits)| {
            let inside = Inside {
                service: self.service,
                store,
                demand: self.demand,
                regions,
                serving,
            };
            store::feasible(self.ground, &inside, limits)
        })
    }
}
