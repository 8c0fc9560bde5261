//! What every decision stands on: regions by index, round trips, audiences as demand at regions.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::atlas;
use crate::latency;
use crate::model::lock::Lock;
use crate::model::name::{JurisdictionName, RegionName, ServiceKey};
use crate::model::place::Country;
use crate::model::rtt::{RoundTrips, Rtt, RttSource};
use crate::model::world::{Audience, AudiencePlace, Estimate, Service, World};

use super::legal::Constraint;
use super::search::Costs;
use super::store::Limit;

/// What an unknown round trip counts as: an hour, so that it is never chosen for its speed.
pub(super) const UNKNOWN: u64 = 3_600_000_000;

/// The fleet as the decisions see it; regions are indexes in order of name.
pub(super) struct Ground<'a> {
    pub world: &'a World,
    pub rtt: &'a RoundTrips,
    pub lock: Option<&'a Lock>,
    pub rebalance: bool,
    /// Whether what conflicts is looked for; not where only whether there is a plan is asked.
    pub explains: bool,
    /// What is not asked of which service.
    waived: BTreeMap<ServiceKey, BTreeSet<Waiver>>,
    pub names: Vec<&'a RegionName>,
    pub costs: Costs,
    /// Where the users of each country enter, and how far it is for them.
    legs: BTreeMap<Country, (usize, Rtt)>,
    /// See [`Ground::enforced`].
    enforced: [OnceCell<Costs>; 2],
}

/// A limit that a service is decided without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Waiver {
    /// On its regions.
    Region(Constraint),
    /// On a store, by index.
    Store(usize, Limit),
}

/// A place with users, as demand at a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub name: String,
    pub region: usize,
    pub weight: u64,
    /// From the users to the region, for audiences by country.
    pub leg: Option<Rtt>,
    /// Of the users; of an audience by region, the region's.
    pub country: Country,
}

/// An audience as demand at regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    pub places: Vec<Place>,
    /// The same, added up by region.
    pub by_region: Vec<(usize, u64)>,
    pub total: u128,
    /// Whether there is an audience; without one every region counts the same.
    pub given: bool,
}

impl<'a> Ground<'a> {
    pub(super) fn new(
        world: &'a World,
        rtt: &'a RoundTrips,
        lock: Option<&'a Lock>,
        rebalance: bool,
    ) -> Self {
        let names: Vec<_> = world.regions.keys().collect();
        let cost = |from, to| rtt.between(from, to).map_or(UNKNOWN, |m| m.p50.as_micros());
        let costs = names
            .iter()
            .map(|from| names.iter().map(|to| cost(from, to)).collect())
            .collect();
        let audiences = world.services.values().map(|s| &s.audience);
        let countries: BTreeSet<Country> = audiences
            .flat_map(|a| &a.shares)
            .filter_map(|share| match &share.place {
                AudiencePlace::Countries { countries, .. } => Some(countries),
                AudiencePlace::Region(_) => None,
            })
            .flatten()
            .copied()
            .collect();
        let mut ground = Self {
            world,
            rtt,
            lock,
            rebalance,
            explains: true,
            waived: BTreeMap::new(),
            names,
            costs,
            legs: BTreeMap::new(),
            enforced: [OnceCell::new(), OnceCell::new()],
        };
        for country in countries {
            if let Some((name, leg)) = latency::user_leg(country, &world.regions)
                && let Some(region) = ground.index(name.as_str())
            {
                ground.legs.insert(country, (region, leg));
            }
        }
        ground
    }

