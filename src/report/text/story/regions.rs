//! Where the users of a service are, which regions could hold it, and which were chosen.

use crate::model::plan::RegionPlacement;
use crate::model::story::{Considered, Instead, Standing, Users};
use crate::model::world::{PlacementMode, RegionChoice};
use crate::report::told::Told;

use super::super::inert;
use super::super::plan::{count, milliseconds};
use super::super::predicted::users as way_of_users;
use super::super::rests;
use super::super::simulation::words::percent;
use super::{Page, change, exact, mark, places_of, unknown_or};

/// So many places of an audience are listed; the others are counted.
const LISTED: usize = 20;

pub(super) fn users(page: &mut Page, told: &Told<'_>) {
    let all = &told.story.users;
    let place = all.first().map(|u| told.locate(u.span));
    page.heading("where its users are", &place.unwrap_or_default());
    if all.is_empty() {
        page.line("nobody says: every region counts the same (write `audience`, in the service or in regen.yaml)");
        return;
    }
    let mut largest: Vec<&Users> = all.iter().collect();
    largest.sort_by_key(|u| std::cmp::Reverse(u.share_ppm));
    let shown = &largest[..largest.len().min(LISTED)];
    let head = [
        "share",
        "users",
        "way (estimated)",
        "count at",
        "served by",
        "round trip",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(shown.iter().map(|user| {
        [
            percent(user.share_ppm),
            inert(&user.place).into_owned(),
            user.leg_ns.map_or_else(|| "-".to_owned(), milliseconds),
            user.region.to_string(),
            user.served_by.to_string(),
            format!("{}{}", unknown_or(user.way_ns), mark(user.source)),
        ]
    }));
    page.table(&rows);
    let rest = &largest[shown.len()..];
    if !rest.is_empty() {
        let share: u32 = rest.iter().map(|u| u.share_ppm).sum();
        page.line(&format!(
            "and {} with {} of the users; `--format json` lists all",
            count(rest.len(), "more place"),
            percent(share)
        ));
    }
    if let Some(leg) = &told.decided.predicted.user_leg {
        let text = page.style.faint(&way_of_users(leg));
        page.line(&text);
    }
}

pub(super) fn considered(page: &mut Page, told: &Told<'_>) {
    page.heading("which regions could hold it", "");
    let all = &told.story.regions;
    page.line(&format!(
        "{} of {} may",
        told.story.choice.legal,
        count(all.len(), "region")
    ));
    let mut order: Vec<&Considered> = all.iter().collect();
    order.sort_by_key(|c| c.standing);
    for one in order {
        let title = format!("{} ({})", one.region, one.country);
        let title = page.style.strong(&title);
        match one.standing {
            Standing::Serves | Standing::StandsBy => holds(page, told, &title, one),
            Standing::Spare => {
                page.line(&format!("{title}: may, and was not chosen"));
                if let Some(instead) = &one.instead {
                    worth(page, told, instead);
                }
            }
            Standing::Out => {
                page.line(&format!("{title}: out"));
                for obstacle in &one.obstacles {
                    page.below(&obstacle.reason);
                    page.places(told, &obstacle.places);
                }
            }
        }
    }
}

/// A region that was chosen, with what it has left.
fn holds(page: &mut Page, told: &Told<'_>, title: &str, one: &Considered) {
    let what = match one.standing {
        Standing::StandsBy => "stands by",
        _ => "serves",
    };
    page.line(&format!("{title}: chosen, {what}"));
    let Some(placement) = told.decided.in_region(&one.region) else {
        return;
    };
    page.because(&placement.because);
    if let Some(instead) = &one.instead {
        worth(page, told, instead);
    }
    for text in clusters(told, placement, one) {
        page.below(&text);
    }
}

/// `euw1-a ×2–6; of its 64 CPU and 256Gi 12.5 CPU and 100.0 GiB are left when all is placed`.
fn clusters(told: &Told<'_>, placement: &RegionPlacement, one: &Considered) -> Vec<String> {
    let each = placement.clusters.iter().map(|(name, pods)| {
        let pods = match pods.min == pods.max {
            true => format!("{name} ×{}", pods.min),
            false => format!("{name} ×{}–{}", pods.min, pods.max),
        };
        let capacity = told.world.clusters.get(name).map(|c| &c.capacity);
        let left = one.left.get(name).copied().unwrap_or_default();
        let cpu = left.cpu_milli.map(|milli| {
            let all = capacity
                .and_then(|c| c.cpu.as_ref())
                .map(|q| q.value.to_string());
            format!("{} of {} CPU", thousandths(milli), all.unwrap_or_default())
        });
        let memory = left.memory.map(|bytes| {
            let all = capacity
                .and_then(|c| c.memory.as_ref())
                .map(|q| q.value.to_string());
            let tenths = bytes.saturating_mul(10) >> 30;
            format!(
                "{}.{} GiB of {} memory",
                tenths / 10,
                tenths % 10,
                all.unwrap_or_default()
            )
        });
        let both: Vec<String> = cpu.into_iter().chain(memory).collect();
        match both.is_empty() {
            true => format!("{pods}; its capacity is not stated, so nothing is checked"),
            false => format!("{pods}; {} are left when all is placed", both.join(" and ")),
        }
    });
    each.collect()
}

fn thousandths(milli: i64) -> String {
    let text = format!("{}.{:03}", milli / 1000, milli % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What the best change to the choice would make of a region.
fn worth(page: &mut Page, told: &Told<'_>, instead: &Instead) {
    let how = match &instead.of {
        Some(of) => format!("in place of {of}"),
        None => "in addition".to_owned(),
    };
    let own = told.decided.predicted.weighted_read_ns;
    let value = match (instead.objective_ns, own) {
        (Some(ns), Some(own)) => {
            format!("the objective would be {}, {}", exact(ns), change(own, ns))
        }
        (Some(ns), None) => format!("the objective would be {}", exact(ns)),
        (None, _) => "the objective would not be known".to_owned(),
    };
    page.below(&format!("{how} {value}"));
    if let Some(breaks) = &instead.breaks {
        let places = places_of(told, &breaks.places);
        page.below(&format!("but {}: {places}", breaks.reason));
    }
}

pub(super) fn chosen(page: &mut Page, told: &Told<'_>) {
    let (story, decided) = (told.story, told.decided);
    let place = story.choice.span.map(|s| told.locate(s));
    page.heading("how they were chosen", &place.unwrap_or_default());
    page.line(&format!("asked for: {}", story.choice.asked));
    // What stands against a region was told of the region.
    let told_of_region = |reason: &&String| {
        story.regions.iter().any(|r| {
            let mut obstacles = r.obstacles.iter();
            obstacles.any(|o| **reason == format!("{} is left out: {}", r.region, o.reason))
        })
    };
    for reason in decided.because.0.iter().filter(|r| !told_of_region(r)) {
        page.below(reason);
    }
    if let Some(ns) = decided.predicted.weighted_read_ns {
        let what = "the audience-weighted mean round trip to the nearest region that serves";
        page.line(&format!("objective: {}, {what}", exact(ns)));
        rival(page, told, ns);
    }
    if let Some(line) = rests::all(decided.rests_on, &told.world.fleet.network.rtt) {
        page.line(&inert(&line));
    }
    turn(page, told);
}

/// Whether it is the best by proof, and the best of the others.
fn rival(page: &mut Page, told: &Told<'_>, ns: u64) {
    let (choice, decided) = (&told.story.choice, told.decided);
    let placement = &told.service.placement;
    let counts = matches!(placement.regions, RegionChoice::Count { .. });
    let named = matches!(placement.regions, RegionChoice::Named(_));
    let passive = placement.mode == PlacementMode::ActivePassive;
    let searched = counts || (passive && !named);
    let better = choice.runner_up.as_ref().filter(|r| r.objective_ns < ns);
    page.line(&match (decided.bound_ns, better) {
        (Some(bound), _) => format!(
            "not proven: no choice can be below {}, a gap of {}",
            exact(bound),
            small_gap(ns, bound)
        ),
        (None, Some(_)) if kept(told) => {
            "kept from regen.lock, though another choice is better".to_owned()
        }
        (None, Some(_)) => {
            "another choice is better for it alone: it was decided together with others, as told above"
                .to_owned()
        }
        (None, None) if searched => format!(
            "proven: of {} that may hold it no other choice that keeps everything is below",
            count(choice.legal, "region")
        ),
        (None, None) if named => "nothing was chosen: the service names its regions".to_owned(),
        (None, None) => "nothing was chosen: every region that may hold it does".to_owned(),
    });
    let Some(other) = &choice.runner_up else {
        if searched {
            page.line("there is no other choice that keeps everything");
        }
        return;
    };
    let names: Vec<&str> = other.regions.iter().map(|r| r.as_str()).collect();
    let names = names.join(", ");
    page.line(&format!(
        "runner-up: {names} at {}, {}{}",
        exact(other.objective_ns),
        change(ns, other.objective_ns),
        match other.proven {
            true => "",
            false => ", the best found",
        }
    ));
    page.line(match other.objective_ns == ns {
        true => "a tie: fewer regions win, then the names in byte order",
        false => {
            "no tie: had there been one, fewer regions would win, then the names in byte order"
        }
    });
}

/// Whether the lock has all of its regions.
fn kept(told: &Told<'_>) -> bool {
    let locked = told.story.choice.locked.as_ref();
    let mut placed = told.decided.regions.iter();
    locked.is_some_and(|l| placed.all(|p| l.iter().any(|r| r == p.region.as_str())))
}

fn small_gap(ns: u64, bound: u64) -> String {
    super::small(ns.saturating_sub(bound))
}

/// When it was decided, and what after what.
fn turn(page: &mut Page, told: &Told<'_>) {
    let turn = &told.story.turn;
    let after = match &turn.after {
        Some(key) => format!(", after {key}"),
        None => String::new(),
    };
    page.line(&format!(
        "decided as number {} of {}{after}: by tier ({}), then by the CPU that it reserves in a region ({} of a core), then by name",
        turn.number,
        turn.of,
        super::word(&turn.tier),
        thousandths(i64::try_from(turn.reserves_milli).unwrap_or(i64::MAX)),
    ));
    page.below("each takes the best that the room which earlier ones left allows; where that room lacks, they are decided together");
    let stores: Vec<&str> = told
        .service
        .stores
        .iter()
        .map(|s| s.name.value.as_str())
        .collect();
    let stores = match stores.as_slice() {
        [] => String::new(),
        stores => format!(
            ", then {} inside them, each by itself",
            stores.join(" and ")
        ),
    };
    page.below(&format!(
        "its regions first{stores}, then who takes over, DNS and waves; journeys follow, and decide only where an enforced one does not hold"
    ));
}
