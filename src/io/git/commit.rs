//! A change to one commit: objects first, the branch last, the work tree after it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use git2::{ErrorCode, Oid};

use crate::model::change::{Action, LEDGER_PATH, TreeChange};
use crate::model::manifest::ManifestSet;

use super::identity::Identity;
use super::journal::{Journal, left_alone};
use super::open::{Repository, is_locked};
use super::snapshot::Snapshot;
use super::tree::updated;

/// How often and how long a lock that somebody else holds is waited for: 3 s.
const TRIES: u32 = 30;
const WAIT: Duration = Duration::from_millis(100);

/// What became of the work tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkTree {
    /// The repository has none.
    Bare,
    /// It shows another branch, or no branch.
    Elsewhere,
    /// It shows the commit.
    Updated,
}

/// A commit that was made, or the one that already says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The branch's commit; `None`: the branch is still empty.
    pub id: Option<String>,
    /// Whether a commit was made.
    pub new: bool,
    /// What became of the work tree.
    pub work_tree: WorkTree,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

impl Repository {
    /// Commits a change on top of a snapshot; `None` when the branch moved since it was taken.
    ///
    /// The bytes are those of the rendered set. An empty change makes no commit. Fails before
    /// anything is written when a person's uncommitted work would be lost.
    pub fn commit(
        &self,
        snapshot: &Snapshot<'_>,
        change: &TreeChange,
        rendered: &ManifestSet,
        message: &str,
    ) -> anyhow::Result<Option<Committed>> {
        let guard = self.guard()?;
        let mut notes = self.recover(&guard)?;
        let reference = &snapshot.reference;
        if self.target(reference)? != snapshot.tip {
            return Ok(None);
        }
        let moved = || format!("cannot commit to `{reference}` of `{}`", self.shown);
        let new = if change.is_empty() {
            snapshot.base
        } else {
            self.require_clean(reference, &paths(change))?;
            let identity = Identity::of(&self.git)?;
            notes.extend(identity.note.clone());
            notes.extend(self.unsigned());
            let made = self.objects(snapshot, change, rendered, message, &identity);
            Some(made.with_context(moved)?)
        };
        let (Some(new), true) = (new, new != snapshot.tip) else {
            let work_tree = self.work_tree_state(reference);
            let id = new.map(|id| id.to_string());
            return Ok(Some(Committed {
                id,
                new: false,
                work_tree,
                notes,
            }));
        };
        if snapshot.base != snapshot.tip {
            // More changes than ours: the branch takes over what was fetched.
            let all = self.differing(snapshot.tip, new).with_context(moved)?;
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            self.require_clean(reference, &all)?;
        }
        self.adopt_unborn_head(reference).with_context(moved)?;
        let journal = Journal {
            reference: reference.clone(),
            old: snapshot.tip,
            new,
        };
        self.begin(&guard, &journal)?;
        if !self.swap(&journal, message).with_context(moved)? {
            self.end(&guard)?;
            return Ok(None);
        }
        let left = self.follow(reference, snapshot.tip, new, false)?;
        notes.extend(left.iter().map(|path| left_alone(path)));
        self.end(&guard)?;
        Ok(Some(Committed {
            id: Some(new.to_string()),
            new: Some(new) != snapshot.base,
            work_tree: self.work_tree_state(reference),
            notes,
        }))
    }

    fn work_tree_state(&self, reference: &str) -> WorkTree {
        match (self.git.is_bare(), self.shows(reference)) {
            (true, _) => WorkTree::Bare,
            (false, true) => WorkTree::Updated,
            (false, false) => WorkTree::Elsewhere,
        }
    }

    fn unsigned(&self) -> Option<String> {
        let config = self.git.config().and_then(|mut c| c.snapshot()).ok()?;
        let wanted = config.get_bool("commit.gpgsign").unwrap_or(false);
        wanted.then(|| "`commit.gpgSign` is set, and regen does not sign its commits".to_owned())
    }

