//! What servers, appliers and controllers write into objects for their own use.

use serde_json::Value;

use crate::model::manifest::ObjectId;

use super::path::{Step, names};

/// Metadata by which appliers mark what they applied.
pub(super) fn is_tracking(names: &[&str]) -> bool {
    let ["metadata", place @ ("labels" | "annotations"), key] = names else {
        return false;
    };
    let (prefix, name) = key.split_once('/').unwrap_or(("", key));
    match prefix {
        "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => {
            matches!(name, "name" | "namespace" | "checksum")
        }
        "argocd.argoproj.io" => matches!(name, "tracking-id" | "installation-id" | "instance"),
        "meta.helm.sh" => name.starts_with("release-"),
        "objectset.rio.cattle.io" => true,
        "applyset.kubernetes.io" => matches!(name, "part-of" | "id"),
        "kluctl.io" => {
            matches!(name, "discriminator" | "deployment-item-dir" | "tag")
                || name.starts_with("tag-")
        }
        "kubectl.kubernetes.io" => *place == "annotations" && name == "last-applied-configuration",
        _ => false,
    }
}

/// Whether a place that the repository says nothing about is kept by the server or a controller
/// for its own use.
pub(super) fn is_kept(id: &ObjectId, path: &[Step<'_>], live: &Value, value: &Value) -> bool {
    let place = names(path);
    if is_tracking(&place) {
        return true;
    }
    let last_key = match path.last() {
        Some(Step::Element(key, _)) => key.0.first().map_or("", |p| p.text.as_ref()),
        _ => "",
    };
    match (id.group.as_str(), id.kind.as_str(), place.as_slice()) {
        (_, _, ["metadata", "ownerReferences", ..]) => true,
        (_, _, ["metadata", "annotations", key]) => {
            key.strip_prefix("autoscaling.alpha.kubernetes.io/")
                .is_some_and(|rest| matches!(rest, "conditions" | "current-metrics"))
                || match (id.kind.as_str(), *key) {
                    ("Deployment" | "ReplicaSet", key) => matches!(
                        key,
                        "deployment.kubernetes.io/revision"
                            | "deployment.kubernetes.io/desired-replicas"
                            | "deployment.kubernetes.io/max-replicas"
                    ),
                    ("DaemonSet", key) => key == "deprecated.daemonset.template.generation",
                    ("PersistentVolumeClaim", key) => matches!(
                        key,
                        "volume.beta.kubernetes.io/storage-provisioner"
                            | "volume.kubernetes.io/storage-provisioner"
                            | "volume.kubernetes.io/selected-node"
                    ),
                    _ => false,
                }
        }
        ("", "Service", ["spec", name, ..]) => match place.as_slice() {
            ["spec", "ports", "*", "nodePort"] => true,
            _ => matches!(
                *name,
                "clusterIP"
                    | "clusterIPs"
                    | "ipFamilies"
                    | "ipFamilyPolicy"
                    | "healthCheckNodePort"
            ),
        },
        (
            "",
            "PersistentVolumeClaim",
            ["spec", "storageClassName" | "volumeMode" | "volumeName"],
        ) => true,
        ("", "PersistentVolumeClaim", ["metadata", "finalizers", "*"]) => {
            last_key == "kubernetes.io/pvc-protection"
        }
        ("", "PersistentVolume", ["metadata", "finalizers", "*"]) => {
            last_key == "kubernetes.io/pv-protection"
        }
        ("", "Namespace", ["metadata", "labels", "kubernetes.io/metadata.name"]) => true,
        ("", "Namespace", ["spec" | "metadata", "finalizers", ..]) => {
            matches!(value, Value::Array(all) if all.iter().all(|v| v == "kubernetes"))
                || last_key == "kubernetes"
        }
        ("batch", "Job", ["spec", "selector", ..]) => true,
        ("batch", "Job", ["spec", "template", "metadata", "labels", key]) => is_job_label(key),
        ("batch", "Job", ["metadata", "labels", key]) => {
            // The server copies the template's labels to a Job without labels.
            is_job_label(key)
                || live
                    .pointer("/spec/template/metadata/labels")
                    .and_then(|l| l.get(key))
                    == Some(value)
        }
        ("", "Pod", ["spec", rest @ ..]) => match rest {
            [
                "nodeName" | "priority" | "serviceAccountName" | "preemptionPolicy"
                | "enableServiceLinks",
            ] => true,
            ["tolerations"] => match value {
                Value::Array(all) => all.iter().all(is_default_toleration),
                _ => false,
            },
            ["volumes", "*"] => last_key.starts_with("kube-api-access-"),
            ["containers" | "initContainers", "*", "volumeMounts", "*"] => {
                last_key == "/var/run/secrets/kubernetes.io/serviceaccount"
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_job_label(key: &str) -> bool {
    matches!(
        key,
        "controller-uid"
            | "job-name"
            | "batch.kubernetes.io/controller-uid"
            | "batch.kubernetes.io/job-name"
    )
}

/// The tolerations that admission adds to every Pod.
fn is_default_toleration(toleration: &Value) -> bool {
    matches!(
        toleration["key"].as_str(),
        Some("node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable")
    ) && toleration["operator"] == "Exists"
        && toleration["effect"] == "NoExecute"
        && toleration["tolerationSeconds"] == 300
}

/// Whether the live tolerations of a Pod are the desired ones and those that admission adds.
pub(super) fn only_default_tolerations(
    id: &ObjectId,
    path: &[Step<'_>],
    desired: &Value,
    live: &Value,
) -> bool {
    if id.kind != "Pod" || names(path) != ["spec", "tolerations"] {
        return false;
    }
    let (Some(desired), Some(live)) = (desired.as_array(), live.as_array()) else {
        return false;
    };
    let mut wanted = desired.iter().peekable();
    for toleration in live {
        if wanted.peek() == Some(&toleration) {
            wanted.next();
        } else if !is_default_toleration(toleration) {
            return false;
        }
    }
    wanted.peek().is_none()
}

/// Whether a place grants something: what stands there although nobody owns it is drift.
pub(super) fn grants(id: &ObjectId, path: &[Step<'_>], value: &Value) -> bool {
    let place = names(path);
    if place.starts_with(&["metadata", "finalizers"]) {
        return true;
    }
    let kind = id.kind.as_str();
    match id.group.as_str() {
        "rbac.authorization.k8s.io" => {
            return matches!(
                place.first(),
                Some(&("rules" | "subjects" | "roleRef" | "aggregationRule"))
            );
        }
        "networking.k8s.io" if kind == "NetworkPolicy" => return place.first() == Some(&"spec"),
        "admissionregistration.k8s.io" => return place.first() != Some(&"metadata"),
        "" if kind == "Service" => return place.starts_with(&["spec", "externalIPs"]),
        "" if kind == "ServiceAccount" => return place == ["automountServiceAccountToken"],
        _ => {}
    }
    if place.first() != Some(&"spec") {
        return false;
    }
    match place.as_slice() {
        [
            ..,
            "containers" | "initContainers" | "ephemeralContainers",
            "*",
        ] => true,
        [.., "volumes", "*"] => is_host_or_token(value),
        [.., "volumes", "*", "hostPath" | "projected"] => true,
        [
            ..,
            "hostNetwork"
            | "hostPID"
            | "hostIPC"
            | "serviceAccountName"
            | "automountServiceAccountToken",
        ] => true,
        names => names
            .iter()
            .any(|n| matches!(*n, "securityContext" | "capabilities")),
    }
}

fn is_host_or_token(volume: &Value) -> bool {
    let sources = volume
        .pointer("/projected/sources")
        .and_then(Value::as_array);
    !volume["hostPath"].is_null()
        || sources
            .into_iter()
            .flatten()
            .any(|s| !s["serviceAccountToken"].is_null())
}
