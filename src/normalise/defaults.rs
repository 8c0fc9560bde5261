//! What the API server fills in: the schema's defaults, and those that take code.
//!
//! Source: the `SetDefaults_*` functions of Kubernetes v1.36.2.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::schema::{Condition, Struct, Test, Type};

use super::build::Builder;
use super::tree::{Kind, Member, Node};

impl<'a> Builder<'a> {
    /// Adds what the server fills in to the members of a desired struct.
    pub(super) fn defaults(
        &mut self,
        s: &'a Struct,
        short: &str,
        map: &'a Map<String, Value>,
        hint: Option<&'a Map<String, Value>>,
        members: &mut Vec<Member<'a>>,
    ) {
        // Only a Job itself gets them, not the template of a CronJob.
        if short == "JobSpec" && self.kind != "Job" {
            return;
        }
        let before = members.len();
        for field in &s.fields {
            if let Some(default) = &field.default {
                self.fill(members, s, &field.name, default);
            }
        }
        for condition in &s.when {
            if holds(condition, s, map, hint) {
                for (name, default) in &condition.set {
                    self.fill(members, s, name, default);
                }
            }
        }
        if s.built_in {
            self.derived(s, short, map, hint, members);
        }
        if members.len() > before {
            members.sort_by(|a, b| a.name.cmp(b.name));
        }
    }

    /// Fills a member that is absent, or what is absent inside it.
    fn fill(
        &mut self,
        members: &mut Vec<Member<'a>>,
        s: &'a Struct,
        name: &'a str,
        default: &'a Value,
    ) {
        let Some(field) = s.field(name) else { return };
        match members.iter_mut().find(|m| m.name == name) {
            None => {
                let node = self.value(default, &field.ty, None, s.built_in, true);
                members.push(Member { name, node });
            }
            Some(member) => {
                if let (Type::Struct(id), Kind::Map(inner), Value::Object(defaults)) =
                    (&field.ty, &mut member.node.kind, default)
                {
                    let s = self.schemas.get(*id);
                    let before = inner.len();
                    for (name, default) in defaults {
                        self.fill(inner, s, name, default);
                    }
                    if inner.len() > before {
                        inner.sort_by(|a, b| a.name.cmp(b.name));
                    }
                }
            }
        }
    }

