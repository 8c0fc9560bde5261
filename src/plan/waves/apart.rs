//! The plan to pairs of clusters that must not change at the same time, and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ClusterName, RegionName, ServiceKey, StoreKey};
use crate::model::plan::{Plan, StorePlan};

/// Why two clusters must not change at the same time; the graver reason is the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why<'a> {
    /// Both vote on the writes of a store.
    Quorum(&'a StoreKey),
    /// Both take part in writes that wait for a standby.
    Standby(&'a StoreKey),
    /// One leads a store, and the other has the copy that would be promoted.
    Copy(&'a StoreKey),
    /// One takes over for the other.
    Partner(&'a ServiceKey),
}

/// The pairs, by number of cluster, and who leads what.
pub(super) struct Apart<'a> {
    names: Vec<&'a ClusterName>,
    pairs: Vec<BTreeSet<Why<'a>>>,
    /// The stores that are led in each cluster.
    pub leads: Vec<Vec<&'a StoreKey>>,
}

impl<'a> Apart<'a> {
    /// All pairs of a plan; `names` are the fleet's clusters in order of name.
    pub(super) fn of(names: Vec<&'a ClusterName>, plan: &'a Plan) -> Self {
        let count = names.len();
        let mut apart = Self {
            names,
            pairs: vec![BTreeSet::new(); count * count],
            leads: vec![Vec::new(); count],
        };
        for (key, store) in &plan.stores {
            for part in store.parts() {
                apart.store(key, part);
            }
        }
        for (key, service) in &plan.services {
            let here: BTreeMap<&RegionName, Vec<usize>> = service
                .regions
                .iter()
                .map(|p| {
                    let clusters = p.clusters.keys();
                    (&p.region, clusters.filter_map(|c| apart.index(c)).collect())
                })
                .collect();
            for (lost, chain) in &service.failover {
                let Some(from) = here.get(lost) else { continue };
                // Where nobody else takes over, the clusters of the region do for each other.
                let to = match chain.targets.first() {
                    Some(target) => here.get(target),
                    None => Some(from),
                };
                for &a in from {
                    for &b in to.into_iter().flatten() {
                        apart.keep(a, b, Why::Partner(key));
                    }
                }
            }
        }
        apart
    }

    /// The number of a cluster.
    pub(super) fn index(&self, name: &ClusterName) -> Option<usize> {
        self.names.binary_search(&name).ok()
    }

    /// The gravest reason why two clusters must not change at the same time; `None`: they may.
    pub(super) fn why(&self, a: usize, b: usize) -> Option<Why<'a>> {
        self.all(a, b).next()
    }

    /// Every reason, the gravest first.
    pub(super) fn all(&self, a: usize, b: usize) -> impl Iterator<Item = Why<'a>> {
        self.pairs[a * self.names.len() + b].iter().copied()
    }

    /// Whether a cluster may change together with others.
    pub(super) fn joins(&self, cluster: usize, others: &[usize]) -> bool {
        others.iter().all(|&o| self.why(cluster, o).is_none())
    }

    fn keep(&mut self, a: usize, b: usize, why: Why<'a>) {
        if a == b {
            return;
        }
        let count = self.names.len();
        for pair in [a * count + b, b * count + a] {
            self.pairs[pair].insert(why);
        }
    }

    fn store(&mut self, key: &'a StoreKey, store: &'a StorePlan) {
        let at = |region: &RegionName| {
            let cluster = store.clusters.get(region)?;
            self.index(cluster)
        };
        let all = |regions: &[RegionName]| regions.iter().filter_map(at).collect::<Vec<_>>();
        let leader = store.leader.as_ref().and_then(at);
        let mut quorum = all(&store.voters);
        if store.synchronous > 0 {
            quorum.extend(all(&store.sync_standbys));
        }
        let copies = all(&store.replicas);
        if !quorum.is_empty() {
            quorum.extend(leader);
        }
        let why = match store.voters.is_empty() {
            true => Why::Standby(key),
            false => Why::Quorum(key),
        };
        for (i, &a) in quorum.iter().enumerate() {
            for &b in &quorum[i + 1..] {
                self.keep(a, b, why);
            }
        }
        if let Some(leader) = leader {
            self.leads[leader].push(key);
            for copy in copies {
                self.keep(leader, copy, Why::Copy(key));
            }
        }
    }
}
