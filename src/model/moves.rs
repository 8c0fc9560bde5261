//! A sticky decision that changes, or that could be better: what it gains and what it costs.

use super::name::{ServiceKey, StoreName};
use super::plan::Because;
use super::quantity::Quantity;

/// A sticky decision that differs from the lock's, or would if it were free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Move {
    /// The service that it is about.
    pub service: Option<ServiceKey>,
    /// Of the service's stores the one that it is about; `None`: the service itself.
    pub store: Option<StoreName>,
    /// What moves: `leader of checkout/orders`, `regions of cart`.
    pub what: String,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Whether data has to move with it.
    pub moves_data: bool,
    /// What the decision is measured by, before and after.
    pub objective: Option<Effect>,
    /// The budgets that it touches, before and after.
    pub budgets: Vec<BudgetEffect>,
    /// What is copied, at most.
    pub data: Vec<Copied>,
    /// How it is done, in order.
    pub steps: Vec<String>,
    /// What readers notice while it is done.
    pub reads: String,
    /// What writers notice while it is done; empty where there is nothing to write.
    pub writes: String,
    /// Why.
    pub because: Because,
}

impl Move {
    /// What it lowers the objective by, in nanoseconds; negative where it costs.
    pub fn gain_ns(&self) -> Option<i128> {
        let effect = self.objective.as_ref()?;
        Some(i128::from(effect.before_ns?) - i128::from(effect.after_ns?))
    }
}

/// A value before and after; `None` where it cannot be told, as for a region that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What is measured: `weighted round trip`.
    pub of: String,
    /// Before, in nanoseconds.
    pub before_ns: Option<u64>,
    /// After, in nanoseconds.
    pub after_ns: Option<u64>,
}

/// One latency budget before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetEffect {
    /// What it limits: `a write of checkout at p99`.
    pub of: String,
    /// The limit, in microseconds.
    pub limit_us: u64,
    /// Predicted before, in microseconds.
    pub before_us: Option<u64>,
    /// Predicted after, in microseconds.
    pub after_us: Option<u64>,
}

/// A store's data that is copied to a region: the disk of every instance, which its data cannot
/// exceed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The store: `checkout/orders`.
    pub store: String,
    /// Where to.
    pub to: String,
    /// Instances there.
    pub instances: u32,
    /// Disk per instance.
    pub size: Quantity,
    /// All of it; `None` beyond what a quantity holds.
    pub at_most: Option<Quantity>,
}
