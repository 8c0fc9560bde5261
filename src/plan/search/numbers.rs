//! A question as columns of weighted round trips, in the narrowest integers that hold every sum.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use super::{Costs, Question};

/// Integers that a search adds up.
pub(super) trait Whole:
    Copy + Ord + Default + Add<Output = Self> + Sub<Output = Self> + AddAssign + SubAssign + Sum
{
    /// 1.
    const ONE: Self;
    /// The largest.
    const MAX: Self;
    /// From a number that is in range.
    fn of(wide: i128) -> Self;
    /// The same, wider.
    fn wide(self) -> i128;
}

impl Whole for i64 {
    const ONE: Self = 1;
    const MAX: Self = i64::MAX;
    fn of(wide: i128) -> Self {
        // Every caller has checked the range.
        wide as i64
    }
    fn wide(self) -> i128 {
        i128::from(self)
    }
}

impl Whole for i128 {
    const ONE: Self = 1;
    const MAX: Self = i128::MAX;
    fn of(wide: i128) -> Self {
        wide
    }
    fn wide(self) -> i128 {
        self
    }
}

/// Weighted round trips by candidate, then by place of demand.
pub(super) struct Instance<T> {
    /// A column per candidate.
    pub columns: Vec<Vec<T>>,
    /// For each place the nearest of the fixed regions; without one, the farthest candidate: any
    /// choice serves it at least as well.
    pub start: Vec<T>,
    /// For each place the farthest of all regions.
    pub farthest: Vec<T>,
    /// Whether regions are fixed.
    pub fixed: bool,
    /// A set of this value or more leaves some demand without a region that may serve it.
    pub infeasible: T,
    /// What weights were divided by.
    divisor: u128,
}

impl<T: Whole> Instance<T> {
    /// `None` when sums do not fit.
    pub(super) fn new(question: &Question, costs: &Costs) -> Option<Self> {
        let demand = &question.demand;
        let divisor = demand.iter().fold(0, |g, &(_, w)| gcd(g, w)).max(1);
        let regions = || question.candidates.iter().chain(&question.fixed);
        let largest = demand
            .iter()
            .flat_map(|&(d, _)| regions().map(move |&s| costs[d][s]))
            .max()
            .unwrap_or_default();
        let total: u128 = demand.iter().map(|&(_, w)| u128::from(w / divisor)).sum();
        let worst = total.checked_mul(u128::from(largest))?.checked_add(1)?;
        let worst = i128::try_from(worst).ok()?;
        // A forbidden pair costs more than any set without one; the worth of all regions together
        // still has to fit.
        let places = match question.forbidden.is_empty() && question.covers.is_empty() {
            true => 1,
            false => demand.len() + question.covers.len() + 1,
        };
        worst
            .checked_mul(i128::try_from(places).ok()?)?
            .checked_mul(i128::try_from(question.candidates.len() + 4).ok()?)
            .filter(|n| *n <= T::MAX.wide())?;
        // Nobody is in a list of which one has to be chosen; what is not on it costs too much.
        let column = |s: usize| -> Vec<T> {
            let demanded = demand.iter().map(|&(d, w)| {
                if question.forbidden.binary_search(&(d, s)).is_ok() {
                    T::of(worst)
                } else {
                    T::of(i128::from(w / divisor) * i128::from(costs[d][s]))
                }
            });
            let listed = question
                .covers
                .iter()
                .map(|cover| match cover.binary_search(&s) {
                    Ok(_) => T::default(),
                    Err(_) => T::of(worst),
                });
            demanded.chain(listed).collect()
        };
        let columns: Vec<Vec<T>> = question.candidates.iter().map(|&s| column(s)).collect();
        let fixed: Vec<Vec<T>> = question.fixed.iter().map(|&s| column(s)).collect();
        let rows = demand.len() + question.covers.len();
        let farthest: Vec<T> = (0..rows)
            .map(|i| {
                let all = columns.iter().chain(&fixed).map(|c| c[i]);
                all.max().unwrap_or_default()
            })
            .collect();
        let nearest = |i: usize| fixed.iter().map(|c| c[i]).min();
        let start = (0..rows)
            .map(|i| nearest(i).unwrap_or(farthest[i]))
            .collect();
        Some(Self {
            columns,
            start,
            farthest,
            fixed: !question.fixed.is_empty(),
            infeasible: T::of(worst),
            divisor: u128::from(divisor),
        })
    }

    /// How many places have demand.
    pub(super) fn places(&self) -> usize {
        self.start.len()
    }

    /// A sum with the weights as they were.
    pub(super) fn unscaled(&self, sum: T) -> u128 {
        // Sums are not negative.
        sum.wide().max(0).unsigned_abs() * self.divisor
    }
}

/// What demand costs once another region may serve it.
pub(super) fn with<T: Whole>(nearest: &[T], column: &[T]) -> T {
    nearest.iter().zip(column).map(|(n, c)| *n.min(c)).sum()
}

/// Lets another region serve.
pub(super) fn add<T: Whole>(nearest: &mut [T], column: &[T]) {
    for (n, c) in nearest.iter_mut().zip(column) {
        *n = *(&*n).min(c);
    }
}

/// The greatest common divisor.
pub(in crate::plan) fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
