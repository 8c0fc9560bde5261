//! Single files and names of directories.

#![expect(clippy::disallowed_methods, reason = "the pipe to the file system")]

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// The text of a file.
///
/// # Errors
///
/// When it cannot be read or is not UTF-8; the error names it.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Whether something stands at a path, be it a link that leads nowhere.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The last segment of a directory's full path; empty for the root. The directory need not exist.
///
/// # Errors
///
/// When the current directory is unknown.
pub fn directory_name(path: &Path) -> anyhow::Result<String> {
    let full = std::path::absolute(path)
        .with_context(|| format!("cannot tell where `{}` is", path.display()))?;
    Ok(full
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default())
}
