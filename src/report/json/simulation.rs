//! What the fleet survives, as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Sources;
use crate::model::simulation::{
    BudgetOutcome, ClusterLoad, Load, Lost, Outcome, Rpo, Rto, ServiceOutcome, Simulation,
    StoreOutcome, Survives, Writes,
};

use super::milliseconds::Milliseconds;
use super::plan::texts;

/// What breaks when parts of the fleet are lost.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulationForm {
    /// Version of this form.
    version: u32,
    /// What is asked of the fleet, as it completes "the fleet survives …".
    claim: String,
    /// `yes`, `no`, or `unknown`: nothing breaks, and not everything could be checked.
    survives: &'static str,
    /// By loss, the worst first.
    outcomes: Vec<OutcomeForm>,
    /// What the claim is about and could not be lost: zones of regions that state none.
    left_out: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OutcomeForm {
    /// What is lost, together.
    lost: Vec<LostForm>,
    /// `yes`, `no` or `unknown`.
    survives: &'static str,
    /// The promises that do not hold.
    broken: Vec<BrokenForm>,
    /// What stops as the catalog accepts.
    accepted: Vec<String>,
    /// What runs at its limits.
    notes: Vec<String>,
    /// What could not be checked.
    unknown: Vec<String>,
    /// The services that notice.
    services: BTreeMap<String, ServiceForm>,
    /// The stores that notice.
    stores: BTreeMap<String, StoreForm>,
    /// The remaining clusters that hold more than before.
    clusters: BTreeMap<String, ClusterForm>,
    /// The budgets whose prediction changes, or that are over.
    budgets: Vec<BudgetForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LostForm {
    /// `region`, `zone`, `cluster` or `link`.
    kind: &'static str,
    /// As `--lose` takes it.
    name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BrokenForm {
    /// `served`, `calls`, `writes`, `residency`, `rpo`, `rto`, `capacity` or `budget`.
    promise: &'static str,
    what: String,
    /// Where it was promised: `services/cart.yaml:3:12`.
    place: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceForm {
    served_in: Vec<String>,
    serves_in: Vec<String>,
    /// Users that another region serves now, or none.
    moved: Vec<MovedForm>,
    /// The share of users that nobody serves, in millionths.
    unserved_ppm: u32,
    /// Whether an audience is given; without one every region counts the same.
    audience: bool,
    /// The mean round trip of a read before.
    before_ms: Option<Milliseconds>,
    /// The same after, of those that are served.
    after_ms: Option<Milliseconds>,
    /// Services whose answers it waits for in vain.
    unanswered: Vec<String>,
    rto: RtoForm,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MovedForm {
    from: String,
    /// Null: nobody.
    to: Option<String>,
    /// Their share of all users, in millionths.
    share_ppm: u32,
    before_ms: Option<Milliseconds>,
    after_ms: Option<Milliseconds>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RtoForm {
    /// `none`, `dns`, `automatic`, `callers`, `manual`, or `back`: when what is lost is back.
    kind: &'static str,
    /// For `dns`: detection, assumed, and the TTL of the records.
    seconds: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RpoForm {
    /// `zero`, `lag`, `back`: nothing if what is lost comes back, or `everything`.
    kind: &'static str,
    /// For `lag`: at best this much.
    at_least_ms: Option<Milliseconds>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreForm {
    led_from: Option<String>,
    /// Null: nowhere, or the engine has no leader.
    leads: Option<String>,
    /// Regions that held it and do no more.
    lost: Vec<String>,
    voters_left: Option<u32>,
    voters: Option<u32>,
    /// `goOn`, `goOnElsewhere`, `switch`, `person` or `stop`.
    writes: &'static str,
    /// Regions that serve users and reach nothing that takes their writes.
    cut_off: Vec<String>,
    /// The share of users who are served there, in millionths.
    cut_off_ppm: u32,
    rpo: RpoForm,
    rto: RtoForm,
    because: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterForm {
    pods_before: u32,
    pods_after: u32,
    /// In thousandths of a core.
    cpu: LoadForm,
    /// In bytes.
    memory: LoadForm,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LoadForm {
    /// Null: not stated, so nothing is checked.
    capacity: Option<u64>,
    before: u64,
    after: u64,
    /// With every pod that may start.
    at_max: u64,
    over: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BudgetForm {
    of: String,
    place: String,
    limit_ms: Milliseconds,
    before_ms: Option<Milliseconds>,
    after_ms: Option<Milliseconds>,
    /// The largest term after.
    binding: String,
    estimated: bool,
    /// Whether the loss breaks it.
    broken: bool,
    /// Whether that breaks a promise; a journey's does where it is enforced.
    promised: bool,
}

/// Writes a simulation as JSON.
pub fn simulation(simulation: &Simulation, sources: &Sources) -> String {
    super::write(&SimulationForm {
        version: 1,
        claim: simulation.claim.clone(),
        survives: survives(simulation.survives()),
        outcomes: simulation
            .outcomes
            .iter()
            .map(|o| outcome(o, sources))
            .collect(),
        left_out: simulation.left_out.clone(),
    })
}

fn survives(survives: Survives) -> &'static str {
    match survives {
        Survives::Yes => "yes",
        Survives::Unknown => "unknown",
        Survives::No => "no",
    }
}

fn outcome(outcome: &Outcome, sources: &Sources) -> OutcomeForm {
    let lost = |lost: &Lost| LostForm {
        kind: lost.kind(),
        name: lost.to_string(),
    };
    OutcomeForm {
        lost: outcome.lost.iter().map(lost).collect(),
        survives: survives(outcome.survives()),
        broken: outcome
            .broken
            .iter()
            .map(|b| BrokenForm {
                promise: b.promise.name(),
                what: b.what.clone(),
                place: b.span.map(|s| sources.locate(s)),
            })
            .collect(),
        accepted: outcome.accepted.clone(),
        notes: outcome.notes.clone(),
        unknown: outcome.unknown.clone(),
        services: outcome
            .services
            .iter()
            .map(|(k, s)| (k.to_string(), service(s)))
            .collect(),
        stores: outcome
            .stores
            .iter()
            .map(|(k, s)| (k.to_string(), store(s)))
            .collect(),
        clusters: outcome
            .clusters
            .iter()
            .map(|(k, c)| (k.to_string(), cluster(c)))
            .collect(),
        budgets: outcome.budgets.iter().map(|b| budget(b, sources)).collect(),
    }
}

pub(super) fn service(service: &ServiceOutcome) -> ServiceForm {
    ServiceForm {
        served_in: texts(&service.served_in),
        serves_in: texts(&service.serves_in),
        moved: service
            .moved
            .iter()
            .map(|m| MovedForm {
                from: m.from.to_string(),
                to: m.to.as_ref().map(ToString::to_string),
                share_ppm: m.share_ppm,
                before_ms: m.before_ns.map(Milliseconds),
                after_ms: m.after_ns.map(Milliseconds),
            })
            .collect(),
        unserved_ppm: service.unserved_ppm,
        audience: service.audience,
        before_ms: service.before_ns.map(Milliseconds),
        after_ms: service.after_ns.map(Milliseconds),
        unanswered: texts(&service.unanswered),
        rto: rto(&service.rto),
    }
}

pub(super) fn store(store: &StoreOutcome) -> StoreForm {
    StoreForm {
        led_from: store.led_from.as_ref().map(ToString::to_string),
        leads: store.leads.as_ref().map(ToString::to_string),
        lost: texts(&store.lost),
        voters_left: store.voters.map(|v| v.0),
        voters: store.voters.map(|v| v.1),
        writes: match store.writes {
            Writes::GoOn => "goOn",
            Writes::GoOnElsewhere => "goOnElsewhere",
            Writes::Switch => "switch",
            Writes::Person => "person",
            Writes::Stop => "stop",
        },
        cut_off: texts(&store.cut_off),
        cut_off_ppm: store.cut_off_ppm,
        rpo: rpo(&store.rpo),
        rto: rto(&store.rto),
        because: store.because.clone(),
    }
}

fn rpo(rpo: &Rpo) -> RpoForm {
    let (kind, at_least) = match rpo {
        Rpo::Zero => ("zero", None),
        Rpo::Lag { at_least_ns } => ("lag", *at_least_ns),
        Rpo::Back => ("back", None),
        Rpo::Everything => ("everything", None),
    };
    RpoForm {
        kind,
        at_least_ms: at_least.map(Milliseconds),
    }
}

fn rto(rto: &Rto) -> RtoForm {
    let (kind, seconds) = match rto {
        Rto::None => ("none", None),
        Rto::Dns { detection, ttl } => ("dns", Some(detection.saturating_add(*ttl))),
        Rto::Automatic => ("automatic", None),
        Rto::Callers => ("callers", None),
        Rto::Manual => ("manual", None),
        Rto::Back => ("back", None),
    };
    RtoForm { kind, seconds }
}

pub(super) fn cluster(cluster: &ClusterLoad) -> ClusterForm {
    ClusterForm {
        pods_before: cluster.pods_before,
        pods_after: cluster.pods_after,
        cpu: load(&cluster.cpu),
        memory: load(&cluster.memory),
    }
}

fn load(load: &Load) -> LoadForm {
    LoadForm {
        capacity: load.capacity,
        before: load.before,
        after: load.after,
        at_max: load.at_max,
        over: load.over(),
    }
}

fn budget(budget: &BudgetOutcome, sources: &Sources) -> BudgetForm {
    BudgetForm {
        of: budget.of.clone(),
        place: sources.locate(budget.span),
        limit_ms: Milliseconds(budget.limit_ns),
        before_ms: budget.before_ns.map(Milliseconds),
        after_ms: budget.after_ns.map(Milliseconds),
        binding: budget.binding.clone(),
        estimated: budget.estimated,
        broken: budget.broken(),
        promised: budget.promised,
    }
}
