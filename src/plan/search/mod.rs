//! The exact search for the regions that serve an audience best.
//!
//! Which at most `k` of the candidates give the smallest Σ weight × round trip to the nearest of
//! them (the k-median problem). Integers throughout; the answer does not depend on an order of
//! summation. Ties: the smaller value, then fewer regions, then the names in byte order.
//!
//! A good set to begin with ([`start`]), a bound by Lagrangian relaxation that also ranks the
//! candidates ([`dual`]), then branch and bound in that order ([`branch`]). Effort is counted,
//! never timed, so the answer is the same on every machine. Up to 60 candidates and 5 regions the
//! allowance covers every set there is: such answers are always proven.

mod branch;
mod dual;
mod numbers;
mod prices;
mod start;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use branch::Branch;
use numbers::{Instance, Whole};

pub(super) use numbers::gcd;

pub(super) use prices::{Prices, prices};

/// A search; regions are indexes in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    /// Where demand is, and how much; each region once.
    pub demand: Vec<(usize, u64)>,
    /// Regions that may be chosen, ascending.
    pub candidates: Vec<usize>,
    /// Regions that are chosen already, ascending; candidates do not repeat them.
    pub fixed: Vec<usize>,
    /// Demand that may not be served by a region: `(demand, region)`, ascending. Demand counts with
    /// the nearest region that it may be served by, and a set that leaves any without one is none.
    pub forbidden: Vec<(usize, usize)>,
    /// Regions, ascending, of each of which lists at least one has to be chosen.
    pub covers: Vec<Vec<usize>>,
    /// Groups that regions are in, by index, and in how many of them the chosen ones have to be at
    /// least.
    pub apart: Vec<(Vec<usize>, usize)>,
    /// How many in all, at least.
    pub at_least: usize,
    /// How many in all, at most.
    pub at_most: usize,
}

/// The best regions, ascending, and their value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The chosen regions, the fixed ones among them.
    pub regions: Vec<usize>,
    /// Σ weight × microseconds.
    pub value: u128,
    /// What no choice can go below; equal to `value` when the answer is proven.
    pub bound: u128,
}

/// What a search led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The best found; the best there is when its bound is its value.
    Best(Answer),
    /// There is none, by proof.
    None,
    /// None was found, and the allowance ended before all were tried.
    GaveUp,
}

impl Outcome {
    /// The best found, if any.
    pub(super) fn best(self) -> Option<Answer> {
        match self {
            Self::Best(answer) => Some(answer),
            Self::None | Self::GaveUp => None,
        }
    }
}

/// Whether a set of regions, ascending, will do for reasons that the search does not know.
pub(super) type Admissible<'a> = &'a mut dyn FnMut(&[usize]) -> bool;

/// Up to this many candidates and regions every search is carried to its end.
const EXACT: (usize, usize) = (60, 5);
/// How many regions are weighed against a set: more than there are sets of [`EXACT`].
const WEIGHED: u64 = 8_000_000;
/// Beyond [`EXACT`], how many round trips are looked at; tests are not optimised.
const LOOKED_AT: u64 = if cfg!(test) { 8_000_000 } else { 800_000_000 };
/// How many sets are shown to [`Admissible`].
const SHOWN: u64 = 200_000;

/// Round trips in microseconds, by index of the client and of the destination; below 2⁴⁰.
pub(super) type Costs = Vec<Vec<u64>>;

/// Answers questions, equal ones once.
#[derive(Default)]
pub(super) struct Searcher {
    answers: BTreeMap<Question, Outcome>,
}

impl Searcher {
    /// The best choice.
    pub(super) fn answer(&mut self, question: Question, costs: &Costs) -> Outcome {
        if let Some(known) = self.answers.get(&question) {
            return known.clone();
        }
        let answer = solve(&question, costs, None);
        self.answers.insert(question, answer.clone());
        answer
    }
}

/// The best choice among the admissible ones. Sets are shown in no order that means anything, and
/// only those that are better than the best so far.
pub(super) fn admissible(question: &Question, costs: &Costs, test: Admissible<'_>) -> Outcome {
    solve(question, costs, Some(test))
}

/// Σ weight × round trip to the nearest of the regions.
pub(super) fn value(demand: &[(usize, u64)], regions: &[usize], costs: &Costs) -> u128 {
    demand
        .iter()
        .map(|&(d, w)| {
            let nearest = regions.iter().map(|&s| costs[d][s]).min();
            u128::from(nearest.unwrap_or(u64::MAX)) * u128::from(w)
        })
        .sum()
}

fn solve(question: &Question, costs: &Costs, test: Option<Admissible<'_>>) -> Outcome {
    let fixed = question.fixed.len();
    let available = fixed + question.candidates.len();
    let most = question.at_most.min(available).max(fixed);
    let least = question.at_least.max(fixed).max(1);
    if least > available || least > most {
        return Outcome::None;
    }
    // 64 bits wherever they hold every sum: they are what makes a search fast.
    match Instance::<i64>::new(question, costs) {
        Some(instance) => sizes(question, &instance, least..=most, test),
        None => match Instance::<i128>::new(question, costs) {
            Some(instance) => sizes(question, &instance, least..=most, test),
            None => Outcome::GaveUp,
        },
    }
}

/// Tries the sizes from the largest: another region never raises the value, so the largest holds
/// the optimum, and smaller ones are tried while they reach it too. Among admissible sets only, a
/// smaller size may be the better one.
fn sizes<T: Whole>(
    question: &Question,
    instance: &Instance<T>,
    range: std::ops::RangeInclusive<usize>,
    mut test: Option<Admissible<'_>>,
) -> Outcome {
    let mut best: Option<(T, Vec<usize>)> = None;
    let mut open: Option<T> = None;
    let mut shown = 0;
    for size in range.rev() {
        // A smaller set wins a tie.
        let ceiling = best.as_ref().map(|b| b.0 + T::ONE);
        let more = size - question.fixed.len();
        let small = question.candidates.len() <= EXACT.0 && more <= EXACT.1;
        let weighed = LOOKED_AT / instance.places().max(1) as u64;
        let allowance = if small { WEIGHED } else { weighed.min(WEIGHED) };
        let search = Branch::new(question, instance, size, ceiling, allowance, shown);
        let end = search.run(&mut test);
        shown = end.shown;
        open = open.into_iter().chain(end.open).min();
        let found = end.best.is_some();
        best = end.best.or(best);
        if test.is_none() && !found {
            break;
        }
    }
    match best {
        Some((value, mut regions)) => {
            regions.sort_unstable();
            let bound = open.map_or(value, |open| open.min(value));
            Outcome::Best(Answer {
                regions,
                value: instance.unscaled(value),
                bound: instance.unscaled(bound),
            })
        }
        None if open.is_some() => Outcome::GaveUp,
        None => Outcome::None,
    }
}
