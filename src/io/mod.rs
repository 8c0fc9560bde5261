//! The only effects.
#![expect(
    clippy::disallowed_methods,
    reason = "pipes are where effects belong; each names what it attempted"
)]

pub mod facts;
pub mod files;
pub mod git;
mod item;
pub mod kube;
pub mod random;
pub mod snapshot;
