//! One store: what it is, where it is led from and why, its formulas with their numbers.

use crate::engine;
use crate::model::plan::{StorePlan, Term};
use crate::model::story::{Filled, StoreStory};
use crate::model::world::Store;
use crate::report::told::{Kind, Told};

use super::super::inert;
use super::super::plan::count;
use super::super::simulation::words::percent;
use super::around::forecast;
use super::{Page, change, exact, mark, places_of, unknown_or};

/// So many regions are listed that users count at, or that could lead; the others are counted.
const LISTED: usize = 12;

pub(super) fn all(page: &mut Page, told: &Told<'_>) {
    for one in &told.story.stores {
        self::one(page, told, one);
    }
}

/// `orders`, `orders/EU`.
pub(super) fn name(story: &StoreStory) -> String {
    match &story.part {
        None => story.store.to_string(),
        Some(part) => format!("{}/{part}", story.store),
    }
}

pub(super) fn one(page: &mut Page, told: &Told<'_>, story: &StoreStory) {
    let (Some(store), Some(plan)) = (told.declared(story), told.store(story)) else {
        return;
    };
    let place = told.locate(store.name.span);
    page.heading(&format!("store {}", inert(&name(story))), &place);
    if let Some(part) = &story.part {
        page.line(&format!(
            "the part {} of data that is homed with its users, {} of them; a country of several areas belongs to the one with the fewest countries, of those to the first by name",
            inert(part),
            percent(story.share_ppm)
        ));
    }
    what(page, told, store);
    decided(page, plan);
    formulas(page, story, store);
    objective(page, story, store, plan);
    ways(page, story);
    leaders(page, told, story, plan);
    stale(page, told, story, store);
    survives(page, told, store, plan);
    if story.part.is_none()
        && let Some(predicted) = told.decided.predicted.stores.get(&story.store)
    {
        forecast(page, told, "reads", Kind::Read, predicted.read.as_ref());
        forecast(page, told, "writes", Kind::Write, predicted.write.as_ref());
    }
}

/// Engine, class and setting, size, and what binds its data.
fn what(page: &mut Page, told: &Told<'_>, store: &Store) {
    let engine = store.engine.value;
    let class = store.consistency.value;
    let way = engine::way(store);
    let scheme = engine::scheme(store).name();
    let setting = way.map_or(String::new(), |w| format!("; {}: {}", w.name, w.setting));
    page.line(&inert(&format!("{engine}, {class} ({scheme}){setting}")));
    page.line(&format!(
        "{} of {} in each region that holds it",
        count(store.instances as usize, "instance"),
        store.size
    ));
    let Some(data) = &store.data else { return };
    let bound = told.world.fleet.data_classes.get(&data.value);
    let bound = bound.and_then(|class| class.residency.as_ref());
    page.line(&match bound {
        Some(residency) => format!(
            "{} data, which must stay in {residency} ({}, {})",
            data.value,
            told.locate(data.span),
            told.locate(residency.span)
        ),
        None => format!(
            "{} data, which may be anywhere ({})",
            data.value,
            told.locate(data.span)
        ),
    });
}

