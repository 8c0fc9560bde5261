//! What a service mesh is told of a service: who may call it, and who answers for whom.

use crate::model::name::ServiceKey;
use crate::model::origin::Subject;
use crate::model::world::{Cluster, GatewayController, Mesh, Service};

use super::super::fact::Item;
use super::{Facts, Of, patience};

/// How long a pod stays left out, and how often that is looked at where no caller says.
const EJECTION: &str = "30s";
const INTERVAL: &str = "10s";
/// After how many errors in a row where no caller says.
const ERRORS: u32 = 5;

impl Facts<'_> {
    /// `mesh`: nothing where the platform has none of Istio, or this cluster is not in it.
    pub(super) fn mesh(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let istio = self.world.fleet.platform.mesh.map(|m| m.value) == Some(Mesh::Istio);
        let here = cluster
            .capabilities
            .iter()
            .any(|c| c.as_str() == Mesh::Istio.name());
        if !istio || !here || service.workload.kind.ends() {
            return Item::nothing();
        }
        let open = self.open_port(service);
        Item::map([
            ("inject", Item::new("true")),
            ("rules", self.may_call(key, service, open)),
            ("open", open.map_or(Item::nothing(), Item::new)),
            ("outliers", self.outliers(key)),
            ("locality", self.locality(key)),
            ("routes", self.routes(key)),
        ])
    }

    /// The pod port that a gateway outside of the mesh speaks to without an identity.
    fn open_port(&self, service: &Service) -> Option<u16> {
        let gateway = self.world.fleet.platform.gateway.as_ref();
        let exposure = service.exposure.as_ref()?;
        let inside = gateway.is_some_and(|g| g.controller == GatewayController::Istio);
        let port = service.workload.ports.get(&exposure.port)?;
        (!inside).then_some(port.target)
    }

    /// Exactly the declared callers, by the identity of their service accounts, and the gateway.
    fn may_call(&self, key: &ServiceKey, service: &Service, open: Option<u16>) -> Item {
        let ports = |ports: Vec<u16>| {
            let ports = ports.into_iter().map(|p| Item::new(p.to_string()));
            let operation = Item::map([("ports", Item::list(ports))]);
            Item::list([Item::map([("operation", operation)])])
        };
        let from = |name: &'static str, value: String| {
            let source = Item::map([(name, Item::list([Item::new(value)]))]);
            Item::list([Item::map([("source", source)])])
        };
        let mut rules = Vec::new();
        for (caller_key, caller) in self.callers(key) {
            for (index, call) in caller.calls.iter().enumerate() {
                if call.service.value != key.service {
                    continue;
                }
                let mut called: Vec<u16> = super::edges::called(call, service)
                    .into_iter()
                    .map(|p| p.target)
                    .collect();
                called.sort_unstable();
                called.dedup();
                if called.is_empty() {
                    continue;
                }
                let (namespace, name) = (&caller.namespace, &caller.name.value);
                let rule = Item::map([
                    (
                        "from",
                        from("principals", format!("*/ns/{namespace}/sa/{name}")),
                    ),
                    ("to", ports(called)),
                ]);
                let (subject, path) = self.declared(caller_key, index, call);
                rules.push(rule.of(&subject, path));
            }
        }
        let subject = Subject::Service(key.clone());
        if let Some(port) = open {
            let rule = Item::map([("to", ports(vec![port]))]);
            rules.push(rule.of(&subject, "exposure"));
        } else if let Some(exposure) = &service.exposure
            && let Some(port) = service.workload.ports.get(&exposure.port)
        {
            let namespace = self.world.fleet.platform.ingress_namespace.as_ref();
            let namespace = namespace.map_or_else(|| "*".to_owned(), ToString::to_string);
            let rule = Item::map([
                ("from", from("namespaces", namespace)),
                ("to", ports(vec![port.target])),
            ]);
            rules.push(rule.of(&subject, "exposure"));
        }
        Item::list(rules).or_nothing()
    }

    /// Per caller that says how long it waits: for all of its tries, and for one.
    fn routes(&self, key: &ServiceKey) -> Item {
        let mut routes = Vec::new();
        for (caller_key, caller) in self.callers(key) {
            let mut calls = caller.calls.iter().enumerate();
            let to_us = calls.find(|(_, call)| call.service.value == key.service);
            let Some((index, call)) = to_us else { continue };
            let subject = Subject::Service(caller_key.clone());
            let (path, one) = match (call.timeout, caller.resilience.timeout) {
                (Some(own), _) => (format!("calls[{index}].timeout"), own.value),
                (None, Some(all)) => ("resilience.timeout".to_owned(), all.value),
                (None, None) => continue,
            };
            let retries = caller.resilience.retries.map_or(0, |r| r.value);
            let all = patience::all(one, retries);
            let of = Of(&subject);
            routes.push(Item::map([
                ("caller", Item::new(caller.name.value.as_str())),
                ("namespace", Item::new(caller.namespace.as_str())),
                ("timeout", of.at(&path, patience::text(all))),
                ("perTry", of.at(&path, patience::text(one))),
                ("attempts", of.at("resilience.retries", retries)),
            ]));
        }
        Item::list(routes).or_nothing()
    }

    /// The strictest circuit breaker of all callers: a mesh has one per callee.
    fn outliers(&self, key: &ServiceKey) -> Item {
        let breakers = self.callers(key).filter_map(|(caller_key, caller)| {
            let breaker = caller.resilience.breaker?;
            Some((breaker.errors, breaker.within, caller_key))
        });
        let (errors, interval) = match breakers.min() {
            Some((errors, within, caller)) => {
                let subject = Subject::Service(caller.clone());
                let of = Of(&subject);
                let at = |member: &str| format!("resilience.circuitBreaker.{member}");
                (
                    of.at(at("errors"), errors),
                    of.at(at("within"), patience::text(within)),
                )
            }
            None => (Item::new(ERRORS), Item::new(INTERVAL)),
        };
        Item::map([
            ("consecutive5xxErrors", errors),
            ("interval", interval),
            ("baseEjectionTime", Item::new(EJECTION)),
            ("maxEjectionPercent", Item::new(100_u32)),
        ])
    }

    /// Who answers for whom: the plan's first target of each region. Where a region may have none,
    /// each keeps to itself: Istio would otherwise choose any, and knows one of the two ways only.
    fn locality(&self, key: &ServiceKey) -> Item {
        let Some(plan) = self.plan.services.get(key) else {
            return Item::nothing();
        };
        let decided = |item: Item| item.planned(format!("failover of {key}"));
        let chains: Vec<(&str, Option<&str>)> = plan
            .regions
            .iter()
            .map(|p| {
                let chain = plan.failover.get(&p.region);
                let first = chain.and_then(|c| c.targets.first());
                (p.region.as_str(), first.map(|r| r.as_str()))
            })
            .collect();
        if chains.len() < 2 {
            return Item::nothing();
        }
        if chains.iter().all(|(_, to)| to.is_some()) {
            let pairs = chains.into_iter().map(|(from, to)| {
                decided(Item::map([
                    ("from", Item::new(from)),
                    ("to", Item::new(to.unwrap_or(from))),
                ]))
            });
            return Item::map([
                ("enabled", Item::new(true)),
                ("failover", Item::list(pairs)),
            ]);
        }
        let own = chains.into_iter().map(|(region, _)| {
            let all = format!("{region}/*");
            let to = Item::map([(all.clone(), Item::new(100_u32))]);
            decided(Item::map([("from", Item::new(all)), ("to", to)]))
        });
        Item::map([
            ("enabled", Item::new(true)),
            ("distribute", Item::list(own)),
        ])
    }
}
