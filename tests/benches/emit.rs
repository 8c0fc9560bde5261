//! How fast YAML is written and read, beside serde_json on the same documents.
//!
//! `cargo bench --bench emit`; prints, and judges nothing.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::time::Instant;

use regen::{diag, emit, yaml};
use serde_json::{Value, json};

/// Deployments of about 1.1 KB as YAML.
fn corpus(count: usize) -> Vec<Value> {
    (0..count)
        .map(|i| {
            json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {
                    "name": format!("service-{i}"),
                    "namespace": "shop",
                    "labels": {"app.kubernetes.io/name": format!("service-{i}"), "app.kubernetes.io/managed-by": "regen"},
                    "annotations": {"regen.dev/id": format!("euw1-a:apps/Deployment:shop/service-{i}")},
                },
                "spec": {
                    "replicas": i % 7,
                    "selector": {"matchLabels": {"app.kubernetes.io/name": format!("service-{i}")}},
                    "template": {
                        "metadata": {"labels": {"app.kubernetes.io/name": format!("service-{i}")}},
                        "spec": {
                            "containers": [{
                                "name": "server",
                                "image": format!("registry.example/service-{i}:1.4.{}", i % 10),
                                "ports": [{"name": "grpc", "containerPort": 5050}],
                                "env": [
                                    {"name": "COUNTRY", "value": "NO"},
                                    {"name": "GREETING", "value": "hello, world"},
                                    {"name": "SCRIPT", "value": "#!/bin/sh\nset -e\nexec server\n"},
                                ],
                                "resources": {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
                                "readinessProbe": {"grpc": {"port": 5050}, "periodSeconds": 5},
                                "securityContext": {"readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
                            }],
                            "serviceAccountName": format!("service-{i}"),
                        },
                    },
                },
            })
        })
        .collect()
}

/// The fastest of some runs in microseconds a document, told with the rate over the YAML's bytes.
fn measure(name: &str, documents: usize, bytes: usize, mut run: impl FnMut() -> usize) -> f64 {
    let best = (0..7)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::MAX, f64::min);
    let each = best * 1e6 / documents as f64;
    println!(
        "{name:<44} {each:>8.2} us/doc {:>8.1} MB/s",
        bytes as f64 / best / 1e6
    );
    each
}

fn main() {
    // `cargo test --all-targets` runs benchmarks without `--bench`: then it only tries them.
    let measured = std::env::args().any(|a| a == "--bench");
    let values = corpus(if measured { 2000 } else { 10 });
    let count = values.len();
    let text = emit::documents(&values);
    let json: Vec<String> = values.iter().map(Value::to_string).collect();
    println!(
        "{count} documents, {} bytes each as YAML",
        text.len() / count
    );

    let write_json = measure("serde_json::to_string", count, text.len(), || {
        values.iter().map(|v| v.to_string().len()).sum()
    });
    let write = measure("emit::document", count, text.len(), || {
        values.iter().map(|v| emit::document(v).len()).sum()
    });
    let read_json = measure("serde_json::from_str", count, text.len(), || {
        json.iter()
            .filter(|t| serde_json::from_str::<Value>(t).is_ok())
            .count()
    });
    let read = measure(
        "yaml::kubernetes::parse, one stream",
        count,
        text.len(),
        || yaml::kubernetes::parse(&text).map_or(0, |d| d.len()),
    );
    let long = [text.as_str(); 4].join("---\n");
    let four = measure(
        "yaml::kubernetes::parse, four times as long",
        4 * count,
        long.len(),
        || yaml::kubernetes::parse(&long).map_or(0, |d| d.len()),
    );
    let fleet: Vec<String> = values.iter().map(emit::document).collect();
    let mut sources = diag::Sources::new();
    let ids: Vec<_> = fleet
        .iter()
        .map(|t| sources.add("f.yaml", t.as_str()))
        .collect();
    let located = measure("yaml::parse, located", count, text.len(), || {
        let mut sink = diag::Sink::new();
        ids.iter()
            .filter(|id| yaml::parse(&sources, **id, &mut sink).is_ok())
            .count()
    });
    println!(
        "emit : serde_json                 {:.2}",
        write / write_json
    );
    println!("kubernetes::parse : serde_json    {:.2}", read / read_json);
    println!(
        "parse : serde_json                {:.2}",
        located / read_json
    );
    println!("four times the stream, each       {:.2}", four / read);
}
