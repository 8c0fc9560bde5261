//! Journeys to predicted latency, hop by hop, against their budgets.
//!
//! Users enter at the nearest region that serves the first step. Each later step is called from
//! where its caller runs: the latest earlier step that declares a call to it, else the step before;
//! after a parallel group the one before the group goes on. A hop inside one region counts nothing,
//! of a parallel group the slowest branch counts, and a step that reads or writes a store adds what
//! that takes from its region. Sums of 99th percentiles are an approximation.

use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::model::name::{ServiceKey, StoreName};
use crate::model::plan::{
    Because, Forecast, JourneyPlan, Percentile, Quantile, Source, Term, Verdict, Worst,
};
use crate::model::rtt::Rtt;
use crate::model::world::{Journey, JourneyBudget, JourneyCall, JourneyStep, PlacementMode};

use super::Placed;
use super::budget::{Base, Decided, Parts, What, limit, over, proven, user_leg};
use super::ground::{Demand, Place, UNKNOWN};
use super::words;

/// Predicts one journey; `None` where nobody says where its users are, or nothing serves it.
pub(super) fn predict(base: &Base<'_>, journey: &Journey, sink: &mut Sink) -> Option<JourneyPlan> {
    let one = One { base, journey };
    let first = one.placed(journey.steps.iter().flat_map(JourneyStep::calls).next()?)?;
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
        because: Because::new(
            "its services were placed before, each by itself, and this is what follows",
        ),
    })
}

/// One hop: what it stands for, and what it takes.
#[derive(Clone, Debug)]
struct Hop {
    terms: Vec<Term>,
    micros: u64,
    source: Source,
    /// What would end it, where anything would.
    remedy: Option<String>,
}

/// A way through the steps so far.
#[derive(Clone, Debug, Default)]
struct Way {
    hops: Vec<Hop>,
}

impl Way {
    fn micros(&self) -> u64 {
        self.hops
            .iter()
            .fold(0, |sum, hop| sum.saturating_add(hop.micros))
    }

    fn estimated(&self) -> bool {
        self.hops.iter().any(|hop| hop.source.estimated())
    }

    fn unknown(&self) -> bool {
        self.hops.iter().any(|hop| hop.source == Source::Unknown)
    }

    /// The hop that takes longest; of equal ones the first.
    fn binding(&self) -> Option<&Hop> {
        self.hops.iter().rev().max_by_key(|hop| hop.micros)
    }
}

/// A step that was asked, and the region in which it ran.
type Ran<'a> = (&'a JourneyCall, usize);

struct One<'a, 'j> {
    base: &'j Base<'a>,
    journey: &'j Journey,
}

