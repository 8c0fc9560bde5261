//! A work tree that follows its branch, and never loses what a person did in it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};
use git2::build::CheckoutBuilder;
use git2::{Delta, DiffDelta, Oid, RepositoryState, Status, StatusOptions, Tree};

use crate::io::files::prune;

use super::open::Repository;

/// More paths than these are counted, not listed.
const PATHS_SHOWN: usize = 5;

impl Repository {
    /// Whether the work tree shows this branch.
    pub(super) fn shows(&self, reference: &str) -> bool {
        let head = self.git.find_reference("HEAD");
        let target = head
            .as_ref()
            .ok()
            .and_then(|h| h.symbolic_target().ok().flatten());
        !self.git.is_bare() && target == Some(reference)
    }

    /// Fails when a move of the branch would take away what a person has not committed: edits of
    /// these paths in the work tree or the index, a merge under way, another work tree.
    pub(super) fn require_clean(&self, reference: &str, paths: &[&str]) -> anyhow::Result<()> {
        if let Some(elsewhere) = self.shown_elsewhere(reference) {
            bail!(
                "`{reference}` of `{}` is checked out in `{elsewhere}` too",
                self.shown
            );
        }
        if !self.shows(reference) {
            return Ok(());
        }
        if self.git.state() != RepositoryState::Clean {
            let state = format!("{:?}", self.git.state()).to_lowercase();
            bail!(
                "a {state} is under way in `{}`: finish or abort it first",
                self.shown
            );
        }
        let dirty = self.uncommitted(paths)?;
        if dirty.is_empty() {
            return Ok(());
        }
        let mut shown: Vec<String> = dirty
            .iter()
            .take(PATHS_SHOWN)
            .map(|path| format!("`{path}`"))
            .collect();
        if dirty.len() > PATHS_SHOWN {
            shown.push(format!("{} more", dirty.len() - PATHS_SHOWN));
        }
        bail!(
            "the work tree of `{}` holds changes that are not committed and would be lost: {}; \
             commit them, or drop them with `git -C {} stash -u`",
            self.shown,
            shown.join(", "),
            self.shown
        )
    }

