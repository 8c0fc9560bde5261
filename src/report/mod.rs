//! Diagnostics, plans, changes and findings to bytes: one file per format and subject.
//!
//! Decides nothing: what stands in a report was decided by a room. Every string that came from
//! outside is made inert before it reaches a terminal.

pub mod json;
mod provenance;
pub mod text;
mod told;

pub use provenance::Provenance;
pub use told::Told;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people.
    Text,
    /// For machines: versioned, with a JSON Schema.
    Json,
}

impl Format {
    /// All formats.
    pub const ALL: &'static [Self] = &[Self::Text, Self::Json];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}
