//! A CSV text to rows of located cells under a header that is known.
//!
//! The columns in any order, `#` comments, a byte order mark, LF or CRLF, blanks around cells,
//! cells optionally in double quotes.

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span, nearest};

/// The columns that a file may have.
pub(super) struct Layout {
    /// Their names.
    pub columns: &'static [&'static str],
    /// How many of them, from the first, a file must have.
    pub required: usize,
    /// The header to offer.
    pub example: &'static str,
}

/// One cell: its text without blanks and quotes, and its place.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    pub text: &'a str,
    pub span: Span,
}

/// One line of a file.
pub(super) struct Row<'a> {
    cells: Vec<Cell<'a>>,
}

impl Row<'_> {
    /// The whole line.
    pub(super) fn span(&self) -> Span {
        let first = self.cells[0].span;
        self.cells.last().map_or(first, |last| first.to(last.span))
    }
}

/// The rows below the header.
pub(super) struct Table<'a> {
    /// Where each column of the layout stands.
    places: Vec<Option<usize>>,
    pub rows: Vec<Row<'a>>,
}

impl<'a> Table<'a> {
    /// Reads a file; `None` when its header is wrong. Rows of a wrong length are told and left out.
    pub(super) fn read(
        source: SourceId,
        sources: &'a Sources,
        layout: &Layout,
        sink: &mut Sink,
    ) -> Option<Self> {
        let mut rows = rows(source, sources.get(source).text()).into_iter();
        let Some(header) = rows.next() else {
            let nothing = Diagnostic::new(Code::RoundTripTable, "the file holds no measurements")
                .at(Span::new(source, 0, 0), "")
                .help(format!(
                    "start it with the line `{}`, or remove it",
                    layout.example
                ));
            sink.emit(nothing);
            return None;
        };
        let places = places(&header, layout, sink)?;
        let needed = places[..layout.required].iter().flatten().max()? + 1;
        let width = header.cells.len();
        let mut table = Self {
            places,
            rows: Vec::new(),
        };
        for row in rows {
            if (needed..=width).contains(&row.cells.len()) {
                table.rows.push(row);
                continue;
            }
            let count = Diagnostic::new(
                Code::RoundTripTable,
                format!("{} cells where the header has {width}", row.cells.len()),
            )
            .at(row.span(), "")
            .help("write one value per column; what is not known stays empty");
            sink.emit(count);
        }
        Some(table)
    }

    /// A row's cell in a column of the layout, by number; `None` where it is absent or empty.
    pub(super) fn cell<'r>(&self, row: &Row<'r>, column: usize) -> Option<Cell<'r>> {
        let cell = row.cells.get(self.places[column]?).copied();
        cell.filter(|c| !c.text.is_empty())
    }
}

/// The lines that are neither empty nor comments, cut into cells.
fn rows(source: SourceId, text: &str) -> Vec<Row<'_>> {
    let mut result = Vec::new();
    let mut start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    for raw in text[start..].split_inclusive('\n') {
        let line = raw.trim_end_matches(['\n', '\r']);
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            let mut at = start;
            let mut cells = Vec::with_capacity(4);
            for piece in line.split(',') {
                cells.push(cell(source, piece, at));
                at += piece.len() + 1;
            }
            result.push(Row { cells });
        }
        start += raw.len();
    }
    result
}

fn cell(source: SourceId, piece: &str, at: usize) -> Cell<'_> {
    let blanks = |text: &str| text.len() - text.trim_start().len();
    let mut start = at + blanks(piece);
    let mut text = piece.trim();
    if let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        start += 1 + blanks(inner);
        text = inner.trim();
    }
    Cell {
        text,
        span: Span::new(source, start, start + text.len()),
    }
}

/// Where each column of the layout stands in a header.
fn places(header: &Row<'_>, layout: &Layout, sink: &mut Sink) -> Option<Vec<Option<usize>>> {
    let before = sink.errors();
    let columns = layout.columns;
    let known = |text: &str| columns.iter().position(|c| *c == text);
    let start = format!("start the file with the line `{}`", layout.example);
    if header.cells.iter().all(|cell| known(cell.text).is_none()) {
        let one = matches!(header.cells.as_slice(), [cell] if cell.text.contains([';', '\t']));
        let none = Diagnostic::new(Code::RoundTripTable, "the first line is not the header")
            .at(header.span(), "");
        sink.emit(none.help(if one {
            format!("{start}, and separate the cells by commas")
        } else {
            start
        }));
        return None;
    }
    let mut places = vec![None; columns.len()];
    let mut misspelt = Vec::new();
    for (i, cell) in header.cells.iter().enumerate() {
        let Some(column) = known(cell.text) else {
            let absent = columns
                .iter()
                .copied()
                .filter(|n| header.cells.iter().all(|c| c.text != *n));
            let near = nearest(cell.text, absent);
            let unknown = Diagnostic::new(
                Code::RoundTripTable,
                format!("unknown column `{}`", cell.text),
            )
            .at(cell.span, "");
            sink.emit(match near {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help(format!("the columns are `{}`", columns.join("`, `"))),
            });
            misspelt.extend(near);
            continue;
        };
        if places[column].replace(i).is_some() {
            let twice = Diagnostic::new(
                Code::RoundTripTable,
                format!("column `{}` stands twice", cell.text),
            )
            .at(cell.span, "")
            .help("keep one of the two");
            sink.emit(twice);
        }
    }
    for (column, name) in columns.iter().enumerate().take(layout.required) {
        // A misspelt column was told; that it is missing too would be the same mistake.
        if places[column].is_none() && !misspelt.contains(name) {
            let missing =
                Diagnostic::new(Code::RoundTripTable, format!("column `{name}` is missing"))
                    .at(header.span(), "the header")
                    .help(start.as_str());
            sink.emit(missing);
        }
    }
    sink.since(before).ok()?;
    Some(places)
}
