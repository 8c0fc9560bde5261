//! Who serves the users of a service after a loss, and what that is for them.
//!
//! Nothing new is placed: there is no time for that. Users whose region is lost go to the nearest
//! of the regions that the failover chain names, since only those may and can take them; where one
//! region serves at a time, to the first of the chain.

use std::collections::BTreeMap;

use crate::model::duration::Duration;
use crate::model::name::ServiceKey;
use crate::model::plan::ServicePlan;
use crate::model::simulation::{Moved, Rto, ServiceOutcome};
use crate::model::world::{PlacementMode, Routing, Service};

use super::scene::Scene;
use crate::plan::dns::Switch;
use crate::plan::ground::{Demand, Ground, Place, UNKNOWN};
use crate::plan::words;

/// Where one place of the audience is served.
pub(super) struct Served<'a> {
    pub place: &'a Place,
    pub before: usize,
    pub after: Option<usize>,
}

/// One service before any loss.
pub(super) struct Before<'a> {
    pub key: &'a ServiceKey,
    pub service: &'a Service,
    pub plan: &'a ServicePlan,
    pub demand: Demand,
    /// Its users with the region that serves them; without an audience, every region.
    places: Vec<(Place, usize)>,
    pub serving: Vec<usize>,
    /// Whether one region serves at a time.
    one_at_a_time: bool,
}

impl<'a> Before<'a> {
    pub(super) fn of(
        ground: &Ground<'a>,
        key: &'a ServiceKey,
        service: &'a Service,
        plan: &'a ServicePlan,
    ) -> Self {
        let serving: Vec<usize> = plan
            .regions
            .iter()
            .filter(|p| p.serves)
            .filter_map(|p| ground.index(p.region.as_str()))
            .collect();
        let demand = ground.demand(&service.audience);
        let places = places(ground, &demand)
            .into_iter()
            .filter_map(|place| {
                let before = ground.nearest(place.region, &serving)?;
                Some((place, before))
            })
            .collect();
        let dns = plan.dns.as_ref().map(|d| d.policy);
        let one_at_a_time = service.placement.mode == PlacementMode::ActivePassive
            || dns == Some(Routing::Failover);
        Self {
            key,
            service,
            plan,
            demand,
            places,
            serving,
            one_at_a_time,
        }
    }
}

/// One service after a loss.
pub(super) struct Users<'a> {
    pub key: &'a ServiceKey,
    pub service: &'a Service,
    pub plan: &'a ServicePlan,
    pub demand: &'a Demand,
    pub places: Vec<Served<'a>>,
    pub serving_before: &'a [usize],
    pub serving_after: Vec<usize>,
}

/// Which region serves the users at a region after a loss, if any does.
pub(super) fn answers(scene: &Scene<'_>, before: &Before<'_>, from: usize) -> Option<usize> {
    let home = scene.ground.nearest(from, &before.serving)?;
    takes_over(scene, before, from, home)
}

/// The same, of users whom `home` served before.
fn takes_over(scene: &Scene<'_>, before: &Before<'_>, from: usize, home: usize) -> Option<usize> {
    let ground = scene.ground;
    let runs = |region: usize| {
        let placed = before.plan.in_region(ground.names[region]);
        placed.is_some_and(|p| scene.runs(p))
    };
    if runs(home) && scene.reaches(from, home) {
        return Some(home);
    }
    let chain = before.plan.failover.get(ground.names[home])?;
    let targets = chain
        .targets
        .iter()
        .filter_map(|t| ground.index(t.as_str()));
    let mut live = targets.filter(|&t| runs(t));
    if before.one_at_a_time {
        return live.next().filter(|&t| scene.reaches(from, t));
    }
    live.filter(|&t| scene.reaches(from, t))
        .min_by_key(|&t| (ground.costs[from][t], t))
}

pub(super) fn users<'s>(scene: &Scene<'_>, before: &'s Before<'s>) -> Users<'s> {
    let runs = |region: usize| {
        let placed = before.plan.in_region(scene.ground.names[region]);
        placed.is_some_and(|p| scene.runs(p))
    };
    let places = before.places.iter().map(|(place, home)| Served {
        place,
        before: *home,
        after: takes_over(scene, before, place.region, *home),
    });
    let places: Vec<Served<'s>> = places.collect();
    let serving = before.serving.iter().copied();
    let mut serving_after: Vec<usize> = serving.filter(|&r| runs(r)).collect();
    for target in places.iter().filter_map(|p| p.after) {
        if !serving_after.contains(&target) {
            serving_after.push(target);
        }
    }
    Users {
        key: before.key,
        service: before.service,
        plan: before.plan,
        demand: &before.demand,
        places,
        serving_before: &before.serving,
        serving_after,
    }
}

