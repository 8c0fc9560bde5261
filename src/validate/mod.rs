//! Raw values to the valid world.
//!
//! ```text
//! raw -> defaults filled in, places looked up in the atlas -> every rule -> World
//! ```
//!
//! The rules stand in one list, [`RULES`]; each is one function and emits codes of its own.

mod areas;
mod build;
mod rules;

pub use rules::{RULES, Rule};

use crate::diag::{Code, Rejected, Sink, Sources};
use crate::model::raw::Raw;
use crate::model::world::World;

/// What a rule may look at: the files word for word, and the world that they would make.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was written.
    pub raw: &'a Raw,
    /// What it would mean; references may still lead nowhere.
    pub world: &'a World,
    /// The texts.
    pub sources: &'a Sources,
}

/// The last code of `load` and `validate` in [`Code::ALL`].
pub const LAST_CODE: Code = Code::InvalidOverlay;

/// Fills in defaults and applies every rule; all faults are gathered before it stops.
pub fn validate(raw: Raw, sources: &Sources, sink: &mut Sink) -> Result<World, Rejected> {
    let before = sink.errors();
    let world = build::world(&raw, sink);
    let facts = Facts {
        raw: &raw,
        world: &world,
        sources,
    };
    for rule in RULES {
        (rule.check)(&facts, sink);
    }
    sink.since(before)?;
    Ok(world)
}
