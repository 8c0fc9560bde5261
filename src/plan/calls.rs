//! Placed services to the calls between them that take longer than an enforced budget.

use std::collections::BTreeMap;

use crate::model::name::ServiceKey;
use crate::model::world::Service;

use super::Placed;
use super::ground::Ground;

/// The enforced limits on a call to another region in microseconds: of the median, of the 99th
/// percentile.
pub(super) fn limits(service: &Service) -> Option<[Option<u64>; 2]> {
    let budget = service.budget.cross_region.as_ref();
    let budget = budget.filter(|_| service.budget.enforce)?;
    let limits = [budget.value.p50, budget.value.p99];
    let limits = limits.map(|l| l.map(|l| l.as_millis().saturating_mul(1000)));
    (limits != [None, None]).then_some(limits)
}

/// Callers and callees, by index, whose calls go too far from some region.
pub(super) fn too_far(ground: &Ground<'_>, placed: &[&Placed<'_>]) -> Vec<(usize, usize)> {
    let limited: Vec<_> = placed
        .iter()
        .enumerate()
        .filter_map(|(i, p)| Some((i, limits(p.service)?)))
        .collect();
    if limited.is_empty() {
        return Vec::new();
    }
    let by_key: BTreeMap<&ServiceKey, usize> =
        placed.iter().enumerate().map(|(i, p)| (p.key, i)).collect();
    let mut far = Vec::new();
    for (i, limits) in limited {
        let caller = placed[i];
        for call in &caller.service.calls {
            let key = ServiceKey::new(&call.service.value, &caller.service.environment);
            let Some(&callee) = by_key.get(&key) else {
                continue;
            };
            let serving = &placed[callee].chosen.serving;
            let over = |from: usize| over(ground, limits, from, serving);
            if callee != i && caller.chosen.serving.iter().any(|&from| over(from)) {
                far.push((i, callee));
            }
        }
    }
    far.sort_unstable();
    far.dedup();
    far
}

/// Whether a call from a region to the nearest of those that serve takes more than some limits.
fn over(ground: &Ground<'_>, limits: [Option<u64>; 2], from: usize, serving: &[usize]) -> bool {
    if serving.contains(&from) {
        return false;
    }
    let Some(to) = ground.nearest(from, serving) else {
        return false;
    };
    let mut both = limits.iter().enumerate();
    both.any(|(i, limit)| limit.is_some_and(|l| ground.enforced(i == 1)[from][to] > l))
}
