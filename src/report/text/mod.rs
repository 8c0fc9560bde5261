//! Reports for people, with colour where the door allows it.

mod diagnostics;
mod drift;
mod inert;
mod plan;
mod style;

pub use diagnostics::diagnostics;
pub use drift::{View, drift, origin};
pub use inert::{inert, shortened};
pub use plan::{count, headline, milliseconds, one_service, one_store, plan};
pub use style::Style;
