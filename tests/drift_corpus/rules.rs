//! Rules that no recorded case exercises, each by its smallest case.

use regen::drift::Settings;
use regen::model::finding::FindingSeverity;
use regen::schema::Schemas;
use serde_json::{Value, json};

use super::{Case, live_state, report};

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "time": "2026-11-23T01:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn object(api_version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}});
    merge(&mut object, rest);
    object
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn owned(mut object: Value, entries: &[Value]) -> Value {
    object["metadata"]["managedFields"] = entries.to_vec().into();
    object
}

/// Findings and information as `kind path`, pending ones with `!`, high ones with `^`.
fn told(desired: Vec<Value>, live: Vec<Value>, settings: Value) -> Vec<String> {
    let case = Case {
        live: live_state(live, &desired),
        desired,
        settings: Settings::read(&settings).expect("settings"),
        expect: Value::Null,
    };
    report(&case, Schemas::built_in())
        .findings
        .iter()
        .map(|f| {
            let kind = serde_json::to_value(f.kind).unwrap();
            let kind = kind.as_str().unwrap().to_owned();
            let high = if f.severity == FindingSeverity::High {
                "^"
            } else {
                ""
            };
            let pending = if f.pending { "!" } else { "" };
            format!("{kind}{pending}{high} {}", f.path)
        })
        .filter(|t| !t.starts_with("no-applier"))
        .collect()
}

const FLUX: &str = "kustomize-controller";

fn spec(pod: Value) -> Value {
    let mut all = json!({"containers": [{"name": "web", "image": "a:1"}]});
    merge(&mut all, pod);
    json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": all}}})
}

fn deployment(pod: Value) -> Value {
    object("apps/v1", "Deployment", spec(pod))
}

#[test]
fn an_explicit_zero_is_said() {
    let controller = [entry("some-controller", "Update", json!({"f:spec": {}}))];
    let live = owned(deployment(json!({"hostNetwork": true})), &controller);
    let desired = deployment(json!({"hostNetwork": false}));
    assert_eq!(
        told(vec![desired], vec![live], json!({})),
        ["modified /spec/template/spec/hostNetwork"]
    );
    let policy = |ingress: Value| {
        object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress}}),
        )
    };
    let live = owned(policy(json!([{}])), &controller);
    assert_eq!(
        told(vec![policy(json!([]))], vec![live], json!({})),
        ["modified /spec/ingress"]
    );
    let live = owned(policy(json!(null)), &controller);
    assert_eq!(
        told(vec![policy(json!([]))], vec![live], json!({})),
        Vec::<String>::new()
    );
}

#[test]
fn an_autoscaler_is_trusted_within_its_bounds_only() {
    let hpa = object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        json!({"spec": {"minReplicas": 2, "maxReplicas": 5,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}),
    );
    let run = |replicas: i64| {
        let mut live = owned(
            deployment(json!({})),
            &[entry(FLUX, "Apply", json!({"f:spec": {"f:selector": {}}}))],
        );
        live["spec"]["replicas"] = replicas.into();
        told(
            vec![deployment(json!({}))],
            vec![live, hpa.clone()],
            json!({}),
        )
    };
    assert_eq!(run(4), ["autoscaled /spec/replicas"]);
    assert_eq!(run(9), ["extra /spec/replicas"]);
    assert_eq!(run(0), ["extra /spec/replicas"]);
}

#[test]
fn unowned_extras_are_drift_where_they_grant() {
    let applied = [entry(FLUX, "Apply", json!({"f:spec": {"f:selector": {}}}))];
    for (pod, expected) in [
        (
            json!({"priorityClassName": "high"}),
            "injected /spec/template/spec/priorityClassName",
        ),
        (
            json!({"hostPID": true}),
            "extra^ /spec/template/spec/hostPID",
        ),
        (
            json!({"serviceAccountName": "admin"}),
            "extra^ /spec/template/spec/serviceAccountName",
        ),
        (
            json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
            "extra^ /spec/template/spec/volumes/[name=v]",
        ),
        (
            json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
            "injected /spec/template/spec/volumes/[name=v]",
        ),
        (
            json!({"initContainers": [{"name": "i", "image": "a:1"}]}),
            "extra^ /spec/template/spec/initContainers/[name=i]",
        ),
        (
            json!({"securityContext": {"runAsUser": 0}}),
            "extra^ /spec/template/spec/securityContext/runAsUser",
        ),
    ] {
        let live = owned(deployment(pod), &applied);
        assert_eq!(
            told(vec![deployment(json!({}))], vec![live], json!({})),
            [expected]
        );
    }
}

