//! Manifests without a fleet: a GitOps repository that regen wrote against its clusters, or any
//! directory against one, for teams that do not render yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::diag::{Sink, Sources};
use crate::drift::Settings;
use crate::io;
use crate::model::manifest::ManifestPath;
use crate::model::name::ClusterName;
use crate::pipeline::drift::Repository;
use crate::report::text;

use super::super::{Stop, Terminal};
use super::{Compared, Drift, Side, tree};

impl Drift {
    /// Compares manifests.
    pub(super) fn manifests(&self, desired: &Path, terminal: &Terminal) -> Result<Compared, Stop> {
        terminal.progress(&format!("reading {}", desired.display()));
        let sides = match tree::clusters(desired, terminal)? {
            Some(clusters) => self.of_repository(clusters, desired, terminal)?,
            None => self.of_directory(desired, terminal)?,
        };
        let (report, _) = self.compare(&sides, None, terminal)?;
        Ok(Compared {
            report,
            fleet: None,
        })
    }

    /// The clusters of a GitOps repository, each reached by the context of its name.
    fn of_repository(
        &self,
        mut clusters: BTreeMap<ClusterName, tree::Cluster>,
        desired: &Path,
        terminal: &Terminal,
    ) -> Result<BTreeMap<ClusterName, Side<'static>>, Stop> {
        let selected = self.selected(clusters.keys(), terminal)?;
        clusters.retain(|name, _| selected.has(name));
        let side = |(name, cluster): (ClusterName, tree::Cluster)| {
            let side = Side {
                repository: read(cluster.files(terminal)?, desired, terminal)?,
                settings: self.settings(name.as_str(), terminal)?,
                context: Some(name.to_string()),
            };
            Ok((name, side))
        };
        clusters.into_iter().map(side).collect()
    }

    /// Everything in a directory, or one file, for one cluster.
    fn of_directory(
        &self,
        desired: &Path,
        terminal: &Terminal,
    ) -> Result<BTreeMap<ClusterName, Side<'static>>, Stop> {
        let name = match (self.cluster.as_slice(), self.shard) {
            ([], None) => self.context.as_deref().unwrap_or("cluster"),
            ([name], None) => name,
            _ => {
                return Err(terminal.refuse(
                    "with manifests that are no GitOps repository of regen, one cluster is compared: give one --cluster",
                ));
            }
        };
        let files = io::snapshot::manifests(desired).map_err(|e| terminal.unreadable(&e))?;
        let side = Side {
            repository: read(files, desired, terminal)?,
            // regen's own mark names the cluster: without a name, no object can be known by it.
            settings: self.settings(self.cluster.first().map_or("", String::as_str), terminal)?,
            context: None,
        };
        Ok(BTreeMap::from([(ClusterName::new(name), side)]))
    }

    fn settings(&self, cluster: &str, terminal: &Terminal) -> Result<Settings, Stop> {
        let mut settings = Settings {
            cluster: cluster.to_owned(),
            today: Some(super::super::today()),
            ..self.config(terminal)?.unwrap_or_default()
        };
        if self.namespace.is_some() {
            settings.namespace.clone_from(&self.namespace);
        }
        if !self.applier.is_empty() {
            settings.appliers.clone_from(&self.applier);
        }
        Ok(settings)
    }
}

/// The objects of files.
fn read(
    files: Vec<(PathBuf, String)>,
    desired: &Path,
    terminal: &Terminal,
) -> Result<Repository<'static>, Stop> {
    let (mut sink, mut sources) = (Sink::new(), Sources::new());
    let mut repository = Repository::default();
    let mut all = Vec::with_capacity(files.len());
    for (path, text) in files {
        let source = sources.add(path.to_string_lossy(), text);
        let file = relative(&path, desired)
            .with_context(|| format!("`{}` is no path of a manifest", path.display()))?;
        all.push((file, source));
    }
    repository.add_all(&all, &sources, &mut sink);
    if sink.errors() > 0 {
        let drawn = text::diagnostics(&sink.into_sorted(), &sources, terminal.err);
        terminal.done();
        terminal.say(drawn.trim_end_matches('\n'));
        return Err(Stop::Rejected);
    }
    Ok(repository)
}

/// The path of a file as the repository would know it: below the directory that was given.
fn relative(path: &Path, desired: &Path) -> Option<ManifestPath> {
    let below = path.strip_prefix(desired).ok()?;
    let below = match below.as_os_str().is_empty() {
        true => Path::new(path.file_name()?),
        false => below,
    };
    ManifestPath::new(below.to_string_lossy().replace('\\', "/"))
}
