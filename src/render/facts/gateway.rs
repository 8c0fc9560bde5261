//! The gateway of a cluster, and how it leads to a service: what it waits for, tries again and
//! lets be kept.

use std::collections::BTreeSet;

use crate::model::name::{RegionName, ServiceKey};
use crate::model::origin::Subject;
use crate::model::world::{
    CacheTier, Cluster, Exposure, Gateway, GatewayController, Service, WriteTarget,
};

use super::super::fact::Item;
use super::edges::{NAMESPACE, labels};
use super::patience::{PAUSES, Patience, text};
use super::{Facts, Of};

/// Where Envoy Gateway runs its proxies, unless it is told to run them beside their Gateways.
const ENVOY_NAMESPACE: &str = "envoy-gateway-system";
/// The label of those proxies that names their Gateway.
const ENVOY_OWNER: &str = "gateway.envoyproxy.io/owning-gateway-name";
/// The Service port of the pods of Varnish.
const CACHE_PORT: u16 = 80;

impl Facts<'_> {
    /// `gateway`: nothing where the platform has none, or nothing is exposed in this cluster.
    pub(super) fn gateway(&self, cluster: &Cluster) -> Item {
        let Some((gateway, namespace)) = self.gateway_choice() else {
            return Item::nothing();
        };
        let mut hosts: BTreeSet<&str> = BTreeSet::new();
        let mut namespaces: BTreeSet<&str> = BTreeSet::new();
        let placed = self.placed.get(&cluster.name.value);
        for key in placed.into_iter().flat_map(|p| p.keys()) {
            let service = self.world.services.get(*key);
            if let Some((service, exposure)) = service.and_then(|s| Some((s, s.exposure.as_ref()?)))
            {
                hosts.insert(&exposure.host.value);
                namespaces.insert(service.namespace.as_str());
            }
        }
        if hosts.is_empty() {
            return Item::nothing();
        }
        let of = Of(&Subject::Fleet);
        let issuer = gateway.issuer.as_ref();
        let issuer = issuer.map_or(Item::nothing(), |i| {
            of.at("platform.gateway.issuer", &i.value)
        });
        Item::map([
            ("name", of.at("fleet", self.world.fleet.name.value.as_str())),
            ("namespace", of.at("platform.ingressNamespace", namespace)),
            (
                "controller",
                of.at("platform.gateway", gateway.controller.name()),
            ),
            ("class", of.at("platform.gateway.class", &gateway.class)),
            (
                "certificate",
                of.at("platform.gateway.certificate", &gateway.certificate),
            ),
            ("issuer", issuer),
            ("hosts", Item::list(hosts.into_iter().map(Item::new))),
            (
                "namespaces",
                Item::list(namespaces.into_iter().map(Item::new)),
            ),
        ])
    }

    fn gateway_choice(&self) -> Option<(&Gateway, &str)> {
        let platform = &self.world.fleet.platform;
        let namespace = platform.ingress_namespace.as_ref()?;
        Some((platform.gateway.as_ref()?, namespace.as_str()))
    }

    /// Where requests of users come from, as peers of a policy; nothing where anywhere.
    pub(super) fn front(&self) -> Vec<Item> {
        let platform = &self.world.fleet.platform;
        let Some(namespace) = &platform.ingress_namespace else {
            return Vec::new();
        };
        let mut peers = vec![Item::map([(
            "namespaceSelector",
            labels([(NAMESPACE, namespace.as_str())]),
        )])];
        let controller = platform.gateway.as_ref().map(|g| g.controller);
        if controller == Some(GatewayController::Envoy) {
            let own = self.world.fleet.name.value.as_str();
            peers.push(Item::map([
                ("namespaceSelector", labels([(NAMESPACE, ENVOY_NAMESPACE)])),
                ("podSelector", labels([(ENVOY_OWNER, own)])),
            ]));
        }
        peers
    }

    /// The region that takes the writes of a service, where its gateways send them there.
    pub(super) fn write_region(&self, key: &ServiceKey, service: &Service) -> Option<&RegionName> {
        let exposure = service.exposure.as_ref()?;
        (exposure.writes.value == WriteTarget::Leader).then_some(())?;
        let stores = service.stores.iter();
        let mut plans = stores.filter_map(|s| self.plan.stores.get(&key.store(&s.name.value)));
        plans.find_map(|p| p.leader.as_ref())
    }

    /// `route`: how the gateway of this cluster leads to a service; nothing where it does not.
    pub(super) fn route(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let (Some((gateway, _)), Some(exposure)) = (self.gateway_choice(), &service.exposure)
        else {
            return Item::nothing();
        };
        let Some(port) = service.workload.ports.get(&exposure.port) else {
            return Item::nothing();
        };
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let name = service.name.value.as_str();
        let grpc = exposure.port.as_str().starts_with("grpc");
        let patience = Patience::of(service, exposure);
        let backend = |name: String, port: u16| {
            let port = of.at("exposure.port", port);
            Item::list([Item::map([
                ("group", Item::new("")),
                ("kind", Item::new("Service")),
                ("name", Item::new(name)),
                ("port", port),
                ("weight", Item::new(1_u16)),
            ])])
        };
        let own = || backend(name.to_owned(), port.port);
        let cached = exposure.cache.as_ref().map(|c| c.tier.value) == Some(CacheTier::Varnish);
        let read = if cached {
            backend(format!("{name}-cache"), CACHE_PORT)
        } else {
            own()
        };
        let leader = self.write_region(key, service);
        let decided = || format!("leaders of the stores of {key}");
        let (write, region) = match leader.filter(|r| **r != cluster.region) {
            None => (own(), Item::new(cluster.region.as_str())),
            Some(region) => {
                let import = Item::map([
                    ("group", Item::new("multicluster.x-k8s.io")),
                    ("kind", Item::new("ServiceImport")),
                    ("name", Item::new(format!("{name}-write"))),
                    ("port", of.at("exposure.port", port.port)),
                    ("weight", Item::new(1_u16)),
                ]);
                let import = Item::list([import.of(&subject, "exposure.writes")]);
                (import, Item::new(region.as_str()).planned(decided()))
            }
        };
        let served =
            |region: Item| Item::map([("name", Item::new("X-Served-Region")), ("value", region)]);
        let here = served(Item::new(cluster.region.as_str()));
        let headers = exposure.cache.iter().map(|cache| {
            let value = of.at("exposure.cache", cache_control(cache));
            Item::map([("name", Item::new("Cache-Control")), ("value", value)])
        });
        let read_headers = Item::list(headers.chain([here]));
        let write_headers = Item::list([served(region)]);
        let policies = match gateway.controller {
            GatewayController::Envoy => policies(&of, service, exposure, &patience, grpc),
            GatewayController::Istio | GatewayController::Cilium => Item::nothing(),
        };
        Item::map([
            ("protocol", Item::new(if grpc { "grpc" } else { "http" })),
            ("host", of.at("exposure.host", &exposure.host.value)),
            (
                "read",
                Item::map([
                    ("timeouts", patience.timeouts(&of, true)),
                    ("headers", read_headers),
                    ("backends", read),
                ]),
            ),
            (
                "write",
                Item::map([
                    ("timeouts", patience.timeouts(&of, false)),
                    ("headers", write_headers),
                    ("backends", write),
                ]),
            ),
            ("policies", policies),
            ("exported", Item::new(leader == Some(&cluster.region))),
        ])
    }
}

