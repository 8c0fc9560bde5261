//! The choices of several services to the best that keep the budgets of their journeys.
//!
//! Depth first over the services in the order in which journeys ask them, the best for each first. A
//! branch ends where even the least of what is left costs as much as the best so far, where a
//! service does not fit, or where a journey is over its budget whatever the others do. So the answer
//! is the smallest total there is; of equal ones the one that leaves the first services with what is
//! best for them. It begins with good choices ([`super::start`]). Effort is counted, never timed.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::model::plan::Quantile;
use crate::model::world::Service;
use crate::plan::amount::Room;
use crate::plan::ground::Place;
use crate::plan::legal::Candidate;
use crate::plan::place;

use super::choices::{Choice, Rank};
use super::course::{Course, Net, Takes};

/// How many choices are tried at most.
pub(super) const TRIED: usize = if cfg!(debug_assertions) {
    20_000
} else {
    60_000
};

/// A journey with limits that count.
pub(super) struct Case<'j> {
    pub course: Course<'j>,
    /// Which of the members each of its services is.
    pub members: Vec<usize>,
    pub users: Vec<Place>,
    /// In microseconds, of the median and of the 99th percentile.
    pub limits: [Option<u64>; 2],
    /// The user whose way was over last: most likely it is again.
    over: Cell<usize>,
}

impl<'j> Case<'j> {
    pub(super) fn new(course: Course<'j>, users: Vec<Place>, limits: [Option<u64>; 2]) -> Self {
        Self {
            course,
            members: Vec::new(),
            users,
            limits,
            over: Cell::new(0),
        }
    }
}

/// A service of the journeys.
pub(super) struct Member<'a> {
    pub service: &'a Service,
    pub candidates: Vec<Candidate>,
    /// The best first.
    pub choices: Vec<Choice<'a>>,
    /// The regions that any of them serves from.
    pub reach: Vec<usize>,
}

impl<'a> Member<'a> {
    pub(super) fn new(
        service: &'a Service,
        candidates: Vec<Candidate>,
        choices: Vec<Choice<'a>>,
    ) -> Self {
        let serving = choices.iter().flat_map(|c| &c.chosen.serving);
        let reach: BTreeSet<usize> = serving.copied().collect();
        Self {
            service,
            candidates,
            choices,
            reach: reach.into_iter().collect(),
        }
    }
}

/// A search; choices are indexes of those of a member.
pub(super) struct Search<'s, 'a> {
    pub net: Net<'s, 'a>,
    pub cases: &'s [Case<'a>],
    pub members: &'s [Member<'a>],
    /// Whether what is estimated is never over.
    pub exempt: bool,
    /// Of each case.
    pub limits: Vec<[Option<u64>; 2]>,
    /// A case's percentile that is to be as small as it can; then nothing else is.
    pub lower: Option<(usize, usize)>,
    /// What else all choices together have to meet.
    pub accept: &'s dyn Fn(&[usize]) -> bool,
    pub(super) picked: Vec<usize>,
    /// The least that the members from one on cost.
    floor: Vec<Rank>,
    pub(super) best: Option<(Rank, Vec<usize>)>,
    /// What the slowest users take with the best, where that is to be small.
    pub(super) least: Option<u64>,
    /// Whether the best is what it began with.
    pub(super) started: bool,
    done: bool,
    left: usize,
}

