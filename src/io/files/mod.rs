//! Files: a fleet's directory to its inputs, and changes to a plain directory.

mod atomic;
mod fleet;
mod tree;

pub use atomic::write_atomic;
pub use fleet::{find_fleet, read_fleet};
pub use tree::{OutTree, write_tree};
