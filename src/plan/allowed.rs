//! What enforced budgets and stores ask of a choice of regions.
//!
//! The best choice is the best of those that keep both. Where there is none, it is the best of
//! those that keep the budget for reads, else of all: what is broken then is told by the budgets
//! and the stores themselves, as errors.

use crate::engine::{self, Scheme};
use crate::model::world::{Service, Store};

use super::ground::{Demand, Ground};
use super::search::{self, Answer, Question, Searcher};
use super::store::{self, Inside, Limit};

/// What one service asks of its regions.
pub(super) struct Allowed<'a> {
    ground: &'a Ground<'a>,
    service: &'a Service,
    demand: &'a Demand,
    /// Stores that not every set of regions can hold, by index.
    stores: Vec<usize>,
}

/// The best choice, and what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub answer: Answer,
    /// Whether it keeps everything that is asked.
    pub sound: bool,
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
            });
        }
        let sound = nearest
            .is_some()
            .then(|| search::admissible(&near, costs, &mut |set| self.holds(set)).best())
            .flatten();
        match sound {
            Some(answer) => Some(Choice {
                answer,
                sound: true,
            }),
            None => nearest
                .or_else(|| searcher.answer(question, costs).best())
                .map(|answer| Choice {
                    answer,
                    sound: false,
                }),
        }
    }

    /// Whether a region alone may serve, while others of these stand by.
    pub(super) fn serves(&self, region: usize, among: &[usize]) -> bool {
        let question = Question {
            demand: self.demand.by_region.clone(),
            candidates: vec![region],
            ..Question::default()
        };
        self.too_far(&question).is_empty() && self.decided(among, &[region])
    }

    /// Demand that may not be served by a candidate, for the enforced budget for reads.
    fn too_far(&self, question: &Question) -> Vec<(usize, usize)> {
        let budget = self.service.budget.read.as_ref();
        let budget = budget.filter(|_| self.service.budget.enforce && self.demand.given);
        let Some(budget) = budget else {
            return Vec::new();
        };
        let limits = [budget.value.p50, budget.value.p99];
        let limits = limits.map(|l| l.map(|l| l.as_millis().saturating_mul(1000)));
        let over = |from: usize, to: usize| {
            let mut both = limits.iter().enumerate();
            both.any(|(i, limit)| {
                limit.is_some_and(|limit| self.ground.enforced(i == 1)[from][to] > limit)
            })
        };
        let mut regions: Vec<usize> = question.candidates.clone();
        regions.extend(&question.fixed);
        regions.sort_unstable();
        let demand = question.demand.iter().filter(|(_, weight)| *weight > 0);
        demand
            .flat_map(|&(from, _)| regions.iter().map(move |&to| (from, to)))
            .filter(|&(from, to)| over(from, to))
            .collect()
    }

    /// Whether every store can be decided inside some regions, ascending, that all serve.
    fn holds(&self, regions: &[usize]) -> bool {
        self.decided(regions, regions)
    }

    fn decided(&self, regions: &[usize], serving: &[usize]) -> bool {
        let limits = Limit::ALL.into();
        self.stores.iter().all(|&store| {
            let inside = Inside {
                service: self.service,
                store,
                demand: self.demand,
                regions,
                serving,
            };
            store::feasible(self.ground, &inside, &limits)
        })
    }
}
