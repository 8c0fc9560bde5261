//! What several services and their clusters are limited by, part by part; and a fleet without some.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ClusterName, ServiceKey};
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::{LatencyBudget, RegionChoice, Service, World};
use crate::plan::amount::{Amount, Room};
use crate::plan::calls;
use crate::plan::conflict::Member;
use crate::plan::ground::{Ground, Waiver};
use crate::plan::legal::{self, Constraint};
use crate::plan::store;

/// What a cluster holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Kind {
    Cpu,
    Memory,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Memory, Self::Cpu];

    pub(super) fn of(self, amount: Amount) -> i128 {
        match self {
            Self::Cpu => amount.cpu,
            Self::Memory => amount.memory,
        }
    }

    /// The word as written in YAML.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

/// Something that a person wrote, and that a conflict may be about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Part {
    /// What a cluster can hold.
    Capacity(ClusterName, Kind),
    /// The share that a failover keeps free.
    Headroom,
    /// Inside what services without bound data fail over.
    Rule,
    /// Of one service.
    Own(ServiceKey, Member),
}

/// What a service is not asked for.
pub(super) type Waived = BTreeMap<ServiceKey, BTreeSet<Waiver>>;

/// The parts of a fleet, in the order in which an explanation does without them: those of the
/// service that it is about last.
pub(super) fn parts(ground: &Ground<'_>, world: &World, about: &ServiceKey) -> Vec<Part> {
    let mut parts = Vec::new();
    if world.fleet.failover.residency.is_some() {
        parts.push(Part::Rule);
    }
    if world.fleet.failover.headroom.as_ppm() > 0 {
        parts.push(Part::Headroom);
    }
    for kind in Kind::ALL {
        let tight = world.clusters.keys().filter(|c| may_fill(world, c, kind));
        parts.extend(tight.map(|c| Part::Capacity(c.clone(), kind)));
    }
    let mut services: Vec<_> = world.services.iter().collect();
    services.sort_by_key(|(key, _)| (*key == about, *key));
    for (key, service) in services {
        let own = members(ground, world, service).into_iter();
        parts.extend(own.map(|member| Part::Own(key.clone(), member)));
    }
    parts
}

/// What a cluster can hold of a kind, in billionths.
pub(super) fn capacity(world: &World, cluster: &ClusterName, kind: Kind) -> Option<i128> {
    let capacity = &world.clusters.get(cluster)?.capacity;
    let written = match kind {
        Kind::Cpu => &capacity.cpu,
        Kind::Memory => &capacity.memory,
    };
    written.as_ref().map(|q| q.value.as_nano())
}

/// Whether a cluster could be full with all services in it, each with all of its pods.
fn may_fill(world: &World, cluster: &ClusterName, kind: Kind) -> bool {
    let Some(capacity) = capacity(world, cluster, kind) else {
        return false;
    };
    let taken = i128::from(world.fleet.failover.headroom.as_ppm());
    let free = capacity - capacity.saturating_mul(taken) / 1_000_000;
    let most = |service: &Service| {
        let scale = service.workload.scale;
        kind.of(Amount::of_pod(service).times(scale.max.max(scale.min).max(1)))
    };
    let all = world.services.values().map(most);
    all.fold(0_i128, i128::saturating_add) > free
}

/// What limits one service.
fn members(ground: &Ground<'_>, world: &World, service: &Service) -> Vec<Member> {
    let unlimited = world.clusters.keys().cloned().collect::<Vec<_>>();
    let empty = legal::candidates(ground, service, &Room::of(world));
    let obstacles = empty.iter().flat_map(|c| &c.obstacles);
    let regions: BTreeSet<Constraint> = obstacles.map(|o| o.constraint).collect();
    let mut members = Vec::new();
    if service.failover && !unlimited.is_empty() {
        members.push(Member::TakeOver);
    }
    let regions = regions.into_iter().filter(|c| *c != Constraint::Capacity);
    members.extend(regions.map(Member::Region));
    for index in 0..service.stores.len() {
        let limits = store::limits(service, index);
        let limits = limits.filter(|l| *l != store::Limit::Write);
        members.extend(limits.map(|limit| Member::Store(index, limit)));
    }
    for tail in [false, true] {
        let limited = calls::limits(service).is_some_and(|l| l[usize::from(tail)].is_some());
        members.extend(limited.then_some(Member::Call { tail }));
    }
    if service.placement.regions != RegionChoice::All {
        members.push(Member::Regions);
    }
    let enforced = |budget: Option<LatencyBudget>| budget.filter(|_| service.budget.enforce);
    let read = enforced(service.budget.read.as_ref().map(|b| b.value));
    for tail in [false, true] {
        let limited = read.is_some_and(|b| limit(b, tail).is_some());
        members.extend(limited.then_some(Member::Read { tail }));
    }
    let write = enforced(service.budget.write.as_ref().map(|b| b.value));
    members.extend(write.is_some().then_some(Member::Write));
    members.push(Member::Pods);
    members
}

fn limit(budget: LatencyBudget, tail: bool) -> Option<crate::model::duration::Duration> {
    match tail {
        false => budget.p50,
        true => budget.p99,
    }
}

/// Takes a part out of a fleet.
pub(super) fn without(world: &mut World, waived: &mut Waived, part: &Part) {
    match part {
        Part::Capacity(cluster, kind) => {
            if let Some(cluster) = world.clusters.get_mut(cluster) {
                match kind {
                    Kind::Cpu => cluster.capacity.cpu = None,
                    Kind::Memory => cluster.capacity.memory = None,
                }
            }
        }
        Part::Headroom => world.fleet.failover.headroom = Share::ppm(0),
        Part::Rule => world.fleet.failover.residency = None,
        Part::Own(key, member) => {
            let Some(service) = world.services.get_mut(key) else {
                return;
            };
            if let Some(waiver) = lift(service, *member) {
                waived.entry(key.clone()).or_default().insert(waiver);
            }
        }
    }
}

/// Takes what a person wrote out of a service; what cannot be taken out is not asked.
pub(super) fn lift(service: &mut Service, member: Member) -> Option<Waiver> {
    let lifted = |budget: &mut Option<crate::diag::Spanned<LatencyBudget>>, tail: bool| {
        if let Some(budget) = budget {
            match tail {
                false => budget.value.p50 = None,
                true => budget.value.p99 = None,
            }
        }
    };
    match member {
        Member::Region(Constraint::Residency(index)) => service.stores[index].data = None,
        Member::Region(Constraint::From) => service.placement.from.clear(),
        Member::Region(constraint) => return Some(Waiver::Region(constraint)),
        Member::Store(index, limit) => {
            if limit == store::Limit::Leader {
                service.stores[index].leader = None;
            }
            return Some(Waiver::Store(index, limit));
        }
        Member::Regions => service.placement.regions = RegionChoice::All,
        Member::Read { tail } => lifted(&mut service.budget.read, tail),
        Member::Call { tail } => lifted(&mut service.budget.cross_region, tail),
        Member::Write => service.budget.write = None,
        Member::TakeOver => service.failover = false,
        Member::Pods => {
            service.workload.resources.cpu.value = Quantity::ZERO;
            service.workload.resources.memory.value = Quantity::ZERO;
        }
    }
    None
}

/// Leaves of what services ask of each other nothing but room.
pub(super) fn uncouple(world: &mut World) {
    for service in world.services.values_mut() {
        service.failover = false;
        service.budget.cross_region = None;
    }
}
