//! Many requests to one percentile: their weighted mean and the worst of them.

use crate::model::plan::{Percentile, Source, Term, Worst};

use crate::plan::ground::Ground;
use crate::plan::words;

use super::terms::Parts;

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// The place of the audience, or the calling region.
    pub place: &'a str,
    pub weight: u64,
    /// From the users to their region, in microseconds.
    pub leg: Option<u64>,
    /// The store, or the service, that is asked.
    pub asked: Option<&'a str>,
    pub parts: Parts,
}

/// Requests as they are counted.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    sum: u128,
    total: u128,
    unknown: bool,
    worst: Option<Request<'a>>,
    /// The worst of those that are measured, which alone may be enforced.
    measured: Option<Request<'a>>,
}

impl<'a> Tally<'a> {
    pub(super) fn add(&mut self, request: Request<'a>) {
        let micros = request.parts.micros();
        self.sum += u128::from(micros) * u128::from(request.weight);
        self.total += u128::from(request.weight);
        self.unknown |= request.parts.source() == Source::Unknown;
        // Of several that are as slow, the one with most users; then the first.
        let worse = |than: &Option<Request<'_>>| {
            than.is_none_or(|t| (micros, request.weight) > (t.parts.micros(), t.weight))
        };
        if worse(&self.worst) {
            self.worst = Some(request);
        }
        if !request.parts.source().estimated() && worse(&self.measured) {
            self.measured = Some(request);
        }
    }

    /// In words; `None` when nothing was counted.
    pub(super) fn percentile(&self, ground: &Ground<'_>) -> Option<Counted> {
        let mean = (self.total > 0 && !self.unknown).then(|| words::mean_ns(self.sum, self.total));
        let worst = told(ground, &self.worst?)?;
        Some(Counted {
            percentile: Percentile {
                weighted_ns: mean,
                worst,
                budget: None,
            },
            measured: self.measured.and_then(|m| told(ground, &m)),
        })
    }
}

/// A percentile that is not compared with its budget yet.
pub(super) struct Counted {
    pub percentile: Percentile,
    /// The worst that is measured.
    pub measured: Option<Worst>,
}

fn told(ground: &Ground<'_>, request: &Request<'_>) -> Option<Worst> {
    let terms: Vec<Term> = request.parts.terms(ground, request.asked);
    Some(Worst {
        ns: terms
            .iter()
            .map(|t| t.ns)
            .try_fold(0_u64, |sum, ns| Some(sum.saturating_add(ns?))),
        place: request.place.to_owned(),
        region: ground.names[request.parts.region()?].clone(),
        terms,
        user_leg_ns: request.leg.map(|micros| micros.saturating_mul(1000)),
    })
}
