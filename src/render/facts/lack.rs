//! What a store needs beside its engine, to the first of it that is not there.

use std::collections::BTreeSet;

use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::Capability;
use crate::model::world::{Cluster, Delivery};

use super::super::said;
use super::site::Site;

/// Clusters can do this when they resolve and reach each other's exported Services (KEP-1645).
pub(super) const MULTICLUSTER: &str = "multicluster-services";
/// Clusters can do this when they issue certificates from `Certificate` objects.
const CERTIFICATES: &str = "cert-manager";

/// Why nothing is rendered for a store, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lack {
    /// A clause: "the fleet has no `hub`".
    pub(crate) what: String,
    /// The remedy.
    pub(crate) help: String,
}

/// Whether the engine is installed by its Helm chart.
pub(super) fn charted(engine: Engine) -> bool {
    matches!(engine, Engine::CockroachDb | Engine::YugabyteDb)
}

/// Whether one object in the hub makes the store of all regions.
pub(super) fn central(engine: Engine) -> bool {
    matches!(engine, Engine::K8ssandra | Engine::MongoDb)
}

impl Site<'_> {
    /// The first thing that is missing; `None`: the store can be rendered.
    pub(super) fn lack(&self) -> Option<Lack> {
        let engine = self.engine();
        let several = self.plan.clusters.len() > 1;
        let own = engine::capability(engine);
        self.without(own.as_str())
            .or_else(|| {
                (charted(engine))
                    .then(|| self.without(CERTIFICATES))
                    .flatten()
            })
            .or_else(|| charted(engine).then(|| self.undelivered()).flatten())
            .or_else(|| central(engine).then(|| self.no_hub()).flatten())
            .or_else(|| {
                let reached = matches!(engine, Engine::YugabyteDb | Engine::StrimziKafka);
                (several && reached)
                    .then(|| self.without(MULTICLUSTER))
                    .flatten()
            })
            .or_else(|| {
                let named = engine == Engine::CockroachDb;
                (several && named).then(|| self.without_domain()).flatten()
            })
            .or_else(|| self.sharded())
    }

    /// Clusters of it that cannot do something.
    fn without(&self, capability: &str) -> Option<Lack> {
        let wanted = Capability::from(capability);
        let unable = |c: &&Cluster| !c.capabilities.contains(&wanted);
        let have = has(self.members().filter(unable))?;
        Some(Lack {
            what: format!("{have} no `{capability}`"),
            help: format!(
                "add `{capability}` to its `capabilities` (or to the fleet's `platform`, where it lists none)"
            ),
        })
    }

    fn undelivered(&self) -> Option<Lack> {
        let nobody = self.facts.world.fleet.gitops.delivery == Delivery::None;
        nobody.then(|| Lack {
            what: "its chart is installed by Argo CD or Flux, and `gitops.delivery` is `none`"
                .into(),
            help: "write `gitops: {delivery: argocd}` or `flux`".into(),
        })
    }

    fn no_hub(&self) -> Option<Lack> {
        self.facts.world.fleet.hub.is_none().then(|| Lack {
            what: "one object in the hub makes it in all regions, and the fleet has no `hub`".into(),
            help: "write `hub: <cluster>` in regen.yaml, the cluster in which its operator runs for all".into(),
        })
    }

    /// Clusters whose Services others could not tell from their own.
    fn without_domain(&self) -> Option<Lack> {
        let mut seen = BTreeSet::new();
        let mut plain = Vec::new();
        for cluster in self.members() {
            let domain = cluster.network.domain.as_ref().map(|d| d.value.as_str());
            if domain.is_none_or(|d| d == "cluster.local" || !seen.insert(d)) {
                plain.push(cluster);
            }
        }
        let have = has(plain.into_iter())?;
        Some(Lack {
            what: format!("its nodes find each other by name, and {have} no DNS domain of its own"),
            help: "give each of its clusters a `network.domain`, such as `cluster.eu-west-1`, that the DNS of the others forwards to".into(),
        })
    }

    fn sharded(&self) -> Option<Lack> {
        let lacking = self.engine() == Engine::MongoDb && !self.plan.shards.is_empty();
        lacking.then(|| Lack {
            what: "a `MongoDBMultiCluster` is one replica set, and its data is in shards".into(),
            help: "leave `shards` out, or choose `cockroachdb` or `yugabytedb`".into(),
        })
    }
}

/// "cluster `a` has", "clusters `a` and `b` have"; `None` of none.
fn has<'a>(clusters: impl Iterator<Item = &'a Cluster>) -> Option<String> {
    let names: Vec<&str> = clusters.map(|c| c.name.value.as_str()).collect();
    match names.len() {
        0 => None,
        1 => Some(format!("cluster {} has", said(&names))),
        _ => Some(format!("clusters {} have", said(&names))),
    }
}
