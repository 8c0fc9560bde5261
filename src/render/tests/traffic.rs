//! Gateways, routes, and policies of Envoy Gateway.

use serde_json::{Value, json};

use super::components::{body, set};
use super::fleet::{Made, call};
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::PortName;
use crate::model::world::*;

/// The group of gateways.
const GATEWAY: &str = "gateway.networking.k8s.io";

pub(super) const EU: &str = "clusters/eu-west-1/eu-west-1-a";
pub(super) const US: &str = "clusters/us-east-1/us-east-1-a";

pub(super) fn at<T>(made: &Made, value: T) -> Spanned<T> {
    Spanned::new(value, made.span())
}

pub(super) fn gateway(made: &Made, controller: GatewayController) -> Gateway {
    Gateway {
        controller,
        class: "eg".into(),
        certificate: "storefront-gateway".into(),
        issuer: None,
        span: made.span(),
    }
}

/// Two regions with a gateway, and `web` exposed in both.
pub(super) fn shop(change: impl FnOnce(&Made, &mut Service)) -> Made {
    let mut made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
    made.world.fleet.platform.gateway = Some(gateway(&made, GatewayController::Envoy));
    let exposure = made.exposed(Routing::Latency);
    let other = Made::new();
    made.service("web", |s| {
        s.exposure = Some(exposure);
        change(&other, s);
    })
}

pub(super) fn spec(made: &Made, path: &str) -> Value {
    body(&set(made).unwrap(), path)["spec"].clone()
}

pub(super) fn has(made: &Made, path: &str) -> bool {
    set(made)
        .unwrap()
        .files
        .keys()
        .any(|p| p.as_str().ends_with(path))
}

#[test]
fn nothing_is_rendered_without_a_gateway() {
    let mut made = shop(|_, _| {});
    made.world.fleet.platform.gateway = None;
    let set = set(&made).unwrap();
    let kinds: Vec<&str> = set.manifests().map(|(_, m)| m.id.kind.as_str()).collect();
    for kind in ["Gateway", "HTTPRoute", "GRPCRoute", "BackendTrafficPolicy"] {
        assert!(!kinds.contains(&kind), "{kind}");
    }
}

#[test]
fn a_gateway_ends_tls_for_the_namespaces_that_expose_something() {
    let mut made = shop(|_, _| {}).service("inner", |s| s.namespace = "back".into());
    let path = format!("{EU}/_cluster/gateway-storefront.yaml");
    assert_eq!(
        spec(&made, &path),
        json!({
            "gatewayClassName": "eg",
            "listeners": [
                {
                    "name": "https",
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {"mode": "Terminate", "certificateRefs": [
                        {"group": "", "kind": "Secret", "name": "storefront-gateway"}
                    ]},
                    "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop"]}
                    ]}}},
                },
                {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}}},
            ],
        })
    );
    assert_eq!(
        spec(
            &made,
            &format!("{EU}/_cluster/httproute-storefront-https.yaml")
        ),
        json!({
            "parentRefs": [{"group": GATEWAY, "kind": "Gateway", "name": "storefront", "sectionName": "http"}],
            "rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "filters": [
                    {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
                ],
            }],
        })
    );
    let certificate = format!("{EU}/_cluster/certificate-storefront-gateway.yaml");
    assert!(!has(&made, &certificate));
    let issuer = Some(at(&made, "letsencrypt".to_owned()));
    made.world.fleet.platform.gateway.as_mut().unwrap().issuer = issuer;
    for cluster in made.world.clusters.values_mut() {
        cluster.capabilities.insert("cert-manager".into());
    }
    assert_eq!(
        spec(&made, &certificate),
        json!({
            "secretName": "storefront-gateway",
            "dnsNames": ["shop.example"],
            "duration": "2160h",
            "renewBeforePercentage": 33,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt", "group": "cert-manager.io"},
        })
    );
}

#[test]
fn reads_and_writes_take_paths_of_their_own() {
    let made = shop(|other, s| {
        s.resilience.timeout = Some(at(other, Duration::millis(500)));
        s.resilience.retries = Some(at(other, 2));
        s.calls = vec![call(other.span(), "web")];
    });
    let served = json!({"name": "X-Served-Region", "value": "eu-west-1"});
    let filters =
        json!([{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [served]}}]);
    let all = json!({"type": "PathPrefix", "value": "/"});
    let backends =
        json!([{"group": "", "kind": "Service", "name": "web", "port": 80, "weight": 1}]);
    // As long as the service may wait itself: three tries of 500 ms.
    let timeouts = json!({"request": "1500ms"});
    assert_eq!(
        spec(&made, &format!("{EU}/shop/web/httproute-web.yaml")),
        json!({
            "parentRefs": [{"group": GATEWAY, "kind": "Gateway", "name": "storefront", "namespace": "edge", "sectionName": "https"}],
            "hostnames": ["shop.example"],
            "rules": [
                {
                    "name": "read",
                    "matches": [{"method": "GET", "path": all}, {"method": "HEAD", "path": all}],
                    "timeouts": timeouts,
                    "filters": filters,
                    "backendRefs": backends,
                },
                {
                    "name": "write",
                    "matches": [{"path": all}],
                    "timeouts": timeouts,
                    "filters": filters,
                    "backendRefs": backends,
                },
            ],
        })
    );
    assert!(!has(&made, "backendtrafficpolicy-web.yaml"));
}

