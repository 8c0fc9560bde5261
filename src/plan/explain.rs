//! Services that are not where they should be, to what conflicts around each: once for each
//! conflict, with the ways out of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Severity, Sink, Span};
use crate::model::name::ServiceKey;
use crate::model::world::{RegionChoice, Service};

use super::Placed;
use super::allowed::Allowed;
use super::amount::{Amount, Room};
use super::calls;
use super::conflict::{self, Conflict, Member};
use super::failover;
use super::ground::Ground;
use super::joint::{self, Look};
use super::legal::{self, Constraint};
use super::place::{Crowded, Places};
use super::search::Searcher;
use super::words;

/// How many services a plan is explained for at most.
const EXPLAINED: usize = 12;
/// How many sets of one service without a place are told.
const SETS: usize = 3;

/// What stands against a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Why {
    /// What cannot be kept together, where no choice keeps everything.
    pub conflict: Conflict,
    /// A region that the service does not allow, with which the enforced budget for reads would
    /// hold; absent where it holds, or no one region helps.
    pub helps: Option<usize>,
}

/// What is said where a service would keep what is asked if others did.
pub(super) const FOLLOWS: &str = "this follows from what conflicts elsewhere";

impl Why {
    /// The first of some sets; without any, what is wrong follows from something else.
    fn first(conflicts: Vec<Conflict>) -> Self {
        let follows = || Conflict {
            notes: vec![FOLLOWS.to_owned()],
            ..Conflict::default()
        };
        Self {
            conflict: conflicts.into_iter().next().unwrap_or_else(follows),
            helps: None,
        }
    }
}

/// Fills in what conflicts, and says of services without a place why.
pub(super) fn places(ground: &Ground<'_>, places: &mut Places<'_>, sink: &mut Sink) {
    let crowded = std::mem::take(&mut places.crowded);
    let all: Vec<&Placed<'_>> = places.placed.iter().collect();
    let far: BTreeSet<usize> = calls::too_far(ground, &all)
        .into_iter()
        .map(|f| f.0)
        .collect();
    let unsound = (0..all.len()).filter(|&i| !all[i].chosen.sound || far.contains(&i));
    let unsound: Vec<usize> = unsound.collect();
    let mut failing: BTreeSet<&ServiceKey> = crowded.iter().map(|c| c.key).collect();
    failing.extend(unsound.iter().map(|&i| all[i].key));
    let mut found: Vec<(&ServiceKey, Why)> = Vec::new();
    let mut left = if ground.explains { EXPLAINED } else { 0 };
    let coupled = ground.explains && !failing.is_empty();
    let mut apart = match coupled {
        true => apart(ground, &all, &places.room),
        false => Vec::new(),
    };
    // Where others fill a region, what conflicts may be about them.
    let beside = |p: &Placed<'_>| {
        let mut obstacles = p.candidates.iter().flat_map(|c| &c.obstacles);
        obstacles.any(|o| o.constraint == Constraint::Capacity)
    };
    let by_itself = |i: &&usize| !all[**i].chosen.sound && !beside(all[**i]);
    let mut explained = |key: &ServiceKey,
                         service: &Service,
                         apart: &[(ServiceKey, Member)],
                         coupled: bool,
                         sets: usize| {
        if left == 0 {
            return None;
        }
        left -= 1;
        let own = |(of, _): &&(ServiceKey, Member)| *of != *key;
        let apart: Vec<_> = apart.iter().filter(own).cloned().collect();
        let look = Look {
            about: key,
            rivals: rivals(ground, key, service, &all, coupled),
            coupled,
            sets,
            failing: &failing,
            apart: &apart,
        };
        let mut found = joint::conflicts(ground, &look)?;
        joint::remedies(ground, &look, &mut found);
        Some(found.into_iter().map(|f| f.conflict).collect::<Vec<_>>())
    };
    for &i in unsound.iter().filter(by_itself).filter(|_| ground.explains) {
        let (key, service) = (all[i].key, all[i].service);
        let mut why = alone(ground, all[i]);
        // The planner sees what stores make of the regions, too.
        if !joint::is_minimal(ground, key, &why.conflict.members) {
            let seen = explained(key, service, &apart, false, 1);
            if let Some(first) = seen.and_then(|seen| seen.into_iter().next()) {
                why.conflict = first;
            }
        }
        let members = why.conflict.members.iter();
        apart.extend(members.map(|member| (key.clone(), *member)));
        found.push((key, why));
    }
    for one in &crowded {
        if !one.placed {
            refuse(
                one,
                explained(one.key, one.service, &apart, false, SETS),
                sink,
            );
        }
    }
    let told: BTreeSet<&ServiceKey> = found.iter().map(|f| f.0).collect();
    for &i in unsound.iter().filter(|&&i| !told.contains(all[i].key)) {
        let (key, service) = (all[i].key, all[i].service);
        if let Some(conflicts) = explained(key, service, &apart, all[i].chosen.sound, 1) {
            found.push((key, Why::first(conflicts)));
        }
    }
    for (key, why) in found {
        if let Some(one) = places.placed.iter_mut().find(|p| p.key == key) {
            one.why = why;
        }
    }
}

