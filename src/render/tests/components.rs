//! The objects of a small fleet: what is there, where it stands and where it comes from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Templates, render};
use super::fleet::{Made, call};
use crate::diag::{Diagnostic, Sink};
use crate::model::live::AlsoRead;
use crate::model::manifest::{ManifestSet, Origin};

pub(super) fn set(made: &Made) -> Result<ManifestSet, Vec<Diagnostic>> {
    let mut sink = Sink::new();
    render(
        &made.world,
        &made.plan,
        &Templates::built_in(),
        &AlsoRead::new(),
        &mut sink,
    )
    .map_err(|_| sink.into_sorted())
}

fn shop() -> Made {
    let made = Made::new().region("eu-west-1", 2).region("us-east-1", 1);
    let (span, port) = (made.span(), made.plain("8080"));
    made.service("cart", |s| {
        s.workload.env.insert("PORT".into(), port);
        s.workload.scale.max = 5;
        s.workload
            .files
            .insert("/etc/cart/a.conf".into(), "x: NO\n".into());
    })
    .service("frontend", |s| {
        s.calls = vec![call(span, "cart")];
        s.namespace = "web".into();
    })
}

pub(super) fn body<'a>(set: &'a ManifestSet, path: &str) -> &'a Value {
    let found = set.files.iter().find(|(p, _)| p.as_str() == path);
    let paths: Vec<&str> = set.files.keys().map(|p| p.as_str()).collect();
    found
        .unwrap_or_else(|| panic!("{path} is not in {paths:#?}"))
        .1
        .manifests[0]
        .body()
}

#[test]
fn a_service_is_rendered_into_every_cluster_it_is_placed_in() {
    let set = set(&shop()).unwrap();
    let paths: Vec<&str> = set
        .files
        .keys()
        .map(|p| p.as_str())
        .filter_map(|p| p.strip_prefix("clusters/eu-west-1/eu-west-1-a/"))
        .collect();
    for path in [
        "shop/_namespace/namespace-shop.yaml",
        "shop/cart/configmap-cart-files.yaml",
        "shop/cart/deployment-cart.yaml",
        "shop/cart/horizontalpodautoscaler-cart.yaml",
        "shop/cart/networkpolicy-cart-ingress.yaml",
        "shop/cart/poddisruptionbudget-cart.yaml",
        "shop/cart/service-cart.yaml",
        "shop/cart/serviceaccount-cart.yaml",
        "web/frontend/networkpolicy-frontend-egress.yaml",
    ] {
        assert!(paths.contains(&path), "{path} is not in {paths:#?}");
    }
    for cluster in ["eu-west-1/eu-west-1-b", "us-east-1/us-east-1-a"] {
        body(
            &set,
            &format!("clusters/{cluster}/shop/cart/deployment-cart.yaml"),
        );
    }
}

#[test]
fn objects_carry_their_marks_and_pods_and_selectors_do_not() {
    let set = set(&shop()).unwrap();
    let deployment = body(
        &set,
        "clusters/eu-west-1/eu-west-1-a/shop/cart/deployment-cart.yaml",
    );
    let labels = json!({
        "app.kubernetes.io/managed-by": "regen",
        "app.kubernetes.io/name": "cart",
        "app.kubernetes.io/part-of": "storefront",
        "regen.dev/fleet": "storefront",
        "regen.dev/service": "cart",
        "regen.dev/tier": "standard",
    });
    assert_eq!(deployment["metadata"]["labels"], labels);
    assert_eq!(
        deployment["metadata"]["annotations"]["regen.dev/id"],
        "eu-west-1-a:apps/Deployment:shop/cart"
    );
    assert_eq!(
        deployment["spec"]["selector"],
        json!({"matchLabels": {"app.kubernetes.io/name": "cart"}})
    );
    for (path, manifest) in set.manifests() {
        let spec = manifest
            .body()
            .get("spec")
            .unwrap_or(&Value::Null)
            .to_string();
        assert!(
            !spec.contains("regen.dev/") && !spec.contains("managed-by"),
            "{path}: {spec}"
        );
    }
}

