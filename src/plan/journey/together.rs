//! Services of journeys whose enforced budget does not hold, decided anew together.
//!
//! Every service was decided by itself before, in the order of decision. Where that breaks the
//! enforced budget of a journey, its services, and those of enforced journeys that share any with
//! it, get the choices with the smallest total that keeps all of these budgets: regions of each
//! service, and the leader of each store that the journeys use, with the voters that are best for
//! it. What is estimated counts like what is measured as long as that can be kept; else it is never
//! over. Where nothing keeps a budget, the smallest that can be kept is.

use std::collections::BTreeMap;

use crate::model::name::{JourneyName, ServiceKey};
use crate::model::world::{Estimate, Journey};
use crate::plan::Placed;
use crate::plan::amount::Room;
use crate::plan::ground::Ground;
use crate::plan::legal::{self, Candidate};
use crate::plan::legs::Legs;
use crate::plan::words;

use super::choices::{Choices, Free};
use super::course::Net;
use super::path::{Path, connected};
use super::relax;
use super::search::{Case, Found, Member, Search, TRIED};
use super::settle::{Others, settled};

/// What was decided for journeys with enforced budgets, by journey.
pub(in crate::plan) type Together = BTreeMap<JourneyName, Joint>;

/// Services that were decided together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Joint {
    /// Their names, in the order in which the journeys ask them.
    pub services: Vec<String>,
    /// Whether the budget holds.
    pub kept: bool,
    /// Whether every combination was tried or ruled out.
    pub proven: bool,
    /// Of a budget that does not hold: a region that would help if it was allowed.
    pub remedy: Option<String>,
}

/// Decides anew what enforced journeys ask for.
pub(in crate::plan) fn together<'a>(
    ground: &Ground<'a>,
    placed: &mut [Placed<'a>],
    room: &mut Room,
) -> Together {
    let mut all = Together::new();
    let enforced = |j: &&Journey| j.budget.as_ref().is_some_and(|b| b.enforce);
    let journeys: Vec<&Journey> = ground.world.journeys.values().filter(enforced).collect();
    if journeys.is_empty() {
        return all;
    }
    let legs = Legs::of(ground);
    let net = Net {
        ground,
        legs: &legs,
    };
    let slots: BTreeMap<&ServiceKey, usize> =
        placed.iter().enumerate().map(|(i, p)| (p.key, i)).collect();
    let paths: Vec<Path<'_>> = journeys
        .into_iter()
        .filter_map(|journey| Path::of(ground, placed, &slots, journey))
        .collect();
    for path in &paths {
        if all.contains_key(&path.journey.name.value) || path.holds(net, placed) {
            continue;
        }
        let with = connected(path, &paths);
        let group = Group::new(net, placed, room, &with);
        all.extend(group.settle(placed, room));
    }
    all
}

/// Journeys that share services, with all ways to place these.
pub(super) struct Group<'p, 'a> {
    pub net: Net<'p, 'a>,
    journeys: Vec<&'a Journey>,
    cases: Vec<Case<'a>>,
    /// The members' places among the placed.
    slots: Vec<usize>,
    pub members: Vec<Member<'a>>,
    /// The stores that journeys use, by member and index.
    used: Vec<Vec<usize>>,
    near: Vec<usize>,
    /// Whether all ways of all members are known.
    complete: bool,
    /// What is left of the clusters without the members.
    left: Room,
}

/// Limits that can be kept, and the choices that do.
struct Answer {
    limits: Vec<[Option<u64>; 2]>,
    picked: Vec<usize>,
    proven: bool,
}

impl<'p, 'a> Group<'p, 'a> {
    fn new(net: Net<'p, 'a>, placed: &[Placed<'a>], room: &Room, paths: &[&Path<'a>]) -> Self {
        let ground = net.ground;
        let mut slots: Vec<usize> = Vec::new();
        for slot in paths.iter().flat_map(|p| &p.slots) {
            if !slots.contains(slot) {
                slots.push(*slot);
            }
        }
        let mut left = room.clone();
        slots
            .iter()
            .for_each(|&slot| placed[slot].vacate(&mut left));
        let cases = paths.iter().map(|path| {
            let mut case = Case::new(path.course.clone(), path.users.clone(), path.limits);
            let member = |slot: &usize| slots.iter().position(|s| s == slot);
            case.members = path.slots.iter().filter_map(member).collect();
            case
        });
        let cases: Vec<Case<'a>> = cases.collect();
        let serving = slots.iter().flat_map(|&s| placed[s].chosen.serving.clone());
        let users: Vec<usize> = cases
            .iter()
            .flat_map(|c| &c.users)
            .map(|u| u.region)
            .collect();
        let mut group = Self {
            net,
            journeys: paths.iter().map(|p| p.journey).collect(),
            near: ground.promising(&serving.collect::<Vec<_>>(), &users),
            cases,
            members: Vec::new(),
            used: Vec::new(),
            complete: true,
            left,
            slots,
        };
        for (m, &slot) in group.slots.clone().iter().enumerate() {
            let one = &placed[slot];
            let used = group.uses(m, one);
            let candidates = legal::candidates(ground, one.service, &group.left);
            group.used.push(used);
            let choices = group.choices(m, one, &candidates, None);
            group.complete &= choices.complete;
            group
                .members
                .push(Member::new(one.service, candidates, choices.all));
        }
        group
    }

    /// The stores of a member that journeys read or write, by index.
    fn uses(&self, member: usize, placed: &Placed<'_>) -> Vec<usize> {
        let calls = self.cases.iter().flat_map(|case| {
            let theirs = case.course.calls.iter();
            theirs.filter(move |asked| case.members[asked.service] == member)
        });
        let names: Vec<_> = calls
            .flat_map(|asked| asked.call.reads.iter().chain(&asked.call.writes))
            .map(|name| &name.value)
            .collect();
        let stores = placed.service.stores.iter().enumerate();
        let used = stores.filter(|(_, s)| names.contains(&&s.name.value));
        used.map(|(index, _)| index).collect()
    }

