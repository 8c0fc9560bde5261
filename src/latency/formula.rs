//! The latency of writes and reads, and the lag of local reads, under each replication scheme, as
//! floors of the network: without disks, without the time spent in engines.
//!
//! In whole microseconds, so that no result depends on the order of a sum. The numbers F1 to F10
//! are the customary ones:
//!
//! | | scheme | write from c | fresh read from c | lag of a local read |
//! |---|---|---|---|---|
//! | F1 | one primary P, asynchronous replicas | rtt(c,P) | rtt(c,P) | rtt(P,c)/2, and the time to apply |
//! | F2 | … waiting for any k of the standbys s | rtt(c,P) + k-th smallest rtt(P,s) | rtt(c,P) | none on those that acknowledged |
//! | F3 | … waiting for the first k by priority | rtt(c,P) + largest rtt(P,s) of those k | rtt(c,P) | as F2 |
//! | F4 | n voters, leader L | rtt(c,L) + ⌊n/2⌋-th smallest rtt(L,v) of the followers v | rtt(c,L) | closed timestamps |
//! | F5 | … with commit wait, so that every replica reads fresh | F4 + the wait | 0 | none |
//! | F6 | no leader, a quorum of the own region | 0 | 0 | no bound in other regions |
//! | F7 | … a quorum of every region d | largest rtt(c,d) | 0 | none |
//! | F8 | … a quorum of all replicas | smallest t within which a majority of them is reached | the same t | none |
//! | F9 | a log, mirrored | 0 | only at its origin | rtt/2, and the time of a batch |
//! | F10 | several primaries that merge | 0 | not defined | rtt/2, and the time to synchronise |
//!
//! Sources: F1 to F3 CloudNativePG 1.30 `docs/src/architecture.md`, `replication.md`, and PostgreSQL,
//! "Synchronous Replication"; F4 and F5 CockroachDB v26.2 `multiregion-survival-goals.md`,
//! `global-tables.md`, YugabyteDB "Synchronous replication"; F6 to F8 Cassandra
//! `architecture/dynamo.adoc`; F9 NATS "Source and Mirror Streams", Strimzi "MirrorMaker 2"; F10 Redis
//! Enterprise "Active-Active". The k-th smallest of F2, F4 and F8 follow from their definitions of a
//! quorum.

use crate::model::rtt::Rtt;

/// What CockroachDB's GLOBAL tables wait before they acknowledge, F5: hundreds of milliseconds,
/// depending on `--max-offset` and on how far the replicas are (CockroachDB v26.2,
/// `global-tables.md`).
pub const COMMIT_WAIT: Rtt = Rtt::micros(800_000);

/// How a single primary waits for its standbys before it acknowledges a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Commit {
    /// F1: not at all.
    Asynchronous,
    /// F2: for any `k` of them.
    AnyOf(usize),
    /// F3: for the `k` of highest priority.
    FirstOf(usize),
}

/// What the primary adds to a write: the time until enough of its standbys acknowledged it.
///
/// `standbys` are the round trips from the primary, in order of priority. `None` when there are
/// fewer than the setting waits for: such a write never completes.
pub fn commit(commit: Commit, standbys: &[Rtt]) -> Option<Rtt> {
    match commit {
        Commit::Asynchronous | Commit::AnyOf(0) | Commit::FirstOf(0) => Some(Rtt::default()),
        Commit::AnyOf(k) => kth(k, standbys),
        Commit::FirstOf(k) => standbys.get(..k)?.iter().copied().max(),
    }
}

/// F4, what the leader adds: the time until a majority of all voters holds the write, itself
/// included. `followers` are the round trips from the leader to the other voters that are left;
/// `None` when these are too few.
pub fn quorum(voters: usize, followers: &[Rtt]) -> Option<Rtt> {
    // ⌊n/2⌋ besides the leader make a majority; a lone voter is one.
    match voters / 2 {
        0 => Some(Rtt::default()),
        k => kth(k, followers),
    }
}

/// F7, a write that a quorum of every region acknowledged: as far as the farthest one.
pub fn each_quorum(regions: &[Rtt]) -> Rtt {
    regions.iter().copied().max().unwrap_or_default()
}

/// F8, a write or read that a majority of all replicas took part in: how far it has to reach.
///
/// `regions` are the round trips from the client with the replicas that each region has. `None`
/// without a replica.
pub fn quorum_across(regions: &[(Rtt, u32)]) -> Option<Rtt> {
    let all: u64 = regions.iter().map(|(_, rf)| u64::from(*rf)).sum();
    let mut sorted = regions.to_vec();
    sorted.sort_unstable();
    let mut reached = 0_u64;
    for (rtt, replicas) in sorted {
        reached += u64::from(replicas);
        if all > 0 && reached > all / 2 {
            return Some(rtt);
        }
    }
    None
}

/// F1, F9 and F10, how far a replica in another region lags behind at least: the way there.
pub fn one_way(rtt: Rtt) -> Rtt {
    Rtt::micros(rtt.as_micros().div_ceil(2))
}

