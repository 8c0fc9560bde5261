//! The pod that a workload makes: where it stands, and what inside it refers to itself.

use serde_json::Value;

use crate::diag::Code;
use crate::model::manifest::ObjectId;

use super::{Fault, each, text};

/// The lists of a pod that hold containers.
pub(super) const CONTAINERS: [&str; 2] = ["initContainers", "containers"];

/// The template of a workload's pods.
pub(super) struct Pod<'a> {
    pub(super) template: &'a Value,
    /// JSON pointer to it.
    pub(super) at: &'static str,
    /// Volumes that each pod gets from templates of claims.
    claims: Option<&'a Value>,
}

impl<'a> Pod<'a> {
    pub(super) fn label(&self, key: &str) -> Option<&'a str> {
        let labels = self.template.pointer("/metadata/labels")?;
        labels.get(key)?.as_str()
    }
}

/// The pods of an object, if it makes any.
pub(super) fn of<'a>(id: &ObjectId, body: &'a Value) -> Option<Pod<'a>> {
    let at = match (id.group.as_str(), id.kind.as_str()) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout") => "/spec/template",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template",
        ("", "Pod") => "",
        _ => return None,
    };
    Some(Pod {
        template: body.pointer(at)?,
        at,
        claims: body.pointer("/spec/volumeClaimTemplates"),
    })
}

/// Mounts without a volume, and probes at a port that no container names.
pub(super) fn check(pod: &Pod<'_>, faults: &mut Vec<Fault>) {
    let volumes = || {
        let volumes = each(pod.template, "/spec/volumes").filter_map(|(_, v)| text(v, "/name"));
        let claims = pod.claims.and_then(Value::as_array).into_iter().flatten();
        volumes.chain(claims.filter_map(|c| text(c, "/metadata/name")))
    };
    for list in CONTAINERS {
        for (i, container) in each(pod.template, &format!("/spec/{list}")) {
            let at = format!("{}/spec/{list}/{i}", pod.at);
            let name = text(container, "/name").unwrap_or_default();
            for member in ["volumeMounts", "volumeDevices"] {
                for (n, mount) in each(container, &format!("/{member}")) {
                    let Some(volume) = text(mount, "/name") else {
                        continue;
                    };
                    if volumes().any(|v| v == volume) {
                        continue;
                    }
                    let message = format!(
                        "container `{name}` mounts the volume `{volume}`, which its pod does not have"
                    );
                    faults.push(
                        Fault::new(
                            Code::PodReference,
                            format!("{at}/{member}/{n}/name"),
                            message,
                        )
                        .help(format!("add a volume `{volume}`, or remove the mount")),
                    );
                }
            }
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                for way in ["httpGet", "tcpSocket"] {
                    let pointer = format!("/{probe}/{way}/port");
                    let Some(port) = text(container, &pointer) else {
                        continue;
                    };
                    let named = |(_, p): (usize, &Value)| text(p, "/name") == Some(port);
                    if each(container, "/ports").any(named) {
                        continue;
                    }
                    let message = format!(
                        "the {probe} of container `{name}` asks port `{port}`, which it does not have"
                    );
                    faults.push(
                        Fault::new(Code::PodReference, format!("{at}{pointer}"), message)
                            .help(format!("name a port of the container `{port}`")),
                    );
                }
            }
        }
    }
}
