//! What measurements put at risk, for people.

use std::fmt::Write as _;

use crate::diag::Sources;
use crate::model::measured::{AtRisk, Risk, Since};

use super::diagnostics::diagnostics;
use super::moves::movement;
use super::plan::count;
use super::{Style, inert};

/// The promises at risk where they are made, and what would be better.
pub fn measured(found: &AtRisk, sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    let holes = match found.holes {
        0 => String::new(),
        n => format!(", {} of nothing measured", count(n, "value")),
    };
    let title = format!(
        "measured in {}: {} of {} pairs of regions{holes}",
        inert(&found.file),
        found.pairs,
        found.of
    );
    let _ = writeln!(out, "{}", style.strong(&title));
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
