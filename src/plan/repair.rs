//! Services that compete for room, decided anew together.
//!
//! Each of them first takes what is best for itself. Where they then do not fit, at least one of
//! those in the way has to leave: each way is a branch, in which that service may not use that
//! region. Branches are looked at in the order of what they leave the services with, the first in
//! the order of decision counting most. So the first that fits is the best there is, and when none
//! are left there is none: by proof, as long as every service that has a choice takes part.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diag::Sink;
use crate::model::name::ServiceKey;
use crate::model::world::{RegionChoice, Service};

use super::Placed;
use super::amount::Room;
use super::failover;
use super::ground::Demand;
use super::legal::{self, Candidate, Constraint, Obstacle};
use super::place::Placer;
use super::search::value;
use super::words;

/// How many services are decided together at most.
const MEMBERS: usize = 8;
/// How many decisions one repair may take.
const TRIES: usize = 400;
/// How many repairs one plan may take.
const REPAIRS: usize = 24;

/// A service that takes part, with what it would have if none of them were there.
struct Member<'a> {
    /// Its index among the placed; `None` for the one that is not placed yet.
    slot: Option<usize>,
    key: &'a ServiceKey,
    service: &'a Service,
    demand: Demand,
    candidates: Vec<Candidate>,
}

/// A service that may not use a region: the indexes of the member and of the region.
type Ban = (usize, usize);

/// How a repair ended.
enum End<'a> {
    Found(Vec<Rc<Placed<'a>>>),
    /// None of the ways works.
    Exhausted,
    /// The tries ended first.
    GaveUp,
}

/// The repairs of one plan.
#[derive(Default)]
pub(super) struct Repairs {
    made: usize,
}

impl Repairs {
    /// Makes room for a service that found none, or says so: `said` is what it was told.
    pub(super) fn room<'a>(
        &mut self,
        placer: &mut Placer<'_, 'a>,
        placed: &mut Vec<Placed<'a>>,
        room: &mut Room,
        (key, service): (&'a ServiceKey, &'a Service),
        said: Sink,
        sink: &mut Sink,
    ) {
        self.made += 1;
        let demand = placer.ground.demand(&service.audience);
        let empty = legal::candidates(placer.ground, service, &Room::of(placer.ground.world));
        let wanted: Vec<usize> = (0..empty.len()).filter(|&r| empty[r].legal()).collect();
        let rivals = rivals(placed, |p| {
            p.chosen.regions.iter().any(|r| wanted.contains(r))
        });
        let alone = placer.decide(key, service, demand.clone(), empty, &mut Sink::new());
        let mut note = None;
        if alone.is_some() && !rivals.is_empty() && self.made <= REPAIRS {
            let mut left = room.clone();
            rivals.iter().for_each(|&i| placed[i].vacate(&mut left));
            let complete = rivals.len() == placed.iter().filter(|p| p.free()).count();
            let mut members = members(placer, placed, &rivals, &left);
            members.push(Member {
                slot: None,
                key,
                service,
                demand,
                candidates: legal::candidates(placer.ground, service, &left),
            });
            match search(placer, &members, |all| overfull(all, &left)) {
                End::Found(found) => {
                    let name = &service.name.value;
                    let why = format!("or `{name}` would find no room");
                    *room = left;
                    settle(placer, placed, &members, found, room, &why, complete);
                    return;
                }
                end => {
                    note = Some(failed(
                        placed,
                        &rivals,
                        complete && matches!(end, End::Exhausted),
                    ))
                }
            }
        }
        for diagnostic in said.into_sorted() {
            sink.emit(match &note {
                Some(note) => diagnostic.note(note.clone()),
                None => diagnostic,
            });
        }
    }

    /// Chooses otherwise where a service would find no room after the loss of a region. What cannot
    /// be helped stays as it is; failover says so.
    pub(super) fn losses<'a>(
        &mut self,
        placer: &mut Placer<'_, 'a>,
        placed: &mut Vec<Placed<'a>>,
        room: &mut Room,
    ) {
        let ground = placer.ground;
        let mut hopeless = BTreeSet::new();
        loop {
            let all: Vec<&Placed<'_>> = placed.iter().collect();
            let lacks = failover::lacks(ground, &all, room);
            let Some(&(short, lost)) = lacks.iter().find(|l| !hopeless.contains(*l)) else {
                return;
            };
            self.made += 1;
            if self.made > REPAIRS {
                return;
            }
            let targets = placed[short].chosen.regions.clone();
            let near = |p: &Placed<'_>| p.chosen.regions.iter().any(|r| targets.contains(r));
            let mut rivals = rivals(placed, near);
            if placed[short].free() && !rivals.contains(&short) {
                rivals.remove(0);
                rivals.push(short);
                rivals.sort_unstable();
            }
            let mut left = room.clone();
            rivals.iter().for_each(|&i| placed[i].vacate(&mut left));
            // A further region could help too, and that is not tried.
            let complete = rivals.len() == placed.iter().filter(|p| p.free()).count()
                && rivals.iter().all(|&i| placed[i].exact());
            let members = members(placer, placed, &rivals, &left);
            let conflict = |all: &[Rc<Placed<'a>>]| {
                overfull(all, &left)
                    .or_else(|| short_after(ground, placed, &rivals, all, &left, &lacks))
            };
            let end = search(placer, &members, conflict);
            let End::Found(found) = end else {
                hopeless.insert((short, lost));
                continue;
            };
            let why = format!(
                "or `{}` would find no room after the loss of {}",
                placed[short].key, ground.names[lost]
            );
            *room = left;
            settle(placer, placed, &members, found, room, &why, complete);
        }
    }
}

