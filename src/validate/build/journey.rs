//! The journeys of `regen.yaml` to those of the world.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Sink, Span, Spanned};
use crate::model::name::{DEFAULT_ENVIRONMENT, Environment, JourneyName, RegionName};
use crate::model::raw;
use crate::model::world::{Fleet, Journey, JourneyBudget, JourneyCall, JourneyStep, LatencyBudget};
use crate::validate::areas;

/// The journeys by name; of two with one name the first.
pub(super) fn journeys(
    written: &raw::Fleet,
    fleet: &Fleet,
    regions: &BTreeSet<RegionName>,
    sink: &mut Sink,
) -> BTreeMap<JourneyName, Journey> {
    let mut journeys = BTreeMap::new();
    for journey in written.journeys.iter().flat_map(|j| &j.value) {
        let audience = (!journey.audience.is_empty())
            .then(|| areas::audience(&journey.audience, regions, &fleet.jurisdictions, sink));
        let made = Journey {
            name: journey.name.clone(),
            environment: journey.environment.as_ref().map_or_else(
                || Environment::from(DEFAULT_ENVIRONMENT),
                |e| e.value.clone(),
            ),
            audience,
            steps: steps(&journey.steps),
            budget: journey.budget.as_ref().map(|b| JourneyBudget {
                span: b.span,
                latency: LatencyBudget {
                    p50: b.value.p50.map(|d| d.value),
                    p99: b.value.p99.map(|d| d.value),
                },
                enforce: b.value.enforce.unwrap_or(false),
            }),
        };
        journeys.entry(journey.name.value.clone()).or_insert(made);
    }
    journeys
}

fn steps(written: &[Spanned<raw::JourneyStep>]) -> Vec<JourneyStep> {
    written
        .iter()
        .filter_map(|s| step(&s.value, s.span))
        .collect()
}

/// One step; what is none is for the rules to say.
fn step(written: &raw::JourneyStep, span: Span) -> Option<JourneyStep> {
    let long = match written {
        raw::JourneyStep::One(name) => {
            return Some(JourneyStep::Call(JourneyCall {
                service: Spanned::new(name.clone(), span),
                reads: None,
                writes: None,
            }));
        }
        raw::JourneyStep::Long(long) => long,
    };
    match (&long.service, &long.parallel, &long.sequence) {
        (Some(service), None, None) => Some(JourneyStep::Call(JourneyCall {
            service: service.clone(),
            reads: long.reads.clone(),
            writes: long.writes.clone(),
        })),
        (None, Some(branches), None) => Some(JourneyStep::Parallel(steps(branches))),
        (None, None, Some(branch)) => Some(JourneyStep::Sequence(steps(branch))),
        _ => None,
    }
}