    /// The ways of one member, perhaps with a region that it does not allow.
    pub(super) fn choices(
        &self,
        member: usize,
        placed: &Placed<'a>,
        candidates: &[Candidate],
        more: Option<usize>,
    ) -> Choices<'a> {
        let free = Free {
            net: self.net,
            placed,
            candidates,
            used: &self.used[member],
            near: &self.near,
            more,
        };
        free.choices()
    }

    pub(super) fn placed<'q>(&self, member: usize, placed: &'q [Placed<'a>]) -> &'q Placed<'a> {
        &placed[self.slots[member]]
    }

    /// The best choices under some limits; `lower` asks for the smallest limit of a case's percentile.
    pub(super) fn search(
        &self,
        limits: &[[Option<u64>; 2]],
        lower: Option<(usize, usize)>,
        exempt: bool,
        tried: usize,
        others: &Others<'_, 'a>,
    ) -> Found {
        let accept = |picked: &[usize]| others.accept(&self.members, picked, &self.left);
        let mut search = Search::new(self.net, &self.cases, &self.members, &accept, tried);
        search.limits = limits.to_vec();
        search.lower = lower;
        search.exempt = exempt;
        search.run(&self.left)
    }

    /// The choices that keep all limits, else those that break them least, in order of journey.
    fn answer(&self, others: &Others<'_, 'a>) -> Option<Answer> {
        let mut limits: Vec<[Option<u64>; 2]> = self.cases.iter().map(|c| c.limits).collect();
        let estimate = self.net.ground.world.fleet.network.estimate;
        let mut proven = self.complete;
        let lenient = estimate != Estimate::Enforce && self.net.estimated();
        for exempt in [false].into_iter().chain(lenient.then_some(true)) {
            let found = self.search(&limits, None, exempt, TRIED, others);
            if let Some((_, picked)) = found.best {
                return Some(Answer {
                    limits,
                    picked,
                    proven: proven && found.proven,
                });
            }
            proven &= found.proven;
        }
        let written = limits.clone();
        limits.iter_mut().for_each(|l| *l = [None, None]);
        // Keeps the limits so far, should the last search not come by anything that does.
        let mut lowest = None;
        for (case, asked) in written.iter().enumerate() {
            for tail in [0, 1] {
                let Some(asked) = asked[tail] else { continue };
                limits[case][tail] = Some(asked);
                // That all together cannot be kept is known.
                let kept = limits != written && {
                    let found = self.search(&limits, None, lenient, TRIED, others);
                    proven &= found.proven;
                    let kept = found.best.is_some();
                    lowest = found.best.or(lowest);
                    kept
                };
                if !kept {
                    limits[case][tail] = None;
                    let least = self.search(&limits, Some((case, tail)), lenient, TRIED, others);
                    proven &= least.proven;
                    limits[case][tail] = Some(least.least?);
                    lowest = least.best;
                }
            }
        }
        let found = self.search(&limits, None, lenient, TRIED, others);
        let (_, picked) = found.best.or(lowest)?;
        Some(Answer {
            limits,
            picked,
            proven: proven && found.proven,
        })
    }

    /// Puts the best choices in place; what became of each journey.
    fn settle(mut self, placed: &mut [Placed<'a>], room: &mut Room) -> Together {
        let others = Others::new(self.net, placed, &self.slots, room);
        let answer = self.answer(&others);
        let names = self
            .members
            .iter()
            .map(|m| m.service.name.value.to_string());
        let names: Vec<String> = names.collect();
        let (limits, proven) = match &answer {
            Some(answer) => (answer.limits.clone(), answer.proven),
            None => (Vec::new(), false),
        };
        let written: Vec<_> = self.cases.iter().map(|c| c.limits).collect();
        let kept = |case: usize| limits.get(case) == Some(&written[case]);
        let remedy = match (0..written.len()).all(kept) || !proven {
            true => None,
            false => relax::remedy(&mut self, placed, &written, &others),
        };
        let joint = |case: usize| Joint {
            services: names.clone(),
            kept: kept(case),
            proven,
            remedy: remedy.clone().filter(|_| !kept(case)),
        };
        let journeys = self.journeys.iter().enumerate();
        let all = journeys.map(|(case, j)| (j.name.value.clone(), joint(case)));
        let all: Together = all.collect();
        let Some(answer) = answer else { return all };
        *room = self.left.clone();
        for (m, picked) in answer.picked.iter().enumerate() {
            let one = &mut placed[self.slots[m]];
            let journeys = &self.journeys;
            *one = settled(
                self.net.ground,
                &self.members[m],
                *picked,
                one,
                proven,
                |one| why(journeys, &names, one, proven),
            );
            one.occupy(room);
        }
        all
    }
}

/// For whom, and with whom.
fn why(journeys: &[&Journey], names: &[String], one: &str, proven: bool) -> String {
    let journeys = journeys.iter().map(|j| format!("`{}`", j.name.value));
    let journeys: Vec<String> = journeys.collect();
    let others = names.iter().map(String::as_str).filter(|name| *name != one);
    let others: Vec<&str> = others.collect();
    let with = match others.is_empty() {
        true => String::new(),
        false => format!(" together with {}", words::list(others)),
    };
    let how = match proven {
        true => "the smallest total that does, by proof",
        false => "the smallest total found, not proven",
    };
    format!(
        "decided{with} so that {} may keep {} enforced budget: {how}",
        words::list(journeys.iter().map(String::as_str)),
        if journeys.len() == 1 { "its" } else { "their" },
    )
}
