//! Whether a store can be decided inside some regions, and which of its limits stand in the way.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Span, Spanned};
use crate::engine::{self, Scheme};
use crate::model::world::{Distinct, RegionChoice, Service, Store, Voters};
use crate::plan::ground::{Demand, Ground};
use crate::plan::words;

use super::site::{Limit, Site};
use super::{Held, solve};
use crate::plan::conflict::{Conflict, Member};
use crate::plan::explain::FOLLOWS;

/// How many voters there are at least.
const FEWEST: u32 = 3;

/// No audience.
static NOBODY: Demand = Demand {
    places: Vec::new(),
    by_region: Vec::new(),
    total: 0,
    given: false,
};

/// A service's store inside some regions.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Inside<'a> {
    pub service: &'a Service,
    /// Its place among the service's stores.
    pub store: usize,
    pub demand: &'a Demand,
    /// Regions that may hold it, ascending.
    pub regions: &'a [usize],
    /// Those of them that may lead, ascending.
    pub serving: &'a [usize],
}

impl<'a> Inside<'a> {
    fn site(&self, ground: &'a Ground<'a>, limits: &BTreeSet<Limit>) -> Site<'a> {
        Site {
            ground,
            service: self.service,
            store: &self.service.stores[self.store],
            demand: self.demand,
            regions: self.regions.to_vec(),
            serving: self.serving.to_vec(),
            limits: limits.clone(),
            led: None,
        }
    }
}

/// Whether the store can be decided inside these regions under some of its limits.
pub(in crate::plan) fn feasible<'a>(
    ground: &'a Ground<'a>,
    inside: &Inside<'a>,
    limits: &BTreeSet<Limit>,
) -> bool {
    solve(&inside.site(ground, limits), &Held::default()).is_some()
}

fn conflict(site: &Site<'_>) -> BTreeSet<Limit> {
    let can = |site: &Site<'_>| solve(site, &Held::default()).is_some();
    if can(site) {
        return BTreeSet::new();
    }
    let mut left = site.clone();
    for limit in Limit::ALL {
        let without = left.without(limit);
        if !can(&without) {
            left = without;
        }
    }
    left.limits
}

/// Tells why a store cannot be decided where its service is.
/// What conflicts with other constraints of the service is shown by that conflict.
pub(super) fn say(site: &Site<'_>, wider: &Conflict) -> Diagnostic {
    let own = |store: usize| site.service.stores[store].name.value == site.store.name.value;
    let members = wider.members.iter();
    let mine: BTreeSet<Limit> = members
        .filter_map(|member| match *member {
            Member::Store(store, limit) if own(store) => Some(limit),
            _ => None,
        })
        .collect();
    match mine.is_empty() {
        true => {
            let mut told = told(
                site,
                &conflict(&site.without(Limit::Write)),
                wider.members.is_empty(),
            );
            // The regions are what another conflict left of them.
            if !wider.members.is_empty() {
                told = told.note(FOLLOWS);
            }
            wider.notes.iter().cloned().fold(told, Diagnostic::note)
        }
        false => {
            let mut told = wider.show(told(site, &mine, false));
            if !wider.helps.is_empty() {
                told.help = wider.helps.clone();
            }
            told
        }
    }
}

/// The same alone, with the places of its own limits where nothing wider shows them.
fn told(site: &Site<'_>, conflict: &BTreeSet<Limit>, alone: bool) -> Diagnostic {
    let (store, service) = (&site.store.name.value, &site.service.name.value);
    let there = words::count(site.regions.len(), "region");
    if *conflict == BTreeSet::from([Limit::Leader])
        && let Some(leader) = &site.store.leader
    {
        return elsewhere(site, leader.value.as_str(), leader.span, alone);
    }
    if *conflict == BTreeSet::from([Limit::Standbys]) {
        return never(site);
    }
    let seats = match conflict.contains(&Limit::Voters) && !conflict.contains(&Limit::Distinct) {
        true => format!("its voters are {}", show(site, Limit::Distinct).1),
        false => String::new(),
    };
    let mut diagnostic = Diagnostic::new(
        Code::StoreInfeasible,
        format!("store `{store}` cannot be decided inside {there} of `{service}`"),
    )
    .at(site.store.name.span, seats);
    for limit in conflict.iter().filter(|_| alone) {
        let (span, text) = show(site, *limit);
        diagnostic = diagnostic.see(span, text);
    }
    let zoneless: Vec<usize> = site
        .regions
        .iter()
        .copied()
        .filter(|&r| {
            let region = &site.ground.world.regions[site.ground.names[r]];
            region.zones.is_empty()
        })
        .collect();
    if (conflict.contains(&Limit::Voters) || conflict.contains(&Limit::Distinct))
        && site.distinct() == Distinct::Zone
        && !zoneless.is_empty()
    {
        diagnostic = diagnostic.help(format!(
            "write the `zones` of {}, which counts as one without",
            site.ground.list(&zoneless)
        ));
    }
    diagnostic
        .note(format!(
            "`{service}` is in {}",
            site.ground.list(&site.regions)
        ))
        .help(format!("{}, or {}", wider(site), relaxed(site)))
}

