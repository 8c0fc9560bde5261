//! Ground floor: where text came from, and what is wrong with it.
//!
//! Turns positions in source files into [`Span`]s, and faults that a person made into
//! [`Diagnostic`]s gathered by a [`Sink`]. Knows nothing of regions, services or Kubernetes, and
//! draws nothing: `report` does.

mod code;
mod diagnostic;
mod located;
mod near;
mod sink;
mod source;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Label};
pub use located::SPANNED;
pub use near::nearest;
pub use sink::{Rejected, Sink};
pub use source::{LineCol, Source, SourceId, Sources, Span, Spanned};
