//! YAML text to located values, and to what Kubernetes would read.
//!
//! The home of the YAML crates. [`parse`] keeps every scalar as it was written, with its style and
//! span, so that the schema of the fleet's files decides its type; [`kubernetes`] resolves scalars
//! as `sigs.k8s.io/yaml` does.

mod bounds;
pub mod edit;
#[cfg(test)]
mod hostile;
pub mod kubernetes;
mod merge;
mod node;
mod parse;
mod strict;
mod syntax;
mod tree;

pub use node::{Node, Style, Value};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_NODES, parse};
pub use strict::read_strict;
