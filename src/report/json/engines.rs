//! The store engines as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{ClassFacts, EngineFacts, Floor, Loss, Lost, Recovery};

/// What each store engine can do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnginesForm {
    /// Version of this form.
    version: u32,
    /// The engines, by name.
    engines: Vec<EngineForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EngineForm {
    /// The name, as a store's `engine` has it.
    engine: &'static str,
    about: &'static str,
    /// What a cluster must be able to do to hold it.
    capability: &'static str,
    /// The ways in which it gives classes; of several for one class, the first unless told.
    classes: Vec<ClassForm>,
    /// Whether writes can wait for standbys in other regions (`synchronous`).
    standbys: bool,
    /// Its voters; null where nothing votes.
    voters: Option<VotersForm>,
    instances: InstancesForm,
    /// How far local reads lag behind, in words.
    lag: &'static str,
    /// What it survives, in words.
    survives: &'static str,
    notes: &'static [&'static str],
    /// What a person deploys where there is no template for it.
    deploy: &'static str,
    /// The TCP port that clients connect to, where it is the same everywhere.
    port: Option<u32>,
    sources: &'static [&'static str],
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ClassForm {
    /// The consistency class.
    consistency: &'static str,
    /// The word by which a store asks for this way of giving it (`setting`).
    setting: &'static str,
    /// What that means in the engine.
    about: &'static str,
    /// `primary`, `quorum`, `leaderless`, `mirror`, `crdt` or `cache`.
    scheme: &'static str,
    write: FormulaForm,
    /// What a read costs: `rtt to the leader`, `local`, or `as the write`.
    read: &'static str,
    /// Whether reads are answered by the nearest replica.
    local_reads: bool,
    lag: LagForm,
    /// What surviving a zone takes; null where it is not survived.
    zone: Option<LossForm>,
    /// What surviving a region takes; null where it is not survived.
    region: Option<LossForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FormulaForm {
    /// Its number.
    number: &'static str,
    text: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LagForm {
    /// `none`, `way` (half the round trip from the leader), `setting` (the larger of the way and
    /// `leastMs`) or `expiry`.
    floor: &'static str,
    /// The least that the engine can be set to, in ms.
    least_ms: Option<u64>,
    /// What it does unless told, in ms.
    unless_told_ms: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LossForm {
    /// In at least so many regions.
    regions: u32,
    /// With at least so many voters; 0 where nothing votes.
    voters: u32,
    /// `automatic` or `manual`.
    recovery: &'static str,
    /// What of the acknowledged writes is gone: `nothing`, `lag`, `everything`,
    /// `nothing-with-synchronous` or `nothing-with-instances`.
    lost: &'static str,
    /// How many standbys or instances it takes, for the last two.
    with: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct VotersForm {
    /// The counts that may be asked for.
    counts: &'static [u32],
    unless_told: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct InstancesForm {
    /// So many per region that losing one stops nothing.
    enough: u32,
    /// The only numbers that it takes; empty: any.
    only: &'static [u32],
}

/// Writes engines as JSON.
pub fn engines<'a>(all: impl IntoIterator<Item = &'a EngineFacts>) -> String {
    super::write(&EnginesForm {
        version: 1,
        engines: all.into_iter().map(engine).collect(),
    })
}

fn engine(facts: &EngineFacts) -> EngineForm {
    EngineForm {
        engine: facts.engine.name(),
        about: facts.about,
        capability: facts.capability,
        classes: facts.classes.iter().map(class).collect(),
        standbys: facts.standbys,
        voters: facts.quorum.map(|quorum| VotersForm {
            counts: quorum.voters,
            unless_told: quorum.unless_told,
        }),
        instances: InstancesForm {
            enough: facts.instances.enough,
            only: facts.instances.only,
        },
        lag: facts.lag,
        survives: facts.survives,
        notes: facts.notes,
        deploy: facts.deploy,
        port: facts.port.map(u32::from),
        sources: facts.sources,
    }
}

fn class(way: &ClassFacts) -> ClassForm {
    let (number, text) = way.write.formula();
    let ms = |rtt: crate::model::rtt::Rtt| Some(rtt.as_micros() / 1000);
    let (floor, least_ms, unless_told_ms) = match way.floor {
        Floor::Fresh => ("none", None, None),
        Floor::Way => ("way", None, None),
        Floor::Setting { least, unless_told } => ("setting", ms(least), ms(unless_told)),
        Floor::Expiry => ("expiry", None, None),
    };
    ClassForm {
        consistency: way.consistency.name(),
        setting: way.name,
        about: way.setting,
        scheme: way.scheme.name(),
        write: FormulaForm { number, text },
        read: way.read.formula(),
        local_reads: way.read == crate::engine::Read::Local,
        lag: LagForm {
            floor,
            least_ms,
            unless_told_ms,
        },
        zone: way.zone.map(loss),
        region: way.region.map(loss),
    }
}

fn loss(loss: Loss) -> LossForm {
    let (lost, with) = match loss.lost {
        Lost::Nothing => ("nothing", None),
        Lost::UnlessSynchronous(k) => ("nothing-with-synchronous", Some(k)),
        Lost::UnlessInstances(n) => ("nothing-with-instances", Some(n)),
        Lost::Lag => ("lag", None),
        Lost::Everything => ("everything", None),
    };
    LossForm {
        regions: loss.regions,
        voters: loss.voters,
        recovery: match loss.recovery {
            Recovery::Automatic => "automatic",
            Recovery::Manual => "manual",
        },
        lost,
        with,
    }
}