/// What a search led to.
pub(super) struct Found {
    /// The best choices, and what they cost in all.
    pub best: Option<(Rank, Vec<usize>)>,
    /// What the slowest users take with them, where that was to be small.
    pub least: Option<u64>,
    /// Whether every other was ruled out.
    pub proven: bool,
}

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(
        net: Net<'s, 'a>,
        cases: &'s [Case<'a>],
        members: &'s [Member<'a>],
        accept: &'s dyn Fn(&[usize]) -> bool,
        tried: usize,
    ) -> Self {
        let mut floor = vec![Rank::default()];
        for member in members.iter().rev() {
            let least = member.choices.first().map_or(Rank::default(), |c| c.rank);
            floor.push(floor[floor.len() - 1] + least);
        }
        floor.reverse();
        Self {
            net,
            cases,
            members,
            exempt: false,
            limits: cases.iter().map(|c| c.limits).collect(),
            lower: None,
            accept,
            picked: Vec::with_capacity(members.len()),
            floor,
            best: None,
            least: None,
            started: false,
            done: false,
            left: tried,
        }
    }

    pub(super) fn run(mut self, room: &Room) -> Found {
        self.start(room);
        if !self.done {
            let mut room = room.clone();
            self.descend(Rank::default(), &mut room);
        }
        Found {
            best: self.best,
            least: self.least,
            proven: self.left > 0,
        }
    }

    fn descend(&mut self, so_far: Rank, room: &mut Room) {
        let depth = self.picked.len();
        if depth == self.members.len() {
            if self.take(so_far) {
                self.started = false;
            }
            return;
        }
        let member = &self.members[depth];
        for (index, choice) in member.choices.iter().enumerate() {
            if self.left == 0 || self.done {
                return;
            }
            let rank = so_far + choice.rank;
            let least = rank + self.floor[depth + 1];
            // Of equal ones the first that comes by here counts.
            let started = self.started;
            let worse = |best: Rank| least > best || (least == best && !started);
            if self.lower.is_none() && self.best.as_ref().is_some_and(|b| worse(b.0)) {
                return;
            }
            self.left -= 1;
            let regions = &choice.chosen.regions;
            let loads = || place::loads(member.service, &member.candidates, regions);
            if loads().any(|(_, cluster, load)| !room.fits(&cluster, load)) {
                continue;
            }
            self.picked.push(index);
            let over = (0..self.cases.len()).any(|case| self.over(case));
            if !over {
                loads().for_each(|(_, cluster, load)| room.take(&cluster, load));
                self.descend(rank, room);
                loads().for_each(|(_, cluster, load)| room.give(&cluster, load));
            }
            self.picked.pop();
        }
    }

    /// Takes what is picked as the best so far; whether everything else allows it.
    pub(super) fn take(&mut self, rank: Rank) -> bool {
        if !(self.accept)(&self.picked) {
            return false;
        }
        if let Some((case, tail)) = self.lower {
            // From here on only what takes less counts.
            let worst = self.worst(case, tail);
            self.limits[case][tail] = Some(worst.saturating_sub(1));
            self.least = Some(worst);
            self.done = worst == 0;
        }
        self.best = Some((rank, self.picked.clone()));
        true
    }

    /// What the slowest users take that count, in microseconds.
    fn worst(&self, case: usize, tail: usize) -> u64 {
        let users = self.cases[case].users.iter();
        let all = users.map(|user| self.takes(case, user, tail));
        let counts = all.filter(|takes| !(self.exempt && takes.1));
        counts.map(|takes| takes.0).max().unwrap_or_default()
    }

    /// Whether some users are over a limit whatever is chosen for those that are not yet.
    pub(super) fn over(&self, case: usize) -> bool {
        let (users, first) = (&self.cases[case].users, &self.cases[case].over);
        let start = first.get();
        let over = |user: usize| {
            (0..2).any(|tail| {
                let Some(limit) = self.limits[case][tail] else {
                    return false;
                };
                let (micros, guessed) = self.takes(case, &users[user], tail);
                micros > limit && !(self.exempt && guessed)
            })
        };
        let found = (start..users.len()).chain(0..start).find(|&u| over(u));
        found.inspect(|&user| first.set(user)).is_some()
    }

    /// What a user's way takes at least, given what is chosen so far.
    pub(super) fn takes(&self, case: usize, user: &Place, tail: usize) -> Takes {
        if self.exempt && self.picked.len() < self.members.len() {
            return (0, true);
        }
        let case = &self.cases[case];
        let quantile = Quantile::ALL[tail];
        let mut at: Vec<Option<usize>> = Vec::with_capacity(case.course.calls.len());
        let mut all: Vec<Takes> = Vec::with_capacity(case.course.calls.len());
        for asked in &case.course.calls {
            let from = match asked.caller {
                Some(caller) => at[caller],
                None => Some(user.region),
            };
            let member = case.members[asked.service];
            let Some(&picked) = self.picked.get(member) else {
                at.push(None);
                all.push((self.at_least(from, member, quantile), false));
                continue;
            };
            let choice = &self.members[member].choices[picked];
            let serving = &choice.chosen.serving;
            let answers = match (from, serving.as_slice()) {
                (Some(from), _) => self.net.ground.nearest(from, serving),
                (None, [only]) => Some(*only),
                (None, _) => None,
            };
            at.push(answers);
            all.push(match answers {
                Some(region) => {
                    let ends = (from.unwrap_or(region), region);
                    let stop = self
                        .net
                        .stop(asked, ends, &choice.stores, user.country, quantile);
                    stop.takes()
                }
                None => (0, false),
            });
        }
        case.course.takes(&|call| all[call])
    }

    /// What a call takes at least to a service for which nothing is chosen yet. The way is the
    /// nearest by its median, which is no bound for a percentile of its own.
    fn at_least(&self, from: Option<usize>, member: usize, quantile: Quantile) -> u64 {
        let Some(from) = from else { return 0 };
        let reach = &self.members[member].reach;
        if reach.contains(&from) {
            return 0;
        }
        let legs = reach.iter().map(|&to| self.net.legs.at(quantile, from, to));
        legs.map(|leg| leg.micros).min().unwrap_or_default()
    }
}
