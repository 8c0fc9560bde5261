//! What monitoring measured between regions.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;

use super::moves::Move;
use super::name::RegionName;
use super::ratio::Share;
use super::rtt::Rtt;
use super::trial::TriedValue;

/// Measurements by directed pair; absent ones were not measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// From the client, caller or leader, to the destination or replica.
    pub pairs: BTreeMap<(RegionName, RegionName), Sample>,
    /// Values that stand for nothing measured, such as the `NaN` of an empty histogram.
    pub holes: usize,
}

/// What was measured of one directed pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Median round trip.
    pub p50: Option<Rtt>,
    /// 99th percentile of the round trip.
    pub p99: Option<Rtt>,
    /// How much the round trip varies.
    pub jitter: Option<Rtt>,
    /// The share of requests that succeed.
    pub success: Option<Share>,
    /// How far the destination's replica is behind, in microseconds.
    pub lag_us: Option<u64>,
}

/// What measurements put at risk, and what would be better under them.
#[derive(Clone, Debug, Default)]
pub struct AtRisk {
    /// The file of the measurements.
    pub file: String,
    /// Directed pairs of regions of which something was measured.
    pub pairs: usize,
    /// Directed pairs of regions in all, regions with themselves included.
    pub of: usize,
    /// Values that stand for nothing measured.
    pub holes: usize,
    /// What of the file is left out, and why.
    pub notes: Vec<Diagnostic>,
    /// Values of decisions that the measurements change: as planned, and the same as measured.
    pub values: Vec<TriedValue>,
    /// Promises at risk, each where it is made.
    pub risks: Vec<Risk>,
    /// Decisions that would lower what they are measured by, the largest gain first.
    pub moves: Vec<Move>,
}

/// One promise at risk.
#[derive(Clone, Debug)]
pub struct Risk {
    /// What is promised where, and what is measured.
    pub diagnostic: Diagnostic,
    /// Since when.
    pub since: Since,
}

/// What puts a promise at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// It is as the fleet is planned, without the measurements.
    Planned,
    /// The measurements.
    Measured,
    /// Only the measured jitter, when it comes on top.
    Jitter,
}
