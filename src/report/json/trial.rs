//! What round trips that are tried would change, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::moves::Effect;
use crate::model::rtt::{Measurement, RttSource};
use crate::model::trial::{PairChange, Trial, TriedMove, TriedValue};

use super::milliseconds::Milliseconds;
use super::moves::{EffectForm, MoveForm, effect, movement};

/// The plan under the file of `--rtt`, compared with that under the fleet's own round trips.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrialForm {
    /// The file that is tried.
    file: String,
    /// The fleet's own; null where it rests on the atlas and on estimates.
    own: Option<String>,
    /// Whether the fleet's own round trips allow a plan; without one nothing is compared.
    comparable: bool,
    /// The directed round trips that differ, the largest change of the median first.
    pairs: Vec<PairForm>,
    /// Decisions that fall otherwise, valued under the round trips that are tried.
    moves: Vec<TriedMoveForm>,
    /// Values that differ.
    values: Vec<ValueForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PairForm {
    from: String,
    to: String,
    /// Null where unknown.
    own: Option<MeasurementForm>,
    /// Null where unknown.
    tried: Option<MeasurementForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MeasurementForm {
    p50_ms: Milliseconds,
    p99_ms: Option<Milliseconds>,
    /// `fleet`, `atlas`, `estimated` or `inside`.
    source: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TriedMoveForm {
    #[serde(flatten)]
    movement: MoveForm,
    /// The same two decisions, valued under the fleet's own round trips.
    under_own: Option<EffectForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ValueForm {
    /// `reads of web`, `writes of web/db`.
    of: String,
    /// As decided and valued under the fleet's own round trips.
    own_ms: Option<Milliseconds>,
    /// As decided under the fleet's own, valued under those that are tried.
    kept_ms: Option<Milliseconds>,
    /// As decided and valued under those that are tried.
    tried_ms: Option<Milliseconds>,
}

impl From<&Trial> for TrialForm {
    fn from(trial: &Trial) -> Self {
        Self {
            file: trial.file.clone(),
            own: trial.own.clone(),
            comparable: trial.own_rests_on.is_some(),
            pairs: trial.pairs.iter().map(pair).collect(),
            moves: trial.moves.iter().map(tried).collect(),
            values: trial.values.iter().map(value).collect(),
        }
    }
}

fn pair(pair: &PairChange) -> PairForm {
    PairForm {
        from: pair.from.to_string(),
        to: pair.to.to_string(),
        own: pair.own.map(measurement),
        tried: pair.tried.map(measurement),
    }
}

fn measurement(m: Measurement) -> MeasurementForm {
    let ms = |rtt: crate::model::rtt::Rtt| Milliseconds(rtt.as_micros().saturating_mul(1000));
    MeasurementForm {
        p50_ms: ms(m.p50),
        p99_ms: m.p99.map(ms),
        source: match m.source {
            RttSource::Fleet => "fleet",
            RttSource::Atlas => "atlas",
            RttSource::Estimated => "estimated",
            RttSource::Inside => "inside",
        },
    }
}

fn tried(one: &TriedMove) -> TriedMoveForm {
    TriedMoveForm {
        movement: movement(&one.movement),
        under_own: one.under_own.as_ref().map(|e: &Effect| effect(e)),
    }
}

fn value(value: &TriedValue) -> ValueForm {
    ValueForm {
        of: value.of.clone(),
        own_ms: value.own_ns.map(Milliseconds),
        kept_ms: value.kept_ns.map(Milliseconds),
        tried_ms: value.tried_ns.map(Milliseconds),
    }
}
