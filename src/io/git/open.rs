//! A place to an open repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use git2::{ErrorClass, ErrorCode, RepositoryInitOptions};

use crate::model::digest::Digest;

use super::remote::redact;

/// Where a GitOps repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A directory.
    Path(PathBuf),
    /// An address that the system's `git` knows how to reach.
    Url(String),
}

impl Location {
    /// Reads `gitops.repository`: `scheme://…` and `host:path` are addresses as git has it,
    /// everything else is a path relative to the fleet's directory.
    pub fn of(text: &str, fleet: &Path) -> Self {
        let before_slash = text.split('/').next().unwrap_or_default();
        let drive = before_slash.len() == 2 && before_slash.as_bytes()[0].is_ascii_alphabetic();
        let scp = before_slash.contains(':') && !(drive && before_slash.ends_with(':'));
        if scp || text.contains("://") {
            Self::Url(text.to_owned())
        } else {
            Self::Path(fleet.join(text))
        }
    }
}

/// An open GitOps repository.
pub struct Repository {
    pub(super) git: git2::Repository,
    /// The path or redacted address that messages name.
    pub(super) shown: String,
    pub(super) mirror_of: Option<String>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repository").field(&self.shown).finish()
    }
}

impl Repository {
    /// Opens the repository at a directory, with or without a work tree; `None` when nothing is
    /// there. Never looks above the directory.
    pub fn open(path: &Path) -> anyhow::Result<Option<Self>> {
        let shown = path.display().to_string();
        match git2::Repository::open(path) {
            Ok(git) => Ok(Some(Self {
                git,
                shown,
                mirror_of: None,
            })),
            Err(error) if error.code() == ErrorCode::NotFound => {
                if holds_something(path)? {
                    bail!(
                        "`{shown}` exists and is not a git repository; make it one with \
                         `git init {shown}`, or name another in `gitops.repository`"
                    );
                }
                Ok(None)
            }
            Err(error) => {
                let hint = match (error.code(), error.message()) {
                    (ErrorCode::Owner, _) => {
                        format!(
                            "; allow it with `git config --global --add safe.directory {shown}`"
                        )
                    }
                    (_, message) if message.contains("object format") => {
                        "; regen reads repositories with SHA-1 object names only".to_owned()
                    }
                    _ => String::new(),
                };
                Err(error).with_context(|| format!("cannot open the repository `{shown}`{hint}"))
            }
        }
    }

    /// Opens the repository at a directory, or creates one with a work tree on this branch. Says
    /// whether it was created.
    pub fn open_or_create(path: &Path, branch: &str) -> anyhow::Result<(Self, bool)> {
        branch_reference(branch)?;
        if let Some(found) = Self::open(path)? {
            return Ok((found, false));
        }
        create(path, branch, false)
            .with_context(|| format!("cannot create the repository `{}`", path.display()))?;
        let created = Self::open(path)?
            .with_context(|| format!("the repository `{}` vanished", path.display()))?;
        Ok((created, true))
    }

    /// Opens the local copy of a remote repository, below a cache directory that it creates and
    /// keeps out of the fleet's own repository; fetch before reading.
    ///
    /// The address is not stored in the copy, since it may hold a credential.
    pub fn mirror(cache: &Path, url: &str, branch: &str) -> anyhow::Result<Self> {
        branch_reference(branch)?;
        let context = || format!("cannot create the cache `{}`", cache.display());
        fs::create_dir_all(cache).with_context(context)?;
        let ignore = cache.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").with_context(context)?;
        }
        let name = Digest::of(url.as_bytes()).to_string();
        let path = cache.join(format!("{}.git", &name[..16]));
        if Self::open(&path)?.is_none() {
            create(&path, branch, true).with_context(context)?;
        }
        let mut mirror = Self::open(&path)?.with_context(context)?;
        mirror.shown = redact(url);
        mirror.mirror_of = Some(url.to_owned());
        Ok(mirror)
    }

    /// The path, or the address without credentials, by which messages name it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether it is the local copy of a remote repository, where a commit that is not pushed is
    /// of no use.
    pub fn is_mirror(&self) -> bool {
        self.mirror_of.is_some()
    }

    /// The work tree, where there is one.
    pub fn work_tree(&self) -> Option<&Path> {
        self.git.workdir()
    }
}

/// The full name of a branch; an error when git would not allow it.
pub(super) fn branch_reference(branch: &str) -> anyhow::Result<String> {
    let name = format!("refs/heads/{branch}");
    if branch.starts_with('-') || !git2::Reference::is_valid_name(&name) {
        bail!("`{branch}` is not a legal branch name");
    }
    Ok(name)
}

const INIT_PREFIX: &str = ".regen-init-";

fn holds_something(path: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(path) {
        Ok(entries) => {
            let left_behind = |e: &fs::DirEntry| {
                e.file_name()
                    .as_encoded_bytes()
                    .starts_with(INIT_PREFIX.as_bytes())
            };
            Ok(entries.filter_map(Result::ok).any(|e| !left_behind(&e)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Makes a repository aside and moves it into place, so that a run that is killed leaves none
/// that is half made.
fn create(path: &Path, branch: &str, bare: bool) -> anyhow::Result<()> {
    fs::create_dir_all(path)?;
    for entry in fs::read_dir(path)?.filter_map(Result::ok) {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(INIT_PREFIX.as_bytes())
        {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let aside = path.join(format!("{INIT_PREFIX}{}", std::process::id()));
    let mut options = RepositoryInitOptions::new();
    options
        .bare(bare)
        .no_reinit(true)
        .mkdir(true)
        .external_template(false)
        .initial_head(branch);
    let made = git2::Repository::init_opts(&aside, &options)?;
    drop(made);
    let moved = if bare {
        // The directory itself is the repository; it is empty but for what was made aside.
        fs::read_dir(&aside)?
            .filter_map(Result::ok)
            // Without HEAD it is not a repository yet, so HEAD goes last.
            .filter(|e| e.file_name() != "HEAD")
            .try_for_each(|e| fs::rename(e.path(), path.join(e.file_name())))
            .and_then(|()| fs::rename(aside.join("HEAD"), path.join("HEAD")))
    } else {
        fs::rename(aside.join(".git"), path.join(".git"))
    };
    let cleaned = fs::remove_dir_all(&aside);
    moved?;
    cleaned?;
    Ok(())
}

/// Whether an error says that somebody else holds a lock.
pub(super) fn is_locked(error: &git2::Error) -> bool {
    error.code() == ErrorCode::Locked
        || (error.class() == ErrorClass::Os && error.message().contains(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths_are_told_apart_as_git_does() {
        let fleet = Path::new("fleet");
        for url in [
            "https://git.example/a.git",
            "ssh://git@git.example/a",
            "git@git.example:team/a.git",
            "file:///srv/a.git",
        ] {
            assert_eq!(
                Location::of(url, fleet),
                Location::Url(url.to_owned()),
                "{url}"
            );
        }
        for path in ["./gitops", "gitops", "../a:b/c", "/srv/a.git", "C:/a"] {
            assert_eq!(
                Location::of(path, fleet),
                Location::Path(fleet.join(path)),
                "{path}"
            );
        }
    }
}
