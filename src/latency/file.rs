//! The fleet's own measurements: `network/rtt.csv`, between regions and between zones.
//!
//! `from,to,p50_ms[,p99_ms]`; the ends are regions, or zones as `region/zone`. An empty `p50_ms`
//! is a hole, as if the row were not there. Rows between zones also stand in for the round trip
//! between (or inside) their regions where no row gives that: the upper median of their medians and
//! the largest of their 99th percentiles, without rows from a zone to itself unless there are
//! no others.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span};
use crate::model::name::RegionName;
use crate::model::rtt::{Measurement, RoundTrips, Rtt, RttSource, ZoneTrips};
use crate::model::world::Region;

use super::ends::{End, Ends};
use super::table::{Cell, Layout, Table};

/// Above this a value is a slip of the pen, not a round trip: one minute.
const LARGEST: Rtt = Rtt::micros(60_000_000);
/// After so many faults, more of them help nobody.
const FAULTS: usize = 100;
const LAYOUT: Layout = Layout {
    columns: &["from", "to", "p50_ms", "p99_ms"],
    required: 3,
    example: "from,to,p50_ms,p99_ms",
};
const FROM: usize = 0;
const TO: usize = 1;
const P50: usize = 2;
const P99: usize = 3;

/// Reads the file into a matrix. Every fault is emitted; good lines are taken.
pub(super) fn read(
    source: SourceId,
    sources: &Sources,
    regions: &BTreeMap<RegionName, Region>,
    matrix: &mut RoundTrips,
    sink: &mut Sink,
) {
    let Some(table) = Table::read(source, sources, &LAYOUT, sink) else {
        return;
    };
    let before = sink.errors();
    let mut ends = Ends::new(regions);
    let mut seen: BTreeMap<(End<'_>, End<'_>), (Span, Option<Measurement>)> = BTreeMap::new();
    for row in &table.rows {
        if sink.errors() - before >= FAULTS {
            break;
        }
        let place = row.span();
        let (Some(from), Some(to)) = (table.cell(row, FROM), table.cell(row, TO)) else {
            let nowhere = Diagnostic::new(Code::RoundTripTable, "the row names no two places")
                .at(place, "")
                .help("write two regions, or two zones as `region/zone`");
            sink.emit(nowhere);
            continue;
        };
        let pair = ends.read(from, to, sink);
        let values = values(table.cell(row, P50), table.cell(row, P99), sink);
        let (Some(pair), Some(measured)) = (pair, values) else {
            continue;
        };
        if let Some((first, _)) = seen.get(&pair) {
            let twice = Diagnostic::new(
                Code::RoundTripDuplicate,
                format!(
                    "the round trip from `{}` to `{}` stands twice",
                    pair.0, pair.1
                ),
            )
            .at(place, "")
            .see(*first, "first here")
            .help("keep one of the two");
            sink.emit(twice);
            continue;
        }
        seen.insert(pair, (place, measured));
    }
    ends.finish(sink);
    fill(seen, matrix);
}

/// Puts the rows into the matrix; those between zones second.
fn fill(seen: BTreeMap<(End<'_>, End<'_>), (Span, Option<Measurement>)>, matrix: &mut RoundTrips) {
    let mut zones: BTreeMap<&RegionName, ZoneTrips> = BTreeMap::new();
    let mut between: BTreeMap<(&RegionName, &RegionName), Vec<(bool, Measurement)>> =
        BTreeMap::new();
    for ((from, to), (_, measured)) in seen {
        let Some(measured) = measured else { continue };
        let (Some(a), Some(b)) = (from.zone, to.zone) else {
            matrix.insert(from.region, to.region, measured);
            continue;
        };
        let itself = from == to;
        let pair = between.entry((from.region, to.region)).or_default();
        pair.push((itself, measured));
        if from.region == to.region {
            let trips = zones.entry(from.region).or_default();
            trips.insert(a.clone(), b.clone(), measured);
        }
    }
    for ((from, to), mut rows) in between {
        if rows.iter().any(|(itself, _)| !itself) {
            rows.retain(|(itself, _)| !itself);
        }
        if matrix.get(from, to).is_none() {
            let rows: Vec<Measurement> = rows.into_iter().map(|(_, m)| m).collect();
            matrix.insert(from, to, together(&rows));
        }
    }
    for (region, trips) in zones {
        matrix.insert_zones(region.clone(), trips);
    }
}

/// Several measurements of one pair as one.
fn together(rows: &[Measurement]) -> Measurement {
    let mut medians: Vec<Rtt> = rows.iter().map(|m| m.p50).collect();
    medians.sort_unstable();
    let p50 = medians.get(medians.len() / 2).copied().unwrap_or_default();
    Measurement {
        p50,
        p99: rows
            .iter()
            .filter_map(|m| m.p99)
            .max()
            .map(|p99| p99.max(p50)),
        source: RttSource::Fleet,
    }
}

/// The values of a row; the inner `None` for a hole, the outer where an error was emitted.
fn values(
    p50: Option<Cell<'_>>,
    p99: Option<Cell<'_>>,
    sink: &mut Sink,
) -> Option<Option<Measurement>> {
    let tail = p99.map(|cell| (milliseconds(cell, sink), cell.span));
    let p50 = match (p50, &tail) {
        (Some(cell), _) => milliseconds(cell, sink)?,
        (None, None) => return Some(None),
        (None, Some((_, span))) => {
            let alone = Diagnostic::new(Code::RoundTripValue, "a 99th percentile without a median")
                .at(*span, "")
                .help("give `p50_ms` too, or leave both empty where nothing was measured");
            sink.emit(alone);
            return None;
        }
    };
    let p99 = match tail {
        Some((p99, span)) => Some((p99?, span)),
        None => None,
    };
    if let Some((p99, span)) = p99.filter(|(p99, _)| *p99 < p50) {
        let order = Diagnostic::new(
            Code::RoundTripValue,
            format!("the 99th percentile, {p99}, is below the median, {p50}"),
        )
        .at(span, "")
        .help("swap the two, or measure again");
        sink.emit(order);
        return None;
    }
    Some(Some(Measurement {
        p50,
        p99: p99.map(|(p99, _)| p99),
        source: RttSource::Fleet,
    }))
}

/// A round trip in milliseconds; emits where it is none.
pub(super) fn milliseconds(cell: Cell<'_>, sink: &mut Sink) -> Option<Rtt> {
    match Rtt::parse_ms(cell.text) {
        Some(rtt) if rtt <= LARGEST => return Some(rtt),
        _ => {}
    }
    let wrong = Diagnostic::new(
        Code::RoundTripValue,
        format!("`{}` is not a round trip in milliseconds", cell.text),
    )
    .at(cell.span, "")
    .help("write a decimal number from 0 to 60000 such as `86.4`; leave it empty where nothing was measured");
    sink.emit(wrong);
    None
}
