//! The table of store engines for people.

use std::fmt::Write as _;

use crate::engine::EngineFacts;

use super::Style;

/// Every engine: what it is, what it gives and costs, and where that is written.
pub fn engines(all: &[EngineFacts], style: Style) -> String {
    let mut out = String::new();
    for facts in all {
        let _ = writeln!(
            out,
            "{}: {}",
            style.strong(facts.engine.name()),
            facts.about
        );
        for (word, text) in [
            ("needs", facts.capability),
            ("lag", facts.lag),
            ("survives", facts.survives),
        ] {
            let _ = writeln!(out, "  {word:<9} {text}");
        }
        for class in facts.classes {
            let _ = writeln!(out, "  {:<18} {}", class.consistency.name(), class.setting);
        }
        for source in facts.sources {
            let _ = writeln!(out, "  {}", style.faint(source));
        }
    }
    out
}
