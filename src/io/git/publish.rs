//! Look, decide, commit, push; and again when somebody else was faster.

use anyhow::bail;

use crate::model::change::TreeChange;
use crate::model::manifest::ManifestSet;

use super::commit::Committed;
use super::open::Repository;
use super::remote::{PushOutcome, Remote};
use super::snapshot::Snapshot;

/// How often a branch or a remote may have moved before it is given up.
const ATTEMPTS: u32 = 4;

/// What shall be committed on top of a snapshot.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The change.
    pub change: TreeChange,
    /// The commit's message.
    pub message: String,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The change, as it was against the tree that it was finally made on.
    pub change: TreeChange,
    /// The commit.
    pub committed: Committed,
    /// The remote that has it now, without credentials.
    pub pushed: Option<String>,
}

/// Commits a rendered set to a branch, and pushes it where there is a remote to push to.
///
/// `prepare` compares the set with a snapshot; it is asked again whenever the branch or the
/// remote moved meanwhile. `None` from it (the change was refused) is `None` here.
pub fn publish(
    repository: &Repository,
    branch: &str,
    push: Option<&Remote>,
    rendered: &ManifestSet,
    prepare: &mut dyn FnMut(&Snapshot<'_>) -> anyhow::Result<Option<Prepared>>,
) -> anyhow::Result<Option<Published>> {
    for _ in 0..ATTEMPTS {
        let (snapshot, upstream) = match push {
            Some(remote) => {
                let upstream = repository.fetch(remote, branch)?;
                (repository.snapshot_for_push(branch, upstream)?, upstream)
            }
            None => (repository.snapshot(branch)?, None),
        };
        let Some(Prepared { change, message }) = prepare(&snapshot)? else {
            return Ok(None);
        };
        let Some(committed) = repository.commit(&snapshot, &change, rendered, &message)? else {
            continue;
        };
        let Some(remote) = push else {
            return Ok(Some(Published {
                change,
                committed,
                pushed: None,
            }));
        };
        let there = upstream.map(|id| id.to_string());
        let nothing = committed.id.is_none() || committed.id == there;
        if nothing || repository.push(remote, branch)? == PushOutcome::Accepted {
            let pushed = Some(remote.shown());
            return Ok(Some(Published {
                change,
                committed,
                pushed,
            }));
        }
    }
    bail!(
        "branch `{branch}` of `{}` moved {ATTEMPTS} times while it was committed to; try again \
         when others have finished",
        push.map_or_else(|| repository.shown.clone(), Remote::shown)
    )
}