    fn derived(
        &mut self,
        s: &'a Struct,
        short: &str,
        map: &'a Map<String, Value>,
        hint: Option<&'a Map<String, Value>>,
        members: &mut Vec<Member<'a>>,
    ) {
        let says = |name: &str| map.get(name).is_some_and(|v| !is_empty(v));
        let text = |name: &str| map.get(name).and_then(Value::as_str);
        let mut add = |name: &'static str, kind: Kind<'a>| {
            if !members.iter().any(|m| m.name == name && !m.node.absent) {
                members.retain(|m| m.name != name);
                let node = Node::filled(kind);
                members.push(Member { name, node });
            }
        };
        match short {
            "Container" | "EphemeralContainer" => {
                let policy = pull_policy(text("image").unwrap_or_default());
                add("imagePullPolicy", word(policy));
            }
            "Volume" if !map.iter().any(|(k, v)| k != "name" && !v.is_null()) => {
                add("emptyDir", Kind::Map(Vec::new()));
            }
            "ServicePort" => {
                if let Some(Value::Number(port)) = map.get("port") {
                    add("targetPort", Kind::Number(port.clone()));
                }
            }
            "ServiceSpec" => {
                let external = says("externalIPs")
                    || hint.is_some_and(|h| h.get("externalIPs").is_some_and(|v| !is_empty(v)));
                if external && text("type").is_none_or(|t| t != "ExternalName") {
                    add("externalTrafficPolicy", word("Cluster"));
                }
            }
            "NetworkPolicySpec" => {
                let mut types = vec![Node::filled(word("Ingress"))];
                if says("egress") {
                    types.push(Node::filled(word("Egress")));
                }
                add("policyTypes", Kind::List(types));
            }
            "JobSpec" => {
                if !says("completions") && !says("parallelism") {
                    add("completions", number(1));
                }
                let per_index = says("backoffLimitPerIndex");
                add("backoffLimit", number(if per_index { i32::MAX } else { 6 }));
                let failed = says("podFailurePolicy");
                let policy = if failed {
                    "Failed"
                } else {
                    "TerminatingOrFailed"
                };
                add("podReplacementPolicy", word(policy));
            }
            "HorizontalPodAutoscalerSpec" if !says("metrics") => {
                if let (Some(default), Some(field)) = (METRICS.get("metrics"), s.field("metrics")) {
                    members.retain(|m| m.name != "metrics");
                    let node =
                        self.member("metrics", default, Some(s), Some(field), None, true, false);
                    members.extend(node.map(|node| Member {
                        name: "metrics",
                        node,
                    }));
                }
            }
            "HorizontalPodAutoscalerBehavior" => {
                for name in ["scaleUp", "scaleDown"] {
                    if let Some(default) = METRICS.get(name) {
                        self.fill(members, s, name, default);
                    }
                }
            }
            "CustomResourceDefinitionNames" => {
                let kind = text("kind").unwrap_or_default();
                add("singular", Kind::Text(Cow::Owned(kind.to_lowercase())));
                add("listKind", Kind::Text(Cow::Owned(format!("{kind}List"))));
            }
            "LimitRangeItem" if text("type") == Some("Container") => limit_range(members),
            "PodSpec" if self.kind == "Pod" => pod(members),
            "ObjectMeta" if self.kind == "Namespace" && self.core => namespace_label(map, members),
            _ => {}
        }
    }
}

/// Marks a whole tree as filled in.
fn mark(node: &mut Node<'_>) {
    node.filled = true;
    match &mut node.kind {
        Kind::Map(members) | Kind::Whole(members) => {
            members.iter_mut().for_each(|m| mark(&mut m.node));
        }
        Kind::List(nodes) => nodes.iter_mut().for_each(mark),
        _ => {}
    }
}

/// Defaults of HorizontalPodAutoscalers (`pkg/apis/autoscaling/v2/defaults.go`).
static METRICS: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| {
    serde_json::json!({
        "metrics": [{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80}}}],
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15}]},
        "scaleDown": {"selectPolicy": "Max", "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 15}]},
    })
});

fn word<'a>(text: &'static str) -> Kind<'a> {
    Kind::Text(Cow::Borrowed(text))
}

fn number<'a>(number: i32) -> Kind<'a> {
    Kind::Number(number.into())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether a condition holds, by the object, else by its live counterpart, else by the default.
fn holds(
    condition: &Condition,
    s: &Struct,
    map: &Map<String, Value>,
    hint: Option<&Map<String, Value>>,
) -> bool {
    let value = |name: &str| {
        map.get(name)
            .filter(|v| !is_empty(v))
            .or_else(|| hint.and_then(|h| h.get(name)))
            .or_else(|| s.field(name).and_then(|f| f.default.as_ref()))
    };
    condition.tests.iter().all(|test| match test {
        Test::Equals(name, text) => value(name).and_then(Value::as_str) == Some(text),
        Test::Present(name) => value(name).is_some(),
        Test::Absent(name) => value(name).is_none(),
    })
}

/// `Always` for no tag and `latest`, else `IfNotPresent`.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let tag = match name.split_once('@') {
        Some(_) => Some("digest"),
        None => name.split_once(':').map(|(_, tag)| tag),
    };
    match tag {
        None | Some("latest") => "Always",
        Some(_) => "IfNotPresent",
    }
}

