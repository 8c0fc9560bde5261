//! Every service with an audience to predicted latency, against its budgets.
//!
//! A budget holds when it holds for each place of the audience. Floors of the network: without the
//! users' leg and without the time spent in services. A read goes to the nearest serving region, or,
//! where that takes longer, to where a store is read for its class; a write to the slowest store.

mod decided;
mod judge;
mod tally;
mod terms;

use std::collections::BTreeMap;

use crate::diag::Sink;
use crate::model::name::{ServiceKey, StoreKey, StoreName};
use crate::model::plan::{Predicted, Quantile, StoreForecast, StorePlan, UserLeg};
use crate::model::rtt::Rtt;

use super::Placed;
use super::ground::{Ground, Place};
use super::legs::Legs;
use super::words;

pub(super) use decided::{Decided, Gone};
use judge::Judge;
pub(super) use judge::{CALL, READ, WRITE, limit, over, proven};
use tally::{Counted, Request, Tally};
pub(super) use terms::{Parts, What};

/// What all predictions stand on; all services are placed and all stores decided.
pub(super) struct Base<'a> {
    pub ground: &'a Ground<'a>,
    pub legs: Legs,
    pub stores: &'a BTreeMap<StoreKey, StorePlan>,
    pub services: BTreeMap<&'a ServiceKey, &'a Placed<'a>>,
}

impl<'a> Base<'a> {
    /// The stores of a service that were decided, each by its parts.
    pub(super) fn decided(&self, placed: &'a Placed<'a>) -> Vec<Decided<'a>> {
        let mut all = Vec::new();
        for declared in &placed.service.stores {
            let key = placed.key.store(&declared.name.value);
            let Some(plan) = self.stores.get(&key) else {
                continue;
            };
            all.extend(Decided::parts(self.ground, &self.legs, declared, plan));
        }
        all
    }
}

/// Predicts one service, and says which of its budgets do not hold.
pub(super) fn predict<'a>(base: &Base<'a>, placed: &'a Placed<'a>, sink: &mut Sink) -> Predicted {
    let one = One {
        base,
        placed,
        stores: base.decided(placed),
    };
    let budget = &placed.service.budget;
    let mut judge = Judge {
        ground: base.ground,
        placed,
        sink: Some(sink),
    };
    let mut predicted = Predicted {
        cross_region: judge.forecast(CALL, budget.cross_region.as_ref(), |q| one.calls(q)),
        ..Predicted::default()
    };
    if !placed.demand.given {
        judge.unchecked();
        return predicted;
    }
    predicted.read = judge.forecast(READ, budget.read.as_ref(), |q| one.reads(q));
    predicted.write = judge.forecast(WRITE, budget.write.as_ref(), |q| one.writes(q));
    // The slowest store was judged; here each is only compared.
    judge.sink = None;
    let declared = one.stores.iter().map(|store| &store.declared.name.value);
    predicted.stores = declared
        .map(|name| {
            let of_store = StoreForecast {
                read: judge.forecast("", budget.read.as_ref(), |q| one.store_reads(q, name)),
                write: judge.forecast("", budget.write.as_ref(), |q| one.store_writes(q, name)),
            };
            (name.clone(), of_store)
        })
        .collect();
    predicted.weighted_read_ns = Some(one.objective_ns());
    predicted.user_leg = user_leg(base.ground, &placed.demand.places, placed.demand.total);
    predicted
}

/// From users to their regions, where any are counted by country.
pub(super) fn user_leg(ground: &Ground<'_>, places: &[Place], total: u128) -> Option<UserLeg> {
    let legs = || places.iter().filter_map(|p| Some((p, p.leg?.as_micros())));
    let sum: u128 = legs()
        .map(|(place, micros)| u128::from(place.weight) * u128::from(micros))
        .sum();
    let (worst, micros) = legs()
        .rev()
        .max_by_key(|(place, micros)| (*micros, place.weight))?;
    Some(UserLeg {
        weighted_ns: words::mean_ns(sum, total),
        worst_ns: micros.saturating_mul(1000),
        worst_place: worst.name.clone(),
        region: ground.names[worst.region].clone(),
    })
}

/// One service.
struct One<'a> {
    base: &'a Base<'a>,
    placed: &'a Placed<'a>,
    stores: Vec<Decided<'a>>,
}

