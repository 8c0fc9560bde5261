use proptest::prelude::*;

use super::*;
use crate::plan::search;

type World = (
    Costs,
    Costs,
    Vec<Vec<bool>>,
    Vec<(usize, u64)>,
    Vec<(usize, usize)>,
    Vec<bool>,
);

/// Six or seven regions with few distinct round trips (so that ties are common, and directions
/// differ), countries and zones, and which may lead.
fn worlds(size: usize) -> impl Strategy<Value = World> {
    let matrix = || proptest::collection::vec(proptest::collection::vec(0..7_u64, size), size);
    (
        matrix(),
        matrix(),
        proptest::collection::vec(proptest::collection::vec(any::<bool>(), size), size),
        proptest::collection::btree_map(0..size, 0..4_u64, 0..size)
            .prop_map(|d| d.into_iter().collect()),
        proptest::collection::vec((0..4_usize, 1..4_usize), size),
        proptest::collection::vec(any::<bool>(), size),
    )
}

/// Value, leader, and round trip and name of each follower.
type Key = (u128, usize, Vec<(u64, usize)>);

/// All sets, one by one. Where followers only serve writes, those of a leader are its best, which
/// have to be within the limit; else every set has to be.
fn exhaustive(vote: &Vote<'_>) -> Option<(u128, Vec<usize>)> {
    let traded = vote.reads == Reads::Voter && vote.mix.0 > 0;
    let mut best: Vec<Option<(Key, bool)>> = vec![None; vote.costs.len()];
    // Regions with repetition, ascending.
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..vote.count {
        sets = sets
            .into_iter()
            .flat_map(|set| {
                let from = set.last().copied().unwrap_or(0);
                let members = vote.members.iter().map(|m| m.region);
                let more: Vec<Vec<usize>> = members
                    .filter(|r| *r >= from)
                    .map(|r| [set.clone(), vec![r]].concat())
                    .collect();
                more
            })
            .collect();
    }
    for set in sets {
        let of = |r: usize| *vote.members.iter().find(|m| m.region == r).unwrap();
        let times = |r: usize| set.iter().filter(|&&s| s == r).count();
        let apart = set.iter().enumerate().all(|(i, &r)| match vote.distinct {
            Distinct::Zone => times(r) <= of(r).zones.min(vote.most),
            Distinct::Region => times(r) == 1,
            Distinct::Country => set[..i].iter().all(|&o| of(o).country != of(r).country),
        });
        let keeps = vote.members.iter().all(|m| {
            let kept = vote.kept.iter().filter(|&&k| k == m.region).count();
            times(m.region) >= kept
        });
        if !apart || !keeps {
            continue;
        }
        for &leader in vote.leaders.iter().filter(|l| set.contains(l)) {
            let mut order: Vec<(u64, usize)> =
                set.iter().map(|&r| (vote.costs[leader][r], r)).collect();
            let own = order.iter().position(|o| o.1 == leader).unwrap();
            order.remove(own);
            order.sort_unstable();
            let kth = |costs: &Costs| {
                let mut all: Vec<u64> = order.iter().map(|o| costs[leader][o.1]).collect();
                all.sort_unstable();
                let needed = vote.count / 2;
                if needed == 0 { 0 } else { all[needed - 1] }
            };
            let path = |costs: &Costs| {
                let demand = vote.demand.iter().filter(|d| d.1 > 0);
                demand.map(|d| costs[d.0][leader]).max().unwrap_or(0)
            };
            let decides = order.iter().find(|o| o.0 == kth(vote.costs));
            let over = vote.limit.is_some_and(|(costs, limit)| {
                let commit = decides.map_or(0, |d| costs[leader][d.1]);
                path(costs) + commit + vote.charged_wait > limit
            });
            let late = vote
                .tail
                .is_some_and(|(costs, limit)| path(costs) + kth(costs) + vote.charged_wait > limit);
            if late || (traded && over) {
                continue;
            }
            let read = search::value(vote.demand, &set, vote.costs);
            let value = vote.value(leader, kth(vote.costs), read);
            let key = (value, leader, order);
            if best[leader].as_ref().is_none_or(|b| key < b.0) {
                best[leader] = Some((key, over));
            }
        }
    }
    let within = best.into_iter().flatten().filter(|b| !b.1).map(|b| b.0);
    within.min().map(|(value, leader, order)| {
        let followers = order.into_iter().map(|o| o.1);
        (value, std::iter::once(leader).chain(followers).collect())
    })
}

fn distinct(n: u8) -> Distinct {
    match n {
        0 => Distinct::Zone,
        1 => Distinct::Region,
        _ => Distinct::Country,
    }
}

#[derive(Clone, Debug)]
struct Asked {
    count: usize,
    distinct: u8,
    survive: bool,
    /// Whether some round trips are estimated, and count for nothing against limits.
    estimates: bool,
    reads: u8,
    mix: (u64, u64),
    wait: u64,
    limit: Option<u64>,
    tail: Option<u64>,
    kept: Vec<usize>,
}

