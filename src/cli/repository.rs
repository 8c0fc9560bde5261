//! Where manifests go: the GitOps repository or a plain directory, and the change to it.

use std::path::Path;

use anyhow::Context as _;

use crate::diag::{Rejected, Sink, Sources};
use crate::io::files::OutTree;
use crate::io::git::{Location, Repository, Snapshot};
use crate::model::change::{Ledger, SourceCommit, TreeChange, TreeState};
use crate::model::digest::Digest;
use crate::model::manifest::{ManifestPath, ManifestSet};
use crate::model::world::Gitops;
use crate::publish;

use std::collections::BTreeMap;

/// The rendered set with the digests of its files, to be compared with trees.
pub(super) struct Rendered<'a> {
    pub(super) set: &'a ManifestSet,
    pub(super) digests: BTreeMap<ManifestPath, Digest>,
    pub(super) source: Option<SourceCommit>,
}

impl<'a> Rendered<'a> {
    pub(super) fn new(set: &'a ManifestSet, source: Option<SourceCommit>) -> Self {
        Self {
            set,
            digests: publish::digests(set),
            source,
        }
    }

    /// The change that takes a tree to what is rendered, whatever stands in its way.
    pub(super) fn compare(&self, ledger: &Ledger, tree: &TreeState) -> TreeChange {
        publish::compare(&self.digests, ledger, tree, self.source.as_ref())
    }

    /// The ledger and the tree of a commit of the repository.
    pub(super) fn look(
        &self,
        snapshot: &Snapshot<'_>,
        shown: &str,
        sink: &mut Sink,
        sources: &mut Sources,
    ) -> anyhow::Result<Result<(Ledger, TreeState), Rejected>> {
        let text = snapshot.ledger()?;
        let ledger = match read_ledger(text, shown, sink, sources) {
            Ok(ledger) => ledger,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let tree = snapshot.state(&ledger, self.set, &self.digests)?;
        Ok(Ok((ledger, tree)))
    }

    /// The ledger and the tree of a plain directory.
    pub(super) fn look_into(
        &self,
        tree: &OutTree,
        shown: &str,
        sink: &mut Sink,
        sources: &mut Sources,
    ) -> anyhow::Result<Result<(Ledger, TreeState), Rejected>> {
        let mut ledger = match read_ledger(tree.ledger.clone(), shown, sink, sources) {
            Ok(ledger) => ledger,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let wanted = ledger.files.keys().chain(self.digests.keys());
        let state = tree.state(&wanted.map(ManifestPath::as_str).collect())?;
        if let Some(pending) = &tree.pending {
            // A run was interrupted here: what it had announced and written is owned.
            let pending = match read_ledger(Some(pending.clone()), shown, sink, sources) {
                Ok(pending) => pending,
                Err(rejected) => return Ok(Err(rejected)),
            };
            let wanted = ledger
                .files
                .keys()
                .chain(self.digests.keys())
                .chain(pending.files.keys());
            let state = tree.state(&wanted.map(ManifestPath::as_str).collect())?;
            publish::recover(&mut ledger, &pending, &state);
            return Ok(Ok((ledger, state)));
        }
        Ok(Ok((ledger, state)))
    }
}

fn read_ledger(
    text: Option<String>,
    shown: &str,
    sink: &mut Sink,
    sources: &mut Sources,
) -> Result<Ledger, Rejected> {
    let id = text.map(|text| {
        sources.add(
            format!("{shown}/{}", crate::model::change::LEDGER_PATH),
            text,
        )
    });
    publish::read_ledger(sources, id, sink)
}

/// Opens the GitOps repository; `None` when there is none yet.
pub(super) fn open(gitops: &Gitops, fleet: &Path) -> anyhow::Result<Option<Repository>> {
    match Location::of(&gitops.repository.value, fleet) {
        Location::Path(path) => Repository::open(&path),
        Location::Url(url) => Repository::mirror(&cache(fleet), &url, &gitops.branch).map(Some),
    }
    .with_context(|| {
        format!(
            "opening the GitOps repository `{}`",
            gitops.repository.value
        )
    })
}

/// Opens the GitOps repository, or creates it; says whether it was created.
pub(super) fn open_or_create(gitops: &Gitops, fleet: &Path) -> anyhow::Result<(Repository, bool)> {
    match Location::of(&gitops.repository.value, fleet) {
        Location::Path(path) => Repository::open_or_create(&path, &gitops.branch),
        Location::Url(url) => {
            Repository::mirror(&cache(fleet), &url, &gitops.branch).map(|r| (r, false))
        }
    }
    .with_context(|| {
        format!(
            "opening the GitOps repository `{}`",
            gitops.repository.value
        )
    })
}

/// Where local copies of remote repositories stand.
fn cache(fleet: &Path) -> std::path::PathBuf {
    fleet.join(".regen/cache")
}
