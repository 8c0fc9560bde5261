//! What Kubernetes knows of its own types: fields, list keys, scalar kinds, defaults.