#[test]
fn what_our_own_update_left_is_stale() {
    let map = |data: Value| object("v1", "ConfigMap", json!({"data": data}));
    let live = owned(
        map(json!({"a": "1", "b": "2"})),
        &[entry(
            "helm",
            "Update",
            json!({"f:data": {"f:a": {}, "f:b": {}}}),
        )],
    );
    assert_eq!(
        told(vec![map(json!({"a": "1"}))], vec![live.clone()], json!({})),
        ["stale! /data/b"]
    );
    assert_eq!(
        told(
            vec![map(json!({"a": "3", "b": "2"}))],
            vec![live.clone()],
            json!({})
        ),
        ["modified! /data/a"]
    );
    // With the annotation, only what it holds was ever ours.
    let mut noted = live;
    noted["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"a\":\"1\"}}"});
    assert_eq!(
        told(vec![map(json!({"a": "1"}))], vec![noted], json!({})),
        Vec::<String>::new()
    );
}

#[test]
fn hooks_depend_on_the_applier() {
    let job = object(
        "v1",
        "ConfigMap",
        json!({"metadata": {"annotations": {"argocd.argoproj.io/hook": "Sync"}}}),
    );
    let run = |applier: &str| told(vec![job.clone()], vec![], json!({"appliers": [applier]}));
    assert_eq!(run("argocd-controller"), ["hook "]);
    assert_eq!(run(FLUX), ["missing "]);
}

#[test]
fn tracking_metadata_that_the_applier_rewrites_is_no_drift() {
    let map = |name: &str| {
        object(
            "v1",
            "ConfigMap",
            json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": name}}}),
        )
    };
    let fields = json!({"f:metadata": {"f:labels": {"f:kustomize.toolkit.fluxcd.io/name": {}}}});
    let live = owned(map("b"), &[entry(FLUX, "Apply", fields.clone())]);
    assert_eq!(
        told(vec![map("a")], vec![live], json!({})),
        Vec::<String>::new()
    );
    let live = owned(map("b"), &[entry("kubectl-label", "Update", fields)]);
    assert_eq!(told(vec![map("a")], vec![live], json!({})).len(), 1);
}

#[test]
fn only_a_reference_makes_the_order_of_variables_mean_something() {
    let env = |names: [&str; 3]| {
        let all: Vec<Value> = names
            .iter()
            .map(|n| match *n {
                "URL" => json!({"name": "URL", "value": "http://$(HOST)"}),
                n => json!({"name": n, "value": "x"}),
            })
            .collect();
        owned(
            deployment(json!({"containers": [{"name": "web", "image": "a:1", "env": all}]})),
            &[entry(FLUX, "Apply", json!({}))],
        )
    };
    let desired = || vec![env(["HOST", "URL", "LOG"])];
    assert_eq!(
        told(desired(), vec![env(["LOG", "HOST", "URL"])], json!({})),
        Vec::<String>::new()
    );
    assert_eq!(
        told(desired(), vec![env(["URL", "HOST", "LOG"])], json!({})),
        ["reordered /spec/template/spec/containers/[name=web]/env"]
    );
}

#[test]
fn a_list_that_is_gone_is_told_by_element() {
    let with = deployment(
        json!({"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]}),
    );
    let live = owned(
        deployment(json!({})),
        &[entry(FLUX, "Apply", json!({"f:spec": {"f:selector": {}}}))],
    );
    assert_eq!(
        told(vec![with], vec![live], json!({})),
        [
            "removed /spec/template/spec/volumes/[name=a]",
            "removed /spec/template/spec/volumes/[name=b]"
        ]
    );
}

#[test]
fn owners_that_a_person_adds_are_drift() {
    let map = object("v1", "ConfigMap", json!({}));
    let mut live = map.clone();
    live["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]);
    let fields = json!({"f:metadata": {"f:ownerReferences": {"k:{\"uid\":\"u\"}": {}}}});
    let run = |manager: &str| {
        told(
            vec![map.clone()],
            vec![owned(
                live.clone(),
                &[entry(manager, "Update", fields.clone())],
            )],
            json!({}),
        )
    };
    assert_eq!(
        run("kubectl-edit"),
        ["extra /metadata/ownerReferences/[uid=u]"]
    );
    assert_eq!(run("kube-controller-manager"), Vec::<String>::new());
}

#[test]
fn orphans_carry_a_mark_that_names_themselves() {
    let marked = |id: &str, owner: Option<&str>| {
        let mut map = object(
            "v1",
            "ConfigMap",
            json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "regen"},
            "annotations": {"regen.dev/id": id}, "uid": "1"}}),
        );
        if let Some(uid) = owner {
            map["metadata"]["ownerReferences"] =
                json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": uid}]);
        }
        map
    };
    let run = |id: &str, owner: Option<&str>| told(vec![], vec![marked(id, owner)], json!({}));
    assert_eq!(run(":/ConfigMap:shop/web", None), ["orphan "]);
    assert_eq!(run(":/ConfigMap:shop/other", None), Vec::<String>::new());
    assert_eq!(run(":/ConfigMap:shop/web", Some("gone")), ["orphan "]);
    assert_eq!(run(":/ConfigMap:shop/web", Some("1")), Vec::<String>::new());
}

