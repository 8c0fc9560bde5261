//! What monitoring measured between regions.

use std::collections::BTreeMap;

use super::name::RegionName;
use super::ratio::Share;
use super::rtt::Rtt;

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
