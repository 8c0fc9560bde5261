//! Saved objects (`kubectl get -o yaml` or `-o json`) become what a cluster ran when they were
//! saved.
//!
//! A dump is a complete view of the kinds and namespaces that it holds; a single file, of all
//! desired kinds. A desired kind that a dump does not hold is unknown, never missing.

mod document;
mod files;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::model::change::LEDGER_PATH;
use crate::model::keep::Asked;
use crate::model::live::{GroupKind, LiveState, Unreadable, View};
use crate::model::name::ClusterName;
use document::Held;

/// Reads one dump: a file, or a directory with everything below it, sorted by path.
///
/// Objects that nobody asked for are dropped while reading; each kind that will be compared has a
/// view in the result.
///
/// # Errors
///
/// When a file cannot be read, is no YAML or JSON, holds something else than Kubernetes objects,
/// or is larger than a dump may be; when an object stands twice and differs; when a link leads out
/// of the directory. The text names the file and never quotes it.
pub fn read(path: &Path, asked: &Asked) -> anyhow::Result<LiveState> {
    let what = || format!("reading the dump `{}`", path.display());
    let about = std::fs::metadata(path).with_context(what)?;
    if about.is_dir() {
        let files = files::below(path).with_context(what)?;
        let held = document::read_all(&files, asked)?;
        return Ok(of_directory(held, &asked.kinds, path));
    }
    let held = document::read_all(&[path.to_owned()], asked)?;
    if held.empty_files > 0 {
        // A redirect leaves it when the command before it failed.
        let detail = format!(
            "`{}` is empty; did the command that should fill it fail?",
            path.display()
        );
        return Ok(unreadable(detail));
    }
    let kinds = asked.kinds.iter().chain(&held.kinds);
    let state = LiveState {
        views: kinds.map(|kind| (kind.clone(), View::Complete)).collect(),
        ..LiveState::default()
    };
    Ok(with_objects(state, held))
}

/// The texts of manifest files, by path: one file, or the YAML and JSON files below a directory.
///
/// # Errors
///
/// When a file cannot be read, is too large or is not UTF-8; when a link leads out of the
/// directory.
pub fn manifests(path: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let what = || format!("reading the manifests in `{}`", path.display());
    let files = match std::fs::metadata(path).with_context(what)?.is_dir() {
        true => files::below(path).with_context(what)?,
        false => vec![path.to_owned()],
    };
    let read = |file: PathBuf| {
        let text = document::text(&file)?;
        Ok((file, text))
    };
    files.into_iter().map(read).collect()
}

/// A GitOps repository that regen wrote.
#[derive(Debug, Default)]
pub struct Repository {
    /// The folders of clusters, by path: `clusters/<region>/<cluster>`.
    pub clusters: Vec<(ClusterName, PathBuf)>,
    /// The files of `hub/`, which stand there once per fleet, with their texts.
    pub hub: Vec<(PathBuf, String)>,
}

/// What a directory holds for which cluster; `None` where regen did not write it: it has no ledger.
///
/// # Errors
///
/// When a folder or a file of `hub/` cannot be read.
pub fn repository(root: &Path) -> anyhow::Result<Option<Repository>> {
    if !root.join(LEDGER_PATH).is_file() {
        return Ok(None);
    }
    let mut repository = Repository::default();
    let folders = root.join("clusters");
    if folders.is_dir() {
        let what = || format!("reading the clusters in `{}`", root.display());
        let walk = walkdir::WalkDir::new(&folders);
        for entry in walk.min_depth(2).max_depth(2).sort_by_file_name() {
            let entry = entry.with_context(what)?;
            if entry.file_type().is_dir() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = entry.into_path();
                repository.clusters.push((ClusterName::new(name), path));
            }
        }
    }
    let hub = root.join("hub");
    if hub.is_dir() {
        repository.hub = manifests(&hub)?;
    }
    Ok(Some(repository))
}

