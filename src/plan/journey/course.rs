//! A journey to the calls that it makes, each with the earlier one that makes it.
//!
//! Who calls whom does not depend on where anything runs: a step is called by the latest earlier
//! step that declares a call to it, else by the step before; after a parallel group the one before
//! the group goes on.

use crate::model::name::ServiceName;
use crate::model::place::Country;
use crate::model::plan::{Quantile, Source, Term};
use crate::model::world::{Journey, JourneyCall, JourneyStep};
use crate::plan::budget::{Decided, Parts, What};
use crate::plan::ground::{Ground, Place, UNKNOWN};
use crate::plan::legs::Legs;

/// One service that is asked.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Asked<'j> {
    pub call: &'j JourneyCall,
    /// Who asks, by place among the calls; absent: the user.
    pub caller: Option<usize>,
    /// Which of the journey's services it is.
    pub service: usize,
}

/// What follows what.
#[derive(Clone, Debug)]
enum Flow {
    Call(usize),
    /// All at once; the slowest counts.
    Parallel(Vec<Vec<Flow>>),
}

/// A journey's calls in order of writing.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Course<'j> {
    pub calls: Vec<Asked<'j>>,
    /// Its services, each once, in order of the first call.
    pub services: Vec<&'j ServiceName>,
    flow: Vec<Flow>,
}

/// Something that takes time: microseconds, and whether they are a guess.
pub(in crate::plan) type Takes = (u64, bool);

impl<'j> Course<'j> {
    /// The calls, given who declares a call to whom.
    pub(in crate::plan) fn of(
        journey: &'j Journey,
        declares: impl Fn(&ServiceName, &ServiceName) -> bool,
    ) -> Self {
        let mut course = Self {
            calls: Vec::new(),
            services: Vec::new(),
            flow: Vec::new(),
        };
        let mut ran = Vec::new();
        (course.flow, _) = course.sequence(&journey.steps, None, &mut ran, &declares);
        course
    }

    /// Walks steps one after another; what they are, and who goes on afterwards.
    fn sequence(
        &mut self,
        steps: &'j [JourneyStep],
        mut at: Option<usize>,
        ran: &mut Vec<usize>,
        declares: &impl Fn(&ServiceName, &ServiceName) -> bool,
    ) -> (Vec<Flow>, Option<usize>) {
        let mut flow = Vec::new();
        for step in steps {
            match step {
                JourneyStep::Call(call) => {
                    let asked = self.call(call, at, ran, declares);
                    ran.push(asked);
                    at = Some(asked);
                    flow.push(Flow::Call(asked));
                }
                JourneyStep::Sequence(steps) => {
                    let (inner, last) = self.sequence(steps, at, ran, declares);
                    flow.extend(inner);
                    at = last;
                }
                JourneyStep::Parallel(branches) => {
                    let (mut all, mut flows) = (Vec::new(), Vec::new());
                    for branch in branches {
                        let mut seen = ran.clone();
                        let branch = std::slice::from_ref(branch);
                        flows.push(self.sequence(branch, at, &mut seen, declares).0);
                        all.extend(seen.drain(ran.len()..));
                    }
                    ran.extend(all);
                    flow.push(Flow::Parallel(flows));
                }
            }
        }
        (flow, at)
    }

    fn call(
        &mut self,
        call: &'j JourneyCall,
        at: Option<usize>,
        ran: &[usize],
        declares: &impl Fn(&ServiceName, &ServiceName) -> bool,
    ) -> usize {
        let name = &call.service.value;
        let known = self.services.iter().position(|s| *s == name);
        let service = known.unwrap_or_else(|| {
            self.services.push(name);
            self.services.len() - 1
        });
        let calls = |earlier: &&usize| declares(&self.calls[**earlier].call.service.value, name);
        let caller = ran.iter().rev().find(calls).copied().or(at);
        self.calls.push(Asked {
            call,
            caller,
            service,
        });
        self.calls.len() - 1
    }

    /// What the whole takes, given what each call takes.
    pub(in crate::plan) fn takes(&self, of: &impl Fn(usize) -> Takes) -> Takes {
        takes(&self.flow, of)
    }

    /// The calls on the way that takes longest, given what each takes.
    pub(in crate::plan) fn slowest(&self, of: &impl Fn(usize) -> u64) -> Vec<usize> {
        slowest(&self.flow, of).1
    }
}

fn takes(flow: &[Flow], of: &impl Fn(usize) -> Takes) -> Takes {
    flow.iter().fold((0, false), |(sum, guessed), flow| {
        let (micros, guess) = match flow {
            Flow::Call(call) => of(*call),
            Flow::Parallel(branches) => {
                let all = branches.iter().map(|branch| takes(branch, of));
                // Of those that take as long, the first.
                all.rev().max_by_key(|b| b.0).unwrap_or_default()
            }
        };
        (sum.saturating_add(micros), guessed | guess)
    })
}

fn slowest(flow: &[Flow], of: &impl Fn(usize) -> u64) -> (u64, Vec<usize>) {
    let mut way = (0_u64, Vec::new());
    for flow in flow {
        let (micros, calls) = match flow {
            Flow::Call(call) => (of(*call), vec![*call]),
            Flow::Parallel(branches) => {
                let all = branches.iter().map(|branch| slowest(branch, of));
                all.rev().max_by_key(|b| b.0).unwrap_or_default()
            }
        };
        way.0 = way.0.saturating_add(micros);
        way.1.extend(calls);
    }
    way
}

