//! The data flow in one screen; the only place that joins the rooms.
//!
//! ```text
//! files ─load─▶ Raw ─validate─▶ World ─plan─▶ Plan ─render─▶ ManifestSet
//!                                    what the repository holds ─drift─▶ DriftReport
//! what differs ─accept─▶ a change of the files, proved by all of the above
//! existing manifests ─adopt─▶ services/*.yaml
//! ```
//!
//! Pure: what is read from disk, git or clusters comes in as arguments, and what is to be written
//! goes out as values.

pub mod accept;
pub mod drift;
mod measured;
mod reviews;
pub mod simulate;
mod trial;

use crate::adopt::{self, Adoption};
use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources};
use crate::drift::invariants;
use crate::latency;
use crate::load;
use crate::model::engine::Engine;
use crate::model::input::{Content, InputFile};
use crate::model::live::AlsoRead;
use crate::model::lock::Lock;
use crate::model::manifest::ManifestSet;
use crate::model::name::ServiceKey;
use crate::model::plan::Plan;
use crate::model::rtt::RoundTrips;
use crate::model::story::Story;
use crate::model::world::World;
use crate::plan;
use crate::render::{self, Templates};
use crate::validate;

pub use measured::measured;
pub use trial::trial;

/// The file that holds the sticky decisions.
pub const LOCK: &str = "regen.lock";

/// A fleet's files as they were read.
#[derive(Debug, Default)]
pub struct Input {
    /// Their texts.
    pub sources: Sources,
    /// Their paths.
    pub files: Vec<InputFile>,
    /// Measured round trips that stand in for the fleet's.
    pub round_trips: Option<SourceId>,
    /// Files with CustomResourceDefinitions, besides those of the fleet.
    pub crds: Vec<SourceId>,
}

/// A fleet that is understood and planned.
#[derive(Debug)]
pub struct Planned {
    /// What the files say.
    pub world: World,
    /// The round trips that the plan rests on.
    pub round_trips: RoundTrips,
    /// The sticky decisions of the previous plan.
    pub lock: Option<Lock>,
    /// Every decision.
    pub plan: Plan,
}

/// Files to a plan.
///
/// # Errors
///
/// When the sink holds at least one error of a stage; later stages are then not entered.
pub fn plan(input: &Input, options: &plan::Options, sink: &mut Sink) -> Result<Planned, Rejected> {
    let mut world = understand(input, sink)?;
    if let Some(file) = input.round_trips {
        world.fleet.network.rtt = input.sources.get(file).path().to_owned();
    }
    let measured = input
        .round_trips
        .or(world.rtt_file)
        .map(|file| (file, &input.sources));
    let round_trips = latency::round_trips(&world.regions, &world.fleet.network, measured, sink)?;
    let lock = lock(input, sink)?;
    let plan = plan::plan(&world, &round_trips, lock.as_ref(), options, sink)?;
    Ok(Planned {
        world,
        round_trips,
        lock,
        plan,
    })
}

/// Files to a valid world.
///
/// # Errors
///
/// As [`plan()`].
pub fn understand(input: &Input, sink: &mut Sink) -> Result<World, Rejected> {
    let raw = load::load(&input.files, &input.sources, sink)?;
    let world = validate::validate(raw, &input.sources, sink)?;
    drift::settings(&world, sink)?;
    Ok(world)
}

/// A plan to manifests, by the built-in templates and those of the fleet.
///
/// # Errors
///
/// As [`plan()`].
pub fn render(input: &Input, planned: &Planned, sink: &mut Sink) -> Result<ManifestSet, Rejected> {
    let templates = templates(input, sink)?;
    let (world, plan) = (&planned.world, &planned.plan);
    let also_read = match world.fleet.drift.report {
        Some(_) => invariants::also_read(invariants::Fleet { world, plan }),
        None => AlsoRead::new(),
    };
    render::render(world, plan, &templates, &also_read, sink)
}

/// The built-in templates, with those of the fleet added or in their place.
///
/// # Errors
///
/// As [`plan()`].
pub fn templates(input: &Input, sink: &mut Sink) -> Result<Templates, Rejected> {
    let before = sink.errors();
    let mut templates = Templates::built_in();
    for (path, source) in input.texts() {
        if path.starts_with("templates/") {
            templates = templates.with_user(path, source, &input.sources, sink);
        } else if path.starts_with("crds/") {
            templates = templates.with_crds(source, &input.sources, sink);
        }
    }
    for source in &input.crds {
        templates = templates.with_more_crds(*source, &input.sources, sink);
    }
    sink.since(before)?;
    Ok(templates)
}

