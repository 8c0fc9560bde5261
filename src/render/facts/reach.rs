//! Who reaches a store, and whom its pods reach: as far as regen knows where they are.

use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::ServiceKey;
use crate::model::origin::Subject;
use crate::model::world::{Cluster, Service, Store};

use super::super::fact::Item;
use super::Facts;
use super::edges::{NAMESPACE, labels, once, pods, policy_port, ranges};
use super::store::instance;

impl Facts<'_> {
    /// The rule by which a service reaches a store from this cluster: the pods here, and the
    /// clusters that hold it for this region or take its writes. Where somebody else deploys the
    /// store, its port wherever it is, and nothing where each has a port of its own.
    pub(super) fn to_store(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        store: &Store,
    ) -> Option<Item> {
        let store_key = key.store(&store.name.value);
        let plan = self.plan.stores.get(&store_key)?;
        let port = engine::facts(store.engine.value).port?;
        let ports = ("ports", Item::list([policy_port((port, "TCP"))]));
        if store.engine.value != Engine::CloudnativePg {
            return Some(Item::map([ports]));
        }
        let mut peers: Vec<Item> = Vec::new();
        let near = Some(&cluster.region);
        for region in [near, plan.leader.as_ref()].into_iter().flatten() {
            match plan.clusters.get(region) {
                Some(name) if *name == cluster.name.value => {
                    peers.push(cnpg_pods(&instance(service, store, region)));
                }
                Some(name) => {
                    peers.extend(self.world.clusters.get(name).into_iter().flat_map(ranges))
                }
                None => {}
            }
        }
        let to = Item::list(once(peers));
        (to.clone().or_nothing().fact != Item::nothing().fact)
            .then(|| Item::map([("to", to), ports]))
    }

    /// The policy of the store's own pods.
    pub(super) fn store_rules(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        index: usize,
        store: &Store,
    ) -> Item {
        let store_key = key.store(&store.name.value);
        let subject = Subject::Service(key.clone());
        let at = format!("stores[{index}]");
        let plan = self.plan.stores.get(&store_key);
        let members: Vec<&Cluster> = plan
            .into_iter()
            .flat_map(|p| p.clusters.values())
            .filter(|name| **name != cluster.name.value)
            .filter_map(|name| self.world.clusters.get(name))
            .collect();
        // The labels of pods and operators that somebody else deploys are theirs to know.
        let own = (store.engine.value == Engine::CloudnativePg)
            .then(|| cnpg_pods(&instance(service, store, &cluster.region)));
        let operator = own
            .is_some()
            .then(|| Item::map([("namespaceSelector", labels([(NAMESPACE, "cnpg-system")]))]));
        let mut from: Vec<Item> = own.iter().cloned().chain(operator).collect();
        if self.runs_in(key, &cluster.name.value) {
            from.push(pods(
                service.name.value.as_str(),
                &service.namespace,
                &service.namespace,
            ));
        }
        // Members of the set, and clusters of the service that come here: those of this region
        // and, where this cluster takes all writes, all of them.
        let leads = plan.and_then(|p| p.leader.as_ref()) == Some(&cluster.region);
        let users = self
            .clusters_of(key)
            .filter(|c| c.name != cluster.name && (leads || c.region == cluster.region));
        from.extend(members.iter().copied().chain(users).flat_map(ranges));
        let from = once(from)
            .into_iter()
            .map(|peer| peer.of(&subject, at.clone()));
        let to = once(
            own.into_iter()
                .chain(members.iter().flat_map(|c| ranges(c)))
                .collect(),
        );
        Item::map([
            ("from", Item::list(from)),
            (
                "to",
                Item::list(to.into_iter().map(|peer| peer.of(&subject, at.clone()))),
            ),
            (
                "port",
                engine::facts(store.engine.value)
                    .port
                    .map_or(Item::nothing(), Item::new),
            ),
        ])
    }
}

/// The pods of a database cluster of CloudNativePG.
fn cnpg_pods(instance: &str) -> Item {
    Item::map([("podSelector", labels([("cnpg.io/cluster", instance)]))])
}
