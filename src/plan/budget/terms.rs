//! A store as it was decided to the terms of a read and a write from any region.
//!
//! The values come from the formulas of `latency`; this names which standby, voter or region a
//! value comes from.

use crate::engine::{self, Read, Write};
use crate::latency::{self, Commit};
use crate::model::name::RegionName;
use crate::model::place::Country;
use crate::model::plan::{Quantile, Source, StorePlan, Term};
use crate::model::rtt::Rtt;
use crate::model::world::{Shard, Store};

use crate::plan::ground::Ground;
use crate::plan::legs::{Leg, Legs};

/// What one term of a formula stands for; regions by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum What {
    /// The way to the nearest region that serves.
    Serving(usize),
    /// The way to the nearest region of a service that is called.
    Callee(usize),
    /// The way to the region that takes the writes.
    Leader(usize),
    /// The way to the nearest replica.
    Replica(usize),
    /// Until the slowest standby that is waited for acknowledges; its rank by distance, of how many.
    Standby(usize, usize, usize),
    /// The same, of the first so many by priority.
    Priority(usize, usize),
    /// Until a majority holds the write; which voter makes it one, of how many voters.
    Voter(usize, usize),
    /// A wait that the engine adds.
    CommitWait,
    /// Until a quorum of every region answered; the farthest.
    EveryRegion(usize),
    /// Until a majority of all replicas answered; the farthest of them.
    Majority(usize),
}

type Part = (What, Leg);

/// The terms of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::plan) struct Parts([Option<Part>; 3]);

impl Parts {
    pub(in crate::plan) fn one(what: What, leg: Leg) -> Self {
        Self([Some((what, leg)), None, None])
    }

    /// This and then what a commit takes.
    fn then(mut self, commit: [Option<Part>; 2]) -> Self {
        self.0[1..].copy_from_slice(&commit);
        self
    }

    fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().flatten()
    }

    pub(in crate::plan) fn micros(&self) -> u64 {
        let legs = self.iter().map(|(_, leg)| leg.micros);
        legs.fold(0, u64::saturating_add)
    }

    /// The same without the way to the region that the request is in already.
    pub(in crate::plan) fn inside(mut self, region: usize) -> Self {
        if self.region() == Some(region) {
            self.0[0] = None;
        }
        self
    }

    /// The least certain source of the terms.
    pub(in crate::plan) fn source(&self) -> Source {
        let sources = self.iter().map(|(_, leg)| leg.source);
        sources.max().unwrap_or(Source::Inside)
    }

    /// The region that answers.
    pub(in crate::plan) fn region(&self) -> Option<usize> {
        match self.0[0]?.0 {
            What::Serving(r) | What::Callee(r) | What::Leader(r) | What::Replica(r) => Some(r),
            _ => None,
        }
    }

    /// In words; `asked` is the name of the store or service that is asked, if one is.
    pub(in crate::plan) fn terms(&self, ground: &Ground<'_>, asked: Option<&str>) -> Vec<Term> {
        let all = self.iter();
        all.map(|(what, leg)| leg.term(what.words(ground, asked)))
            .collect()
    }
}

impl What {
    fn words(self, ground: &Ground<'_>, asked: Option<&str>) -> String {
        let of = asked.map_or_else(String::new, |s| format!(" of `{s}`"));
        let name = |r: usize| ground.names[r];
        match self {
            Self::Serving(r) => format!("to {}, the nearest region that serves it", name(r)),
            Self::Callee(r) => format!("to `{}` in {}", asked.unwrap_or_default(), name(r)),
            Self::Leader(r) => format!("to the leader{of} in {}", name(r)),
            Self::Replica(r) => format!("to the nearest replica{of} in {}", name(r)),
            Self::Standby(r, _, 1) => format!("until {} acknowledges, the only standby", name(r)),
            Self::Standby(r, rank, all) => {
                let rank = ordinal(rank, "nearest");
                format!(
                    "until {} acknowledges, the {rank} of {all} standbys",
                    name(r)
                )
            }
            Self::Priority(r, k) => {
                format!(
                    "until {} acknowledges, the slowest of the first {k}",
                    name(r)
                )
            }
            Self::Voter(r, all) => {
                let majority = all / 2 + 1;
                format!(
                    "until {} votes, which makes it {majority} of {all}",
                    name(r)
                )
            }
            Self::CommitWait => "for the engine's commit wait".to_owned(),
            Self::EveryRegion(r) => {
                format!("until a quorum of every region answers, {} last", name(r))
            }
            Self::Majority(r) => {
                format!("until a majority of all replicas answers, {} last", name(r))
            }
        }
    }
}