    /// Which of these paths differ from the checked-out commit in the work tree or the index, are
    /// there untracked, or lie behind a symbolic link.
    pub fn uncommitted(&self, paths: &[&str]) -> anyhow::Result<Vec<String>> {
        let Some(root) = self.git.workdir() else {
            return Ok(Vec::new());
        };
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .include_ignored(true)
            .recurse_ignored_dirs(true)
            .exclude_submodules(true)
            .disable_pathspec_match(true);
        for path in paths {
            options.pathspec(path);
        }
        let context = || format!("cannot read the work tree of `{}`", self.shown);
        let statuses = self
            .git
            .statuses(Some(&mut options))
            .with_context(context)?;
        let mut dirty: Vec<String> = statuses
            .iter()
            .filter(|entry| entry.status() != Status::CURRENT)
            .map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned())
            .collect();
        // What lies in the way of a directory is not reported under the path itself.
        let mut last = String::new();
        for path in paths {
            for (slash, _) in path.match_indices('/') {
                let above = &path[..slash];
                if last.starts_with(above) && last[above.len()..].starts_with('/') {
                    continue;
                }
                let meta = fs::symlink_metadata(root.join(above));
                if meta.is_ok_and(|meta| !meta.is_dir()) && !self.is_tracked(above) {
                    dirty.push(above.to_owned());
                }
            }
            last = format!("{path}/");
        }
        dirty.sort();
        dirty.dedup();
        Ok(dirty)
    }

    fn is_tracked(&self, path: &str) -> bool {
        let status = self.git.status_file(Path::new(path));
        status.is_ok_and(|status| status == Status::CURRENT)
    }

    /// Another work tree of the same repository that shows the branch.
    fn shown_elsewhere(&self, reference: &str) -> Option<String> {
        let here = self.git.path();
        let linked = self.git.worktrees().ok()?;
        let linked = linked
            .iter()
            .filter_map(|name| self.git.find_worktree(name.ok()??).ok())
            .filter_map(|tree| git2::Repository::open_from_worktree(&tree).ok());
        let main = git2::Repository::open(self.git.commondir()).ok();
        linked
            .chain(main)
            .filter(|other| other.path() != here && !other.is_bare())
            .find(|other| {
                let head = other.find_reference("HEAD");
                let target = head
                    .as_ref()
                    .ok()
                    .and_then(|h| h.symbolic_target().ok().flatten());
                target == Some(reference)
            })
            .map(|other| {
                other
                    .workdir()
                    .unwrap_or_else(|| other.path())
                    .display()
                    .to_string()
            })
    }

    /// Takes work tree and index from one commit of the branch to another, where they show it.
    ///
    /// A file is touched only if it holds what either commit says, or is absent; what is left
    /// alone is returned. May be repeated after it was interrupted anywhere: then a file may also
    /// hold the beginning of what the new commit says.
    pub(super) fn follow(
        &self,
        reference: &str,
        old: Option<Oid>,
        new: Oid,
        interrupted: bool,
    ) -> anyhow::Result<Vec<String>> {
        let Some(root) = self.git.workdir().filter(|_| self.shows(reference)) else {
            return Ok(Vec::new());
        };
        let context = || format!("cannot update the work tree of `{}`", self.shown);
        let tree = |id: Oid| self.git.find_commit(id).and_then(|commit| commit.tree());
        let old = old.map(tree).transpose().with_context(context)?;
        let new = tree(new).with_context(context)?;
        self.take(root, old.as_ref(), &new, interrupted)
            .with_context(context)
    }

    /// What stands where a file changes.
    fn place(
        &self,
        disk: &Path,
        delta: &DiffDelta<'_>,
        interrupted: bool,
    ) -> anyhow::Result<Place> {
        let gone = delta.status() == Delta::Deleted;
        let Ok(meta) = fs::symlink_metadata(disk) else {
            return Ok(Place::Old);
        };
        if meta.is_dir() {
            // The file is gone already and another lies below its name; or the directory's files
            // are about to go.
            return Ok(if gone { Place::Shadowed } else { Place::Old });
        }
        if !meta.is_file() {
            return Ok(Place::Foreign);
        }
        // Through the filters (line ends), as git sees it.
        let id = self.git.blob_path(disk)?;
        let (old, new) = (delta.old_file().id(), delta.new_file().id());
        let begun = interrupted && !gone && self.begins(disk, new)?;
        Ok(match () {
            () if id == new && !gone => Place::New,
            () if (id == old && delta.status() != Delta::Added) || begun => Place::Old,
            () => Place::Foreign,
        })
    }

    /// Whether a file is the beginning of a blob, line ends aside: libgit2 writes files in place.
    fn begins(&self, disk: &Path, blob: Oid) -> anyhow::Result<bool> {
        let whole = self.git.find_blob(blob)?;
        let unix =
            |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| *b != b'\r').collect() };
        Ok(unix(whole.content()).starts_with(&unix(&fs::read(disk)?)))
    }

    /// See [`Repository::follow`].
    fn take(
        &self,
        root: &Path,
        old: Option<&Tree<'_>>,
        new: &Tree<'_>,
        interrupted: bool,
    ) -> anyhow::Result<Vec<String>> {
        let diff = self.git.diff_tree_to_tree(old, Some(new), None)?;
        let mut index = self.git.index()?;
        let mut left = Vec::new();
        let mut written = Vec::new();
        let mut removed = Vec::new();
        for delta in diff.deltas() {
            let file = delta.new_file();
            let Some(path) = file.path().and_then(Path::to_str) else {
                continue;
            };
            let gone = delta.status() == Delta::Deleted;
            if gone {
                index.remove_path(Path::new(path))?;
            }
            let disk = root.join(path);
            let place = self
                .place(&disk, &delta, interrupted)
                .unwrap_or(Place::Foreign);
            let place = if behind_link(root, path) {
                Place::Foreign
            } else {
                place
            };
            match place {
                Place::Shadowed => {}
                Place::New => index.add_path(Path::new(path))?,
                Place::Old if gone => removed.push(path.to_owned()),
                Place::Old => written.push(path.to_owned()),
                Place::Foreign => {
                    left.push(path.to_owned());
                    if !gone {
                        // The edit shows as one against the new commit, not as staged back.
                        index.add(&entry(path, &file))?;
                    }
                }
            }
        }
        for path in &removed {
            let disk = root.join(path);
            match fs::remove_file(&disk) {
                Err(error) if !is_absent(&error) => {
                    return Err(error)
                        .with_context(|| format!("cannot remove `{}`", disk.display()));
                }
                _ => {}
            }
            if let Some(parent) = disk.parent() {
                prune(root, parent);
            }
        }
        index.write()?;
        if written.is_empty() {
            return Ok(left);
        }
        let mut checkout = CheckoutBuilder::new();
        checkout.force().disable_pathspec_match(true);
        for path in &written {
            checkout.path(path);
        }
        self.git
            .checkout_tree(new.as_object(), Some(&mut checkout))?;
        Ok(left)
    }
}

/// What the work tree has at a path that changes.
enum Place {
    /// What the old commit says, or nothing.
    Old,
    /// What the new commit says.
    New,
    /// A directory that took the place of a file that goes.
    Shadowed,
    /// Something else, of a person's.
    Foreign,
}

/// Whether nothing is there; above it may be a file by now.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn entry(path: &str, file: &git2::DiffFile<'_>) -> git2::IndexEntry {
    let never = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: u32::from(file.mode()),
        uid: 0,
        gid: 0,
        file_size: 0,
        id: file.id(),
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// Whether a directory above a path is a symbolic link: what is behind it is not the work tree's.
fn behind_link(root: &Path, path: &str) -> bool {
    path.match_indices('/').any(|(slash, _)| {
        let above = fs::symlink_metadata(root.join(&path[..slash]));
        above.is_ok_and(|meta| meta.is_symlink())
    })
}
