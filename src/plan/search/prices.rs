//! Prices that bound what any set of so many regions costs its audience, for searches whose
//! objective has more terms.

use super::numbers::{Instance, Whole};
use super::{Costs, Question, dual, start};

/// For any set: Σ weight × round trip to the nearest of it is no less than the total less the
/// worth of its regions.
#[derive(Clone, Debug, Default)]
pub(in crate::plan) struct Prices {
    /// Σ prices.
    pub total: u128,
    /// By region; nothing for those that were not asked for.
    worth: Vec<u128>,
}

impl Prices {
    /// What a region is worth.
    pub(in crate::plan) fn worth(&self, region: usize) -> u128 {
        self.worth.get(region).copied().unwrap_or_default()
    }
}

/// Prices for sets of `count` of these regions, ascending.
pub(in crate::plan) fn prices(
    demand: &[(usize, u64)],
    regions: &[usize],
    count: usize,
    costs: &Costs,
) -> Prices {
    let question = Question {
        demand: demand.to_vec(),
        candidates: regions.to_vec(),
        ..Question::default()
    };
    let found = match Instance::<i64>::new(&question, costs) {
        Some(instance) => Some(of(&instance, regions, count)),
        None => Instance::<i128>::new(&question, costs).map(|i| of(&i, regions, count)),
    };
    // Without prices no region is worth anything, and nothing is bounded.
    found.unwrap_or_default()
}

fn of<T: Whole>(instance: &Instance<T>, regions: &[usize], count: usize) -> Prices {
    let (value, good) = start::good(instance, count.min(regions.len()));
    let mut begin = instance.start.clone();
    for c in good {
        super::numbers::add(&mut begin, &instance.columns[c]);
    }
    let dual = dual::bound(instance, count, value, &begin);
    let mut worth = vec![0; regions.last().map_or(0, |r| r + 1)];
    for (&region, &w) in regions.iter().zip(&dual.worth) {
        worth[region] = instance.unscaled(w);
    }
    Prices {
        total: instance.unscaled(dual.prices),
        worth,
    }
}
