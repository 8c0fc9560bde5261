//! Round trips between regions, in whole microseconds, so that sums do not depend on their order.

use std::collections::BTreeMap;
use std::fmt;

use super::name::RegionName;

/// A round-trip time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rtt(u64);

impl Rtt {
    /// From microseconds.
    pub const fn micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Reads decimal milliseconds with at most six digits on either side, such as `86.4`; digits
    /// past the microsecond round to the nearest.
    pub fn parse_ms(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 6
            || !digits(whole)
            || !digits(fraction)
            || text.ends_with('.')
        {
            return None;
        }
        let mut micros = whole.parse::<u64>().ok()? * 1000;
        let padded: Vec<u64> = fraction
            .bytes()
            .chain(*b"0000")
            .take(4)
            .map(|b| u64::from(b - b'0'))
            .collect();
        micros += padded[0] * 100 + padded[1] * 10 + padded[2] + u64::from(padded[3] >= 5);
        Some(Self(micros))
    }
}

impl std::ops::Add for Rtt {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Rtt {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

impl fmt::Display for Rtt {
    /// Milliseconds with as many decimals as there are: `86.4 ms`, `2 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ms, us) = (self.0 / 1000, self.0 % 1000);
        let text = if us == 0 {
            format!("{ms} ms")
        } else {
            format!("{ms}.{} ms", format!("{us:03}").trim_end_matches('0'))
        };
        f.pad(&text)
    }
}

/// Where a round trip comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RttSource {
    /// Given by the fleet in `network/rtt.csv`.
    Fleet,
    /// Measured, from the atlas.
    Atlas,
    /// Estimated from the great-circle distance.
    Estimated,
    /// Inside one region, where nobody measured: counted as nothing.
    Inside,
}

/// What is known of one directed pair of regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Median.
    pub p50: Rtt,
    /// 99th percentile, where measured.
    pub p99: Option<Rtt>,
    /// Where it comes from.
    pub source: RttSource,
}

/// Round trips by directed pair (from the client or leader, to the destination).
///
/// A pair that is absent is unknown, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    pairs: BTreeMap<RegionName, BTreeMap<RegionName, Measurement>>,
}

impl RoundTrips {
    /// Sets one directed pair.
    pub fn insert(&mut self, from: RegionName, to: RegionName, measurement: Measurement) {
        self.pairs.entry(from).or_default().insert(to, measurement);
    }

    /// What is known of a directed pair.
    pub fn get(&self, from: &RegionName, to: &RegionName) -> Option<&Measurement> {
        self.pairs.get(from)?.get(to)
    }

    /// What counts for a directed pair: as [`RoundTrips::get`], and zero inside a region whose
    /// own round trip is not known.
    pub fn between(&self, from: &RegionName, to: &RegionName) -> Option<Measurement> {
        let inside = Measurement {
            p50: Rtt::micros(0),
            p99: None,
            source: RttSource::Inside,
        };
        self.get(from, to)
            .copied()
            .or_else(|| (from == to).then_some(inside))
    }

    /// All pairs, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&RegionName, &RegionName, &Measurement)> {
        self.pairs
            .iter()
            .flat_map(|(f, row)| row.iter().map(move |(t, m)| (f, t, m)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_read_exactly() {
        for (text, micros) in [
            ("0", 0),
            ("4.537", 4537),
            ("350.17", 350_170),
            ("0.0005", 1),
            ("12", 12_000),
        ] {
            assert_eq!(Rtt::parse_ms(text), Some(Rtt::micros(micros)), "{text}");
        }
        for bad in [
            "", ".", "5.", ".5", "-1", "1e3", "1,5", "NaN", "inf", "1000000", " 1",
        ] {
            assert_eq!(Rtt::parse_ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn display_drops_zeros_only_after_the_point() {
        assert_eq!(Rtt::micros(86_400).to_string(), "86.4 ms");
        assert_eq!(Rtt::micros(100_000).to_string(), "100 ms");
        assert_eq!(Rtt::micros(1).to_string(), "0.001 ms");
    }
}
