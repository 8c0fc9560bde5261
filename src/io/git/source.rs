//! The commit of the fleet's own repository that manifests are rendered from.

use std::path::Path;

use anyhow::Context as _;
use git2::StatusOptions;

use crate::io::files::PARTS;
use crate::model::change::SourceCommit;

/// The commit that the repository around a fleet's directory is at, and whether the fleet's files
/// differ from it; `None` when the fleet is in no repository or nothing was committed yet.
pub fn source_commit(fleet: &Path) -> anyhow::Result<Option<SourceCommit>> {
    let context = || format!("cannot read the repository around `{}`", fleet.display());
    let Ok(git) = git2::Repository::discover(fleet) else {
        return Ok(None);
    };
    let Some(work_tree) = git.workdir() else {
        return Ok(None);
    };
    let Ok(head) = git.head().and_then(|head| head.peel_to_commit()) else {
        return Ok(None);
    };
    let root = work_tree.canonicalize().with_context(context)?;
    let fleet = fleet.canonicalize().with_context(context)?;
    let Ok(below) = fleet.strip_prefix(&root) else {
        return Ok(None);
    };
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_ignored(true)
        .recurse_ignored_dirs(true)
        .disable_pathspec_match(true);
    for part in PARTS {
        options.pathspec(below.join(part.trim_end_matches('/')));
    }
    let statuses = git.statuses(Some(&mut options)).with_context(context)?;
    // Hidden files are not a fleet's.
    let hidden = |path: &[u8]| path.split(|b| *b == b'/').any(|s| s.starts_with(b"."));
    let dirty = statuses.iter().any(|entry| !hidden(entry.path_bytes()));
    Ok(Some(SourceCommit {
        id: head.id().to_string(),
        dirty,
    }))
}
