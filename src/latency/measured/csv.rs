//! Measurements as a table: `from,to` and any of `p50_ms`, `p99_ms`, `jitter_ms`, `success` (a share
//! from 0 to 1, or a percentage) and `lag_s`. An empty cell, and `NaN`, were not measured.

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources};
use crate::model::ratio::Share;

use super::super::table::{Cell, Layout, Table};
use super::number::{self, Number};
use super::{Ends, FAULTS, Quantity, Values};

const LAYOUT: Layout = Layout {
    columns: &[
        "from",
        "to",
        "p50_ms",
        "p99_ms",
        "jitter_ms",
        "success",
        "lag_s",
    ],
    required: 2,
    example: "from,to,p50_ms,p99_ms,jitter_ms,success,lag_s",
};
const FROM: usize = 0;
const TO: usize = 1;
/// The columns of values; how many microseconds (or millionths) a millionth of the cell is, as a
/// divisor and the largest value that is meant.
const VALUES: [(usize, Quantity, u64, u64); 5] = [
    (2, Quantity::P50, 1000, super::LONGEST),
    (3, Quantity::P99, 1000, super::LONGEST),
    (4, Quantity::Jitter, 1000, super::LONGEST),
    (5, Quantity::Success, 1, 1_000_000),
    (6, Quantity::Lag, 1, u64::MAX),
];

pub(super) fn read<'r, 'a>(
    source: SourceId,
    sources: &'a Sources,
    ends: &mut Ends<'r, 'a>,
    values: &mut Values<'r>,
    sink: &mut Sink,
) {
    let Some(table) = Table::read(source, sources, &LAYOUT, sink) else {
        return;
    };
    let before = sink.errors();
    for row in &table.rows {
        if sink.errors() - before >= FAULTS {
            break;
        }
        let (Some(from), Some(to)) = (table.cell(row, FROM), table.cell(row, TO)) else {
            let nowhere = Diagnostic::new(Code::RoundTripTable, "the row names no two places")
                .at(row.span(), "")
                .help("write two regions");
            sink.emit(nowhere);
            continue;
        };
        let pair = ends.read(from, to, sink);
        let mut median = None;
        for (column, quantity, divisor, largest) in VALUES {
            let Some(cell) = table.cell(row, column) else {
                continue;
            };
            let percent = (quantity == Quantity::Success)
                .then(|| Share::parse_percent(cell.text))
                .flatten();
            let value = match percent {
                Some(share) => u64::from(share.as_ppm()),
                None => match number::read(cell.text) {
                    Number::Millionths(value) if (value + divisor / 2) / divisor <= largest => {
                        (value + divisor / 2) / divisor
                    }
                    Number::Hole => {
                        values.holes += 1;
                        continue;
                    }
                    Number::Millionths(_) | Number::Wrong => {
                        sink.emit(wrong(cell, quantity));
                        continue;
                    }
                },
            };
            if quantity == Quantity::P99 && median.is_some_and(|median| value < median) {
                let order = Diagnostic::new(
                    Code::MeasuredValue,
                    "the 99th percentile is below the median",
                )
                .at(cell.span, "")
                .help("swap the two, or measure again");
                sink.emit(order);
                continue;
            }
            if quantity == Quantity::P50 {
                median = Some(value);
            }
            if let Some(pair) = pair {
                values.take(pair, quantity, value);
            }
        }
    }
}

fn wrong(cell: Cell<'_>, quantity: Quantity) -> Diagnostic {
    let (what, help) = super::meant(quantity);
    Diagnostic::new(
        Code::MeasuredValue,
        format!("`{}` is not {what}", cell.text),
    )
    .at(cell.span, "")
    .help(format!(
        "write {help}; leave it empty where nothing was measured"
    ))
}
