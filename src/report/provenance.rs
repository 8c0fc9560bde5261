//! A finding's origin to the place in the fleet's files where the expected value was written, and
//! to whoever wrote it there.

use std::collections::BTreeSet;

use crate::diag::{Sources, Span};
use crate::model::finding::DriftReport;
use crate::model::manifest::Origin;
use crate::model::origin::{Blame, Blamed, FieldRef, Origins};

/// What origins point into.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// The fields of the fleet.
    pub origins: &'a Origins,
    /// Its files.
    pub sources: &'a Sources,
    /// Who wrote their lines; empty where nobody knows.
    pub blame: &'a Blame,
}

/// A place in the fleet's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// Relative to the fleet's directory.
    pub file: &'a str,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// The field that was written there; overlays write none.
    pub field: Option<&'a FieldRef>,
    /// Who wrote the line.
    pub by: Option<&'a Blamed>,
}

impl<'a> Provenance<'a> {
    /// Where an expected value was written; `None` where a default, a decision or a template made
    /// it.
    pub(super) fn place(&self, origin: &'a Origin) -> Option<Place<'a>> {
        match origin {
            Origin::Field(field) => self.field(field),
            Origin::Derived { fields, .. } => fields.iter().find_map(|field| self.field(field)),
            Origin::Overlay(span) => Some(self.at(*span, None)),
            Origin::Plan(_) | Origin::Template { .. } => None,
        }
    }

    fn field(&self, field: &'a FieldRef) -> Option<Place<'a>> {
        let decided = self.origins.decided(&field.subject, &field.path)?;
        Some(self.at(decided.span, Some(field)))
    }

    fn at(&self, span: Span, field: Option<&'a FieldRef>) -> Place<'a> {
        let at = self.sources.line_col(span);
        let file = self.sources.get(span.source).path();
        Place {
            file,
            line: at.line,
            column: at.column,
            field,
            by: self.blame.of(file, at.line),
        }
    }

    /// The lines of the fleet's files that the findings of a report point to.
    pub fn lines(&self, report: &DriftReport) -> BTreeSet<(String, u32)> {
        report
            .findings()
            .filter_map(|finding| self.place(finding.origin.as_ref()?))
            .map(|place| (place.file.to_owned(), place.line))
            .collect()
    }
}
