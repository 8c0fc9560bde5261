//! Diagnostics as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::{Diagnostic, Sources, Span};

/// Everything that is wrong with a fleet's files.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiagnosticsForm {
    /// Version of this form.
    version: u32,
    /// The faults, by place.
    diagnostics: Vec<DiagnosticForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DiagnosticForm {
    /// The kind of fault, as `regen codes` lists it.
    code: &'static str,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// One sentence.
    message: String,
    /// The place to change, where there is one.
    place: Option<PlaceForm>,
    /// Other places that explain the fault.
    related: Vec<PlaceForm>,
    /// Remedies.
    help: Vec<String>,
    /// Facts that explain the fault.
    notes: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PlaceForm {
    /// Path relative to the fleet's directory.
    file: String,
    /// Line, from 1.
    line: u32,
    /// Column in characters, from 1.
    column: u32,
    /// A few words on the place; may be empty.
    label: String,
}

/// Writes diagnostics as JSON.
pub fn diagnostics(all: &[Diagnostic], sources: &Sources) -> String {
    super::write(&DiagnosticsForm {
        version: 1,
        diagnostics: all.iter().map(|d| form(d, sources)).collect(),
    })
}

pub(super) fn form(diagnostic: &Diagnostic, sources: &Sources) -> DiagnosticForm {
    let place = |span: Span, label: &str| place(span, label, sources);
    let first = diagnostic
        .labels
        .iter()
        .position(|l| l.primary)
        .or_else(|| (!diagnostic.labels.is_empty()).then_some(0));
    DiagnosticForm {
        code: diagnostic.code.name(),
        severity: diagnostic.effective_severity().name(),
        message: diagnostic.message.clone(),
        place: first.map(|i| place(diagnostic.labels[i].span, &diagnostic.labels[i].text)),
        related: diagnostic
            .labels
            .iter()
            .enumerate()
            .filter(|(i, _)| Some(*i) != first)
            .map(|(_, l)| place(l.span, &l.text))
            .collect(),
        help: diagnostic.help.clone(),
        notes: diagnostic.notes.clone(),
    }
}

pub(super) fn place(span: Span, label: &str, sources: &Sources) -> PlaceForm {
    let at = sources.line_col(span);
    PlaceForm {
        file: sources.get(span.source).path().to_owned(),
        line: at.line,
        column: at.column,
        label: label.to_owned(),
    }
}
