//! Stores that are led far from where they are written.

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::world::Store;

use super::View;
use crate::plan::Placed;
use crate::plan::legal::{Candidate, Constraint};
use crate::plan::search::value;
use crate::plan::words;

/// Another region is much nearer when the mean way of a write falls to half or less, and by this
/// many microseconds at least.
const GAIN: u128 = 20_000;

/// The leader is named, kept from the lock, or the only one possible, and the audience of writes is
/// much nearer to another region that may hold the store.
pub(super) fn far(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed.iter().filter(|p| p.demand.given) {
        for (store, plan) in view.stores(placed) {
            let written = store.access.writes > 0;
            if let Some(leader) = view.leader(plan).filter(|_| written) {
                one(view, placed, store, leader, plan.sticky, sink);
            }
        }
    }
}

/// Whether a region may hold it, or could if `placement.from` listed it.
fn possible(candidate: &Candidate) -> bool {
    let mut obstacles = candidate.obstacles.iter();
    obstacles.all(|o| o.constraint == Constraint::From)
}

fn one(
    view: &View<'_>,
    placed: &Placed<'_>,
    store: &Store,
    leader: usize,
    sticky: bool,
    sink: &mut Sink,
) {
    let ground = view.ground;
    let demand = &placed.demand;
    let way = |to: usize| value(&demand.by_region, &[to], &ground.costs);
    let reached = |to: usize| {
        demand
            .by_region
            .iter()
            .all(|&(from, _)| view.known(from, to))
    };
    let nearest = (0..ground.names.len())
        .filter(|&r| possible(&placed.candidates[r]) && reached(r))
        .min_by_key(|&r| (way(r), r));
    let Some(nearest) = nearest.filter(|&r| r != leader) else {
        return;
    };
    let (now, then) = (way(leader), way(nearest));
    let total = demand.total.max(1);
    if then.saturating_mul(2) > now || now - then < GAIN.saturating_mul(total) {
        return;
    }
    let name = &store.name.value;
    let (here, there) = (ground.names[leader], ground.names[nearest]);
    let serves = placed.chosen.serving.contains(&nearest);
    let (span, why, help) = match (&store.leader, sticky) {
        (Some(named), _) if serves => (
            named.span,
            "named here",
            format!("write `leader: {there}`, or `auto`"),
        ),
        (Some(named), _) => (
            named.span,
            "named here",
            format!(
                "place `{}` in `{there}` too, and write `leader: auto`",
                placed.service.name.value
            ),
        ),
        (None, true) if serves => (
            store.name.span,
            "kept from the lock",
            "move it with `regen plan --rebalance --write`; its data moves too".to_owned(),
        ),
        (None, _) => (
            placed.service.placement.span.unwrap_or(store.name.span),
            "leaves it no nearer region",
            format!("place `{}` in `{there}` too", placed.service.name.value),
        ),
    };
    let mut diagnostic = Diagnostic::new(
        Code::LeaderFar,
        format!(
            "store `{name}` is led in {here}, {} from where it is written on average; {there} would be {} away",
            words::mean(now, total),
            words::mean(then, total)
        ),
    )
    .at(span, why);
    if span != store.name.span {
        diagnostic = diagnostic.see(store.name.span, "the store");
    }
    sink.emit(diagnostic.help(help));
}
