//! Moves of sticky decisions as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::plan::{BudgetEffect, Copied, Effect, Move};

use super::milliseconds::Milliseconds;

/// A sticky decision that differs, or would.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoveForm {
    /// `leader of checkout/orders`, `regions of cart`.
    what: String,
    from: String,
    to: String,
    moves_data: bool,
    /// The value that the decision is measured by.
    objective: Option<EffectForm>,
    /// The budgets that it touches.
    budgets: Vec<BudgetEffectForm>,
    /// What is copied, at most.
    data: Vec<CopiedForm>,
    /// How it is done, in order.
    steps: Vec<String>,
    /// What readers notice meanwhile.
    reads: String,
    /// What writers notice meanwhile; empty without anything to write.
    writes: String,
    because: Vec<String>,
}

/// A value before and after; null where it cannot be told, as for a region that is gone.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EffectForm {
    of: String,
    before_ms: Option<Milliseconds>,
    after_ms: Option<Milliseconds>,
}

/// A budget before and after.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BudgetEffectForm {
    of: String,
    limit_ms: Milliseconds,
    before_ms: Option<Milliseconds>,
    after_ms: Option<Milliseconds>,
}

/// A store's data, copied to a region or a cluster.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CopiedForm {
    store: String,
    to: String,
    instances: u32,
    /// Disk per instance.
    size: String,
    /// The disks of all instances.
    at_most: Option<String>,
}

pub(super) fn movement(movement: &Move) -> MoveForm {
    MoveForm {
        what: movement.what.clone(),
        from: movement.from.clone(),
        to: movement.to.clone(),
        moves_data: movement.moves_data,
        objective: movement.objective.as_ref().map(effect),
        budgets: movement.budgets.iter().map(budget).collect(),
        data: movement.data.iter().map(copied).collect(),
        steps: movement.steps.clone(),
        reads: movement.reads.clone(),
        writes: movement.writes.clone(),
        because: movement.because.0.clone(),
    }
}

pub(super) fn effect(effect: &Effect) -> EffectForm {
    EffectForm {
        of: effect.of.clone(),
        before_ms: effect.before_ns.map(Milliseconds),
        after_ms: effect.after_ns.map(Milliseconds),
    }
}

fn budget(budget: &BudgetEffect) -> BudgetEffectForm {
    let micros = |us: u64| Milliseconds(us.saturating_mul(1000));
    BudgetEffectForm {
        of: budget.of.clone(),
        limit_ms: micros(budget.limit_us),
        before_ms: budget.before_us.map(micros),
        after_ms: budget.after_us.map(micros),
    }
}

fn copied(copied: &Copied) -> CopiedForm {
    CopiedForm {
        store: copied.store.clone(),
        to: copied.to.clone(),
        instances: copied.instances,
        size: copied.size.to_string(),
        at_most: copied.at_most.as_ref().map(ToString::to_string),
    }
}
