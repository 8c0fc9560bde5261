//! Round trips between regions, in whole microseconds, so that sums do not depend on their order.

use std::collections::BTreeMap;
use std::fmt;

use super::name::{RegionName, ZoneName};

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
/// A pair that is absent is unknown, never zero. Rows are indexed by number: a matrix of 250
/// regions takes 2 MB.
#[derive(Clone, Debug, Default)]
pub struct RoundTrips {
    index: BTreeMap<RegionName, usize>,
    /// By number of the first and of the second region; a row may be short.
    rows: Vec<Vec<Option<Measurement>>>,
    zones: BTreeMap<RegionName, ZoneTrips>,
}

impl RoundTrips {
    /// Sets one directed pair.
    pub fn insert(&mut self, from: &RegionName, to: &RegionName, measurement: Measurement) {
        let (from, to) = (self.number(from), self.number(to));
        let row = &mut self.rows[from];
        if row.len() <= to {
            row.resize(to + 1, None);
        }
        row[to] = Some(measurement);
    }

    /// The number of a region, which it gets if it has none.
    fn number(&mut self, region: &RegionName) -> usize {
        if let Some(known) = self.index.get(region) {
            return *known;
        }
        let next = self.rows.len();
        self.index.insert(region.clone(), next);
        self.rows.push(Vec::new());
        next
    }

    /// Sets the round trips between the zones of a region.
    pub fn insert_zones(&mut self, region: RegionName, zones: ZoneTrips) {
        self.zones.insert(region, zones);
    }

    /// What is known of a directed pair.
    pub fn get(&self, from: &RegionName, to: &RegionName) -> Option<&Measurement> {
        let (from, to) = (self.index.get(from)?, self.index.get(to)?);
        self.rows[*from].get(*to)?.as_ref()
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

    /// The round trips between the zones of a region, where any were measured.
    pub fn zones(&self, region: &RegionName) -> Option<&ZoneTrips> {
        self.zones.get(region)
    }

    /// All pairs, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&RegionName, &RegionName, &Measurement)> {
        self.index.iter().flat_map(move |(from, &f)| {
            self.index
                .iter()
                .filter_map(move |(to, &t)| Some((from, to, self.rows[f].get(t)?.as_ref()?)))
        })
    }
}

impl PartialEq for RoundTrips {
    /// By content: in which order the pairs came in does not count.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.zones == other.zones
    }
}

impl Eq for RoundTrips {}

/// How many directed round trips decisions compare, by where they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// Given by the fleet.
    pub fleet: u32,
    /// Measured, from the atlas.
    pub atlas: u32,
    /// Estimated from the distance.
    pub estimated: u32,
    /// Inside one region, where nobody measured: counted as nothing.
    pub inside: u32,
}

impl RestsOn {
    /// Counts one more.
    pub fn add(&mut self, source: RttSource) {
        match source {
            RttSource::Fleet => self.fleet += 1,
            RttSource::Atlas => self.atlas += 1,
            RttSource::Estimated => self.estimated += 1,
            RttSource::Inside => self.inside += 1,
        }
    }

    /// How many in all.
    pub fn total(&self) -> u32 {
        self.fleet + self.atlas + self.estimated + self.inside
    }
}

/// Round trips between the zones of one region, by directed pair; an absent pair is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZoneTrips(BTreeMap<(ZoneName, ZoneName), Measurement>);

impl ZoneTrips {
    /// Sets one directed pair.
    pub fn insert(&mut self, from: ZoneName, to: ZoneName, measurement: Measurement) {
        self.0.insert((from, to), measurement);
    }

    /// What is known of a directed pair of zones.
    pub fn get(&self, from: &ZoneName, to: &ZoneName) -> Option<&Measurement> {
        self.0.get(&(from.clone(), to.clone()))
    }

    /// All pairs, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ZoneName, &ZoneName, &Measurement)> {
        self.0.iter().map(|((from, to), m)| (from, to, m))
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

    #[test]
    fn pairs_count_in_their_direction_and_the_order_of_insertion_does_not() {
        let [a, b, c] = ["a", "b", "c"].map(RegionName::from);
        let one = |micros| Measurement {
            p50: Rtt::micros(micros),
            p99: None,
            source: RttSource::Fleet,
        };
        let pairs = [(&c, &a, 1), (&a, &b, 2), (&b, &b, 3)];
        let (mut there, mut back) = (RoundTrips::default(), RoundTrips::default());
        for (from, to, micros) in pairs {
            there.insert(from, to, one(micros));
        }
        for (from, to, micros) in pairs.into_iter().rev() {
            back.insert(from, to, one(micros));
        }
        assert_eq!(there, back);
        let by_name: Vec<_> = back.iter().map(|(f, t, m)| (f, t, m.p50.0)).collect();
        assert_eq!(by_name, [(&a, &b, 2), (&b, &b, 3), (&c, &a, 1)]);
        assert_eq!((back.get(&a, &c), back.get(&b, &a)), (None, None));
        assert_eq!(back.between(&b, &b).map(|m| m.p50.0), Some(3));
        let inside = back.between(&a, &a).unwrap();
        assert_eq!((inside.p50.0, inside.source), (0, RttSource::Inside));
        back.insert(&a, &c, one(4));
        assert_ne!(there, back);
    }
}
