//! Objects of ten kinds as a repository has them, and as an API server returns them.

use serde_json::{Map, Value, json};

/// The field manager that applied them.
pub(crate) const APPLIER: &str = "argocd-controller";

/// Namespaces that they are spread over.
pub(crate) const NAMESPACES: usize = 20;

/// `applications` × 10 objects, as a repository has them.
pub(crate) fn desired(applications: usize) -> Vec<Value> {
    (0..applications).flat_map(application).collect()
}

/// The namespace with this number.
pub(crate) fn namespace(i: usize) -> String {
    format!("team-{:02}", i % NAMESPACES)
}

fn application(i: usize) -> [Value; 10] {
    let (name, namespace) = (format!("app-{i:05}"), namespace(i));
    let labels = json!({"app.kubernetes.io/name": name});
    let object = |api_version: &str, kind: &str, rest: Value| {
        let mut object = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
        });
        for (key, value) in rest.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        object
    };
    let container = |container: &str, port: u16| {
        let variable = |n: usize| json!({"name": format!("VARIABLE_{n}"), "value": n.to_string()});
        json!({
            "name": container,
            "image": format!("registry.example/{name}-{container}:1.4.{i}"),
            "ports": [{"name": container, "containerPort": port}],
            "env": (0..8).map(variable).collect::<Vec<_>>(),
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"memory": "256Mi"},
            },
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": port}},
        })
    };
    let data: Map<String, Value> = (0..10)
        .map(|n| (format!("key-{n}"), json!(format!("value {n} ").repeat(8))))
        .collect();
    let peer = json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "app-00000"}}});
    let backend = json!({"service": {"name": name, "port": {"name": "http"}}});
    [
        object("v1", "ServiceAccount", json!({})),
        object("v1", "ConfigMap", json!({"data": data})),
        object(
            "v1",
            "Service",
            json!({"spec": {
                "selector": labels,
                "ports": [{"name": "http", "port": 80, "targetPort": "main"}],
            }}),
        ),
        object(
            "apps/v1",
            "Deployment",
            json!({"spec": {
                "replicas": 2,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "serviceAccountName": name,
                        "containers": [container("main", 8080), container("sidecar", 8081)],
                    },
                },
            }}),
        ),
        object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({"spec": {
                "minReplicas": 2,
                "maxReplicas": 10,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "metrics": [{"type": "Resource", "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 70},
                }}],
            }}),
        ),
        object(
            "policy/v1",
            "PodDisruptionBudget",
            json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}}),
        ),
        object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({"spec": {
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [peer], "ports": [{"port": 8080}]}],
            }}),
        ),
        object(
            "networking.k8s.io/v1",
            "Ingress",
            json!({"spec": {"rules": [{
                "host": format!("{name}.shop.example"),
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
            }]}}),
        ),
        object(
            "rbac.authorization.k8s.io/v1",
            "Role",
            json!({"rules": [
                {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]},
            ]}),
        ),
        object(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
            }),
        ),
    ]
}

/// The object as a server returns it: with defaults, what the server knows of it, and who wrote
/// what.
pub(crate) fn served(desired: &Value, number: usize) -> Value {
    let mut live = desired.clone();
    let mut fields = fields(desired);
    for written in ["apiVersion", "kind"] {
        fields
            .as_object_mut()
            .expect("of a map")
            .remove(&format!("f:{written}"));
    }
    defaults(&mut live);
    let metadata = &mut live["metadata"];
    metadata["uid"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
    metadata["resourceVersion"] = json!(number.to_string());
    metadata["creationTimestamp"] = json!("2026-01-31T08:00:00Z");
    metadata["managedFields"] = json!([{
        "manager": APPLIER,
        "operation": "Apply",
        "apiVersion": desired["apiVersion"],
        "time": "2026-01-31T08:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }]);
    live
}

/// Who wrote what, in the form of managed fields: lists of named members by name, others whole.
fn fields(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (format!("f:{key}"), fields(member)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(members) if members.iter().all(|m| m["name"].is_string()) => members
            .iter()
            .map(|member| {
                let mut inner = fields(member);
                inner["."] = json!({});
                (format!("k:{}", json!({"name": member["name"]})), inner)
            })
            .collect::<Map<_, _>>()
            .into(),
        _ => json!({}),
    }
}

fn defaults(live: &mut Value) {
    match live["kind"].as_str() {
        Some("Service") => {
            let spec = &mut live["spec"];
            spec["type"] = json!("ClusterIP");
            spec["sessionAffinity"] = json!("None");
            spec["internalTrafficPolicy"] = json!("Cluster");
            spec["clusterIP"] = json!("10.0.0.7");
            spec["clusterIPs"] = json!(["10.0.0.7"]);
            spec["ipFamilies"] = json!(["IPv4"]);
            spec["ipFamilyPolicy"] = json!("SingleStack");
            spec["ports"][0]["protocol"] = json!("TCP");
            live["status"] = json!({"loadBalancer": {}});
        }
        Some("Deployment") => {
            let spec = &mut live["spec"];
            spec["progressDeadlineSeconds"] = json!(600);
            spec["revisionHistoryLimit"] = json!(10);
            spec["strategy"] = json!({
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            });
            let pod = &mut spec["template"]["spec"];
            pod["dnsPolicy"] = json!("ClusterFirst");
            pod["restartPolicy"] = json!("Always");
            pod["schedulerName"] = json!("default-scheduler");
            pod["securityContext"] = json!({});
            pod["serviceAccount"] = pod["serviceAccountName"].clone();
            pod["terminationGracePeriodSeconds"] = json!(30);
            for container in pod["containers"].as_array_mut().into_iter().flatten() {
                container["imagePullPolicy"] = json!("IfNotPresent");
                container["terminationMessagePath"] = json!("/dev/termination-log");
                container["terminationMessagePolicy"] = json!("File");
                container["ports"][0]["protocol"] = json!("TCP");
                let probe = &mut container["readinessProbe"];
                probe["httpGet"]["scheme"] = json!("HTTP");
                for (field, value) in [
                    ("failureThreshold", 3),
                    ("periodSeconds", 10),
                    ("successThreshold", 1),
                    ("timeoutSeconds", 1),
                ] {
                    probe[field] = json!(value);
                }
            }
            live["status"] = json!({"observedGeneration": 1, "replicas": 2, "readyReplicas": 2});
        }
        Some("NetworkPolicy") => live["spec"]["ingress"][0]["ports"][0]["protocol"] = json!("TCP"),
        _ => {}
    }
}