#[test]
fn a_manifest_twice_or_refused_is_not_compared() {
    let map = object("v1", "ConfigMap", json!({"data": {"a": "1"}}));
    let live = object("v1", "ConfigMap", json!({"data": {"a": "2"}}));
    assert_eq!(
        told(vec![map.clone(), map], vec![live.clone()], json!({})),
        ["duplicate "]
    );
    let wrong = object("v1", "ConfigMap", json!({"data": {"a": true}}));
    assert_eq!(
        told(vec![wrong], vec![live], json!({})),
        ["invalid-manifest /data/a"]
    );
}

#[test]
fn rules_hide_what_they_name() {
    let live = owned(
        deployment(json!({"nodeSelector": {"a": "b"}, "hostPID": true})),
        &[entry("kubectl-edit", "Update", json!({"f:spec": {}}))],
    );
    let run = |rule: Value| {
        told(
            vec![deployment(json!({}))],
            vec![live.clone()],
            json!({"ignore": [rule]}),
        )
    };
    let host = "extra^ /spec/template/spec/hostPID";
    assert_eq!(
        run(json!({"jsonPointers": ["/spec/template/spec/nodeSelector/a"]})),
        [host, "ignored /spec/template/spec/nodeSelector"]
    );
    assert_eq!(
        run(json!({"jqPathExpressions": [".spec.template.spec.hostPID"]})),
        [
            "ignored /spec/template/spec/hostPID",
            "extra /spec/template/spec/nodeSelector"
        ]
    );
    assert_eq!(
        run(json!({"managers": ["kubectl-*"]})),
        [
            "ignored /spec/template/spec/hostPID",
            "ignored /spec/template/spec/nodeSelector"
        ]
    );
    assert_eq!(
        run(json!({"kind": "Service", "managers": ["*"]})),
        [host, "extra /spec/template/spec/nodeSelector"]
    );
}

#[test]
fn what_could_not_be_read_is_unknown() {
    use regen::model::finding::Verdict;
    use regen::model::live::{GroupKind, Unreadable, View};
    let map = object("v1", "ConfigMap", json!({}));
    let why = || Unreadable {
        reason: "Forbidden".to_owned(),
        detail: "list configmaps".to_owned(),
    };
    let views = [
        (Some(View::Complete), Verdict::Drift),
        (Some(View::NotServed), Verdict::Drift),
        (
            Some(View::Namespaces(["shop".to_owned()].into())),
            Verdict::Drift,
        ),
        (
            Some(View::Namespaces(["other".to_owned()].into())),
            Verdict::Unknown,
        ),
        (Some(View::Partial(why())), Verdict::Unknown),
        (Some(View::Unreadable(why())), Verdict::Unknown),
        (None, Verdict::Unknown),
    ];
    for (view, verdict) in views {
        let mut case = Case {
            live: live_state(vec![], &[]),
            desired: vec![map.clone()],
            settings: Settings::default(),
            expect: Value::Null,
        };
        let kind = GroupKind {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
        };
        case.live.views.extend(view.clone().map(|v| (kind, v)));
        assert_eq!(
            report(&case, Schemas::built_in()).verdict(),
            verdict,
            "{view:?}"
        );
        case.live.unreadable = Some(why());
        assert_eq!(
            report(&case, Schemas::built_in()).verdict(),
            Verdict::Unknown
        );
    }
}
