//! A store whose data is homed with its users to a leader and voters per part.
//!
//! A part is decided for its own users, inside the regions of its area, which its data does not
//! leave. A country of several areas belongs to the one with the fewest countries, of those to the
//! first by name; users of none are in the part `default`, which may be anywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::lock::LockedStore;
use crate::model::name::RegionName;
use crate::model::place::Country;
use crate::model::plan::{Because, StorePlan};
use crate::model::world::Shard;
use crate::plan::ground::{Demand, Ground};
use crate::plan::words;

use super::site::Limit;
use super::{Held, Question, infeasible, planned, solve};

/// One part of the data.
pub(super) struct Part {
    pub name: String,
    span: Span,
    pub demand: Demand,
    /// Regions that may hold it, ascending.
    pub regions: Vec<usize>,
}

/// Decides; `None` when an error was emitted.
pub(super) fn decide(
    ground: &Ground<'_>,
    q: &Question<'_>,
    locked: Option<&LockedStore>,
    sink: &mut Sink,
) -> Option<StorePlan> {
    let before = sink.errors();
    let mut shards = BTreeMap::new();
    let (mut value, mut requests) = (0_u128, 0_u128);
    for part in parts(ground, q) {
        if part.regions.is_empty() {
            sink.emit(homeless(ground, q, &part));
            continue;
        }
        let mut site = q.site(ground);
        site.serving.retain(|r| part.regions.contains(r));
        site.regions.clone_from(&part.regions);
        site.demand = &part.demand;
        let kept = locked.and_then(|l| l.shards.get(&part.name));
        let held = Held::of(
            ground,
            kept.and_then(|k| k.leader.as_ref()),
            kept.map_or(&[][..], |k| &k.voters),
        );
        let decided = solve(&site, &held).or_else(|| solve(&site.without(Limit::Write), &held));
        let Some(decided) = decided else {
            let told = infeasible::say(&site, q.conflict);
            sink.emit(told.see(part.span, format!("for the part `{}`", part.name)));
            continue;
        };
        if part.demand.given {
            value += decided.value;
            requests += site.requests();
        }
        let because = Because::new(
            match q
                .store()
                .shards
                .iter()
                .any(|s| s.name.value.as_str() == part.name)
            {
                true => format!("data of users in {} stays there", part.name),
                false => "data of users outside of the areas of all parts".to_owned(),
            },
        );
        let mut plan = planned(ground, q, &site, &decided);
        plan.because = plan.because.0.into_iter().fold(because, Because::and);
        shards.insert(part.name, plan);
    }
    sink.since(before).ok()?;
    let mut regions = BTreeSet::<RegionName>::new();
    let mut clusters = BTreeMap::new();
    for shard in shards.values() {
        clusters.extend(shard.clusters.clone());
        regions.extend(shard.clusters.keys().cloned());
    }
    let because = Because::new(format!(
        "its data is homed with its users, in {}",
        words::count(shards.len(), "part")
    ))
    .and("a country of several areas belongs to the one with the fewest countries, of those to the first by name");
    Some(StorePlan {
        leader: None,
        voters: Vec::new(),
        voter_zones: Vec::new(),
        replicas: regions.into_iter().collect(),
        sync_standbys: Vec::new(),
        synchronous: 0,
        clusters,
        sticky: !shards.is_empty() && shards.values().all(|s| s.sticky),
        objective_ns: (requests > 0).then(|| words::mean_ns(value, requests)),
        // Each part says whether it is proven.
        bound_ns: None,
        survives: "what each part survives".to_owned(),
        shards,
        because,
    })
}

/// The parts in order of name, those of the areas and, where it has users, the rest.
pub(super) fn parts(ground: &Ground<'_>, q: &Question<'_>) -> Vec<Part> {
    let shards = &q.store().shards;
    let home = |country: Country| Shard::of(shards, country).map(|s| &s.name.value);
    let mut chosen = q.chosen.regions.clone();
    chosen.sort_unstable();
    let country = |r: usize| ground.world.regions[ground.names[r]].country;
    let mut parts: Vec<Part> = shards
        .iter()
        .map(|shard| {
            let regions: Vec<usize> = chosen
                .iter()
                .copied()
                .filter(|&r| shard.countries.contains(&country(r)))
                .collect();
            let mut demand = ground.of_countries(q.demand, |c| home(c) == Some(&shard.name.value));
            if !demand.given {
                // Nobody is there yet: every region of the area counts the same.
                demand.by_region = regions.iter().map(|&r| (r, 1)).collect();
                demand.total = regions.len() as u128;
            }
            Part {
                name: shard.name.value.to_string(),
                span: shard.name.span,
                demand,
                regions,
            }
        })
        .collect();
    let rest = ground.of_countries(q.demand, |c| home(c).is_none());
    if rest.given {
        parts.push(Part {
            name: Shard::DEFAULT.to_owned(),
            span: q.store().name.span,
            demand: rest,
            regions: chosen,
        });
    }
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    parts
}

fn homeless(ground: &Ground<'_>, q: &Question<'_>, part: &Part) -> Diagnostic {
    let (store, service) = (&q.store().name.value, &q.service.name.value);
    Diagnostic::new(
        Code::StoreInfeasible,
        format!("the part `{}` of store `{store}` has no region", part.name),
    )
    .at(
        part.span,
        format!("none of the regions of `{service}` lies there"),
    )
    .note(format!(
        "`{service}` is in {}",
        ground.list(&q.chosen.regions)
    ))
    .help(format!(
        "place `{service}` in a region of {}, or take it out of `shards`",
        part.name
    ))
}
