//! Diagnostics, plans, changes and findings to bytes.
