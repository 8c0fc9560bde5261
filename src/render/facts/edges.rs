//! The call graph to network policies: exactly the declared edges, at both ends, by pod port.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::name::{Namespace, RegionName, ServiceKey};
use crate::model::origin::{FieldRef, Subject};
use crate::model::world::{Call, Cluster, Port, Service};

use super::super::fact::Item;
use super::{Facts, cache, service};

/// The label that selects the pods of a service.
const NAME: &str = "app.kubernetes.io/name";
/// The label that every namespace has (Kubernetes 1.22).
pub(super) const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// Port and protocol, as policies order them.
type PodPort = (u16, &'static str);

impl Facts<'_> {
    /// [`Self::edges`], made once for all clusters in which the same of the services at the other
    /// ends run: without stores and exposure, a service's rules depend on nothing else.
    pub(super) fn edges_once(
        &self,
        known: &mut Vec<(Vec<bool>, Item)>,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
    ) -> Item {
        if !service.stores.is_empty() || service.exposure.is_some() {
            return self.edges(cluster, key, service);
        }
        let here = |other: &ServiceKey| self.runs_in(other, &cluster.name.value);
        let callers = self.callers(key).map(|(caller, _)| here(caller));
        let calls = service.calls.iter();
        let callees =
            calls.filter_map(|call| self.callee(key, call).map(|(callee, _)| here(callee)));
        let others: Vec<bool> = callers.chain(callees).collect();
        if let Some((_, item)) = known.iter().find(|(same, _)| *same == others) {
            debug_assert_eq!(*item, self.edges(cluster, key, service));
            return item.clone();
        }
        let item = self.edges(cluster, key, service);
        known.push((others, item.clone()));
        item
    }

    /// Whether a caller runs in a region in which the service does not.
    pub(super) fn is_called_from_afar(&self, key: &ServiceKey) -> bool {
        let regions = |key: &ServiceKey| -> BTreeSet<&RegionName> {
            let places = self.places.get(key).into_iter().flat_map(|p| p.keys());
            let clusters = places.filter_map(|name| self.world.clusters.get(*name));
            clusters.map(|cluster| &cluster.region).collect()
        };
        let own = regions(key);
        let mut callers = self.callers(key);
        callers.any(|(caller, _)| !regions(caller).is_subset(&own))
    }

    /// `aliases` of a cluster: services that are called in it and run in other regions alone, in
    /// namespaces that it has.
    pub(super) fn aliases(&self, cluster: &Cluster) -> Item {
        let name = &cluster.name.value;
        let mut aliases: BTreeMap<(&Namespace, &ServiceKey), Item> = BTreeMap::new();
        for caller_key in self
            .placed
            .get(name)
            .into_iter()
            .flat_map(|here| here.keys())
        {
            let calls = self.world.services.get(*caller_key);
            for (index, call) in calls.iter().flat_map(|s| s.calls.iter().enumerate()) {
                let Some((key, callee)) = self.callee(caller_key, call) else {
                    continue;
                };
                let has = self.namespaces.get(&callee.namespace);
                let has = has.is_some_and(|clusters| clusters.contains_key(name));
                if !has || self.runs_in(key, name) || !self.is_called_from_afar(key) {
                    continue;
                }
                let (subject, path) = self.declared(caller_key, index, call);
                let of = |text: &str| Item::new(text).of(&subject, path.as_str());
                let alias = Item::map([
                    ("service", of(callee.name.value.as_str())),
                    ("namespace", of(callee.namespace.as_str())),
                ]);
                aliases.entry((&callee.namespace, key)).or_insert(alias);
            }
        }
        Item::list(aliases.into_values()).or_nothing()
    }

    /// `network`: the rules of a service's pods in a cluster.
    fn edges(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        Item::map([
            ("ingress", self.ingress(cluster, key, service)),
            ("egress", self.egress(cluster, key, service)),
        ])
    }

    fn ingress(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let mut peers: BTreeMap<PodPort, Vec<Item>> = BTreeMap::new();
        let mut open: BTreeMap<PodPort, FieldRef> = BTreeMap::new();
        for (caller_key, caller) in self.callers(key) {
            for (index, call) in caller.calls.iter().enumerate() {
                if call.service.value != key.service {
                    continue;
                }
                let (subject, path) = self.declared(caller_key, index, call);
                let from = if self.runs_in(caller_key, &cluster.name.value) {
                    let name = caller.name.value.as_str();
                    vec![pods(name, &caller.namespace, &service.namespace)]
                } else {
                    Vec::new()
                };
                // Callers whose own cluster does not run this service come from outside.
                let outside = self
                    .clusters_of(caller_key)
                    .filter(|c| !self.runs_in(key, &c.name.value))
                    .flat_map(ranges);
                let all: Vec<Item> = from.into_iter().chain(outside).collect();
                for port in called(call, service) {
                    let from = all
                        .iter()
                        .map(|peer| peer.clone().of(&subject, path.clone()));
                    peers.entry(pod_port(port)).or_default().extend(from);
                }
            }
        }
        if let Some(exposure) = &service.exposure
            && let Some(port) = service.workload.ports.get(&exposure.port)
        {
            let subject = Subject::Service(key.clone());
            let mut front = self.front();
            if front.is_empty() {
                let path = "exposure".to_owned();
                let subject = subject.clone();
                open.insert(pod_port(port), FieldRef { subject, path });
            }
            if cache::tier(service).is_some() {
                let name = format!("{}-cache", service.name.value);
                front.push(pods(&name, &service.namespace, &service.namespace));
            }
            // Gateways of other regions send writes here.
            if self.write_region(key, service) == Some(&cluster.region) {
                let others = self.clusters_of(key).filter(|c| c.region != cluster.region);
                front.extend(others.flat_map(ranges));
            }
            let front = front.into_iter().map(|peer| peer.of(&subject, "exposure"));
            peers.entry(pod_port(port)).or_default().extend(front);
        }
        let mut rules = Vec::new();
        for (port, field) in &open {
            let rule = Item::map([("ports", Item::list([policy_port(*port)]))]);
            rules.push(rule.of(&field.subject, field.path.clone()));
        }
        for (port, from) in peers {
            let from = once(from);
            if !from.is_empty() && !open.contains_key(&port) {
                let ports = Item::list([policy_port(port)]);
                rules.push(Item::map([("from", Item::list(from)), ("ports", ports)]));
            }
        }
        Item::list(rules).or_nothing()
    }

    fn egress(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let subject = Subject::Service(key.clone());
        let mut rules = Vec::new();
        for (index, call) in service.calls.iter().enumerate() {
            let Some((callee_key, callee)) = self.callee(key, call) else {
                continue;
            };
            let to = if self.runs_in(callee_key, &cluster.name.value) {
                vec![pods(
                    callee.name.value.as_str(),
                    &callee.namespace,
                    &service.namespace,
                )]
            } else {
                self.clusters_of(callee_key).flat_map(ranges).collect()
            };
            let mut ports: Vec<PodPort> = called(call, callee).into_iter().map(pod_port).collect();
            ports.sort_unstable();
            ports.dedup();
            if to.is_empty() || ports.is_empty() {
                continue;
            }
            let ports = Item::list(ports.into_iter().map(policy_port));
            let rule = Item::map([("to", Item::list(once(to))), ("ports", ports)]);
            let (declared, path) = self.declared(key, index, call);
            rules.push(rule.of(&declared, path));
        }
        for (index, store) in service.stores.iter().enumerate() {
            let rule = self.to_store(cluster, key, service, index, store);
            rules.extend(rule.map(|rule| rule.of(&subject, format!("stores[{index}]"))));
        }
        Item::list(rules).or_nothing()
    }

    /// The services of the same environment that call this one.
    pub(super) fn callers<'b>(
        &'b self,
        key: &'b ServiceKey,
    ) -> impl Iterator<Item = (&'b ServiceKey, &'b Service)> {
        let of_service = self
            .callers_of
            .get(key)
            .map(Vec::as_slice)
            .unwrap_or_default();
        of_service.iter().filter_map(|caller| {
            self.world
                .services
                .get(*caller)
                .map(|service| (*caller, service))
        })
    }

    /// The field that declares a call: the caller's, or the fleet's where its data is why.
    pub(super) fn declared(
        &self,
        caller: &ServiceKey,
        index: usize,
        call: &Call,
    ) -> (Subject, String) {
        let tokenization = self.world.fleet.platform.tokenization.as_ref();
        match tokenization.is_some_and(|named| named.span == call.service.span) {
            true => (Subject::Fleet, "platform.tokenization".to_owned()),
            false => (Subject::Service(caller.clone()), format!("calls[{index}]")),
        }
    }

    /// The callee of a call: in the same environment.
    fn callee(&self, caller: &ServiceKey, call: &Call) -> Option<(&ServiceKey, &Service)> {
        let key = ServiceKey::new(&call.service.value, &caller.environment);
        self.world.services.get_key_value(&key)
    }

    /// Warns of calls that leave a cluster towards clusters whose addresses are unknown.
    pub(super) fn warn_of_unrouted_calls(&self, sink: &mut Sink) {
        for (key, service) in &self.world.services {
            for call in &service.calls {
                let Some((callee, _)) = self.callee(key, call) else {
                    continue;
                };
                let here: Vec<&Cluster> = self.clusters_of(key).collect();
                let away: Vec<String> = here
                    .iter()
                    .filter(|c| !self.runs_in(callee, &c.name.value))
                    .map(|c| format!("`{}`", c.name.value))
                    .collect();
                let unknown: Vec<String> = self
                    .clusters_of(callee)
                    .filter(|c| ranges(c).next().is_none())
                    .map(|c| format!("`{}`", c.name.value))
                    .collect();
                if away.is_empty() || unknown.is_empty() {
                    continue;
                }
                let message = format!(
                    "`{key}` calls `{callee}`, which does not run in {}, and the addresses of {} are unknown",
                    away.join(", "),
                    unknown.join(", ")
                );
                sink.emit(
                    Diagnostic::new(Code::CallNotRouted, message)
                        .at(call.service.span, "")
                        .help("give those clusters `network.pods` and `network.nodes`, or place both services together"),
                );
            }
        }
    }
}

