//! What people need of a plan when a region is lost: who takes over, which stores move by hand,
//! who has to be told.

use crate::atlas;
use crate::model::engine::Engine;
use crate::model::name::{ClusterName, RegionName, ServiceKey, ServiceName};
use crate::model::origin::Subject;
use crate::model::plan::{ServicePlan, StorePlan};
use crate::model::world::{Cluster, Service, Store};

use super::super::fact::{Fact, Item};
use super::super::header::Scope;
use super::{Facts, Of, Scene, layer};

impl Facts<'_> {
    /// A scene with what only papers tell.
    pub(in crate::render) fn for_papers(&self, mut scene: Scene) -> Scene {
        if let (Scope::Service, Some(cluster), Some(service)) =
            (scene.scope, &scene.place.cluster, &scene.service)
        {
            let runbook = self.runbook(cluster, service);
            scene.root.0.push(layer(vec![("runbook".into(), runbook)]));
        }
        scene
    }

    /// `runbook` of a service in a cluster; nothing in all but the first of the region's clusters
    /// that it runs in.
    fn runbook(&self, cluster: &ClusterName, service: &str) -> Item {
        let Some(cluster) = self.world.clusters.get(cluster) else {
            return Item::nothing();
        };
        let key = ServiceKey::new(&ServiceName::new(service), &cluster.environment);
        let both = (self.world.services.get(&key), self.plan.services.get(&key));
        let (Some(service), Some(plan)) = both else {
            return Item::nothing();
        };
        let placed = plan.in_region(&cluster.region);
        if placed.and_then(|p| p.clusters.keys().next()) != Some(&cluster.name.value) {
            return Item::nothing();
        }
        let region = &cluster.region;
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let promised = |path: &str, value: Option<String>| of.at(path, Fact::from(value));
        let recovery = &service.recovery;
        let stores = service.stores.iter().filter_map(|store| {
            let plan = self.plan.stores.get(&key.store(&store.name.value))?;
            Some(self.store_in_runbook(service, store, plan, region))
        });
        Item::map([
            (
                "clusters",
                Item::list(
                    placed
                        .into_iter()
                        .flat_map(|p| p.clusters.keys())
                        .map(|c| self.context(c)),
                ),
            ),
            ("targets", self.targets(plan, region)),
            ("covers", covers(plan, region)),
            ("dns", dns(&of, service, plan)),
            (
                "rto",
                promised("slo.rto", recovery.rto.map(|d| d.value.to_string())),
            ),
            (
                "rpo",
                promised("slo.rpo", recovery.rpo.map(|d| d.value.to_string())),
            ),
            ("stores", Item::list(stores)),
            ("data", self.data(&key, service)),
            ("key", self.key(cluster, service)),
            ("duties", self.duties(service, cluster)),
        ])
    }

    /// Who takes over when this region is lost, best first.
    fn targets(&self, plan: &ServicePlan, region: &RegionName) -> Item {
        let chain = plan.failover.get(region);
        Item::list(chain.into_iter().flat_map(|c| &c.targets).map(|target| {
            let placed = plan.in_region(target);
            let clusters = placed.into_iter().flat_map(|p| p.clusters.keys());
            let most: u32 = placed
                .into_iter()
                .flat_map(|p| p.clusters.values())
                .map(|r| r.max)
                .sum();
            Item::map([
                ("region", Item::new(target.as_str())),
                ("clusters", Item::list(clusters.map(|c| self.context(c)))),
                ("max", Item::new(most)),
            ])
        }))
    }

    /// A cluster by its name, and how kubectl reaches it.
    fn context(&self, name: &ClusterName) -> Item {
        let context = self
            .world
            .clusters
            .get(name)
            .and_then(|c| c.context.as_deref());
        Item::map([
            ("name", Item::new(name.as_str())),
            ("context", Item::new(context.unwrap_or(name.as_str()))),
        ])
    }

    fn store_in_runbook(
        &self,
        service: &Service,
        store: &Store,
        plan: &StorePlan,
        region: &RegionName,
    ) -> Item {
        let key =
            ServiceKey::new(&service.name.value, &service.environment).store(&store.name.value);
        let member = |name: &RegionName| {
            let cluster = plan.clusters.get(name);
            let context = cluster.map_or(Item::nothing(), |c| self.context(c));
            Item::map([
                ("region", Item::new(name.as_str())),
                ("instance", Item::new(key.instance(name))),
                ("cluster", context),
            ])
        };
        let parts = plan.shards.iter().map(|(name, part)| {
            let leader = part.leader.as_ref().map_or(Item::nothing(), member);
            Item::map([("name", Item::new(name)), ("leader", leader)])
        });
        let leads = plan.leader.as_ref() == Some(region);
        // The replica that is promoted: a standby that has every commit, else the nearest.
        let heir = plan.sync_standbys.first().or(plan.replicas.first());
        Item::map([
            ("name", Item::new(store.name.value.as_str())),
            ("engine", Item::new(store.engine.value.name())),
            (
                "byHand",
                Item::new(store.engine.value == Engine::CloudnativePg),
            ),
            ("survives", Item::new(&plan.survives)),
            ("leads", Item::new(leads)),
            ("here", Item::new(plan.clusters.contains_key(region))),
            (
                "leader",
                plan.leader.as_ref().map_or(Item::nothing(), member),
            ),
            (
                "heir",
                heir.filter(|_| leads).map_or(Item::nothing(), member),
            ),
            ("waits", Item::new(plan.synchronous > 0)),
            (
                "voters",
                Item::list(plan.voters.iter().map(|v| Item::new(v.as_str()))),
            ),
            ("shards", Item::list(parts)),
        ])
    }

    /// Whom the law wants told, where the service keeps data that is bound or classed.
    fn duties(&self, service: &Service, cluster: &Cluster) -> Item {
        let region = self.world.regions.get(&cluster.region);
        let keeps = service.stores.iter().any(|s| s.data.is_some());
        let duties = region
            .filter(|_| keeps)
            .into_iter()
            .flat_map(|r| atlas::duties(r.country));
        Item::list(duties.map(|duty| {
            Item::map([
                ("law", Item::new(duty.law)),
                ("whom", Item::new(duty.whom)),
                ("within", Item::new(duty.within)),
            ])
        }))
    }
}

/// The regions that this one takes over for.
fn covers(plan: &ServicePlan, region: &RegionName) -> Item {
    let lost = plan
        .failover
        .iter()
        .filter(|(_, chain)| chain.targets.first() == Some(region));
    Item::list(lost.map(|(name, _)| Item::new(name.as_str())))
}

fn dns(of: &Of<'_>, service: &Service, plan: &ServicePlan) -> Item {
    let (Some(exposure), Some(dns)) = (&service.exposure, &plan.dns) else {
        return Item::nothing();
    };
    Item::map([
        ("host", of.at("exposure.host", &exposure.host.value)),
        ("policy", Item::new(dns.policy.name())),
        ("ttl", of.at("exposure.ttl", exposure.ttl)),
    ])
}
