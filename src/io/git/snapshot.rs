//! One branch at one moment: what its tree holds.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use git2::{ErrorCode, ObjectType, Oid, TreeWalkMode, TreeWalkResult};
use sha1::{Digest as _, Sha1};

use crate::model::change::{Held, LEDGER_PATH, Ledger, TreeState};
use crate::model::digest::Digest;
use crate::model::manifest::{ManifestPath, ManifestSet};
use crate::model::text::Text;

use super::open::{Repository, branch_reference};

const LINK: i32 = 0o120_000;
const SUBMODULE: i32 = 0o160_000;

/// A branch as it was when it was looked at.
#[derive(Debug)]
pub struct Snapshot<'r> {
    repository: &'r Repository,
    pub(super) reference: String,
    /// Where the branch stood; `None`: it did not exist.
    pub(super) tip: Option<Oid>,
    /// The commit that the next one goes on top of.
    pub(super) base: Option<Oid>,
    entries: BTreeMap<String, (Oid, i32)>,
}

impl Repository {
    /// Looks at a branch.
    ///
    /// A branch that does not exist is empty when the repository has no branch at all, starts at
    /// the remote's branch of that name when that was fetched, and is an error otherwise.
    pub fn snapshot(&self, branch: &str) -> anyhow::Result<Snapshot<'_>> {
        let tip = self.tip(branch)?;
        let base = match tip {
            Some(tip) => Some(tip),
            None => self.fetched(branch)?,
        };
        if base.is_none() {
            let others = self.branches()?;
            if !others.is_empty() {
                bail!(
                    "`{}` has no branch `{branch}`, it has {}; create it, or set `gitops.branch`",
                    self.shown,
                    others.join(", ")
                );
            }
        }
        self.snapshot_on(branch, tip, base)
    }

    pub(super) fn snapshot_on(
        &self,
        branch: &str,
        tip: Option<Oid>,
        base: Option<Oid>,
    ) -> anyhow::Result<Snapshot<'_>> {
        let entries = match base {
            Some(base) => self
                .entries(base)
                .with_context(|| format!("cannot read branch `{branch}` of `{}`", self.shown))?,
            None => BTreeMap::new(),
        };
        let reference = self.resolved_reference(branch)?;
        Ok(Snapshot {
            repository: self,
            reference,
            tip,
            base,
            entries,
        })
    }

    /// Where a branch stands; `None` when it does not exist.
    pub(super) fn tip(&self, branch: &str) -> anyhow::Result<Option<Oid>> {
        let name = branch_reference(branch)?;
        self.target(&name)
    }

    /// A branch may be a symbolic reference to another.
    fn resolved_reference(&self, branch: &str) -> anyhow::Result<String> {
        let name = branch_reference(branch)?;
        match self.git.find_reference(&name).and_then(|r| r.resolve()) {
            Ok(resolved) => Ok(resolved.name().map(str::to_owned).unwrap_or(name)),
            Err(_) => Ok(name),
        }
    }

    /// Where the remote's branch stood when it was last fetched.
    fn fetched(&self, branch: &str) -> anyhow::Result<Option<Oid>> {
        let remote = self
            .remote_name(branch)?
            .unwrap_or_else(|| "origin".to_owned());
        self.target(&format!("refs/remotes/{remote}/{branch}"))
    }

    pub(super) fn target(&self, reference: &str) -> anyhow::Result<Option<Oid>> {
        let found = self
            .git
            .find_reference(reference)
            .and_then(|r| r.peel_to_commit());
        match found {
            Ok(commit) => Ok(Some(commit.id())),
            Err(error) if error.code() == ErrorCode::NotFound && self.is_absent(reference) => {
                Ok(None)
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot read `{reference}` of `{}`", self.shown))
            }
        }
    }

    /// Tells a reference that is absent from one whose commit is.
    fn is_absent(&self, reference: &str) -> bool {
        let found = self.git.find_reference(reference);
        found.is_err_and(|error| error.code() == ErrorCode::NotFound)
    }

    fn branches(&self) -> anyhow::Result<Vec<String>> {
        let context = || format!("cannot list the branches of `{}`", self.shown);
        let mut names = Vec::new();
        for reference in self
            .git
            .references_glob("refs/heads/*")
            .with_context(context)?
        {
            let reference = reference.with_context(context)?;
            names.push(format!(
                "`{}`",
                String::from_utf8_lossy(reference.shorthand_bytes())
            ));
        }
        names.sort();
        names.truncate(10);
        Ok(names)
    }

    fn entries(&self, commit: Oid) -> anyhow::Result<BTreeMap<String, (Oid, i32)>> {
        let tree = self.git.find_commit(commit)?.tree()?;
        let mut entries = BTreeMap::new();
        tree.walk(TreeWalkMode::PreOrder, |parent, entry| {
            if entry.kind() != Some(ObjectType::Tree) {
                let name = String::from_utf8_lossy(entry.name_bytes());
                entries.insert(format!("{parent}{name}"), (entry.id(), entry.filemode()));
            }
            TreeWalkResult::Ok
        })?;
        Ok(entries)
    }
}

