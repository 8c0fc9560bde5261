//! The world and the round trips to decisions.
