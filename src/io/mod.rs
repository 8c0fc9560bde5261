//! The only effects.

pub mod files;
pub mod kube;
pub mod snapshot;
