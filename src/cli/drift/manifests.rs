//! Any directory of manifests against one cluster: drift for teams that do not render yet.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use crate::diag::{Sink, Sources};
use crate::drift::Settings;
use crate::io;
use crate::model::manifest::ManifestPath;
use crate::model::name::ClusterName;
use crate::pipeline::drift::Repository;
use crate::report::text;

use super::super::{Stop, Terminal};
use super::{Compared, Drift, Side};

impl Drift {
    /// Compares manifests.
    pub(super) fn manifests(&self, desired: &Path, terminal: &Terminal) -> Result<Compared, Stop> {
        let name = match self.cluster.as_slice() {
            [] => self.context.as_deref().unwrap_or("cluster"),
            [name] => name,
            _ => {
                return Err(
                    terminal.refuse("with --desired, one cluster is compared: give one --cluster")
                );
            }
        };
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let mut repository = Repository::default();
        let files = io::snapshot::manifests(desired).map_err(|e| terminal.unreadable(&e))?;
        for (path, text) in files {
            let source = sources.add(path.to_string_lossy(), text);
            let file = relative(&path, desired)
                .with_context(|| format!("`{}` is no path of a manifest", path.display()))?;
            let _ = repository.add(&file, source, &sources, None, &mut sink);
        }
        if sink.errors() > 0 {
            let drawn = text::diagnostics(&sink.into_sorted(), &sources, terminal.err);
            terminal.done();
            terminal.say(drawn.trim_end_matches('\n'));
            return Err(Stop::Rejected);
        }
        let mut settings = Settings {
            // regen's own mark names the cluster: without a name, no object can be known by it.
            cluster: self.cluster.first().cloned().unwrap_or_default(),
            today: Some(super::super::today()),
            ..self.config(terminal)?.unwrap_or_default()
        };
        if self.namespace.is_some() {
            settings.namespace.clone_from(&self.namespace);
        }
        if !self.applier.is_empty() {
            settings.appliers.clone_from(&self.applier);
        }
        let side = Side {
            repository,
            settings,
            context: None,
        };
        let sides = BTreeMap::from([(ClusterName::new(name), side)]);
        let report = self.compare(&sides, terminal)?;
        Ok(Compared {
            report,
            fleet: None,
        })
    }
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
