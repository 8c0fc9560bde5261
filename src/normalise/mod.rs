//! The one normaliser: what a server makes of a value before it stores it.

mod scalar;

pub use scalar::{base64, go_duration, instant, same_number, to_base64};
