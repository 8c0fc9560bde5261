//! Autoscalers, as evidence for who may set replicas.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::manifest::ObjectId;

/// Bounds between which an autoscaler sets replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) min: i64,
    pub(super) max: i64,
}

impl Bounds {
    /// Whether an autoscaler may have set this.
    pub(super) fn allow(self, replicas: &Value) -> bool {
        replicas
            .as_i64()
            .is_some_and(|r| self.min <= r && r <= self.max)
    }
}

/// Bounds of all objects that autoscalers target.
#[derive(Clone, Debug, Default)]
pub(super) struct Autoscalers(BTreeMap<ObjectId, Bounds>);

impl Autoscalers {
    /// Takes note of a HorizontalPodAutoscaler; other objects are passed over.
    pub(super) fn note(&mut self, object: &Value, namespace: &str) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        if object["kind"] != "HorizontalPodAutoscaler"
            || !text("/apiVersion").is_some_and(|v| v.starts_with("autoscaling/"))
        {
            return;
        }
        let (Some(kind), Some(name)) = (
            text("/spec/scaleTargetRef/kind"),
            text("/spec/scaleTargetRef/name"),
        ) else {
            return;
        };
        let group = text("/spec/scaleTargetRef/apiVersion")
            .and_then(|v| v.split_once('/'))
            .map_or("", |(group, _)| group);
        let target = ObjectId {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
        let bounds = Bounds {
            min: number("/spec/minReplicas").unwrap_or(1),
            max: number("/spec/maxReplicas").unwrap_or(i64::MAX),
        };
        self.0.insert(target, bounds);
    }

    pub(super) fn of(&self, id: &ObjectId) -> Option<Bounds> {
        self.0.get(id).copied()
    }
}
