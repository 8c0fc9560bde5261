//! Stores that lose their majority, or the standby that their writes wait for, with one region.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine::{self, Scheme};
use crate::model::engine::Consistency;
use crate::model::plan::StorePlan;
use crate::model::world::Store;

use super::View;
use crate::plan::Placed;
use crate::plan::words;

/// A strong store of voters is in two regions: one of them holds a majority.
pub(super) fn two_regions(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        for (store, plan) in view.stores(placed) {
            let quorum = engine::way(store).is_some_and(|w| w.scheme == Scheme::Quorum);
            if quorum && store.consistency.value == Consistency::Strong {
                majority(view, placed, store, plan, sink);
            }
        }
    }
}

fn majority(
    view: &View<'_>,
    placed: &Placed<'_>,
    store: &Store,
    plan: &StorePlan,
    sink: &mut Sink,
) {
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    for voter in &plan.voters {
        *held.entry(voter.as_str()).or_default() += 1;
    }
    if held.is_empty() {
        let regions = placed.chosen.regions.iter();
        held = regions
            .map(|&r| (view.ground.names[r].as_str(), 1))
            .collect();
    }
    let [(first, one), (second, two)] = held.iter().collect::<Vec<_>>()[..] else {
        return;
    };
    let service = &placed.service.name.value;
    let most = match one.cmp(two) {
        Ordering::Equal => "either",
        Ordering::Less => second,
        Ordering::Greater => first,
    };
    let (name, voters) = (&store.name.value, one + two);
    let mut diagnostic = Diagnostic::new(
        Code::TwoRegions,
        format!("store `{name}` is strong and in two regions, {first} and {second}: the loss of {most} stops it, as if it were in one"),
    )
    .at(store.consistency.span, "a write takes a majority");
    if one != two {
        diagnostic = diagnostic.note(format!(
            "{} of its {voters} voters are in {most}",
            one.max(two)
        ));
    }
    if let Some(span) = placed.service.placement.span {
        diagnostic = diagnostic.see(span, "placed here");
    }
    sink.emit(diagnostic.help(format!(
        "place `{service}` in a third region that may hold `{name}`; or keep `{name}` in one, where each write is spared the way to the other"
    )));
}

/// Writes wait for as many standbys as there are: the loss of any one stops them.
pub(super) fn all_standbys(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        for (store, plan) in view.stores(placed) {
            let waits = plan.synchronous as usize;
            if waits == 0 || waits < plan.sync_standbys.len() {
                continue;
            }
            let name = &store.name.value;
            let standbys = words::list(plan.sync_standbys.iter().map(|s| s.as_str()));
            let any = if waits == 1 {
                "its loss"
            } else {
                "the loss of any of them"
            };
            let diagnostic = Diagnostic::new(
                Code::StandbyStopsWrites,
                format!("writes of store `{name}` wait for {standbys}, and {any} stops them"),
            )
            .at(
                store.name.span,
                format!("waits for {}", words::count(waits, "standby")),
            )
            .note(
                "a write that no standby confirms is not acknowledged (`dataDurability: required`)",
            )
            .help(format!(
                "place `{}` in one more region that may hold `{name}`, so that {} of {} are enough",
                placed.service.name.value,
                waits,
                waits + 1
            ));
            sink.emit(diagnostic);
        }
    }
}