/// The services that could yield, by index: the last in the order of decision, since the first
/// count most.
fn rivals(placed: &[Placed<'_>], near: impl Fn(&Placed<'_>) -> bool) -> Vec<usize> {
    let mut rivals: Vec<usize> = (0..placed.len())
        .rev()
        .filter(|&i| placed[i].free() && near(&placed[i]))
        .take(MEMBERS)
        .collect();
    // Those farther away may be pushed in turn.
    let others = (0..placed.len()).rev().filter(|&i| placed[i].free());
    for i in others {
        if rivals.len() >= MEMBERS {
            break;
        }
        if !rivals.contains(&i) {
            rivals.push(i);
        }
    }
    rivals.sort_unstable();
    rivals
}

fn members<'a>(
    placer: &Placer<'_, 'a>,
    placed: &[Placed<'a>],
    rivals: &[usize],
    left: &Room,
) -> Vec<Member<'a>> {
    rivals
        .iter()
        .map(|&i| Member {
            slot: Some(i),
            key: placed[i].key,
            service: placed[i].service,
            demand: placed[i].demand.clone(),
            candidates: legal::candidates(placer.ground, placed[i].service, left),
        })
        .collect()
}

/// The first choices without a conflict, in the order of what they leave the members with. A
/// conflict is the bans of which at least one is needed to end it.
fn search<'a>(
    placer: &mut Placer<'_, 'a>,
    members: &[Member<'a>],
    conflict: impl Fn(&[Rc<Placed<'a>>]) -> Option<Vec<Ban>>,
) -> End<'a> {
    let mut tries = 0;
    let mut decide = |placer: &mut Placer<'_, 'a>, index: usize, bans: &BTreeSet<Ban>| {
        tries += 1;
        let member = &members[index];
        let mut candidates = member.candidates.clone();
        for &(_, region) in bans.iter().filter(|b| b.0 == index) {
            candidates[region].obstacles.push(Obstacle {
                constraint: Constraint::Capacity,
                reason: "its room goes to others".to_owned(),
            });
        }
        let demand = member.demand.clone();
        let mut unheard = Sink::new();
        let one = placer.decide(member.key, member.service, demand, candidates, &mut unheard)?;
        let rank = value(
            &one.demand.by_region,
            &one.chosen.serving,
            &placer.ground.costs,
        );
        Some((rank, Rc::new(one), tries))
    };
    let mut ranks = Vec::with_capacity(members.len());
    let mut root = Vec::with_capacity(members.len());
    for index in 0..members.len() {
        let Some((rank, one, _)) = decide(placer, index, &BTreeSet::new()) else {
            return End::Exhausted;
        };
        ranks.push(rank);
        root.push(one);
    }
    let mut queue = BTreeMap::from([((ranks, BTreeSet::new()), root)]);
    let mut seen: BTreeSet<BTreeSet<Ban>> = BTreeSet::new();
    while let Some(((ranks, bans), choices)) = queue.pop_first() {
        let Some(ways) = conflict(&choices) else {
            return End::Found(choices);
        };
        for ban in ways {
            let mut bans = bans.clone();
            bans.insert(ban);
            if !seen.insert(bans.clone()) {
                continue;
            }
            let Some((rank, one, tries)) = decide(placer, ban.0, &bans) else {
                continue;
            };
            if tries > TRIES {
                return End::GaveUp;
            }
            let (mut ranks, mut choices) = (ranks.clone(), choices.clone());
            ranks[ban.0] = rank;
            choices[ban.0] = one;
            queue.insert((ranks, bans), choices);
        }
    }
    End::Exhausted
}

/// The members that overfill a cluster, if any do.
fn overfull(all: &[Rc<Placed<'_>>], left: &Room) -> Option<Vec<Ban>> {
    let mut room = left.clone();
    for (index, one) in all.iter().enumerate() {
        if let Some(full) = one.overflow(&room) {
            let until = all[..=index].iter().enumerate();
            let ways = until.filter_map(|(m, p)| Some((m, p.region_of(&full)?)));
            return Some(ways.collect());
        }
        one.occupy(&mut room);
    }
    None
}

/// The members in the way of a service that finds no room after a loss; what was short before and
/// concerns no member is not theirs to mend.
fn short_after<'a>(
    ground: &super::Ground<'_>,
    placed: &[Placed<'a>],
    rivals: &[usize],
    all: &[Rc<Placed<'a>>],
    left: &Room,
    before: &[(usize, usize)],
) -> Option<Vec<Ban>> {
    let mut room = left.clone();
    all.iter().for_each(|one| one.occupy(&mut room));
    let mut everyone: Vec<&Placed<'_>> = placed.iter().collect();
    for (&slot, one) in rivals.iter().zip(all) {
        everyone[slot] = one.as_ref();
    }
    let lacks = failover::lacks(ground, &everyone, &room);
    let concerns = |l: &&(usize, usize)| rivals.contains(&l.0) || !before.contains(l);
    let &(short, _) = lacks.iter().find(concerns)?;
    let targets = &everyone[short].chosen.regions;
    let ways = all.iter().enumerate().flat_map(|(m, one)| {
        let regions = one.chosen.regions.iter().filter(|r| targets.contains(r));
        regions.map(move |&r| (m, r))
    });
    Some(ways.collect())
}

/// Puts what was found in place, and says of those that yielded why.
fn settle<'a>(
    placer: &Placer<'_, 'a>,
    placed: &mut Vec<Placed<'a>>,
    members: &[Member<'a>],
    found: Vec<Rc<Placed<'a>>>,
    room: &mut Room,
    why: &str,
    proven: bool,
) {
    for (member, one) in members.iter().zip(found) {
        one.occupy(room);
        let mut one = Rc::unwrap_or_clone(one);
        let Some(slot) = member.slot else {
            placed.push(one);
            continue;
        };
        let before = placed[slot].chosen.regions.clone();
        if before == one.chosen.regions {
            // It was told more when it was first decided.
            one.chosen.because = std::mem::take(&mut placed[slot].chosen.because);
        } else {
            let left: Vec<usize> = before
                .iter()
                .copied()
                .filter(|r| !one.chosen.regions.contains(r))
                .collect();
            let how = if proven {
                "the best choice of all that compete, by proof"
            } else {
                "the best choice found, not proven"
            };
            one.chosen.because = one.chosen.because.and(format!(
                "it leaves {} aside, {why}: {how}",
                placer.ground.list(&left)
            ));
            // By itself it cannot be better than what it chose before.
            let costs = &placer.ground.costs;
            let alone = &placed[slot].chosen.serving;
            let bound = (!proven).then(|| value(&one.demand.by_region, alone, costs));
            one.chosen.bound = bound.or(one.chosen.bound);
        }
        placed[slot] = one;
    }
}

fn failed(placed: &[Placed<'_>], rivals: &[usize], proven: bool) -> String {
    let names = words::list(
        rivals
            .iter()
            .map(|&i| placed[i].service.name.value.as_str()),
    );
    if proven {
        format!("however {names} were placed, there would be no room: every way was tried")
    } else {
        format!("placing {names} otherwise was tried too, though not in every way")
    }
}

impl Placed<'_> {
    /// Whether it could be somewhere else.
    fn free(&self) -> bool {
        !matches!(self.service.placement.regions, RegionChoice::Named(_))
    }

    /// Whether the number of its regions is given.
    fn exact(&self) -> bool {
        match self.service.placement.regions {
            RegionChoice::Count { at_least, at_most } => at_least == at_most,
            RegionChoice::All => false,
            RegionChoice::Named(_) => true,
        }
    }
}