/// How there can be more regions.
fn wider(site: &Site<'_>) -> &'static str {
    match site.service.placement.regions {
        RegionChoice::All => "add a region that may hold it",
        RegionChoice::Named(_) | RegionChoice::Count { .. } => "place the service in more regions",
    }
}

/// Which voters there can be instead, each tried.
fn relaxed(site: &Site<'_>) -> String {
    let mut ways = Vec::new();
    let written = &site.store.voters;
    let least = site.way().and_then(|way| way.region);
    let least = least.filter(|_| site.survives_region());
    if let Some(count) = written.count
        && count.value > FEWEST
        && least.is_none_or(|loss| loss.voters <= FEWEST)
    {
        let fewer = Spanned::new(FEWEST, count.span);
        let voters = Voters {
            count: Some(fewer),
            ..written.clone()
        };
        ways.extend(can(site, voters).then(|| format!("`count: {FEWEST}`")));
    }
    let nearer = match written.distinct {
        _ if written.span.is_none() => None,
        Distinct::Country => Some((Distinct::Region, "`distinct: region`")),
        Distinct::Region => Some((Distinct::Zone, "`distinct: zone`")),
        Distinct::Zone => None,
    };
    if let Some((distinct, text)) = nearer {
        let voters = Voters {
            distinct,
            ..written.clone()
        };
        ways.extend(can(site, voters).then(|| text.to_owned()));
    }
    match ways.is_empty() || engine::scheme(site.store) != Scheme::Quorum {
        true => "relax one of what is shown".to_owned(),
        false => format!("write {} in `voters`", ways.join(" or ")),
    }
}

/// Whether the store can be decided where it is with other voters.
fn can(site: &Site<'_>, voters: Voters) -> bool {
    let store = Store {
        voters,
        ..site.store.clone()
    };
    let other = Site {
        store: &store,
        ..site.clone()
    };
    solve(&other, &Held::default()).is_some()
}

/// Whether more regions never stand in the way of a store, among at least so many.
pub(in crate::plan) fn steady(
    ground: &Ground<'_>,
    service: &Service,
    store: usize,
    at_least: usize,
) -> bool {
    let declared = &service.stores[store];
    let listed = declared.standbys.first && !declared.standbys.of.is_empty();
    match engine::scheme(declared) {
        Scheme::Primary => !listed,
        Scheme::Quorum => {
            let site = site(ground, service, store, &[], &Limit::ALL.into());
            site.told() || at_least >= site.voters()
        }
        _ => false,
    }
}

/// Of a store that is steady, the groups that regions are in, by index, and in how many of them its
/// voters are at least, under some of its limits.
pub(in crate::plan) fn apart(
    ground: &Ground<'_>,
    service: &Service,
    store: usize,
    limits: &BTreeSet<Limit>,
) -> Option<(Vec<usize>, usize)> {
    if engine::scheme(&service.stores[store]) != Scheme::Quorum {
        return None;
    }
    let all: Vec<usize> = (0..ground.names.len()).collect();
    let vote = site(ground, service, store, &all, limits).vote();
    let groups = match vote.distinct {
        Distinct::Zone => return None,
        Distinct::Region => all,
        Distinct::Country => vote.members.iter().map(|m| m.country).collect(),
    };
    Some((groups, vote.count))
}

/// The limits that a store has.
pub(in crate::plan) fn limits(service: &Service, store: usize) -> impl Iterator<Item = Limit> {
    let declared = &service.stores[store];
    let quorum = engine::scheme(declared) == Scheme::Quorum;
    Limit::ALL.into_iter().filter(move |limit| match limit {
        Limit::Leader => declared.leader.is_some(),
        Limit::Voters | Limit::Distinct => quorum,
        Limit::Survive => declared.survive.is_some(),
        Limit::Standbys => declared.synchronous > 0,
        Limit::Write => service.budget.enforce && service.budget.write.is_some(),
    })
}

/// The place of a limit of a service's store, and what it says, wherever the service is.
pub(in crate::plan) fn shown(
    ground: &Ground<'_>,
    service: &Service,
    store: usize,
    limit: Limit,
) -> (Span, String) {
    let all: Vec<usize> = (0..ground.names.len()).collect();
    let site = site(ground, service, store, &all, &Limit::ALL.into());
    show(&site, limit)
}

/// A service's store inside some regions, whoever asks for it.
fn site<'a>(
    ground: &'a Ground<'a>,
    service: &'a Service,
    store: usize,
    regions: &[usize],
    limits: &BTreeSet<Limit>,
) -> Site<'a> {
    Site {
        ground,
        service,
        store: &service.stores[store],
        demand: &NOBODY,
        regions: regions.to_vec(),
        serving: regions.to_vec(),
        limits: limits.clone(),
        led: None,
    }
}

