//! The exact search for the regions that serve an audience best.
//!
//! Which at most `k` of the candidates give the smallest Σ weight × round trip to the nearest of
//! them (the k-median problem). Integers throughout; the answer does not depend on an order of
//! summation. Ties: the smaller value, then fewer regions, then the names in byte order.

use std::collections::BTreeMap;

/// A search; regions are indexes in order of name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    /// Where demand is, and how much.
    pub demand: Vec<(usize, u64)>,
    /// Regions that may be chosen, ascending.
    pub candidates: Vec<usize>,
    /// Regions that are chosen already, ascending; candidates do not repeat them.
    pub fixed: Vec<usize>,
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

/// How many sets one search looks at before it settles for the best found with its gap.
const NODES: u64 = 4_000_000;

/// Round trips in microseconds, by index of the client and of the destination.
pub(super) type Costs = Vec<Vec<u64>>;

/// Answers questions, equal ones once.
#[derive(Default)]
pub(super) struct Searcher {
    answers: BTreeMap<Question, Option<Answer>>,
}

impl Searcher {
    /// The best choice; `None` when there are fewer candidates than `at_least` asks for.
    pub(super) fn answer(&mut self, question: Question, costs: &Costs) -> Option<Answer> {
        if let Some(known) = self.answers.get(&question) {
            return known.clone();
        }
        let answer = solve(&question, costs);
        self.answers.insert(question, answer.clone());
        answer
    }
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

fn solve(question: &Question, costs: &Costs) -> Option<Answer> {
    let fixed = question.fixed.len();
    let available = fixed + question.candidates.len();
    let most = question.at_most.min(available).max(fixed);
    let least = question.at_least.max(fixed).max(1);
    if least > available || least > most {
        return None;
    }
    let mut best: Option<Answer> = None;
    // Another region never raises the value, so the largest size holds the optimum; smaller sizes
    // are tried while they reach it too.
    for size in (least..=most).rev() {
        let found = Search::new(question, size, costs).run();
        match &best {
            Some(b) if found.value > b.value => break,
            _ => best = Some(found),
        }
    }
    best
}

struct Search<'a> {
    costs: &'a Costs,
    demand: &'a [(usize, u64)],
    candidates: &'a [usize],
    fixed: &'a [usize],
    size: usize,
    limit: u128,
    found: Option<(u128, Vec<usize>)>,
    nodes: u64,
}

impl<'a> Search<'a> {
    fn new(question: &'a Question, size: usize, costs: &'a Costs) -> Self {
        Self {
            costs,
            demand: &question.demand,
            candidates: &question.candidates,
            fixed: &question.fixed,
            size,
            limit: u128::MAX,
            found: None,
            nodes: 0,
        }
    }

    fn run(mut self) -> Answer {
        let (greedy_value, greedy) = self.greedy();
        // Sets as good as the greedy one are still looked for: one may come first by name.
        self.limit = greedy_value.saturating_add(1);
        let start = self.nearest(self.fixed);
        let root = self.bound(&start, 0, self.size - self.fixed.len());
        let mut chosen = self.fixed.to_vec();
        self.descend(0, &mut chosen, &start);
        let proven = self.nodes < NODES;
        let (value, mut regions) = self.found.unwrap_or((greedy_value, greedy));
        regions.sort_unstable();
        Answer {
            regions,
            value,
            bound: if proven { value } else { root.min(value) },
        }
    }

    /// For each demand, the round trip to the nearest of the regions.
    fn nearest(&self, regions: &[usize]) -> Vec<u64> {
        let cheapest = |d: usize| regions.iter().map(|&s| self.costs[d][s]).min();
        let demand = self.demand.iter();
        demand
            .map(|&(d, _)| cheapest(d).unwrap_or(u64::MAX))
            .collect()
    }

    fn with(&self, nearest: &[u64], region: usize) -> Vec<u64> {
        let pairs = self.demand.iter().zip(nearest);
        pairs
            .map(|(&(d, _), &n)| n.min(self.costs[d][region]))
            .collect()
    }

    fn total(&self, nearest: &[u64]) -> u128 {
        let pairs = self.demand.iter().zip(nearest);
        pairs
            .map(|(&(_, w), &n)| u128::from(w) * u128::from(n))
            .sum()
    }

