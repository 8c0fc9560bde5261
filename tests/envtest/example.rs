//! Promises 2 and 4: what the example renders is accepted as it is, and found unchanged afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use regen::diag::Sink;
use regen::drift::{Desired, Settings, compare};
use regen::io::kube::Limits;
use regen::model::finding::{Finding, FindingKind, FindingSeverity};
use regen::model::live::Want;
use regen::model::live::{LiveState, View};
use regen::model::manifest::{Made, Manifest, ManifestSet, ObjectId};
use regen::model::name::ClusterName;
use regen::pipeline::{self, Input};
use regen::plan::Options;
use regen::schema::Schemas;
use serde_json::{Value, json};

use super::api_server_real::{ADMIN, RealServer};
use super::{gk, read_one};

/// What the example renders.
pub(super) fn rendered() -> ManifestSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/online-boutique");
    let mut input = Input::default();
    let mut sink = Sink::new();
    input.files = regen::io::files::read_fleet(&root, &mut input.sources).unwrap();
    let planned = pipeline::plan(&input, &Options::default(), &mut sink);
    let set = planned.and_then(|planned| pipeline::render(&input, &planned, &mut sink));
    set.unwrap_or_else(|_| panic!("{:#?}", sink.into_sorted()))
}

/// The manifests of each cluster, those that others stand in first.
pub(super) fn by_cluster(set: &ManifestSet) -> BTreeMap<ClusterName, Vec<&Manifest>> {
    let mut clusters: BTreeMap<ClusterName, Vec<&Manifest>> = BTreeMap::new();
    for (_, manifest) in set.manifests() {
        if let Some(cluster) = &manifest.cluster {
            clusters.entry(cluster.clone()).or_default().push(manifest);
        }
    }
    for manifests in clusters.values_mut() {
        manifests.sort_by_key(|m| (m.id.kind != "Namespace", m.id.clone()));
    }
    clusters
}

/// Whether a server knows a kind without anything installed.
pub(super) fn built_in(manifest: &Manifest) -> bool {
    let group = manifest.id.group.as_str();
    !group.contains('.')
        || matches!(
            group,
            "networking.k8s.io" | "rbac.authorization.k8s.io" | "admissionregistration.k8s.io"
        )
}

