//! Predicted latency against the budgets, for every place of the audience.
//!
//! A budget holds when it holds for each place. Floors of the network: without the users' leg and
//! without the time spent in services.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Severity, Sink, Spanned};
use crate::latency::{self, Commit};
use crate::model::duration::Duration;
use crate::model::name::ServiceKey;
use crate::model::plan::Predicted;
use crate::model::rtt::Rtt;
use crate::model::world::{Estimate, LatencyBudget};

use super::Placed;
use super::ground::{Ground, UNKNOWN};
use super::store;
use super::words;

/// What a placement is good for.
pub(super) fn predict(ground: &Ground<'_>, placed: &Placed<'_>) -> Predicted {
    if !placed.demand.given {
        return Predicted::default();
    }
    let mut predicted = Predicted::default();
    let (mut sum, mut legs) = (0_u128, 0_u128);
    // The slowest place; of several that are as slow, the one with most users.
    let mut worst: Option<((u64, u64), &str, usize)> = None;
    for place in &placed.demand.places {
        let Some(serving) = ground.nearest(place.region, &placed.chosen.serving) else {
            continue;
        };
        let micros = ground.costs[place.region][serving];
        sum += u128::from(place.weight) * u128::from(micros);
        let leg = place.leg.map_or(0, Rtt::as_micros);
        legs += u128::from(place.weight) * u128::from(leg);
        predicted.estimated |= ground.estimated(place.region, serving);
        let weight = (micros, place.weight);
        if worst.is_none_or(|w| weight > w.0) {
            worst = Some((weight, &place.name, serving));
        }
    }
    let by_country = placed.demand.places.iter().any(|p| p.leg.is_some());
    predicted.weighted_read_ns = Some(words::mean_ns(sum, placed.demand.total));
    predicted.user_leg_ns = by_country.then(|| words::mean_ns(legs, placed.demand.total));
    predicted.worst_read = worst.map(|((micros, _), place, region)| {
        (
            place.to_owned(),
            micros.saturating_mul(1000),
            ground.names[region].clone(),
        )
    });
    predicted
}

/// The worst place under one budget: microseconds, who, over what, and whether estimated.
struct Worst {
    micros: u64,
    what: String,
    estimated: bool,
}

fn worst(found: &mut Option<Worst>, micros: u64, estimated: bool, what: impl FnOnce() -> String) {
    if found.as_ref().is_none_or(|w| micros > w.micros) {
        *found = Some(Worst {
            micros,
            what: what(),
            estimated,
        });
    }
}

/// Checks the budgets of a service; all services are placed.
pub(super) fn check(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    leaders: &BTreeMap<usize, usize>,
    all: &BTreeMap<&ServiceKey, &Placed<'_>>,
    sink: &mut Sink,
) {
    let budget = &placed.service.budget;
    for tail in [false, true] {
        if let Some((read, limit)) = limit(budget.read.as_ref(), tail) {
            let found = read_worst(ground, placed, tail);
            compare(ground, placed, "a read", read, limit, tail, found, sink);
        }
        if let Some((write, limit)) = limit(budget.write.as_ref(), tail) {
            let found = write_worst(ground, placed, leaders, tail);
            compare(ground, placed, "a write", write, limit, tail, found, sink);
        }
        if let Some((cross, limit)) = limit(budget.cross_region.as_ref(), tail) {
            let found = cross_worst(ground, placed, all, tail);
            compare(
                ground,
                placed,
                "a call to another region",
                cross,
                limit,
                tail,
                found,
                sink,
            );
        }
    }
}

fn limit(
    budget: Option<&Spanned<LatencyBudget>>,
    tail: bool,
) -> Option<(&Spanned<LatencyBudget>, Duration)> {
    let budget = budget?;
    let limit = if tail {
        budget.value.p99
    } else {
        budget.value.p50
    };
    limit.map(|l| (budget, l))
}

fn pair(ground: &Ground<'_>, from: usize, to: usize, tail: bool) -> (u64, bool) {
    if tail {
        ground.p99(from, to)
    } else {
        (ground.costs[from][to], ground.estimated(from, to))
    }
}