/// `nearest`, `2nd nearest`.
fn ordinal(n: usize, what: &str) -> String {
    match n {
        1 => what.to_owned(),
        2 => format!("2nd {what}"),
        3 => format!("3rd {what}"),
        n => format!("{n}th {what}"),
    }
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
    /// What a commit adds at each percentile; `None` where a write never completes.
    commits: [Option<[Option<Part>; 2]>; 2],
}

impl<'a> Decided<'a> {
    pub(in crate::plan) fn of(
        ground: &Ground<'_>,
        legs: &Legs,
        declared: &'a Store,
        (part, plan): (Option<&'a str>, &StorePlan),
        lost: &[RegionName],
    ) -> Self {
        let index = |names: &[RegionName]| -> Vec<usize> {
            names
                .iter()
                .filter(|n| !lost.contains(n))
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
        let standbys = index(&plan.sync_standbys);
        let voters = (index(&plan.voters), plan.voters.len());
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
            return vec![Self::of(ground, legs, declared, (None, plan), &[])];
        }
        let part = |(name, plan): (&String, _)| {
            let shards = declared.shards.iter().map(|s| s.name.value.as_str());
            let known = shards.chain([Shard::DEFAULT]).find(|n| n == name)?;
            Some(Self::of(ground, legs, declared, (Some(known), plan), &[]))
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

    /// A write from a region; `None` when it never completes, or nothing holds the store.
    pub(in crate::plan) fn write(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<Parts> {
        match self.write {
            Write::Primary | Write::Quorum | Write::Global => {
                let leader = self.leader?;
                let commit = self.commits[quantile as usize]?;
                let path = Parts::one(What::Leader(leader), legs.at(quantile, from, leader));
                Some(path.then(commit))
            }
            Write::EachQuorum => {
                let (path, at) = self.nearest(ground, legs, quantile, from)?;
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
                    let leg = legs.at(quantile, from, leader);
                    return Some(Parts::one(What::Leader(leader), leg));
                }
                Some(self.nearest(ground, legs, quantile, from)?.0)
            }
        }
    }

    /// A read of the store's class from a region; `None` when nothing holds the store.
    pub(in crate::plan) fn read(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<Parts> {
        match (self.read, self.leader) {
            (Read::Leader, Some(leader)) => Some(Parts::one(
                What::Leader(leader),
                legs.at(quantile, from, leader),
            )),
            (Read::QuorumAcross, _) => self.majority(ground, legs, quantile, from),
            (Read::Leader | Read::Local, _) => Some(self.nearest(ground, legs, quantile, from)?.0),
        }
    }

    /// The way to the nearest region that holds it.
    fn nearest(
        &self,
        ground: &Ground<'_>,
        legs: &Legs,
        quantile: Quantile,
        from: usize,
    ) -> Option<(Parts, usize)> {
        let at = ground.nearest(from, &self.holds)?;
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
        let replicas: Vec<_> = times
            .iter()
            .map(|t| (*t, self.declared.instances))
            .collect();
        let reached = latency::quorum_across(&replicas)?;
        Some(path.then([self.part(legs, quantile, at, reached, What::Majority), None]))
    }

    /// From a region to each region that holds it; its own replicas are there.
    fn times(&self, legs: &Legs, quantile: Quantile, from: usize) -> Vec<Rtt> {
        let to = self.holds.iter();
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
        let region = self
            .holds
            .iter()
            .copied()
            .find(|&r| r != from && away(legs, quantile, from, r) == time)?;
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