fn wants(manifests: &[&Manifest]) -> Vec<Want> {
    let mut wants: BTreeMap<(String, String, String), BTreeSet<(String, String)>> = BTreeMap::new();
    for manifest in manifests {
        let version = manifest.body()["apiVersion"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        let key = (manifest.id.group.clone(), manifest.id.kind.clone(), version);
        let object = (manifest.id.namespace.clone(), manifest.id.name.clone());
        wants.entry(key).or_default().insert(object);
    }
    let want = |((group, kind, version), objects): ((String, String, String), _)| Want {
        kind: gk(&group, &kind),
        version,
        objects,
        everywhere: false,
        keep_all: false,
        seek: None,
    };
    wants.into_iter().map(want).collect()
}

fn find<'a>(state: &'a LiveState, manifest: &Manifest) -> Option<&'a Value> {
    let text = |body: &Value, key: &str| {
        body["metadata"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let same = |body: &Value| {
        text(body, "namespace") == manifest.id.namespace && text(body, "name") == manifest.id.name
    };
    let objects = state
        .objects
        .iter()
        .filter(|o| o.kind == gk(&manifest.id.group, &manifest.id.kind));
    objects.map(|o| &o.body).find(|body| same(body))
}

#[test]
fn the_example_is_accepted_and_has_no_drift() {
    let test = "the_example_is_accepted_and_has_no_drift";
    if std::env::var_os("KUBEBUILDER_ASSETS").is_none() {
        assert!(RealServer::start(test).is_none());
        return;
    }
    let set = rendered();
    let clusters = by_cluster(&set);
    assert!(!clusters.is_empty());
    for (cluster, manifests) in clusters {
        let Some(server) = RealServer::start(test) else {
            return;
        };
        let manifests: Vec<&Manifest> = manifests.into_iter().filter(|m| built_in(m)).collect();
        assert!(
            manifests.len() > 20,
            "{cluster} has only {} objects",
            manifests.len()
        );
        let refused: Vec<String> = manifests
            .iter()
            .filter_map(|m| {
                server
                    .apply(m.body())
                    .err()
                    .map(|error| format!("{}: {error}", m.id))
            })
            .collect();
        assert!(
            refused.is_empty(),
            "{cluster} refuses {} objects:\n{}",
            refused.len(),
            refused.join("\n")
        );

        let admin = server.kubeconfig("admin", ADMIN, true);
        let state = read_one(&admin, &wants(&manifests), &Limits::default());
        assert_eq!(state.unreadable, None);
        for view in state.views.values() {
            assert!(
                matches!(view, View::Complete | View::Namespaces(_)),
                "{view:?}"
            );
        }
        for manifest in &manifests {
            assert!(
                find(&state, manifest).is_some(),
                "{cluster} does not give {} back",
                manifest.id
            );
        }

        let findings = drift(&cluster, &manifests, &state);
        assert!(
            findings.is_empty(),
            "{cluster} has drift at once:\n{findings:#?}"
        );
        one_edit_is_one_finding(&server, &cluster, &manifests);
        what_is_missing_and_what_is_left_over(&server, &cluster, &manifests);
    }
}

fn drift(cluster: &ClusterName, manifests: &[&Manifest], state: &LiveState) -> Vec<Finding> {
    let desired: Vec<Desired<'_>> = manifests
        .iter()
        .map(|m| Desired {
            origins: Some(m.origins()),
            ..Desired::of(m.body())
        })
        .collect();
    let settings = Settings {
        cluster: cluster.to_string(),
        ..Settings::default()
    };
    let report = compare(&desired, state, Schemas::built_in(), &settings);
    let findings = report.findings.into_iter();
    findings
        .filter(|f| f.severity != FindingSeverity::Info)
        .collect()
}

/// An image changed by hand is one finding, which says who, when and where it was meant to come from.
fn one_edit_is_one_finding(server: &RealServer, cluster: &ClusterName, manifests: &[&Manifest]) {
    let deployment = manifests
        .iter()
        .find(|m| m.id.kind == "Deployment")
        .unwrap();
    let mut containers = deployment.body()["spec"]["template"]["spec"]["containers"].clone();
    containers[0]["image"] = "example.com/by-hand:1".into();
    let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    server.edit("kubectl-edit", deployment.body(), &patch);

    let admin = server.kubeconfig("admin", ADMIN, true);
    let state = read_one(&admin, &wants(manifests), &Limits::default());
    let findings = drift(cluster, manifests, &state);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = &findings[0];
    assert_eq!(finding.object, *deployment.id);
    assert_eq!(finding.kind, FindingKind::Modified);
    assert!(finding.path.ends_with("/image"), "{}", finding.path);
    assert_eq!(finding.live, Some("example.com/by-hand:1".into()));
    assert_eq!(finding.by[0].manager, "kubectl-edit");
    assert!(finding.by[0].time.is_some());
    assert!(finding.origin.is_some());
}

/// Beside the edit: an object that was never applied, and one that no manifest is about any more.
fn what_is_missing_and_what_is_left_over(
    server: &RealServer,
    cluster: &ClusterName,
    manifests: &[&Manifest],
) {
    let model = manifests
        .iter()
        .find(|m| m.id.kind == "ServiceAccount")
        .unwrap();
    let renamed = |name: &str| {
        let mut id = ObjectId::clone(&model.id);
        id.name = name.to_owned();
        let mut body = model.body().clone();
        body["metadata"]["name"] = name.into();
        body["metadata"]["annotations"]["regen.dev/id"] =
            regen::drift::mark(cluster.as_str(), &id).into();
        let origins = model.origins().clone();
        let made = Arc::new(Made { body, origins });
        Manifest::new(
            Arc::new(id),
            model.cluster.clone(),
            model.template.clone(),
            made,
        )
    };
    let (missing, left_over) = (renamed("missing"), renamed("left-over"));
    server.apply(left_over.body()).unwrap();
    let desired: Vec<&Manifest> = manifests.iter().copied().chain([&missing]).collect();
    let admin = server.kubeconfig("admin", ADMIN, true);
    let state = read_one(&admin, &wants(&desired), &Limits::default());
    let mut found: Vec<_> = drift(cluster, &desired, &state)
        .into_iter()
        .map(|f| (f.kind, f.object))
        .collect();
    found.retain(|(kind, _)| *kind != FindingKind::Modified);
    found.sort();
    assert_eq!(
        found,
        [
            (FindingKind::Missing, ObjectId::clone(&missing.id)),
            (FindingKind::Orphan, ObjectId::clone(&left_over.id))
        ]
    );
}
