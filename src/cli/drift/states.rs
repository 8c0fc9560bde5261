//! What each cluster runs: read of it, or of a dump of it, as far as it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::terminal;
use super::{Drift, Side};
use crate::drift::invariants;
use crate::io;
use crate::io::kube::{Limits, Target};
use crate::model::keep::Asked;
use crate::model::live::{GroupKind, LiveState, Unreadable, Want};
use crate::model::name::ClusterName;

impl Drift {
    /// Whether manifests of no known cluster are compared.
    pub(super) fn of_directory_only(&self, sides: &BTreeMap<ClusterName, Side<'_>>) -> bool {
        self.desired.is_some() && sides.values().all(|side| side.context.is_none())
    }

    /// Reads the dumps: of a fleet's clusters by their names, or the one of the one cluster.
    pub(super) fn dumps(
        &self,
        path: &Path,
        sides: &BTreeMap<ClusterName, Side<'_>>,
        fleet: Option<invariants::Fleet<'_>>,
    ) -> anyhow::Result<BTreeMap<ClusterName, LiveState>> {
        let everywhere = everywhere(sides);
        let asked = |(name, side): (&ClusterName, &Side<'_>)| {
            let kinds = side.repository.kinds().into_iter();
            let mut wants = wants(name, side, &everywhere, fleet);
            if fleet.is_none() {
                invariants::add_of_itself(&mut wants);
            }
            let asked = Asked {
                kinds: kinds.map(|(kind, _)| kind).collect(),
                wants,
                all: side.settings.any_may_be_ours(),
            };
            (name.clone(), asked)
        };
        let all = sides.iter().map(asked);
        if self.of_directory_only(sides) {
            return all
                .map(|(name, asked)| Ok((name, io::snapshot::read(path, &asked)?)))
                .collect();
        }
        io::snapshot::read_fleet(path, &all.collect())
    }

    /// Where what clusters serve is remembered, where that can be.
    fn cache(&self) -> Option<PathBuf> {
        match self.no_cache {
            true => None,
            false => self.cache_dir.clone().or_else(terminal::cache),
        }
    }

    /// Reads the live clusters; those without a context are left alone, and so unknown.
    pub(super) fn clusters(
        &self,
        sides: &BTreeMap<ClusterName, Side<'_>>,
        fleet: Option<invariants::Fleet<'_>>,
    ) -> anyhow::Result<BTreeMap<ClusterName, LiveState>> {
        let everywhere = everywhere(sides);
        let (mut targets, mut states) = (Vec::new(), BTreeMap::new());
        for (name, side) in sides {
            let context = self.context.clone().or_else(|| side.context.clone());
            if context.is_none() && self.desired.is_none() {
                states.insert(name.clone(), never_contacted(name));
                continue;
            }
            let wants = wants(name, side, &everywhere, fleet);
            targets.push(Target {
                cluster: name.clone(),
                context,
                kubeconfig: self.kubeconfig.clone(),
                cache: self.cache(),
                wants,
            });
        }
        let limits = Limits {
            budget: Duration::from_secs(self.timeout),
            ..Limits::default()
        };
        if !targets.is_empty() {
            states.extend(io::kube::read(targets, &limits)?);
        }
        Ok(states)
    }
}

/// The kinds that the clusters have, with their versions.
fn everywhere(sides: &BTreeMap<ClusterName, Side<'_>>) -> BTreeSet<(GroupKind, String)> {
    sides.values().flat_map(|s| s.repository.kinds()).collect()
}

/// What is read of a cluster or its dump.
fn wants(
    name: &ClusterName,
    side: &Side<'_>,
    everywhere: &BTreeSet<(GroupKind, String)>,
    fleet: Option<invariants::Fleet<'_>>,
) -> BTreeSet<Want> {
    let mut wants = side.repository.wants(everywhere, &side.settings);
    if let Some(fleet) = fleet {
        invariants::add_wants(fleet, name, &mut wants);
    }
    wants
}

fn never_contacted(cluster: &ClusterName) -> LiveState {
    LiveState {
        unreadable: Some(Unreadable {
            reason: "NoContext".to_owned(),
            detail: format!(
                "cluster `{cluster}` has no `context`: set it in its region's file, or give \
                 --cluster and --context"
            ),
        }),
        ..LiveState::default()
    }
}
