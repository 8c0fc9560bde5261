//! Journeys to predicted latency, hop by hop, against their budgets.
//!
//! Users enter at the nearest region that serves the first step. Each later step is called from
//! where its caller runs ([`course`]). A hop inside one region counts nothing, of a parallel group
//! the slowest branch counts, and a step that reads or writes a store adds what that takes from its
//! region. Sums of 99th percentiles are an approximation.
//!
//! Where an enforced budget does not hold as services were decided one by one, those of the journey
//! are decided [`together`].

mod choices;
mod course;
mod path;
mod relax;
mod search;
mod settle;
mod start;
mod tell;
mod together;

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::name::{ServiceKey, ServiceName};
use crate::model::plan::{
    Forecast, JourneyPlan, Percentile, Quantile, Source, Term, Verdict, Worst,
};
use crate::model::rtt::Rtt;
use crate::model::world::{Journey, PlacementMode};

use super::Placed;
use super::budget::{Base, Decided, limit, over, proven, user_leg};
use super::ground::{Demand, Place};
use super::words;

pub(super) use together::{Joint, Together, together};

pub(super) use course::{Course, Net, Places};

use course::{Hop, Stop};

/// Predicts one journey; `None` where nobody says where its users are, or nothing serves it.
pub(super) fn predict(
    base: &Base<'_>,
    journey: &Journey,
    joint: Option<&Joint>,
    sink: &mut Sink,
) -> Option<JourneyPlan> {
    let one = One::of(base, journey, joint)?;
    let first = one.services.first()?;
    let demand = match &journey.audience {
        Some(audience) => base.ground.demand(audience),
        None => first.demand.clone(),
    };
    if !demand.given {
        if let Some(budget) = &journey.budget {
            let nobody = format!(
                "journey `{}` has a budget and no audience, so nothing can be compared with it",
                journey.name.value
            );
            sink.emit(
                Diagnostic::new(Code::BudgetUnchecked, nobody)
                    .at(budget.span, "")
                    .help("say where its users are with `audience`, in the journey, its first service or `regen.yaml`"),
            );
        }
        return None;
    }
    let [p50, p99] = Quantile::ALL.map(|quantile| one.percentile(&demand, quantile, sink));
    Some(JourneyPlan {
        forecast: Forecast {
            p50: p50?,
            p99: p99?,
        },
        user_leg: user_leg(base.ground, &demand.places, demand.total),
        because: one.because(),
    })
}

/// The hops that count of a journey: of parallel branches those of the slowest.
#[derive(Clone, Debug, Default)]
pub(super) struct Way<'j> {
    pub hops: Vec<Hop<'j>>,
}

impl<'j> Way<'j> {
    pub(super) fn of(course: &Course<'j>, stops: &[Stop<'j>]) -> Self {
        let calls = course.slowest(&|call| stops[call].takes().0);
        let hops = calls.into_iter().flat_map(|call| stops[call].hops);
        Self {
            hops: hops.flatten().collect(),
        }
    }

    pub(super) fn micros(&self) -> u64 {
        let hops = self.hops.iter();
        hops.fold(0, |sum, hop| sum.saturating_add(hop.micros()))
    }

    fn estimated(&self) -> bool {
        self.hops.iter().any(|hop| hop.source().estimated())
    }

    /// The least certain source of its hops.
    pub(super) fn source(&self) -> Source {
        let sources = self.hops.iter().map(Hop::source);
        sources.max().unwrap_or(Source::Inside)
    }

    /// What does not answer at all, the first on the way.
    pub(super) fn unanswered(&self) -> Option<&'j str> {
        let mut hops = self.hops.iter().filter(|hop| !hop.answers());
        hops.next().map(|hop| hop.asked)
    }

    /// The hop that takes longest; of equal ones the first.
    pub(super) fn binding(&self) -> Option<&Hop<'j>> {
        self.hops.iter().rev().max_by_key(|hop| hop.micros())
    }
}

/// A journey, and where its services are.
struct One<'a, 'j> {
    base: &'j Base<'a>,
    journey: &'j Journey,
    /// What was decided for it.
    joint: Option<&'j Joint>,
    course: Course<'j>,
    /// Its services, by their place in the course.
    services: Vec<&'a Placed<'a>>,
    stores: Vec<Vec<Decided<'a>>>,
}

impl<'a> Places<'a> for One<'a, '_> {
    fn answers(&self, service: usize, user: &Place, from: Option<usize>) -> Option<usize> {
        let serving = &self.services[service].chosen.serving;
        self.base
            .ground
            .nearest(from.unwrap_or(user.region), serving)
    }

    fn stores(&self, service: usize) -> &[Decided<'a>] {
        &self.stores[service]
    }
}

