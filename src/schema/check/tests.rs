use super::*;
use serde_json::json;

fn deployment(container: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}}})
}

fn faults(object: &Value) -> Vec<String> {
    let schemas = Schemas::built_in();
    let found = schemas.check(
        object["apiVersion"].as_str().unwrap(),
        object["kind"].as_str().unwrap(),
        object,
        None,
    );
    let c = "/spec/template/spec/containers/0";
    found
        .expect("a known kind")
        .iter()
        .map(|v| format!("{}: {}", v.pointer.replace(c, "c"), v.what))
        .collect()
}

#[test]
fn tells_each_kind_of_fault() {
    let cases = [
        (
            "sound",
            json!({"name": "web", "image": "a:1", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}],
            "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}, "stdin": null}),
            vec![],
        ),
        (
            "unknown",
            json!({"name": "web", "imagePullPolcy": "Always"}),
            vec!["c: unknown field `imagePullPolcy`; did you mean `imagePullPolicy`?"],
        ),
        (
            "type",
            json!({"name": "web", "stdin": "yes"}),
            vec!["c/stdin: expected a boolean"],
        ),
        (
            "missing",
            json!({"image": "a:1"}),
            vec!["c: required field `name` is missing"],
        ),
        (
            "enum",
            json!({"name": "web", "imagePullPolicy": "always"}),
            vec!["c/imagePullPolicy: expected one of `Always`, `IfNotPresent`, `Never`"],
        ),
        (
            "quantity",
            json!({"name": "web", "resources": {"limits": {"cpu": ""}}}),
            vec!["c/resources/limits/cpu: expected a quantity such as `500m` or `1Gi`"],
        ),
        (
            "twins",
            json!({"name": "web", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]}),
            vec!["c/ports: two elements have the same key"],
        ),
        (
            "large",
            json!({"name": "web", "ports": [{"containerPort": 4294967296u64}]}),
            vec!["c/ports/0/containerPort: expected an integer of 32 bits"],
        ),
    ];
    for (name, container, expected) in cases {
        assert_eq!(faults(&deployment(container)), expected, "{name}");
    }
}

#[test]
fn custom_resources_come_from_their_definition() {
    let crd = json!({"spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Widget"},
        "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}}}]}});
    let schemas = Schemas::built_in().clone().with_crd(&crd);
    let check = |spec: Value| {
        let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec});
        let found = schemas
            .check("example.com/v1", "Widget", &widget, None)
            .expect("known");
        found
            .iter()
            .map(|v| format!("{}: {}", v.pointer, v.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        check(json!({"size": 1, "free": {"a": [1]}})),
        Vec::<String>::new()
    );
    assert_eq!(
        check(json!({"sise": 1})),
        [
            "/spec: unknown field `sise`; did you mean `size`?",
            "/spec: required field `size` is missing"
        ]
    );
    assert_eq!(schemas.namespaced("example.com/v1", "Widget"), Some(true));
    assert_eq!(
        schemas.check("example.com/v2", "Widget", &json!({}), None),
        None
    );
}
