//! Against a real API server: `KUBEBUILDER_ASSETS=/path/to/bin cargo test --test envtest`, with
//! `etcd` and `kube-apiserver` in that directory. Skipped, and says so, without it. With
//! `REGEN_TEST_CRDS=/path/to/crds`, custom resources too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/api_server_real.rs"]
#[allow(dead_code, reason = "a benchmark uses more of it")]
mod api_server_real;
#[path = "envtest/crds.rs"]
mod crds;
#[path = "envtest/example.rs"]
mod example;
#[path = "envtest/role.rs"]
mod role;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use api_server_real::{ADMIN, APPLIER, PLAIN, RealServer};
use regen::io::kube::{Limits, Target, read};
use regen::model::live::Want;
use regen::model::live::{GroupKind, LiveObject, LiveState, View};
use regen::model::name::ClusterName;
use serde_json::{Value, json};

fn gk(group: &str, kind: &str) -> GroupKind {
    GroupKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
    }
}

fn want(api_version: &str, kind: &str, objects: &[&str]) -> Want {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let objects = objects.iter().map(|o| o.split_once('/').unwrap_or(("", o)));
    Want {
        kind: gk(group, kind),
        version: version.to_owned(),
        objects: objects
            .map(|(ns, name)| (ns.to_owned(), name.to_owned()))
            .collect(),
        everywhere: false,
        keep_all: false,
        seek: None,
    }
}

/// The field managers of an object, as the server wrote them.
fn managers(object: &LiveObject) -> Vec<String> {
    let entries: Vec<Value> = serde_json::from_str(object.managed.as_ref().unwrap()).unwrap();
    let names = entries.iter().map(|e| e["manager"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

fn read_one(kubeconfig: &Path, wants: &[Want], limits: &Limits) -> LiveState {
    let cluster = ClusterName::new("real");
    let target = Target {
        cluster: cluster.clone(),
        context: Some("real".to_owned()),
        kubeconfig: Some(kubeconfig.to_owned()),
        cache: None,
        wants: wants.iter().cloned().collect(),
    };
    read(vec![target], limits)
        .unwrap()
        .remove(&cluster)
        .unwrap()
}

fn names(state: &LiveState) -> Vec<&str> {
    state
        .objects
        .iter()
        .map(|o| o.body["metadata"]["name"].as_str().unwrap())
        .collect()
}

fn reason(view: Option<&View>) -> &str {
    match view {
        Some(View::Partial(why) | View::Unreadable(why)) => &why.reason,
        other => panic!("{other:?}"),
    }
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": {"k": "v"}})
}

fn widget_crd() -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 3}}}}}});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.acme.example"},
        "spec": {"group": "acme.example", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}})
}

#[test]
fn reads_what_a_controller_applied() {
    let Some(server) = RealServer::start("reads_what_a_controller_applied") else {
        return;
    };
    server.apply(&namespace("shop")).unwrap();
    for n in 0..120 {
        server.apply(&config_map(&format!("conf-{n:03}"))).unwrap();
    }
    let hpa = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}});
    server.apply(&hpa).unwrap();
    let misspelt = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "shop"}, "dato": {}});
    assert!(
        server.apply(&misspelt).unwrap_err().contains("dato"),
        "validation is strict"
    );
    server.apply(&widget_crd()).unwrap();
    let widget = json!({"apiVersion": "acme.example/v1", "kind": "Widget",
        "metadata": {"name": "w", "namespace": "shop"}, "spec": {}});
    server.apply_soon(&widget);

    let wants = [
        want(
            "v1",
            "ConfigMap",
            &["shop/conf-000", "shop/conf-119", "shop/gone"],
        ),
        want("v1", "Namespace", &["shop"]),
        want("autoscaling/v1", "HorizontalPodAutoscaler", &["shop/web"]),
        want("acme.example/v1", "Widget", &["shop/w", "nowhere/w"]),
        want("monitoring.coreos.com/v1", "ServiceMonitor", &["shop/m"]),
    ];
    let admin = server.kubeconfig("admin", ADMIN, true);
    let limits = Limits {
        page: 50,
        ..Limits::default()
    };
    let mut state = read_one(&admin, &wants, &limits);
    for _ in 0..100 {
        if !state.openapi.is_empty() {
            break;
        }
        // Schemas of new kinds follow a little later, too.
        std::thread::sleep(Duration::from_millis(100));
        state = read_one(&admin, &wants, &limits);
    }
    assert_eq!(state.unreadable, None);
    assert_eq!(
        names(&state),
        ["conf-000", "conf-119", "shop", "w", "web"].as_slice()
    );
    let shop = View::Namespaces(BTreeSet::from(["shop".to_owned()]));
    assert_eq!(state.views.get(&gk("", "ConfigMap")), Some(&shop));
    assert_eq!(state.views.get(&gk("", "Namespace")), Some(&View::Complete));
    assert_eq!(
        state
            .views
            .get(&gk("monitoring.coreos.com", "ServiceMonitor")),
        Some(&View::NotServed)
    );
    assert_eq!(
        state.namespaced.get(&gk("acme.example", "Widget")),
        Some(&true)
    );
    let by_name = |name: &str| {
        state
            .objects
            .iter()
            .find(|o| o.body["metadata"]["name"] == name)
            .unwrap()
    };
    assert_eq!(
        by_name("web").body["apiVersion"],
        "autoscaling/v1",
        "as written, not as preferred"
    );
    assert_eq!(by_name("w").body["spec"]["size"], 3);
    assert_eq!(managers(by_name("conf-000")), [APPLIER]);
    let document = &state.openapi["acme.example/v1"];
    assert!(
        document["components"]["schemas"]
            .as_object()
            .unwrap()
            .contains_key("example.acme.v1.Widget")
    );
    assert_eq!(state.openapi.len(), 1);
    assert!(state.now.is_some_and(|now| now > 1_700_000_000));
    assert_eq!(managers(by_name("conf-119")), [APPLIER]);
    // 2 discovery, 3 pages of ConfigMaps, 1 Namespace, 1 autoscaler, 2 widgets, 2 schemas.
    assert_eq!(state.requests, 11);

    server.edit(
        "kubectl-edit",
        &config_map("conf-119"),
        &json!({"data": {"k": "by hand"}}),
    );
    let state = read_one(&admin, &wants[..1], &limits);
    let edited = state
        .objects
        .iter()
        .find(|o| o.body["metadata"]["name"] == "conf-119")
        .unwrap();
    assert_eq!(edited.body["data"]["k"], "by hand");
    assert_eq!(
        managers(edited),
        ["kubectl-edit"],
        "an entry without fields is dropped"
    );

    access(&server);
    unavailable(&server, &admin);
}

