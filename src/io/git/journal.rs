//! What a run is about to do to a repository, so that the next one can finish it.
//!
//! Both files lie in the repository's own directory: `regen/lock`, which the operating system
//! releases when a run dies, and `regen/journal`, which names the branch and both commits while a
//! branch is moved and a work tree follows.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use git2::Oid;

use super::open::Repository;

const HEADER: &str = "regen-journal 1";
/// How long another run is waited for: 30 s.
const WAITS: u32 = 300;
const WAIT: Duration = Duration::from_millis(100);
/// A lock of git's that appeared within this time after the journal was written by the dead run.
const LEFT_BEHIND: Duration = Duration::from_secs(120);

/// Keeps other runs of regen out of a repository until it is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    _file: File,
}

/// A move of a branch that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) reference: String,
    pub(super) old: Option<Oid>,
    pub(super) new: Oid,
}

impl Journal {
    fn text(&self) -> String {
        let old = self
            .old
            .map_or_else(|| "none".to_owned(), |id| id.to_string());
        format!("{HEADER}\n{}\n{old}\n{}\n", self.reference, self.new)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != HEADER {
            return None;
        }
        let reference = lines.next()?.to_owned();
        let old = match lines.next()? {
            "none" => None,
            id => Some(Oid::from_str(id).ok()?),
        };
        let new = Oid::from_str(lines.next()?).ok()?;
        (lines.next().is_none() && reference.starts_with("refs/heads/")).then_some(Self {
            reference,
            old,
            new,
        })
    }
}

impl Repository {
    /// Keeps other runs out, waiting for one that is at work.
    pub(super) fn guard(&self) -> anyhow::Result<Guard> {
        let path = self.git.path().join("regen").join("lock");
        let context = || format!("cannot write in the repository `{}`", self.shown);
        fs::create_dir_all(path.with_file_name("")).with_context(context)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(context)?;
        for _ in 0..WAITS {
            match file.try_lock() {
                Ok(()) => return Ok(Guard { _file: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
                // Without locks (some network file systems) the compare and swap still holds.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Ok(Guard { _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(error).with_context(context),
            }
        }
        bail!(
            "another regen is at work in `{}` (`{}`)",
            self.shown,
            path.display()
        )
    }

    fn journal_path(&self) -> PathBuf {
        self.git.path().join("regen").join("journal")
    }

    pub(super) fn begin(&self, _: &Guard, journal: &Journal) -> anyhow::Result<()> {
        let path = self.journal_path();
        // One name is enough behind the guard, and nothing piles up when runs are killed.
        let aside = path.with_extension("next");
        fs::write(&aside, journal.text())
            .and_then(|()| fs::rename(&aside, &path))
            .with_context(|| format!("cannot write `{}`", path.display()))
    }

    pub(super) fn end(&self, _: &Guard) -> anyhow::Result<()> {
        let path = self.journal_path();
        fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))
    }

    /// Finishes what a run that was killed began: removes git locks that it left behind, and lets
    /// the work tree follow a branch that it moved. Returns sentences about what was left alone.
    pub(super) fn recover(&self, guard: &Guard) -> anyhow::Result<Vec<String>> {
        let path = self.journal_path();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let mut notes = Vec::new();
        if let Some(journal) = Journal::parse(&text) {
            self.remove_locks(&journal)?;
            if self.target(&journal.reference)? == Some(journal.new) {
                let left = self.follow(&journal.reference, journal.old, journal.new, true)?;
                notes = left.iter().map(|path| left_alone(path)).collect();
            }
        }
        self.end(guard)?;
        Ok(notes)
    }

    /// Locks that appeared while the dead run was at work; a lock that a living git holds is
    /// younger.
    fn remove_locks(&self, journal: &Journal) -> anyhow::Result<()> {
        let begun = fs::metadata(self.journal_path()).and_then(|meta| meta.modified());
        let common = self.git.commondir();
        for lock in [
            common.join(format!("{}.lock", journal.reference)),
            self.git.path().join("index.lock"),
            self.git.path().join("HEAD.lock"),
        ] {
            let appeared = fs::metadata(&lock).and_then(|meta| meta.modified());
            let (Ok(begun), Ok(appeared)) = (&begun, appeared) else {
                continue;
            };
            if appeared
                .duration_since(*begun)
                .is_ok_and(|after| after < LEFT_BEHIND)
            {
                fs::remove_file(&lock)
                    .with_context(|| format!("cannot remove the stale `{}`", lock.display()))?;
            }
        }
        Ok(())
    }
}

pub(super) fn left_alone(path: &str) -> String {
    format!("`{path}` in the work tree holds an edit of yours and was left as it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_comes_back_from_text_or_not_at_all() {
        let new = Oid::from_str("0123456789abcdef0123456789abcdef01234567").expect("an id");
        for old in [None, Some(new)] {
            let reference = "refs/heads/main".to_owned();
            let journal = Journal {
                reference,
                old,
                new,
            };
            assert_eq!(Journal::parse(&journal.text()), Some(journal.clone()));
            for cut in 0..journal.text().len() {
                assert_eq!(Journal::parse(&journal.text()[..cut]), None, "cut at {cut}");
            }
        }
    }
}
