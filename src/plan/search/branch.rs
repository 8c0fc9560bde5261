//! Branch and bound over sets of one size.
//!
//! Candidates stand in the order of their worth under the dual's prices, so that good sets come
//! first and one look at the prefix sums of worth bounds a whole branch. Two more bounds hold where
//! prices are weak: all remaining candidates at once, and the sum of the largest single gains
//! (gains only shrink as a set grows).

use super::numbers::{Instance, Whole, add, with};
use super::{Admissible, Question, SHOWN, dual, start};

/// How a search ended.
pub(super) struct End<T> {
    /// The best set and its value.
    pub best: Option<(T, Vec<usize>)>,
    /// What is left untried cannot go below this; `None` when nothing is.
    pub open: Option<T>,
    /// How many sets were shown to the test.
    pub shown: u64,
}

/// A search for sets of one size.
pub(super) struct Branch<T> {
    /// Regions by position: the candidates in order of worth.
    regions: Vec<usize>,
    /// Their columns.
    columns: Vec<Vec<T>>,
    /// Σ prices, less what the fixed regions are worth.
    prices: T,
    /// Prefix sums of worth.
    worth: Vec<T>,
    /// By position, the nearest of the candidates from there on, for each place.
    rest: Vec<Vec<T>>,
    /// By depth, the nearest of the chosen for each place.
    nearest: Vec<Vec<T>>,
    /// The chosen ones' positions.
    chosen: Vec<usize>,
    fixed: Vec<usize>,
    /// See [`Question::apart`].
    apart: Vec<(Vec<usize>, usize)>,
    more: usize,
    /// Only sets below this count.
    ceiling: T,
    best: Option<(T, Vec<usize>)>,
    /// The set to begin with.
    start: (T, Vec<usize>),
    allowance: u64,
    shown: u64,
    open: Option<T>,
}

impl<T: Whole> Branch<T> {
    pub(super) fn new(
        question: &Question,
        instance: &Instance<T>,
        size: usize,
        ceiling: Option<T>,
        allowance: u64,
        shown: u64,
    ) -> Self {
        let more = size - question.fixed.len();
        let ceiling = ceiling.map_or(instance.infeasible, |c| c.min(instance.infeasible));
        let (value, good) = start::good(instance, more);
        let mut begin = instance.start.clone();
        good.iter()
            .for_each(|&c| add(&mut begin, &instance.columns[c]));
        let dual = dual::bound(instance, more, value.min(ceiling), &begin);
        let mut order: Vec<usize> = (0..instance.columns.len()).collect();
        order.sort_unstable_by(|a, b| dual.worth[*b].cmp(&dual.worth[*a]).then(a.cmp(b)));
        let mut worth = vec![T::default()];
        for &c in &order {
            worth.push(worth[worth.len() - 1] + dual.worth[c]);
        }
        let columns: Vec<Vec<T>> = order.iter().map(|&c| instance.columns[c].clone()).collect();
        let mut rest = vec![instance.farthest.clone(); columns.len() + 1];
        for i in (0..columns.len()).rev() {
            let mut nearest = rest[i + 1].clone();
            add(&mut nearest, &columns[i]);
            rest[i] = nearest;
        }
        let region = |c: &usize| question.candidates[*c];
        let mut set: Vec<usize> = good.iter().map(region).collect();
        set.extend(&question.fixed);
        set.sort_unstable();
        Self {
            regions: order.iter().map(region).collect(),
            columns,
            prices: dual.prices,
            worth,
            rest,
            nearest: vec![instance.start.clone(); more + 1],
            chosen: Vec::with_capacity(more),
            fixed: question.fixed.clone(),
            apart: question.apart.clone(),
            more,
            ceiling,
            best: None,
            start: (value, set),
            allowance,
            shown,
            open: None,
        }
    }

    pub(super) fn run(mut self, test: &mut Option<Admissible<'_>>) -> End<T> {
        let (value, set) = std::mem::take(&mut self.start);
        self.offer(value, set, test);
        self.descend(0, T::default(), test);
        End {
            best: self.best,
            open: self.open,
            shown: self.shown,
        }
    }

    /// Takes a set that is better than the best so far, if it is admissible.
    fn offer(&mut self, value: T, set: Vec<usize>, test: &mut Option<Admissible<'_>>) {
        let better = match &self.best {
            None => value < self.ceiling,
            Some((least, first)) => (value, &set) < (*least, first),
        };
        if !better {
            return;
        }
        if !self
            .apart
            .iter()
            .all(|(of, least)| groups(of, &set) >= *least)
        {
            return;
        }
        if let Some(test) = test {
            self.shown += 1;
            if !test(&set) {
                return;
            }
        }
        self.best = Some((value, set));
    }

    /// Whether no set with a value of `bound` or more can be taken, given that it extends the
    /// chosen ones by candidates from a position on.
    fn pruned(&self, bound: T, from: usize) -> bool {
        if bound >= self.ceiling {
            return true;
        }
        let Some((least, first)) = &self.best else {
            return false;
        };
        bound > *least || (bound == *least && self.first_from(from) >= *first)
    }

