//! Manifests and a repository's tree to the change between them.
//!
//! The ledger says which files regen owns and with which bytes it wrote them. [`compare`] finds
//! the change that takes the tree to what is rendered and what stands in its way; [`change`]
//! refuses what must not happen unasked. Reading and writing the tree is the business of `io`.

mod compare;
mod findings;
mod ledger;
mod message;
mod refuse;

pub use compare::compare;
pub use findings::findings;
pub use ledger::{read_ledger, recover, write_ledger};
pub use message::{Provenance, input_digest, message, output_digest};
pub use refuse::{DEFAULT_MAX_DELETES, Options, refuse};

use std::collections::BTreeMap;

use crate::diag::{Rejected, Sink};
use crate::model::change::{Ledger, SourceCommit, TreeChange, TreeState};
use crate::model::digest::Digest;
use crate::model::manifest::{ManifestPath, ManifestSet};

/// The digest of every rendered file.
pub fn digests(rendered: &ManifestSet) -> BTreeMap<ManifestPath, Digest> {
    rendered
        .files
        .iter()
        .map(|(path, file)| (path.clone(), Digest::of_parts(file.text.parts())))
        .collect()
}

/// The change that takes a tree to what is rendered, unless something forbids it: then every
/// reason is emitted.
pub fn change(
    rendered: &BTreeMap<ManifestPath, Digest>,
    ledger: &Ledger,
    tree: &TreeState,
    source: Option<&SourceCommit>,
    options: &Options,
    sink: &mut Sink,
) -> Result<TreeChange, Rejected> {
    let change = compare(rendered, ledger, tree, source);
    refuse(&change, options, sink)?;
    Ok(change)
}