    /// Another fleet with the same regions and round trips, or the same with fewer services; as if
    /// nothing was decided before.
    pub(super) fn of_part<'b>(&self, world: &'b World) -> Ground<'b>
    where
        'a: 'b,
    {
        Ground {
            world,
            rtt: self.rtt,
            lock: None,
            rebalance: false,
            explains: false,
            waived: BTreeMap::new(),
            names: world.regions.keys().collect(),
            costs: self.costs.clone(),
            legs: self.legs.clone(),
            enforced: self.enforced.clone(),
        }
    }

    /// The same without looking for what conflicts.
    pub(super) fn unexplained(mut self) -> Self {
        self.explains = false;
        self
    }

    /// The same without some limits.
    pub(super) fn waiving(mut self, waived: BTreeMap<ServiceKey, BTreeSet<Waiver>>) -> Self {
        self.waived = waived;
        self
    }

    /// Whether a limit is not asked of a service.
    pub(super) fn waives(&self, service: &Service, waiver: Waiver) -> bool {
        if self.waived.is_empty() {
            return false;
        }
        let key = ServiceKey::new(&service.name.value, &service.environment);
        self.waived
            .get(&key)
            .is_some_and(|all| all.contains(&waiver))
    }

    /// A region's index.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).ok()
    }

    /// The regions of indexes, as prose: `a, b and c`.
    pub(super) fn list(&self, regions: &[usize]) -> String {
        super::words::list(regions.iter().map(|&r| self.names[r].as_str()))
    }

    /// Whether a directed pair was estimated.
    pub(super) fn estimated(&self, from: usize, to: usize) -> bool {
        let known = self.rtt.between(self.names[from], self.names[to]);
        known.is_none_or(|m| m.source == RttSource::Estimated)
    }

    /// The 99th percentile of a directed pair in microseconds, and whether it is estimated: where
    /// it is not measured, it is the median times `network.p99Factor`.
    pub(super) fn p99(&self, from: usize, to: usize) -> (u64, bool) {
        match self.rtt.between(self.names[from], self.names[to]) {
            Some(m) if m.p99.is_some() => (m.p99.map_or(0, Rtt::as_micros), false),
            Some(m) => {
                let factor = u64::from(self.world.fleet.network.p99_factor_milli);
                let micros = m.p50.as_micros().saturating_mul(factor) / 1000;
                (micros, m.source != RttSource::Inside)
            }
            None => (UNKNOWN, true),
        }
    }

    /// What counts against an enforced budget, of the median or of the 99th percentile: what is only
    /// estimated is never over, unless `network.estimate: enforce`.
    pub(super) fn enforced(&self, tail: bool) -> &Costs {
        let all = 0..self.names.len();
        let exempt = self.world.fleet.network.estimate != Estimate::Enforce;
        let cost = |from, to| {
            let (micros, estimated) = match tail {
                true => self.p99(from, to),
                false => (self.costs[from][to], self.estimated(from, to)),
            };
            if exempt && estimated && micros < UNKNOWN {
                0
            } else {
                micros
            }
        };
        self.enforced[usize::from(tail)].get_or_init(|| {
            all.clone()
                .map(|from| all.clone().map(|to| cost(from, to)).collect())
                .collect()
        })
    }

    /// The nearest of the serving regions, ties by name.
    pub(super) fn nearest(&self, from: usize, serving: &[usize]) -> Option<usize> {
        let nearest = serving.iter().map(|&s| (self.costs[from][s], s)).min();
        nearest.map(|(_, s)| s)
    }

    /// The countries of a jurisdiction, a bloc or a country.
    pub(super) fn countries(&self, name: &JurisdictionName) -> BTreeSet<Country> {
        if let Some(jurisdiction) = self.world.fleet.jurisdictions.get(name) {
            return jurisdiction.countries.clone();
        }
        match (atlas::bloc(name.as_str()), Country::parse(name.as_str())) {
            (Some(bloc), _) => bloc.clone(),
            (None, country) => country.into_iter().collect(),
        }
    }

    /// An audience as demand at regions. A set of countries is split by population; each country's
    /// users enter at its nearest region.
    pub(super) fn demand(&self, audience: &Audience) -> Demand {
        let mut demand = Demand::default();
        for share in &audience.shares {
            match &share.place {
                AudiencePlace::Region(name) => {
                    if let Some(region) = self.index(name.as_str()) {
                        demand.places.push(Place {
                            name: name.to_string(),
                            region,
                            weight: share.weight,
                            leg: None,
                            country: self.world.regions[name].country,
                        });
                    }
                }
                AudiencePlace::Countries { name, countries } => {
                    demand
                        .places
                        .extend(self.spread(name, countries, share.weight));
                }
            }
        }
        demand.places.retain(|p| p.weight > 0);
        self.added_up(demand)
    }

    /// The part of a demand whose users are of some countries.
    pub(super) fn of_countries(&self, demand: &Demand, within: impl Fn(Country) -> bool) -> Demand {
        let mut part = Demand::default();
        let theirs = demand.places.iter().filter(|p| within(p.country));
        part.places = theirs.cloned().collect();
        self.added_up(part)
    }

    fn added_up(&self, mut demand: Demand) -> Demand {
        demand.given = !demand.places.is_empty();
        let mut by_region: BTreeMap<usize, u64> = BTreeMap::new();
        for place in &demand.places {
            let weight = by_region.entry(place.region).or_default();
            *weight = weight.saturating_add(place.weight);
        }
        if !demand.given {
            by_region = (0..self.names.len()).map(|r| (r, 1)).collect();
        }
        demand.total = by_region.values().map(|w| u128::from(*w)).sum();
        demand.by_region = by_region.into_iter().collect();
        demand
    }

    fn spread(&self, name: &str, countries: &BTreeSet<Country>, weight: u64) -> Vec<Place> {
        let reached: Vec<_> = countries
            .iter()
            .filter_map(|c| Some((c, self.legs.get(c)?, atlas::country(*c)?.population.max(1))))
            .collect();
        let people: u128 = reached.iter().map(|r| u128::from(r.2)).sum();
        let largest = reached.iter().map(|r| (r.2, std::cmp::Reverse(r.0))).max();
        let mut left = weight;
        let mut places: Vec<Place> = Vec::with_capacity(reached.len());
        for (country, (region, leg), population) in &reached {
            // Never more than the weight itself, so it fits.
            let part = (u128::from(weight) * u128::from(*population) / people) as u64;
            left -= part;
            places.push(Place {
                name: if countries.len() == 1 {
                    name.to_owned()
                } else {
                    format!("{name} ({country})")
                },
                region: *region,
                weight: part,
                leg: Some(*leg),
                country: **country,
            });
        }
        // What rounding left over goes to the most populous country.
        let most = reached
            .iter()
            .position(|r| Some(r.0) == largest.map(|l| l.1.0));
        if let Some(place) = most.and_then(|i| places.get_mut(i)) {
            place.weight += left;
        }
        places
    }
}