/// The `k`-th smallest, from 1.
fn kth(k: usize, of: &[Rtt]) -> Option<Rtt> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted.get(k.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// EU-US 70, EU-AP 160, US-AP 220 ms, as the worked check of the formulas has them.
    const fn ms(n: u64) -> Rtt {
        Rtt::micros(n * 1000)
    }

    const US: Rtt = ms(70);
    const AP: Rtt = ms(160);

    #[test]
    fn worked_examples_of_one_primary() {
        let standbys = [AP, US]; // AP has priority over US; the primary is in EU
        for (name, path, scheme, expected) in [
            ("F1 from AP", AP, Commit::Asynchronous, Some(ms(160))),
            ("F2 ANY 1 from EU", ms(0), Commit::AnyOf(1), Some(ms(70))),
            ("F2 ANY 2 from EU", ms(0), Commit::AnyOf(2), Some(ms(160))),
            ("F2 ANY 1 from AP", AP, Commit::AnyOf(1), Some(ms(230))),
            (
                "F3 FIRST 1 from EU",
                ms(0),
                Commit::FirstOf(1),
                Some(ms(160)),
            ),
            (
                "F3 FIRST 2 from EU",
                ms(0),
                Commit::FirstOf(2),
                Some(ms(160)),
            ),
            (
                "F2 ANY 3 of 2 never completes",
                ms(0),
                Commit::AnyOf(3),
                None,
            ),
            (
                "F3 FIRST 3 of 2 never completes",
                ms(0),
                Commit::FirstOf(3),
                None,
            ),
        ] {
            let written = commit(scheme, &standbys).map(|commit| path + commit);
            assert_eq!(written, expected, "{name}");
        }
        assert_eq!(kth(0, &standbys), None);
        assert_eq!(one_way(AP), ms(80));
        assert_eq!(one_way(Rtt::micros(3)), Rtt::micros(2), "never too short");
    }

    #[test]
    fn worked_examples_of_quorums() {
        for (name, followers, expected) in [
            ("one voter", &[] as &[Rtt], ms(0)),
            ("two voters need both", &[US], ms(70)),
            ("three, one per region", &[AP, US], ms(70)),
            ("five as 2+2+1", &[ms(0), US, US, AP], ms(70)),
            (
                "five in five regions: the second nearest",
                &[ms(12), AP, US, ms(90)],
                ms(70),
            ),
        ] {
            let found = quorum(followers.len() + 1, followers);
            assert_eq!(found, Some(expected), "F4, {name}");
        }
        let three = quorum(3, &[US, AP]).expect("a majority");
        assert_eq!(AP + three, ms(230), "F4 from AP");
        assert_eq!(quorum(5, &[US, AP]), Some(AP), "F4, two of five are lost");
        assert_eq!(quorum(5, &[US]), None, "F4, three of five are lost");
        assert_eq!(three + COMMIT_WAIT, ms(870), "F5");
    }

    #[test]
    fn worked_examples_without_a_leader() {
        assert_eq!(each_quorum(&[ms(0), US, AP]), ms(160), "F7 from EU");
        assert_eq!(each_quorum(&[]), ms(0));
        for (name, regions, expected) in [
            (
                "3+3+3 from EU: five of nine need US",
                &[(ms(0), 3_u32), (US, 3), (AP, 3)] as &[_],
                Some(ms(70)),
            ),
            (
                "5+1+1 from EU: four of seven are at home",
                &[(ms(0), 5), (US, 1), (AP, 1)],
                Some(ms(0)),
            ),
            (
                "3+3 from EU: four of six need the other",
                &[(US, 3), (ms(0), 3)],
                Some(ms(70)),
            ),
            ("no replica", &[(US, 0)], None),
            ("no region", &[], None),
        ] {
            assert_eq!(quorum_across(regions), expected, "F8, {name}");
        }
    }

    proptest! {
        /// A quorum of n voters, one per region, is the majority that F8 looks for from the leader.
        #[test]
        fn one_voter_per_region_is_a_majority_of_all(
            followers in proptest::collection::vec(0..300_000_u64, 0..7),
        ) {
            let followers: Vec<Rtt> = followers.into_iter().map(Rtt::micros).collect();
            let mut all = vec![(Rtt::default(), 1)];
            all.extend(followers.iter().map(|f| (*f, 1)));
            prop_assert_eq!(quorum_across(&all), quorum(followers.len() + 1, &followers));
        }

        /// `ANY k` never waits longer than `FIRST k` of the same standbys.
        #[test]
        fn any_is_no_slower_than_first(
            standbys in proptest::collection::vec(0..300_000_u64, 1..7),
            k in 0..8_usize,
        ) {
            let standbys: Vec<Rtt> = standbys.into_iter().map(Rtt::micros).collect();
            let (any, first) = (commit(Commit::AnyOf(k), &standbys), commit(Commit::FirstOf(k), &standbys));
            prop_assert_eq!(any.is_some(), first.is_some());
            prop_assert!(any <= first);
        }
    }
}
