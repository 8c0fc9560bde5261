//! Things that conflict to a minimal set of them: infeasible by itself, feasible without any one.

/// What is left of `all` once nothing can be spared, trying those first in order first; `infeasible`
/// says whether some of them conflict. `None` as soon as that cannot be said.
///
/// Halves are tried before parts of them, so that a few that conflict among many are found soon.
/// More is not always worse (a service that takes a place may push another to a better one), so
/// what is left is gone through until nothing changes.
pub(super) fn shrink<T: Clone>(
    all: &[T],
    mut infeasible: impl FnMut(&[T]) -> Option<bool>,
) -> Option<Vec<T>> {
    let mut left = all.to_vec();
    let mut size = left.len().div_ceil(2).max(1);
    loop {
        let before = left.len();
        let mut at = 0;
        while at < left.len() {
            let end = (at + size).min(left.len());
            let mut others = left[..at].to_vec();
            others.extend_from_slice(&left[end..]);
            match infeasible(&others)? {
                true => left = others,
                false => at = end,
            }
        }
        match size {
            1 if left.len() == before => return Some(left),
            _ => size = (size / 2).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_of_what_is_left_can_be_spared(
            cores in proptest::collection::vec(proptest::collection::btree_set(0..20_usize, 1..5), 1..5),
        ) {
            let infeasible = |set: &[usize]| {
                cores.iter().any(|core| core.iter().all(|c| set.contains(c)))
            };
            let all: Vec<usize> = (0..20).collect();
            let left = shrink(&all, |set| Some(infeasible(set))).expect("an answer");
            prop_assert!(infeasible(&left));
            for i in 0..left.len() {
                let mut others = left.clone();
                others.remove(i);
                prop_assert!(!infeasible(&others), "{i} can be spared of {left:?}");
            }
        }
    }
}
