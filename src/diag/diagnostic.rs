//! One fault of the user's: what, where, and what to do about it.

use super::{Code, Severity, Span};

/// A place in a source text and what it has to do with the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words beside the underline; may be empty.
    pub text: String,
    /// Whether this is the place to change, rather than context.
    pub primary: bool,
}

/// One fault, located, with its remedy.
///
/// Messages are lower case, without a full stop, names in backticks; the remedy stands in `help`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a diagnostic reaches nobody unless it is given to a sink"]
pub struct Diagnostic {
    /// What kind of fault.
    pub code: Code,
    /// One sentence that names the fault.
    pub message: String,
    /// Where; the first primary label is the one that is named `file:line:col`.
    pub labels: Vec<Label>,
    /// What to do about it; each entry is one remedy.
    pub help: Vec<String>,
    /// Facts that explain the fault.
    pub notes: Vec<String>,
    /// Overrides the code's own severity, for rules whose strictness the fleet sets.
    pub severity: Option<Severity>,
}

impl Diagnostic {
    /// Starts a diagnostic without a place; add one with [`Diagnostic::at`] where there is one.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            severity: None,
        }
    }

    /// Adds the place to change.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
            primary: true,
        });
        self
    }

    /// Adds a place that explains the fault.
    pub fn see(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
            primary: false,
        });
        self
    }

    /// Adds a remedy.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a fact.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Sets the severity where the fleet, not the code, decides it.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// The severity that counts.
    pub fn effective_severity(&self) -> Severity {
        self.severity.unwrap_or_else(|| self.code.severity())
    }

    /// The place that is named first: the first primary label, else the first label.
    pub fn place(&self) -> Option<Span> {
        self.labels
            .iter()
            .find(|l| l.primary)
            .or(self.labels.first())
            .map(|l| l.span)
    }
}