impl<'a> One<'a> {
    /// Audience-weighted mean round trip to the nearest serving region.
    fn objective_ns(&self) -> u64 {
        let (ground, demand) = (self.base.ground, &self.placed.demand);
        let serving = &self.placed.chosen.serving;
        let parts = demand.places.iter().filter_map(|place| {
            let nearest = ground.nearest(place.region, serving)?;
            Some(u128::from(place.weight) * u128::from(ground.costs[place.region][nearest]))
        });
        words::mean_ns(parts.sum(), demand.total)
    }

    /// One request of every place; the slowest of several ways, in words of who is asked.
    fn every_place(
        &self,
        ways: impl Fn(&'a Place) -> Vec<(Option<&'a str>, Parts)>,
    ) -> Option<Counted> {
        let mut tally = Tally::default();
        for place in &self.placed.demand.places {
            // Of ways that take as long, the first.
            let slowest = ways(place)
                .into_iter()
                .rev()
                .max_by_key(|(_, p)| p.micros());
            let Some((asked, parts)) = slowest else {
                continue;
            };
            tally.add(Request {
                place: &place.name,
                weight: place.weight,
                leg: place.leg.map(Rtt::as_micros),
                asked,
                parts,
            });
        }
        tally.percentile(self.base.ground)
    }

    fn reads(&self, quantile: Quantile) -> Option<Counted> {
        let (ground, legs) = (self.base.ground, &self.base.legs);
        self.every_place(|place| {
            let serving = ground.nearest(place.region, &self.placed.chosen.serving);
            let direct = serving.map(|r| {
                let leg = legs.at(quantile, place.region, r);
                (None, Parts::one(What::Serving(r), leg))
            });
            let stores = self.of(place).filter_map(|store| {
                let parts = store.read(ground, legs, quantile, place.region)?;
                Some((Some(store.name()), parts))
            });
            direct.into_iter().chain(stores).collect()
        })
    }

    fn writes(&self, quantile: Quantile) -> Option<Counted> {
        self.every_place(|place| {
            self.of(place)
                .filter_map(|s| self.write(quantile, s, place))
                .collect()
        })
    }

    /// What holds the data of a place's users: every store, of those in parts the one part.
    fn of(&self, place: &Place) -> impl Iterator<Item = &Decided<'a>> {
        let country = place.country;
        self.stores.iter().filter(move |s| s.is_of(country))
    }

    fn store_reads(&self, quantile: Quantile, name: &StoreName) -> Option<Counted> {
        let (ground, legs) = (self.base.ground, &self.base.legs);
        self.every_place(|place| {
            self.of(place)
                .filter(|s| s.declared.name.value == *name)
                .filter_map(|s| {
                    let parts = s.read(ground, legs, quantile, place.region)?;
                    Some((Some(s.name()), parts))
                })
                .collect()
        })
    }

    fn store_writes(&self, quantile: Quantile, name: &StoreName) -> Option<Counted> {
        self.every_place(|place| {
            self.of(place)
                .filter(|s| s.declared.name.value == *name)
                .filter_map(|s| self.write(quantile, s, place))
                .collect()
        })
    }

    fn write(
        &self,
        quantile: Quantile,
        store: &Decided<'a>,
        place: &Place,
    ) -> Option<(Option<&'a str>, Parts)> {
        let (ground, legs) = (self.base.ground, &self.base.legs);
        let parts = store.write(ground, legs, quantile, place.region)?;
        Some((Some(store.name()), parts))
    }

    /// Calls from each serving region to callees that do not serve there, each region by the
    /// audience that it serves.
    fn calls(&self, quantile: Quantile) -> Option<Counted> {
        let (ground, legs) = (self.base.ground, &self.base.legs);
        let mut tally = Tally::default();
        for call in &self.placed.service.calls {
            let key = ServiceKey::new(&call.service.value, &self.placed.service.environment);
            let Some(callee) = self.base.services.get(&key) else {
                continue;
            };
            for &from in &self.placed.chosen.serving {
                if callee.chosen.serving.contains(&from) {
                    continue;
                }
                let Some(to) = ground.nearest(from, &callee.chosen.serving) else {
                    continue;
                };
                let served = self.placed.served.get(&from).copied().unwrap_or_default();
                tally.add(Request {
                    place: ground.names[from].as_str(),
                    weight: u64::try_from(served).unwrap_or(u64::MAX),
                    leg: None,
                    asked: Some(call.service.value.as_str()),
                    parts: Parts::one(What::Callee(to), legs.at(quantile, from, to)),
                });
            }
        }
        tally.percentile(ground)
    }
}
