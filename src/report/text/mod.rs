//! Reports for people, with colour where the door allows it.

mod change;
mod codes;
mod diagnostics;
mod drift;
mod edit;
mod engines;
mod explain;
mod inert;
mod measured;
mod moves;
mod object;
mod plan;
mod predicted;
mod rests;
mod simulation;
mod story;
mod style;
mod trial;

pub use change::{decided, line, pending, unchecked};
pub use codes::codes;
pub use diagnostics::diagnostics;
pub use drift::{View, drift, origin, short};
pub use edit::edit;
pub use engines::{engine, engines};
pub use explain::{field, written};
pub use inert::{inert, shortened};
pub use measured::measured;
pub use object::annotated;
pub use plan::{count, headline, milliseconds, plan};
pub use simulation::simulation;
pub use story::{store_story, story};
pub use style::Style;
pub use trial::trial;
