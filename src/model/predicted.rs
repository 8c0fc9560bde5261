//! Predicted latency: floors of the network, without the time that services and disks take.

use std::collections::BTreeMap;

use super::duration::Duration;
use super::name::{RegionName, StoreName};

/// Which part of all requests is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantile {
    /// The median.
    P50,
    /// The 99th percentile.
    P99,
}

impl Quantile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::P50, Self::P99];

    /// `p50`, `p99`.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P99 => "p99",
        }
    }
}

/// What a placement is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predicted {
    /// What the choice of regions minimises, in nanoseconds: the audience-weighted mean round trip
    /// to the nearest serving region.
    pub weighted_read_ns: Option<u64>,
    /// A read: to the nearest serving region, or to where the slowest store is read.
    pub read: Option<Forecast>,
    /// A write of the slowest store.
    pub write: Option<Forecast>,
    /// A call from a serving region to a service that does not serve there.
    pub cross_region: Option<Forecast>,
    /// The same of each store.
    pub stores: BTreeMap<StoreName, StoreForecast>,
    /// From users to the region that they enter at, for audiences by country; always estimated,
    /// and no part of the above.
    pub user_leg: Option<UserLeg>,
}

/// What a store is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreForecast {
    /// A read of its consistency class.
    pub read: Option<Forecast>,
    /// A write.
    pub write: Option<Forecast>,
}

/// What a journey takes: the hops of its steps, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JourneyPlan {
    /// Both percentiles; the terms of the worst are the hops of its users.
    pub forecast: Forecast,
    /// From users to the region that they enter at, for audiences by country; no part of the above.
    pub user_leg: Option<UserLeg>,
    /// What it follows from.
    pub because: super::plan::Because,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Its median.
    pub p50: Percentile,
    /// Its 99th percentile. The mean of several, and the sum of several, approximates.
    pub p99: Percentile,
}

impl Forecast {
    /// One of the two.
    pub fn at(&self, quantile: Quantile) -> &Percentile {
        match quantile {
            Quantile::P50 => &self.p50,
            Quantile::P99 => &self.p99,
        }
    }
}

/// One percentile of one kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Percentile {
    /// The audience-weighted mean in nanoseconds; `None` when a part of it is unknown, or nobody is
    /// counted.
    pub weighted_ns: Option<u64>,
    /// The slowest place; of several that are as slow, the one with most users.
    pub worst: Worst,
    /// Against the budget, where there is one.
    pub budget: Option<Verdict>,
}

/// The slowest request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worst {
    /// In nanoseconds, the sum of its terms; `None` when one of them is unknown.
    pub ns: Option<u64>,
    /// The place of the audience that it comes from, or the calling region.
    pub place: String,
    /// The region that answers it.
    pub region: RegionName,
    /// What it is made of.
    pub terms: Vec<Term>,
    /// From the users of this place to the region that they enter at, in nanoseconds; not part of
    /// the above.
    pub user_leg_ns: Option<u64>,
}

impl Worst {
    /// The least certain source of its terms.
    pub fn source(&self) -> Source {
        let sources = self.terms.iter().map(|t| t.source);
        sources.max().unwrap_or(Source::Inside)
    }

    /// Its way in words: `to the leader of `db` in a (70.0 ms), then until b acknowledges (12.0 ms)`;
    /// a lone term without its value, which is the whole.
    pub fn way(&self) -> String {
        match self.terms.as_slice() {
            [lone] => lone.what.clone(),
            several => {
                let told: Vec<String> = several.iter().map(Term::told).collect();
                told.join(", then ")
            }
        }
    }

    /// The largest of its terms; of equal ones the first.
    pub fn binding(&self) -> Option<&Term> {
        self.terms
            .iter()
            .rev()
            .max_by_key(|term| term.ns.unwrap_or(u64::MAX))
    }
}

/// One term of a latency formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it is, as it completes "the time …".
    pub what: String,
    /// In nanoseconds, where it is known.
    pub ns: Option<u64>,
    /// Where it comes from.
    pub source: Source,
}

impl Term {
    /// What it is, with its value and whether that is measured.
    pub fn told(&self) -> String {
        let how = match self.source {
            Source::Inside | Source::Measured | Source::Unknown => "",
            Source::Factored => ", p50 × p99Factor",
            Source::Estimated => ", estimated",
        };
        let value = match self.ns {
            Some(ns) => format!(
                "{}.{} ms",
                (ns + 50_000) / 1_000_000,
                (ns + 50_000) / 100_000 % 10
            ),
            None => "unknown".to_owned(),
        };
        format!("{} ({value}{how})", self.what)
    }
}

/// Where a term comes from, the most certain first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Inside one region, where nobody measured: counted as nothing.
    Inside,
    /// Measured.
    Measured,
    /// A measured median times `network.p99Factor`.
    Factored,
    /// Estimated from the distance.
    Estimated,
    /// Not known at all.
    Unknown,
}

impl Source {
    /// `inside`, `measured`, `p99Factor`, `estimated`, `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Measured => "measured",
            Self::Factored => "p99Factor",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nobody measured it.
    pub fn estimated(self) -> bool {
        self > Self::Measured
    }
}

/// A prediction against its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The budget.
    pub limit: Duration,
    /// Whether a breach is an error: asked for, and the prediction is measured or
    /// `network.estimate` is `enforce`.
    pub enforced: bool,
    /// Whether the worst stays within it.
    pub met: bool,
}

/// From users to the region that they enter at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLeg {
    /// The weighted mean over the whole audience in nanoseconds.
    pub weighted_ns: u64,
    /// The farthest in nanoseconds.
    pub worst_ns: u64,
    /// Who is farthest.
    pub worst_place: String,
    /// Where they enter.
    pub region: RegionName,
}
