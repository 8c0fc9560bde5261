//! Two matrices to the round trips in which they differ.

use std::cmp::Reverse;

use crate::model::name::RegionName;
use crate::model::rtt::{Measurement, RoundTrips};
use crate::model::trial::PairChange;

/// The directed pairs whose values differ, the largest change of the median first, then by name.
/// Where a value comes from does not count.
pub fn differences<'r>(
    regions: impl Iterator<Item = &'r RegionName> + Clone,
    own: &RoundTrips,
    tried: &RoundTrips,
) -> Vec<PairChange> {
    let mut changes = Vec::new();
    for from in regions.clone() {
        for to in regions.clone() {
            let (own, tried) = (own.between(from, to), tried.between(from, to));
            let values = |m: Option<Measurement>| m.map(|m| (m.p50, m.p99));
            if values(own) != values(tried) {
                changes.push(PairChange {
                    from: from.clone(),
                    to: to.clone(),
                    own,
                    tried,
                });
            }
        }
    }
    changes.sort_by_key(|change| Reverse(change.size()));
    changes
}
