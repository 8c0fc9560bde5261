//! The only effects.

pub mod files;
pub mod git;
pub mod kube;
pub mod snapshot;
