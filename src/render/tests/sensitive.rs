//! Sensitive data: confidential nodes, tokens, and what deletes it.

use serde_json::{Value, json};

use super::components::set;
use super::fleet::{Made, call};
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::engine::{Consistency, Engine};
use crate::model::manifest::ManifestSet;
use crate::model::world::*;

/// A cache of confidential data in two regions, of which one says which nodes are confidential, and
/// who replaces e-mail addresses by tokens.
fn made() -> Made {
    let mut made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
    let span = made.span();
    made.world.fleet.data_classes.insert(
        "personal".into(),
        DataClass {
            span,
            residency: None,
            retention: Some(Duration::parse("1d").unwrap()),
            encryption_at_rest: None,
            attributes: Vec::new(),
            audit: Audit::None,
            rotate: None,
            tokenize: vec!["phone".into(), "email".into()],
            confidential: true,
            review_by: None,
        },
    );
    made.world.fleet.platform.tokenization = Some(Spanned::new("vault".into(), span));
    let mut made = made
        .service("vault", |_| {})
        .service("cart", |s| s.calls.push(call(span, "vault")))
        .store("cart", |store| {
            store.engine = Spanned::new(Engine::Valkey, span);
            store.consistency = Spanned::new(Consistency::Eventual, span);
            store.data = Some(Spanned::new("personal".into(), span));
            store.purge = Some(Purge {
                command: vec!["/purge".into()],
                schedule: Schedule {
                    cron: Spanned::new("0 2 * * *".into(), span),
                    time_zone: None,
                },
                retention: Duration::parse("1d").unwrap(),
            });
        });
    for cluster in made.world.clusters.values_mut() {
        cluster.capabilities.insert("valkey".into());
    }
    let here = made.world.clusters.get_mut("eu-west-1-a").unwrap();
    here.confidential = Some(ConfidentialNodes {
        selector: [("memory".into(), "encrypted".into())].into(),
        tolerations: vec![json!({"key": "memory", "operator": "Exists"})],
        runtime_class: Some("kata-cc".into()),
    });
    made
}

/// The pods of objects in a cluster, by kind and name.
fn pod(set: &ManifestSet, cluster: &str, kind: &str, name: &str) -> Option<Value> {
    let of = |m: &&crate::model::manifest::Manifest| {
        m.id.kind == kind && m.id.name == name && m.cluster.as_ref().unwrap().as_str() == cluster
    };
    let found = set.manifests().map(|(_, m)| m).find(of)?;
    let spec = &found.body()["spec"];
    let job = spec.pointer("/jobTemplate/spec");
    Some(job.unwrap_or(spec)["template"]["spec"].clone())
}

#[test]
fn pods_of_confidential_data_stand_on_confidential_nodes() {
    let set = set(&made()).unwrap();
    let here = |kind, name| pod(&set, "eu-west-1-a", kind, name).unwrap();
    let pods = [
        here("Deployment", "cart"),
        here("StatefulSet", "cart-orders-eu-west-1"),
        here("CronJob", "cart-orders-purge"),
    ];
    for pod in pods {
        assert_eq!(pod["nodeSelector"], json!({"memory": "encrypted"}));
        assert_eq!(
            pod["tolerations"],
            json!([{"key": "memory", "operator": "Exists"}])
        );
        assert_eq!(pod["runtimeClassName"], "kata-cc");
    }
    // It holds none of the data, and the other cluster has nodes of one kind.
    assert_eq!(here("Deployment", "vault").get("nodeSelector"), None);
    let there = pod(&set, "us-east-1-a", "Deployment", "cart").unwrap();
    assert_eq!(there.get("nodeSelector"), None);
}

#[test]
fn services_find_who_replaces_which_fields_by_tokens() {
    let set = set(&made()).unwrap();
    let variable = |service: &str, name: &str| {
        let pod = pod(&set, "us-east-1-a", "Deployment", service).unwrap();
        let env = pod["containers"][0]["env"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found = env.into_iter().find(|v| v["name"] == name)?;
        Some(found["value"].as_str()?.to_owned())
    };
    assert_eq!(
        variable("cart", "TOKENIZE_FIELDS").as_deref(),
        Some("email,phone")
    );
    let host = variable("cart", "TOKENIZE_HOST").unwrap();
    assert!(
        host.starts_with("vault.") && host.ends_with(".svc"),
        "{host}"
    );
    assert_eq!(variable("vault", "TOKENIZE_FIELDS"), None);
}

#[test]
fn one_cluster_deletes_and_reaches_the_store() {
    let set = set(&made()).unwrap();
    let purges = set.manifests().filter(|(_, m)| m.id.kind == "CronJob");
    assert_eq!(purges.count(), 1);
    let pod = pod(&set, "eu-west-1-a", "CronJob", "cart-orders-purge").unwrap();
    assert_eq!(
        pod["containers"][0]["env"][0],
        json!({"name": "RETENTION_SECONDS", "value": "86400"})
    );
    let purger =
        json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cart-orders-purge"}}});
    let admits = |(_, m): &(_, &crate::model::manifest::Manifest)| {
        let ingress = m.body().pointer("/spec/ingress").and_then(Value::as_array);
        let mut from = ingress
            .into_iter()
            .flatten()
            .filter_map(|rule| rule["from"].as_array());
        from.any(|from| from.contains(&purger))
    };
    let walls = set
        .manifests()
        .filter(|(_, m)| m.id.kind == "NetworkPolicy");
    let walls: Vec<_> = walls
        .filter(admits)
        .map(|(_, m)| m.id.name.clone())
        .collect();
    assert_eq!(walls, ["cart-orders-eu-west-1"]);
}
