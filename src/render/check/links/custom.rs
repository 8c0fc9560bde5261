//! The links of custom kinds: what their controllers make, and what they refer to.

use serde_json::Value;

use crate::model::manifest::ObjectId;

use super::super::{each, text};
use super::{ANY, Links, Thing, built_in};

const SECRETS: &str = "external-secrets.io";
const CERTS: &str = "cert-manager.io";
const CNPG: &str = "postgresql.cnpg.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const STRIMZI: &str = "kafka.strimzi.io";
const ARGO: &str = "argoproj.io";
const FLUX_SOURCE: &str = "source.toolkit.fluxcd.io";

pub(super) fn links(id: &ObjectId, body: &Value, links: &mut Links) {
    let (ns, name) = (id.namespace.as_str(), id.name.as_str());
    match (id.group.as_str(), id.kind.as_str()) {
        (SECRETS, "ExternalSecret") => external_secret(body, ns, name, links),
        (SECRETS, "ClusterExternalSecret") => {
            let named = text(body, "/spec/externalSecretName").unwrap_or(name);
            let made = text(body, "/spec/externalSecretSpec/target/name").unwrap_or(named);
            links.make("", "Secret", ANY, made);
        }
        ("bitnami.com", "SealedSecret") => links.make("", "Secret", ns, name),
        ("secrets.hashicorp.com", _) => {
            if let Some(name) = text(body, "/spec/destination/name") {
                links.make("", "Secret", ns, name);
            }
        }
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => {
            for (_, secret) in each(body, "/spec/secretObjects") {
                if let Some(name) = text(secret, "/secretName") {
                    links.make("", "Secret", ns, name);
                }
            }
        }
        ("trust.cert-manager.io", "Bundle") => {
            links.make("", "ConfigMap", ANY, name);
            links.make("", "Secret", ANY, name);
        }
        (CERTS, "Certificate") => {
            if let Some(name) = text(body, "/spec/secretName") {
                links.make("", "Secret", ns, name);
            }
            let kind = text(body, "/spec/issuerRef/kind").unwrap_or("Issuer");
            let group = text(body, "/spec/issuerRef/group").unwrap_or(CERTS);
            let ns = if kind.starts_with("Cluster") { "" } else { ns };
            links.want_at(body, "/spec/issuerRef/name", group, kind, ns);
        }
        (CNPG, "Cluster") => postgres(body, ns, name, links),
        (CNPG, "ScheduledBackup" | "Backup" | "Pooler" | "Database" | "Publication") => {
            links.want_at(body, "/spec/cluster/name", CNPG, "Cluster", ns);
            if id.kind == "Pooler" {
                links.make("", "Service", ns, name);
            }
        }
        (GATEWAY, "Gateway") => {
            for (i, listener) in each(body, "/spec/listeners") {
                for (n, reference) in each(listener, "/tls/certificateRefs") {
                    if text(reference, "/kind").is_none_or(|k| k == "Secret") {
                        let ns = text(reference, "/namespace").unwrap_or(ns);
                        let at = format!("/spec/listeners/{i}/tls/certificateRefs/{n}/name");
                        links.want_at(body, &at, "", "Secret", ns);
                    }
                }
            }
        }
        (GATEWAY, _) => route(body, ns, links),
        ("gateway.envoyproxy.io", _) => {
            for (i, reference) in each(body, "/spec/targetRefs") {
                let group = text(reference, "/group").unwrap_or(GATEWAY);
                let kind = text(reference, "/kind").unwrap_or_default();
                let at = format!("/spec/targetRefs/{i}/name");
                links.want_at(body, &at, group, kind, ns);
            }
        }
        ("multicluster.x-k8s.io" | "net.gke.io", "ServiceExport") => {
            links.want("", "Service", ns, name, "/metadata/name".to_owned());
        }
        (STRIMZI, "Kafka") => {
            for suffix in [
                "cluster-ca-cert",
                "clients-ca-cert",
                "cluster-ca",
                "clients-ca",
            ] {
                links.make("", "Secret", ns, &format!("{name}-{suffix}"));
            }
            for suffix in ["kafka-bootstrap", "kafka-brokers"] {
                links.make("", "Service", ns, &format!("{name}-{suffix}"));
            }
            for (_, listener) in each(body, "/spec/kafka/listeners") {
                if let Some(listener) = text(listener, "/name") {
                    let service = format!("{name}-kafka-{listener}-bootstrap");
                    links.make("", "Service", ns, &service);
                }
            }
        }
        (STRIMZI, "KafkaNodePool" | "KafkaTopic" | "KafkaUser") => {
            if id.kind == "KafkaNodePool" {
                brokers(body, ns, name, links);
            }
            if id.kind == "KafkaUser" {
                links.make("", "Secret", ns, name);
            }
            let at = "/metadata/labels/strimzi.io~1cluster";
            links.want_at(body, at, STRIMZI, "Kafka", ns);
        }
        ("k8ssandra.io", "K8ssandraCluster") => {
            links.make("", "Secret", ns, &format!("{name}-superuser"));
        }
        ("opentelemetry.io", "OpenTelemetryCollector") => {
            links.make("", "Service", ns, &format!("{name}-collector"));
            links.make("", "ServiceAccount", ns, &format!("{name}-collector"));
        }
        (ARGO, "Rollout") => rollout(body, ns, links),
        ("keda.sh", "ScaledObject") => {
            let default = ("apps", "Deployment");
            built_in::target(body, "/spec/scaleTargetRef", default, ns, links);
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            let kind = text(body, "/spec/sourceRef/kind").unwrap_or_default();
            let ns = text(body, "/spec/sourceRef/namespace").unwrap_or(ns);
            links.want_at(body, "/spec/sourceRef/name", FLUX_SOURCE, kind, ns);
        }
        _ => {}
    }
}

