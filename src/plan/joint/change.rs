//! A change that a person could make, to the fleet with it made and to its words.

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::{Capability, ClusterName, DataClassName, RegionName, ServiceKey};
use crate::model::place::Country;
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::{LatencyBudget, RegionChoice, Service, World};
use crate::plan::words;

use super::part::{Kind, capacity};

/// Which latency budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Which {
    Read,
    Write,
    Call,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// What a cluster holds, in milli-cores or mebibytes.
    Capacity(ClusterName, Kind, i128),
    /// What a failover keeps free, in percent.
    Headroom(u32),
    Min(ServiceKey, u32),
    Max(ServiceKey, u32),
    /// No takeover.
    Stay(ServiceKey),
    /// So many regions.
    Regions(ServiceKey, u32),
    /// Not this one of those that are named.
    Without(ServiceKey, RegionName),
    /// This one too.
    From(ServiceKey, RegionName),
    /// A limit in milliseconds, at the median or at the 99th percentile.
    Budget(ServiceKey, Which, bool, u64),
    /// The leader of a store wherever it is best.
    AnyLeader(ServiceKey, usize),
    /// So many standbys of a store.
    Standbys(ServiceKey, usize, u32),
    /// What a cluster can do.
    Capability(ClusterName, Capability),
    /// A country that a data class may lie in too, for a region.
    Area(DataClassName, Country, RegionName),
}

/// In billionths, what capacities are told in.
pub(super) fn unit(kind: Kind) -> i128 {
    match kind {
        Kind::Cpu => 1_000_000,
        Kind::Memory => 1_048_576 * 1_000_000_000,
    }
}

/// A capacity as a person writes it.
pub(super) fn quantity(kind: Kind, units: i128) -> Option<Quantity> {
    let suffix = match kind {
        Kind::Cpu => "m",
        Kind::Memory => "Mi",
    };
    Quantity::parse(&format!("{units}{suffix}"))
}

impl Change {
    /// The fleet with the change made; `None` where it cannot be.
    pub(super) fn made(&self, world: &World) -> Option<World> {
        let mut world = world.clone();
        self.make(&mut world)?;
        Some(world)
    }

    fn make(&self, world: &mut World) -> Option<()> {
        let service = |world: &'_ mut World,
                       key: &ServiceKey,
                       change: &dyn Fn(&mut Service) -> Option<()>| {
            change(world.services.get_mut(key)?)
        };
        match self {
            Self::Capacity(cluster, kind, units) => {
                let value = quantity(*kind, *units)?;
                let capacity = &mut world.clusters.get_mut(cluster)?.capacity;
                match kind {
                    Kind::Cpu => capacity.cpu.as_mut()?.value = value,
                    Kind::Memory => capacity.memory.as_mut()?.value = value,
                }
                Some(())
            }
            Self::Headroom(percent) => {
                world.fleet.failover.headroom = Share::ppm(percent * 10_000);
                Some(())
            }
            Self::Min(key, min) => service(world, key, &|s| {
                s.workload.scale.min = *min;
                Some(())
            }),
            Self::Max(key, max) => service(world, key, &|s| {
                s.workload.scale.max = *max;
                Some(())
            }),
            Self::Stay(key) => service(world, key, &|s| {
                s.failover = false;
                Some(())
            }),
            Self::Regions(key, count) => service(world, key, &|s| {
                let RegionChoice::Count { at_least, at_most } = &mut s.placement.regions else {
                    return None;
                };
                let exactly = at_least == at_most;
                (*at_least, *at_most) = match exactly {
                    true => (*count, *count),
                    false => ((*at_least).min(*count), (*at_most).max(*count)),
                };
                Some(())
            }),
            Self::Without(key, region) => service(world, key, &|s| {
                let RegionChoice::Named(named) = &mut s.placement.regions else {
                    return None;
                };
                named.retain(|n| n.value != *region);
                (!named.is_empty()).then_some(())
            }),
            Self::From(key, region) => service(world, key, &|s| {
                let span = s.placement.from.first()?.span;
                s.placement.from.push(Spanned::new(region.clone(), span));
                Some(())
            }),
            Self::Budget(key, which, tail, ms) => service(world, key, &|s| {
                let budget = of(s, *which)?;
                match tail {
                    false => budget.value.p50 = Some(Duration::millis(*ms)),
                    true => budget.value.p99 = Some(Duration::millis(*ms)),
                }
                Some(())
            }),
            Self::AnyLeader(key, store) => service(world, key, &|s| {
                s.stores.get_mut(*store)?.leader = None;
                Some(())
            }),
            Self::Standbys(key, store, count) => service(world, key, &|s| {
                s.stores.get_mut(*store)?.synchronous = *count;
                Some(())
            }),
            Self::Capability(cluster, capability) => {
                let cluster = world.clusters.get_mut(cluster)?;
                cluster.capabilities.insert(capability.clone());
                Some(())
            }
            Self::Area(class, country, _) => {
                let class = world.fleet.data_classes.get_mut(class)?;
                class.residency.as_mut()?.countries.insert(*country);
                Some(())
            }
        }
    }

