//! What each store engine can do, with sources.
