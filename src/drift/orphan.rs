//! Live objects that carry our mark and are not in the repository.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::finding::{Finding, FindingKind, FindingSeverity};
use crate::model::live::{GroupKind, LiveState, View};
use crate::model::manifest::ObjectId;

use super::settings::{Mark, Settings};

/// regen's own mark: the label, and the annotation that names the object itself.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const ID: &str = "regen.dev/id";

/// The value of `regen.dev/id`: it names cluster and object, so that a copy on another object is
/// no mark.
pub fn mark(cluster: &str, id: &ObjectId) -> String {
    format!(
        "{cluster}:{}/{}:{}/{}",
        id.group, id.kind, id.namespace, id.name
    )
}

/// The finding about a live object that no manifest is about; `None` when it is none of ours.
pub(super) fn orphan(
    object: &Value,
    id: &ObjectId,
    uids: &BTreeSet<&str>,
    live: &LiveState,
    settings: &Settings,
) -> Option<Finding> {
    if !is_ours(object, id, settings) || has_owner(object, uids, live) {
        return None;
    }
    let marked = settings.marks.iter().any(|mark| carries(object, id, mark))
        || carries_own(object, id, settings);
    if !marked && is_built_in(object, id) {
        return None;
    }
    let mut finding = Finding::new(FindingKind::Orphan, FindingSeverity::Drift, id, "O-TRACKED");
    if is_kept(object) {
        finding.kind = FindingKind::Kept;
        finding.severity = FindingSeverity::Info;
    }
    Some(finding)
}

fn label<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.pointer("/metadata/labels")?.get(name)?.as_str()
}

fn annotation<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.pointer("/metadata/annotations")?.get(name)?.as_str()
}

fn is_ours(object: &Value, id: &ObjectId, settings: &Settings) -> bool {
    if carries_own(object, id, settings) || settings.marks.iter().any(|m| carries(object, id, m)) {
        return true;
    }
    settings.orphans.as_ref().is_some_and(|orphans| {
        let here = orphans
            .namespace
            .as_ref()
            .is_none_or(|n| *n == id.namespace);
        let labelled = !orphans.labels.is_empty()
            && orphans
                .labels
                .iter()
                .all(|(name, value)| label(object, name) == Some(value));
        here && (orphans.all || labelled)
    })
}

fn carries_own(object: &Value, id: &ObjectId, settings: &Settings) -> bool {
    label(object, MANAGED_BY) == Some("regen")
        && annotation(object, ID) == Some(mark(&settings.cluster, id).as_str())
}

fn carries(object: &Value, id: &ObjectId, mark: &Mark) -> bool {
    let labels = |prefix: &str, name: &str, namespace: &str| {
        label(object, &format!("{prefix}/name")) == Some(name)
            && label(object, &format!("{prefix}/namespace")) == Some(namespace)
    };
    match mark {
        Mark::Kustomization(name, namespace) => {
            labels("kustomize.toolkit.fluxcd.io", name, namespace)
        }
        Mark::HelmRelease(name, namespace) => labels("helm.toolkit.fluxcd.io", name, namespace),
        Mark::ArgoTrackingId(app) => {
            annotation(object, "argocd.argoproj.io/tracking-id")
                == Some(self::mark(app, id).as_str())
        }
        Mark::ArgoLabel(name, app) => label(object, name) == Some(app),
        Mark::Helm(name, namespace) => {
            annotation(object, "meta.helm.sh/release-name") == Some(name)
                && annotation(object, "meta.helm.sh/release-namespace") == Some(namespace)
        }
        Mark::ApplySet(set) => label(object, "applyset.kubernetes.io/part-of") == Some(set),
    }
}

/// Whether an owner of it lives, or may live where we could not look.
fn has_owner(object: &Value, uids: &BTreeSet<&str>, live: &LiveState) -> bool {
    let owners = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| {
        let text = |key| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = GroupKind {
            group: text("apiVersion")
                .split_once('/')
                .map_or("", |(g, _)| g)
                .to_owned(),
            kind: text("kind").to_owned(),
        };
        uids.contains(text("uid"))
            || !matches!(
                live.views.get(&kind),
                Some(View::Complete | View::NotServed)
            )
    })
}

/// Whether it says that it must not be pruned.
fn is_kept(object: &Value) -> bool {
    let options = annotation(object, "argocd.argoproj.io/sync-options").unwrap_or_default();
    let flux = "kustomize.toolkit.fluxcd.io/prune";
    options.split(',').any(|o| o.trim() == "Prune=false")
        || [label(object, flux), annotation(object, flux)].contains(&Some("disabled"))
        || annotation(object, "helm.sh/resource-policy") == Some("keep")
}

/// Objects that every namespace holds.
fn is_built_in(object: &Value, id: &ObjectId) -> bool {
    match (id.group.as_str(), id.kind.as_str()) {
        ("", "ConfigMap") => matches!(
            id.name.as_str(),
            "kube-root-ca.crt" | "openshift-service-ca.crt"
        ),
        ("", "ServiceAccount") => id.name == "default",
        ("", "Secret") => {
            let ty = object
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            ty == "kubernetes.io/service-account-token"
                || id.name.starts_with("sh.helm.release.v1.")
                    && ty == "helm.sh/release.v1"
                    && label(object, "owner") == Some("helm")
        }
        ("", "Event" | "Endpoints")
        | ("events.k8s.io", "Event")
        | ("coordination.k8s.io", "Lease")
        | ("discovery.k8s.io", "EndpointSlice")
        | ("apps", "ControllerRevision")
        | ("metrics.k8s.io", "PodMetrics") => true,
        _ => false,
    }
}
