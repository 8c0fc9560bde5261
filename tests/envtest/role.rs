//! The scheduled report as it is shipped: what its service account may do is enough for every kind
//! that the example renders, and no more; what it may not read is unknown, never clean.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regen::model::manifest::Manifest;
use serde_json::{Value, json};

use super::api_server_real::{ADMIN, RealServer};
use super::example::{built_in, by_cluster, rendered};

const CLUSTER: &str = "euw1-a";

fn shipped() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/drift-report/cronjob.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let documents = regen::yaml::kubernetes::parse(&text).unwrap();
    documents.into_iter().map(|d| d.value).collect()
}

/// `networkpolicies` of `NetworkPolicy`.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    }
}

fn may(server: &RealServer, verb: &str, group: &str, resource: &str) -> bool {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "metadata": {}, "spec": {"user": "system:serviceaccount:regen:regen-drift",
            "resourceAttributes": {"verb": verb, "group": group, "resource": resource}}});
    server.post(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        &review,
    )["status"]["allowed"]
        == true
}

/// Runs the shipped comparison, by a kubeconfig instead of the pod's own account.
fn drift(kubeconfig: &Path, desired: &Path) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_regen"))
        .args(["drift", "--cluster", CLUSTER, "--context", "real"])
        .args(["--format", "json", "--desired"])
        .arg(desired)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

#[test]
fn the_scheduled_report_reads_what_it_compares_and_nothing_else() {
    let Some(server) =
        RealServer::start("the_scheduled_report_reads_what_it_compares_and_nothing_else")
    else {
        return;
    };
    let set = rendered();
    let manifests: Vec<&Manifest> = set.manifests().map(|(_, manifest)| manifest).collect();
    for object in shipped() {
        server.apply(&object).unwrap();
    }

    let kinds: BTreeSet<(&str, &str)> = manifests
        .iter()
        .map(|m| (m.id.group.as_str(), m.id.kind.as_str()))
        .collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    for (group, kind) in kinds {
        for verb in ["get", "list"] {
            assert!(
                may(&server, verb, group, &plural(kind)),
                "may not {verb} {group}/{kind}"
            );
        }
        for verb in ["create", "update", "patch", "delete", "watch"] {
            assert!(
                !may(&server, verb, group, &plural(kind)),
                "may {verb} {group}/{kind}"
            );
        }
    }
    for (verb, resource) in [("get", "secrets"), ("list", "secrets"), ("get", "pods")] {
        assert!(!may(&server, verb, "", resource), "may {verb} {resource}");
    }

    let clusters = by_cluster(&set);
    let mine = clusters.iter().find(|(name, _)| name.as_str() == CLUSTER);
    let directory = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for manifest in mine.unwrap().1.iter().filter(|m| built_in(m)) {
        server.apply(manifest.body()).unwrap();
        let file: PathBuf = directory.path().join(format!("{compared}.json"));
        std::fs::write(file, manifest.body().to_string()).unwrap();
        compared += 1;
    }
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": {}, "spec": {"expirationSeconds": 3600}});
    let token = server.post(
        "/api/v1/namespaces/regen/serviceaccounts/regen-drift/token",
        &request,
    );
    let token = token["status"]["token"].as_str().unwrap();
    let account = server.kubeconfig("account", token, true);

    let (code, report) = drift(&account, directory.path());
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["summary"]["clean"], compared);
    assert_eq!(report["summary"]["unknown"], 0);

    // Without one group: its objects are unknown, and so is the cluster.
    let role = shipped().into_iter().find(|o| o["kind"] == "ClusterRole");
    let mut role = role.unwrap();
    for rule in role["rules"].as_array_mut().unwrap() {
        let groups = rule["apiGroups"].as_array_mut().unwrap();
        groups.retain(|group| group != "networking.k8s.io");
    }
    server.apply(&role).unwrap();
    let (code, report) = until_unknown(&account, directory.path());
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(report["summary"]["clusters"][CLUSTER], "unknown");
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding["reason"], "Forbidden", "{finding:#}");
        assert!(finding["object"].to_string().contains("NetworkPolicy"));
    }
    let clean = report["summary"]["clean"].as_u64().unwrap();
    assert!(clean > 0 && clean < compared);

    // Drift beside what is unknown is drift.
    let admin = server.kubeconfig("admin", ADMIN, true);
    let namespace = mine.unwrap().1[0];
    assert_eq!(namespace.id.kind, "Namespace");
    let edit =
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}});
    server.edit("kubectl-label", namespace.body(), &edit);
    assert_eq!(drift(&account, directory.path()).0, Some(1));
    assert_eq!(drift(&admin, directory.path()).0, Some(1));

    // Without any right nothing is known, and nothing is clean.
    for rule in role["rules"].as_array_mut().unwrap() {
        rule["apiGroups"] = json!(["none.example"]);
    }
    server.apply(&role).unwrap();
    let (_, report) = until_all_unknown(&account, directory.path());
    assert_eq!(report["summary"]["clean"], 0);
    assert_eq!(report["summary"]["drift"], 0);
}

/// Rights take effect when the server's own cache has seen them.
fn until_unknown(kubeconfig: &Path, desired: &Path) -> (Option<i32>, Value) {
    until(kubeconfig, desired, |report| {
        report["summary"]["unknown"] != 0
    })
}

fn until_all_unknown(kubeconfig: &Path, desired: &Path) -> (Option<i32>, Value) {
    until(kubeconfig, desired, |report| {
        report["summary"]["clean"] == 0
    })
}

fn until(
    kubeconfig: &Path,
    desired: &Path,
    reached: impl Fn(&Value) -> bool,
) -> (Option<i32>, Value) {
    let mut ran = drift(kubeconfig, desired);
    for _ in 0..50 {
        if reached(&ran.1) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        ran = drift(kubeconfig, desired);
    }
    ran
}
