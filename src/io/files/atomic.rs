//! One file, written whole or not at all.
#![expect(
    clippy::disallowed_methods,
    reason = "a pipe: the file system is its business"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

/// Replaces a file by these bytes; whoever looks sees the old ones or the new ones.
///
/// The bytes are written beside the file, forced to the disk and renamed; on failure nothing is
/// left behind. Permissions of an existing file are kept.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    write_via(directory, path, bytes, true)
}

/// The same with the temporary file in another directory of the same file system. `durable` says
/// whether the bytes are forced to the disk before the rename.
pub(super) fn write_via(
    directory: &Path,
    path: &Path,
    bytes: &[u8],
    durable: bool,
) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let (temporary, mut file) = create_temporary(directory)?;
        file.write_all(bytes)?;
        if let Ok(old) = fs::symlink_metadata(path)
            && old.is_file()
        {
            file.set_permissions(old.permissions())?;
        }
        if durable {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&temporary.0, path)?;
        if durable && let Some(parent) = path.parent() {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            // Some file systems cannot sync a directory; the rename is done all the same.
            let _ = fs::File::open(parent).and_then(|d| d.sync_all());
        }
        Ok(())
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// A new file of a name that nobody else uses. A name may be taken: in a container every run has
/// the same process id, and one that was killed leaves its file.
fn create_temporary(directory: &Path) -> std::io::Result<(Temporary, fs::File)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".regen-{}-{number}.tmp", std::process::id());
        let path = directory.join(name);
        match fs::File::create_new(&path) {
            Ok(file) => return Ok((Temporary(path), file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes what it names when it goes out of scope; after the rename there is nothing left.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