/// Leader, voters, standbys and replicas, and why.
fn decided(page: &mut Page, plan: &StorePlan) {
    let at = |region: &crate::model::name::RegionName| match plan.clusters.get(region) {
        Some(cluster) => format!("{region} ({cluster})"),
        None => region.to_string(),
    };
    let listed = |regions: &[crate::model::name::RegionName]| {
        regions.iter().map(at).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    match &plan.leader {
        Some(leader) => parts.push(format!("writes in {}", at(leader))),
        None => parts.push("nothing leads it".to_owned()),
    }
    if !plan.voters.is_empty() {
        let zones = plan.voter_zones.iter().map(Some);
        let zones = zones.chain(std::iter::repeat(None));
        let voters = plan.voters.iter().zip(zones).map(|(region, zone)| {
            match zone.filter(|z| !z.is_empty()) {
                Some(zone) => format!("{region} ({zone})"),
                None => at(region),
            }
        });
        parts.push(format!("voters {}", voters.collect::<Vec<_>>().join(", ")));
    }
    if !plan.replicas.is_empty() {
        parts.push(format!("replicas in {}", listed(&plan.replicas)));
    }
    if !plan.sync_standbys.is_empty() {
        parts.push(format!(
            "a write waits for {} of {}",
            plan.synchronous,
            listed(&plan.sync_standbys)
        ));
    }
    page.line(&parts.join("; "));
    page.because(&plan.because);
}

/// Both formulas, and what they come to.
fn formulas(page: &mut Page, story: &StoreStory, store: &Store) {
    let Some(way) = engine::way(store) else {
        return;
    };
    let (number, text) = engine::written_as(store);
    page.line(&format!("a write ({number}): {text}"));
    filled(page, story.write.as_ref());
    page.line(&format!("a read: {}", way.read.formula()));
    filled(page, story.read.as_ref());
}

/// `33.5 ms to the leader in a + 26.9 ms until b votes = 60.4 ms on average`.
fn filled(page: &mut Page, filled: Option<&Filled>) {
    let Some(filled) = filled else {
        page.below("no number: nobody says where its users are, or a round trip is unknown");
        return;
    };
    let terms = filled.terms.iter();
    let terms: Vec<String> = terms
        .map(|t| format!("{} {}{}", unknown_or(t.ns), t.what, mark(t.source)))
        .collect();
    page.below(&format!(
        "{} = {} on average",
        terms.join(" + "),
        exact(filled.total_ns)
    ));
}

/// What the choice of the leader lowers, from its parts.
fn objective(page: &mut Page, story: &StoreStory, store: &Store, plan: &StorePlan) {
    let Some(ns) = plan.objective_ns else { return };
    let (reads, writes) = (store.access.reads, store.access.writes);
    let all = u128::from(reads) + u128::from(writes);
    let value = |of: &Option<Filled>| unknown_or(of.as_ref().map(|f| f.total_ns));
    let parts = [
        ("read", reads, &story.read),
        ("write", writes, &story.write),
    ];
    let parts = parts.iter().filter(|(_, weight, _)| *weight > 0);
    let mix: Vec<String> = parts
        .map(|(what, weight, mean)| {
            let ppm = u128::from(*weight) * 1_000_000 / all.max(1);
            let share = percent(u32::try_from(ppm).unwrap_or(u32::MAX)).replace(".0%", "%");
            format!("{share} × {} of a {what}", value(mean))
        })
        .collect();
    let mix = mix.join(" + ");
    let proven = match plan.bound_ns {
        None if plan.sticky => ", kept from regen.lock".to_owned(),
        None => ", proven: no choice is below".to_owned(),
        Some(bound) => format!(
            ", not proven: no choice can be below {}, a gap of {}",
            exact(bound),
            super::small(ns.saturating_sub(bound))
        ),
    };
    page.line(&format!("objective: {mix} = {}{proven}", exact(ns)));
}

/// A read and a write from where users are.
fn ways(page: &mut Page, story: &StoreStory) {
    let mut largest: Vec<_> = story.ways.iter().collect();
    largest.sort_by_key(|w| std::cmp::Reverse(w.share_ppm));
    for way in largest.iter().take(LISTED) {
        page.line(&format!(
            "from {} ({} of users): write {}, read {}",
            way.from,
            percent(way.share_ppm),
            sum(&way.write),
            sum(&way.read)
        ));
    }
    if largest.len() > LISTED {
        page.line(&more(largest.len() - LISTED, "more region"));
    }
}

/// `4 ms + 26.9 ms = 30.9 ms`.
fn sum(terms: &[Term]) -> String {
    let total = terms
        .iter()
        .map(|t| t.ns)
        .try_fold(0_u64, |sum, ns| Some(sum + ns?));
    let guessed = terms.iter().any(|t| t.source.estimated());
    let mark = if guessed { " (estimated)" } else { "" };
    match (terms, total) {
        ([], _) => "never completes".to_owned(),
        ([_], total) => format!("{}{mark}", unknown_or(total)),
        (several, total) => {
            let each: Vec<String> = several.iter().map(|t| unknown_or(t.ns)).collect();
            format!("{} = {}{mark}", each.join(" + "), unknown_or(total))
        }
    }
}

/// What each region would be worth as the leader.
fn leaders(page: &mut Page, told: &Told<'_>, story: &StoreStory, plan: &StorePlan) {
    if story.leaders.is_empty() {
        return;
    }
    page.line("led from each region, with the best voters or standbys for it:");
    for lead in story.leaders.iter().take(LISTED) {
        let own = plan.leader.as_ref() == Some(&lead.region);
        let value = match (lead.objective_ns, plan.objective_ns) {
            (Some(ns), _) if own => exact(ns),
            (Some(ns), Some(chosen)) => format!("{}, {}", exact(ns), change(chosen, ns)),
            (Some(ns), None) => format!("{}, with every region counted the same", exact(ns)),
            (None, _) => "never".to_owned(),
        };
        let why = match (&lead.obstacle, own) {
            (Some(obstacle), false) => {
                let places = places_of(told, &obstacle.places);
                format!("; {} {places}", obstacle.reason)
            }
            (_, true) => "; chosen".to_owned(),
            (None, false) => String::new(),
        };
        page.below(format!("{}: {value}{why}", lead.region).trim_end());
    }
    if story.leaders.len() > LISTED {
        page.below(&more(story.leaders.len() - LISTED, "more region"));
    }
    let tied = |ns| Some(ns) == plan.objective_ns;
    let ties = story.leaders.iter().filter(|l| l.obstacle.is_none());
    if ties.filter(|l| l.objective_ns.is_some_and(tied)).count() > 1 {
        page.below("a tie: the first name in byte order wins");
    }
}

fn more(n: usize, what: &str) -> String {
    format!("and {}; `--format json` lists all", count(n, what))
}

/// How far a local read lags behind, and the bound on it.
fn stale(page: &mut Page, told: &Told<'_>, story: &StoreStory, store: &Store) {
    let Some(stale) = &story.staleness else {
        return;
    };
    let fresh = engine::way(store).is_some_and(|w| w.floor == engine::Floor::Fresh);
    let mut text = match stale.floor_ns {
        _ if fresh => "staleness: none, reads are fresh".to_owned(),
        None => "staleness: nothing bounds it but the expiry of entries".to_owned(),
        Some(ns) => {
            let farthest = match &stale.farthest {
                Some(region) => format!(" ({region} is farthest from where writes go)"),
                None => String::new(),
            };
            format!("staleness: at least {}{farthest}", exact(ns))
        }
    };
    if let Some((bound, span)) = stale.bound {
        text = format!("{text}; the bound is {bound} ({})", told.locate(span));
    }
    page.line(&text);
}

fn survives(page: &mut Page, told: &Told<'_>, store: &Store, plan: &StorePlan) {
    let asked = match &store.survive {
        Some(asked) => format!(
            "; asked for: {} ({})",
            super::word(&asked.value),
            told.locate(asked.span)
        ),
        None => String::new(),
    };
    page.line(&inert(&format!("survives {}{asked}", plan.survives)));
}
