//! What Istio is told.

use serde_json::{Value, json};

use super::components::{body, set};
use super::fleet::{Made, call};
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::plan::FailoverChain;
use crate::model::world::*;

const EU: &str = "clusters/eu-west-1/eu-west-1-a/shop";

/// `cart`, called by `web`, which is exposed; all in a mesh.
fn shop() -> Made {
    let made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
    let (span, exposure) = (made.span(), made.exposed(Routing::Latency));
    let mut made = made.service("cart", |_| {}).service("web", |s| {
        s.calls = vec![call(span, "cart")];
        s.exposure = Some(exposure);
        s.resilience.breaker = Some(Breaker {
            errors: 3,
            within: Duration::millis(20_000),
            span,
        });
    });
    made.world.fleet.platform.mesh = Some(Spanned::new(Mesh::Istio, span));
    for cluster in made.world.clusters.values_mut() {
        cluster.capabilities.insert("istio".into());
    }
    made
}

fn targets(made: &mut Made, from: &str, to: &[&str]) {
    let chain = FailoverChain {
        targets: to.iter().map(|r| (*r).into()).collect(),
        ..FailoverChain::default()
    };
    for plan in made.plan.services.values_mut() {
        plan.failover.insert(from.into(), chain.clone());
    }
}

fn spec(made: &Made, path: &str) -> Value {
    body(&set(made).unwrap(), &format!("{EU}/{path}.yaml"))["spec"].clone()
}

#[test]
fn only_declared_callers_are_let_in_by_their_identity() {
    let made = shop();
    assert_eq!(
        spec(&made, "_namespace/peerauthentication-default"),
        json!({"mtls": {"mode": "STRICT"}})
    );
    let selector = |name: &str| json!({"matchLabels": {"app.kubernetes.io/name": name}});
    let to = json!([{"operation": {"ports": ["8080"]}}]);
    assert_eq!(
        spec(&made, "cart/authorizationpolicy-cart"),
        json!({
            "selector": selector("cart"),
            "action": "ALLOW",
            "rules": [{"from": [{"source": {"principals": ["*/ns/shop/sa/web"]}}], "to": to}],
        })
    );
    // Nothing says that the way in is of the mesh.
    assert_eq!(
        spec(&made, "web/authorizationpolicy-web")["rules"],
        json!([{"to": to}])
    );
    assert_eq!(
        spec(&made, "web/peerauthentication-web"),
        json!({
            "selector": selector("web"),
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {"8080": {"mode": "PERMISSIVE"}},
        })
    );
    let pods = &spec(&made, "web/deployment-web")["template"]["metadata"]["labels"];
    assert_eq!(pods["sidecar.istio.io/inject"], "true");
}

#[test]
fn regions_answer_for_each_other_as_planned_or_not_at_all() {
    let mut made = shop();
    targets(&mut made, "eu-west-1", &["us-east-1"]);
    targets(&mut made, "us-east-1", &["eu-west-1"]);
    let rule = |locality: Value| {
        json!({
            "host": "cart.shop.svc.cluster.local",
            "trafficPolicy": {
                "outlierDetection": {
                    "consecutive5xxErrors": 3,
                    "interval": "20s",
                    "baseEjectionTime": "30s",
                    "maxEjectionPercent": 100,
                },
                "loadBalancer": {"simple": "LEAST_REQUEST", "localityLbSetting": locality},
            },
        })
    };
    let path = "cart/destinationrule-cart";
    let both =
        json!([{"from": "eu-west-1", "to": "us-east-1"}, {"from": "us-east-1", "to": "eu-west-1"}]);
    assert_eq!(
        spec(&made, path),
        rule(json!({"enabled": true, "failover": both}))
    );
    targets(&mut made, "us-east-1", &[]);
    let own = json!([
        {"from": "eu-west-1/*", "to": {"eu-west-1/*": 100}},
        {"from": "us-east-1/*", "to": {"us-east-1/*": 100}},
    ]);
    assert_eq!(
        spec(&made, path),
        rule(json!({"enabled": true, "distribute": own}))
    );
}

#[test]
fn callers_wait_and_ask_again_as_they_declare() {
    let mut made = shop();
    let routes = |made: &Made| spec(made, "cart/virtualservice-cart")["http"].clone();
    let untold = set(&made).unwrap();
    assert!(
        !untold
            .files
            .keys()
            .any(|p| p.as_str().contains("virtualservice"))
    );
    let span = made.span();
    let web = made
        .world
        .services
        .values_mut()
        .find(|s| s.name.value.as_str() == "web");
    let web = web.unwrap();
    web.resilience.timeout = Some(Spanned::new(Duration::millis(800), span));
    web.resilience.retries = Some(Spanned::new(1, span));
    let told = routes(&made);
    assert_eq!(told.as_array().unwrap().len(), 2);
    assert_eq!(
        told[0]["match"][0]["sourceLabels"]["app.kubernetes.io/name"],
        "web"
    );
    // Two tries, and the longest pause between them.
    assert_eq!(told[0]["timeout"], "1650ms");
    assert_eq!(told[0]["retries"]["perTryTimeout"], "800ms");
    assert_eq!(told[1]["retries"], json!({"attempts": 0}));
}

#[test]
fn nothing_is_rendered_without_a_mesh() {
    let mut made = shop();
    made.world.fleet.platform.mesh = None;
    let set = set(&made).unwrap();
    assert!(
        set.manifests()
            .all(|(_, m)| !m.id.group.ends_with("istio.io"))
    );
    let path = format!("{EU}/web/deployment-web.yaml");
    let labels = &body(&set, &path)["spec"]["template"]["metadata"]["labels"];
    assert_eq!(labels.get("sidecar.istio.io/inject"), None);
}
