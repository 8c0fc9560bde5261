use proptest::prelude::*;

use super::*;

/// All sets, one by one: the smallest, then fewer regions, then the first by name.
fn exhaustive(
    q: &Question,
    costs: &Costs,
    mut test: impl FnMut(&[usize]) -> bool,
) -> Option<(u128, Vec<usize>)> {
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
        .filter(|s| {
            let spread = |(of, least): &(Vec<usize>, usize)| {
                let groups: std::collections::BTreeSet<usize> = s.iter().map(|&r| of[r]).collect();
                groups.len() >= *least
            };
            q.covers.iter().all(|c| s.iter().any(|r| c.contains(r))) && q.apart.iter().all(spread)
        })
        .filter(|s| test(s))
        .filter_map(|s| {
            let served = |&(d, w): &(usize, u64)| {
                let may = s.iter().filter(|&&r| !q.forbidden.contains(&(d, r)));
                Some(u128::from(w) * u128::from(may.map(|&r| costs[d][r]).min()?))
            };
            let value: Option<u128> = q.demand.iter().map(served).sum();
            Some((value?, s.len(), s))
        })
        .min()
        .map(|(v, _, s)| (v, s))
}

/// What a search says, checked to be proven.
fn proven(outcome: Outcome) -> Option<(u128, Vec<usize>)> {
    match outcome {
        Outcome::Best(a) => {
            assert_eq!(a.bound, a.value, "proven");
            Some((a.value, a.regions))
        }
        Outcome::None => None,
        Outcome::GaveUp => panic!("the search gave up"),
    }
}

/// Round trips of several kinds: all alike, ties, clusters, random and asymmetric, islands.
fn costs(n: usize) -> impl Strategy<Value = Costs> {
    let square = move |cost: BoxedStrategy<u64>| {
        proptest::collection::vec(proptest::collection::vec(cost, n), n)
    };
    let clusters = proptest::collection::vec((0..3_i64, 0..9_i64), n).prop_map(|at| {
        let far = |a: (i64, i64), b: (i64, i64)| (a.0 - b.0).abs() * 100 + (a.1 - b.1).abs();
        let row = |&a: &(i64, i64)| at.iter().map(|&b| far(a, b).unsigned_abs()).collect();
        at.iter().map(row).collect()
    });
    prop_oneof![
        square((3..4_u64).boxed()),
        square((0..6_u64).boxed()),
        square((1..400_000_u64).boxed()),
        square(prop_oneof![1..300_000_u64, Just(3_600_000_000)].boxed()),
        clusters,
    ]
}

const PLACES: usize = 9;

fn worlds() -> impl Strategy<Value = (Costs, Question)> {
    (
        costs(PLACES),
        proptest::collection::btree_map(
            0..PLACES,
            prop_oneof![0..4_u64, 1..u64::from(u32::MAX), Just(u64::MAX)],
            0..PLACES,
        ),
        proptest::collection::vec(0..6_u8, PLACES),
        proptest::collection::btree_set((0..PLACES, 0..PLACES), 0..30),
        any::<bool>(),
        (1..4_usize, 0..4_usize),
        proptest::collection::vec(proptest::collection::btree_set(0..PLACES, 1..6), 0..2),
        proptest::option::of((proptest::collection::vec(0..4_usize, PLACES), 1..4_usize)),
    )
        .prop_map(
            |(costs, demand, roles, forbidden, limited, (at_least, extra), covers, apart)| {
                let pick =
                    |f: fn(u8) -> bool| (0..PLACES).filter(|&i| f(roles[i])).collect::<Vec<_>>();
                let question = Question {
                    demand: demand.into_iter().collect(),
                    candidates: pick(|r| r > 1),
                    fixed: pick(|r| r == 0),
                    forbidden: if limited {
                        forbidden.into_iter().collect()
                    } else {
                        Vec::new()
                    },
                    covers: covers
                        .into_iter()
                        .map(|c| c.into_iter().collect())
                        .collect(),
                    apart: apart.into_iter().collect(),
                    at_least,
                    at_most: at_least + extra,
                };
                (costs, question)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_search_finds_what_trying_every_set_finds((costs, question) in worlds()) {
        let found = proven(Searcher::default().answer(question.clone(), &costs));
        prop_assert_eq!(found, exhaustive(&question, &costs, |_| true));
    }

    #[test]
    fn of_the_admissible_sets_the_search_finds_the_best(
        (costs, question) in worlds(),
        modulus in 1..7_usize,
        seed in 0..97_usize,
    ) {
        let test = |set: &[usize]| {
            let mixed = set.iter().fold(seed, |sum, r| (sum * 31 + r * r + 7) % 9973);
            mixed.is_multiple_of(modulus)
        };
        let found = proven(admissible(&question, &costs, &mut |set| test(set)));
        prop_assert_eq!(found, exhaustive(&question, &costs, test));
    }
}

/// Numbers that look random and are the same everywhere.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

fn random(places: usize, seed: u64, mut cost: impl FnMut(u64) -> u64) -> (Costs, Question) {
    let mut next = noise(seed);
    let costs = (0..places)
        .map(|_| (0..places).map(|_| cost(next())).collect())
        .collect();
    let question = Question {
        demand: (0..places).map(|d| (d, 1 + next() % 1000)).collect(),
        candidates: (0..places).collect(),
        ..Question::default()
    };
    (costs, question)
}

#[test]
fn beyond_what_is_exact_the_gap_is_told_and_holds() {
    let (costs, question) = random(90, 7, |n| 1000 + n % 300_000);
    let question = Question {
        at_least: 8,
        at_most: 8,
        ..question
    };
    let Outcome::Best(answer) = Searcher::default().answer(question.clone(), &costs) else {
        panic!("every set will do");
    };
    assert_eq!(answer.regions.len(), 8);
    assert_eq!(
        answer.value,
        value(&question.demand, &answer.regions, &costs)
    );
    assert!(
        answer.bound < answer.value && answer.bound * 2 > answer.value,
        "{answer:?}"
    );
}

#[test]
fn that_nothing_will_do_is_proven_or_said_to_be_unknown() {
    let (costs, question) = random(30, 3, |n| 1 + n % 50_000);
    let two = Question {
        at_least: 2,
        at_most: 2,
        ..question.clone()
    };
    assert_eq!(admissible(&two, &costs, &mut |_| false), Outcome::None);
    let many = Question {
        at_least: 6,
        at_most: 9,
        ..question.clone()
    };
    assert_eq!(admissible(&many, &costs, &mut |_| false), Outcome::GaveUp);
    let nobody = Question {
        forbidden: question.candidates.iter().map(|&r| (4, r)).collect(),
        at_least: 1,
        at_most: 5,
        ..question
    };
    assert_eq!(Searcher::default().answer(nobody, &costs), Outcome::None);
}
