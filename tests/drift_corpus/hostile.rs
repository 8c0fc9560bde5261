//! Live content that means harm is bounded and shows no secret.

use std::time::{Duration, Instant};

use regen::drift::Settings;
use regen::schema::Schemas;
use serde_json::{Value, json};

use super::{Case, live_state, report};

fn case(desired: Value, live: Value) -> Case {
    let desired = vec![desired];
    Case {
        live: live_state(vec![live], &desired),
        desired,
        settings: Settings::default(),
        expect: Value::Null,
    }
}

fn deployment(containers: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}}})
}

/// Far beyond what linear work takes even on a slow machine, far below what quadratic work does.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn ten_thousand_elements_take_no_quadratic_time() {
    let many = |from: usize| -> Value {
        (from..from + 10_000)
            .map(|i| json!({"name": format!("c{i}"), "image": "a:1"}))
            .collect()
    };
    let start = Instant::now();
    // All keys differ, then all are the same but turned round, then all have one key.
    let found = report(
        &case(deployment(many(0)), deployment(many(10_000))),
        Schemas::built_in(),
    );
    assert_eq!(found.findings.len(), 20_000);
    let mut turned = many(0);
    turned.as_array_mut().unwrap().reverse();
    let found = report(
        &case(deployment(many(0)), deployment(turned)),
        Schemas::built_in(),
    );
    assert_eq!(found.findings, []);
    let twins: Value = (0..10_000)
        .map(|_| json!({"name": "c", "image": "a:1"}))
        .collect();
    report(
        &case(deployment(twins.clone()), deployment(twins)),
        Schemas::built_in(),
    );
    assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
}

#[test]
fn deep_nesting_ends() {
    let mut deep = json!(1);
    for _ in 0..120 {
        deep = json!([{"a": deep}]);
    }
    let object = |spec: &Value| json!({"apiVersion": "example.org/v1", "kind": "Deep", "metadata": {"name": "d", "namespace": "shop"}, "spec": spec});
    let same = report(&case(object(&deep), object(&deep)), Schemas::built_in());
    assert_eq!(same.findings, []);
    let other = report(
        &case(object(&json!({"a": deep})), object(&json!({"a": [1]}))),
        Schemas::built_in(),
    );
    assert_eq!(other.findings.len(), 1);
}

#[test]
fn no_secret_is_in_any_finding() {
    const SECRET: &str = "aHVudGVyMg==";
    let secret = |data: Value, annotation: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
            "metadata": {"name": "db", "namespace": "shop", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": SECRET, "note": annotation}}})
    };
    let desired = secret(json!({"a": SECRET, "b": SECRET, "c": "bm90"}), "x");
    let live = secret(json!({"a": "bm90", "c": SECRET, "d": SECRET}), "y");
    let found = report(&case(desired, live), Schemas::built_in());
    let paths: Vec<&str> = found.findings.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/data/a",
            "/data/b",
            "/data/c",
            "/data/d",
            "/metadata/annotations/note"
        ]
    );
    let all = format!("{:?}", found.findings);
    for text in [SECRET, "hunter2", "bm90"] {
        assert!(!all.contains(text), "{text} is in {all}");
    }
}

#[test]
fn odd_shapes_are_no_panic() {
    let odd = [
        json!(null),
        json!([]),
        json!("x"),
        json!(1),
        json!({}),
        json!([null]),
        json!({"a": null}),
    ];
    let sound = deployment(
        json!([{"name": "a", "image": "b:1", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 1}]}]),
    );
    let pointers = [
        "/metadata",
        "/metadata/managedFields",
        "/metadata/labels",
        "/spec",
        "/spec/template/spec",
        "/spec/template/spec/containers",
        "/spec/template/spec/containers/0",
        "/spec/template/spec/containers/0/env",
        "/spec/template/spec/containers/0/ports/0",
    ];
    for pointer in pointers {
        for value in &odd {
            let mut live = sound.clone();
            live["metadata"]["managedFields"] = json!([]);
            live["metadata"]["labels"] = json!({});
            *live.pointer_mut(pointer).unwrap() = value.clone();
            report(&case(sound.clone(), live.clone()), Schemas::built_in());
            report(&case(live, sound.clone()), Schemas::built_in());
        }
    }
}