impl<'a> One<'a, '_> {
    fn placed(&self, call: &JourneyCall) -> Option<&'a Placed<'a>> {
        let key = ServiceKey::new(&call.service.value, &self.journey.environment);
        self.base.services.get(&key).copied()
    }

    /// The way of the users of one place.
    fn way(&self, place: &Place, quantile: Quantile) -> Option<Way> {
        let mut ran = Vec::new();
        let mut way = Way::default();
        let mut at = None;
        for step in &self.journey.steps {
            at = self.step(step, place, at, &mut ran, &mut way, quantile)?;
        }
        Some(way)
    }

    /// Walks one step; the step that goes on afterwards.
    fn step<'s>(
        &self,
        step: &'s JourneyStep,
        user: &Place,
        at: Option<Ran<'s>>,
        ran: &mut Vec<Ran<'s>>,
        way: &mut Way,
        quantile: Quantile,
    ) -> Option<Option<Ran<'s>>> {
        match step {
            JourneyStep::Call(call) => {
                let region = self.call(call, user, at, ran, way, quantile)?;
                ran.push((call, region));
                Some(Some((call, region)))
            }
            JourneyStep::Sequence(steps) => {
                let mut at = at;
                for step in steps {
                    at = self.step(step, user, at, ran, way, quantile)?;
                }
                Some(at)
            }
            JourneyStep::Parallel(branches) => {
                let mut slowest: Option<Way> = None;
                let mut all = Vec::new();
                for branch in branches {
                    let mut seen = ran.clone();
                    let mut own = Way::default();
                    self.step(branch, user, at, &mut seen, &mut own, quantile)?;
                    all.extend(seen.drain(ran.len()..));
                    if slowest.as_ref().is_none_or(|s| own.micros() > s.micros()) {
                        slowest = Some(own);
                    }
                }
                ran.extend(all);
                way.hops
                    .extend(slowest.into_iter().flat_map(|slowest| slowest.hops));
                Some(at)
            }
        }
    }

    /// Calls a service, and what it does with its stores; where it runs.
    fn call(
        &self,
        call: &JourneyCall,
        user: &Place,
        at: Option<Ran<'_>>,
        ran: &[Ran<'_>],
        way: &mut Way,
        quantile: Quantile,
    ) -> Option<usize> {
        let (ground, legs) = (self.base.ground, &self.base.legs);
        let callee = self.placed(call)?;
        let name = call.service.value.as_str();
        let declares = |(caller, _): &&Ran<'_>| {
            self.placed(caller).is_some_and(|placed| {
                let mut calls = placed.service.calls.iter();
                calls.any(|c| c.service.value == call.service.value)
            })
        };
        let caller = ran.iter().rev().find(declares).copied().or(at);
        let from = caller.map_or(user.region, |(_, region)| region);
        let to = ground.nearest(from, &callee.chosen.serving)?;
        if caller.is_none() || from != to {
            let parts = Parts::one(What::Callee(to), legs.at(quantile, from, to));
            // A region that may not be chosen is no remedy.
            let active = callee.service.placement.mode == PlacementMode::ActiveActive;
            let may = from != to && active && callee.candidates[from].legal();
            let remedy = may.then(|| format!("let `{name}` serve in `{}` too", ground.names[from]));
            way.hops.push(self.hop(parts, name, remedy));
        }
        let stores = self.base.decided(callee);
        let store = |name: &StoreName| {
            let mut theirs = stores.iter().filter(|s| s.is_of(user.country));
            theirs.find(|s| s.name() == name.as_str())
        };
        let mut used = |name: &StoreName, parts: Option<Parts>| match parts {
            // What nobody can predict is unknown, not nothing.
            None => way.hops.push(unknown(name)),
            Some(parts) => {
                let parts = parts.inside(to);
                if parts.micros() > 0 {
                    let remedy = format!("let `{name}` be led nearer to `{}`", ground.names[to]);
                    way.hops.push(self.hop(parts, name.as_str(), Some(remedy)));
                }
            }
        };
        if let Some(reads) = &call.reads {
            let parts = |s: &Decided<'_>| s.read(ground, legs, quantile, to);
            used(&reads.value, store(&reads.value).and_then(parts));
        }
        if let Some(writes) = &call.writes {
            let parts = |s: &Decided<'_>| s.write(ground, legs, quantile, to);
            used(&writes.value, store(&writes.value).and_then(parts));
        }
        Some(to)
    }

    fn hop(&self, parts: Parts, asked: &str, remedy: Option<String>) -> Hop {
        Hop {
            terms: parts.terms(self.base.ground, Some(asked)),
            micros: parts.micros(),
            source: parts.source(),
            remedy,
        }
    }

    /// All places at one percentile, compared with the budget.
    fn percentile(
        &self,
        demand: &Demand,
        quantile: Quantile,
        sink: &mut Sink,
    ) -> Option<Percentile> {
        let (mut sum, mut unknown) = (0_u128, false);
        let mut worst: Option<(u64, &Place, Way)> = None;
        let mut measured: Option<(u64, &Place, Way)> = None;
        for place in &demand.places {
            let way = self.way(place, quantile)?;
            let micros = way.micros();
            sum += u128::from(micros) * u128::from(place.weight);
            unknown |= way.unknown();
            // Of several that are as slow, the one with most users; then the first.
            let worse = |than: &Option<(u64, &Place, Way)>| {
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

    fn told(&self, place: &Place, way: &Way) -> Worst {
        let terms: Vec<Term> = way.hops.iter().flat_map(|h| h.terms.clone()).collect();
        let entered = self.journey.steps.iter().flat_map(JourneyStep::calls);
        let entered = entered
            .take(1)
            .filter_map(|call| self.placed(call))
            .find_map(|first| {
                self.base
                    .ground
                    .nearest(place.region, &first.chosen.serving)
            });
        Worst {
            ns: terms
                .iter()
                .map(|t| t.ns)
                .try_fold(0_u64, |sum, ns| Some(sum.saturating_add(ns?))),
            place: place.name.clone(),
            region: self.base.ground.names[entered.unwrap_or(place.region)].clone(),
            terms,
            user_leg_ns: place
                .leg
                .map(|leg| Rtt::as_micros(leg).saturating_mul(1000)),
        }
    }

    fn breach(
        &self,
        budget: &JourneyBudget,
        quantile: Quantile,
        limit: &str,
        enforced: bool,
        worst: &Worst,
        way: &Way,
    ) -> Diagnostic {
        let estimated = worst.source().estimated();
        let mut told = Diagnostic::new(
            Code::Budget,
            format!(
                "journey `{}` takes {} at {}{}, over its budget {limit}",
                self.journey.name.value,
                words::known(worst.ns),
                quantile.name(),
                if estimated { ", estimated" } else { "" },
            ),
        )
        .at(budget.span, "")
        .note(format!("from {} {}", worst.place, worst.way()))
        .severity(if enforced {
            Severity::Error
        } else {
            Severity::Warning
        });
        if let Some(binding) = worst.binding().filter(|_| worst.terms.len() > 1) {
            told = told.note(format!("binding: {}", binding.told()));
        }
        if quantile == Quantile::P99 && worst.terms.len() > 1 {
            told = told.note("a sum of 99th percentiles, which is an approximation");
        }
        if budget.enforce && !enforced {
            told =
                told.note("not enforced, since it is estimated; `network.estimate: enforce` would");
        }
        let raise = match worst.ns {
            Some(ns) => format!("raise the budget to {}ms", ns.div_ceil(1_000_000)),
            None => "measure the round trip into `network/rtt.csv`".to_owned(),
        };
        told.help(match way.binding().and_then(|hop| hop.remedy.as_ref()) {
            Some(remedy) => format!("{raise}, or {remedy}"),
            None => raise,
        })
    }
}

/// A store of which nothing is known.
fn unknown(store: &StoreName) -> Hop {
    Hop {
        terms: vec![Term {
            what: format!("to `{store}`, which cannot be predicted"),
            ns: None,
            source: Source::Unknown,
        }],
        micros: UNKNOWN,
        source: Source::Unknown,
        remedy: None,
    }
}
