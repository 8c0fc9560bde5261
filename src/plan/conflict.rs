//! A service without a choice that keeps everything, to a minimal set of what conflicts.
//!
//! Infeasible by itself; without any one of its members, and with nothing outside it, feasible. Found
//! by doing without one constraint after another, those far from the service first, so that what a
//! person wrote beside it is named where several sets would do.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Span};
use crate::model::world::{PlacementMode, RegionChoice, Service};

use super::allowed::Allowed;
use super::ground::Ground;
use super::legal::{self, Candidate, Constraint};
use super::search::{self, Outcome, Question};
use super::store::{self, Limit};
use super::words;

/// Something that a person wrote, and that limits where a service may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Member {
    /// What a region must meet.
    Region(Constraint),
    /// What a store asks for, by the store's index.
    Store(usize, Limit),
    /// How many regions, or which.
    Regions,
    /// The enforced budget for reads: of the median, or of the 99th percentile.
    Read { tail: bool },
    /// The enforced budget for writes, of all stores.
    Write,
    /// The enforced budget for calls to other regions.
    Call { tail: bool },
    /// The room that its pods take.
    Pods,
    /// The room that it takes after the loss of a region.
    TakeOver,
}

impl Member {
    /// Whether it is an enforced budget.
    pub(super) fn is_budget(self) -> bool {
        matches!(
            self,
            Self::Read { .. } | Self::Write | Self::Call { .. } | Self::Store(_, Limit::Write)
        )
    }
}

/// A minimal set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conflict {
    /// Those of the service that it is about.
    pub members: Vec<Member>,
    /// The place of every member, and what it says there.
    pub places: Vec<(Span, String)>,
    pub notes: Vec<String>,
    /// Ways out, each enough alone; none where they were not looked for.
    pub helps: Vec<String>,
    /// Whether each is needed by proof; else a search was given up somewhere.
    pub proven: bool,
}

/// What conflicts, of a service that no choice keeps.
pub(super) fn conflict(allowed: &Allowed<'_>, candidates: &[Candidate]) -> Conflict {
    let mut oracle = Oracle {
        allowed,
        candidates,
        proven: true,
    };
    let mut members = oracle.all();
    for member in members.clone() {
        let mut without = members.clone();
        without.remove(&member);
        if !oracle.feasible(&without) {
            members = without;
        }
    }
    let (ground, service) = (allowed.ground, allowed.service);
    let places = members.iter().map(|m| places(ground, service, *m));
    Conflict {
        places: places.flatten().collect(),
        members: members.iter().copied().collect(),
        notes: Vec::new(),
        helps: Vec::new(),
        proven: oracle.proven,
    }
}

/// Says whether there is a choice under some of the constraints alone.
struct Oracle<'a> {
    allowed: &'a Allowed<'a>,
    candidates: &'a [Candidate],
    proven: bool,
}

