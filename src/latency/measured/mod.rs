//! What monitoring measured between regions, from a CSV file or from Prometheus' answer to a query.
//!
//! A text that begins with `{` is an answer of Prometheus' HTTP API, anything else a CSV file. Where
//! several values stand for one pair and quantity (probes, instances, zones) the worst counts: the
//! largest, of success the smallest.

mod csv;
mod number;
mod prometheus;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span};
use crate::model::measured::{Measured, Sample};
use crate::model::name::RegionName;
use crate::model::ratio::Share;
use crate::model::rtt::{Measurement, RoundTrips, Rtt, RttSource};
use crate::model::world::Region;

use super::ends::{End, Ends};

/// After so many faults, more of them help nobody.
const FAULTS: usize = 100;

/// Above this a round trip is a slip of the pen: one minute, in microseconds.
const LONGEST: u64 = 60_000_000;

/// What is measured; round trips, jitter and lag in microseconds, success in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quantity {
    P50,
    P99,
    Jitter,
    Success,
    Lag,
}

/// What a value of a quantity is, and how it is written.
fn meant(quantity: Quantity) -> (&'static str, &'static str) {
    match quantity {
        Quantity::P50 | Quantity::P99 | Quantity::Jitter => (
            "a time from 0 to a minute",
            "a decimal number of milliseconds such as `86.4`",
        ),
        Quantity::Success => (
            "a share",
            "a number from 0 to 1 such as `0.999`, or `99.9%`",
        ),
        Quantity::Lag => ("a number of seconds", "a decimal number such as `0.8`"),
    }
}

/// The values as they are read.
#[derive(Default)]
struct Values<'r> {
    pairs: BTreeMap<(&'r RegionName, &'r RegionName, Quantity), u64>,
    holes: usize,
}

impl<'r> Values<'r> {
    fn take(&mut self, (from, to): (End<'r>, End<'r>), quantity: Quantity, value: u64) {
        let key = (from.region, to.region, quantity);
        let known = self.pairs.entry(key).or_insert(value);
        *known = match quantity {
            Quantity::Success => value.min(*known),
            _ => value.max(*known),
        };
    }
}

/// Reads a file of measurements.
///
/// # Errors
/// When it is malformed; each fault is emitted where it stands.
pub fn measured(
    source: SourceId,
    sources: &Sources,
    regions: &BTreeMap<RegionName, Region>,
    sink: &mut Sink,
) -> Result<Measured, Rejected> {
    let before = sink.errors();
    let mut ends = Ends::new(regions);
    let mut values = Values::default();
    let text = sources.get(source).text();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        prometheus::read(source, sources, &mut ends, &mut values, sink);
    } else {
        csv::read(source, sources, &mut ends, &mut values, sink);
    }
    ends.finish(sink);
    if values.holes > 0 {
        let values = match values.holes {
            1 => "1 value stands for nothing measured, and is".to_owned(),
            n => format!("{n} values stand for nothing measured, and are"),
        };
        let holes = Diagnostic::new(Code::MeasuredHoles, format!("{values} left out"))
            .at(Span::new(source, 0, 0), "")
            .help("nothing, if these pairs had no traffic; `NaN` is what an empty histogram gives");
        sink.emit(holes);
    }
    sink.since(before)?;
    let mut measured = Measured {
        holes: values.holes,
        ..Measured::default()
    };
    for ((from, to, quantity), value) in values.pairs {
        let pair = (from.clone(), to.clone());
        let sample: &mut Sample = measured.pairs.entry(pair).or_default();
        match quantity {
            Quantity::P50 => sample.p50 = Some(Rtt::micros(value)),
            Quantity::P99 => sample.p99 = Some(Rtt::micros(value)),
            Quantity::Jitter => sample.jitter = Some(Rtt::micros(value)),
            Quantity::Lag => sample.lag_us = Some(value),
            Quantity::Success => {
                sample.success = Some(Share::ppm(u32::try_from(value).unwrap_or(u32::MAX)));
            }
        }
    }
    Ok(measured)
}

/// Round trips with the measured ones in their place; with `jitter`, as late as it makes them.
///
/// A measured median stands alone: the 99th percentile that was known goes with it. A measured
/// percentile below the known median lowers that too. Jitter is added to the median, and never
/// raises a 99th percentile that was measured, which holds it already.
pub fn overlay(known: &RoundTrips, measured: &Measured, jitter: bool) -> RoundTrips {
    let mut all = known.clone();
    for ((from, to), sample) in &measured.pairs {
        let before = known.between(from, to);
        let mut p50 = sample.p50.or(before.map(|b| b.p50));
        let mut p99 = match (sample.p99, sample.p50) {
            (None, None) => before.and_then(|b| b.p99),
            (p99, _) => p99,
        };
        if let (Some(tail), None) = (sample.p99, sample.p50) {
            p50 = p50.map(|p50| p50.min(tail));
        }
        if let (Some(by), true) = (sample.jitter, jitter) {
            p50 = p50.map(|p50| p50 + by);
        }
        p99 = p99.map(|p99| p50.map_or(p99, |p50| p99.max(p50)));
        let Some(p50) = p50.filter(|_| sample.p50.or(sample.p99).or(sample.jitter).is_some())
        else {
            continue;
        };
        let source = match (sample.p50, before) {
            (None, Some(before)) => before.source,
            _ => RttSource::Fleet,
        };
        all.insert(from, to, Measurement { p50, p99, source });
    }
    all
}