/// A Service per broker, of the listener by which other regions reach them.
fn brokers(body: &Value, ns: &str, name: &str, links: &mut Links) {
    let cluster = text(body, "/metadata/labels/strimzi.io~1cluster").unwrap_or_default();
    let replicas = body.pointer("/spec/replicas").and_then(Value::as_u64);
    for id in 0..replicas.unwrap_or(0).min(100) {
        links.make("", "Service", ns, &format!("{cluster}-{name}-fleet-{id}"));
    }
}

fn external_secret(body: &Value, ns: &str, name: &str, links: &mut Links) {
    let kind = text(body, "/spec/secretStoreRef/kind").unwrap_or("SecretStore");
    let of = if kind == "ClusterSecretStore" { "" } else { ns };
    links.want_at(body, "/spec/secretStoreRef/name", SECRETS, kind, of);
    if matches!(
        text(body, "/spec/target/creationPolicy"),
        Some("None" | "Merge")
    ) {
        return;
    }
    let made = text(body, "/spec/target/name").unwrap_or(name);
    let found = body.pointer("/spec/dataFrom").is_some();
    let template = body.pointer("/spec/target/template");
    match (found, template) {
        (false, None) => {
            let keys = each(body, "/spec/data").filter_map(|(_, d)| text(d, "/secretKey"));
            links.make_with("Secret", ns, made, keys);
        }
        _ => links.make("", "Secret", ns, made),
    }
}

fn postgres(body: &Value, ns: &str, name: &str, links: &mut Links) {
    for suffix in ["app", "superuser", "ca", "server", "replication"] {
        // Where it is given, the operator does not make it.
        let given = match suffix {
            "app" => ["initdb", "recovery", "pg_basebackup"].iter().any(|b| {
                body.pointer(&format!("/spec/bootstrap/{b}/secret"))
                    .is_some()
            }),
            _ => false,
        };
        if !given {
            links.make("", "Secret", ns, &format!("{name}-{suffix}"));
        }
    }
    for suffix in ["rw", "ro", "r"] {
        links.make("", "Service", ns, &format!("{name}-{suffix}"));
    }
    links.make("", "ServiceAccount", ns, name);
    for (i, plugin) in each(body, "/spec/plugins") {
        if text(plugin, "/name") == Some("barman-cloud.cloudnative-pg.io") {
            let at = format!("/spec/plugins/{i}/parameters/barmanObjectName");
            links.want_at(body, &at, "barmancloud.cnpg.io", "ObjectStore", ns);
        }
    }
}

/// A route of the Gateway API: the gateways that it hangs on and the Services that it leads to.
fn route(body: &Value, ns: &str, links: &mut Links) {
    for (i, parent) in each(body, "/spec/parentRefs") {
        let kind = text(parent, "/kind").unwrap_or("Gateway");
        let group = text(parent, "/group").unwrap_or(GATEWAY);
        let ns = text(parent, "/namespace").unwrap_or(ns);
        links.want_at(body, &format!("/spec/parentRefs/{i}/name"), group, kind, ns);
    }
    for (i, rule) in each(body, "/spec/rules") {
        for (n, backend) in each(rule, "/backendRefs") {
            let kind = text(backend, "/kind").unwrap_or("Service");
            let group = text(backend, "/group").unwrap_or("");
            let ns = text(backend, "/namespace").unwrap_or(ns);
            let at = format!("/spec/rules/{i}/backendRefs/{n}");
            if let ("", "Service", Some(name), Some(port)) = (
                group,
                kind,
                text(backend, "/name"),
                backend.get("port").and_then(Value::as_u64),
            ) {
                let service = Thing::new("", "Service", ns, name);
                links.routes.push((service, port, format!("{at}/port")));
            }
            links.want_at(body, &format!("{at}/name"), group, kind, ns);
        }
    }
}

fn rollout(body: &Value, ns: &str, links: &mut Links) {
    for at in [
        "/spec/strategy/canary/stableService",
        "/spec/strategy/canary/canaryService",
        "/spec/strategy/blueGreen/activeService",
        "/spec/strategy/blueGreen/previewService",
    ] {
        links.want_at(body, at, "", "Service", ns);
    }
    let mut analyses = vec![
        "/spec/strategy/canary/analysis".to_owned(),
        "/spec/strategy/blueGreen/prePromotionAnalysis".to_owned(),
        "/spec/strategy/blueGreen/postPromotionAnalysis".to_owned(),
    ];
    for (i, _) in each(body, "/spec/strategy/canary/steps") {
        analyses.push(format!("/spec/strategy/canary/steps/{i}/analysis"));
    }
    for analysis in analyses {
        for (i, template) in each(body, &format!("{analysis}/templates")) {
            let (kind, ns) = match template.get("clusterScope") {
                Some(Value::Bool(true)) => ("ClusterAnalysisTemplate", ""),
                _ => ("AnalysisTemplate", ns),
            };
            let at = format!("{analysis}/templates/{i}/templateName");
            links.want_at(body, &at, ARGO, kind, ns);
        }
    }
    if body.pointer("/spec/workloadRef").is_some() {
        let default = ("apps", "Deployment");
        built_in::target(body, "/spec/workloadRef", default, ns, links);
    }
}
