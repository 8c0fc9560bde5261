//! The links of Kubernetes' own kinds, besides those of pods.

use serde_json::Value;

use crate::model::manifest::ObjectId;

use super::super::{each, text};
use super::{Links, Selects, ServicePort, labels};

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) fn links(id: &ObjectId, body: &Value, links: &mut Links) {
    let namespace = id.namespace.as_str();
    match (id.group.as_str(), id.kind.as_str()) {
        ("", kind @ ("ConfigMap" | "Secret")) => {
            let keys = ["data", "binaryData", "stringData"].into_iter();
            let keys = keys
                .filter_map(|section| body.get(section)?.as_object())
                .flat_map(|members| members.keys().map(String::as_str));
            links.make_with(kind, namespace, &id.name, keys);
        }
        ("", "Service") => service(body, links),
        ("", "ServiceAccount") => {
            for (i, _) in each(body, "/imagePullSecrets") {
                let at = format!("/imagePullSecrets/{i}/name");
                links.want_at(body, &at, "", "Secret", namespace);
            }
        }
        ("apps", "StatefulSet") => {
            if text(body, "/spec/serviceName").is_some_and(|s| !s.is_empty()) {
                links.want_at(body, "/spec/serviceName", "", "Service", namespace);
            }
            let replicas = body.pointer("/spec/replicas").and_then(Value::as_u64);
            for (_, claim) in each(body, "/spec/volumeClaimTemplates") {
                let claim = text(claim, "/metadata/name").unwrap_or_default();
                for ordinal in 0..replicas.unwrap_or(1).min(100) {
                    let name = format!("{claim}-{}-{ordinal}", id.name);
                    links.make("", "PersistentVolumeClaim", namespace, &name);
                }
            }
        }
        ("autoscaling", "HorizontalPodAutoscaler") => {
            target(
                body,
                "/spec/scaleTargetRef",
                ("apps", "Deployment"),
                namespace,
                links,
            );
        }
        ("policy", "PodDisruptionBudget")
            if body.pointer("/spec/selector/matchExpressions").is_none() =>
        {
            let at = "/spec/selector/matchLabels";
            links.selects = Some(Selects {
                labels: labels(body.pointer(at)),
                at,
                ports: Vec::new(),
            });
        }
        ("networking.k8s.io", "Ingress") => {
            let mut backends = vec!["/spec/defaultBackend".to_owned()];
            for (i, rule) in each(body, "/spec/rules") {
                for (n, _) in each(rule, "/http/paths") {
                    backends.push(format!("/spec/rules/{i}/http/paths/{n}/backend"));
                }
            }
            for backend in backends {
                let at = format!("{backend}/service/name");
                links.want_at(body, &at, "", "Service", namespace);
            }
            for (i, _) in each(body, "/spec/tls") {
                let at = format!("/spec/tls/{i}/secretName");
                links.want_at(body, &at, "", "Secret", namespace);
            }
        }
        (RBAC, "RoleBinding" | "ClusterRoleBinding") => binding(body, namespace, links),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding") => {
            let policy = "ValidatingAdmissionPolicy";
            links.want_at(body, "/spec/policyName", &id.group, policy, "");
        }
        _ => {}
    }
}

/// A reference with an `apiVersion`, a kind and a name.
pub(super) fn target(
    body: &Value,
    at: &str,
    default: (&str, &str),
    namespace: &str,
    links: &mut Links,
) {
    let Some(reference) = body.pointer(at) else {
        return;
    };
    let group = match text(reference, "/apiVersion") {
        Some(version) => version.split_once('/').map_or("", |(group, _)| group),
        None => default.0,
    };
    let kind = text(reference, "/kind").unwrap_or(default.1);
    links.want_at(body, &format!("{at}/name"), group, kind, namespace);
}

fn service(body: &Value, links: &mut Links) {
    if text(body, "/spec/type") == Some("ExternalName") {
        return;
    }
    let ports = each(body, "/spec/ports").map(|(i, port)| {
        let number = port.get("port").and_then(Value::as_u64).unwrap_or(0);
        let target = port.get("targetPort").filter(|t| !t.is_null());
        ServicePort {
            name: text(port, "/name").map(Box::from),
            number,
            protocol: text(port, "/protocol").unwrap_or("TCP").into(),
            at: match target {
                Some(_) => format!("/spec/ports/{i}/targetPort"),
                None => format!("/spec/ports/{i}/port"),
            },
            target: target.cloned().unwrap_or_else(|| number.into()),
        }
    });
    links.selects = Some(Selects {
        labels: labels(body.pointer("/spec/selector")),
        at: "/spec/selector",
        ports: ports.collect(),
    });
}

fn binding(body: &Value, namespace: &str, links: &mut Links) {
    let role = text(body, "/roleRef/name").unwrap_or_default();
    let built_in =
        matches!(role, "cluster-admin" | "admin" | "edit" | "view") || role.starts_with("system:");
    match text(body, "/roleRef/kind") {
        Some("ClusterRole") if !built_in => {
            links.want_at(body, "/roleRef/name", RBAC, "ClusterRole", "");
        }
        Some("Role") => links.want_at(body, "/roleRef/name", RBAC, "Role", namespace),
        _ => {}
    }
    for (i, subject) in each(body, "/subjects") {
        if text(subject, "/kind") == Some("ServiceAccount") {
            let namespace = text(subject, "/namespace").unwrap_or(namespace);
            let at = format!("/subjects/{i}/name");
            links.want_at(body, &at, "", "ServiceAccount", namespace);
        }
    }
}