    /// In words; `about` is the service that needs no name.
    pub(super) fn words(&self, world: &World, about: &ServiceKey) -> String {
        let of = |key: &ServiceKey| match key == about {
            true => String::new(),
            false => format!(" of `{}`", key.service),
        };
        match self {
            Self::Capacity(cluster, kind, units) => {
                let now = capacity(world, cluster, *kind).unwrap_or_default() / unit(*kind);
                let text =
                    |units| quantity(*kind, units).map_or_else(String::new, |q| q.to_string());
                format!(
                    "give `{cluster}` {} more {}, {} in all",
                    text(units - now),
                    kind.name(),
                    text(*units)
                )
            }
            Self::Headroom(percent) => format!("lower `failover.headroom` to {percent}%"),
            Self::Min(key, min) => format!("lower `scale.min`{} to {min}", of(key)),
            Self::Max(key, max) => format!("lower `scale.max`{} to {max}", of(key)),
            Self::Stay(key) => format!("set `failover: none` for `{}`", key.service),
            Self::Regions(key, count) => {
                format!(
                    "ask for {}{}",
                    words::count(*count as usize, "region"),
                    match key == about {
                        true => String::new(),
                        false => format!(" for `{}`", key.service),
                    }
                )
            }
            Self::Without(key, region) => {
                format!("take `{region}` out of `placement.regions`{}", of(key))
            }
            Self::From(key, region) => format!("allow `{region}` in `placement.from`{}", of(key)),
            Self::Budget(key, which, _, ms) => {
                let what = match which {
                    Which::Read => "reads",
                    Which::Write => "writes",
                    Which::Call => "calls to other regions",
                };
                format!("raise the budget for {what}{} to {ms}ms", of(key))
            }
            Self::AnyLeader(key, store) => {
                let store = world.services.get(key).and_then(|s| s.stores.get(*store));
                let store = store.map_or("", |s| s.name.value.as_str());
                format!("let the leader of store `{store}`{} be chosen", of(key))
            }
            Self::Standbys(key, store, count) => {
                let store = world.services.get(key).and_then(|s| s.stores.get(*store));
                let store = store.map_or("", |s| s.name.value.as_str());
                format!(
                    "lower `synchronous` of store `{store}`{} to {count}",
                    of(key)
                )
            }
            Self::Capability(cluster, capability) => {
                format!("give `{cluster}` the capability `{capability}`")
            }
            Self::Area(class, _, region) => {
                format!("bind `{class}` to an area with `{region}` in it")
            }
        }
    }
}

/// A budget of a service.
pub(super) fn of(service: &mut Service, which: Which) -> Option<&mut Spanned<LatencyBudget>> {
    let budget = &mut service.budget;
    match which {
        Which::Read => budget.read.as_mut(),
        Which::Write => budget.write.as_mut(),
        Which::Call => budget.cross_region.as_mut(),
    }
}
