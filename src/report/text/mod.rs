//! Reports for people, with colour where the door allows it.

mod diagnostics;
mod inert;
mod style;

pub use diagnostics::diagnostics;
pub use inert::{inert, shortened};
pub use style::Style;
