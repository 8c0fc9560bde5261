//! Files: a fleet's directory to its inputs, and changes to a plain directory.

mod atomic;
mod crds;
mod fleet;
mod plain;
mod tree;

pub use atomic::{write_atomic, write_new};
pub use crds::read_crds;
pub(crate) use fleet::PARTS;
pub use fleet::{find_fleet, read_fleet};
pub use plain::{directory_name, exists, read_text};
pub(crate) use tree::prune;
pub use tree::{OutTree, write_tree};
