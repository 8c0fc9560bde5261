//! A plain directory that regen renders into (`render --out DIR`), with a ledger of its own.
//!
//! A change is announced in `.regen/pending`, made file by file, each whole or not at all, and
//! ends when the announcement is renamed to `.regen/ledger`. Killed in between, the next run
//! takes over what is already written. A directory that is not there yet is written elsewhere and
//! moved into its place with all that is in it, at the cost of writing its files only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::model::change::{
    Action, Held, LEDGER_PATH, PENDING_PATH, RESERVED_DIRECTORY, TreeChange, TreeState,
};
use crate::model::digest::Digest;
use crate::model::manifest::{ManifestPath, ManifestSet};

use super::atomic::write_via;
use super::fleet::relative;

/// A directory that is or will be rendered into.
#[derive(Clone, Debug)]
pub struct OutTree {
    root: PathBuf,
    /// The text of its ledger, where it has one.
    pub ledger: Option<String>,
    /// The announced ledger of a change that was interrupted.
    pub pending: Option<String>,
}

impl OutTree {
    /// Opens a directory, which need not exist yet.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        if fs::metadata(root).is_ok_and(|meta| !meta.is_dir()) {
            bail!("`{}` is not a directory", root.display());
        }
        Ok(Self {
            root: root.to_owned(),
            ledger: read_text(&root.join(LEDGER_PATH))?,
            pending: read_text(&root.join(PENDING_PATH))?,
        })
    }

    /// What the directory holds, with the digests of these paths (owned or rendered ones).
    ///
    /// Only top-level directories that these paths are in are walked.
    pub fn state(&self, wanted: &BTreeSet<&str>) -> anyhow::Result<TreeState> {
        let mut state = TreeState::new();
        let context = || format!("cannot read `{}`", self.root.display());
        let tops = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(state),
            other => other.with_context(context)?,
        };
        let folded: BTreeSet<String> = wanted
            .iter()
            .filter_map(|path| path.split('/').next())
            .map(str::to_lowercase)
            .collect();
        for top in tops {
            let top = top.with_context(context)?;
            let name = top.file_name().to_string_lossy().into_owned();
            if name == RESERVED_DIRECTORY || !folded.contains(&name.to_lowercase()) {
                continue;
            }
            let mut walk = walkdir::WalkDir::new(top.path())
                .follow_links(false)
                .follow_root_links(false)
                .into_iter();
            while let Some(entry) = walk.next() {
                let entry = entry.with_context(context)?;
                let kind = entry.file_type();
                let path = relative(&self.root, entry.path());
                if kind.is_dir() {
                    if fs::symlink_metadata(entry.path().join(".git")).is_ok() {
                        state.insert(path, Held::Repository);
                        walk.skip_current_dir();
                    }
                    continue;
                }
                let held = if kind.is_symlink() {
                    Held::Link
                } else if !kind.is_file() {
                    // A device, a pipe or a socket: nothing to read, nothing to overwrite.
                    Held::Repository
                } else if wanted.contains(path.as_str()) {
                    let bytes = fs::read(entry.path())
                        .with_context(|| format!("cannot read `{}`", entry.path().display()))?;
                    Held::File(Some(Digest::of(&bytes)))
                } else {
                    Held::File(None)
                };
                state.insert(path, held);
            }
        }
        Ok(state)
    }
}

