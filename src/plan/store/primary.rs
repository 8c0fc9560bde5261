//! One region takes the writes, the others follow: the leader with the smallest weighted latency.
//!
//! Without synchronous standbys a write costs the way to the leader (F1); with them also the k-th
//! smallest round trip from it to a standby (`any`, F2), or the largest of the first k (`first`,
//! F3). Every leader is tried.

use crate::engine;
use crate::latency::{self, Commit};
use crate::model::rtt::Rtt;

use super::site::{Limit, Site};
use super::{Choice, Decided, Held};

/// How writes wait for standbys.
fn waits(site: &Site<'_>) -> Commit {
    match site.has(Limit::Standbys) {
        true => engine::commit(site.store),
        false => Commit::Asynchronous,
    }
}

/// The regions whose replicas count, in order of priority.
pub(super) fn standbys(site: &Site<'_>, leader: usize) -> Vec<usize> {
    let costs = &site.ground.costs[leader];
    let mut others: Vec<usize> = site.regions.clone();
    others.retain(|&r| r != leader);
    others.sort_by_key(|&r| (costs[r], r));
    let written = &site.store.standbys;
    if written.of.is_empty() {
        return others;
    }
    let place = |r: usize| {
        let name = site.ground.names[r];
        written.of.iter().position(|o| o.value == *name)
    };
    others.retain(|&r| place(r).is_some());
    if written.first {
        others.sort_by_key(|&r| place(r));
    }
    others
}

/// What a leader's commit adds in microseconds, and which standby decides that; `None` when it
/// never ends.
fn commit(
    site: &Site<'_>,
    leader: usize,
    cost: impl Fn(usize) -> u64,
) -> Option<(u64, Option<usize>)> {
    let others = standbys(site, leader);
    let times: Vec<Rtt> = others.iter().map(|&s| Rtt::micros(cost(s))).collect();
    let commit = latency::commit(waits(site), &times)?;
    let decides = match waits(site) {
        Commit::Asynchronous => None,
        Commit::AnyOf(_) | Commit::FirstOf(_) => times.iter().position(|t| *t == commit),
    };
    Some((commit.as_micros(), decides.map(|i| others[i])))
}

/// What a leader's commit counts for against an enforced limit: nothing where the standby that
/// decides was not measured.
fn charged(site: &Site<'_>, leader: usize, tail: bool) -> Option<u64> {
    let ground = site.ground;
    let (_, decides) = commit(site, leader, |standby| match tail {
        true => ground.p99(leader, standby).0,
        false => ground.costs[leader][standby],
    })?;
    Some(decides.map_or(0, |standby| ground.enforced(tail)[leader][standby]))
}

/// The value of a leader with what its commit adds.
pub(super) fn value(site: &Site<'_>, leader: usize) -> Option<(u128, u64)> {
    let (reads, writes) = site.mix();
    let (commit, _) = commit(site, leader, |s| site.ground.costs[leader][s])?;
    let paths = site.nearest(&[leader]);
    let read = match (reads, site.reads_at_leader()) {
        (0, _) => 0,
        (_, true) => paths,
        (_, false) => site.nearest(&site.regions),
    };
    let written = paths + u128::from(commit) * site.demand.total;
    let value = u128::from(reads) * read + u128::from(writes) * written;
    Some((value, commit))
}

/// Decides; `None` when no region may lead.
pub(super) fn decide(site: &Site<'_>, held: &Held) -> Option<Decided> {
    let keeps = |leader: usize| {
        let commits = charged(site, leader, false).zip(charged(site, leader, true));
        commits.is_some_and(|(median, tail)| site.keeps(leader, [median, tail]))
    };
    let limited = site.write_limits() != [None, None];
    let all: Vec<(u128, usize, u64)> = site
        .leaders()
        .into_iter()
        .filter(|&l| !limited || keeps(l))
        .filter_map(|l| value(site, l).map(|(value, commit)| (value, l, commit)))
        .collect();
    let best = *all.iter().min()?;
    let was = all.iter().find(|one| Some(one.1) == held.leader);
    // A rebalance moves for a gain only.
    let kept = was.filter(|one| !held.rebalance || one.0 == best.0);
    let (value, leader, commit) = *kept.unwrap_or(&best);
    let choice = match (site.store.leader.is_some(), kept.is_some()) {
        (true, _) if site.has(Limit::Leader) => Choice::Named,
        _ if site.led().is_some() => Choice::Journeys,
        (_, true) => Choice::Kept,
        (_, false) => Choice::Best,
    };
    let mut replicas = site.regions.clone();
    replicas.retain(|&r| r != leader);
    Some(Decided {
        leader: Some(leader),
        voters: Vec::new(),
        replicas,
        standbys: match waits(site) {
            Commit::Asynchronous => Vec::new(),
            Commit::AnyOf(_) | Commit::FirstOf(_) => standbys(site, leader),
        },
        commit,
        value,
        bound: value,
        better: (best.0 < value).then_some((best.0, best.1)),
        choice,
    })
}
