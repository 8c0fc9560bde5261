//! A plan held against what monitoring measured.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Span};
use crate::latency;
use crate::model::measured::{AtRisk, Risk, Since};
use crate::model::plan::Plan;
use crate::model::rtt::RoundTrips;
use crate::model::world::World;
use crate::plan;

use super::trial::values;
use super::{Input, Planned};

/// What the measurements of a file put at risk of a plan, and what would be better under them.
///
/// The decisions stay as planned and are valued under the measured round trips, without enforcing
/// any budget, so that each that breaks is told.
///
/// # Errors
///
/// When the file is malformed.
pub fn measured(
    input: &Input,
    file: SourceId,
    planned: &Planned,
    sink: &mut Sink,
) -> Result<AtRisk, Rejected> {
    let regions = &planned.world.regions;
    let mut read = Sink::new();
    let measured = latency::measured(file, &input.sources, regions, &mut read);
    let notes = read.into_sorted();
    let measured = match measured {
        Ok(measured) => measured,
        Err(rejected) => {
            notes.into_iter().for_each(|d| sink.emit(d));
            return Err(rejected);
        }
    };
    let told = told_world(&planned.world);
    let known = &planned.round_trips;
    let under = |jitter| latency::overlay(known, &measured, jitter);
    let now = under(false);
    let (planned_risks, _) = promises(&told, known, planned);
    let (measured_risks, same) = promises(&told, &now, planned);
    let (jitter_risks, _) = promises(&told, &under(true), planned);
    let values = same.map(|same| values(&planned.plan, Some(&same), &same));
    let mut risks: Vec<Risk> = Vec::new();
    let before: BTreeSet<_> = planned_risks.iter().map(which).collect();
    let after: BTreeSet<_> = measured_risks.iter().map(which).collect();
    risks.extend(measured_risks.into_iter().map(|diagnostic| Risk {
        since: if before.contains(&which(&diagnostic)) {
            Since::Planned
        } else {
            Since::Measured
        },
        diagnostic,
    }));
    let only_jitter = jitter_risks
        .into_iter()
        .filter(|d| !after.contains(&which(d)));
    risks.extend(only_jitter.map(|diagnostic| Risk {
        diagnostic: diagnostic.note("the measured jitter is counted on top of the median"),
        since: Since::Jitter,
    }));
    let mut promised = Sink::new();
    plan::at_risk(
        &planned.world,
        &now,
        &planned.plan,
        &measured,
        &mut promised,
    );
    risks.extend(promised.into_sorted().into_iter().map(|diagnostic| Risk {
        diagnostic,
        since: Since::Measured,
    }));
    risks.sort_by(|a, b| {
        let place = |r: &Risk| (r.diagnostic.place(), r.diagnostic.message.clone());
        place(a).cmp(&place(b))
    });
    let mut better = planned.plan.clone();
    plan::propose(&planned.world, &now, &mut better);
    if better.proposals.is_empty() {
        // Under the measurements an enforced budget may allow no plan at all.
        plan::propose(&told, &now, &mut better);
    }
    better
        .proposals
        .retain(|m| m.gain_ns().is_some_and(|gain| gain > 0));
    Ok(AtRisk {
        file: input.sources.get(file).path().to_owned(),
        pairs: measured.pairs.len(),
        of: regions.len() * regions.len(),
        holes: measured.holes,
        notes,
        values: values.unwrap_or_default(),
        risks,
        moves: better.proposals,
    })
}

/// A world in which budgets that do not hold are told and stop nothing.
fn told_world(world: &World) -> World {
    let mut told = world.clone();
    for service in told.services.values_mut() {
        service.budget.enforce = false;
    }
    for journey in told.journeys.values_mut() {
        if let Some(budget) = &mut journey.budget {
            budget.enforce = false;
        }
    }
    told
}

/// What does not hold of the promises that rest on round trips, with the decisions of a plan; and
/// these decisions, valued under the round trips.
fn promises(world: &World, rtt: &RoundTrips, planned: &Planned) -> (Vec<Diagnostic>, Option<Plan>) {
    let kept = plan::lock::of(&planned.plan);
    let mut sink = Sink::new();
    // A bound below the floor stops the plan, and is told like the others.
    let same = plan::plan(
        world,
        rtt,
        Some(&kept),
        &plan::Options::default(),
        &mut sink,
    );
    let mut told = sink.into_sorted();
    told.retain(|d| PROMISES.contains(&d.code));
    (told, same.ok())
}

/// The codes of promises that rest on round trips.
const PROMISES: [Code; 2] = [Code::Budget, Code::StalenessFloor];

/// Which promise a diagnostic is about: where it stands, and which of several that stand there.
fn which(diagnostic: &Diagnostic) -> (Code, Option<Span>, String) {
    let message = &diagnostic.message;
    let words = message
        .split(' ')
        .filter(|w| !w.starts_with(|c: char| c.is_ascii_digit()));
    let words: Vec<&str> = words.filter(|w| *w != "estimated,").collect();
    let about = words
        .join(" ")
        .replace("p99,", "p99")
        .replace("p50,", "p50");
    (diagnostic.code, diagnostic.place(), about)
}
