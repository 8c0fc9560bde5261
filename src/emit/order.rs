//! The order in which the members of a mapping are written.

use serde_json::{Map, Value};

/// Where a mapping stands, which decides what comes first in it.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The document itself.
    Root,
    /// Under a key `metadata`.
    Metadata,
    /// Anywhere else.
    Elsewhere,
}

impl Place {
    /// The place of a mapping under a key.
    pub(super) fn below(key: &str) -> Self {
        if key == "metadata" {
            Self::Metadata
        } else {
            Self::Elsewhere
        }
    }

    fn first(self) -> &'static [&'static str] {
        match self {
            Self::Root => &["apiVersion", "kind", "metadata", "spec"],
            Self::Metadata => &["name", "namespace", "labels", "annotations"],
            Self::Elsewhere => &["name"],
        }
    }
}

/// Visits the members: first those that the place names, then the others by their bytes.
pub(super) fn each<'m>(
    map: &'m Map<String, Value>,
    place: Place,
    mut visit: impl FnMut(&'m str, &'m Value),
) {
    let first = place.first();
    for name in first {
        if let Some((key, value)) = map.get_key_value(*name) {
            visit(key, value);
        }
    }
    let rest = map.iter().filter(|(key, _)| !first.contains(&key.as_str()));
    // Whether a map keeps its keys sorted is a feature that any dependency may switch.
    if map.keys().is_sorted() {
        rest.for_each(|(key, value)| visit(key, value));
    } else {
        let mut rest: Vec<_> = rest.collect();
        rest.sort_unstable_by_key(|(key, _)| key.as_str());
        rest.into_iter().for_each(|(key, value)| visit(key, value));
    }
}
