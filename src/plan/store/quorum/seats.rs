//! What a leader may choose its followers from: seats in order of round trip, at most one of each
//! class.

use std::collections::BTreeSet;

use super::Vote;
use crate::model::world::Distinct;
use crate::plan::ground::UNKNOWN;

/// A place for one voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat {
    /// The round trip from the leader.
    pub cost: u64,
    pub region: usize,
    /// Of seats of one class only one is taken.
    pub class: usize,
    /// The round trip from the leader in the tail.
    pub tail: u64,
    /// What the round trip counts for against a limit: nothing where it was not measured.
    pub charged: u64,
}

/// The seats of one leader.
#[derive(Clone, Debug)]
pub(super) struct Seats<'a> {
    pub vote: &'a Vote<'a>,
    pub leader: usize,
    /// What the quorum may take, by the costs and by the tail.
    pub slack: (u64, u64),
    /// Followers that are kept.
    pub kept: Vec<Seat>,
    /// Seats that may be taken beside, in order of round trip and name.
    pub free: Vec<Seat>,
    /// How many are to be taken beside the kept ones.
    pub slots: usize,
}

impl<'a> Seats<'a> {
    /// `None` when the leader can have no such followers.
    pub(super) fn new(vote: &'a Vote<'a>, leader: usize) -> Option<Self> {
        let slack = vote.slack(leader)?;
        let mut all: Vec<Seat> = Vec::with_capacity(vote.members.len());
        let home = vote.members.iter().find(|m| m.region == leader)?;
        for (position, member) in vote.members.iter().enumerate() {
            let region = member.region;
            let cost = vote.costs[leader][region];
            if cost >= UNKNOWN {
                continue;
            }
            let here = usize::from(region == leader);
            let seats = match vote.distinct {
                Distinct::Zone => member.zones.min(vote.most).saturating_sub(here),
                Distinct::Region => 1 - here,
                Distinct::Country => usize::from(member.country != home.country),
            };
            for copy in 0..seats {
                let class = match vote.distinct {
                    Distinct::Country => member.country,
                    Distinct::Zone | Distinct::Region => position * vote.count + copy,
                };
                let tail = vote.tail.map_or(0, |(costs, _)| costs[leader][region]);
                let charged = vote.limit.map_or(cost, |(costs, _)| costs[leader][region]);
                all.push(Seat {
                    cost,
                    region,
                    class,
                    tail,
                    charged,
                });
            }
        }
        all.sort_unstable();
        let mut wanted = vote.kept.clone();
        if let Some(own) = wanted.iter().position(|&k| k == leader) {
            wanted.swap_remove(own);
        }
        let mut kept: Vec<Seat> = Vec::with_capacity(wanted.len());
        for region in wanted {
            let fits = |s: &Seat| s.region == region && kept.iter().all(|k| k.class != s.class);
            kept.push(*all.iter().find(|s| fits(s))?);
        }
        kept.sort_unstable();
        let taken: BTreeSet<usize> = kept.iter().map(|k| k.class).collect();
        all.retain(|s| !taken.contains(&s.class));
        Some(Self {
            vote,
            leader,
            slack,
            slots: vote.count.checked_sub(1 + kept.len())?,
            kept,
            free: all,
        })
    }

    /// The round trip after which a majority has answered, of all followers.
    pub(super) fn commit(&self, followers: impl Iterator<Item = u64>) -> u64 {
        let mut all: Vec<u64> = followers.collect();
        all.sort_unstable();
        let needed = self.vote.majority();
        let last = needed.checked_sub(1).and_then(|i| all.get(i));
        last.copied().unwrap_or_default()
    }

    /// What the commit of all followers counts for against the limit: of the seats that are as far
    /// as the one that decides, the first does.
    pub(super) fn charged<'s>(&self, followers: impl Iterator<Item = &'s Seat> + Clone) -> u64 {
        let commit = self.commit(followers.clone().map(|s| s.cost));
        let decides = followers.filter(|s| s.cost == commit).min();
        decides.map_or(0, |s| s.charged)
    }

    /// The longest commit that can be within the limit, by the costs.
    pub(super) fn longest(&self) -> u64 {
        let mut all = self.kept.iter().chain(&self.free);
        match all.all(|s| s.charged == s.cost) {
            true => self.slack.0,
            false => u64::MAX,
        }
    }

    /// Whether `slots` more seats from a position on, of classes that are not `taken`, can make a
    /// majority answer within `limit` by the costs and within the slack by the tail.
    pub(super) fn completes(&self, limit: u64, taken: &[Seat], from: usize) -> bool {
        let near = |s: &Seat| s.cost <= limit;
        let quick = |s: &Seat| s.tail <= self.slack.1;
        let have = || self.kept.iter().chain(taken);
        let needed = self.vote.majority();
        let slots = self.slots - taken.len();
        // By class, whether it has a seat that is near, one that is quick, and one that is both.
        let mut classes: Vec<(usize, [bool; 3])> = Vec::with_capacity(self.free.len());
        for seat in &self.free[from..] {
            if taken.iter().any(|t| t.class == seat.class) {
                continue;
            }
            let is = [near(seat), quick(seat), near(seat) && quick(seat)];
            match classes.iter_mut().find(|c| c.0 == seat.class) {
                Some((_, has)) => (0..3).for_each(|i| has[i] |= is[i]),
                None => classes.push((seat.class, is)),
            }
        }
        if classes.len() < slots {
            return false;
        }
        let count = |what: fn(&[bool; 3]) -> bool| classes.iter().filter(|c| what(&c.1)).count();
        // A seat that is both is never worse than another.
        let both = count(|c| c[2]).min(slots);
        let lacks = |have: usize| needed.saturating_sub(have + both);
        let lacks_near = lacks(have().filter(|s| near(s)).count());
        let lacks_quick = lacks(have().filter(|s| quick(s)).count());
        if lacks_near + lacks_quick > slots - both {
            return false;
        }
        let only_near = count(|c| !c[2] && c[0] && !c[1]);
        let only_quick = count(|c| !c[2] && c[1] && !c[0]);
        let either = count(|c| !c[2] && c[0] && c[1]);
        lacks_near.saturating_sub(only_near) + lacks_quick.saturating_sub(only_quick) <= either
    }
}
