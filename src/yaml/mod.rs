//! YAML text to located values, and back to what Kubernetes would read.
//!
//! The home of the YAML crates. `parse` keeps every scalar as it was written, with its style and
//! span, so that the schema of the fleet's files decides its type; `kubernetes` resolves scalars
//! as `sigs.k8s.io/yaml` does.

mod node;

pub use node::{Node, Style, Value};