#[test]
fn only_reads_are_tried_again_and_ill_pods_are_left_out() {
    let made = shop(|other, s| {
        let exposure = s.exposure.as_mut().unwrap();
        exposure.timeout = Some(at(other, Duration::millis(2000)));
        exposure.retries = Some(at(other, 2));
        exposure.health = Some("/readyz".into());
        s.resilience.breaker = Some(Breaker {
            errors: 7,
            within: Duration::millis(30_000),
            span: other.span(),
        });
    });
    let health = json!({
        "passive": {"consecutive5XxErrors": 7, "interval": "30s", "baseEjectionTime": "30s", "maxEjectionPercent": 50},
        "active": {
            "type": "HTTP",
            "http": {"path": "/readyz", "expectedStatuses": [200]},
            "interval": "5s",
            "timeout": "1s",
            "unhealthyThreshold": 3,
            "healthyThreshold": 2,
        },
    });
    let target = |section: &str| json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "web", "sectionName": section}]);
    assert_eq!(
        spec(
            &made,
            &format!("{EU}/shop/web/backendtrafficpolicy-web-read.yaml")
        ),
        json!({
            "targetRefs": target("read"),
            "timeout": {"tcp": {"connectTimeout": "1s"}},
            "retry": {
                "numRetries": 2,
                "retryOn": {
                    "triggers": ["connect-failure", "reset", "retriable-status-codes"],
                    "httpStatusCodes": [502, 503, 504],
                },
                "perRetry": {"timeout": "2s", "backOff": {"baseInterval": "50ms", "maxInterval": "500ms"}},
            },
            "circuitBreaker": {"retryBudget": {"percent": {"numerator": 20}}},
            "healthCheck": health,
        })
    );
    assert_eq!(
        spec(
            &made,
            &format!("{EU}/shop/web/backendtrafficpolicy-web-write.yaml")
        ),
        json!({
            "targetRefs": target("write"),
            "timeout": {"tcp": {"connectTimeout": "1s"}},
            "healthCheck": health,
        })
    );
    let rules = &spec(&made, &format!("{EU}/shop/web/httproute-web.yaml"))["rules"];
    assert_eq!(
        (&rules[0]["timeouts"], &rules[1]["timeouts"]),
        (
            &json!({"request": "6200ms", "backendRequest": "2s"}),
            &json!({"request": "2s"})
        )
    );
}

#[test]
fn grpc_has_a_route_of_its_own() {
    let made = shop(|other, s| {
        let port = s.workload.ports.remove("http").unwrap();
        s.workload.ports.insert(PortName::new("grpc"), port);
        let exposure = s.exposure.as_mut().unwrap();
        exposure.port = PortName::new("grpc");
        exposure.timeout = Some(at(other, Duration::millis(2000)));
    });
    assert_eq!(
        spec(&made, &format!("{EU}/shop/web/grpcroute-web.yaml")),
        json!({
            "parentRefs": [{"group": GATEWAY, "kind": "Gateway", "name": "storefront", "namespace": "edge", "sectionName": "https"}],
            "hostnames": ["shop.example"],
            "rules": [{
                "filters": [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {
                    "set": [{"name": "X-Served-Region", "value": "eu-west-1"}]
                }}],
                "backendRefs": [{"group": "", "kind": "Service", "name": "web", "port": 80, "weight": 1}],
            }],
        })
    );
    assert_eq!(
        spec(
            &made,
            &format!("{EU}/shop/web/backendtrafficpolicy-web.yaml")
        ),
        json!({
            "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "name": "web"}],
            "timeout": {"tcp": {"connectTimeout": "1s"}, "http": {"requestTimeout": "2s"}},
        })
    );
    assert!(!has(&made, "httproute-web.yaml"));
}

#[test]
fn writes_go_to_the_region_whose_stores_take_them() {
    let made = shop(|other, s| {
        s.exposure.as_mut().unwrap().writes = at(other, WriteTarget::Leader);
    })
    .store("web", |_| {});
    let backends = |cluster: &str| {
        let path = format!("{cluster}/shop/web/httproute-web.yaml");
        spec(&made, &path)["rules"][1]["backendRefs"].clone()
    };
    assert_eq!(
        backends(EU),
        json!([{"group": "", "kind": "Service", "name": "web", "port": 80, "weight": 1}])
    );
    assert_eq!(
        backends(US),
        json!([{"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "web-write", "port": 80, "weight": 1}])
    );
    for (name, there) in [("service", true), ("serviceexport", true)] {
        let path = format!("shop/web/{name}-web-write.yaml");
        assert_eq!(has(&made, &format!("{EU}/{path}")), there, "{path}");
        assert!(!has(&made, &format!("{US}/{path}")), "{path}");
    }
    // The other region's gateways come from its addresses.
    let from = |cluster: &str| {
        let path = format!("{cluster}/shop/web/networkpolicy-web-ingress.yaml");
        let rules = spec(&made, &path)["ingress"].clone();
        let peers = rules[0]["from"].as_array().unwrap().clone();
        peers.into_iter().skip(2).collect::<Vec<Value>>()
    };
    let block = |cidr: &str| json!({"ipBlock": {"cidr": cidr}});
    assert_eq!(from(EU), [block("10.9.0.0/16"), block("172.9.0.0/16")]);
    assert_eq!(from(US), Vec::<Value>::new());
}

#[test]
fn proxies_of_envoy_gateway_reach_what_is_exposed() {
    let made = shop(|_, _| {});
    let rules = &spec(
        &made,
        &format!("{EU}/shop/web/networkpolicy-web-ingress.yaml"),
    )["ingress"];
    assert_eq!(
        rules[0]["from"],
        json!([
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}},
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "envoy-gateway-system"}},
                "podSelector": {"matchLabels": {"gateway.envoyproxy.io/owning-gateway-name": "storefront"}},
            },
        ])
    );
}
