//! Journeys after a loss: their ways through the regions that serve then, against their budgets.
//!
//! Users enter where those of the first service do, by its failover chain; a service that is called
//! answers from the nearest region that still serves it and that the caller reaches. Users whom
//! nobody serves are told by their service.

use std::collections::BTreeMap;

use crate::model::name::ServiceKey;
use crate::model::name::ServiceName;
use crate::model::plan::{JourneyPlan, Plan, Quantile, Source};
use crate::model::simulation::{Broken, BudgetOutcome, Outcome, Promise};
use crate::model::world::{Estimate, Journey, JourneyBudget};
use crate::plan::budget::{Decided, limit};
use crate::plan::ground::{Demand, Ground, Place};
use crate::plan::journey::{Course, Net, Places, Way};

use super::budgets::{After, tell};
use super::users::{self, Before, Users};

/// A journey with a budget, over services that are placed.
pub(super) struct Path<'a> {
    journey: &'a Journey,
    budget: &'a JourneyBudget,
    plan: &'a JourneyPlan,
    course: Course<'a>,
    /// Its services among all, in order of the course.
    services: Vec<usize>,
    demand: Demand,
}

impl<'a> Path<'a> {
    /// All journeys that were compared with a budget.
    pub(super) fn all(ground: &Ground<'a>, services: &[Before<'a>], plan: &'a Plan) -> Vec<Self> {
        let journeys = ground.world.journeys.values();
        let all = journeys.filter_map(|journey| {
            let index = |name: &ServiceName| {
                let key = ServiceKey::new(name, &journey.environment);
                services.binary_search_by(|s| s.key.cmp(&key)).ok()
            };
            let declares = |caller: &ServiceName, callee: &ServiceName| {
                let calls = index(caller).into_iter();
                let mut calls = calls.flat_map(|i| &services[i].service.calls);
                calls.any(|call| call.service.value == *callee)
            };
            let course = Course::of(journey, declares);
            let found: Option<Vec<usize>> = course.services.iter().map(|n| index(n)).collect();
            let found = found?;
            let demand = match &journey.audience {
                Some(audience) => ground.demand(audience),
                None => services[*found.first()?].demand.clone(),
            };
            Some(Self {
                journey,
                budget: journey.budget.as_ref()?,
                plan: plan.journeys.get(&journey.name.value)?,
                course,
                services: found,
                demand,
            })
        });
        all.collect()
    }

    /// Whether it asks a service.
    pub(super) fn passes(&self, service: usize) -> bool {
        self.services.contains(&service)
    }
}

/// Everything after a loss.
pub(super) struct Walk<'w, 's> {
    pub after: &'w After<'w>,
    pub before: &'w [Before<'w>],
    pub services: &'w [Users<'w>],
    /// Of the services of journeys.
    pub stores: &'w BTreeMap<usize, Vec<Decided<'s>>>,
}

/// One journey on its way.
struct On<'w, 's> {
    walk: &'w Walk<'w, 's>,
    services: &'w [usize],
}

impl<'s> Places<'s> for On<'_, 's> {
    fn answers(&self, service: usize, user: &Place, from: Option<usize>) -> Option<usize> {
        let scene = self.walk.after.scene;
        let index = self.services[service];
        let Some(from) = from else {
            return users::answers(scene, &self.walk.before[index], user.region);
        };
        let mut reached = self.walk.services[index].serving_after.clone();
        reached.retain(|&to| scene.reaches(from, to));
        scene.ground.nearest(from, &reached)
    }

    fn stores(&self, service: usize) -> &[Decided<'s>] {
        let stores = self.walk.stores.get(&self.services[service]);
        stores.map_or(&[], Vec::as_slice)
    }
}

impl<'s> Walk<'_, 's> {
    /// Fills in what the loss means for a journey's budget.
    pub(super) fn check(&self, path: &Path<'_>, out: &mut Outcome) {
        for quantile in Quantile::ALL {
            if let Some(limit) = limit(path.budget.latency, quantile) {
                let after = self.worst(path, quantile, out);
                let Some(way) = after else { continue };
                let ground = self.after.scene.ground;
                let source = way.source();
                let terms = way
                    .binding()
                    .map(|hop| hop.terms(ground))
                    .unwrap_or_default();
                let binding = terms.iter().rev().max_by_key(|t| t.ns);
                let enforces = ground.world.fleet.network.estimate == Estimate::Enforce;
                let told = BudgetOutcome {
                    of: format!(
                        "journey `{}` at {}",
                        path.journey.name.value,
                        quantile.name()
                    ),
                    span: path.budget.span,
                    limit_ns: limit.as_millis().saturating_mul(1_000_000),
                    before_ns: path.plan.forecast.at(quantile).worst.ns,
                    after_ns: (source != Source::Unknown)
                        .then(|| way.micros().saturating_mul(1000)),
                    binding: binding.map_or_else(String::new, |t| t.what.clone()),
                    estimated: source.estimated(),
                    promised: path.budget.enforce && (enforces || !source.estimated()),
                };
                let most = format!(", most of it {}", told.binding);
                tell(told, &most, limit, out);
            }
        }
    }

    /// The slowest way of those whom somebody serves; where one does not end, says so.
    fn worst<'j>(&self, path: &Path<'j>, quantile: Quantile, out: &mut Outcome) -> Option<Way<'j>> {
        let net = Net {
            ground: self.after.scene.ground,
            legs: self.after.legs,
        };
        let on = On {
            walk: self,
            services: &path.services,
        };
        let mut worst: Option<Way<'j>> = None;
        for user in &path.demand.places {
            let way = match net.stops(&path.course, &on, user, quantile) {
                Ok(stops) => Way::of(&path.course, &stops),
                // Its own promise tells of users whom nobody serves.
                Err(0) => continue,
                Err(service) => {
                    ends(path, path.course.services[service].as_str(), out);
                    return None;
                }
            };
            if worst.as_ref().is_none_or(|w| way.micros() > w.micros()) {
                worst = Some(way);
            }
        }
        let known = path.plan.forecast.at(quantile).worst.ns.is_some();
        let stops = worst.as_ref().and_then(|way| way.unanswered());
        if let Some(store) = stops.filter(|_| known) {
            ends(path, store, out);
            return None;
        }
        worst
    }
}

/// Says that a journey ends where nothing answers.
fn ends(path: &Path<'_>, at: &str, out: &mut Outcome) {
    let what = format!(
        "journey `{}` ends at `{at}`, which does not answer",
        path.journey.name.value
    );
    match path.budget.enforce {
        true if !out.broken.iter().any(|b| b.what == what) => out.broken.push(Broken {
            promise: Promise::Budget,
            what,
            span: Some(path.budget.span),
        }),
        false if !out.notes.contains(&what) => out.notes.push(what),
        _ => {}
    }
}