fn asked(size: usize) -> impl Strategy<Value = Asked> {
    (
        prop_oneof![Just(1_usize), Just(3), Just(3), Just(5)],
        (0..3_u8, any::<bool>(), any::<bool>(), 0..3_u8),
        (0..3_u64, 1..3_u64),
        0..2_u64,
        (
            proptest::option::of(3..16_u64),
            proptest::option::weighted(0.4, 3..16_u64),
        ),
        proptest::collection::vec(0..size, 0..3),
    )
        .prop_map(
            |(count, (distinct, survive, estimates, reads), mix, wait, (limit, tail), kept)| {
                Asked {
                    count,
                    distinct,
                    survive,
                    estimates,
                    reads,
                    mix,
                    wait,
                    limit,
                    tail,
                    kept,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn the_search_finds_what_trying_every_leader_with_every_set_finds(
        (costs, tails, guessed, demand, places, leads) in worlds(6),
        asked in asked(6),
    ) {
        let as_charged = |costs: &Costs| -> Costs {
            let row = |(row, guessed): (&Vec<u64>, &Vec<bool>)| {
                let both = row.iter().zip(guessed);
                both.map(|(cost, guessed)| if *guessed && asked.estimates { 0 } else { *cost }).collect()
            };
            costs.iter().zip(&guessed).map(row).collect()
        };
        let (charged, tails) = (as_charged(&costs), as_charged(&tails));
        let members: Vec<Member> = places
            .iter()
            .enumerate()
            .map(|(region, &(country, zones))| Member {
                region,
                country: places.iter().position(|p| p.0 == country).unwrap(),
                zones,
            })
            .collect();
        let mut vote = Vote {
            costs: &costs,
            demand: &demand,
            leaders: (0..6).filter(|&r| leads[r]).collect(),
            members,
            count: asked.count,
            distinct: distinct(asked.distinct),
            most: if asked.survive { asked.count / 2 } else { asked.count },
            kept: Vec::new(),
            reads: [Reads::Leader, Reads::Voter, Reads::Elsewhere][asked.reads as usize],
            mix: asked.mix,
            wait: asked.wait,
            charged_wait: if asked.estimates { 0 } else { asked.wait },
            limit: asked.limit.map(|limit| (&charged, limit)),
            tail: asked.tail.map(|limit| (&tails, limit)),
        };
        vote.most = vote.most.max(1);
        vote.kept = compatible(&vote, &asked.kept);
        let found = solve(&vote);
        prop_assert_eq!(
            found.as_ref().map(|a| a.bound), found.as_ref().map(|a| a.value), "proven"
        );
        let found = found.map(|a| (a.value, a.voters));
        prop_assert_eq!(found, exhaustive(&vote));
    }
}

/// Every part of what was held, one by one; of those that may be together the one that keeps what
/// comes first.
fn together(vote: &Vote<'_>, held: &[usize]) -> Vec<usize> {
    let of = |r: usize| vote.members.iter().find(|m| m.region == r);
    let may = |part: &[usize]| {
        part.len() <= vote.count
            && part.iter().enumerate().all(|(i, &r)| {
                let Some(here) = of(r) else { return false };
                let before = &part[..i];
                match vote.distinct {
                    Distinct::Zone => {
                        before.iter().filter(|&&b| b == r).count() < here.zones.min(vote.most)
                    }
                    Distinct::Region => !before.contains(&r),
                    Distinct::Country => before
                        .iter()
                        .all(|&b| of(b).is_none_or(|m| m.country != here.country)),
                }
            })
    };
    let parts = (0..1_u32 << held.len()).map(|bits| {
        let takes = |i: &usize| bits & (1 << i) != 0;
        let kept: Vec<bool> = (0..held.len()).map(|i| takes(&i)).collect();
        let part: Vec<usize> = (0..held.len()).filter(takes).map(|i| held[i]).collect();
        (kept, part)
    });
    let best = parts.filter(|(_, part)| may(part)).max();
    best.map(|(_, part)| part).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn of_voters_that_were_held_the_first_that_may_be_together_stay(
        (costs, _, _, demand, places, leads) in worlds(6),
        asked in asked(6),
        // Some of them are no regions of the service any more.
        held in proptest::collection::vec(0..8_usize, 0..7),
    ) {
        let members = places.iter().enumerate().map(|(region, &(country, zones))| Member {
            region,
            country: places.iter().position(|p| p.0 == country).unwrap(),
            zones,
        });
        let vote = Vote {
            costs: &costs,
            demand: &demand,
            leaders: (0..6).filter(|&r| leads[r]).collect(),
            members: members.collect(),
            count: asked.count,
            distinct: distinct(asked.distinct),
            most: if asked.survive { (asked.count / 2).max(1) } else { asked.count },
            kept: Vec::new(),
            reads: Reads::Leader,
            mix: (0, 1),
            wait: 0,
            charged_wait: 0,
            limit: None,
            tail: None,
        };
        let kept = compatible(&vote, &held);
        prop_assert_eq!(&kept, &together(&vote, &held));
        // Whoever is kept votes, with the rest chosen around them, wherever one of them may lead.
        let around = Vote { kept: kept.clone(), ..vote.clone() };
        if let Some(found) = solve(&around) {
            for region in 0..6 {
                let times = |all: &[usize]| all.iter().filter(|&&r| r == region).count();
                prop_assert!(times(&found.voters) >= times(&kept), "{found:?} keeps {kept:?}");
            }
        }
    }
}
