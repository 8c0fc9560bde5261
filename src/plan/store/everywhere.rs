//! Every region takes writes: without a leader (F6 to F8), by mirrored logs (F9), by merging (F10),
//! or in caches that know nothing of each other. Nothing is chosen; the latency is what follows.

use crate::engine::{Read, Write};
use crate::latency;
use crate::model::rtt::Rtt;
use crate::plan::search::Costs;

use super::site::Site;
use super::{Choice, Decided};

/// Decides; `None` when a limit is broken.
pub(super) fn decide(site: &Site<'_>) -> Option<Decided> {
    if site.regions.len() < site.least_regions() {
        return None;
    }
    let way = site.way();
    let write = way.map_or(Write::Cache, |w| w.write);
    let costs = &site.ground.costs;
    let across = |from: usize, costs: &Costs| match write {
        Write::EachQuorum => each(site, from, costs),
        Write::QuorumAcross => majority(site, from, costs),
        _ => 0,
    };
    let fits = site
        .write_limits()
        .into_iter()
        .enumerate()
        .all(|(tail, limit)| {
            let costs = site.ground.enforced(tail == 1);
            let demand = site.demand.by_region.iter().filter(|(_, w)| *w > 0);
            let slowest = demand.map(|&(d, _)| {
                let at = site.ground.nearest(d, &site.regions).unwrap_or(d);
                costs[d][at].saturating_add(across(at, costs))
            });
            limit.is_none_or(|limit| !site.demand.given || slowest.max() <= Some(limit))
        });
    if !fits {
        return None;
    }
    let (reads, writes) = site.mix();
    let mut value = 0_u128;
    let mut slowest = 0;
    for &(d, weight) in &site.demand.by_region {
        let at = site.ground.nearest(d, &site.regions)?;
        let path = u128::from(costs[d][at]);
        let commit = across(at, costs);
        slowest = slowest.max(commit);
        let reading = match way.map(|w| w.read) {
            Some(Read::QuorumAcross) => path + u128::from(commit),
            _ => path,
        };
        let writing = path + u128::from(commit);
        value += u128::from(weight) * (u128::from(reads) * reading + u128::from(writes) * writing);
    }
    Some(Decided {
        leader: None,
        voters: Vec::new(),
        replicas: site.regions.clone(),
        standbys: Vec::new(),
        commit: slowest,
        value,
        bound: value,
        better: None,
        choice: Choice::Best,
    })
}

/// F7, beyond the region itself.
fn each(site: &Site<'_>, from: usize, costs: &Costs) -> u64 {
    let others = site.regions.iter().filter(|&&r| r != from);
    let times: Vec<Rtt> = others.map(|&r| Rtt::micros(costs[from][r])).collect();
    latency::each_quorum(&times).as_micros()
}

/// F8, beyond the region itself.
fn majority(site: &Site<'_>, from: usize, costs: &Costs) -> u64 {
    let replicas = site.store.instances;
    let time = |r: usize| if r == from { 0 } else { costs[from][r] };
    let all: Vec<(Rtt, u32)> = site
        .regions
        .iter()
        .map(|&r| (Rtt::micros(time(r)), replicas))
        .collect();
    latency::quorum_across(&all).map_or(0, Rtt::as_micros)
}