impl Oracle<'_> {
    /// In the order in which an explanation does without them.
    fn all(&self) -> BTreeSet<Member> {
        let obstacles = self.candidates.iter().flat_map(|c| &c.obstacles);
        let mut all: BTreeSet<Member> = obstacles.map(|o| Member::Region(o.constraint)).collect();
        for &index in self.allowed.stores() {
            let limits = store::limits(self.allowed.service, index);
            all.extend(limits.map(|limit| Member::Store(index, limit)));
        }
        all.insert(Member::Regions);
        let limits = self.allowed.limits().unwrap_or_default();
        for tail in [false, true] {
            all.extend(limits[usize::from(tail)].map(|_| Member::Read { tail }));
        }
        all
    }

    fn feasible(&mut self, active: &BTreeSet<Member>) -> bool {
        let service = self.allowed.service;
        let meets = |r: &usize| {
            let mut obstacles = self.candidates[*r].obstacles.iter();
            obstacles.all(|o| !active.contains(&Member::Region(o.constraint)))
        };
        let mut pool: Vec<usize> = (0..self.candidates.len()).filter(meets).collect();
        let mut bounds = (1, pool.len());
        if active.contains(&Member::Regions) {
            match &service.placement.regions {
                RegionChoice::All => {}
                RegionChoice::Named(named) => {
                    let ground = self.allowed.ground;
                    let named = named.iter().filter_map(|n| ground.index(n.value.as_str()));
                    let named: BTreeSet<usize> = named.collect();
                    if !named.iter().all(|r| pool.contains(r)) {
                        return false;
                    }
                    pool = named.into_iter().collect();
                }
                RegionChoice::Count { at_least, at_most } => {
                    let most = (*at_most as usize).min(pool.len());
                    bounds = (*at_least as usize, most);
                }
            }
        }
        if pool.is_empty() || bounds.0.max(1) > pool.len() {
            return false;
        }
        let mut limits = self.allowed.limits().unwrap_or_default();
        for tail in [false, true] {
            if !active.contains(&Member::Read { tail }) {
                limits[usize::from(tail)] = None;
            }
        }
        let mut asked: BTreeMap<usize, BTreeSet<Limit>> = BTreeMap::new();
        for &store in self.allowed.stores() {
            let of = |limit: &Limit| active.contains(&Member::Store(store, *limit));
            asked.insert(store, Limit::ALL.into_iter().filter(of).collect());
        }
        let question = self.allowed.question(&pool);
        let question = Question {
            forbidden: self.allowed.beyond(&question, limits),
            at_least: bounds.0,
            at_most: bounds.1,
            ..question
        };
        let holds = |regions: &[usize], serving: &[usize]| {
            self.allowed.decided_under(regions, serving, &asked)
        };
        if service.placement.mode == PlacementMode::ActivePassive {
            let near = |r: usize| question.forbidden.iter().all(|(_, to)| *to != r);
            let with = |r: usize| self.allowed.with_standbys(r, &pool, bounds.1);
            return pool.iter().any(|&r| near(r) && holds(&with(r), &[r]));
        }
        let named = !matches!(service.placement.regions, RegionChoice::Count { .. });
        let fixed = active.contains(&Member::Regions) && named;
        // What all of them cannot hold none of them can, where more never stand in the way.
        let whole = bounds.1 >= pool.len();
        let monotone = self.allowed.monotone(bounds.0);
        if fixed || (monotone && (whole || !holds(&pool, &pool))) {
            let mut users = question.demand.iter().filter(|(_, weight)| *weight > 0);
            let served = |from: usize| {
                let mut to = pool.iter();
                to.any(|&to| question.forbidden.binary_search(&(from, to)).is_err())
            };
            return users.all(|&(from, _)| served(from)) && holds(&pool, &pool);
        }
        let costs = &self.allowed.ground.costs;
        let needing = self.allowed.needing(&question, &asked);
        match search::admissible(&needing, costs, &mut |set| holds(set, set)) {
            Outcome::Best(_) => true,
            Outcome::None => false,
            Outcome::GaveUp => {
                self.proven = false;
                true
            }
        }
    }
}

impl Conflict {
    /// Whether something is among what conflicts.
    pub(super) fn is_about(&self, what: impl Fn(&Member) -> bool) -> bool {
        self.members.iter().any(what)
    }

    /// Shows each member's place, but for those that the diagnostic is about.
    pub(super) fn show(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let shown = diagnostic.place();
        for (span, text) in self.places.iter().filter(|(s, _)| Some(*s) != shown) {
            diagnostic = diagnostic.see(*span, text.clone());
        }
        diagnostic = self
            .notes
            .iter()
            .cloned()
            .fold(diagnostic, Diagnostic::note);
        if !self.places.is_empty() && !self.proven {
            return diagnostic
                .note("these conflict; a search was given up, so one of them may not be needed");
        }
        diagnostic
    }
}

/// The places of a member, and what it says there.
pub(super) fn places(
    ground: &Ground<'_>,
    service: &Service,
    member: Member,
) -> Vec<(Span, String)> {
    let percentile = |tail: bool| if tail { "p99" } else { "p50" };
    let budget = &service.budget;
    let one = match member {
        Member::Region(constraint) => {
            let shown = Diagnostic::new(Code::PlacementInfeasible, "");
            let shown = legal::show(shown, constraint, ground, service).labels;
            return shown.into_iter().map(|l| (l.span, l.text)).collect();
        }
        Member::Store(index, limit) => Some(store::shown(ground, service, index, limit)),
        Member::Regions => {
            let text = match service.placement.regions {
                RegionChoice::All | RegionChoice::Count { .. } => "so many regions",
                RegionChoice::Named(_) => "these regions",
            };
            let span = service.placement.counts.regions.or(service.placement.span);
            span.map(|span| (span, text.to_owned()))
        }
        Member::Read { tail } => budget.read.as_ref().map(|b| {
            let text = format!("the enforced budget for reads at {}", percentile(tail));
            (b.span, text)
        }),
        Member::Write => budget
            .write
            .as_ref()
            .map(|b| (b.span, "the enforced budget for writes".to_owned())),
        Member::Call { tail } => budget.cross_region.as_ref().map(|b| {
            let at = percentile(tail);
            (
                b.span,
                format!("the enforced budget for calls to other regions at {at}"),
            )
        }),
        Member::Pods => {
            let scale = service.workload.scale;
            let span = scale.min_span.or(scale.span).unwrap_or(service.name.span);
            let pods = words::count(scale.min as usize, "pod");
            Some((span, format!("{pods} per region")))
        }
        Member::TakeOver => {
            let scale = service.workload.scale;
            let span = scale.max_span.or(scale.span).unwrap_or(service.name.span);
            let pods = words::count(scale.max as usize, "pod");
            Some((span, format!("up to {pods} per region after a loss")))
        }
    };
    one.into_iter().collect()
}
