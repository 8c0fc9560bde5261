//! The one normaliser: what a server makes of a value before it stores it.
//!
//! Turns an object and its schema into a [`Node`] tree whose leaves compare by meaning (quantities,
//! instants, bytes), whose lists know their keys, and in which the server's defaults stand, marked.

mod build;
mod defaults;
mod keys;
mod scalar;
mod tree;

pub use build::{LAST_APPLIED, Object, Side, object};
pub use scalar::{base64, go_duration, instant, same_number, to_base64};
pub use tree::{Element, Key, KeyPart, Kind, Member, Node};
