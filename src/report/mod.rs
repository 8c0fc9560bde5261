//! Diagnostics, plans, changes and findings to bytes: one file per format and subject.
//!
//! Decides nothing: what stands in a report was decided by a room. Every string that came from
//! outside is made inert before it reaches a terminal.

pub mod json;
pub mod prometheus;
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

/// How a drift report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftFormat {
    /// For people.
    Text,
    /// For machines: versioned, with a JSON Schema.
    Json,
    /// Gauges for Prometheus.
    Prometheus,
}

impl DriftFormat {
    /// All formats.
    pub const ALL: &'static [Self] = &[Self::Text, Self::Json, Self::Prometheus];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Prometheus => "prometheus",
        }
    }

    /// How what is wrong with the input is told beside it.
    pub fn of_faults(self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Text | Self::Prometheus => Format::Text,
        }
    }
}
