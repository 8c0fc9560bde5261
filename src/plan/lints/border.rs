//! Chains of calls that cross a border twice.
//!
//! A border lies between two countries that are in no area together: none of the fleet's own
//! jurisdictions, nor the EU or the EEA. Each call goes to the nearest serving region of its
//! callee; one that degrades is not waited for.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::name::ServiceKey;
use crate::model::place::Country;
use crate::model::world::{Call, World};

use super::View;
use crate::plan::Placed;
use crate::plan::ground::Ground;
use crate::plan::words;

/// A service where it serves.
type At<'a> = (&'a ServiceKey, usize);

/// A call from a place to the nearest region of its callee.
#[derive(Clone, Copy)]
struct Hop<'a> {
    call: &'a Call,
    to: At<'a>,
    crosses: bool,
}

/// The shortest way on to a hop that crosses a border, by the number of calls.
#[derive(Clone, Copy)]
struct Onward<'a> {
    calls: usize,
    hop: Hop<'a>,
}

/// One chain: where it begins, and its hops up to the second that crosses.
struct Chain<'a> {
    from: At<'a>,
    hops: Vec<Hop<'a>>,
    micros: u64,
}

/// A call crosses a border, and what it waits for crosses one again.
pub(super) fn twice(view: &View<'_>, sink: &mut Sink) {
    let areas = areas(view.ground.world);
    let onward = onward(view, &areas);
    // By the second call that crosses: mending it mends all chains that end in it.
    let mut found: BTreeMap<Span, (Chain<'_>, BTreeSet<&ServiceKey>)> = BTreeMap::new();
    for placed in view.placed {
        for &region in &placed.chosen.serving {
            for hop in hops(view, &areas, placed, region) {
                let Some(chain) = chain(view.ground, &onward, (placed.key, region), hop) else {
                    continue;
                };
                let Some(last) = chain.hops.last().map(|h| h.call.service.span) else {
                    continue;
                };
                match found.get_mut(&last) {
                    Some((worst, callers)) => {
                        callers.insert(placed.key);
                        if chain.micros > worst.micros {
                            *worst = chain;
                        }
                    }
                    None => {
                        found.insert(last, (chain, BTreeSet::from([placed.key])));
                    }
                }
            }
        }
    }
    for (span, (chain, callers)) in found {
        sink.emit(told(view, &areas, span, &chain, &callers));
    }
}

/// Countries that have no border between them.
fn areas(world: &World) -> Vec<&BTreeSet<Country>> {
    let named = world.fleet.jurisdictions.iter();
    named
        .filter(|(name, area)| area.span.is_some() || matches!(name.as_str(), "EU" | "EEA"))
        .map(|(_, area)| &area.countries)
        .collect()
}

fn country(ground: &Ground<'_>, region: usize) -> Country {
    ground.world.regions[ground.names[region]].country
}

fn border(ground: &Ground<'_>, areas: &[&BTreeSet<Country>], a: usize, b: usize) -> bool {
    let (a, b) = (country(ground, a), country(ground, b));
    a != b && !areas.iter().any(|c| c.contains(&a) && c.contains(&b))
}

/// The calls that a service waits for in a region.
fn hops<'a>(
    view: &'a View<'a>,
    areas: &[&BTreeSet<Country>],
    placed: &'a Placed<'a>,
    from: usize,
) -> Vec<Hop<'a>> {
    let waits = placed.service.calls.iter().filter(|c| !c.degrade);
    waits
        .filter_map(|call| {
            let callee = view.callee(placed, call)?;
            let to = view.ground.nearest(from, &callee.chosen.serving)?;
            let crosses = border(view.ground, areas, from, to);
            let to = (callee.key, to);
            Some(Hop { call, to, crosses })
        })
        .collect()
}

