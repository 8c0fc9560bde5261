//! The world and the plan to manifests.