/// Reads the dumps of several clusters: `path` is the file of the only one, or a directory with
/// `<cluster>.yaml` (or `.yml`, `.json`) or `<cluster>/` for each. A cluster without one is
/// unreadable.
///
/// # Errors
///
/// As [`read`]; also when there is one file for several clusters, or two dumps of one.
pub fn read_fleet(
    path: &Path,
    clusters: &BTreeMap<ClusterName, Asked>,
) -> anyhow::Result<BTreeMap<ClusterName, LiveState>> {
    let about = std::fs::metadata(path)
        .with_context(|| format!("reading the dumps in `{}`", path.display()))?;
    if !about.is_dir() {
        let mut all = clusters.iter();
        return match (all.next(), all.next()) {
            (None, _) => Ok(BTreeMap::new()),
            (Some((cluster, asked)), None) => {
                Ok(BTreeMap::from([(cluster.clone(), read(path, asked)?)]))
            }
            _ => bail!(
                "`{}` is one file, and {} clusters are compared: name one of them, or give a directory \
                 with one dump per cluster",
                path.display(),
                clusters.len()
            ),
        };
    }
    let mut states = BTreeMap::new();
    for (cluster, asked) in clusters {
        let state = match dump_of(path, cluster)? {
            Some(dump) => read(&dump, asked).with_context(|| format!("cluster `{cluster}`"))?,
            None => unreadable(format!(
                "`{}` holds neither `{cluster}.yaml` nor `{cluster}/`",
                path.display()
            )),
        };
        states.insert(cluster.clone(), state);
    }
    Ok(states)
}

fn dump_of(path: &Path, cluster: &ClusterName) -> anyhow::Result<Option<PathBuf>> {
    // A name is checked elsewhere; here it must not lead out of the directory.
    if cluster.as_str().is_empty()
        || cluster.as_str().starts_with('.')
        || cluster.as_str().contains(['/', '\\'])
    {
        bail!("`{cluster}` is no name that a dump can have");
    }
    let names =
        ["", ".yaml", ".yml", ".json"].map(|ending| path.join(format!("{cluster}{ending}")));
    let mut found = names.into_iter().filter(|p| match p.extension() {
        // The bare name is a directory's; `a.b` has what looks like an extension.
        _ if *p == path.join(cluster.as_str()) => p.is_dir(),
        _ => p.is_file(),
    });
    match (found.next(), found.next()) {
        (Some(a), Some(b)) => bail!(
            "cluster `{cluster}` has two dumps: `{}` and `{}`",
            a.display(),
            b.display()
        ),
        (first, _) => Ok(first),
    }
}

fn unreadable(detail: String) -> LiveState {
    LiveState {
        unreadable: Some(Unreadable {
            reason: "NotInSnapshot".to_owned(),
            detail,
        }),
        ..LiveState::default()
    }
}

/// The kinds that the files hold, in all namespaces that they hold.
fn of_directory(held: Held, desired: &BTreeSet<GroupKind>, path: &Path) -> LiveState {
    let mut state = LiveState::default();
    for kind in &held.kinds {
        let view = if held.cluster_scoped.contains(kind) && !held.namespaced.contains(kind) {
            View::Complete
        } else {
            View::Namespaces(held.namespaces.clone())
        };
        state.views.insert(kind.clone(), view);
    }
    for kind in desired {
        state.views.entry(kind.clone()).or_insert_with(|| {
            View::Unreadable(Unreadable {
                reason: "NotInSnapshot".to_owned(),
                detail: format!("no file in `{}` holds a `{kind}`", path.display()),
            })
        });
    }
    with_objects(state, held)
}

fn with_objects(mut state: LiveState, held: Held) -> LiveState {
    state.saved = true;
    state.objects = held.objects;
    state.evidence.objects = held.evidence;
    for objects in [&mut state.objects, &mut state.evidence.objects] {
        objects.sort_by_cached_key(|object| {
            let text = |key: &str| {
                object.body["metadata"][key]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            (object.kind.clone(), text("namespace"), text("name"))
        });
    }
    state.others = held.others;
    let scopes = held.namespaced.into_iter();
    state.namespaced = scopes.map(|kind| (kind, true)).collect();
    state
}

#[cfg(test)]
mod tests;
