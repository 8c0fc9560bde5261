//! Which of the known clusters a report is about: those named, and of them one share.

use std::collections::BTreeSet;

use crate::model::name::ClusterName;

use super::super::{Stop, Terminal};
use super::Drift;

/// The clusters that a report is about.
pub(super) struct Selected {
    clusters: BTreeSet<ClusterName>,
    all: bool,
}

impl Selected {
    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    pub(super) fn has(&self, cluster: &ClusterName) -> bool {
        self.clusters.contains(cluster)
    }
}

impl Drift {
    /// The clusters that were asked for; none named means all.
    pub(super) fn selected<'c>(
        &self,
        known: impl Iterator<Item = &'c ClusterName> + Clone,
        terminal: &Terminal,
    ) -> Result<Selected, Stop> {
        let mut clusters = BTreeSet::new();
        for typed in &self.cluster {
            match known.clone().find(|c| c.as_str() == typed) {
                Some(name) => {
                    clusters.insert(name.clone());
                }
                None => {
                    let known = known.map(ClusterName::as_str);
                    return Err(terminal.unknown("the fleet has no cluster", typed, known));
                }
            }
        }
        if self.cluster.is_empty() {
            clusters.extend(known.clone().cloned());
        }
        if let Some(shard) = self.shard {
            clusters = shard.of(clusters);
        }
        if self.context.is_some() && clusters.len() != 1 {
            return Err(terminal.refuse("--context is for one cluster: say which, with --cluster"));
        }
        Ok(Selected {
            all: clusters.len() == known.count(),
            clusters,
        })
    }
}
