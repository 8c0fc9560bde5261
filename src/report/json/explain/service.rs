//! The story of a service's placement as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::story::Called;
use crate::report::Told;

use super::super::diagnostics::{self, DiagnosticForm, PlaceForm};
use super::super::milliseconds::Milliseconds;
use super::super::moves::{self, MoveForm};
use super::super::plan::{self, ServiceForm, reasons, texts};
use super::super::predicted::{JourneyForm, journey};
use super::super::simulation;
use super::weighed::{ChoiceForm, RegionForm, UsersForm, at, choice, region, users};

/// Everything about a service's placement.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceStoryForm {
    service: String,
    environment: String,
    place: PlaceForm,
    /// When it was decided.
    turn: TurnForm,
    /// Its users, in order of writing; without any every region counts the same.
    users: Vec<UsersForm>,
    /// Every region of the fleet, by name.
    regions: Vec<RegionForm>,
    /// The choice among those that are legal.
    choice: ChoiceForm,
    /// What was decided, as `regen plan --format json` has it.
    decided: ServiceForm,
    /// The loss of each region that it or a store of it is in, as `regen simulate --format json` has
    /// it.
    losses: BTreeMap<String, LossForm>,
    /// How long DNS answers with a region that is lost; null with fewer than two records.
    switch: Option<SwitchForm>,
    /// The waves that its clusters are in.
    waves: Vec<WaveForm>,
    /// Whom it calls.
    calls: Vec<CallForm>,
    /// Who calls it.
    callers: Vec<CallForm>,
    /// The journeys that it is a step of; null where nothing can be predicted.
    journeys: BTreeMap<String, Option<JourneyForm>>,
    /// Whether there is a lock.
    locked: bool,
    /// Its moves against the lock.
    moves: Vec<MoveForm>,
    /// What `--rebalance` would do.
    proposals: Vec<MoveForm>,
    /// What is said of it.
    diagnostics: Vec<DiagnosticForm>,
}

/// Services are decided by tier, then by the CPU that they reserve, largest first, then by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TurnForm {
    /// From 1.
    number: usize,
    of: usize,
    /// `critical`, `standard` or `batch`.
    tier: serde_json::Value,
    /// CPU that it reserves in a region, in thousandths of a core.
    reserves_cpu_milli: u64,
    /// The service that was decided before.
    after: Option<String>,
}

