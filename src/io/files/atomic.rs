//! One file, written whole or not at all.

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

/// Writes a file where nothing stands yet, with the directories above it; `false`, and nothing
/// written, where something does.
///
/// # Errors
///
/// When a directory or the file cannot be written; the error names it.
pub fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    if super::exists(path) {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the directory `{}`", parent.display()))?;
    }
    write_atomic(path, bytes).map(|()| true)
}

/// [`write_atomic`] with the temporary file in another directory of the same file system. `durable`
/// says whether the bytes are forced to the disk before the rename.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_left_and_nothing_stays_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        let names = || -> Vec<_> {
            let entries = fs::read_dir(directory.path()).expect("lists");
            entries.map(|e| e.expect("entry").file_name()).collect()
        };
        let file = directory.path().join("regen.lock");
        // What a killed run of the same process id left behind is in nobody's way.
        for number in 0..8 {
            let name = format!(".regen-{}-{number}.tmp", std::process::id());
            fs::write(directory.path().join(&name), "half").expect("writes");
        }
        write_atomic(&file, b"1").expect("writes");
        write_atomic(&file, b"2").expect("writes");
        assert_eq!(fs::read(&file).expect("reads"), b"2");
        assert_eq!(names().len(), 9);
        let taken = directory.path().join("taken");
        fs::create_dir_all(taken.join("x")).expect("creates");
        let error = write_atomic(&taken, b"1").expect_err("a directory");
        assert!(error.to_string().contains("taken"), "{error}");
        assert!(write_atomic(&directory.path().join("no/where"), b"1").is_err());
        assert_eq!(names().len(), 10, "only the directory was added");
    }

    #[test]
    fn a_new_file_brings_its_directories_and_an_old_one_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("a/b/c");
        assert!(write_new(&file, b"1").expect("writes"));
        assert!(!write_new(&file, b"2").expect("looks"));
        assert_eq!(fs::read(&file).expect("reads"), b"1");
        let error = write_new(&file.join("d"), b"1").expect_err("a file is no directory");
        assert!(error.to_string().contains("a/b/c"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_of_the_old_file_are_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("x");
        fs::write(&file, "1").expect("writes");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("sets");
        write_atomic(&file, b"2").expect("writes");
        let mode = fs::metadata(&file).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