/// A Namespace carries its name as a label.
fn namespace_label<'a>(map: &'a Map<String, Value>, members: &mut Vec<Member<'a>>) {
    const LABEL: &str = "kubernetes.io/metadata.name";
    let Some(name) = map.get("name").and_then(Value::as_str) else {
        return;
    };
    if !members.iter().any(|m| m.name == "labels") {
        let mut node = Node::filled(Kind::Map(Vec::new()));
        node.each = true;
        members.push(Member {
            name: "labels",
            node,
        });
    }
    let labels = members.iter_mut().find(|m| m.name == "labels");
    if let Some(Member { node, .. }) = labels
        && let Kind::Map(labels) = &mut node.kind
        && !labels.iter().any(|m| m.name == LABEL)
    {
        node.absent = false;
        let label = Node::filled(Kind::Text(Cow::Borrowed(name)));
        labels.push(Member {
            name: LABEL,
            node: label,
        });
        labels.sort_by(|a, b| a.name.cmp(b.name));
    }
}

/// Adds to one map of members what another has more, as filled in.
fn complete<'a>(members: &mut Vec<Member<'a>>, to: &'static str, from: &str) {
    let Some(from) = members.iter().find(|m| m.name == from) else {
        return;
    };
    let Kind::Map(source) = &from.node.kind else {
        return;
    };
    let source: Vec<Member<'a>> = source.clone();
    if source.is_empty() {
        return;
    }
    if !members.iter().any(|m| m.name == to) {
        let node = Node::filled(Kind::Map(Vec::new()));
        members.push(Member { name: to, node });
    }
    let target = members.iter_mut().find(|m| m.name == to);
    if let Some(Member { node, .. }) = target
        && let Kind::Map(target) = &mut node.kind
    {
        node.absent = false;
        for mut member in source {
            if !target.iter().any(|m| m.name == member.name) {
                mark(&mut member.node);
                target.push(member);
            }
        }
        target.sort_by(|a, b| a.name.cmp(b.name));
    }
}

fn limit_range(members: &mut Vec<Member<'_>>) {
    complete(members, "default", "max");
    complete(members, "defaultRequest", "default");
    complete(members, "defaultRequest", "min");
}

/// What only a Pod itself gets, not a template: requests from limits, host ports.
fn pod(members: &mut [Member<'_>]) {
    let host_network = members
        .iter()
        .any(|m| m.name == "hostNetwork" && matches!(m.node.kind, Kind::Bool(true)));
    for list in members.iter_mut() {
        let Kind::Keyed(containers) = &mut list.node.kind else {
            continue;
        };
        if !matches!(list.name, "containers" | "initContainers") {
            continue;
        }
        for container in containers {
            let Kind::Map(container) = &mut container.node.kind else {
                continue;
            };
            for member in container {
                match (member.name, &mut member.node.kind) {
                    ("resources", Kind::Map(resources)) => {
                        complete(resources, "requests", "limits");
                        resources.sort_by(|a, b| a.name.cmp(b.name));
                    }
                    ("ports", Kind::Keyed(ports)) if host_network => {
                        for port in ports {
                            host_port(&mut port.node);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

fn host_port(port: &mut Node<'_>) {
    if let Kind::Map(members) = &mut port.kind
        && !members.iter().any(|m| m.name == "hostPort")
        && let Some(Kind::Number(n)) = members
            .iter()
            .find(|m| m.name == "containerPort")
            .map(|m| &m.node.kind)
    {
        let node = Node::filled(Kind::Number(n.clone()));
        members.push(Member {
            name: "hostPort",
            node,
        });
        members.sort_by(|a, b| a.name.cmp(b.name));
    }
}

#[cfg(test)]
mod tests {
    use super::pull_policy;

    #[test]
    fn the_tag_decides_the_pull_policy() {
        for (image, policy) in [
            ("web", "Always"),
            ("web:latest", "Always"),
            ("web:1", "IfNotPresent"),
            ("host:5000/web", "Always"),
            ("host:5000/web:1", "IfNotPresent"),
            ("web@sha256:00", "IfNotPresent"),
            ("web:latest@sha256:00", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
