//! Stores that lose their majority, or the standby that their writes wait for, with one region.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine::{self, Scheme};
use crate::model::engine::Consistency;
use crate::model::plan::StorePlan;
use crate::model::world::Store;

use super::View;
use crate::plan::Placed;
use crate::plan::store;
use crate::plan::words;

/// A strong store of voters is in several regions, and one of them holds a majority. Silent where
/// somebody wrote what it is to survive.
pub(super) fn majority(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed.iter().filter(|p| p.chosen.regions.len() > 1) {
        for (store, plan) in view.stores(placed) {
            let quorum = engine::way(store).is_some_and(|w| w.scheme == Scheme::Quorum);
            let strong = store.consistency.value == Consistency::Strong;
            if quorum && strong && store.survive.is_none() {
                match plan.shards.is_empty() {
                    true => one(view, placed, store, (None, plan), sink),
                    false => plan.shards.iter().for_each(|(part, plan)| {
                        one(view, placed, store, (Some(part), plan), sink)
                    }),
                }
            }
        }
    }
}

/// A store, or one part of it.
fn one(
    view: &View<'_>,
    placed: &Placed<'_>,
    store: &Store,
    (part, plan): (Option<&String>, &StorePlan),
    sink: &mut Sink,
) {
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    for voter in &plan.voters {
        *held.entry(voter.as_str()).or_default() += 1;
    }
    let voters = plan.voters.len();
    let Some((region, votes)) = held.into_iter().find(|(_, votes)| 2 * votes > voters) else {
        return;
    };
    let (name, service) = (&store.name.value, &placed.service.name.value);
    let count = placed.chosen.regions.len();
    let regions = view.ground.list(&placed.chosen.regions);
    let stops = part.map_or("it".to_owned(), |part| format!("its part `{part}`"));
    let mut diagnostic = Diagnostic::new(
        Code::MajorityInRegion,
        format!("store `{name}` is strong and in {count} regions, {regions}, and the loss of {region} alone stops {stops}"),
    )
    .at(store.consistency.span, "a write takes a majority")
    .note(format!("{votes} of its {voters} voters are in {region}"));
    if let Some(span) = store.voters.span {
        diagnostic = diagnostic.see(span, "the voters");
    }
    let apart = match (count, part) {
        (2, None) => format!(
            "place `{service}` in a third region that may hold `{name}` and write `survive: region`; or "
        ),
        _ if can(view, placed, store) => "write `survive: region`; or ".to_owned(),
        _ => String::new(),
    };
    sink.emit(diagnostic.help(format!(
        "{apart}write `survive: zone` where that is enough, and spare each write the way to another region"
    )));
}

/// Whether the whole store can survive its region where its service is.
fn can(view: &View<'_>, placed: &Placed<'_>, store: &Store) -> bool {
    let mut stores = placed.service.stores.iter();
    let index = stores.position(|s| s.name.value == store.name.value);
    index.is_some_and(|index| {
        let question = store::Question {
            key: placed.key.store(&store.name.value),
            index,
            service: placed.service,
            chosen: &placed.chosen,
            demand: &placed.demand,
            candidates: &placed.candidates,
            conflict: &placed.why.conflict,
        };
        store::can_survive_region(view.ground, &question)
    })
}

/// Writes wait for as many standbys as there are: the loss of any one stops them.
pub(super) fn all_standbys(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        for (store, plan) in view.parts(placed) {
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
