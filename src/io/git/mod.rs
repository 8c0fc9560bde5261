//! Git: a GitOps repository to its tree, and a change of that tree to one commit.
//!
//! Everything local goes through libgit2: the tree is read from and the commit is made in the
//! object database, whether or not there is a work tree. What needs a network goes through the
//! system's `git`, with credentials, ssh configuration and proxies as the user has them.
//!
//! Order of effects: objects, journal, branch, work tree. The branch moves by one compare and
//! swap, so that a run that is killed leaves the repository as it was or as it shall be; the
//! journal lets the next run finish a work tree and remove locks that were left behind.
//! Hooks of the repository do not run on commit, and commits are not signed.

mod blame;
mod commit;
mod identity;
mod journal;
mod open;
mod publish;
mod remote;
mod snapshot;
mod source;
mod tree;
mod worktree;

pub use blame::blame;
pub use commit::{Committed, WorkTree};
pub use identity::{Identity, Person};
pub use open::{Location, Repository};
pub use publish::{Prepared, Published, publish};
pub use remote::{PushOutcome, Remote, redact};
pub use snapshot::Snapshot;
pub use source::source_commit;
