//! Which files a directory's dump consists of.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use walkdir::WalkDir;

/// How deep a dump's directories may nest.
const MAX_DEPTH: usize = 16;
/// How many files a dump may have.
const MAX_FILES: usize = 100_000;

/// The YAML and JSON files below a directory, sorted; hidden ones are left out. Links are not
/// followed: what they lead to is read where it stands, and must stand inside.
pub(super) fn below(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let root = directory.canonicalize()?;
    let mut files = Vec::new();
    let walk = WalkDir::new(directory)
        .max_depth(MAX_DEPTH + 1)
        .sort_by_file_name();
    let visible = walk
        .into_iter()
        .filter_entry(|e| e.depth() == 0 || !e.file_name().to_string_lossy().starts_with('.'));
    for entry in visible {
        let entry = entry?;
        let path = entry.path();
        if entry.depth() > MAX_DEPTH {
            bail!(
                "`{}` lies deeper than {MAX_DEPTH} directories",
                path.display()
            );
        }
        if entry.depth() > 0 && entry.path_is_symlink() {
            let target = path
                .canonicalize()
                .with_context(|| format!("following the link `{}`", path.display()))?;
            if !target.starts_with(&root) {
                bail!(
                    "the link `{}` leads out of the dump: put a copy in its place",
                    path.display()
                );
            }
            continue;
        }
        let readable = path
            .extension()
            .is_some_and(|e| e == "yaml" || e == "yml" || e == "json");
        if entry.file_type().is_file() && readable {
            files.push(path.to_owned());
            if files.len() > MAX_FILES {
                bail!("there are more than {MAX_FILES} files");
            }
        }
    }
    Ok(files)
}