/// The ports of the callee that a call uses.
pub(super) fn called<'a>(call: &Call, callee: &'a Service) -> Vec<&'a Port> {
    match &call.port {
        Some(name) => callee.workload.ports.get(name).into_iter().collect(),
        None => callee.workload.ports.values().collect(),
    }
}

pub(super) fn pod_port(port: &Port) -> PodPort {
    (port.target, service::protocol(port.protocol))
}

pub(super) fn policy_port((port, protocol): PodPort) -> Item {
    Item::map([("port", Item::new(port)), ("protocol", Item::new(protocol))])
}

/// A label selector.
pub(super) fn labels<'a>(labels: impl IntoIterator<Item = (&'static str, &'a str)>) -> Item {
    Item::map([(
        "matchLabels",
        Item::map(labels.into_iter().map(|(k, v)| (k, Item::new(v)))),
    )])
}

/// The pods of a service, seen from a namespace.
pub(super) fn pods(service: &str, namespace: &Namespace, from: &Namespace) -> Item {
    let selector = ("podSelector", labels([(NAME, service)]));
    if namespace == from {
        return Item::map([selector]);
    }
    let namespace = (
        "namespaceSelector",
        labels([(NAMESPACE, namespace.as_str())]),
    );
    Item::map([namespace, selector])
}

/// The addresses that traffic of a cluster comes from and goes to.
pub(super) fn ranges(cluster: &Cluster) -> impl Iterator<Item = Item> {
    let subject = Subject::Cluster(cluster.name.value.clone());
    let network = &cluster.network;
    let named = [
        ("pods", &network.pods),
        ("nodes", &network.nodes),
        ("egress", &network.egress),
    ];
    let all: Vec<Item> = named
        .into_iter()
        .flat_map(|(name, list)| {
            list.iter()
                .enumerate()
                .map(move |(i, cidr)| (format!("network.{name}[{i}]"), cidr))
        })
        .map(|(path, cidr)| {
            let block = Item::new(cidr.value.as_str()).of(&subject, path);
            Item::map([("ipBlock", Item::map([("cidr", block)]))])
        })
        .collect();
    all.into_iter()
}

/// Each peer once, in order of first mention.
pub(super) fn once(peers: Vec<Item>) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::with_capacity(peers.len());
    for peer in peers {
        if !kept.iter().any(|k| k.fact == peer.fact) {
            kept.push(peer);
        }
    }
    kept
}
