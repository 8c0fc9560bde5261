//! The only effects.

pub mod kube;
pub mod snapshot;