/// What services do not keep of what they ask of each other.
fn apart(ground: &Ground<'_>, all: &[&Placed<'_>], room: &Room) -> Vec<(ServiceKey, Member)> {
    let lacks = failover::lacks(ground, all, room).into_iter();
    let lacks = lacks.map(|(short, _)| (all[short].key.clone(), Member::TakeOver));
    far_calls(ground, all).chain(lacks).collect()
}

fn far_calls(
    ground: &Ground<'_>,
    all: &[&Placed<'_>],
) -> impl Iterator<Item = (ServiceKey, Member)> {
    let far = calls::too_far(ground, all).into_iter();
    let keys: Vec<ServiceKey> = far.map(|(caller, _)| all[caller].key.clone()).collect();
    keys.into_iter()
        .flat_map(|key| [false, true].map(|tail| (key.clone(), Member::Call { tail })))
}

/// What conflicts inside one service, given the room that others leave it.
fn alone(ground: &Ground<'_>, placed: &Placed<'_>) -> Why {
    let allowed = Allowed::of(ground, placed.service, &placed.demand);
    let (candidates, serving) = (&placed.candidates, &placed.chosen.serving);
    Why {
        conflict: conflict::conflict(&allowed, candidates),
        helps: allowed.helps(&mut Searcher::default(), candidates, serving),
    }
}

/// Says that a service has no place: once for each set that conflicts, or as it was told.
fn refuse(one: &Crowded<'_>, conflicts: Option<Vec<Conflict>>, sink: &mut Sink) {
    let errors = |d: &&Diagnostic| d.effective_severity() == Severity::Error;
    let first = one.said.iter().find(errors);
    let follows = conflicts.as_ref().is_some_and(Vec::is_empty);
    let conflicts = conflicts.unwrap_or_default();
    let (Some(first), false) = (first, conflicts.is_empty()) else {
        for told in one.said.iter().cloned() {
            sink.emit(if follows { told.note(FOLLOWS) } else { told });
        }
        return;
    };
    for conflict in conflicts {
        let told = Diagnostic {
            labels: first.labels.iter().filter(|l| l.primary).cloned().collect(),
            notes: first.notes.clone(),
            ..Diagnostic::new(first.code, first.message.clone())
        };
        sink.emit(shown(told, &conflict, one.service));
    }
}

/// A diagnostic about a service with what conflicts, and the ways out. It stands where the service's
/// name does unless its own place is among what conflicts.
fn shown(mut told: Diagnostic, conflict: &Conflict, service: &Service) -> Diagnostic {
    let inside = |place: Span| {
        let mut spans = conflict.places.iter().map(|(span, _)| *span);
        spans.any(|span| span.source == place.source && span.to(place) == span)
    };
    if !told.place().is_some_and(inside) {
        for label in &mut told.labels {
            label.span = service.name.span;
        }
    }
    told = conflict.show(told);
    match conflict.helps.as_slice() {
        [] => told.help("relax several of what is shown: no one change was found to be enough"),
        helps => helps.iter().cloned().fold(told, Diagnostic::help),
    }
}

/// Services that find no room after the loss of a region: each conflict once, with the services
/// that find room without it named beside.
pub(super) fn full(
    ground: &Ground<'_>,
    placed: &[Placed<'_>],
    full: &[(usize, Vec<usize>)],
    sink: &mut Sink,
) {
    if full.is_empty() {
        return;
    }
    let all: Vec<&Placed<'_>> = placed.iter().collect();
    let kept = |p: &Placed<'_>| p.chosen.sound && p.why.conflict == Conflict::default();
    let failing = placed.iter().filter(|p| !kept(p));
    let failing: BTreeSet<&ServiceKey> = failing.map(|p| p.key).collect();
    let mut apart: Vec<(ServiceKey, Member)> = far_calls(ground, &all).collect();
    for one in placed {
        let members = one.why.conflict.members.iter();
        apart.extend(members.map(|member| (one.key.clone(), *member)));
    }
    let around = Around {
        ground,
        all: &all,
        failing: &failing,
    };
    let mut told: Vec<(usize, Diagnostic, Vec<joint::Found>, Vec<&str>)> = Vec::new();
    for (i, (short, lost)) in full.iter().enumerate() {
        let one = &placed[*short];
        let says = failover::full(ground, one, lost);
        let looked = ground.explains && i < EXPLAINED;
        let found = looked.then(|| joint::conflicts(ground, &around.look(*short, &apart)));
        match found.flatten() {
            Some(found) if !found.is_empty() => {
                apart.push((one.key.clone(), Member::TakeOver));
                told.push((*short, says, found, Vec::new()));
            }
            // With what was told before out of the way there is room.
            Some(_) => match told.last_mut() {
                Some((_, _, _, with)) => with.push(one.service.name.value.as_str()),
                None => sink.emit(says.note(FOLLOWS)),
            },
            None => {
                let help = "add capacity, lower `scale.min` or `failover.headroom`, or set `failover: none` for the service";
                sink.emit(says.help(help));
            }
        }
    }
    for (short, mut says, mut found, with) in told {
        let key = placed[short].key;
        let others: Vec<_> = apart.iter().filter(|(of, _)| of != key).cloned().collect();
        joint::remedies(ground, &around.look(short, &others), &mut found);
        if !with.is_empty() {
            let with = words::list(with);
            says = says.note(format!("with that mended, there is room for {with} too"));
        }
        if let Some(found) = found.first() {
            sink.emit(shown(says, &found.conflict, placed[short].service));
        }
    }
}

/// Services, around one of which one looks for room after a loss.
struct Around<'l, 'a> {
    ground: &'l Ground<'a>,
    all: &'l [&'l Placed<'a>],
    failing: &'l BTreeSet<&'l ServiceKey>,
}

impl<'l> Around<'l, '_> {
    fn look<'s>(&self, of: usize, apart: &'s [(ServiceKey, Member)]) -> Look<'s>
    where
        'l: 's,
    {
        let one = self.all[of];
        Look {
            about: one.key,
            rivals: rivals(self.ground, one.key, one.service, self.all, false),
            coupled: true,
            sets: 1,
            failing: self.failing,
            apart,
        }
    }
}

