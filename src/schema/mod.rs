//! What is known of the types of Kubernetes objects: built-in ones from an embedded table, custom
//! ones from OpenAPI v3 documents or CustomResourceDefinitions.
//!
//! Turns an `apiVersion` and a `kind` into a [`Root`] whose fields say how values compare (list
//! keys, quantities, zero values), what the API server fills in, and what it would refuse.

mod builtin;
mod check;
mod openapi;
mod plural;
mod rules;
mod types;

pub use check::{Violation, What, fits};
pub use types::{Condition, Field, Root, Schemas, Served, Struct, StructId, Test, Type, Zero};