    /// Writes blobs, trees and the commit; nothing refers to them yet.
    pub(super) fn objects(
        &self,
        snapshot: &Snapshot<'_>,
        change: &TreeChange,
        rendered: &ManifestSet,
        message: &str,
        identity: &Identity,
    ) -> anyhow::Result<Oid> {
        let git = &self.git;
        let mut updates: Vec<(&str, Option<Oid>)> = Vec::with_capacity(change.files.len() + 1);
        for (path, action) in &change.files {
            let object = match (action, rendered.files.get(path)) {
                (Action::Removed, _) => None,
                (_, Some(file)) => Some(
                    git.blob(file.text.whole().as_bytes())
                        .with_context(|| format!("cannot store `{path}`"))?,
                ),
                (_, None) => bail!("`{path}` is in the change and not rendered"),
            };
            updates.push((path.as_str(), object));
        }
        if let Some(text) = &change.ledger_text {
            updates.push((LEDGER_PATH, Some(git.blob(text.as_bytes())?)));
        }
        let parent = snapshot.base.map(|id| git.find_commit(id)).transpose()?;
        let base = parent.as_ref().map(git2::Commit::tree).transpose()?;
        let tree = match updated(git, base.as_ref(), &updates)? {
            Some(tree) => tree,
            None => git.treebuilder(None)?.write()?,
        };
        let tree = git.find_tree(tree)?;
        let author = identity.author.signature()?;
        let committer = identity.committer.signature()?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        Ok(git.commit(None, &author, &committer, message, &tree, &parents)?)
    }

    /// Moves the branch, unless it is no longer where it was: then `false`.
    pub(super) fn swap(&self, journal: &Journal, message: &str) -> anyhow::Result<bool> {
        let log = format!("commit: {}", message.lines().next().unwrap_or_default());
        let reference = &journal.reference;
        for attempt in 1.. {
            let moved = match journal.old {
                Some(old) => self
                    .git
                    .reference_matching(reference, journal.new, true, old, &log),
                None => self.git.reference(reference, journal.new, false, &log),
            };
            match moved {
                Ok(_) => return Ok(true),
                Err(error) if matches!(error.code(), ErrorCode::Modified | ErrorCode::Exists) => {
                    return Ok(false);
                }
                Err(error) if is_locked(&error) && attempt < TRIES => std::thread::sleep(WAIT),
                Err(error) if is_locked(&error) => {
                    return Err(error).context(
                        "the branch is locked by another git; if none runs, remove the lock file",
                    );
                }
                Err(error) if error.code() == ErrorCode::NotFound => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// In a repository without any commit, the branch becomes the one that is checked out.
    fn adopt_unborn_head(&self, reference: &str) -> anyhow::Result<()> {
        let unborn = self
            .git
            .head()
            .is_err_and(|e| e.code() == ErrorCode::UnbornBranch);
        if !unborn || self.shows(reference) {
            return Ok(());
        }
        let no_branch = self.git.references_glob("refs/heads/*")?.next().is_none();
        let nothing_staged = self.git.is_bare() || self.git.index()?.is_empty();
        if no_branch && nothing_staged {
            self.git.set_head(reference)?;
        }
        Ok(())
    }

    fn differing(&self, old: Option<Oid>, new: Oid) -> anyhow::Result<Vec<String>> {
        let tree = |id: Oid| self.git.find_commit(id).and_then(|commit| commit.tree());
        let old = old.map(tree).transpose()?;
        let diff = self
            .git
            .diff_tree_to_tree(old.as_ref(), Some(&tree(new)?), None)?;
        let path = |d: git2::DiffDelta<'_>| {
            d.new_file()
                .path()
                .and_then(Path::to_str)
                .map(str::to_owned)
        };
        Ok(diff.deltas().filter_map(path).collect())
    }
}

fn paths(change: &TreeChange) -> Vec<&str> {
    let ledger = change.ledger_text.as_ref().map(|_| LEDGER_PATH);
    change
        .files
        .keys()
        .map(|path| path.as_str())
        .chain(ledger)
        .collect()
}