impl<'a, 'j> One<'a, 'j> {
    fn of(base: &'j Base<'a>, journey: &'j Journey, joint: Option<&'j Joint>) -> Option<Self> {
        let placed = |name: &ServiceName| {
            let key = ServiceKey::new(name, &journey.environment);
            base.services.get(&key).copied()
        };
        let declares = |caller: &ServiceName, callee: &ServiceName| {
            let mut calls = placed(caller).into_iter().flat_map(|p| &p.service.calls);
            calls.any(|call| call.service.value == *callee)
        };
        let course = Course::of(journey, declares);
        let services: Option<Vec<_>> = course.services.iter().map(|name| placed(name)).collect();
        let services = services?;
        let stores = services.iter().map(|placed| base.decided(placed)).collect();
        Some(Self {
            base,
            journey,
            joint,
            course,
            services,
            stores,
        })
    }

    /// The way of the users of one place.
    fn way(&self, place: &Place, quantile: Quantile) -> Option<Way<'j>> {
        let net = Net {
            ground: self.base.ground,
            legs: &self.base.legs,
        };
        let stops = net.stops(&self.course, self, place, quantile).ok()?;
        Some(Way::of(&self.course, &stops))
    }

    /// What would end a hop, where anything would.
    fn remedy(&self, hop: &Hop<'_>) -> Option<String> {
        let from = self.base.ground.names[hop.from];
        if hop.store {
            return Some(format!("let `{}` be led nearer to `{from}`", hop.asked));
        }
        // A region that may not be chosen is no remedy.
        let callee = self.services[hop.service];
        let active = callee.service.placement.mode == PlacementMode::ActiveActive;
        let serves = callee.chosen.serving.contains(&hop.from);
        let may = !serves && active && callee.candidates[hop.from].legal();
        may.then(|| format!("let `{}` serve in `{from}` too", hop.asked))
    }

    /// All places at one percentile, compared with the budget.
    fn percentile(
        &self,
        demand: &Demand,
        quantile: Quantile,
        sink: &mut Sink,
    ) -> Option<Percentile> {
        let (mut sum, mut unknown) = (0_u128, false);
        let mut worst: Option<(u64, &Place, Way<'j>)> = None;
        let mut measured: Option<(u64, &Place, Way<'j>)> = None;
        for place in &demand.places {
            let way = self.way(place, quantile)?;
            let micros = way.micros();
            sum += u128::from(micros) * u128::from(place.weight);
            unknown |= way.source() == Source::Unknown;
            // Of several that are as slow, the one with most users; then the first.
            let worse = |than: &Option<(u64, &Place, Way<'_>)>| {
                let than = than.as_ref();
                than.is_none_or(|t| (micros, place.weight) > (t.0, t.1.weight))
            };
            if !way.estimated() && worse(&measured) {
                measured = Some((micros, place, way.clone()));
            }
            if worse(&worst) {
                worst = Some((micros, place, way));
            }
        }
        let (_, place, way) = worst?;
        let mut percentile = Percentile {
            weighted_ns: (!unknown).then(|| words::mean_ns(sum, demand.total)),
            worst: self.told(place, &way),
            budget: None,
        };
        let asked = self.journey.budget.as_ref();
        let asked = asked.and_then(|b| Some((b, limit(b.latency, quantile)?)));
        let Some((budget, limit)) = asked else {
            return Some(percentile);
        };
        // What is worst may be estimated, and something measured break the budget too.
        let ground = self.base.ground;
        let breaks = measured
            .map(|(_, place, way)| (self.told(place, &way), way))
            .filter(|(worst, _)| over(worst, limit));
        let (shown, way) = match breaks {
            Some(breaks) if !proven(ground, &percentile.worst) => breaks,
            _ => (percentile.worst.clone(), way),
        };
        let enforced = budget.enforce && proven(ground, &shown);
        percentile.budget = Some(Verdict {
            limit,
            enforced,
            met: !over(&percentile.worst, limit),
        });
        if over(&shown, limit) {
            let what = format!("of {limit}");
            sink.emit(self.breach(budget, quantile, &what, enforced, &shown, &way));
        }
        Some(percentile)
    }

    fn told(&self, place: &Place, way: &Way<'_>) -> Worst {
        let ground = self.base.ground;
        let terms: Vec<Term> = way.hops.iter().flat_map(|h| h.terms(ground)).collect();
        let entered = self.answers(0, place, None);
        Worst {
            ns: terms
                .iter()
                .map(|t| t.ns)
                .try_fold(0_u64, |sum, ns| Some(sum.saturating_add(ns?))),
            place: place.name.clone(),
            region: ground.names[entered.unwrap_or(place.region)].clone(),
            terms,
            user_leg_ns: place
                .leg
                .map(|leg| Rtt::as_micros(leg).saturating_mul(1000)),
        }
    }
}