/// Who might stand in the way of a service, the likeliest first: those that it calls, those that
/// cannot yield, then those that take most of where it could be.
fn rivals<'p, 'a: 'p>(
    ground: &Ground<'_>,
    about: &ServiceKey,
    service: &Service,
    placed: &[&'p Placed<'a>],
    calls: bool,
) -> Vec<&'p ServiceKey> {
    let callees = service.calls.iter().filter(|_| calls);
    let callees = callees.map(|c| ServiceKey::new(&c.service.value, &service.environment));
    let first: Vec<ServiceKey> = callees.collect();
    let empty = legal::candidates(ground, service, &Room::of(ground.world));
    let named: Option<BTreeSet<usize>> = match &service.placement.regions {
        RegionChoice::Named(named) => {
            let named = named.iter().filter_map(|n| ground.index(n.value.as_str()));
            Some(named.collect())
        }
        RegionChoice::All | RegionChoice::Count { .. } => None,
    };
    let wanted = |r: &usize| match &named {
        Some(named) => named.contains(r),
        None => empty[*r].legal(),
    };
    let mut rivals: Vec<_> = placed
        .iter()
        .filter(|p| p.key != about)
        .map(|p| {
            let shared = p.chosen.regions.iter().filter(|r| wanted(r)).count();
            let pods = Amount::of_pod(p.service).times(p.service.workload.scale.min);
            let tied = matches!(p.service.placement.regions, RegionChoice::Named(_));
            let at = first.iter().position(|key| key == p.key);
            let at = at.map_or(usize::MAX, |at| at);
            let takes = pods.cpu.saturating_mul(shared as i128);
            let holds = pods.memory.saturating_mul(shared as i128);
            (
                (
                    at,
                    shared == 0,
                    !tied,
                    Reverse(takes),
                    Reverse(holds),
                    p.key,
                ),
                p.key,
            )
        })
        .collect();
    rivals.sort();
    rivals.into_iter().map(|(_, key)| key).collect()
}
