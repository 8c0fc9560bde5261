//! The round trips between regions by index, each with its percentiles and where they come from.

use crate::model::plan::{Quantile, Source, Term};
use crate::model::rtt::{Rtt, RttSource};

use super::ground::Ground;

/// One percentile of one directed pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leg {
    pub micros: u64,
    pub source: Source,
}

impl Leg {
    /// As a term of a formula.
    pub(super) fn term(self, what: String) -> Term {
        Term {
            what,
            ns: (self.source != Source::Unknown).then(|| self.micros.saturating_mul(1000)),
            source: self.source,
        }
    }
}

/// All pairs.
pub(super) struct Legs {
    p50: Vec<Vec<Leg>>,
    p99: Vec<Vec<Leg>>,
}

impl Legs {
    pub(super) fn of(ground: &Ground<'_>) -> Self {
        let all = |leg: &dyn Fn(usize, usize) -> Leg| {
            let regions = 0..ground.names.len();
            let row = |from| regions.clone().map(|to| leg(from, to)).collect();
            regions.clone().map(row).collect()
        };
        Self {
            p50: all(&|from, to| Leg {
                micros: ground.costs[from][to],
                source: source(ground, from, to),
            }),
            p99: all(&|from, to| {
                let (micros, guessed) = ground.p99(from, to);
                let source = match source(ground, from, to) {
                    Source::Measured if guessed => Source::Factored,
                    other => other,
                };
                Leg { micros, source }
            }),
        }
    }

    pub(super) fn at(&self, quantile: Quantile, from: usize, to: usize) -> Leg {
        match quantile {
            Quantile::P50 => self.p50[from][to],
            Quantile::P99 => self.p99[from][to],
        }
    }

    /// The same as a bare number, for the formulas.
    pub(super) fn rtt(&self, quantile: Quantile, from: usize, to: usize) -> Rtt {
        Rtt::micros(self.at(quantile, from, to).micros)
    }
}

/// Where the median of a pair comes from.
fn source(ground: &Ground<'_>, from: usize, to: usize) -> Source {
    match ground.rtt.between(ground.names[from], ground.names[to]) {
        None => Source::Unknown,
        Some(known) if known.source == RttSource::Inside => Source::Inside,
        Some(_) if ground.estimated(from, to) => Source::Estimated,
        Some(_) => Source::Measured,
    }
}
