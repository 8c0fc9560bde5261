//! How large a fleet file may grow, aliases expanded.

use super::parse::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
use crate::diag::Span;

/// A bound that was reached, where, and what to do about it.
pub(super) struct Full {
    pub(super) message: String,
    pub(super) span: Span,
    pub(super) help: &'static str,
}

impl Full {
    /// Nested deeper than [`MAX_DEPTH`].
    pub(super) fn depth(span: Span) -> Self {
        Self {
            message: format!("lists and mappings nest deeper than {MAX_DEPTH}"),
            span,
            help: "no file of a fleet needs that; look for a bracket that is never closed",
        }
    }
}

/// How much a finished value weighs; also the sum over a file.
#[derive(Clone, Copy, Default)]
pub(super) struct Weight {
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    pub(super) height: usize,
}

impl Weight {
    /// Adds to the sum over a file, unless that is then too large.
    pub(super) fn add(&mut self, weight: Self, place: Span) -> Result<(), Full> {
        self.nodes += weight.nodes;
        self.bytes += weight.bytes;
        if self.nodes <= MAX_NODES && self.bytes <= 2 * MAX_BYTES {
            return Ok(());
        }
        Err(Full {
            message: format!(
                "the file holds more than {MAX_NODES} values or {} bytes, aliases expanded",
                2 * MAX_BYTES
            ),
            span: place,
            help: "split the file, or repeat less by aliases",
        })
    }
}
