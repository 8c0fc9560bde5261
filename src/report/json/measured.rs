//! What measurements put at risk, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Sources;
use crate::model::measured::{AtRisk, Since};

use super::diagnostics::{DiagnosticForm, form};
use super::milliseconds::Milliseconds;
use super::moves::{MoveForm, movement};

/// A plan held against what monitoring measured.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasuredForm {
    /// Version of this form.
    version: u32,
    /// The file of the measurements.
    file: String,
    /// Directed pairs of regions of which something was measured.
    pairs: usize,
    /// Values that stand for nothing measured, such as `NaN`.
    holes: usize,
    /// What of the file is left out, and why.
    notes: Vec<DiagnosticForm>,
    /// Values of decisions that the measurements change.
    values: Vec<ValueForm>,
    /// Promises at risk, by place.
    at_risk: Vec<RiskForm>,
    /// Decisions that would lower what they are measured by, the largest gain first.
    moves: Vec<MoveForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ValueForm {
    /// `reads of web`, `writes of web/db`.
    of: String,
    /// Audience-weighted, as planned.
    planned_ms: Option<Milliseconds>,
    /// The same decision under what is measured.
    measured_ms: Option<Milliseconds>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RiskForm {
    #[serde(flatten)]
    diagnostic: DiagnosticForm,
    /// `planned`: at risk without the measurements too; `measured`: by them; `jitter`: only with
    /// the measured jitter on top.
    since: &'static str,
}

/// Writes what is at risk as JSON.
pub fn measured(found: &AtRisk, sources: &Sources) -> String {
    let risks = found.risks.iter();
    super::write(&MeasuredForm {
        version: 1,
        file: found.file.clone(),
        pairs: found.pairs,
        holes: found.holes,
        notes: found.notes.iter().map(|d| form(d, sources)).collect(),
        values: found
            .values
            .iter()
            .map(|value| ValueForm {
                of: value.of.clone(),
                planned_ms: value.own_ns.map(Milliseconds),
                measured_ms: value.kept_ns.map(Milliseconds),
            })
            .collect(),
        at_risk: risks
            .map(|risk| RiskForm {
                diagnostic: form(&risk.diagnostic, sources),
                since: match risk.since {
                    Since::Planned => "planned",
                    Since::Measured => "measured",
                    Since::Jitter => "jitter",
                },
            })
            .collect(),
        moves: found.moves.iter().map(movement).collect(),
    })
}
