//! A Deployment, StatefulSet or CronJob and what stands around it become one service.

use serde_json::{Value, json};

use super::around::Around;
use super::object::Object;
use super::text::{Field, Item, field};

/// Where the pod of a workload of this kind stands, if the catalog can hold the kind.
pub(super) fn template(kind: &str) -> Option<&'static str> {
    match kind {
        "Deployment" | "StatefulSet" => Some("/spec/template"),
        "CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Whether a Service or a disruption budget chooses the pods of a workload.
pub(super) fn selects(selector: &Value, workload: &Object) -> bool {
    let Some(template) = template(&workload.kind) else {
        return false;
    };
    let labels = workload.get(&format!("{template}/metadata/labels"));
    selector.as_object().is_some_and(|wanted| {
        !wanted.is_empty() && wanted.iter().all(|(k, v)| labels.get(k) == Some(v))
    })
}

/// The fields of `workload` that are the kind's own: what runs, how many, when.
pub(super) fn fields(
    object: &mut Object,
    autoscaler: Option<&mut Object>,
    around: &mut Around,
) -> (Vec<Field>, Vec<Field>) {
    let mut before = Vec::new();
    let mut after = Vec::new();
    if object.kind != "Deployment" {
        before.push(field("kind", Item::plain(&object.kind)));
    }
    if object.kind == "CronJob" {
        let zone = object.text("/spec/timeZone");
        let cron = object.text("/spec/schedule").unwrap_or_default();
        let item = match zone {
            None => Item::text(cron),
            Some(zone) => Item::Fields(vec![
                field("cron", Item::text(cron)),
                field("timeZone", Item::text(zone)),
            ]),
        };
        before.push(field("schedule", item));
    } else {
        after.push(field("scale", scale(object, autoscaler, around)));
    }
    assumed(object);
    (before, after)
}

fn scale(object: &mut Object, autoscaler: Option<&mut Object>, around: &mut Around) -> Item {
    let replicas = object.number("/spec/replicas").unwrap_or(1);
    let Some(scaler) = autoscaler else {
        let min = match replicas {
            0 => {
                around.tell(
                    object,
                    "/spec/replicas",
                    "none run there; here at least one does",
                );
                1
            }
            some => some,
        };
        return Item::Fields(vec![field("min", Item::plain(min))]);
    };
    scaler.adopted = true;
    scaler.drop("/spec/scaleTargetRef");
    let min = match scaler.number("/spec/minReplicas") {
        Some(0) => {
            around.tell(scaler, "/spec/minReplicas", "here at least one runs");
            1
        }
        min => min.unwrap_or(1),
    };
    let max = scaler.number("/spec/maxReplicas").unwrap_or(min).max(min);
    let mut fields = vec![
        field("min", Item::plain(min)),
        field("max", Item::plain(max)),
    ];
    let old = "/spec/targetCPUUtilizationPercentage".to_owned();
    let new = (0..scaler.len("/spec/metrics")).map(|i| format!("/spec/metrics/{i}"));
    let cpu = new.filter(|at| {
        scaler.get(&format!("{at}/resource/name")) == "cpu"
            && scaler.get(&format!("{at}/resource/target/type")) == "Utilization"
    });
    let cpu = cpu.map(|at| (format!("{at}/resource/target/averageUtilization"), Some(at)));
    for (at, metric) in cpu.chain([(old, None)]).collect::<Vec<_>>() {
        if let Some(percent) = scaler.get(&at).as_u64().filter(|p| (1..=100).contains(p)) {
            fields.push(field("cpu", Item::plain(format!("{percent}%"))));
            scaler.drop(&metric.unwrap_or(at));
            break;
        }
    }
    Item::Fields(fields)
}

/// What Kubernetes assumes, and what the rendered objects have as well.
fn assumed(object: &mut Object) {
    let Some(template) = template(&object.kind) else {
        return;
    };
    object.drop_labels(&format!("{template}/metadata/labels"));
    object.drop(&format!("{template}/metadata/creationTimestamp"));
    let selector = object.take("/spec/selector/matchLabels");
    for (label, value) in selector.as_object().into_iter().flatten() {
        let label = label.replace('~', "~0").replace('/', "~1");
        for labels in [
            format!("{template}/metadata/labels"),
            "/metadata/labels".to_owned(),
        ] {
            object.drop_if(&format!("{labels}/{label}"), value);
        }
    }
    let values = [
        ("/spec/strategy/type", json!("RollingUpdate")),
        ("/spec/strategy/rollingUpdate/maxSurge", json!("25%")),
        ("/spec/strategy/rollingUpdate/maxUnavailable", json!("25%")),
        ("/spec/strategy/rollingUpdate/maxUnavailable", json!(0)),
        ("/spec/progressDeadlineSeconds", json!(600)),
        ("/spec/revisionHistoryLimit", json!(10)),
        ("/spec/podManagementPolicy", json!("OrderedReady")),
        ("/spec/updateStrategy/type", json!("RollingUpdate")),
        ("/spec/updateStrategy/rollingUpdate/partition", json!(0)),
        ("/spec/concurrencyPolicy", json!("Forbid")),
        ("/spec/suspend", json!(false)),
        ("/spec/startingDeadlineSeconds", json!(300)),
        ("/spec/successfulJobsHistoryLimit", json!(3)),
        ("/spec/failedJobsHistoryLimit", json!(3)),
        ("/spec/jobTemplate/spec/backoffLimit", json!(3)),
    ];
    for (at, value) in values {
        object.drop_if(at, &value);
    }
    if object.kind == "StatefulSet" {
        object.drop("/spec/serviceName");
    }
}

/// Takes what a Service in front of a workload says beside its ports.
pub(super) fn in_front(service: &mut Object) {
    service.adopted = true;
    let known = [
        "selector",
        "clusterIP",
        "clusterIPs",
        "ipFamilies",
        "ipFamilyPolicy",
    ];
    for key in known {
        service.drop(&format!("/spec/{key}"));
    }
    service.drop_if("/spec/type", &json!("ClusterIP"));
    service.drop_if("/spec/sessionAffinity", &json!("None"));
    service.drop_if("/spec/internalTrafficPolicy", &json!("Cluster"));
}