fn cache_control(cache: &crate::model::world::Cache) -> String {
    let mut value = format!("public, max-age={}", cache.max_age);
    for (name, seconds) in [
        ("stale-while-revalidate", cache.stale_while_revalidate),
        ("stale-if-error", cache.stale_if_error),
    ] {
        if let Some(seconds) = seconds {
            value.push_str(&format!(", {name}={seconds}"));
        }
    }
    value
}

/// What Envoy Gateway is told of a route: one policy, or one of reads and one of writes where only
/// the former are tried again.
fn policies(
    of: &Of<'_>,
    service: &Service,
    exposure: &Exposure,
    patience: &Patience,
    grpc: bool,
) -> Item {
    let health = health(of, service, exposure, grpc);
    // A GRPCRoute has no timeouts of its own.
    let request = match patience.one_try {
        Some((one, path)) if grpc => of.at(path, text(one)),
        _ => Item::nothing(),
    };
    let name = service.name.value.as_str();
    let policy = |suffix: &str, section: Option<&str>, retry: Item, budget: Item| {
        Item::map([
            ("name", Item::new(format!("{name}{suffix}"))),
            ("section", section.map_or(Item::nothing(), Item::new)),
            ("retry", retry),
            ("breaker", budget),
            ("health", health.clone()),
            ("request", request.clone()),
        ])
    };
    let nothing = Item::nothing;
    if patience.retries > 0 && !grpc {
        let retry = retry(of, patience);
        // No more than a fifth of all requests may be repeated ones.
        let percent = Item::map([("percent", Item::map([("numerator", Item::new(20_u32))]))]);
        let budget = Item::map([("retryBudget", percent)]);
        return Item::list([
            policy("-read", Some("read"), retry, budget),
            policy("-write", Some("write"), nothing(), nothing()),
        ]);
    }
    if health.fact == nothing().fact && request.fact == nothing().fact {
        return nothing();
    }
    Item::list([policy("", None, nothing(), nothing())])
}