    /// Of the sets that extend the chosen ones by candidates from a position on, the first by name.
    fn first_from(&self, from: usize) -> Vec<usize> {
        let mut rest: Vec<usize> = self.regions[from..].to_vec();
        rest.sort_unstable();
        rest.truncate(self.more - self.chosen.len());
        self.set(rest)
    }

    fn set(&self, mut more: Vec<usize>) -> Vec<usize> {
        more.extend(self.chosen.iter().map(|&p| self.regions[p]));
        more.extend(&self.fixed);
        more.sort_unstable();
        more
    }

    /// By the prices, what the chosen ones with `more` candidates from a position on cannot go below.
    fn by_price(&self, worth: T, from: usize, more: usize) -> T {
        let last = (from + more).min(self.worth.len() - 1);
        self.prices - worth - (self.worth[last] - self.worth[from.min(last)])
    }

    /// Whether the chosen ones with `more` candidates from a position on may be in groups enough.
    fn spreads(&self, from: usize, more: usize) -> bool {
        self.apart.iter().all(|(of, least)| {
            let chosen = self.set(Vec::new());
            let here = groups(of, &chosen);
            let mut with = chosen;
            with.extend(&self.regions[from..]);
            here + more.min(groups(of, &with) - here) >= *least
        })
    }

    fn alone(&self, position: usize) -> T {
        self.worth[position + 1] - self.worth[position]
    }

    fn spent(&self) -> bool {
        self.allowance == 0 || self.shown >= SHOWN
    }

    /// Notes that what lies from a position on stays untried.
    fn leave(&mut self, bound: T) {
        let bound = bound.max(T::default());
        self.open = Some(self.open.map_or(bound, |open| open.min(bound)));
    }

    /// Tries all sets that extend the chosen ones by candidates from a position on, except where a
    /// bound shows that none is better. `worth` is what the chosen ones are worth by the prices.
    fn descend(&mut self, from: usize, worth: T, test: &mut Option<Admissible<'_>>) {
        let depth = self.chosen.len();
        let more = self.more - depth;
        if more == 0 {
            let value = self.nearest[depth].iter().copied().sum();
            self.offer(value, self.set(Vec::new()), test);
            return;
        }
        if self.pruned(self.by_price(worth, from, more), from) || !self.spreads(from, more) {
            return;
        }
        if self.spent() {
            self.leave(self.by_price(worth, from, more));
            return;
        }
        if more > 1 && self.pruned(with(&self.nearest[depth], &self.rest[from]), from) {
            return;
        }
        // A candidate that even the best company cannot save is in no better set.
        let mut until = self.columns.len();
        let company = self.worth[from + more - 1] - self.worth[from];
        while until > from + more
            && self.pruned(self.prices - worth - company - self.alone(until - 1), from)
        {
            until -= 1;
        }
        self.allowance = self.allowance.saturating_sub((until - from) as u64);
        let nearest = &self.nearest[depth];
        let values: Vec<T> = (from..until)
            .map(|p| with(nearest, &self.columns[p]))
            .collect();
        if more == 1 {
            for (p, value) in (from..until).zip(values) {
                if self.spent() {
                    self.leave(value);
                } else if value < self.ceiling && self.best.as_ref().is_none_or(|b| value <= b.0) {
                    let set = self.set(vec![self.regions[p]]);
                    self.offer(value, set, test);
                }
            }
            return;
        }
        let total: T = nearest.iter().copied().sum();
        let company = self.largest(&values, total, more - 1);
        for p in from..=until - more {
            let by_price = self.by_price(worth, p, more);
            if self.pruned(by_price, p) {
                return;
            }
            let by_gain = values[p - from] - company[p - from];
            if self.pruned(by_gain, p) {
                continue;
            }
            if self.spent() {
                self.leave(by_price.max(by_gain));
                continue;
            }
            let (chosen, deeper) = self.nearest.split_at_mut(depth + 1);
            deeper[0].copy_from_slice(&chosen[depth]);
            add(&mut deeper[0], &self.columns[p]);
            self.chosen.push(p);
            self.descend(p + 1, worth + self.alone(p), test);
            self.chosen.pop();
        }
    }

    /// By position, the sum of the `count` largest gains after it.
    fn largest(&self, values: &[T], total: T, count: usize) -> Vec<T> {
        let mut sums = vec![T::default(); values.len()];
        // The largest so far, in descending order.
        let mut top: Vec<T> = Vec::with_capacity(count + 1);
        for i in (0..values.len()).rev() {
            sums[i] = top.iter().copied().sum();
            let gain = total - values[i];
            let at = top.partition_point(|t| *t >= gain);
            if at < count {
                top.insert(at, gain);
                top.truncate(count);
            }
        }
        sums
    }
}

/// In how many groups some regions are.
fn groups(of: &[usize], regions: &[usize]) -> usize {
    let mut groups: Vec<usize> = regions.iter().map(|&r| of[r]).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len()
}