/// The places of an audience; without one, every region.
fn places(ground: &Ground<'_>, demand: &Demand) -> Vec<Place> {
    if demand.given {
        return demand.places.clone();
    }
    let all = demand.by_region.iter().map(|&(region, weight)| Place {
        name: ground.names[region].to_string(),
        region,
        weight,
        leg: None,
        country: ground.world.regions[ground.names[region]].country,
    });
    all.collect()
}

impl Users<'_> {
    /// The weight of the audience by the region that serves it.
    pub(super) fn served(
        &self,
        by: impl Fn(&Served<'_>) -> Option<usize>,
    ) -> BTreeMap<usize, u128> {
        let mut served = BTreeMap::new();
        for place in &self.places {
            if let Some(region) = by(place) {
                *served.entry(region).or_insert(0) += u128::from(place.place.weight);
            }
        }
        served
    }

    /// Whether nobody serves anyone any more.
    pub(super) fn stopped(&self) -> bool {
        self.serving_after.is_empty()
    }

    /// Whether the loss means anything to it.
    pub(super) fn touched(&self, scene: &Scene<'_>) -> bool {
        let lost = |p: &crate::model::plan::RegionPlacement| {
            p.clusters.keys().any(|c| !scene.stands(c)) || scene.zones(&p.region).is_some()
        };
        self.plan.regions.iter().any(lost) || self.places.iter().any(|p| p.after != Some(p.before))
    }

    pub(super) fn outcome(&self, scene: &Scene<'_>) -> ServiceOutcome {
        let total = self.total();
        let ppm = |weight: u128| u32::try_from(weight * 1_000_000 / total).unwrap_or(u32::MAX);
        let cost = |p: &Served<'_>, to: usize| scene.ground.costs[p.place.region][to];
        let mut groups: BTreeMap<(usize, Option<usize>), Vec<&Served<'_>>> = BTreeMap::new();
        for place in self.places.iter().filter(|p| p.after != Some(p.before)) {
            let group = groups.entry((place.before, place.after)).or_default();
            group.push(place);
        }
        let moved: Vec<Moved> = groups
            .into_iter()
            .map(|((from, to), places)| Moved {
                from: scene.name(from),
                to: to.map(|t| scene.name(t)),
                share_ppm: ppm(places.iter().map(|p| u128::from(p.place.weight)).sum()),
                before_ns: mean(places.iter().map(|p| (p.place.weight, Some(cost(p, from))))),
                after_ns: to
                    .and_then(|t| mean(places.iter().map(|p| (p.place.weight, Some(cost(p, t)))))),
            })
            .collect();
        let unserved = self.places.iter().filter(|p| p.after.is_none());
        let all = self.places.iter();
        ServiceOutcome {
            served_in: self.serving_before.iter().map(|&r| scene.name(r)).collect(),
            serves_in: self.serving_after.iter().map(|&r| scene.name(r)).collect(),
            unserved_ppm: ppm(unserved.map(|p| u128::from(p.place.weight)).sum()),
            audience: self.demand.given,
            before_ns: mean(
                all.clone()
                    .map(|p| (p.place.weight, Some(cost(p, p.before)))),
            ),
            after_ns: mean(
                all.filter(|p| p.after.is_some())
                    .map(|p| (p.place.weight, p.after.map(|t| cost(p, t)))),
            ),
            unanswered: Vec::new(),
            rto: self.rto(scene, &moved),
            moved,
        }
    }

    /// The weight of all users, at least 1.
    pub(super) fn total(&self) -> u128 {
        let weights = self.places.iter().map(|p| u128::from(p.place.weight));
        weights.sum::<u128>().max(1)
    }

    fn rto(&self, scene: &Scene<'_>, moved: &[Moved]) -> Rto {
        if moved.is_empty() {
            return Rto::None;
        }
        if moved.iter().all(|m| m.to.is_none()) {
            return Rto::Back;
        }
        match (&self.service.exposure, &self.plan.dns) {
            (Some(_), Some(dns)) if dns.policy != Routing::Simple => {
                let switch = Switch::of(scene.world(), self.service, dns);
                Rto::Dns {
                    detection: seconds(switch.detection),
                    ttl: seconds(switch.ttl),
                }
            }
            (Some(_), _) => Rto::Manual,
            (None, _) => Rto::Callers,
        }
    }
}

fn seconds(length: Duration) -> u32 {
    u32::try_from(length.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// The weighted mean of microseconds in nanoseconds; `None` of nothing, or with an unknown part.
fn mean(of: impl Iterator<Item = (u64, Option<u64>)>) -> Option<u64> {
    let (mut sum, mut total) = (0_u128, 0_u128);
    for (weight, micros) in of {
        let micros = micros.filter(|m| *m < UNKNOWN)?;
        sum += u128::from(weight) * u128::from(micros);
        total += u128::from(weight);
    }
    (total > 0).then(|| words::mean_ns(sum, total))
}
