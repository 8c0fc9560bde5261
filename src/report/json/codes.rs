//! The diagnostic codes as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Code;

/// Every code that a diagnostic can carry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CodesForm {
    /// Version of this form.
    version: u32,
    codes: Vec<CodeForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CodeForm {
    /// The code.
    code: &'static str,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// What it means and what to do.
    documentation: String,
}

/// Writes codes as JSON.
pub fn codes(codes: &[Code]) -> String {
    super::write(&CodesForm {
        version: 1,
        codes: codes
            .iter()
            .map(|code| CodeForm {
                code: code.name(),
                severity: code.severity().name(),
                documentation: code
                    .documentation()
                    .lines()
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(" "),
            })
            .collect(),
    })
}