fn retry(of: &Of<'_>, patience: &Patience) -> Item {
    let (first, longest) = PAUSES;
    let pauses = Item::map([
        ("baseInterval", Item::new(format!("{first}ms"))),
        ("maxInterval", Item::new(format!("{longest}ms"))),
    ]);
    let one = patience
        .one_try
        .map_or(Item::nothing(), |(one, path)| of.at(path, text(one)));
    let triggers = ["connect-failure", "reset", "retriable-status-codes"];
    let codes = [502_u32, 503, 504];
    Item::map([
        ("numRetries", of.at("exposure.retries", patience.retries)),
        (
            "retryOn",
            Item::map([
                ("triggers", Item::list(triggers.map(Item::new))),
                ("httpStatusCodes", Item::list(codes.map(Item::new))),
            ]),
        ),
        (
            "perRetry",
            Item::sparse([("timeout", one), ("backOff", pauses)]),
        ),
    ])
}

/// When a pod is left out: after errors of its own, and when it says that it is not healthy.
fn health(of: &Of<'_>, service: &Service, exposure: &Exposure, grpc: bool) -> Item {
    let passive = service.resilience.breaker.as_ref().map(|breaker| {
        let at = |member: &str| format!("resilience.circuitBreaker.{member}");
        Item::map([
            ("consecutive5XxErrors", of.at(at("errors"), breaker.errors)),
            ("interval", of.at(at("within"), text(breaker.within))),
            ("baseEjectionTime", Item::new("30s")),
            ("maxEjectionPercent", Item::new(50_u32)),
        ])
    });
    let asked = exposure.health.as_ref().filter(|_| !grpc).map(|path| {
        let http = Item::map([
            ("path", of.at("exposure.health", path)),
            ("expectedStatuses", Item::list([Item::new(200_u32)])),
        ]);
        Item::map([
            ("type", Item::new("HTTP")),
            ("http", http),
            ("interval", Item::new("5s")),
            ("timeout", Item::new("1s")),
            ("unhealthyThreshold", Item::new(3_u32)),
            ("healthyThreshold", Item::new(2_u32)),
        ])
    });
    Item::sparse([
        ("passive", passive.unwrap_or(Item::nothing())),
        ("active", asked.unwrap_or(Item::nothing())),
    ])
    .or_nothing()
}
