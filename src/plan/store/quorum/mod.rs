//! Which region leads a quorum, and which hold its voters: the smallest weighted latency, by proof.
//!
//! A write from d costs rtt(d,L) and, of n voters, the ⌊n/2⌋-th smallest round trip from the leader
//! to another voter (F4). While only that counts, the best followers of a leader are the nearest
//! admissible ones: voters that may not share a country, a region or a zone are independent sets of
//! a partition matroid, of which taking the nearest again and again gives the smallest k-th round
//! trip for every k, and the first in order ([`near`]). Where reads go to the nearest voter too,
//! voters near the leader serve writes and voters near users serve reads, so sets are searched
//! ([`mixed`]). Ties: the smaller value, then the leader's name, then the followers in order of
//! round trip from the leader and name.

mod mixed;
mod near;
mod seats;
#[cfg(test)]
mod tests;

use crate::model::world::Distinct;
use crate::plan::ground::UNKNOWN;
use crate::plan::search::Costs;

use seats::Seats;

/// A region that may hold voters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub region: usize,
    /// The first region of its country.
    pub country: usize,
    /// How many zones it has, at least one.
    pub zones: usize,
}

/// Where reads go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// To the leader.
    Leader,
    /// To the nearest voter.
    Voter,
    /// To the nearest of regions that the choice does not change.
    Elsewhere,
}

/// A search for a leader and voters; regions are indexes in order of name.
#[derive(Clone, Debug)]
pub(super) struct Vote<'a> {
    pub costs: &'a Costs,
    /// Where demand is, and how much.
    pub demand: &'a [(usize, u64)],
    /// Regions that may lead, ascending.
    pub leaders: Vec<usize>,
    /// Regions that may hold voters, ascending; the leaders are among them.
    pub members: Vec<Member>,
    /// How many voters.
    pub count: usize,
    pub distinct: Distinct,
    /// How many voters one region may hold.
    pub most: usize,
    /// Voters that have to be among them, a region per voter.
    pub kept: Vec<usize>,
    pub reads: Reads,
    /// Weight of reads and of writes.
    pub mix: (u64, u64),
    /// What a write waits for beside the quorum, in microseconds.
    pub wait: u64,
    /// What of that counts against a limit.
    pub charged_wait: u64,
    /// What no write may exceed in microseconds, and the round trips as they count for it: nothing
    /// where only estimated. Of a quorum that of the voter that decides counts.
    pub limit: Option<(&'a Costs, u64)>,
    /// The same by other round trips, such as a percentile.
    pub tail: Option<(&'a Costs, u64)>,
}

/// A leader and its voters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The leader first, then in order of round trip from it; a region per voter.
    pub voters: Vec<usize>,
    /// Σ weight × (reads × read + writes × write), in microseconds; without reads that go elsewhere.
    pub value: u128,
    /// What no choice can go below; equal to `value` when the answer is proven.
    pub bound: u128,
}

/// The best choice; `None` when there is none.
pub(super) fn solve(vote: &Vote<'_>) -> Option<Answer> {
    if vote.reads == Reads::Voter && vote.mix.0 > 0 {
        return mixed::solve(vote);
    }
    let answers = vote.leaders.iter().filter_map(|&leader| {
        let seats = Seats::new(vote, leader)?;
        let (commit, voters) = near::followers(&seats)?;
        let value = vote.value(leader, commit, 0);
        Some((value, leader, voters))
    });
    // The first of several: leaders come in order of name.
    let (value, _, voters) = answers.min_by_key(|a| (a.0, a.1))?;
    Some(Answer {
        voters,
        value,
        bound: value,
    })
}

/// Of voters held before, in order of preference, those that may stay together.
pub(super) fn compatible(vote: &Vote<'_>, held: &[usize]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    let member = |r: usize| vote.members.iter().find(|m| m.region == r);
    for &region in held {
        let Some(here) = member(region) else { continue };
        let same = kept.iter().filter(|&&k| k == region).count();
        let fits = match vote.distinct {
            Distinct::Zone => same < here.zones.min(vote.most),
            Distinct::Region => same == 0,
            Distinct::Country => !kept
                .iter()
                .any(|&k| member(k).is_some_and(|m| m.country == here.country)),
        };
        if fits && kept.len() < vote.count {
            kept.push(region);
        }
    }
    kept
}

impl Vote<'_> {
    /// How many followers a write waits for.
    fn majority(&self) -> usize {
        self.count / 2
    }

    fn total(&self) -> u128 {
        self.demand.iter().map(|&(_, w)| u128::from(w)).sum()
    }

    /// Σ weight × path to the leader.
    fn paths(&self, leader: usize) -> u128 {
        let demand = self.demand.iter();
        demand
            .map(|&(d, w)| u128::from(self.costs[d][leader]) * u128::from(w))
            .sum()
    }

    /// The objective of a leader whose quorum takes `commit`; `read` is Σ weight × round trip of
    /// reads that go to voters.
    fn value(&self, leader: usize, commit: u64, read: u128) -> u128 {
        let (reads, writes) = (u128::from(self.mix.0), u128::from(self.mix.1));
        let paths = self.paths(leader);
        let commit = u128::from(commit.saturating_add(self.wait));
        let read = match self.reads {
            Reads::Leader => paths,
            Reads::Voter => read,
            Reads::Elsewhere => 0,
        };
        reads * read + writes * (paths + commit * self.total())
    }

    /// What is left of the limits for a leader's quorum: by the costs and by the tail. `None` where
    /// the path alone takes more, or is unknown.
    fn slack(&self, leader: usize) -> Option<(u64, u64)> {
        let farthest = |costs: &Costs| {
            let demand = self.demand.iter().filter(|(_, w)| *w > 0);
            demand.map(|&(d, _)| costs[d][leader]).max().unwrap_or(0)
        };
        let path = farthest(self.costs);
        if path >= UNKNOWN {
            return None;
        }
        let left = |limit: u64, path: u64| limit.checked_sub(path)?.checked_sub(self.charged_wait);
        let by_cost = match self.limit {
            Some((costs, limit)) => left(limit, farthest(costs))?,
            None => u64::MAX,
        };
        let by_tail = match self.tail {
            Some((costs, limit)) => left(limit, farthest(costs))?,
            None => u64::MAX,
        };
        Some((by_cost, by_tail))
    }

    /// Followers in order of round trip from the leader, after it.
    fn voters(&self, leader: usize, mut followers: Vec<usize>) -> Vec<usize> {
        followers.sort_by_key(|&f| (self.costs[leader][f], f));
        followers.insert(0, leader);
        followers
    }
}
