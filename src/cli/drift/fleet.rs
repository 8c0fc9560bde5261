//! A fleet's repository, as committed, against its clusters.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diag::{Sink, Sources};
use crate::drift::{Settings, invariants};
use crate::io;
use crate::model::finding::DriftReport;
use crate::model::live::LiveState;
use crate::model::manifest::{ManifestPath, ManifestSet};
use crate::model::name::ClusterName;
use crate::model::world::World;
use crate::pipeline::{Planned, drift};
use crate::{plan, publish};

use super::super::repository::{self, Rendered};
use super::super::session::Session;
use super::super::{Stop, Terminal};
use super::selected::Selected;
use super::{Compared, Drift, Fleet, Side};

/// A fleet that was compared.
pub(super) struct Looked<'a> {
    pub(super) session: Session<'a>,
    pub(super) planned: Planned,
    /// What it renders.
    pub(super) set: ManifestSet,
    pub(super) report: DriftReport,
    /// What its clusters run.
    pub(super) states: BTreeMap<ClusterName, LiveState>,
    /// How drift of each of them was told.
    pub(super) settings: BTreeMap<ClusterName, Settings>,
}

impl Drift {
    /// Compares the fleet.
    pub(super) fn fleet(&self, root: &Path, terminal: &Terminal) -> Result<Compared, Stop> {
        let mut looked = self.look(root, terminal)?;
        Ok(Compared {
            report: looked.report,
            fleet: Some(Fleet {
                origins: looked.planned.world.origins,
                sources: std::mem::take(&mut looked.session.input.sources),
                root: looked.session.root,
            }),
        })
    }

    /// Compares the fleet, and hands on all that there is about it.
    pub(super) fn look<'t>(&self, root: &Path, terminal: &'t Terminal) -> Result<Looked<'t>, Stop> {
        let mut session = Session::open(root, self.format.of_faults(), terminal)?;
        let planned = session.plan(&plan::Options::default())?;
        let set = session.render(&planned)?;
        let world = &planned.world;
        let selected = self.selected(world.clusters.keys(), terminal)?;
        let gitops = &world.fleet.gitops;
        let shown = &gitops.repository.value;
        let Some(repository) = repository::open(gitops, &session.root)? else {
            return Err(terminal.refuse(&format!(
                "there is no GitOps repository at `{shown}` yet; make it with `regen render --commit`"
            )));
        };
        let snapshot = repository.snapshot(&gitops.branch)?;
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let rendered = Rendered::new(&set, io::git::source_commit(&session.root)?);
        let Ok((ledger, tree)) = rendered.look(&snapshot, shown, &mut sink, &mut sources)? else {
            return Err(session.reject(sink, &sources));
        };
        let change = rendered.compare(&ledger, &tree);

        let settings = match self.config(terminal)? {
            Some(settings) => Ok(settings),
            None => drift::settings(world, &mut sink),
        };
        let mut sides = match settings {
            Ok(settings) => sides(world, &selected, &self.applier, settings),
            Err(_) => BTreeMap::new(),
        };
        for path in snapshot.paths().filter(|p| is_manifest(p)) {
            let Some(side) = drift::cluster_of(path, world).and_then(|c| sides.get_mut(c)) else {
                continue;
            };
            let Some(file) = ManifestPath::new(path) else {
                continue;
            };
            let Some(bytes) = snapshot.read(path)? else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            add(side, &file, text, &set, shown, &mut sink, &mut sources);
        }
        if sink.errors() > 0 {
            return Err(session.reject(sink, &sources));
        }
        let fleet = invariants::Fleet {
            world,
            plan: &planned.plan,
        };
        let (mut report, states) = self.compare(&sides, Some(fleet), terminal)?;
        let settings = sides.into_iter();
        let settings = settings.map(|(name, side)| (name, side.settings)).collect();
        report.repository = publish::findings(&change, &set);
        if !selected.is_all() {
            let of_selected = |path: &ManifestPath| {
                drift::cluster_of(path.as_str(), world).is_some_and(|c| selected.has(c))
            };
            report
                .repository
                .retain(|f| f.file.as_ref().is_some_and(of_selected));
        }
        Ok(Looked {
            session,
            planned,
            set,
            report,
            states,
            settings,
        })
    }
}

fn sides<'a>(
    world: &World,
    selected: &Selected,
    appliers: &[String],
    mut settings: Settings,
) -> BTreeMap<ClusterName, Side<'a>> {
    if !appliers.is_empty() {
        settings.appliers = appliers.to_vec();
    }
    settings.today = Some(super::super::today());
    world
        .clusters
        .iter()
        .filter(|(name, _)| selected.has(name))
        .map(|(name, cluster)| {
            let mut settings = settings.clone();
            settings.cluster = name.to_string();
            let side = Side {
                repository: drift::Repository::default(),
                settings,
                context: cluster.context.clone(),
            };
            (name.clone(), side)
        })
        .collect()
}

fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|e| path.ends_with(e))
}

/// Adds a file to its cluster; what is wrong with it goes to the sink.
fn add<'a>(
    side: &mut Side<'a>,
    file: &ManifestPath,
    text: String,
    set: &'a ManifestSet,
    shown: &str,
    sink: &mut Sink,
    sources: &mut Sources,
) {
    let source = sources.add(format!("{shown}/{file}"), text);
    let _ = side
        .repository
        .add(file, source, sources, set.files.get(file), sink);
}