/// Where the services of a journey are, each by its place in the course.
pub(in crate::plan) trait Places<'a> {
    /// The region in which a service answers a caller, or the user of a place.
    fn answers(&self, service: usize, user: &Place, from: Option<usize>) -> Option<usize>;
    /// What was decided of its stores.
    fn stores(&self, service: usize) -> &[Decided<'a>];
}

/// One hop: who is asked, and what that takes.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Hop<'j> {
    /// Absent where nobody can predict it.
    parts: Option<Parts>,
    pub asked: &'j str,
    /// Which of the journey's services is asked, or whose store.
    pub service: usize,
    /// From where.
    pub from: usize,
    /// Whether it is a store.
    pub store: bool,
}

impl Hop<'_> {
    /// Whether there is anything that answers.
    pub(in crate::plan) fn answers(&self) -> bool {
        self.parts.is_some()
    }

    pub(in crate::plan) fn micros(&self) -> u64 {
        self.parts.map_or(UNKNOWN, |parts| parts.micros())
    }

    pub(in crate::plan) fn source(&self) -> Source {
        self.parts.map_or(Source::Unknown, |parts| parts.source())
    }

    pub(in crate::plan) fn terms(&self, ground: &Ground<'_>) -> Vec<Term> {
        match self.parts {
            Some(parts) => parts.terms(ground, Some(self.asked)),
            None => vec![Term {
                what: format!("to `{}`, which cannot be predicted", self.asked),
                ns: None,
                source: Source::Unknown,
            }],
        }
    }
}

/// What one call of a journey takes: the way to the service, and what it does with its stores.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Stop<'j> {
    /// Where it runs.
    pub region: usize,
    pub hops: [Option<Hop<'j>>; 3],
}

impl Stop<'_> {
    pub(in crate::plan) fn takes(&self) -> Takes {
        let hops = self.hops.iter().flatten();
        hops.fold((0, false), |(sum, guessed), hop| {
            (
                sum.saturating_add(hop.micros()),
                guessed | hop.source().estimated(),
            )
        })
    }
}

/// The round trips that all hops stand on.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Net<'g, 'a> {
    pub ground: &'g Ground<'a>,
    pub legs: &'g Legs,
}

impl Net<'_, '_> {
    /// Whether any round trip is a guess.
    pub(in crate::plan) fn estimated(&self) -> bool {
        let all = 0..self.ground.names.len();
        let mut pairs = all
            .clone()
            .flat_map(|from| all.clone().map(move |to| (from, to)));
        pairs.any(|(from, to)| {
            let legs = Quantile::ALL.map(|q| self.legs.at(q, from, to));
            legs.iter().any(|leg| leg.source.estimated())
        })
    }

    /// One call that is answered in a region.
    pub(in crate::plan) fn stop<'j>(
        &self,
        asked: &Asked<'j>,
        (from, region): (usize, usize),
        stores: &[Decided<'_>],
        country: Country,
        quantile: Quantile,
    ) -> Stop<'j> {
        let (ground, legs) = (self.ground, self.legs);
        let hop = |parts, name: &'j str, from, store| Hop {
            parts,
            asked: name,
            service: asked.service,
            from,
            store,
        };
        let crosses = asked.caller.is_none() || from != region;
        let there = crosses.then(|| {
            let leg = legs.at(quantile, from, region);
            let parts = Parts::one(What::Callee(region), leg);
            hop(Some(parts), asked.call.service.value.as_str(), from, false)
        });
        let used = |name: Option<&'j str>, write: bool| {
            let name = name?;
            let mut theirs = stores.iter().filter(|s| s.is_of(country));
            let parts = theirs.find(|s| s.name() == name).and_then(|s| match write {
                true => s.write(ground, legs, quantile, region),
                false => s.read(ground, legs, quantile, region),
            });
            // What nobody can predict is unknown, not nothing.
            let Some(parts) = parts.map(|parts| parts.inside(region)) else {
                return Some(hop(None, name, region, true));
            };
            (parts.micros() > 0).then(|| hop(Some(parts), name, region, true))
        };
        let reads = asked.call.reads.as_ref().map(|s| s.value.as_str());
        let writes = asked.call.writes.as_ref().map(|s| s.value.as_str());
        Stop {
            region,
            hops: [there, used(reads, false), used(writes, true)],
        }
    }

    /// Every call of the users of one place; `None` where one is not answered.
    pub(in crate::plan) fn stops<'j, 'a>(
        &self,
        course: &Course<'j>,
        places: &impl Places<'a>,
        user: &Place,
        quantile: Quantile,
    ) -> Result<Vec<Stop<'j>>, usize> {
        let mut stops: Vec<Stop<'j>> = Vec::with_capacity(course.calls.len());
        for asked in &course.calls {
            let caller = asked.caller.map(|caller| stops[caller].region);
            let answers = places.answers(asked.service, user, caller);
            let region = answers.ok_or(asked.service)?;
            let ends = (caller.unwrap_or(user.region), region);
            let stores = places.stores(asked.service);
            stops.push(self.stop(asked, ends, stores, user.country, quantile));
        }
        Ok(stops)
    }
}
