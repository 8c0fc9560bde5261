//! Voters elect a leader among themselves: the best leader with its voters, or those of the lock
//! with as little changed as has to be.

use crate::model::world::ReadReplicas;
use crate::plan::ground::UNKNOWN;

use super::quorum::{self, Answer, Reads, Vote};
use super::site::{Limit, Site};
use super::{Choice, Decided, Held};

/// Decides; `None` when there are no such voters.
pub(super) fn decide(site: &Site<'_>, held: &Held) -> Option<Decided> {
    let vote = site.vote();
    if vote.members.len() < site.least_regions() {
        return None;
    }
    let best = quorum::solve(&vote)?;
    let kept = kept(&vote, held).filter(|kept| !held.rebalance || kept.value == best.value);
    let leads = |answer: &Answer| answer.voters.first().copied();
    let choice = match &kept {
        _ if site.store.leader.is_some() && site.has(Limit::Leader) => Choice::Named,
        _ if site.led().is_some() => Choice::Journeys,
        Some(kept) if leads(kept) == held.leader => Choice::Kept,
        Some(kept) if kept.value > best.value => Choice::Voters,
        _ => Choice::Best,
    };
    // What is kept is not searched for; what the best could be is.
    let bound = match &kept {
        Some(kept) => kept.value,
        None => best.bound,
    };
    let answer = kept.unwrap_or_else(|| best.clone());
    let leader = leads(&answer)?;
    let mut times: Vec<u64> = answer.voters[1..]
        .iter()
        .map(|&v| site.ground.costs[leader][v])
        .collect();
    times.sort_unstable();
    let quorum = times.get((vote.count / 2).wrapping_sub(1)).copied();
    let mut replicas = site.regions.clone();
    replicas.retain(|r| !answer.voters.contains(r));
    if site.store.read_replicas == ReadReplicas::None && vote.reads != Reads::Elsewhere {
        replicas.clear();
    }
    let elsewhere = match vote.reads {
        Reads::Elsewhere => u128::from(vote.mix.0) * site.nearest(&site.regions),
        Reads::Leader | Reads::Voter => 0,
    };
    let better = best.value < answer.value && leads(&best).is_some();
    Some(Decided {
        leader: Some(leader),
        replicas,
        standbys: Vec::new(),
        commit: quorum.unwrap_or_default().saturating_add(vote.wait),
        value: answer.value + elsewhere,
        bound: bound + elsewhere,
        better: better.then(|| (best.value + elsewhere, best.voters[0])),
        choice,
        voters: answer.voters,
    })
}

/// What of the lock can stay: leader and voters; else the voters, one of which leads; else the
/// leader. What is missing is chosen anew.
fn kept(vote: &Vote<'_>, held: &Held) -> Option<Answer> {
    let leads = |r: &usize| vote.leaders.contains(r);
    let leader = held.leader.filter(leads);
    let mut order: Vec<usize> = leader.into_iter().collect();
    order.extend(held.voters.iter().copied());
    if let Some(leader) = leader {
        // It is named as a voter too.
        if let Some(again) = order.iter().skip(1).position(|&v| v == leader) {
            order.remove(again + 1);
        }
    }
    let solve = |leaders: Vec<usize>, kept: Vec<usize>| {
        let asked = Vote {
            leaders,
            kept,
            ..vote.clone()
        };
        quorum::solve(&asked)
    };
    let voters = quorum::compatible(vote, &order);
    let known = |from: usize, to: usize| vote.costs[from][to] < UNKNOWN;
    let reach = |leader: usize| voters.iter().all(|&v| known(leader, v));
    let with_leader = leader.filter(|&l| reach(l));
    let all = with_leader.and_then(|l| solve(vec![l], voters.clone()));
    all.or_else(|| {
        let among: Vec<usize> = vote.leaders.clone();
        let among: Vec<usize> = among.into_iter().filter(|l| voters.contains(l)).collect();
        let some = !among.is_empty() && leader.is_none();
        some.then(|| solve(among, voters.clone())).flatten()
    })
    .or_else(|| leader.and_then(|l| solve(vec![l], Vec::new())))
}