impl Snapshot<'_> {
    /// The commit that was looked at; `None`: the branch is empty.
    pub fn commit(&self) -> Option<String> {
        self.base.map(|id| id.to_string())
    }

    /// All paths with `/`, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of a file; `None` where no file is.
    pub fn read(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        match self.entries.get(path) {
            None | Some((_, LINK | SUBMODULE)) => Ok(None),
            Some((id, _)) => {
                let blob = self.repository.git.find_blob(*id);
                let shown = &self.repository.shown;
                let blob = blob.with_context(|| format!("cannot read `{path}` of `{shown}`"))?;
                Ok(Some(blob.content().to_vec()))
            }
        }
    }

    /// The text of the ledger; `None` where there is none.
    pub fn ledger(&self) -> anyhow::Result<Option<String>> {
        let Some(bytes) = self.read(LEDGER_PATH)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).with_context(|| {
            format!(
                "`{LEDGER_PATH}` of `{}` is not UTF-8",
                self.repository.shown
            )
        })?;
        Ok(Some(text))
    }

    /// What the tree holds, with digests of everything that is owned or rendered.
    ///
    /// Files that hold what is rendered are told by their object name and not read.
    pub fn state(
        &self,
        ledger: &Ledger,
        rendered: &ManifestSet,
        digests: &BTreeMap<ManifestPath, Digest>,
    ) -> anyhow::Result<TreeState> {
        let mut state = TreeState::new();
        for (path, (id, mode)) in &self.entries {
            let held = match *mode {
                LINK => Held::Link,
                SUBMODULE => Held::Repository,
                _ => {
                    let at = path.as_str();
                    Held::File(match (rendered.files.get(at), digests.get(at)) {
                        (Some(file), Some(digest)) if names(*id, &file.text) => Some(*digest),
                        (None, _) if !ledger.files.contains_key(at) => None,
                        _ => self.read(path)?.map(|bytes| Digest::of(&bytes)),
                    })
                }
            };
            state.insert(path.clone(), held);
        }
        Ok(state)
    }
}

/// Whether an object's name is that of a blob with this text. libgit2 computes the same six times
/// slower, for it looks for collisions; one with what regen renders would have to be made by
/// somebody who may write both the fleet and the repository.
fn names(id: Oid, text: &Text) -> bool {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", text.len()));
    text.parts().for_each(|part| hash.update(part));
    hash.finalize()[..] == *id.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_as_git_names_it() {
        for parts in [&["a: 1\n"][..], &["", "a", ": 1\n"], &[]] {
            let text = Text::of(parts.iter().map(|p| (*p).into()).collect());
            let id = Oid::hash_object(ObjectType::Blob, text.whole().as_bytes()).expect("hashes");
            assert!(names(id, &text), "{text}");
            assert!(!names(id, &Text::from("a: 2\n")));
        }
    }
}
