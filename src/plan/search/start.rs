//! A good set to begin with: the best single addition again and again, then the best exchange of
//! one region for another while there is one.

use super::numbers::{Instance, Whole, add, with};

/// Exchanges end by themselves, each lowering the value; this is for the pathological.
const EXCHANGES: usize = 64;

/// The value of a good set of `more` candidates beside the fixed regions, and the set, ascending.
pub(super) fn good<T: Whole>(instance: &Instance<T>, more: usize) -> (T, Vec<usize>) {
    let columns = &instance.columns;
    let mut chosen: Vec<usize> = Vec::with_capacity(more);
    let mut nearest = instance.start.clone();
    while chosen.len() < more {
        let free = (0..columns.len()).filter(|c| !chosen.contains(c));
        let Some((_, best)) = free.map(|c| (with(&nearest, &columns[c]), c)).min() else {
            break;
        };
        add(&mut nearest, &columns[best]);
        chosen.push(best);
    }
    let mut value: T = nearest.iter().copied().sum();
    for _ in 0..EXCHANGES {
        let mut best: Option<(T, usize, usize)> = None;
        for out in 0..chosen.len() {
            let mut others = instance.start.clone();
            for (i, &c) in chosen.iter().enumerate() {
                if i != out {
                    add(&mut others, &columns[c]);
                }
            }
            for c in (0..columns.len()).filter(|c| !chosen.contains(c)) {
                let exchanged = (with(&others, &columns[c]), out, c);
                if exchanged.0 < value && best.is_none_or(|b| exchanged < b) {
                    best = Some(exchanged);
                }
            }
        }
        let Some((lower, out, c)) = best else { break };
        chosen[out] = c;
        value = lower;
    }
    chosen.sort_unstable();
    (value, chosen)
}