/// Existing manifests to a catalog.
///
/// # Errors
///
/// As [`plan()`].
pub fn adopt(manifests: &Sources, sink: &mut Sink) -> Result<Adoption, Rejected> {
    adopt::adopt(manifests, sink)
}

fn lock(input: &Input, sink: &mut Sink) -> Result<Option<Lock>, Rejected> {
    match input.texts().find(|(path, _)| *path == LOCK) {
        None => Ok(None),
        Some((_, source)) => plan::lock::read(&input.sources, source, sink).map(Some),
    }
}

impl Planned {
    /// Fills in the moves that are not made without a rebalance; without a lock, every decision is
    /// the best already.
    pub fn propose(&mut self) {
        if self.lock.is_some() {
            plan::propose(&self.world, &self.round_trips, &mut self.plan);
        }
    }

    /// Everything that was weighed for one service.
    pub fn story(&self, key: &ServiceKey) -> Option<Story> {
        let lock = self.lock.as_ref();
        plan::story(&self.world, &self.round_trips, lock, &self.plan, key)
    }

    /// How the decisions stand to the lock.
    pub fn lock_change(&self) -> LockChange {
        match &self.lock {
            None => LockChange::New,
            Some(lock) if *lock == plan::lock::of(&self.plan) => LockChange::None,
            Some(_) => LockChange::Changed,
        }
    }

    /// Refuses to demote one CloudNativePG primary and promote another in one commit, unless the lock
    /// says that it is meant (CloudNativePG 1.30, docs/src/replica_cluster.md).
    ///
    /// # Errors
    ///
    /// When a leader differs from the lock's, and the old one's region still holds the store.
    pub fn switched(&self, sink: &mut Sink) -> Result<(), Rejected> {
        let before = sink.errors();
        let stores = self.world.services.iter().flat_map(|(key, service)| {
            let stores = service.stores.iter();
            stores.map(move |store| (key.store(&store.name.value), store))
        });
        for (key, store) in stores.filter(|(_, s)| s.engine.value == Engine::CloudnativePg) {
            let locked = self
                .lock
                .as_ref()
                .and_then(|l| l.stores.get(&key.to_string()));
            let both = (
                locked.and_then(|l| l.leader.as_deref()),
                self.plan.stores.get(&key),
            );
            let (Some(old), Some(planned)) = both else {
                continue;
            };
            let Some(new) = planned.leader.as_ref().filter(|new| new.as_str() != old) else {
                continue;
            };
            if !planned.clusters.keys().any(|region| region.as_str() == old) {
                continue;
            }
            let message =
                format!("`{key}` would be demoted in {old} and promoted in {new} in one commit");
            let span = store.leader.as_ref().map_or(store.name.span, |l| l.span);
            sink.emit(
                Diagnostic::new(Code::LeaderSwitch, message)
                    .at(span, "")
                    .note("without the token of the demotion the old primary has to be made anew")
                    .help(format!(
                        "a planned switch: demote {old} first, by an overlay that sets its `spec.replica.primary`, then promote {new} with the token"
                    ))
                    .help(format!(
                        "{old} is lost: run `regen plan --write`, which says that the promotion is meant"
                    )),
            );
        }
        sink.since(before)
    }

    /// Refuses decisions that the lock does not hold, for pipelines.
    ///
    /// # Errors
    ///
    /// When the lock is absent or holds other decisions.
    pub fn locked(&self, sink: &mut Sink) -> Result<(), Rejected> {
        let fault = match self.lock_change() {
            LockChange::None => return Ok(()),
            LockChange::New => Diagnostic::new(Code::LockDiffers, format!("there is no `{LOCK}`")),
            LockChange::Changed => {
                Diagnostic::new(Code::LockDiffers, format!("the plan differs from `{LOCK}`"))
            }
        };
        let lock = self.lock.clone().unwrap_or_default();
        let moves = plan::lock::differences(&self.plan, &lock);
        let fault = moves.iter().take(10).fold(fault, |f, m| {
            f.note(format!("{}: {} → {}", m.what, m.from, m.to))
        });
        let fault = match moves.len().saturating_sub(10) {
            0 => fault,
            n => fault.note(format!("and {n} more, which `regen plan` shows")),
        };
        Err(sink.reject(
            fault.help("run `regen plan --write` where people look on, and commit the lock"),
        ))
    }
}

/// How decisions stand to the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockChange {
    /// It holds them.
    None,
    /// There is none yet.
    New,
    /// It holds others.
    Changed,
}

impl Input {
    /// The files that are text, with their sources.
    pub fn texts(&self) -> impl Iterator<Item = (&str, SourceId)> {
        self.files.iter().filter_map(|file| match file.content {
            Content::Text(source) => Some((file.path.as_str(), source)),
            _ => None,
        })
    }
}