fn read_text(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Makes a change in a directory; the bytes are those of the rendered set.
pub fn write_tree(
    tree: &OutTree,
    change: &TreeChange,
    rendered: &ManifestSet,
) -> anyhow::Result<()> {
    let root = &tree.root;
    let own = root.join(RESERVED_DIRECTORY);
    let pending = root.join(PENDING_PATH);
    let scratch = own.join("tmp");
    let create = |dir: &Path| {
        fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))
    };
    if fs::symlink_metadata(&own).is_ok_and(|meta| meta.is_symlink()) {
        bail!("`{}` is a symbolic link", own.display());
    }
    if change.files.is_empty() && change.ledger_text.is_none() && tree.pending.is_none() {
        // A run that was killed at its very end leaves it.
        let _ = fs::remove_dir_all(&scratch);
        return Ok(());
    }
    let _ = fs::remove_dir_all(&scratch);
    create(&scratch)?;
    if let Some(text) = &change.ledger_text {
        write_via(&scratch, &pending, text.as_bytes(), true)?;
    }

    // Removals come first: a file may become a directory.
    let mut emptied: BTreeSet<&Path> = BTreeSet::new();
    let full: BTreeMap<&ManifestPath, PathBuf> = change
        .files
        .keys()
        .map(|path| (path, root.join(path.as_str())))
        .collect();
    for (path, action) in &change.files {
        let full = &full[path];
        if *action == Action::Removed {
            match fs::remove_file(full) {
                Err(error)
                    if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    return Err(error)
                        .with_context(|| format!("cannot remove `{}`", full.display()));
                }
                _ => {}
            }
            emptied.extend(full.parent());
        }
    }
    for directory in emptied.into_iter().rev() {
        prune(root, directory);
    }
    let mut staged = Staged::new(root, &scratch);
    for (path, action) in &change.files {
        if *action == Action::Removed {
            continue;
        }
        let file = rendered
            .files
            .get(path)
            .with_context(|| format!("`{path}` is in the change and not rendered"))?;
        let bytes = file.text.whole();
        if !staged.takes(path.as_str(), bytes.as_bytes())? {
            write_via(&scratch, &full[path], bytes.as_bytes(), false)?;
        }
    }
    staged.place()?;
    if change.ledger_text.is_some() {
        let ledger = root.join(LEDGER_PATH);
        fs::rename(&pending, &ledger)
            .with_context(|| format!("cannot write `{}`", ledger.display()))?;
    } else if tree.pending.is_some() {
        // The interrupted change was undone before its ledger was in place.
        let _ = fs::remove_file(&pending);
    }
    let _ = fs::remove_dir_all(&scratch);
    Ok(())
}

/// Directories that are not there yet, on their way into a tree: the files come by path, so that
/// those of one directory come one after the other.
struct Staged<'a> {
    root: &'a Path,
    scratch: &'a Path,
    /// The new directory below the root that files go into, with those of it that are made.
    new: Option<(PathBuf, BTreeSet<PathBuf>)>,
    /// The last directory that is in the tree already.
    there: Option<PathBuf>,
}

impl<'a> Staged<'a> {
    fn new(root: &'a Path, scratch: &'a Path) -> Self {
        Self {
            root,
            scratch,
            new: None,
            there: None,
        }
    }

    /// Where new directories stand until they are whole.
    fn elsewhere(&self) -> PathBuf {
        self.scratch.join("new")
    }

    /// Writes a file if its directory is not in the tree yet.
    fn takes(&mut self, path: &str, bytes: &[u8]) -> anyhow::Result<bool> {
        let path = Path::new(path);
        let directory = path.parent().unwrap_or(Path::new(""));
        let inside = |(new, _): &(PathBuf, _)| directory.starts_with(new);
        if !self.new.as_ref().is_some_and(inside) {
            self.place()?;
            if self.there.as_deref() == Some(directory) {
                return Ok(false);
            }
            // The first that is missing, from the root down.
            let mut above: Vec<&Path> = directory.ancestors().collect();
            above.reverse();
            let missing = |d: &&&Path| fs::symlink_metadata(self.root.join(d)).is_err();
            let Some(new) = above.iter().find(missing) else {
                self.there = Some(directory.to_owned());
                return Ok(false);
            };
            self.new = Some((new.to_path_buf(), BTreeSet::new()));
        }
        let elsewhere = self.elsewhere();
        let Some((new, made)) = &mut self.new else {
            return Ok(false);
        };
        let below = path.strip_prefix(&*new).unwrap_or(path);
        let full = elsewhere.join(below);
        let directory = full.parent().unwrap_or(&elsewhere);
        let mut write = || -> std::io::Result<()> {
            if !made.contains(directory) {
                fs::create_dir_all(directory)?;
                made.insert(directory.to_owned());
            }
            fs::write(&full, bytes)
        };
        let shown = || format!("cannot write `{}`", self.root.join(path).display());
        write().with_context(shown).map(|()| true)
    }

    /// Moves the new directory to where it belongs.
    fn place(&mut self) -> anyhow::Result<()> {
        let Some((new, _)) = self.new.take() else {
            return Ok(());
        };
        let place = self.root.join(new);
        fs::rename(self.elsewhere(), &place)
            .with_context(|| format!("cannot create `{}`", place.display()))
    }
}

/// Removes a directory and those above it as long as they are empty, up to the root.
pub(crate) fn prune(root: &Path, directory: &Path) {
    let mut directory = directory;
    while directory != root && directory.starts_with(root) && fs::remove_dir(directory).is_ok() {
        let Some(parent) = directory.parent() else {
            return;
        };
        directory = parent;
    }
}
