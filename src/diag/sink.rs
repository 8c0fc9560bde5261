//! Gathers diagnostics, so that a stage reports all its faults before it stops.

use super::{Diagnostic, Severity};

/// Proof that at least one error was emitted: only [`Sink`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected(());

/// Collects the diagnostics of a run.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
    errors: usize,
}

impl Sink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Emits a diagnostic of any severity.
    pub fn emit(&mut self, diagnostic: Diagnostic) {
        if diagnostic.effective_severity() == Severity::Error {
            self.errors += 1;
        }
        self.diagnostics.push(diagnostic);
    }

    /// Emits an error and returns the proof of it.
    pub fn reject(&mut self, diagnostic: Diagnostic) -> Rejected {
        self.emit(diagnostic.severity(Severity::Error));
        Rejected(())
    }

    /// How many errors were emitted so far.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Ends a stage: an error when any was emitted since `before` (a value of [`Sink::errors`]).
    pub fn since(&self, before: usize) -> Result<(), Rejected> {
        if self.errors > before {
            Err(Rejected(()))
        } else {
            Ok(())
        }
    }

    /// What was emitted, sorted by place (source, then offset), code and message, without repeats.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.diagnostics;
        all.sort_by(|a, b| {
            (a.place(), a.code.name(), &a.message).cmp(&(b.place(), b.code.name(), &b.message))
        });
        all.dedup();
        all
    }

    /// What was emitted so far, in order of emission.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
