//! What pods need: accounts, configuration, secrets and claims.

use serde_json::Value;

use super::super::pods::{CONTAINERS, Pod};
use super::super::{each, text};
use super::{ContainerPort, Links, Pods, Thing, Want, labels};

pub(super) fn links(pod: &Pod<'_>, namespace: &str, links: &mut Links) {
    let (template, at) = (pod.template, pod.at);
    let mut want = |kind: &str, value: &Value, name: &str, key: Option<&str>, at: String| {
        if value.get("optional") == Some(&Value::Bool(true)) {
            return;
        }
        if let Some(found) = text(value, &format!("/{name}")) {
            links.wants.push(Want {
                thing: Thing::new("", kind, namespace, found),
                key: key
                    .and_then(|k| text(value, &format!("/{k}")))
                    .map(Box::from),
                at: format!("{at}/{name}"),
            });
        }
    };
    let Some(spec) = template.get("spec") else {
        return;
    };
    want(
        "ServiceAccount",
        spec,
        "serviceAccountName",
        None,
        format!("{at}/spec"),
    );
    for (i, secret) in each(spec, "/imagePullSecrets") {
        let at = format!("{at}/spec/imagePullSecrets/{i}");
        want("Secret", secret, "name", None, at);
    }
    for (i, volume) in each(spec, "/volumes") {
        let at = format!("{at}/spec/volumes/{i}");
        for (member, kind, name) in [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            (
                "persistentVolumeClaim",
                "PersistentVolumeClaim",
                "claimName",
            ),
        ] {
            if let Some(source) = volume.get(member) {
                want(kind, source, name, None, format!("{at}/{member}"));
            }
        }
        for (n, source) in each(volume, "/projected/sources") {
            for (member, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                if let Some(source) = source.get(member) {
                    let at = format!("{at}/projected/sources/{n}/{member}");
                    want(kind, source, "name", None, at);
                }
            }
        }
    }
    for list in CONTAINERS {
        for (i, container) in each(spec, &format!("/{list}")) {
            let at = format!("{at}/spec/{list}/{i}");
            for (n, variable) in each(container, "/env") {
                for (member, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")]
                {
                    let at = format!("{at}/env/{n}/valueFrom/{member}");
                    if let Some(source) = variable.pointer(&format!("/valueFrom/{member}")) {
                        want(kind, source, "name", Some("key"), at);
                    }
                }
            }
            for (n, source) in each(container, "/envFrom") {
                for (member, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                    if let Some(source) = source.get(member) {
                        want(
                            kind,
                            source,
                            "name",
                            None,
                            format!("{at}/envFrom/{n}/{member}"),
                        );
                    }
                }
            }
        }
    }
    let ports = CONTAINERS.iter().flat_map(|list| {
        each(spec, &format!("/{list}"))
            .flat_map(|(_, container)| each(container, "/ports"))
            .map(|(_, port)| ContainerPort {
                name: text(port, "/name").map(Box::from),
                number: port
                    .get("containerPort")
                    .and_then(Value::as_u64)
                    .unwrap_or(0),
                protocol: text(port, "/protocol").unwrap_or("TCP").into(),
            })
            .collect::<Vec<_>>()
    });
    links.pods = Some(Pods {
        labels: labels(template.pointer("/metadata/labels")),
        ports: ports.collect(),
    });
}
