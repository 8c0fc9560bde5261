//! Files: a fleet's directory to its inputs, and changes to a plain directory.

mod atomic;
mod fleet;
mod tree;

pub use atomic::write_atomic;
pub(crate) use fleet::PARTS;
pub use fleet::{find_fleet, read_fleet};
pub(crate) use tree::prune;
pub use tree::{OutTree, write_tree};
