//! One service of a finished plan to its story: everything that was weighed for it, told again.
//!
//! Services are placed once more as they were, since the plan keeps what was decided and not what
//! it was decided among; nothing is decided anew.

mod choice;
mod stores;

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::lock::Lock;
use crate::model::name::{ClusterName, RegionName, ServiceKey};
use crate::model::plan::{Plan, Quantile, Replicas, Source};
use crate::model::rtt::{RoundTrips, Rtt};
use crate::model::simulation::Lost;
use crate::model::story::{AfterLoss, Called, Leg, Obstacle, Story, SwitchTime, Turn, Users};
use crate::model::world::{Audience, Call, World};

use super::Placed;
use super::amount::Amount;
use super::budget::Base;
use super::dns::Switch;
use super::failover;
use super::ground::{Ground, UNKNOWN};
use super::legal::{self, Constraint};
use super::legs::Legs;
use super::place;
use super::survive::Standing;

/// The story of a service in a plan that was made from these; `None` where the plan has none.
pub fn story(
    world: &World,
    rtt: &RoundTrips,
    lock: Option<&Lock>,
    plan: &Plan,
    key: &ServiceKey,
) -> Option<Story> {
    let ground = Ground::new(world, rtt, lock, false);
    // What is wrong with the fleet was said of the plan itself.
    let places = place::all(&ground, &mut Sink::new());
    let number = places.placed.iter().position(|p| p.key == key)?;
    let placed = &places.placed[number];
    let base = Base {
        ground: &ground,
        legs: Legs::of(&ground),
        stores: &plan.stores,
        services: places.placed.iter().map(|p| (p.key, p)).collect(),
    };
    let teller = Teller {
        base: &base,
        placed,
        plan,
    };
    let before = number.checked_sub(1);
    let reserved = Amount::of_pod(placed.service).times(placed.service.workload.scale.min);
    Some(Story {
        key: key.clone(),
        turn: Turn {
            number: number + 1,
            of: places.placed.len(),
            tier: placed.service.tier,
            reserves_milli: u64::try_from(reserved.cpu / 1_000_000).unwrap_or(0),
            after: before.map(|b| places.placed[b].key.clone()),
        },
        users: teller.users(),
        regions: choice::considered(&teller, &places.room),
        choice: choice::choice(&teller),
        stores: stores::stores(&teller),
        losses: teller.losses(rtt),
        switch: teller.switch(),
        calls: teller.calls(),
        callers: teller.callers(),
    })
}

/// What a story is told from.
struct Teller<'a, 'b> {
    base: &'b Base<'a>,
    placed: &'b Placed<'a>,
    plan: &'b Plan,
}

