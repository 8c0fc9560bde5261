//! A store as it was decided to the terms of a read and a write from any region.
//!
//! The values come from the formulas of `latency`; this names which standby, voter or region a
//! value comes from.

use std::collections::BTreeSet;

use crate::engine::{self, Read, Write};
use crate::latency::{self, Commit};
use crate::model::name::RegionName;
use crate::model::place::Country;
use crate::model::plan::{Quantile, Source, StorePlan};
use crate::model::rtt::Rtt;
use crate::model::world::{Shard, Store};

use super::terms::{Part, Parts, What};
use crate::plan::ground::Ground;
use crate::plan::legs::{Leg, Legs};

/// What is gone of a store and of the ways to it; by default nothing.
#[derive(Debug, Default)]
pub(in crate::plan) struct Gone {
    /// The regions that hold it no more.
    pub lost: Vec<RegionName>,
    /// Pairs of regions that do not reach each other, both ways.
    pub cut: BTreeSet<(usize, usize)>,
}

/// A store as it was decided, or one part of it where its data is homed with its users.
pub(in crate::plan) struct Decided<'a> {
    pub declared: &'a Store,
    /// The part; absent for a store that is one.
    part: Option<&'a str>,
    leader: Option<usize>,
    /// The regions that hold its data.
    holds: Vec<usize>,
    read: Read,
    write: Write,
    /// Pairs of regions that do not reach each other, both ways.
    cut: BTreeSet<(usize, usize)>,
    /// How many regions held it and do no more.
    lost: usize,
    /// What a commit adds at each percentile; `None` where a write never completes.
    commits: [Option<[Option<Part>; 2]>; 2],
}

impl<'a> Decided<'a> {
    pub(in crate::plan) fn of(
        ground: &Ground<'_>,
        legs: &Legs,
        declared: &'a Store,
        (part, plan): (Option<&'a str>, &StorePlan),
        gone: Gone,
    ) -> Self {
        let index = |names: &[RegionName]| -> Vec<usize> {
            names
                .iter()
                .filter(|n| !gone.lost.contains(n))
                .filter_map(|n| ground.index(n.as_str()))
                .collect()
        };
        let leader = plan.leader.as_ref().and_then(|l| ground.index(l.as_str()));
        let mut holds = index(&plan.replicas);
        holds.extend(index(&plan.voters));
        holds.extend(leader);
        holds.sort_unstable();
        holds.dedup();
        let way = engine::way(declared);
        let write = way.map_or(Write::Primary, |w| w.write);
        let seen = |mut of: Vec<usize>| {
            of.retain(|&to| leader.is_none_or(|from| !gone.cut.contains(&(from, to))));
            of
        };
        let standbys = seen(index(&plan.sync_standbys));
        let voters = (seen(index(&plan.voters)), plan.voters.len());
        let commit = |quantile| match (write, leader) {
            (Write::Primary, Some(leader)) => {
                let scheme = engine::commit(declared);
                primary(legs, quantile, leader, &standbys, scheme)
            }
            (Write::Quorum, Some(leader)) => Some([quorum(legs, quantile, leader, &voters)?, None]),
            (Write::Global, Some(leader)) => {
                let wait = Leg {
                    micros: latency::COMMIT_WAIT.as_micros(),
                    source: Source::Estimated,
                };
                let vote = quorum(legs, quantile, leader, &voters)?;
                Some([vote, Some((What::CommitWait, wait))])
            }
            _ => Some([None, None]),
        };
        Self {
            declared,
            part,
            leader,
            holds,
            read: way.map_or(Read::Leader, |w| w.read),
            write,
            commits: Quantile::ALL.map(commit),
            lost: gone.lost.len(),
            cut: gone.cut,
        }
    }

    /// A store by its parts: where its data is homed with its users several, else one.
    pub(in crate::plan) fn parts(
        ground: &Ground<'_>,
        legs: &Legs,
        declared: &'a Store,
        plan: &StorePlan,
    ) -> Vec<Self> {
        if plan.shards.is_empty() {
            return vec![Self::of(
                ground,
                legs,
                declared,
                (None, plan),
                Gone::default(),
            )];
        }
        let part = |(name, plan): (&String, _)| {
            let shards = declared.shards.iter().map(|s| s.name.value.as_str());
            let known = shards.chain([Shard::DEFAULT]).find(|n| n == name)?;
            Some(Self::of(
                ground,
                legs,
                declared,
                (Some(known), plan),
                Gone::default(),
            ))
        };
        plan.shards.iter().filter_map(part).collect()
    }

    /// The name of the store.
    pub(in crate::plan) fn name(&self) -> &'a str {
        self.declared.name.value.as_str()
    }

    /// Whether it holds the data of users of a country.
    pub(in crate::plan) fn is_of(&self, country: Country) -> bool {
        let Some(part) = self.part else { return true };
        let home = Shard::of(&self.declared.shards, country);
        home.map_or(Shard::DEFAULT, |s| s.name.value.as_str()) == part
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        !self.cut.contains(&(from, to))
    }

