//! A journey with an enforced budget, over services that are placed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::{ServiceKey, ServiceName};
use crate::model::plan::Quantile;
use crate::model::world::{Estimate, Journey};
use crate::plan::Placed;
use crate::plan::budget::{Decided, limit};
use crate::plan::ground::{Ground, Place};
use crate::plan::store::{self, Question};

use super::course::{Course, Net, Places};

/// An enforced journey over services that are placed.
pub(super) struct Path<'a> {
    pub journey: &'a Journey,
    pub course: Course<'a>,
    /// Its services, by their places among the placed, in order of the course.
    pub slots: Vec<usize>,
    pub users: Vec<Place>,
    /// In microseconds, of the median and of the 99th percentile.
    pub limits: [Option<u64>; 2],
}

impl<'a> Path<'a> {
    /// `None` where nothing can be compared with a budget.
    pub(super) fn of(
        ground: &Ground<'a>,
        placed: &[Placed<'a>],
        slots: &BTreeMap<&ServiceKey, usize>,
        journey: &'a Journey,
    ) -> Option<Self> {
        let slot = |name: &ServiceName| {
            let key = ServiceKey::new(name, &journey.environment);
            slots.get(&key).copied()
        };
        let declares = |caller: &ServiceName, callee: &ServiceName| {
            let calls = slot(caller)
                .into_iter()
                .flat_map(|i| &placed[i].service.calls);
            calls.into_iter().any(|call| call.service.value == *callee)
        };
        let course = Course::of(journey, declares);
        let services: Option<Vec<usize>> = course.services.iter().map(|name| slot(name)).collect();
        let services = services?;
        let demand = match &journey.audience {
            Some(audience) => ground.demand(audience),
            None => placed[*services.first()?].demand.clone(),
        };
        let mut seen = BTreeSet::new();
        let mut users = demand.places;
        users.retain(|user| seen.insert((user.region, user.country)));
        let budget = journey.budget.as_ref()?;
        let micros = |q| limit(budget.latency, q).map(|l| l.as_millis().saturating_mul(1000));
        let limits = Quantile::ALL.map(micros);
        let asks = !users.is_empty() && limits != [None, None];
        asks.then_some(Self {
            journey,
            course,
            slots: services,
            users,
            limits,
        })
    }

    /// Whether no user is over, where services and leaders are as they are.
    pub(super) fn holds(&self, net: Net<'_, 'a>, placed: &[Placed<'a>]) -> bool {
        let ground = net.ground;
        let stores = |&slot: &usize| -> Vec<Decided<'a>> {
            let one = &placed[slot];
            let stores = one.service.stores.iter().enumerate();
            let decided = stores.filter_map(|(index, declared)| {
                let plan = store::quietly(ground, &question(one, index))?;
                Some(Decided::parts(ground, net.legs, declared, &plan))
            });
            decided.flatten().collect()
        };
        let now = Now {
            ground,
            serving: self
                .slots
                .iter()
                .map(|&s| &placed[s].chosen.serving[..])
                .collect(),
            stores: self.slots.iter().map(stores).collect(),
        };
        let exempt = ground.world.fleet.network.estimate != Estimate::Enforce;
        self.users.iter().all(|user| {
            Quantile::ALL
                .iter()
                .zip(self.limits)
                .all(|(&quantile, limit)| {
                    let (Some(limit), Ok(stops)) =
                        (limit, net.stops(&self.course, &now, user, quantile))
                    else {
                        return true;
                    };
                    let (micros, guessed) = self.course.takes(&|call| stops[call].takes());
                    micros <= limit || (exempt && guessed)
                })
        })
    }
}

/// A store of a service as it is placed.
pub(super) fn question<'p>(one: &'p Placed<'_>, index: usize) -> Question<'p> {
    Question {
        key: one.key.store(&one.service.stores[index].name.value),
        index,
        service: one.service,
        chosen: &one.chosen,
        demand: &one.demand,
        candidates: &one.candidates,
        conflict: &one.why.conflict,
    }
}

/// Services as they are.
struct Now<'p, 'a> {
    ground: &'p Ground<'a>,
    serving: Vec<&'p [usize]>,
    stores: Vec<Vec<Decided<'a>>>,
}

impl<'a> Places<'a> for Now<'_, 'a> {
    fn answers(&self, service: usize, user: &Place, from: Option<usize>) -> Option<usize> {
        self.ground
            .nearest(from.unwrap_or(user.region), self.serving[service])
    }

    fn stores(&self, service: usize) -> &[Decided<'a>] {
        &self.stores[service]
    }
}

/// A path with all that share services with it, directly or by others.
pub(super) fn connected<'p, 'a>(path: &'p Path<'a>, all: &'p [Path<'a>]) -> Vec<&'p Path<'a>> {
    let mut slots: BTreeSet<usize> = path.slots.iter().copied().collect();
    let mut with = vec![path];
    let new = |slots: &BTreeSet<usize>, with: &[&Path<'_>]| {
        all.iter().find(|p| {
            let is = |w: &&Path<'_>| w.journey.name.value == p.journey.name.value;
            !with.iter().any(is) && p.slots.iter().any(|s| slots.contains(s))
        })
    };
    while let Some(next) = new(&slots, &with) {
        slots.extend(&next.slots);
        with.push(next);
    }
    with
}
