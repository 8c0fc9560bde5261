//! What measurements put at risk, for people.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::diag::Sources;
use crate::model::measured::{AtRisk, Risk, Since};
use crate::model::trial::TriedValue;

use super::diagnostics::diagnostics;
use super::moves::movement;
use super::plan::{count, milliseconds};
use super::{Style, inert};

/// So many values are listed; the others are counted.
const LISTED: usize = 10;

/// The promises at risk where they are made, and what would be better.
pub fn measured(found: &AtRisk, sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    let title = format!(
        "measured in {}: {} of {} pairs of regions",
        inert(&found.file),
        found.pairs,
        found.of
    );
    let _ = writeln!(out, "{}", style.strong(&title));
    out.push_str(&diagnostics(&found.notes, sources, style));
    let ms = |ns: Option<u64>| ns.map_or("unknown".to_owned(), milliseconds);
    let mut values: Vec<_> = found.values.iter().collect();
    let size = |v: &TriedValue| v.own_ns.zip(v.kept_ns).map(|(a, b)| a.abs_diff(b));
    values.sort_by_key(|v| Reverse(size(v)));
    for value in values.iter().take(LISTED) {
        let (planned, measured) = (ms(value.own_ns), ms(value.kept_ns));
        let of = inert(&value.of);
        let _ = writeln!(
            out,
            "  {of}: {planned} on average as planned, {measured} as measured"
        );
    }
    if values.len() > LISTED {
        let more = count(values.len() - LISTED, "more value");
        let _ = writeln!(out, "  and {more}; `--format json` lists all");
    }
    if found.risks.is_empty() {
        let _ = writeln!(out, "  {}", style.green("nothing is at risk"));
    }
    for (since, title) in [
        (
            Since::Measured,
            "at risk: holds as planned, and not as measured",
        ),
        (
            Since::Jitter,
            "at risk: holds as measured, and not with the measured jitter on top",
        ),
        (
            Since::Planned,
            "at risk: holds neither as planned nor as measured",
        ),
    ] {
        let of = found.risks.iter().filter(|r| r.since == since);
        let of: Vec<_> = of.map(|r: &Risk| r.diagnostic.clone()).collect();
        if !of.is_empty() {
            let _ = writeln!(out, "\n{}", style.yellow(title));
            out.push_str(&diagnostics(&of, sources, style));
        }
    }
    if !found.moves.is_empty() {
        let title = "better under what is measured (once it stands in network/rtt.csv, --rebalance accepts it)";
        let _ = writeln!(out, "\n{}", style.yellow(title));
        for one in &found.moves {
            movement(&mut out, one, style);
        }
    }
    out
}
