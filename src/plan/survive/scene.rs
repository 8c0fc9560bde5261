//! What is left of the fleet, by the indexes that decisions use.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ClusterName, RegionName, ZoneName};
use crate::model::plan::{Plan, RegionPlacement, StorePlan};
use crate::model::simulation::Lost;
use crate::model::world::World;

use crate::plan::ground::Ground;

/// The fleet without what is lost.
pub(super) struct Scene<'a> {
    pub ground: &'a Ground<'a>,
    pub plan: &'a Plan,
    clusters: BTreeSet<&'a ClusterName>,
    /// Lost zones by region, as far as the region stands.
    zones: BTreeMap<&'a RegionName, BTreeSet<&'a ZoneName>>,
    /// Pairs of regions that do not reach each other, both ways.
    pub cut: BTreeSet<(usize, usize)>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, plan: &'a Plan, lost: &'a [Lost]) -> Self {
        let world = ground.world;
        let mut zones: BTreeMap<&RegionName, BTreeSet<&ZoneName>> = BTreeMap::new();
        for one in lost {
            if let Lost::Zone(region, zone) = one {
                zones.entry(region).or_default().insert(zone);
            }
        }
        let whole = |region: &RegionName| {
            let named = lost
                .iter()
                .any(|l| matches!(l, Lost::Region(r) if r == region));
            // A region whose every zone is lost is lost.
            let all = zones.get(region).map_or(0, BTreeSet::len);
            named || (all > 0 && all >= world.regions[region].zones.len())
        };
        let clusters = world
            .clusters
            .iter()
            .filter(|(name, cluster)| {
                whole(&cluster.region) || lost.contains(&Lost::Cluster((*name).clone()))
            })
            .map(|(name, _)| name)
            .collect();
        let standing: BTreeSet<_> = zones.keys().copied().filter(|r| !whole(r)).collect();
        zones.retain(|region, _| standing.contains(*region));
        let mut cut = BTreeSet::new();
        for one in lost {
            if let Lost::Link(a, b) = one
                && let (Some(a), Some(b)) = (ground.index(a.as_str()), ground.index(b.as_str()))
            {
                cut.extend([(a, b), (b, a)]);
            }
        }
        Self {
            ground,
            plan,
            clusters,
            zones,
            cut,
        }
    }

    pub(super) fn world(&self) -> &'a World {
        self.ground.world
    }

    /// Whether a cluster stands.
    pub(super) fn stands(&self, cluster: &ClusterName) -> bool {
        !self.clusters.contains(cluster)
    }

    /// Whether a service has a cluster left where it is placed.
    pub(super) fn runs(&self, placement: &RegionPlacement) -> bool {
        placement.clusters.keys().any(|c| self.stands(c))
    }

    /// Whether a region still holds a store.
    pub(super) fn holds(&self, store: &StorePlan, region: &RegionName) -> bool {
        match store.clusters.get(region) {
            Some(cluster) => self.stands(cluster),
            // A voter without a cluster of its own goes with its region.
            None => {
                let all = &self.world().regions[region].clusters;
                all.iter().any(|c| self.stands(c))
            }
        }
    }

    /// Whether traffic gets from a region to another.
    pub(super) fn reaches(&self, from: usize, to: usize) -> bool {
        !self.cut.contains(&(from, to))
    }

    /// Whether any way between regions is lost.
    pub(super) fn cuts(&self) -> bool {
        !self.cut.is_empty()
    }

    /// Lost zones of a region that stands, of how many.
    pub(super) fn zones(&self, region: &RegionName) -> Option<(u32, u32)> {
        let lost = self.zones.get(region)?.len();
        let all = self.world().regions[region].zones.len();
        Some((u32::try_from(lost).ok()?, u32::try_from(all).ok()?))
    }

    pub(super) fn name(&self, region: usize) -> RegionName {
        self.ground.names[region].clone()
    }
}
