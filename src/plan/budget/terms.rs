//! The terms of one request to their sum and to words.

use crate::model::plan::{Source, Term};

use crate::plan::ground::Ground;
use crate::plan::legs::Leg;

/// What one term of a formula stands for; regions by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum What {
    /// The way to the nearest region that serves.
    Serving(usize),
    /// The way to the nearest region of a service that is called.
    Callee(usize),
    /// The way to the region that takes the writes.
    Leader(usize),
    /// The way to the nearest replica.
    Replica(usize),
    /// Until the slowest standby that is waited for acknowledges; its rank by distance, of how many.
    Standby(usize, usize, usize),
    /// The same, of the first so many by priority.
    Priority(usize, usize),
    /// Until a majority holds the write; which voter makes it one, of how many voters.
    Voter(usize, usize),
    /// A wait that the engine adds.
    CommitWait,
    /// Until a quorum of every region answered; the farthest.
    EveryRegion(usize),
    /// Until a majority of all replicas answered; the farthest of them.
    Majority(usize),
}

pub(super) type Part = (What, Leg);

/// The terms of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::plan) struct Parts([Option<Part>; 3]);

impl Parts {
    pub(in crate::plan) fn one(what: What, leg: Leg) -> Self {
        Self([Some((what, leg)), None, None])
    }

    /// This and then what a commit takes.
    pub(super) fn then(mut self, commit: [Option<Part>; 2]) -> Self {
        self.0[1..].copy_from_slice(&commit);
        self
    }

    /// The same of a request that comes a longer way.
    pub(in crate::plan) fn by_detour(mut self, way: Leg) -> Self {
        if let Some((_, leg)) = &mut self.0[0] {
            leg.micros = leg.micros.saturating_add(way.micros);
            leg.source = leg.source.max(way.source);
        }
        self
    }

    fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().flatten()
    }

    pub(in crate::plan) fn micros(&self) -> u64 {
        let legs = self.iter().map(|(_, leg)| leg.micros);
        legs.fold(0, u64::saturating_add)
    }

    /// The same without the way to the region that the request is in already.
    pub(in crate::plan) fn inside(mut self, region: usize) -> Self {
        if self.region() == Some(region) {
            self.0[0] = None;
        }
        self
    }

    /// The least certain source of the terms.
    pub(in crate::plan) fn source(&self) -> Source {
        let sources = self.iter().map(|(_, leg)| leg.source);
        sources.max().unwrap_or(Source::Inside)
    }

    /// The region that answers.
    pub(in crate::plan) fn region(&self) -> Option<usize> {
        match self.0[0]?.0 {
            What::Serving(r) | What::Callee(r) | What::Leader(r) | What::Replica(r) => Some(r),
            _ => None,
        }
    }

    /// In words; `asked` is the name of the store or service that is asked, if one is.
    pub(in crate::plan) fn terms(&self, ground: &Ground<'_>, asked: Option<&str>) -> Vec<Term> {
        let all = self.iter();
        all.map(|(what, leg)| leg.term(what.words(ground, asked)))
            .collect()
    }
}

impl What {
    fn words(self, ground: &Ground<'_>, asked: Option<&str>) -> String {
        let of = asked.map_or_else(String::new, |s| format!(" of `{s}`"));
        let name = |r: usize| ground.names[r];
        match self {
            Self::Serving(r) => format!("to {}, the nearest region that serves it", name(r)),
            Self::Callee(r) => format!("to `{}` in {}", asked.unwrap_or_default(), name(r)),
            Self::Leader(r) => format!("to the leader{of} in {}", name(r)),
            Self::Replica(r) => format!("to the nearest replica{of} in {}", name(r)),
            Self::Standby(r, _, 1) => format!("until {} acknowledges, the only standby", name(r)),
            Self::Standby(r, rank, all) => {
                let rank = ordinal(rank, "nearest");
                format!(
                    "until {} acknowledges, the {rank} of {all} standbys",
                    name(r)
                )
            }
            Self::Priority(r, k) => {
                format!(
                    "until {} acknowledges, the slowest of the first {k}",
                    name(r)
                )
            }
            Self::Voter(r, all) => {
                let majority = all / 2 + 1;
                format!(
                    "until {} votes, which makes it {majority} of {all}",
                    name(r)
                )
            }
            Self::CommitWait => "for the engine's commit wait".to_owned(),
            Self::EveryRegion(r) => {
                format!("until a quorum of every region answers, {} last", name(r))
            }
            Self::Majority(r) => {
                format!("until a majority of all replicas answers, {} last", name(r))
            }
        }
    }
}

/// `nearest`, `2nd nearest`.
fn ordinal(n: usize, what: &str) -> String {
    match n {
        1 => what.to_owned(),
        2 => format!("2nd {what}"),
        3 => format!("3rd {what}"),
        n => format!("{n}th {what}"),
    }
}
