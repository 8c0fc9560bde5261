//! A temporary GitOps repository and the way a pipeline publishes into it.
//!
//! Settings that matter are written into each repository, so that no configuration of the person
//! who runs the tests is seen.

use std::path::{Path, PathBuf};
use std::process::Command;

use regen::diag::{Code, Sink, Sources};
use regen::io::git::{Prepared, Published, Remote, Repository, publish};
use regen::model::digest::Digest;
use regen::model::manifest::{ManifestPath, ManifestSet, RenderedFile};
use regen::publish::{Options, Provenance, change, digests, message, output_digest, read_ledger};

/// What came of publishing.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Box<Published>),
    Refused(Vec<Code>),
    Failed(String),
}

impl Outcome {
    pub(crate) fn committed(self) -> Published {
        match self {
            Self::Done(published) => *published,
            other => panic!("not published: {other:?}"),
        }
    }

    pub(crate) fn refused(self) -> Vec<Code> {
        match self {
            Self::Refused(codes) => codes,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub(crate) fn failed(self) -> String {
        match self {
            Self::Failed(error) => error,
            other => panic!("not failed: {other:?}"),
        }
    }
}

/// A rendered set of these files.
pub(crate) fn set(files: &[(&str, &str)]) -> ManifestSet {
    let file = |(path, text): &(&str, &str)| {
        let file = RenderedFile {
            text: (*text).into(),
            manifests: Vec::new(),
        };
        (ManifestPath::new(*path).expect("a legal path"), file)
    };
    ManifestSet {
        files: files.iter().map(file).collect(),
        ..ManifestSet::default()
    }
}

/// Runs git and returns what it printed.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE")
        .output()
        .expect("git runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// A directory that holds a GitOps repository.
pub(crate) struct Sandbox {
    home: PathBuf,
    /// The repository.
    pub(crate) path: PathBuf,
    _owner: Option<tempfile::TempDir>,
}

impl Sandbox {
    /// Without a repository.
    pub(crate) fn empty() -> Self {
        let owner = tempfile::tempdir().expect("a directory");
        let home = owner.path().to_owned();
        Self {
            path: home.join("gitops"),
            home,
            _owner: Some(owner),
        }
    }

    /// With an empty repository on a branch.
    pub(crate) fn on(branch: &str) -> Self {
        let sandbox = Self::empty();
        let path = sandbox.path.to_str().expect("UTF-8");
        git(&sandbox.home, &["init", "-q", "-b", branch, path]);
        sandbox.configure(&sandbox.path);
        sandbox
    }

    pub(crate) fn new() -> Self {
        Self::on("main")
    }

    /// One that another process made.
    pub(crate) fn at(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            path: home.join("gitops"),
            _owner: None,
        }
    }

    pub(crate) fn configure(&self, path: &Path) {
        for (key, value) in [
            ("user.name", "Test"),
            ("user.email", "test@example.com"),
            ("core.autocrlf", "false"),
            ("core.excludesFile", "/dev/null"),
            ("core.hooksPath", "/dev/null"),
            ("commit.gpgSign", "false"),
            ("pull.rebase", "true"),
        ] {
            git(path, &["config", key, value]);
        }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// A bare remote named `origin`.
    pub(crate) fn remote(&self) -> PathBuf {
        let remote = self.beside("remote.git");
        let path = remote.to_str().expect("UTF-8");
        git(&self.home, &["init", "-q", "--bare", "-b", "main", path]);
        git(&self.path, &["remote", "add", "origin", path]);
        remote
    }

    /// Somebody else's clone of a remote.
    pub(crate) fn clone_of(&self, remote: &Path) -> Self {
        let home = self.beside("theirs");
        std::fs::create_dir_all(&home).expect("creates");
        git(
            &home,
            &["clone", "-q", remote.to_str().expect("UTF-8"), "gitops"],
        );
        let clone = Self::at(&home);
        clone.configure(&clone.path);
        clone
    }

    /// A person writes a file and commits it.
    pub(crate) fn person(&self, path: &str, text: &str) {
        let full = self.path.join(path);
        std::fs::create_dir_all(full.parent().expect("below")).expect("creates");
        std::fs::write(full, text).expect("writes");
        git(&self.path, &["add", "-f", path]);
        git(&self.path, &["commit", "-qm", "by a person"]);
    }

    /// A file of the work tree.
    pub(crate) fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.path.join(path)).expect("reads")
    }

    /// The files of the branch.
    pub(crate) fn files(&self) -> Vec<String> {
        let tree = git(&self.path, &["ls-tree", "-r", "--name-only", "main"]);
        tree.lines().map(str::to_owned).collect()
    }

    /// How many commits the branch has.
    pub(crate) fn commits(&self) -> usize {
        let count = git(&self.path, &["rev-list", "--count", "main"]);
        count.trim().parse().expect("a number")
    }

    pub(crate) fn publish(&self, files: &[(&str, &str)]) -> Outcome {
        self.publish_with(files, &Options::default())
    }

    pub(crate) fn publish_with(&self, files: &[(&str, &str)], options: &Options) -> Outcome {
        self.publish_and(files, options, None, &mut || {})
    }

    pub(crate) fn publish_and_push(&self, files: &[(&str, &str)]) -> Outcome {
        self.publish_and(files, &Options::default(), Some("main"), &mut || {})
    }

    pub(crate) fn publish_into(&self, repository: &Repository, files: &[(&str, &str)]) -> Outcome {
        self.publish_to(repository, files, &Options::default(), None, &mut || {})
    }

    /// `meanwhile` runs after each look at the tree and before the commit.
    pub(crate) fn publish_and(
        &self,
        files: &[(&str, &str)],
        options: &Options,
        push: Option<&str>,
        meanwhile: &mut dyn FnMut(),
    ) -> Outcome {
        match Repository::open(&self.path) {
            Ok(Some(repository)) => self.publish_to(&repository, files, options, push, meanwhile),
            Ok(None) => Outcome::Failed("no repository".to_owned()),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }

    pub(crate) fn publish_to(
        &self,
        repository: &Repository,
        files: &[(&str, &str)],
        options: &Options,
        push: Option<&str>,
        meanwhile: &mut dyn FnMut(),
    ) -> Outcome {
        let rendered = set(files);
        let digests = digests(&rendered);
        let mut refused = Vec::new();
        let remote: Option<Remote> = match push.map(|branch| repository.remote(branch)).transpose()
        {
            Ok(remote) => remote,
            Err(error) => return Outcome::Failed(format!("{error:#}")),
        };
        let published = publish(
            repository,
            "main",
            remote.as_ref(),
            &rendered,
            &mut |snapshot| {
                let mut sources = Sources::new();
                let mut sink = Sink::new();
                let source = snapshot
                    .ledger()?
                    .map(|text| sources.add(".regen/ledger", text));
                let Ok(ledger) = read_ledger(&sources, source, &mut sink) else {
                    refused = sink.into_sorted().iter().map(|d| d.code).collect();
                    return Ok(None);
                };
                let state = snapshot.state(&ledger, &rendered, &digests)?;
                let Ok(change) = change(&digests, &ledger, &state, None, options, &mut sink) else {
                    refused = sink.into_sorted().iter().map(|d| d.code).collect();
                    return Ok(None);
                };
                let provenance = Provenance {
                    version: "0.0.0-test".to_owned(),
                    input: Digest::of(b"inputs"),
                    output: output_digest(&digests),
                    source: None,
                };
                let message = message(&change, &provenance);
                meanwhile();
                Ok(Some(Prepared { change, message }))
            },
        );
        match published {
            Ok(Some(published)) => Outcome::Done(Box::new(published)),
            Ok(None) => Outcome::Refused(refused),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }
}
