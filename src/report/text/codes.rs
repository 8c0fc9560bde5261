//! The diagnostic codes for people.

use std::fmt::Write as _;

use crate::diag::Code;

use super::Style;

/// Each code with its severity, what it means and what to do.
pub fn codes(codes: &[Code], style: Style) -> String {
    let mut out = String::new();
    for code in codes {
        let _ = writeln!(
            out,
            "{} ({})",
            style.strong(code.name()),
            code.severity().name()
        );
        for line in code.documentation().lines() {
            let _ = writeln!(out, "    {}", line.trim());
        }
    }
    out
}
