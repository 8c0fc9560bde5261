//! The plan as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::plan::{Because, Plan, ServicePlan, WaveStep};
use crate::model::trial::Trial;

use super::milliseconds::Milliseconds;
use super::moves::{self, MoveForm};
use super::predicted::{JourneyForm, PredictedForm, journey, predicted};
use super::rests::RestsOnForm;
use super::stores::{StoreForm, store};
use super::trial::TrialForm;

/// Every decision about a fleet, with its reasons.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanForm {
    /// Version of this form.
    version: u32,
    /// Services by name (`checkout`, `checkout@staging`).
    services: BTreeMap<String, ServiceForm>,
    /// Stores by service and name (`checkout/orders`).
    stores: BTreeMap<String, StoreForm>,
    /// What each journey takes, by name.
    journeys: BTreeMap<String, JourneyForm>,
    /// The order of rollout.
    waves: Vec<WaveForm>,
    /// Sticky decisions that differ from the lock's.
    moves: Vec<MoveForm>,
    /// Sticky decisions that could be better: what `--rebalance` would do, largest gain first.
    proposals: Vec<MoveForm>,
    /// The directed round trips that all of it compares.
    round_trips: RestsOnForm,
    /// With `--rtt`: what these round trips change.
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<TrialForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceForm {
    /// The regions, in order of preference.
    regions: Vec<String>,
    /// What stands in each region.
    placements: Vec<PlacementForm>,
    /// For the loss of each region: who takes over, best first.
    failover: BTreeMap<String, Vec<String>>,
    /// Why these targets, by lost region.
    failover_because: BTreeMap<String, Vec<String>>,
    /// How DNS answers, for an exposed service.
    dns: Option<DnsForm>,
    /// The value that the choice of regions minimises, in milliseconds with six decimals: the
    /// audience-weighted mean round trip to the nearest region that serves. Null without audience.
    objective_ms: Option<Milliseconds>,
    /// Whether nothing can be better, by proof; of regions kept from the lock, whether its value is
    /// exact.
    proven: bool,
    /// What no choice could go below, where it is not proven.
    bound_ms: Option<Milliseconds>,
    /// Predicted latency, with the budgets.
    predicted: PredictedForm,
    /// The directed round trips that the decisions about it and its stores compare.
    round_trips: RestsOnForm,
    /// Why these regions.
    because: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlacementForm {
    region: String,
    /// Whether it serves, or stands by.
    serves: bool,
    /// Pods per cluster.
    clusters: BTreeMap<String, ReplicasForm>,
    because: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReplicasForm {
    min: u32,
    max: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DnsForm {
    /// `latency`, `weighted`, `failover` or `simple`.
    policy: String,
    /// The primary region of a failover policy.
    primary: Option<String>,
    /// The secondary region of a failover policy.
    secondary: Option<String>,
    /// Weight by region; null where the policy has none.
    records: BTreeMap<String, Option<u32>>,
    because: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WaveForm {
    name: String,
    regions: Vec<String>,
    clusters: Vec<String>,
    /// The same clusters in batches that may change at the same time.
    steps: Vec<StepForm>,
    because: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StepForm {
    clusters: Vec<String>,
    because: Vec<String>,
}

/// Writes a plan as JSON.
pub fn plan(plan: &Plan) -> String {
    tried_plan(plan, None)
}

/// Writes a plan as JSON, with what other round trips change.
pub fn tried_plan(plan: &Plan, trial: Option<&Trial>) -> String {
    super::write(&PlanForm {
        version: 1,
        services: plan
            .services
            .iter()
            .map(|(k, s)| (k.to_string(), service(s)))
            .collect(),
        stores: plan
            .stores
            .iter()
            .map(|(k, s)| {
                let service = plan.services.get(&k.service);
                let rests_on = service.map(|s| s.rests_on).unwrap_or_default();
                (k.to_string(), store(s, rests_on))
            })
            .collect(),
        journeys: plan
            .journeys
            .iter()
            .map(|(name, j)| (name.to_string(), journey(j)))
            .collect(),
        waves: plan
            .waves
            .iter()
            .map(|w| WaveForm {
                name: w.name.to_string(),
                regions: texts(&w.regions),
                clusters: texts(&w.clusters),
                steps: w.steps.iter().map(step).collect(),
                because: reasons(&w.because),
            })
            .collect(),
        moves: plan.moves.iter().map(moves::movement).collect(),
        proposals: plan.proposals.iter().map(moves::movement).collect(),
        round_trips: plan.rests_on.into(),
        trial: trial.map(TrialForm::from),
    })
}

fn step(step: &WaveStep) -> StepForm {
    StepForm {
        clusters: texts(&step.clusters),
        because: reasons(&step.because),
    }
}

pub(super) fn service(service: &ServicePlan) -> ServiceForm {
    ServiceForm {
        regions: service
            .regions
            .iter()
            .map(|p| p.region.to_string())
            .collect(),
        placements: service
            .regions
            .iter()
            .map(|p| PlacementForm {
                region: p.region.to_string(),
                serves: p.serves,
                clusters: p
                    .clusters
                    .iter()
                    .map(|(c, r)| {
                        (
                            c.to_string(),
                            ReplicasForm {
                                min: r.min,
                                max: r.max,
                            },
                        )
                    })
                    .collect(),
                because: reasons(&p.because),
            })
            .collect(),
        failover: service
            .failover
            .iter()
            .map(|(lost, chain)| (lost.to_string(), texts(&chain.targets)))
            .collect(),
        failover_because: service
            .failover
            .iter()
            .map(|(lost, chain)| (lost.to_string(), reasons(&chain.because)))
            .collect(),
        dns: service.dns.as_ref().map(|d| DnsForm {
            policy: d.policy.name().to_owned(),
            primary: d.failover.as_ref().map(|(p, _)| p.to_string()),
            secondary: d.failover.as_ref().map(|(_, s)| s.to_string()),
            records: d.records.iter().map(|(r, w)| (r.to_string(), *w)).collect(),
            because: reasons(&d.because),
        }),
        objective_ms: service.predicted.weighted_read_ns.map(Milliseconds),
        proven: service.bound_ns.is_none(),
        bound_ms: service.bound_ns.map(Milliseconds),
        predicted: predicted(&service.predicted),
        round_trips: service.rests_on.into(),
        because: reasons(&service.because),
    }
}

pub(super) fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

pub(super) fn reasons(because: &Because) -> Vec<String> {
    because.0.clone()
}