/// An API service that is down and a conversion webhook that is gone blind nobody to the rest.
fn unavailable(server: &RealServer, admin: &Path) {
    let service = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": "v1.gauges.example"},
        "spec": {"group": "gauges.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true, "service": {"name": "none", "namespace": "shop"}}});
    server.apply(&service).unwrap();
    let mut converted = widget_crd();
    converted["metadata"]["name"] = "flakes.acme.example".into();
    converted["spec"]["names"] =
        json!({"plural": "flakes", "singular": "flake", "kind": "Flake", "listKind": "FlakeList"});
    converted["spec"]["conversion"] = json!({"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"],
        "clientConfig": {"url": "https://127.0.0.1:1/convert"}}});
    let mut old = converted["spec"]["versions"][0].clone();
    old["name"] = "v1alpha1".into();
    old["storage"] = false.into();
    converted["spec"]["versions"]
        .as_array_mut()
        .unwrap()
        .push(old);
    server.apply(&converted).unwrap();
    let flake = json!({"apiVersion": "acme.example/v1", "kind": "Flake",
        "metadata": {"name": "f", "namespace": "shop"}, "spec": {}});
    server.apply_soon(&flake);

    let wants = [
        want("v1", "ConfigMap", &["shop/conf-000"]),
        want("gauges.example/v1", "Gauge", &["shop/g"]),
        want("acme.example/v1alpha1", "Flake", &["shop/f"]),
    ];
    let state = read_one(admin, &wants, &Limits::default());
    assert_eq!(names(&state), ["conf-000"]);
    assert_eq!(
        reason(state.views.get(&gk("gauges.example", "Gauge"))),
        "DiscoveryFailed"
    );
    assert_eq!(
        reason(state.views.get(&gk("acme.example", "Flake"))),
        "ListFailed"
    );
    let stored = [want("acme.example/v1", "Flake", &["shop/f"])];
    assert_eq!(names(&read_one(admin, &stored, &Limits::default())), ["f"]);
}

/// Who may not read learns nothing, says so, and is not told more than it asked for.
fn access(server: &RealServer) {
    let wants = [want(
        "v1",
        "ConfigMap",
        &["shop/conf-000", "shop/conf-001", "shop/gone"],
    )];
    let plain = server.kubeconfig("plain", PLAIN, true);
    let state = read_one(&plain, &wants, &Limits::default());
    assert_eq!(reason(state.views.get(&gk("", "ConfigMap"))), "Forbidden");
    assert_eq!((state.objects.len(), state.absent.len()), (0, 0));

    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "some", "namespace": "shop"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["conf-000", "gone"], "verbs": ["get"]}]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "some", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "some"},
        "subjects": [{"kind": "User", "name": "plain", "apiGroup": "rbac.authorization.k8s.io"}]});
    server.apply(&role).unwrap();
    server.apply(&binding).unwrap();
    let mut state = read_one(&plain, &wants, &Limits::default());
    for _ in 0..50 {
        if !state.objects.is_empty() {
            break;
        }
        // Rights take effect when the server's own cache has seen them.
        std::thread::sleep(Duration::from_millis(100));
        state = read_one(&plain, &wants, &Limits::default());
    }
    assert_eq!(names(&state), ["conf-000"]);
    assert_eq!(
        state
            .absent
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["ConfigMap/shop/gone"]
    );
    assert_eq!(reason(state.views.get(&gk("", "ConfigMap"))), "Forbidden");

    let wrong = server.kubeconfig("wrong", "wrong-token", true);
    let why = read_one(&wrong, &wants, &Limits::default())
        .unreadable
        .unwrap();
    assert_eq!(why.reason, "Unauthorized", "{why:?}");
    let untrusted = server.kubeconfig("untrusted", ADMIN, false);
    let why = read_one(&untrusted, &wants, &Limits::default())
        .unreadable
        .unwrap();
    assert_eq!(why.reason, "Unreachable", "{why:?}");
    assert!(why.detail.contains("certificate"), "{why:?}");
    assert!(!why.detail.contains(ADMIN), "{why:?}");
}
