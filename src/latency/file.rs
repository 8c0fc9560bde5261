//! The fleet's own measurements: `network/rtt.csv`.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span, nearest};
use crate::model::name::RegionName;
use crate::model::rtt::{Measurement, RoundTrips, Rtt, RttSource};
use crate::model::world::Region;

/// Above this a value is a slip of the pen, not a round trip: one minute.
const LARGEST: Rtt = Rtt::micros(60_000_000);
const COLUMNS: [&str; 4] = ["from", "to", "p50_ms", "p99_ms"];

/// One cell: its text without blanks and quotes, and its place.
#[derive(Clone, Copy)]
struct Cell<'a> {
    text: &'a str,
    span: Span,
}

/// Reads `from,to,p50_ms[,p99_ms]`: a header in any order of columns, `#` comments, LF or CRLF,
/// cells optionally in double quotes. Every fault is emitted; good lines are taken.
pub(super) fn read(
    source: SourceId,
    sources: &Sources,
    regions: &BTreeMap<RegionName, Region>,
    matrix: &mut RoundTrips,
    sink: &mut Sink,
) {
    let text = sources.get(source).text();
    let mut lines = lines(source, text).into_iter();
    let Some(header) = lines.next() else {
        let nothing = Diagnostic::new(Code::RoundTripTable, "the file holds no measurements")
            .at(Span::new(source, 0, 0), "")
            .help("start it with the line `from,to,p50_ms,p99_ms`, or remove it");
        sink.emit(nothing);
        return;
    };
    let Some(columns) = columns(&header, sink) else {
        return;
    };
    let mut seen = BTreeMap::new();
    for line in lines {
        let place = line_span(&line);
        if line.len() > header.len() || line.len() < columns.needed {
            let count = Diagnostic::new(
                Code::RoundTripTable,
                format!("{} cells where the header has {}", line.len(), header.len()),
            )
            .at(place, "")
            .help("write one value per column; an unknown p99 stays empty");
            sink.emit(count);
            continue;
        }
        let cell = |index: usize| line.get(index).copied();
        let from = cell(columns.from).and_then(|c| region(c, regions, sink));
        let to = cell(columns.to).and_then(|c| region(c, regions, sink));
        let p50 = cell(columns.p50).and_then(|c| milliseconds(c, sink));
        let p99_cell = columns.p99.and_then(cell).filter(|c| !c.text.is_empty());
        let p99 = p99_cell.and_then(|c| milliseconds(c, sink));
        let (Some(from), Some(to), Some(p50)) = (from, to, p50) else {
            continue;
        };
        if let (Some(p99), Some(cell)) = (p99, p99_cell)
            && p99 < p50
        {
            let order = Diagnostic::new(
                Code::RoundTripValue,
                format!("the 99th percentile, {p99}, is below the median, {p50}"),
            )
            .at(cell.span, "")
            .help("swap the two, or measure again");
            sink.emit(order);
            continue;
        }
        if let Some(first) = seen.insert((from, to), place) {
            let twice = Diagnostic::new(
                Code::RoundTripDuplicate,
                format!("the round trip from `{from}` to `{to}` stands twice"),
            )
            .at(place, "")
            .see(first, "first here")
            .help("keep one of the two");
            sink.emit(twice);
            continue;
        }
        let measurement = Measurement {
            p50,
            p99,
            source: RttSource::Fleet,
        };
        matrix.insert(from.clone(), to.clone(), measurement);
    }
}

/// The lines that are neither empty nor comments, cut into cells.
fn lines(source: SourceId, text: &str) -> Vec<Vec<Cell<'_>>> {
    let mut result = Vec::new();
    let mut start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    for raw in text[start..].split_inclusive('\n') {
        let line = raw.trim_end_matches(['\n', '\r']);
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            let mut at = start;
            let mut cells = Vec::new();
            for piece in line.split(',') {
                cells.push(cell(source, piece, at));
                at += piece.len() + 1;
            }
            result.push(cells);
        }
        start += raw.len();
    }
    result
}

