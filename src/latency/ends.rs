//! The ends of a measured row: a region of the fleet, or a zone of one (`region/zone`).
//!
//! A name that is no region is a slip of the pen where a near region lacks just those rows, and
//! stops the run; else it is another place that somebody measured too, and its rows are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::atlas;
use crate::diag::{Code, Diagnostic, Sink, Span, nearest};
use crate::model::name::{RegionName, ZoneName};
use crate::model::world::Region;

use super::table::Cell;

/// One end of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End<'r> {
    pub region: &'r RegionName,
    pub zone: Option<&'r ZoneName>,
}

impl std::fmt::Display for End<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.zone {
            None => f.pad(self.region.as_str()),
            Some(zone) => f.pad(&format!("{}/{zone}", self.region)),
        }
    }
}

/// Reads the ends of rows, and remembers the names that are no region.
pub(super) struct Ends<'r, 'a> {
    regions: &'r BTreeMap<RegionName, Region>,
    /// By unknown name: its first place, and what stands at the other end of each of its rows.
    strangers: BTreeMap<&'a str, Stranger<'a>>,
    /// Rows that were left out.
    /// Pairs of names that the rows give.
    given: BTreeSet<(&'a str, &'a str)>,
}

struct Stranger<'a> {
    first: Span,
    rows: Vec<(&'a str, &'a str)>,
}

impl<'r, 'a> Ends<'r, 'a> {
    pub(super) fn new(regions: &'r BTreeMap<RegionName, Region>) -> Self {
        Self {
            regions,
            strangers: BTreeMap::new(),
            given: BTreeSet::new(),
        }
    }

    /// Both ends of a row; `None` when one is unknown, or an error was emitted.
    pub(super) fn read(
        &mut self,
        from: Cell<'a>,
        to: Cell<'a>,
        sink: &mut Sink,
    ) -> Option<(End<'r>, End<'r>)> {
        let names = [from, to].map(|cell| parts(cell).0.text);
        let [a, b] = names;
        if names.iter().all(|n| self.regions.contains_key(*n)) {
            self.given.insert((a, b));
        } else {
            for cell in [from, to] {
                let name = parts(cell).0;
                if !self.regions.contains_key(name.text) {
                    let stranger = self.strangers.entry(name.text).or_insert(Stranger {
                        first: name.span,
                        rows: Vec::new(),
                    });
                    stranger.rows.push((a, b));
                }
            }
            return None;
        }
        let (start, end) = (self.end(from, sink), self.end(to, sink));
        let (start, end) = (start?, end?);
        if start.zone.is_some() == end.zone.is_some() {
            return Some((start, end));
        }
        let mixed = Diagnostic::new(
            Code::RoundTripRegion,
            "one end is a zone and the other a whole region",
        )
        .at(from.span.to(to.span), "")
        .help("write both ends as `region/zone`, or both as regions");
        sink.emit(mixed);
        None
    }

    fn end(&self, cell: Cell<'_>, sink: &mut Sink) -> Option<End<'r>> {
        let (name, zone) = parts(cell);
        let (region, facts) = self.regions.get_key_value(name.text)?;
        let Some(zone) = zone else {
            return Some(End { region, zone: None });
        };
        let found = facts.zones.iter().find(|z| is_zone(region, z, zone.text));
        if let Some(found) = found {
            return Some(End {
                region,
                zone: Some(found),
            });
        }
        let zones: Vec<&str> = facts.zones.iter().map(ZoneName::as_str).collect();
        let unknown = Diagnostic::new(
            Code::RoundTripRegion,
            format!("`{}` is no zone of `{region}`", zone.text),
        )
        .at(zone.span, "");
        sink.emit(if zones.is_empty() {
            unknown.help(format!(
                "list the zones of `{region}` in its file: `zones: [a, b, c]`"
            ))
        } else {
            unknown.help(format!(
                "the zones of `{region}` are `{}`",
                zones.join("`, `")
            ))
        });
        None
    }

    /// Tells of the names that are no region.
    pub(super) fn finish(self, sink: &mut Sink) {
        let mut others = Vec::new();
        // A row with a stranger at either end is one row.
        let mut left_out: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (name, stranger) in &self.strangers {
            let known = self.regions.keys().map(RegionName::as_str);
            let near = nearest(name, known).filter(|near| {
                let meant = |n| if n == *name { *near } else { n };
                let meant = |&(a, b): &(_, _)| (meant(a), meant(b));
                let given = |row| self.given.contains(&meant(row));
                atlas::find(name).is_none() && !stranger.rows.iter().any(given)
            });
            let Some(near) = near else {
                others.push((stranger.first, *name));
                left_out.extend(&stranger.rows);
                continue;
            };
            let rows = match stranger.rows.len() {
                1 => String::new(),
                n => format!(", in {n} rows"),
            };
            let slip = Diagnostic::new(
                Code::RoundTripRegion,
                format!("`{name}` is no region of this fleet{rows}"),
            )
            .at(stranger.first, "")
            .help(format!("did you mean `{near}`?"));
            sink.emit(slip);
        }
        others.sort_unstable();
        let Some((first, _)) = others.first() else {
            return;
        };
        let mut names: Vec<_> = others
            .iter()
            .take(3)
            .map(|o| format!("`{}`", o.1))
            .collect();
        if others.len() > names.len() {
            names.push(format!("{} more", others.len() - names.len()));
        }
        let rows = match left_out.len() {
            1 => "1 row is".to_owned(),
            n => format!("{n} rows are"),
        };
        let unused = Diagnostic::new(
            Code::RoundTripUnused,
            format!(
                "{rows} left out, of places that are no regions of this fleet: {}",
                names.join(", ")
            ),
        )
        .at(*first, "the first of them")
        .help(
            "nothing, if more is measured than the fleet uses; else add the region to `regions/`",
        );
        sink.emit(unused);
    }
}

/// `region/zone` cut in two.
fn parts(cell: Cell<'_>) -> (Cell<'_>, Option<Cell<'_>>) {
    let Some((region, zone)) = cell.text.split_once('/') else {
        return (cell, None);
    };
    let start = cell.span.start as usize;
    let at = |text, start: usize| Cell {
        text,
        span: Span::new(cell.span.source, start, start + text.len()),
    };
    (at(region, start), Some(at(zone, start + region.len() + 1)))
}

/// Whether a text names a zone: as the region lists it, or without the region's name in front
/// (`a` for `eu-west-1a`, `b` for `europe-west1-b`).
fn is_zone(region: &RegionName, zone: &ZoneName, text: &str) -> bool {
    let rest = zone.as_str().strip_prefix(region.as_str());
    let rest = rest.map(|r| r.strip_prefix('-').unwrap_or(r));
    zone.as_str() == text || rest.is_some_and(|r| !r.is_empty() && r == text)
}
