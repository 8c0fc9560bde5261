//! Who reaches a store, and whom its pods reach: as far as regen knows where they are.

use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::{Capability, RegionName, ServiceKey};
use crate::model::world::{Cluster, Service, Store};

use super::super::fact::Item;
use super::edges::{NAMESPACE, labels, once, pods, policy_port, ranges};
use super::site::Site;
use super::{Facts, cnpg, cockroachdb, k8ssandra, kafka, mongodb, redis, valkey, yugabytedb};

/// What scrapes metrics.
pub(super) const PROMETHEUS: &str = "prometheus-operator";
/// Where the API server listens, behind its Service and itself.
const API_SERVER: [u16; 2] = [443, 6443];

/// Which pods a store has in a cluster, and on which ports (TCP) who reaches them.
pub(super) struct Wall {
    /// The labels that select them.
    pub(super) pods: Vec<(&'static str, String)>,
    /// For the service, its operator and all members.
    pub(super) clients: Vec<u16>,
    /// For members in all clusters.
    pub(super) peers: Vec<u16>,
    /// For its own pods and its operator.
    pub(super) local: Vec<u16>,
    /// The namespace of its operator.
    pub(super) operator: Option<&'static str>,
    /// Where Prometheus scrapes it.
    pub(super) metrics: Vec<u16>,
    /// What else it reaches, at addresses that nobody knows.
    pub(super) out: Vec<u16>,
    /// Other pods of this cluster that come as clients.
    pub(super) guests: Vec<Item>,
}

impl Wall {
    /// Pods that clients reach on a port, and nothing else.
    pub(super) fn new(pods: Vec<(&'static str, String)>, client: u16) -> Self {
        Self {
            pods,
            clients: vec![client],
            peers: Vec::new(),
            local: Vec::new(),
            operator: None,
            metrics: Vec::new(),
            out: Vec::new(),
            guests: Vec::new(),
        }
    }

    /// With what reaches the API server.
    pub(super) fn with_api_server(mut self) -> Self {
        self.out.extend(API_SERVER);
        self
    }

    fn peer(&self) -> Item {
        let labels = labels(self.pods.iter().map(|(k, v)| (*k, v.as_str())));
        Item::map([("podSelector", labels)])
    }
}

/// The pods of a store in a region; `None` where somebody else's pods hold it.
fn wall(site: &Site<'_>, region: &RegionName) -> Option<Wall> {
    if site.lack().is_some() {
        return None;
    }
    match site.engine() {
        Engine::CloudnativePg => Some(cnpg::wall(site, region)),
        Engine::CockroachDb => Some(cockroachdb::wall(site)),
        Engine::K8ssandra => Some(k8ssandra::wall(site)),
        Engine::MongoDb => Some(mongodb::wall(site)),
        Engine::StrimziKafka => Some(kafka::wall(site, region)),
        Engine::Valkey => Some(valkey::wall(site, region)),
        Engine::YugabyteDb => Some(yugabytedb::wall(site)),
        // Their pods are somebody else's: the platform's servers.
        Engine::NatsJetstream | Engine::RedisEnterprise => None,
    }
}

pub(super) fn tcp(ports: &[u16]) -> Item {
    Item::list(ports.iter().map(|port| policy_port((*port, "TCP"))))
}

/// A range of ports (TCP).
fn any_of((first, last): (u16, u16)) -> Item {
    Item::map([
        ("port", Item::new(first)),
        ("endPort", Item::new(last)),
        ("protocol", Item::new("TCP")),
    ])
}

fn namespace(name: &str) -> Item {
    Item::map([("namespaceSelector", labels([(NAMESPACE, name)]))])
}

impl Facts<'_> {
    /// The rule by which a service reaches a store from this cluster: the pods here, and the
    /// clusters that hold it for this region or take its writes. Where somebody else deploys the
    /// store, its port wherever it is, and nothing where each has a port of its own.
    pub(super) fn to_store(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        index: usize,
        store: &Store,
    ) -> Option<Item> {
        let site = self.site(key, service, index, store)?;
        let near = Some(&cluster.region);
        let turned_to = site.nearest(cluster).map(|c| &c.region);
        let regions = [near, site.plan.leader.as_ref(), turned_to];
        let mut peers: Vec<Item> = Vec::new();
        let mut ports = None;
        for region in regions.into_iter().flatten() {
            let Some(wall) = wall(&site, region) else {
                continue;
            };
            match site.plan.clusters.get(region) {
                Some(name) if *name == cluster.name.value => peers.push(wall.peer()),
                Some(name) => {
                    peers.extend(self.world.clusters.get(name).into_iter().flat_map(ranges));
                }
                None => {}
            }
            ports.get_or_insert(wall.clients);
        }
        let Some(ports) = ports else {
            if store.engine.value == Engine::RedisEnterprise && site.lack().is_none() {
                return Some(Item::map([(
                    "ports",
                    Item::list([any_of(redis::DATABASES)]),
                )]));
            }
            let port = engine::facts(store.engine.value).port?;
            return Some(Item::map([("ports", tcp(&[port]))]));
        };
        (!peers.is_empty())
            .then(|| Item::map([("to", Item::list(once(peers))), ("ports", tcp(&ports))]))
    }
}

impl Site<'_> {
    /// `network`: the policy of the store's own pods in a cluster.
    pub(super) fn wall(&self, here: &Cluster) -> Item {
        let (facts, plan) = (self.facts, self.plan);
        let wall = wall(self, &here.region);
        let members: Vec<&Cluster> = self
            .members()
            .filter(|c| c.name.value != here.name.value)
            .collect();
        // Members of the set, and clusters of the service that come here: those of this region
        // and, where this cluster takes all writes, all of them.
        let leads = plan.leader.as_ref() == Some(&here.region);
        let users = facts.clusters_of(self.key).filter(|c| {
            let turns_here = || self.nearest(c).map(|n| &n.name) == Some(&here.name);
            c.name != here.name && (leads || c.region == here.region || turns_here())
        });
        // The labels of pods and operators that somebody else deploys are theirs to know.
        let own = wall.as_ref().map(Wall::peer);
        let operator = wall.as_ref().and_then(|w| w.operator).map(namespace);
        let local: Vec<Item> = own.iter().cloned().chain(operator).collect();
        let mut from = local.clone();
        if facts.runs_in(self.key, &here.name.value) {
            let (name, of) = (self.service.name.value.as_str(), &self.service.namespace);
            from.push(pods(name, of, of));
        }
        from.extend(wall.iter().flat_map(|w| w.guests.iter().cloned()));
        if self.purges(here) {
            let of = &self.service.namespace;
            from.push(pods(&self.purgers(), of, of));
        }
        from.extend(members.iter().copied().chain(users).flat_map(ranges));
        let others = || members.iter().flat_map(|c| ranges(c));
        let to: Vec<Item> = own.iter().cloned().chain(others()).collect();
        let peers: Vec<Item> = local.iter().cloned().chain(others()).collect();
        let (subject, at) = (self.subject(), format!("stores[{}]", self.index));
        let all = |list: Vec<Item>| {
            Item::list(once(list).into_iter().map(|p| p.of(&subject, at.clone())))
        };
        let port = engine::facts(self.engine()).port;
        let (from, to) = (all(from), all(to));
        let mut network = vec![
            ("from", from.clone()),
            ("to", to.clone()),
            ("port", port.map_or(Item::nothing(), Item::new)),
        ];
        let Some(wall) = wall else {
            network.push(("pods", Item::nothing()));
            return Item::map(network);
        };
        let monitoring = facts.world.fleet.platform.monitoring.namespace.as_str();
        let scraped = here.capabilities.contains(&Capability::from(PROMETHEUS));
        let metrics = if scraped {
            wall.metrics.as_slice()
        } else {
            &[]
        };
        let rule = |side, who: Item, ports: &[u16]| {
            (!ports.is_empty()).then(|| Item::map([(side, who), ("ports", tcp(ports))]))
        };
        let ingress = [
            rule("from", from, &wall.clients),
            rule("from", all(peers), &wall.peers),
            rule("from", all(local), &wall.local),
            rule("from", Item::list([namespace(monitoring)]), metrics),
        ];
        let within = [wall.clients.as_slice(), &wall.peers, &wall.local].concat();
        let out = (!wall.out.is_empty()).then(|| Item::map([("ports", tcp(&wall.out))]));
        let egress = [rule("to", to, &within), out];
        let pods = wall.pods.iter().map(|(k, v)| (*k, Item::new(v.as_str())));
        network.push(("pods", Item::map(pods)));
        network.push(("ingress", Item::list(ingress.into_iter().flatten())));
        network.push(("egress", Item::list(egress.into_iter().flatten())));
        Item::map(network)
    }
}