/// The place of a limit, and what it says.
fn show(site: &Site<'_>, limit: Limit) -> (Span, String) {
    let store = site.store;
    let voters = || store.voters.span.unwrap_or(store.engine.span);
    let count = site.voters();
    match limit {
        Limit::Leader => {
            let span = store.leader.as_ref().map_or(store.name.span, |l| l.span);
            (span, "the leader is set here".to_owned())
        }
        Limit::Voters => {
            let span = store.voters.count.map_or_else(voters, |c| c.span);
            (span, format!("{count} voters"))
        }
        Limit::Distinct => {
            let what = match site.distinct() {
                Distinct::Zone => "zone",
                Distinct::Region => "region",
                Distinct::Country => "country",
            };
            (voters(), format!("each in another {what}"))
        }
        Limit::Survive => {
            let span = store.survive.as_ref().map_or(store.name.span, |s| s.span);
            let regions = words::count(site.least_regions(), "region");
            let votes = match engine::scheme(store) {
                Scheme::Quorum => ", none with a majority",
                _ => "",
            };
            (span, format!("takes {regions}{votes}"))
        }
        Limit::Standbys => {
            let needed = words::count(store.synchronous as usize, "standby");
            let span = store.standbys.span.unwrap_or(store.name.span);
            (span, format!("its writes wait for {needed}"))
        }
        Limit::Write => {
            let budget = site.service.budget.write.as_ref();
            let span = budget.map_or(store.name.span, |b| b.span);
            (span, "the enforced budget for writes".to_owned())
        }
    }
}

fn never(site: &Site<'_>) -> Diagnostic {
    let store = site.store;
    let name = &store.name.value;
    let counted = match store.standbys.of.is_empty() {
        true => "place the service in more regions",
        false => "name more of its regions under `of`",
    };
    let have = match site.serving.first() {
        Some(&leader) => super::primary::standbys(site, leader).len(),
        None => 0,
    };
    Diagnostic::new(
        Code::SynchronousStandbys,
        format!(
            "writes of store `{name}` would wait for {} that it does not have",
            words::count(store.synchronous as usize, "standby")
        ),
    )
    .at(
        store.standbys.span.unwrap_or(store.name.span),
        format!("has {}", words::count(have, "replica region")),
    )
    .help(format!("lower `synchronous`, or {counted}"))
}

fn elsewhere(site: &Site<'_>, leader: &str, span: Span, alone: bool) -> Diagnostic {
    let service = &site.service.name.value;
    let store = &site.store.name.value;
    let placement = &site.service.placement;
    let chosen = alone && placement.regions != RegionChoice::All;
    let placed = placement.counts.regions.or(placement.span);
    let told = Diagnostic::new(
        Code::LeaderPlacement,
        format!(
            "the leader of store `{store}` is set to `{leader}`, where `{service}` does not serve"
        ),
    )
    .at(span, "set here")
    .note(format!(
        "`{service}` serves in {}",
        site.ground.list(&site.serving)
    ))
    .help(format!(
        "choose one of these, or add `{leader}` to `placement.regions`"
    ));
    match placed.filter(|_| chosen) {
        Some(span) => told.see(span, "these regions"),
        None => told,
    }
}
