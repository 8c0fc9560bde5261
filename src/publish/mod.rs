//! Manifests and a repository's tree to the change between them.