    /// A write from a region; `None` when it never completes, or nothing that it reaches holds the
    /// store.
    pub(in crate::plan) fn write(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<Parts> {
        match self.write {
            Write::Primary | Write::Quorum | Write::Global => {
                let leader = self.leader.filter(|&l| self.reaches(from, l))?;
                let commit = self.commits[quantile as usize]?;
                let path = Parts::one(What::Leader(leader), legs.at(quantile, from, leader));
                Some(path.then(commit))
            }
            Write::EachQuorum => {
                let (path, at) = self.nearest(ground, legs, quantile, from)?;
                if self.lost > 0 || self.holds.iter().any(|&r| !self.reaches(at, r)) {
                    return None;
                }
                let times: Vec<Rtt> = self.times(legs, quantile, at);
                let slowest = latency::each_quorum(&times);
                Some(path.then([
                    self.part(legs, quantile, at, slowest, What::EveryRegion),
                    None,
                ]))
            }
            Write::QuorumAcross => self.majority(ground, legs, quantile, from),
            Write::LocalQuorum | Write::Log | Write::Merge | Write::Cache => {
                // A log with one origin takes writes there alone.
                if let Some(leader) = self.leader {
                    if !self.reaches(from, leader) {
                        return None;
                    }
                    let leg = legs.at(quantile, from, leader);
                    return Some(Parts::one(What::Leader(leader), leg));
                }
                Some(self.nearest(ground, legs, quantile, from)?.0)
            }
        }
    }

    /// A read of the store's class from a region; `None` when nothing that it reaches
    /// holds the store.
    pub(in crate::plan) fn read(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<Parts> {
        match (self.read, self.leader) {
            (Read::Leader, Some(leader)) => self
                .reaches(from, leader)
                .then(|| Parts::one(What::Leader(leader), legs.at(quantile, from, leader))),
            (Read::QuorumAcross, _) => self.majority(ground, legs, quantile, from),
            (Read::Leader | Read::Local, _) => Some(self.nearest(ground, legs, quantile, from)?.0),
        }
    }

    /// The way to the nearest region that it reaches and that holds it.
    fn nearest(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<(Parts, usize)> {
        let at = if self.cut.is_empty() {
            ground.nearest(from, &self.holds)
        } else {
            let mut near = self.holds.clone();
            near.retain(|&r| self.reaches(from, r));
            ground.nearest(from, &near)
        }?;
        let path = Parts::one(What::Replica(at), legs.at(quantile, from, at));
        Some((path, at))
    }

    fn majority(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<Parts> {
        let (path, at) = self.nearest(ground, legs, quantile, from)?;
        let times = self.times(legs, quantile, at);
        // A majority is one of all replicas; those that are gone come last.
        let all = self.holds.len() + self.lost;
        if times.len() * 2 <= all {
            return None;
        }
        let missing = std::iter::repeat_n(Rtt::micros(u64::MAX), all - times.len());
        let replicas: Vec<_> = times
            .into_iter()
            .chain(missing)
            .map(|t| (t, self.declared.instances))
            .collect();
        let reached = latency::quorum_across(&replicas)?;
        Some(path.then([self.part(legs, quantile, at, reached, What::Majority), None]))
    }

    /// From a region to each that it reaches and that holds it; its own replicas are there.
    fn times(&self, legs: &Legs, quantile: Quantile, from: usize) -> Vec<Rtt> {
        let to = self.holds.iter().filter(|&&r| self.reaches(from, r));
        to.map(|&r| away(legs, quantile, from, r)).collect()
    }

    /// Which other region a time comes from.
    fn part(
        &self,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
        time: Rtt,
        what: fn(usize) -> What,
    ) -> Option<Part> {
        let region = self.holds.iter().copied().find(|&r| {
            r != from && self.reaches(from, r) && away(legs, quantile, from, r) == time
        })?;
        Some((what(region), legs.at(quantile, from, region)))
    }
}

fn away(legs: &Legs, quantile: Quantile, from: usize, to: usize) -> Rtt {
    if from == to {
        Rtt::default()
    } else {
        legs.rtt(quantile, from, to)
    }
}

/// What a primary waits for; `None` when it has fewer standbys than that.
fn primary(
    legs: &Legs,
    quantile: Quantile,
    leader: usize,
    standbys: &[usize],
    scheme: Commit,
) -> Option<[Option<Part>; 2]> {
    let times: Vec<Rtt> = standbys
        .iter()
        .map(|&s| legs.rtt(quantile, leader, s))
        .collect();
    let time = latency::commit(scheme, &times)?;
    let waited = match scheme {
        Commit::Asynchronous | Commit::AnyOf(0) | Commit::FirstOf(0) => return Some([None, None]),
        Commit::AnyOf(_) => standbys.len(),
        Commit::FirstOf(k) => k,
    };
    let found = times.iter().take(waited).position(|t| *t == time)?;
    let slowest = standbys[found];
    let what = match scheme {
        Commit::FirstOf(k) => What::Priority(slowest, k),
        _ => {
            let rank = times.iter().filter(|t| **t < time).count() + 1;
            What::Standby(slowest, rank, standbys.len())
        }
    };
    Some([Some((what, legs.at(quantile, leader, slowest))), None])
}

/// The voter that makes a majority of all voters, of those that are left; nothing for a lone one,
/// `None` when too few are left.
fn quorum(
    legs: &Legs,
    quantile: Quantile,
    leader: usize,
    (left, all): &(Vec<usize>, usize),
) -> Option<Option<Part>> {
    let mut followers = left.clone();
    // One voter is the leader itself; others may stand in its region.
    if let Some(own) = followers.iter().position(|&v| v == leader) {
        followers.remove(own);
    }
    if *all < 2 {
        return Some(None);
    }
    let times: Vec<Rtt> = followers
        .iter()
        .map(|&v| legs.rtt(quantile, leader, v))
        .collect();
    let time = latency::quorum(*all, &times)?;
    let found = times.iter().position(|t| *t == time)?;
    let voter = followers[found];
    let leg = legs.at(quantile, leader, voter);
    Some(Some((What::Voter(voter, *all), leg)))
}
