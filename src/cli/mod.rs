//! Arguments to an exit code.