#[test]
fn an_autoscaler_owns_the_number_of_pods() {
    let set = set(&shop()).unwrap();
    let at = |name: &str| body(&set, &format!("clusters/eu-west-1/eu-west-1-a/{name}"));
    assert_eq!(
        at("shop/cart/deployment-cart.yaml")["spec"].get("replicas"),
        None
    );
    let scaler = &at("shop/cart/horizontalpodautoscaler-cart.yaml")["spec"];
    assert_eq!(
        (&scaler["minReplicas"], &scaler["maxReplicas"]),
        (&json!(2), &json!(5))
    );
    assert_eq!(
        at("web/frontend/deployment-frontend.yaml")["spec"]["replicas"],
        2
    );
}

#[test]
fn edges_are_declared_at_both_ends_by_pod_port() {
    let set = set(&shop()).unwrap();
    let at = |name: &str| body(&set, &format!("clusters/eu-west-1/eu-west-1-a/{name}"));
    let peer = |namespace: &str, name: &str| {
        json!({
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
        })
    };
    let ports = json!([{"port": 8080, "protocol": "TCP"}]);
    assert_eq!(
        at("shop/cart/networkpolicy-cart-ingress.yaml")["spec"]["ingress"],
        json!([{"from": [peer("web", "frontend")], "ports": ports}])
    );
    assert_eq!(
        at("web/frontend/networkpolicy-frontend-egress.yaml")["spec"]["egress"],
        json!([{"to": [peer("shop", "cart")], "ports": ports}])
    );
}

#[test]
fn values_lead_back_to_the_catalog() {
    let set = set(&shop()).unwrap();
    let all: BTreeMap<&str, _> = set.manifests().map(|(p, m)| (p.as_str(), m)).collect();
    let from = |path: &str, at: &str| {
        let manifest = all[&*format!("clusters/eu-west-1/eu-west-1-a/{path}")];
        assert!(
            manifest.body().pointer(at).is_some(),
            "{at} of {path}: {}",
            manifest.body()
        );
        match &manifest.origins()[at] {
            Origin::Field(field) => field.to_string(),
            Origin::Derived { fields, .. } => format!("~{}", fields[0]),
            other => format!("{other:?}"),
        }
    };
    let pod = "/spec/template/spec/containers/0";
    for (path, at, field) in [
        (
            "shop/cart/deployment-cart.yaml",
            format!("{pod}/image"),
            "cart.workload.image",
        ),
        (
            "shop/cart/deployment-cart.yaml",
            format!("{pod}/env/0/value"),
            "cart.workload.env.PORT",
        ),
        (
            "shop/cart/deployment-cart.yaml",
            format!("{pod}/ports/0"),
            "cart.workload.ports.http",
        ),
        (
            "shop/cart/deployment-cart.yaml",
            format!("{pod}/resources/requests/cpu"),
            "cart.workload.resources.cpu",
        ),
        (
            "shop/cart/deployment-cart.yaml",
            format!("{pod}/resources/limits/memory"),
            "cart.workload.resources.limits.memory",
        ),
        (
            "shop/cart/horizontalpodautoscaler-cart.yaml",
            "/spec/minReplicas".into(),
            "cart.workload.scale.min",
        ),
        (
            "shop/cart/configmap-cart-files.yaml",
            "/data/etc_cart_a.conf".into(),
            "cart.workload.files./etc/cart/a.conf",
        ),
        (
            "web/frontend/deployment-frontend.yaml",
            "/spec/replicas".into(),
            "frontend.workload.scale.min",
        ),
        (
            "web/frontend/networkpolicy-frontend-egress.yaml",
            "/spec/egress/0".into(),
            "frontend.calls[0]",
        ),
        (
            "shop/cart/networkpolicy-cart-ingress.yaml",
            "/spec/ingress/0/from/0".into(),
            "frontend.calls[0]",
        ),
        (
            "shop/cart/service-cart.yaml",
            "/spec/ports/0".into(),
            "cart.workload.ports.http",
        ),
    ] {
        assert_eq!(from(path, &at), field, "{at} of {path}");
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let text = |set: ManifestSet| -> Vec<(String, String)> {
        set.files
            .into_iter()
            .map(|(p, f)| (p.to_string(), f.text.to_string()))
            .collect()
    };
    assert_eq!(text(set(&shop()).unwrap()), text(set(&shop()).unwrap()));
}
