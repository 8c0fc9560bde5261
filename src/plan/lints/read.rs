//! Reads that users wait for, and that go to a leader in another region first.

use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::engine::{self, Read};
use crate::model::engine::Consistency;
use crate::model::rtt::Rtt;
use crate::model::world::{Store, Tier};

use super::View;
use crate::plan::Placed;
use crate::plan::words;

/// Without a budget, a critical service is told of hops from here on, in microseconds: what is
/// below is about a metropolitan area's, and no user can tell.
const NOTICED: u64 = 10_000;

/// A service with a budget for reads, or a critical one, has a strong store whose reads go to a
/// leader in another region than one that serves. A note while the budget holds.
pub(super) fn across_regions(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        for (store, plan) in view.stores(placed) {
            let read = store.access.span.is_none() || store.access.reads > 0;
            let way = engine::way(store);
            let at_leader = read && way.is_some_and(|w| w.read == Read::Leader);
            if let Some(leader) = view.leader(plan).filter(|_| at_leader) {
                one(view, placed, store, leader, sink);
            }
        }
    }
}

fn one(view: &View<'_>, placed: &Placed<'_>, store: &Store, leader: usize, sink: &mut Sink) {
    let ground = view.ground;
    let budget = placed.service.budget.read.as_ref();
    if budget.is_none() && placed.service.tier != Tier::Critical {
        return;
    }
    // A budget for the tail is held by the tail of the hop.
    let tail = budget.is_none_or(|b| b.value.p99.is_some());
    let hop = |from: usize| match tail {
        true => ground.p99(from, leader).0,
        false => ground.costs[from][leader],
    };
    let elsewhere: Vec<usize> = placed
        .chosen
        .serving
        .iter()
        .copied()
        .filter(|&r| r != leader && view.known(r, leader))
        .collect();
    let Some(worst) = elsewhere
        .iter()
        .copied()
        .max_by_key(|&r| (hop(r), std::cmp::Reverse(r)))
    else {
        return;
    };
    let micros = hop(worst);
    let estimated = match tail {
        true => ground.p99(worst, leader).1,
        false => ground.estimated(worst, leader),
    };
    let limit = budget.and_then(|b| if tail { b.value.p99 } else { b.value.p50 });
    if limit.is_none() && micros < NOTICED {
        return;
    }
    let (name, service) = (&store.name.value, &placed.service.name.value);
    let (from, to) = (ground.names[worst], ground.names[leader]);
    let took = words::ms(micros);
    let mark = if estimated { ", estimated," } else { "" };
    let percentile = if tail { "p99" } else { "p50" };
    let of = match limit {
        Some(limit) => format!(", of a budget of {limit}"),
        None => String::new(),
    };
    let holds = limit.is_some_and(|l| micros <= l.as_millis().saturating_mul(1000));
    let mut diagnostic = Diagnostic::new(
        Code::CrossRegionRead,
        format!(
            "a read of `{name}` in {from} waits {took} at {percentile}{mark} for its leader in {to}{of}"
        ),
    )
    .at(
        store.consistency.span,
        format!("`{service}` reads what was written last"),
    )
    .severity(if holds {
        Severity::Note
    } else {
        Severity::Warning
    });
    if let Some(budget) = budget {
        diagnostic = diagnostic.see(budget.span, "the budget");
    }
    if elsewhere.len() > 1 {
        diagnostic = diagnostic.note(format!(
            "so do reads in {} of the {} regions that serve",
            elsewhere.len(),
            placed.chosen.serving.len()
        ));
    }
    let alone = format!("let {to} alone serve with `placement: {{mode: active-passive}}`");
    let farthest = elsewhere.iter().map(|&r| ground.costs[leader][r]).max();
    let bounded = engine::satisfies(store.engine.value, Consistency::BoundedStaleness);
    let floor = bounded
        .zip(farthest)
        .and_then(|(way, farthest)| engine::staleness_floor(way, Rtt::micros(farthest)));
    sink.emit(diagnostic.help(match floor {
        Some(floor) => format!(
            "read at the nearest replica with `consistency: bounded-staleness` and a `staleness` above {}ms, or {alone}",
            floor.as_micros().div_ceil(1000)
        ),
        None => alone,
    }));
}
