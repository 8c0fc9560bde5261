//! Reports for people, with colour where the door allows it.

mod change;
mod diagnostics;
mod drift;
mod engines;
mod inert;
mod object;
mod plan;
mod style;

pub use change::{decided, line, pending};
pub use diagnostics::diagnostics;
pub use drift::{View, drift, origin};
pub use engines::engines;
pub use inert::{inert, shortened};
pub use object::annotated;
pub use plan::{count, headline, milliseconds, one_service, one_store, plan};
pub use style::Style;