    /// A good set: the best single addition, again and again.
    fn greedy(&self) -> (u128, Vec<usize>) {
        let mut chosen = self.fixed.to_vec();
        let mut nearest = self.nearest(&chosen);
        while chosen.len() < self.size {
            let best = self
                .candidates
                .iter()
                .filter(|c| !chosen.contains(c))
                .map(|&c| (self.total(&self.with(&nearest, c)), c))
                .min();
            let Some((_, region)) = best else { break };
            nearest = self.with(&nearest, region);
            chosen.push(region);
        }
        (self.total(&nearest), chosen)
    }

    /// What adding `more` of the candidates from an index on cannot go below: the better of two
    /// bounds, all of them at once, and the sum of the largest single gains (gains only shrink as
    /// a set grows).
    fn bound(&self, nearest: &[u64], from: usize, more: usize) -> u128 {
        if more == 0 {
            return self.total(nearest);
        }
        let rest = &self.candidates[from..];
        let mut all = nearest.to_vec();
        let mut gains: Vec<u128> = Vec::with_capacity(rest.len());
        for &c in rest {
            let mut gain = 0_u128;
            for (i, &(d, w)) in self.demand.iter().enumerate() {
                let cost = self.costs[d][c];
                if cost < nearest[i] {
                    gain += u128::from(nearest[i] - cost) * u128::from(w);
                    all[i] = all[i].min(cost);
                }
            }
            gains.push(gain);
        }
        gains.sort_unstable_by(|a, b| b.cmp(a));
        let gained: u128 = gains.iter().take(more).sum();
        self.total(nearest)
            .saturating_sub(gained)
            .max(self.total(&all))
    }

    /// Tries all sets that extend the chosen ones by candidates from an index on, in order of
    /// name, except where the bound shows that none is better.
    fn descend(&mut self, from: usize, chosen: &mut Vec<usize>, nearest: &[u64]) {
        let more = self.size - chosen.len();
        if more == 0 {
            let value = self.total(nearest);
            if value < self.limit {
                self.limit = value;
                self.found = Some((value, chosen.clone()));
            }
            return;
        }
        for i in from..=self.candidates.len().saturating_sub(more) {
            if self.nodes >= NODES {
                return;
            }
            // Without candidate `i - 1` the bound is tighter than when this level was entered.
            if self.bound(nearest, i, more) >= self.limit {
                return;
            }
            self.nodes += 1;
            let region = self.candidates[i];
            let closer = self.with(nearest, region);
            if self.bound(&closer, i + 1, more - 1) < self.limit {
                chosen.push(region);
                self.descend(i + 1, chosen, &closer);
                chosen.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All sets, one by one: the first of the smallest, fewer regions first.
    fn exhaustive(q: &Question, costs: &Costs) -> Option<(u128, Vec<usize>)> {
        let n = q.candidates.len();
        (0..1_u32 << n)
            .map(|bits| {
                let picked = (0..n)
                    .filter(|i| bits >> i & 1 == 1)
                    .map(|i| q.candidates[i]);
                let mut set: Vec<usize> = q.fixed.iter().copied().chain(picked).collect();
                set.sort_unstable();
                set
            })
            .filter(|s| {
                !s.is_empty() && s.len() >= q.at_least && s.len() <= q.at_most.max(q.fixed.len())
            })
            .map(|s| (value(&q.demand, &s, costs), s.len(), s))
            .min()
            .map(|(v, _, s)| (v, s))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_search_finds_what_trying_every_set_finds(
            costs in proptest::collection::vec(proptest::collection::vec(0..6_u64, 7), 7),
            demand in proptest::collection::btree_map(0..7_usize, 0..4_u64, 0..6),
            roles in proptest::collection::vec(0..5_u8, 7),
            at_least in 1..4_usize, extra in 0..4_usize,
        ) {
            let pick = |f: fn(u8) -> bool| (0..7).filter(|&i| f(roles[i])).collect::<Vec<_>>();
            let question = Question {
                demand: demand.into_iter().collect(),
                candidates: pick(|r| r > 1),
                fixed: pick(|r| r == 0),
                at_least,
                at_most: at_least + extra,
            };
            let found = Searcher::default().answer(question.clone(), &costs);
            let expected = exhaustive(&question, &costs);
            let bound = found.as_ref().map(|a| a.bound);
            prop_assert_eq!(bound, found.as_ref().map(|a| a.value), "proven");
            prop_assert_eq!(found.map(|a| (a.value, a.regions)), expected);
        }
    }
}
