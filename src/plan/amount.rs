//! What pods ask for and what clusters hold, in numbers that add up.

use crate::model::name::ClusterName;
use crate::model::ratio::Share;
use crate::model::world::{Service, World};
use std::collections::BTreeMap;

/// CPU and memory, in billionths of a core and of a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub cpu: i128,
    pub memory: i128,
}

impl Amount {
    /// What one pod of a service asks for.
    pub(super) fn of_pod(service: &Service) -> Self {
        let resources = &service.workload.resources;
        Self {
            cpu: resources.cpu.as_nano(),
            memory: resources.memory.as_nano(),
        }
    }

    pub(super) fn times(self, pods: u32) -> Self {
        Self {
            cpu: self.cpu.saturating_mul(i128::from(pods)),
            memory: self.memory.saturating_mul(i128::from(pods)),
        }
    }
}

/// What is left of each cluster's capacity; what it does not state is not limited.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    free: BTreeMap<ClusterName, (Option<i128>, Option<i128>)>,
}

impl Room {
    /// All clusters empty.
    pub(super) fn of(world: &World) -> Self {
        let capacity = world.clusters.iter().map(|(name, cluster)| {
            let cpu = cluster.capacity.cpu.as_ref().map(|q| q.as_nano());
            let memory = cluster.capacity.memory.as_ref().map(|q| q.as_nano());
            (name.clone(), (cpu, memory))
        });
        Self {
            free: capacity.collect(),
        }
    }

    /// Whether any cluster states its capacity.
    pub(super) fn limited(&self) -> bool {
        let mut free = self.free.values();
        free.any(|(cpu, memory)| cpu.is_some() || memory.is_some())
    }

    /// The same clusters with a share of their whole capacity kept free.
    pub(super) fn keep_free(mut self, world: &World, share: Share) -> Self {
        let part = |n: i128| n.saturating_mul(i128::from(share.as_ppm())) / 1_000_000;
        for (name, (cpu, memory)) in Self::of(world).free {
            let Some(left) = self.free.get_mut(&name) else {
                continue;
            };
            left.0 = left.0.zip(cpu).map(|(l, all)| l - part(all));
            left.1 = left.1.zip(memory).map(|(l, all)| l - part(all));
        }
        self
    }

    /// Whether an amount fits a cluster.
    pub(super) fn fits(&self, cluster: &ClusterName, amount: Amount) -> bool {
        let (cpu, memory) = self.free.get(cluster).copied().unwrap_or_default();
        cpu.is_none_or(|left| amount.cpu <= left) && memory.is_none_or(|left| amount.memory <= left)
    }

    /// What is left of a cluster: CPU and memory, where they are limited.
    pub(super) fn left(&self, cluster: &ClusterName) -> (Option<i128>, Option<i128>) {
        self.free.get(cluster).copied().unwrap_or_default()
    }

    /// Gives an amount of a cluster back.
    pub(super) fn give(&mut self, cluster: &ClusterName, amount: Amount) {
        let (cpu, memory) = (-amount.cpu, -amount.memory);
        self.take(cluster, Amount { cpu, memory });
    }

    /// Takes an amount of a cluster.
    pub(super) fn take(&mut self, cluster: &ClusterName, amount: Amount) {
        if let Some((cpu, memory)) = self.free.get_mut(cluster) {
            *cpu = cpu.map(|left| left - amount.cpu);
            *memory = memory.map(|left| left - amount.memory);
        }
    }
}

/// Splits pods evenly over clusters in order of name; the first ones take the remainder.
pub(super) fn split(pods: u32, over: usize, index: usize) -> u32 {
    let over = u32::try_from(over).unwrap_or(u32::MAX).max(1);
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    pods / over + u32::from(index < pods % over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_split_evenly_and_none_is_lost() {
        for (pods, over, expected) in [
            (7, 3, vec![3, 2, 2]),
            (2, 3, vec![1, 1, 0]),
            (4, 1, vec![4]),
        ] {
            let found: Vec<u32> = (0..over).map(|i| split(pods, over, i)).collect();
            assert_eq!(found, expected);
        }
    }
}
