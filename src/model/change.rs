//! What the GitOps repository holds, what regen owns of it, and the change between that and what
//! is rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::digest::Digest;
use super::manifest::ManifestPath;
use super::name::ClusterName;

/// Where the ledger stands in the GitOps repository.
pub const LEDGER_PATH: &str = ".regen/ledger";

/// Where the next ledger stands while a change to a plain directory is under way.
pub const PENDING_PATH: &str = ".regen/pending";

/// The first segment of paths that are regen's own and never a rendered file's.
pub const RESERVED_DIRECTORY: &str = ".regen";

/// A commit of the fleet's own repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceCommit {
    /// Its id in lower-case hexadecimal digits.
    pub id: String,
    /// Whether the fleet's files differed from it.
    pub dirty: bool,
}

impl SourceCommit {
    /// Reads what `Display` prints.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, dirty) = match text.strip_suffix("-dirty") {
            Some(id) => (id, true),
            None => (text, false),
        };
        let legal = matches!(id.len(), 40 | 64)
            && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        legal.then(|| Self {
            id: id.to_owned(),
            dirty,
        })
    }
}

impl fmt::Display for SourceCommit {
    /// The id, with `-dirty` where the fleet's files differed from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.id, if self.dirty { "-dirty" } else { "" })
    }
}

/// What regen owns in a GitOps repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The source commit that each cluster's files were last changed from; `None` where the
    /// fleet was in no repository.
    pub clusters: BTreeMap<ClusterName, Option<SourceCommit>>,
    /// The owned files with the digests that they were written with.
    pub files: BTreeMap<ManifestPath, Digest>,
}

/// What a tree holds at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A file; its digest where the path is owned or rendered.
    File(Option<Digest>),
    /// A symbolic link.
    Link,
    /// Another repository: a submodule or a nested one.
    Repository,
}

/// What a tree holds, by path with `/`; directories are implied by what is in them.
pub type TreeState = BTreeMap<String, Held>;

/// What happens to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Added,
    /// Its bytes change.
    Changed,
    /// It is no longer rendered.
    Removed,
}

/// How someone edited an owned file by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Edited {
    /// Its bytes are not those that regen wrote.
    Changed,
    /// It is gone.
    Deleted,
    /// Something else than a file stands in its place.
    Replaced,
}

/// Two paths that cannot both exist, at least not on a file system that ignores case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collision {
    /// The rendered one.
    pub rendered: ManifestPath,
    /// The other one.
    pub other: String,
}

/// The change that takes a tree to what is rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeChange {
    /// The files that change; the bytes are those of the rendered set.
    pub files: BTreeMap<ManifestPath, Action>,
    /// How many rendered files the tree holds already.
    pub unchanged: usize,
    /// Owned files that someone edited by hand.
    pub edited: BTreeMap<ManifestPath, Edited>,
    /// Rendered paths where something stands that regen does not own.
    pub foreign: BTreeSet<ManifestPath>,
    /// Files that were not owned, hold exactly what is rendered, and become owned.
    pub adopted: BTreeSet<ManifestPath>,
    /// Rendered paths that cannot exist beside others.
    pub collisions: BTreeSet<Collision>,
    /// The ledger afterwards.
    pub ledger: Ledger,
    /// The ledger's new text, where it changes.
    pub ledger_text: Option<String>,
}

/// How many files change in one cluster or top-level directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// New files.
    pub added: usize,
    /// Files whose bytes change.
    pub changed: usize,
    /// Files that go away.
    pub removed: usize,
}

impl Counts {
    fn count(&mut self, action: Action) {
        match action {
            Action::Added => self.added += 1,
            Action::Changed => self.changed += 1,
            Action::Removed => self.removed += 1,
        }
    }
}

impl fmt::Display for Counts {
    /// `12 changed, 3 added, 1 removed`, without the zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            (self.changed, "changed"),
            (self.added, "added"),
            (self.removed, "removed"),
        ]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
        f.pad(&if parts.is_empty() {
            "nothing changed".to_owned()
        } else {
            parts.join(", ")
        })
    }
}

impl TreeChange {
    /// Whether the tree is already as it shall be: nothing to write, nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.ledger_text.is_none()
    }

    /// How many files change in all.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.files.values().for_each(|a| counts.count(*a));
        counts
    }

    /// How many files change per cluster, or per top-level directory outside `clusters/`.
    pub fn counts_by_area(&self) -> BTreeMap<&str, Counts> {
        let mut areas: BTreeMap<&str, Counts> = BTreeMap::new();
        for (path, action) in &self.files {
            areas.entry(area(path)).or_default().count(*action);
        }
        areas
    }

    /// The clusters whose files change, by name.
    pub fn clusters(&self) -> BTreeSet<&str> {
        let mut clusters: Vec<&str> = self.files.keys().filter_map(cluster).collect();
        clusters.dedup();
        clusters.into_iter().collect()
    }
}

/// The cluster that a path of the repository is for: `clusters/<region>/<cluster>/…`.
pub fn cluster(path: &ManifestPath) -> Option<&str> {
    let mut segments = path.as_str().split('/');
    let in_clusters = segments.next() == Some("clusters");
    let cluster = segments.nth(1)?;
    (in_clusters && segments.next().is_some()).then_some(cluster)
}

/// The cluster, or the first segment of a path outside `clusters/`.
pub fn area(path: &ManifestPath) -> &str {
    cluster(path).unwrap_or_else(|| path.as_str().split('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_its_cluster() {
        for (path, expected) in [
            (
                "clusters/eu-west-1/euw1-a/shop/web/deployment-web.yaml",
                "euw1-a",
            ),
            ("clusters/eu-west-1/euw1-a/kustomization.yaml", "euw1-a"),
            ("clusters/eu-west-1/readme.yaml", "clusters"),
            ("hub/dns/endpoint.yaml", "hub"),
            ("readme.yaml", "readme.yaml"),
        ] {
            let path = ManifestPath::new(path).expect("legal");
            assert_eq!(area(&path), expected, "{path}");
        }
    }

    #[test]
    fn source_commits_come_back_from_text() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (text, dirty) in [(id.to_owned(), false), (format!("{id}-dirty"), true)] {
            let commit = SourceCommit::parse(&text).expect("legal");
            assert_eq!((commit.dirty, commit.to_string()), (dirty, text));
        }
        for bad in ["", "none", "-dirty", &id[1..], &id.to_uppercase()] {
            assert_eq!(SourceCommit::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn counts_leave_out_zeros() {
        let counts = Counts {
            added: 3,
            changed: 12,
            removed: 0,
        };
        assert_eq!(counts.to_string(), "12 changed, 3 added");
        assert_eq!(Counts::default().to_string(), "nothing changed");
    }
}
