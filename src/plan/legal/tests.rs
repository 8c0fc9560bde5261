use super::*;
use proptest::prelude::*;

fn constraint(n: usize) -> Constraint {
    match n {
        0 => Constraint::Environment,
        1 => Constraint::Capacity,
        2 => Constraint::From,
        n => Constraint::Residency(n),
    }
}

proptest! {
    #[test]
    fn a_conflict_is_one_and_every_part_of_it_is_needed(
        broken in proptest::collection::vec(proptest::collection::btree_set(0..6_usize, 0..4), 1..8),
        needed in 1..6_usize,
    ) {
        let broken: Vec<BTreeSet<_>> = broken
            .into_iter()
            .map(|set| set.into_iter().map(constraint).collect())
            .collect();
        let left = |set: &BTreeSet<Constraint>| broken.iter().filter(|b| b.is_disjoint(set)).count();
        let all = broken.iter().flatten().copied().collect();
        prop_assume!(left(&all) < needed);
        let conflict = conflict(&broken, needed);
        prop_assert!(left(&conflict) < needed, "it is a conflict");
        for part in &conflict {
            let mut without = conflict.clone();
            without.remove(part);
            prop_assert!(left(&without) >= needed, "{part:?} is needed");
        }
        prop_assert_eq!(conflict.is_empty(), broken.len() < needed);
    }
}