/// What is left after the loss of one region.
#[derive(Debug, Serialize, JsonSchema)]
struct LossForm {
    /// Who takes over, the best first, with the pods that each then needs and may have.
    takers: Vec<TakerForm>,
    /// The service; null where it does not notice.
    service: Option<simulation::ServiceForm>,
    /// The stores that notice.
    stores: BTreeMap<String, simulation::StoreForm>,
    /// Its clusters that hold more than before, with all services on them.
    clusters: BTreeMap<String, simulation::ClusterForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TakerForm {
    region: String,
    pods: u32,
    max: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SwitchForm {
    /// Until health checks notice.
    detection_ms: Milliseconds,
    /// Until resolvers ask again.
    ttl_ms: Milliseconds,
    /// The way in that makes a record an alias with a TTL of the cloud's.
    alias: Option<String>,
    /// The sum: the RTO by DNS.
    takes_ms: Milliseconds,
    /// The RTO that is promised.
    promised_ms: Option<Milliseconds>,
    /// Where.
    promised: Option<PlaceForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WaveForm {
    /// From 1.
    number: usize,
    name: String,
    /// The steps of it that touch the service.
    steps: Vec<StepForm>,
    because: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StepForm {
    /// From 1.
    number: usize,
    /// Its clusters that run the service.
    clusters: Vec<String>,
    because: Vec<String>,
}

/// One call between two services.
#[derive(Debug, Serialize, JsonSchema)]
struct CallForm {
    /// The other service.
    service: String,
    /// Where the call is declared.
    place: PlaceForm,
    /// Whether the caller lives on without an answer.
    degrade: bool,
    /// In how many of the caller's regions it is answered in the same one.
    inside: usize,
    /// From the others to where it is answered.
    legs: Vec<LegForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LegForm {
    from: String,
    to: String,
    /// Null when it is unknown.
    ms: Option<Milliseconds>,
    /// `measured`, `estimated` or `unknown`.
    source: &'static str,
}

pub(super) fn story(told: &Told<'_>) -> ServiceStoryForm {
    let story = told.story;
    let millis = |of: crate::model::duration::Duration| {
        Milliseconds(of.as_millis().saturating_mul(1_000_000))
    };
    ServiceStoryForm {
        service: story.key.service.to_string(),
        environment: story.key.environment.to_string(),
        place: at(told, told.service.name.span),
        turn: TurnForm {
            number: story.turn.number,
            of: story.turn.of,
            tier: serde_json::to_value(story.turn.tier).unwrap_or_default(),
            reserves_cpu_milli: story.turn.reserves_milli,
            after: story.turn.after.as_ref().map(ToString::to_string),
        },
        users: story.users.iter().map(|u| users(told, u)).collect(),
        regions: story.regions.iter().map(|r| region(told, r)).collect(),
        choice: choice(told),
        decided: plan::service(told.decided),
        losses: losses(told),
        switch: story.switch.as_ref().map(|switch| SwitchForm {
            detection_ms: millis(switch.detection),
            ttl_ms: millis(switch.ttl),
            alias: switch.alias.clone(),
            takes_ms: millis(switch.takes),
            promised_ms: switch.promised.map(|(rto, _)| millis(rto)),
            promised: switch.promised.map(|(_, span)| at(told, span)),
        }),
        waves: waves(told),
        calls: story.calls.iter().map(|c| call(told, c)).collect(),
        callers: story.callers.iter().map(|c| call(told, c)).collect(),
        journeys: told
            .journeys()
            .map(|(name, _, plan)| (name.to_string(), plan.map(journey)))
            .collect(),
        locked: told.locked,
        moves: told
            .moves(&told.plan.moves, None)
            .map(moves::movement)
            .collect(),
        proposals: told
            .moves(&told.plan.proposals, None)
            .map(moves::movement)
            .collect(),
        diagnostics: told
            .about()
            .map(|one| diagnostics::form(one, told.sources))
            .collect(),
    }
}

fn losses(told: &Told<'_>) -> BTreeMap<String, LossForm> {
    let losses = told.story.losses.iter();
    losses
        .map(|loss| {
            let takers = loss.takers.iter().map(|(region, pods)| TakerForm {
                region: region.to_string(),
                pods: pods.min,
                max: pods.max,
            });
            let form = LossForm {
                takers: takers.collect(),
                service: loss.service.as_ref().map(simulation::service),
                stores: loss
                    .stores
                    .iter()
                    .map(|(key, store)| (key.to_string(), simulation::store(store)))
                    .collect(),
                clusters: loss
                    .clusters
                    .iter()
                    .map(|(name, load)| (name.to_string(), simulation::cluster(load)))
                    .collect(),
            };
            (loss.lost.to_string(), form)
        })
        .collect()
}

fn waves(told: &Told<'_>) -> Vec<WaveForm> {
    told.waves()
        .map(|(number, wave)| {
            let steps = wave.steps.iter().enumerate().map(|(i, step)| StepForm {
                number: i + 1,
                clusters: texts(&told.own_clusters(step)),
                because: reasons(&step.because),
            });
            WaveForm {
                number,
                name: wave.name.to_string(),
                steps: steps.filter(|step| !step.clusters.is_empty()).collect(),
                because: reasons(&wave.because),
            }
        })
        .collect()
}

fn call(told: &Told<'_>, call: &Called) -> CallForm {
    CallForm {
        service: call.other.to_string(),
        place: at(told, call.span),
        degrade: call.degrade,
        inside: call.inside,
        legs: call
            .legs
            .iter()
            .map(|leg| LegForm {
                from: leg.from.to_string(),
                to: leg.to.to_string(),
                ms: leg.ns.map(Milliseconds),
                source: leg.source.name(),
            })
            .collect(),
    }
}