impl<'a> Teller<'a, '_> {
    fn ground(&self) -> &'a Ground<'a> {
        self.base.ground
    }

    fn name(&self, region: usize) -> RegionName {
        self.ground().names[region].clone()
    }

    /// The median from one region to another in nanoseconds, and where it comes from.
    fn way(&self, from: usize, to: usize) -> (Option<u64>, Source) {
        let leg = self.base.legs.at(Quantile::P50, from, to);
        let known = leg.source != Source::Unknown;
        (known.then(|| leg.micros.saturating_mul(1000)), leg.source)
    }

    fn users(&self) -> Vec<Users> {
        let (ground, placed) = (self.ground(), self.placed);
        if !placed.demand.given {
            return Vec::new();
        }
        let shares = placed.service.audience.shares.iter();
        let alone = shares.map(|share| {
            let shares = vec![share.clone()];
            (share.span, ground.demand(&Audience { shares }).places)
        });
        let all = alone.flat_map(|(span, places)| places.into_iter().map(move |p| (span, p)));
        all.filter_map(|(span, place)| {
            let served_by = ground.nearest(place.region, &placed.chosen.serving)?;
            let (way_ns, source) = self.way(place.region, served_by);
            Some(Users {
                share_ppm: ppm(u128::from(place.weight), placed.demand.total),
                place: place.name,
                span,
                region: self.name(place.region),
                leg_ns: place.leg.map(|l| Rtt::as_micros(l).saturating_mul(1000)),
                served_by: self.name(served_by),
                way_ns,
                source,
            })
        })
        .collect()
    }

    /// The loss of each region in which it, or a store of it, is.
    fn losses(&self, rtt: &RoundTrips) -> Vec<AfterLoss> {
        let key = self.placed.key;
        let own = self.plan.stores.iter().filter(|(k, _)| k.service == *key);
        let mut regions: BTreeSet<&RegionName> =
            own.flat_map(|(_, store)| store.clusters.keys()).collect();
        let decided = self.plan.services.get(key);
        let placed = decided.map_or(&[][..], |d| &d.regions);
        regions.extend(placed.iter().map(|p| &p.region));
        let runs = |cluster: &ClusterName| placed.iter().any(|p| p.clusters.contains_key(cluster));
        let world = self.ground().world;
        let standing = Standing::new(world, rtt, self.plan);
        let lose = |region: &RegionName| {
            let lost = [Lost::Region(region.clone())];
            let mut outcome = standing.lose(&lost);
            outcome.stores.retain(|store, _| store.service == *key);
            outcome.clusters.retain(|cluster, _| runs(cluster));
            AfterLoss {
                lost: region.clone(),
                takers: self.takers(region),
                service: outcome.services.remove(key),
                stores: outcome.stores,
                clusters: outcome.clusters,
            }
        };
        regions.into_iter().map(lose).collect()
    }

    /// Who takes over, with the pods that each needs for the share of the lost one too.
    fn takers(&self, lost: &RegionName) -> Vec<(RegionName, Replicas)> {
        let chain = self.plan.services.get(self.placed.key);
        let chain = chain.and_then(|service| service.failover.get(lost));
        let targets = chain.map_or(&[][..], |chain| &chain.targets);
        let scale = self.placed.service.workload.scale;
        let index = |name: &RegionName| self.ground().index(name.as_str());
        let takers = targets.iter().filter_map(|target| {
            let extra = failover::extra_pods(self.placed, index(lost)?, index(target)?);
            let min = scale.min.saturating_add(extra);
            let max = scale.max;
            Some((target.clone(), Replicas { min, max }))
        });
        takers.collect()
    }

    fn switch(&self) -> Option<SwitchTime> {
        let service = self.placed.service;
        let dns = self.plan.services.get(self.placed.key)?.dns.as_ref()?;
        if dns.records.len() < 2 {
            return None;
        }
        let switch = Switch::of(self.ground().world, service, dns);
        Some(SwitchTime {
            detection: switch.detection,
            ttl: switch.ttl,
            takes: switch.takes(),
            alias: switch.alias,
            promised: service.recovery.rto.map(|rto| (rto.value, rto.span)),
        })
    }

    fn calls(&self) -> Vec<Called> {
        let calls = self.placed.service.calls.iter();
        calls
            .filter_map(|call| self.call(self.placed, call, false))
            .collect()
    }

    fn callers(&self) -> Vec<Called> {
        let own = &self.placed.service.name.value;
        let services = self.base.services.values();
        services
            .filter(|p| p.key.environment == self.placed.key.environment)
            .flat_map(|caller| caller.service.calls.iter().map(move |call| (*caller, call)))
            .filter(|(_, call)| call.service.value == *own)
            .filter_map(|(caller, call)| self.call(caller, call, true))
            .collect()
    }

    /// One call; told from the callee's side, the other is the caller.
    fn call(&self, caller: &Placed<'_>, call: &Call, from_callee: bool) -> Option<Called> {
        let key = ServiceKey::new(&call.service.value, &caller.key.environment);
        let callee = self.base.services.get(&key)?;
        let mut inside = 0;
        let mut legs = Vec::new();
        for &from in &caller.chosen.serving {
            let to = self.ground().nearest(from, &callee.chosen.serving)?;
            if from == to {
                inside += 1;
                continue;
            }
            let (ns, source) = self.way(from, to);
            legs.push(Leg {
                from: self.name(from),
                to: self.name(to),
                ns,
                source,
            });
        }
        legs.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        Some(Called {
            other: if from_callee { caller.key.clone() } else { key },
            span: call.service.span,
            degrade: call.degrade,
            inside,
            legs,
        })
    }

    /// A constraint that is not met, with the places that ask for it.
    fn obstacle(&self, constraint: Constraint, reason: &str) -> Obstacle {
        let nothing = Diagnostic::new(Code::PlacementRegion, "");
        let shown = legal::show(nothing, constraint, self.ground(), self.placed.service);
        Obstacle {
            reason: reason.to_owned(),
            places: shown.labels,
        }
    }
}

/// A part of a whole in millionths, to the nearest.
fn ppm(part: u128, whole: u128) -> u32 {
    let whole = whole.max(1);
    let ppm = (part.saturating_mul(1_000_000) + whole / 2) / whole;
    u32::try_from(ppm).unwrap_or(u32::MAX)
}

/// Whether everybody's way to the nearest of some regions is known.
fn known(ground: &Ground<'_>, demand: &[(usize, u64)], regions: &[usize]) -> bool {
    demand.iter().all(|&(from, weight)| {
        let mut to = regions.iter();
        weight == 0 || to.any(|&to| ground.costs[from][to] < UNKNOWN)
    })
}