/// For each place: the way on to the next border. Callees come first, since calls that are waited
/// for have no cycle.
fn onward<'a>(view: &'a View<'a>, areas: &[&BTreeSet<Country>]) -> BTreeMap<At<'a>, Onward<'a>> {
    let mut onward: BTreeMap<At<'a>, Onward<'a>> = BTreeMap::new();
    for placed in callees_first(view) {
        for &region in &placed.chosen.serving {
            let ways = hops(view, areas, placed, region)
                .into_iter()
                .filter_map(|hop| {
                    let calls = match hop.crosses {
                        true => 1,
                        false => onward.get(&hop.to)?.calls + 1,
                    };
                    Some(Onward { calls, hop })
                });
            if let Some(way) = ways.min_by_key(|w| (w.calls, w.hop.to)) {
                onward.insert((placed.key, region), way);
            }
        }
    }
    onward
}

fn callees_first<'a>(view: &'a View<'a>) -> Vec<&'a Placed<'a>> {
    let mut waiting: BTreeMap<&ServiceKey, usize> = BTreeMap::new();
    let mut callers: BTreeMap<&ServiceKey, Vec<&'a Placed<'a>>> = BTreeMap::new();
    for placed in view.placed {
        let waits = placed.service.calls.iter().filter(|c| !c.degrade);
        let callees: Vec<_> = waits.filter_map(|c| view.callee(placed, c)).collect();
        waiting.insert(placed.key, callees.len());
        for callee in callees {
            callers.entry(callee.key).or_default().push(placed);
        }
    }
    let ready = |p: &&Placed<'_>| waiting.get(p.key) == Some(&0);
    let mut order: Vec<&'a Placed<'a>> = view.placed.iter().filter(ready).collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for caller in callers.remove(done.key).unwrap_or_default() {
            let left = waiting.entry(caller.key).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                order.push(caller);
            }
        }
    }
    order
}

/// The chain that begins with a hop over a border, where there is another border on its way.
fn chain<'a>(
    ground: &Ground<'_>,
    onward: &BTreeMap<At<'a>, Onward<'a>>,
    from: At<'a>,
    first: Hop<'a>,
) -> Option<Chain<'a>> {
    if !first.crosses {
        return None;
    }
    let mut hops = vec![first];
    let mut at = first.to;
    let mut micros = ground.costs[from.1][at.1];
    loop {
        let hop = onward.get(&at)?.hop;
        micros = micros.saturating_add(ground.costs[at.1][hop.to.1]);
        hops.push(hop);
        at = hop.to;
        if hop.crosses {
            return Some(Chain { from, hops, micros });
        }
    }
}

fn told(
    view: &View<'_>,
    areas: &[&BTreeSet<Country>],
    last: Span,
    chain: &Chain<'_>,
    callers: &BTreeSet<&ServiceKey>,
) -> Diagnostic {
    let ground = view.ground;
    let stops: Vec<At<'_>> = std::iter::once(chain.from)
        .chain(chain.hops.iter().map(|h| h.to))
        .collect();
    let way: Vec<String> = stops
        .iter()
        .map(|(key, region)| {
            let name = ground.names[*region];
            format!("`{}` in {name} ({})", key.service, country(ground, *region))
        })
        .collect();
    let mut diagnostic = Diagnostic::new(
        Code::BorderTwice,
        format!(
            "a chain of calls crosses a border twice, {} in all: {}",
            words::ms(chain.micros),
            way.join(" → ")
        ),
    )
    .at(last, "crosses the second time")
    .see(chain.hops[0].call.service.span, "crosses the first time");
    if callers.len() > 1 {
        diagnostic = diagnostic.note(format!("{} services begin such a chain", callers.len()));
    }
    let (abroad, home) = (chain.hops[0].to.0, chain.from.1);
    // The service abroad, brought to where the chain began, or as near to it as it may be.
    let nearer = view.by_key.get(abroad).and_then(|placed| {
        (0..ground.names.len())
            .filter(|r| !placed.chosen.regions.contains(r))
            .filter(|&r| placed.candidates[r].legal() && !border(ground, areas, home, r))
            .min_by_key(|&r| (ground.costs[home][r], r))
    });
    let (caller, callee) = (stops[stops.len() - 2].0, stops[stops.len() - 1].0);
    let degrade = format!(
        "let `{}` live without `{}` (`onFailure: degrade`)",
        caller.service, callee.service
    );
    diagnostic.help(match nearer {
        Some(region) => format!(
            "place `{}` in `{}` too, or {degrade}",
            abroad.service, ground.names[region]
        ),
        None => degrade,
    })
}
