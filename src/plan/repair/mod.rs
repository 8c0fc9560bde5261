//! Services that compete for room, decided anew together.
//!
//! Each of them first takes what is best for itself. Where they then do not fit, at least one of
//! those in the way has to choose otherwise: each way is a branch ([`ways`]). Branches are looked at
//! in the order of what they leave the services with, the first in the order of decision counting
//! most. So the first that fits is the best there is, and when none are left there is none: by
//! proof, as long as every service that has a choice takes part and every way is tried.

mod ways;

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::diag::Sink;
use crate::model::name::ServiceKey;
use crate::model::world::{RegionChoice, Service};

use super::Placed;
use super::amount::Room;
use super::choose::Bent;
use super::ground::Ground;
use super::legal;
use super::place::Placer;
use super::search::value;
use super::words;

use ways::{End, Member, Others, Trouble, overfull, search};

/// How many services are decided together at most.
const MEMBERS: usize = 8;
/// How many repairs one plan may take.
const REPAIRS: usize = 24;

/// The repairs of one plan.
pub(super) struct Repairs {
    made: usize,
    /// Whether what could not be mended is known to be so by proof.
    pub proven: bool,
}

impl Repairs {
    pub(super) fn new() -> Self {
        Self {
            made: 0,
            proven: true,
        }
    }

    /// Makes room for a service that found none; else what was tried, in words.
    pub(super) fn room<'a>(
        &mut self,
        placer: &mut Placer<'_, 'a>,
        placed: &mut Vec<Placed<'a>>,
        room: &mut Room,
        (key, service): (&'a ServiceKey, &'a Service),
    ) -> Result<(), Option<String>> {
        let demand = placer.ground.demand(&service.audience);
        let empty = legal::candidates(placer.ground, service, &Room::of(placer.ground.world));
        let wanted: Vec<usize> = (0..empty.len()).filter(|&r| empty[r].legal()).collect();
        let rivals = rivals(placed, |p| {
            p.chosen.regions.iter().any(|r| wanted.contains(r))
        });
        let (mut unheard, bent) = (Sink::new(), Bent::default());
        let alone = placer.decide((key, service), demand.clone(), empty, &bent, &mut unheard);
        if rivals.is_empty() || !alone.is_some_and(|one| one.chosen.sound) {
            return Err(None);
        }
        self.made += 1;
        if self.made > REPAIRS {
            self.proven = false;
            return Err(None);
        }
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
        // What the newcomer cannot keep in any room that is left is broken to no use.
        let sound = |all: &[Rc<Placed<'a>>]| all.last().is_none_or(|one| one.chosen.sound);
        match search(placer, &members, |all| overfull(all, &left)) {
            End::Found(found) if sound(&found) => {
                let name = &service.name.value;
                let why = format!("or `{name}` would find no room");
                *room = left;
                settle(placer, placed, &members, found, room, &why, complete);
                Ok(())
            }
            end => {
                let proven = complete && !matches!(end, End::GaveUp);
                self.proven &= proven;
                Err(Some(failed(placed, &rivals, proven)))
            }
        }
    }

    /// Chooses otherwise where a call would go too far, or a service find no room after the loss of
    /// a region. What cannot be helped stays as it is; failover and budgets say so.
    pub(super) fn couplings<'a>(
        &mut self,
        placer: &mut Placer<'_, 'a>,
        placed: &mut Vec<Placed<'a>>,
        room: &mut Room,
    ) {
        let ground = placer.ground;
        let mut hopeless = BTreeSet::new();
        loop {
            let all: Vec<&Placed<'_>> = placed.iter().collect();
            let before = Trouble::all(ground, &all, room);
            let Some(&trouble) = before.iter().find(|t| !hopeless.contains(*t)) else {
                return;
            };
            let rivals = trouble.rivals(placed);
            if rivals.is_empty() {
                hopeless.insert(trouble);
                continue;
            }
            self.made += 1;
            if self.made > REPAIRS {
                self.proven = false;
                return;
            }
            let mut left = room.clone();
            rivals.iter().for_each(|&i| placed[i].vacate(&mut left));
            let complete = rivals.len() == placed.iter().filter(|p| p.free()).count();
            let members = members(placer, placed, &rivals, &left);
            // What else there was before is ended in its turn, if it can be.
            let required = |t: &Trouble| *t == trouble || !before.contains(t);
            let mut tried = |every: bool| {
                let others = Others {
                    ground,
                    placed,
                    rivals: &rivals,
                    left: &left,
                    required: &required,
                    every,
                };
                search(placer, &members, |all| {
                    overfull(all, &left).or_else(|| others.troubled(all))
                })
            };
            let mut proven = complete;
            let mut end = tried(complete);
            if complete && matches!(end, End::GaveUp) {
                proven = false;
                end = tried(false);
            }
            let End::Found(found) = end else {
                self.proven &= proven;
                hopeless.insert(trouble);
                continue;
            };
            let why = trouble.why(ground, placed);
            *room = left;
            settle(placer, placed, &members, found, room, &why, proven);
        }
    }
}

impl Trouble {
    /// Who could yield, by index; nobody where none of them could end it.
    fn rivals(self, placed: &[Placed<'_>]) -> Vec<usize> {
        let (mut first, near) = match self {
            Self::Call(caller, callee) => (vec![caller, callee], Vec::new()),
            Self::Loss(short, _) => (vec![short], placed[short].chosen.regions.clone()),
        };
        first.retain(|&i| placed[i].free());
        if matches!(self, Self::Call(..)) && first.is_empty() {
            return first;
        }
        let shares = |p: &Placed<'_>| p.chosen.regions.iter().any(|r| near.contains(r));
        let mut rivals = rivals(placed, shares);
        for i in first {
            if !rivals.contains(&i) {
                if rivals.len() >= MEMBERS {
                    rivals.remove(0);
                }
                rivals.push(i);
                rivals.sort_unstable();
            }
        }
        rivals
    }

    fn why(self, ground: &Ground<'_>, placed: &[Placed<'_>]) -> String {
        match self {
            Self::Call(caller, callee) => format!(
                "or calls of `{}` to `{}` would go too far",
                placed[caller].key, placed[callee].key
            ),
            Self::Loss(short, lost) => format!(
                "or `{}` would find no room after the loss of {}",
                placed[short].key, ground.names[lost]
            ),
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
}
