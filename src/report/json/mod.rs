//! Reports for machines. Each form is its own frozen struct with a `version` and a JSON Schema,
//! so that the inside may move while the outside stands still.

mod bounded;
mod change;
mod codes;
mod diagnostics;
mod drift;
mod engines;
mod explain;
mod measured;
mod milliseconds;
mod moves;
mod plan;
mod predicted;
mod rests;
mod simulation;
mod stores;
mod trial;

pub use change::{ChangeForm, change};
pub use codes::{CodesForm, codes};
pub use diagnostics::{DiagnosticsForm, diagnostics};
pub use drift::{DriftForm, drift};
pub use engines::{EnginesForm, engines};
pub use explain::{ExplainForm, annotated, field, story, unwritten};
pub use measured::{MeasuredForm, measured};
pub use plan::{PlanForm, plan, tried_plan};
pub use simulation::{SimulationForm, simulation};

/// Writes a form as indented JSON with a final newline.
fn write(form: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(form)
        .unwrap_or_else(|error| unreachable!("forms hold no maps with odd keys: {error}"));
    text.push('\n');
    text
}

/// The JSON Schema of a form, indented.
pub fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
