//! The latency of writes and fresh reads under each replication scheme, as floors of the network.
//!
//! F1 to F3 in the customary numbering: a single primary without, with `ANY k` and with `FIRST k`
//! synchronous standbys. Sources: CloudNativePG `docs/src/architecture.md`, `replication.md`;
//! PostgreSQL, "Synchronous Replication".

use crate::model::rtt::Rtt;

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

/// A write from a client: the path to the primary, and the commit.
pub fn write(path: Rtt, scheme: Commit, standbys: &[Rtt]) -> Option<Rtt> {
    Some(path + commit(scheme, standbys)?)
}

/// The `k`-th smallest, from 1.
pub fn kth(k: usize, of: &[Rtt]) -> Option<Rtt> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted.get(k.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EU-US 70, EU-AP 160, US-AP 220 ms, as the worked check of the formulas has them.
    const fn ms(n: u64) -> Rtt {
        Rtt::micros(n * 1000)
    }

    #[test]
    fn worked_examples() {
        let standbys = [ms(160), ms(70)]; // AP has priority over US; the primary is in EU
        for (name, path, scheme, expected) in [
            ("F1 from AP", ms(160), Commit::Asynchronous, Some(ms(160))),
            ("F2 ANY 1 from EU", ms(0), Commit::AnyOf(1), Some(ms(70))),
            ("F2 ANY 2 from EU", ms(0), Commit::AnyOf(2), Some(ms(160))),
            ("F2 ANY 1 from AP", ms(160), Commit::AnyOf(1), Some(ms(230))),
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
            assert_eq!(write(path, scheme, &standbys), expected, "{name}");
        }
        assert_eq!(kth(0, &standbys), None);
    }
}
