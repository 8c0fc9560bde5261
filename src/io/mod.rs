//! The only effects.