fn cell(source: SourceId, piece: &str, at: usize) -> Cell<'_> {
    let mut text = piece.trim();
    let mut start = at + (piece.len() - piece.trim_start().len());
    if let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        text = inner;
        start += 1;
    }
    Cell {
        text,
        span: Span::new(source, start, start + text.len()),
    }
}

fn line_span(line: &[Cell<'_>]) -> Span {
    let first = line[0].span;
    line.last().map_or(first, |last| first.to(last.span))
}

struct Columns {
    from: usize,
    to: usize,
    p50: usize,
    p99: Option<usize>,
    /// How many cells a line needs to have all required ones.
    needed: usize,
}

fn columns(header: &[Cell<'_>], sink: &mut Sink) -> Option<Columns> {
    let before = sink.errors();
    let mut index = BTreeMap::new();
    if header.iter().all(|cell| !COLUMNS.contains(&cell.text)) {
        let none = Diagnostic::new(Code::RoundTripTable, "the first line is not the header")
            .at(line_span(header), "")
            .help("start the file with the line `from,to,p50_ms,p99_ms`");
        sink.emit(none);
        return None;
    }
    let mut misspelt = Vec::new();
    for (i, cell) in header.iter().enumerate() {
        if !COLUMNS.contains(&cell.text) {
            let absent = COLUMNS
                .iter()
                .copied()
                .filter(|n| header.iter().all(|c| c.text != *n));
            let near = nearest(cell.text, absent);
            let unknown = Diagnostic::new(
                Code::RoundTripTable,
                format!("unknown column `{}`", cell.text),
            )
            .at(cell.span, "");
            sink.emit(match near {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help(format!("the columns are `{}`", COLUMNS.join("`, `"))),
            });
            misspelt.extend(near);
        } else if index.insert(cell.text, i).is_some() {
            let twice = Diagnostic::new(
                Code::RoundTripTable,
                format!("column `{}` stands twice", cell.text),
            )
            .at(cell.span, "")
            .help("keep one of the two");
            sink.emit(twice);
        }
    }
    for name in &COLUMNS[..3] {
        // A misspelt column was told; that it is missing too would be the same mistake.
        if !index.contains_key(name) && !misspelt.contains(name) {
            let missing =
                Diagnostic::new(Code::RoundTripTable, format!("column `{name}` is missing"))
                    .at(line_span(header), "the header")
                    .help("start the file with the line `from,to,p50_ms,p99_ms`");
            sink.emit(missing);
        }
    }
    sink.since(before).ok()?;
    let (from, to, p50) = (
        *index.get("from")?,
        *index.get("to")?,
        *index.get("p50_ms")?,
    );
    Some(Columns {
        from,
        to,
        p50,
        p99: index.get("p99_ms").copied(),
        needed: from.max(to).max(p50) + 1,
    })
}

fn region<'r>(
    cell: Cell<'_>,
    regions: &'r BTreeMap<RegionName, Region>,
    sink: &mut Sink,
) -> Option<&'r RegionName> {
    if let Some((name, _)) = regions.get_key_value(cell.text) {
        return Some(name);
    }
    let help = match nearest(cell.text, regions.keys().map(|name| name.as_str())) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "add the region to `regions/`, or drop the line".to_owned(),
    };
    let unknown = Diagnostic::new(
        Code::RoundTripRegion,
        format!("`{}` is no region of this fleet", cell.text),
    )
    .at(cell.span, "")
    .help(help);
    sink.emit(unknown);
    None
}

fn milliseconds(cell: Cell<'_>, sink: &mut Sink) -> Option<Rtt> {
    match Rtt::parse_ms(cell.text) {
        Some(rtt) if rtt <= LARGEST => return Some(rtt),
        _ => {}
    }
    let wrong = Diagnostic::new(
        Code::RoundTripValue,
        format!("`{}` is not a round trip in milliseconds", cell.text),
    )
    .at(cell.span, "")
    .help("write a decimal number from 0 to 60000 such as `86.4`; drop the line where nothing was measured");
    sink.emit(wrong);
    None
}
