//! A bound from below by Lagrangian relaxation.
//!
//! Give each place of demand a price u. A region is worth what it saves, Σ max(0, u − cost), and no
//! set of `k` regions can cost less than Σ u less the `k` largest worths: that holds for any prices.
//! Subgradient steps look for prices that make it large. All in integers, so rounding only ever
//! makes the bound a little weaker, never wrong.

use super::numbers::{Instance, Whole};

/// Prices, and what follows from them.
pub(super) struct Dual<T> {
    /// Σ prices, less what the fixed regions are worth.
    pub prices: T,
    /// What each candidate is worth.
    pub worth: Vec<T>,
}

/// How many steps at most.
const STEPS: usize = 240;
/// After so many steps it is asked whether trying the sets that are left costs less than going on.
const LOOK: usize = 8;

/// Looks for prices under which no `more` candidates can cost less than nearly `upper`.
pub(super) fn bound<T: Whole>(
    instance: &Instance<T>,
    more: usize,
    upper: T,
    begin: &[T],
) -> Dual<T> {
    let places = instance.places();
    let columns = &instance.columns;
    let mut prices = begin.to_vec();
    let mut best: Option<(T, Dual<T>)> = None;
    // The step's length in 1/16 of the gap.
    let (mut length, mut stale) = (24_i128, 0);
    for step in 1..=STEPS {
        let dual = weigh(instance, &prices);
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_unstable_by(|a, b| dual.worth[*b].cmp(&dual.worth[*a]).then(a.cmp(b)));
        let picked = &order[..more.min(order.len())];
        let bound = dual.prices - picked.iter().map(|&c| dual.worth[c]).sum();
        // How often each place is served: once is right.
        let mut slope = vec![1_i128; places];
        for &c in picked {
            for ((s, p), cost) in slope.iter_mut().zip(&prices).zip(&columns[c]) {
                *s -= i128::from(cost < p);
            }
        }
        if instance.fixed {
            for ((s, p), cost) in slope.iter_mut().zip(&prices).zip(&instance.start) {
                *s -= i128::from(cost < p);
            }
        }
        let better = best.as_ref().is_none_or(|b| bound > b.0);
        if better {
            stale = 0;
            best = Some((bound, dual));
        } else {
            stale += 1;
        }
        let steep: i128 = slope.iter().map(|s| s * s).sum();
        if bound >= upper || steep == 0 {
            break;
        }
        if step.is_multiple_of(LOOK)
            && let Some((bound, dual)) = &best
            && cheap(*bound, dual, more, upper)
        {
            break;
        }
        if stale >= 6 {
            length = length * 2 / 3;
            stale = 0;
            if length == 0 {
                break;
            }
        }
        let gap = (upper - bound).wide();
        for ((price, s), i) in prices.iter_mut().zip(&slope).zip(0..) {
            let by = gap.saturating_mul(length).saturating_mul(*s) / (16 * steep);
            // Beyond the farthest candidate a higher price says nothing new.
            let most = instance.farthest[i].wide();
            *price = T::of((price.wide() + by).clamp(0, most));
        }
    }
    match best {
        Some((_, dual)) => dual,
        None => weigh(instance, begin),
    }
}

fn weigh<T: Whole>(instance: &Instance<T>, prices: &[T]) -> Dual<T> {
    let saves = |column: &[T]| -> T {
        let pairs = prices.iter().zip(column);
        pairs.map(|(p, c)| *p - *p.min(c)).sum()
    };
    let fixed = if instance.fixed {
        saves(&instance.start)
    } else {
        T::default()
    };
    Dual {
        prices: prices.iter().copied().sum::<T>() - fixed,
        worth: instance.columns.iter().map(|c| saves(c)).collect(),
    }
}

/// Whether the candidates that may still be part of a better set are so few that trying all sets of
/// them is no more work than the steps between two looks.
fn cheap<T: Whole>(bound: T, dual: &Dual<T>, more: usize, upper: T) -> bool {
    let mut worths = dual.worth.clone();
    worths.sort_unstable_by(|a, b| b.cmp(a));
    let Some(last) = more.checked_sub(1).and_then(|i| worths.get(i)) else {
        return true;
    };
    let left = worths.iter().filter(|w| bound + (*last - **w) <= upper);
    let left = left.count() as u64;
    let sets = (0..more as u64).fold(1_u64, |sets, i| {
        sets.saturating_mul(left.saturating_sub(i)) / (i + 1)
    });
    sets <= (LOOK * worths.len()) as u64
}