fn read_worst(ground: &Ground<'_>, placed: &Placed<'_>, tail: bool) -> Option<Worst> {
    let mut found = None;
    for place in &placed.demand.places {
        let Some(serving) = ground.nearest(place.region, &placed.chosen.serving) else {
            continue;
        };
        let (micros, estimated) = pair(ground, place.region, serving, tail);
        worst(&mut found, micros, estimated, || {
            format!(
                "from {} to {}, the nearest region that serves it",
                place.name, ground.names[serving]
            )
        });
    }
    found
}

fn write_worst(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    leaders: &BTreeMap<usize, usize>,
    tail: bool,
) -> Option<Worst> {
    let mut found = None;
    for (&index, &leader) in leaders {
        let declared = &placed.service.stores[index];
        let mut standbys = placed.chosen.regions.clone();
        standbys.retain(|&r| r != leader);
        standbys.sort_by_key(|&r| (ground.costs[leader][r], r));
        let scheme = store::scheme(declared);
        let times: Vec<Rtt> = standbys
            .iter()
            .map(|&s| Rtt::micros(pair(ground, leader, s, tail).0))
            .collect();
        let Some(commit) = latency::commit(scheme, &times) else {
            continue;
        };
        let guessed = scheme != Commit::Asynchronous
            && standbys.iter().any(|&s| pair(ground, leader, s, tail).1);
        for place in &placed.demand.places {
            let (path, estimated) = pair(ground, place.region, leader, tail);
            worst(
                &mut found,
                path.saturating_add(commit.as_micros()),
                estimated || guessed,
                || {
                    let store = &declared.name.value;
                    let path_text = words::ms(path);
                    let mut text = format!(
                        "from {} to the leader of `{store}` in {}, {path_text}",
                        place.name, ground.names[leader]
                    );
                    if commit.as_micros() > 0 {
                        text = format!(
                            "{text}, and {} until the standbys acknowledge",
                            words::ms(commit.as_micros())
                        );
                    }
                    text
                },
            );
        }
    }
    found
}

fn cross_worst(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    all: &BTreeMap<&ServiceKey, &Placed<'_>>,
    tail: bool,
) -> Option<Worst> {
    let mut found = None;
    for call in &placed.service.calls {
        let key = ServiceKey {
            service: call.service.value.clone(),
            environment: placed.service.environment.clone(),
        };
        let Some(callee) = all.get(&key) else {
            continue;
        };
        for &from in &placed.chosen.serving {
            if callee.chosen.serving.contains(&from) {
                continue;
            }
            let Some(to) = ground.nearest(from, &callee.chosen.serving) else {
                continue;
            };
            let (micros, estimated) = pair(ground, from, to, tail);
            worst(&mut found, micros, estimated, || {
                format!(
                    "from {} to `{}` in {}",
                    ground.names[from], key.service, ground.names[to]
                )
            });
        }
    }
    found
}

#[expect(
    clippy::too_many_arguments,
    reason = "one comparison, said in one place"
)]
fn compare(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    what: &str,
    budget: &Spanned<LatencyBudget>,
    limit: Duration,
    tail: bool,
    found: Option<Worst>,
    sink: &mut Sink,
) {
    let Some(found) = found else { return };
    if found.micros <= limit.as_millis().saturating_mul(1000) {
        return;
    }
    let name = &placed.service.name.value;
    let percentile = if tail { "p99" } else { "p50" };
    let predicted = if found.micros >= UNKNOWN {
        "an unknown time".to_owned()
    } else {
        words::ms(found.micros)
    };
    let mark = if found.estimated { ", estimated" } else { "" };
    let estimates = ground.world.fleet.network.estimate == Estimate::Enforce;
    let enforced = placed.service.budget.enforce && (!found.estimated || estimates);
    let mut over = Diagnostic::new(
        Code::Budget,
        format!(
            "{what} of `{name}` takes {predicted} at {percentile}{mark}, over its budget of {limit}"
        ),
    )
    .at(budget.span, "")
    .note(format!("binding: {}", found.what))
    .severity(if enforced {
        Severity::Error
    } else {
        Severity::Warning
    });
    if placed.service.budget.enforce && !enforced {
        over = over.note("not enforced, since it is estimated; `network.estimate: enforce` would");
    }
    let raised = found.micros.div_ceil(1000);
    sink.emit(over.help(format!(
        "raise the budget to {raised}ms, or allow a region that is nearer"
    )));
}
