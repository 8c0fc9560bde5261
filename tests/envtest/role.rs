//! The scheduled report as it is rendered: what its service account may do is enough for every kind
//! that the cluster has, and no more; what it may not read is unknown, never clean.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regen::diag::Sink;
use regen::model::input::Content;
use regen::model::manifest::{Manifest, ManifestSet};
use regen::pipeline::{self, Input};
use regen::schema::Schemas;
use regen::{io, plan};
use serde_json::{Value, json};

use super::api_server_real::{ADMIN, RealServer};
use super::example::{built_in, by_cluster};

const CLUSTER: &str = "euw1-a";

/// What the example renders with a report in each cluster.
fn reported() -> ManifestSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/online-boutique");
    let mut input = Input::default();
    let files = io::files::read_fleet(&root, &mut input.sources).unwrap();
    for mut file in files {
        if let (true, Content::Text(source)) = (file.path == "regen.yaml", &file.content) {
            let text = input.sources.get(*source).text();
            let asked = "drift: {report: {image: registry.example/regen:0.1.0, git: {url: https://git.example/a.git}}, ";
            let text = text.replacen("drift: {", asked, 1);
            assert!(text.contains(asked));
            file.content = Content::Text(input.sources.add("regen.yaml", text));
        }
        input.files.push(file);
    }
    let mut sink = Sink::new();
    let set = pipeline::plan(&input, &plan::Options::default(), &mut sink)
        .and_then(|planned| pipeline::render(&input, &planned, &mut sink));
    set.unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()))
}

fn may(server: &RealServer, verb: &str, group: &str, resource: &str) -> bool {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "metadata": {}, "spec": {"user": "system:serviceaccount:regen-drift:regen-drift",
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
    let set = reported();
    let clusters = by_cluster(&set);
    let mine = clusters.iter().find(|(name, _)| name.as_str() == CLUSTER);
    let mine = mine.unwrap().1;
    for manifest in mine.iter().filter(|m| built_in(m)) {
        server.apply(manifest.body()).unwrap();
    }

    let kinds: BTreeSet<(&str, &str)> = mine
        .iter()
        .map(|m| (m.id.group.as_str(), m.id.kind.as_str()))
        .collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    for (group, kind) in kinds {
        for verb in ["get", "list"] {
            assert!(
                may(
                    &server,
                    verb,
                    group,
                    &Schemas::built_in().plural(group, kind)
                ),
                "may not {verb} {group}/{kind}"
            );
        }
        for verb in ["create", "update", "patch", "delete", "watch"] {
            assert!(
                !may(
                    &server,
                    verb,
                    group,
                    &Schemas::built_in().plural(group, kind)
                ),
                "may {verb} {group}/{kind}"
            );
        }
    }
    for (verb, resource) in [("get", "secrets"), ("list", "secrets"), ("get", "pods")] {
        assert!(!may(&server, verb, "", resource), "may {verb} {resource}");
    }

    let directory = tempfile::tempdir().unwrap();
    let mut compared = 0;
    let is_role = |m: &Manifest| m.id.kind == "ClusterRole" && m.id.name == "regen-drift";
    for manifest in mine.iter().filter(|m| built_in(m) && !is_role(m)) {
        let file: PathBuf = directory.path().join(format!("{compared}.json"));
        std::fs::write(file, manifest.body().to_string()).unwrap();
        compared += 1;
    }
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": {}, "spec": {"expirationSeconds": 3600}});
    let token = server.post(
        "/api/v1/namespaces/regen-drift/serviceaccounts/regen-drift/token",
        &request,
    );
    let token = token["status"]["token"].as_str().unwrap();
    let account = server.kubeconfig("account", token, true);

    let (code, report) = drift(&account, directory.path());
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["summary"]["clean"], compared);
    assert_eq!(report["summary"]["unknown"], 0);

    // Without one group: its objects are unknown, and so is the cluster.
    let mut role = mine.iter().find(|m| is_role(m)).unwrap().body().clone();
    let rules = role["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["apiGroups"] != json!(["networking.k8s.io"]));
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
    let namespace = mine[0];
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
