//! What other round trips would change: tried instead of the fleet's own, beside the same fleet.

use super::moves::{Effect, Move};
use super::name::RegionName;
use super::rtt::{Measurement, RestsOn};

/// A plan under other round trips, compared with the one under the fleet's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// The file that is tried.
    pub file: String,
    /// The fleet's own; `None` where it has none and rests on the atlas and on estimates.
    pub own: Option<String>,
    /// The round trips that differ, the largest change of the median first.
    pub pairs: Vec<PairChange>,
    /// How many round trips the fleet has in all.
    pub of: usize,
    /// What the plan under the fleet's own round trips compares; `None` where they allow no plan,
    /// so that there is nothing to compare with.
    pub own_rests_on: Option<RestsOn>,
    /// Decisions that fall otherwise, valued under the round trips that are tried.
    pub moves: Vec<TriedMove>,
    /// Values that differ.
    pub values: Vec<TriedValue>,
}

/// One directed pair under both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairChange {
    /// From.
    pub from: RegionName,
    /// To.
    pub to: RegionName,
    /// Under the fleet's own round trips; `None`: unknown.
    pub own: Option<Measurement>,
    /// Under those that are tried; `None`: unknown.
    pub tried: Option<Measurement>,
}

impl PairChange {
    /// How far the medians are apart in microseconds; without one, as far as can be.
    pub fn size(&self) -> u64 {
        match (self.own, self.tried) {
            (Some(own), Some(tried)) => own.p50.as_micros().abs_diff(tried.p50.as_micros()),
            _ => u64::MAX,
        }
    }
}

/// A decision that falls otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriedMove {
    /// From what it is to what it would be, valued under the round trips that are tried.
    pub movement: Move,
    /// The same two, valued under the fleet's own round trips.
    pub under_own: Option<Effect>,
}

/// What one decision is worth, in nanoseconds; `None` where it cannot be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriedValue {
    /// Which: `reads of web`, `writes of web/db`.
    pub of: String,
    /// As decided and valued under the fleet's own round trips.
    pub own_ns: Option<u64>,
    /// As decided under the fleet's own round trips, valued under those that are tried.
    pub kept_ns: Option<u64>,
    /// As decided and valued under the round trips that are tried.
    pub tried_ns: Option<u64>,
}
