//! What clusters share: an object is made once where templates see the same, and each cluster's
//! is what it would be alone.

use std::sync::Arc;

use serde_json::json;

use super::super::{Templates, render};
use super::fleet::Made;
use crate::diag::{Sink, Sources};
use crate::model::live::AlsoRead;
use crate::model::manifest::{ManifestSet, Origin};
use crate::model::origin::Subject;

const TEMPLATE: &str = "{#\n  scope: service\n  when: cluster.minor > 0 and missing is undefined\n#}
apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ service }}-here, namespace: {{ namespace }}}\ndata:
  minor: \"{{ cluster.minor }}\"
  environment: {{ cluster.environment }}";

fn rendered(made: &Made, template: &str) -> ManifestSet {
    let (mut sink, mut sources) = (Sink::new(), Sources::new());
    let path = "templates/own/here.yaml.j2";
    let source = sources.add(path, template);
    let templates = Templates::built_in().with_user(path, source, &sources, &mut sink);
    render(
        &made.world,
        &made.plan,
        &templates,
        &AlsoRead::new(),
        &mut sink,
    )
    .unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()))
}

/// Two clusters that are alike and one that is not, as a template sees them.
fn three() -> Made {
    let mut made = Made::new()
        .region("eu-west-1", 2)
        .region("us-east-1", 1)
        .service("cart", |_| {});
    let odd = made.world.clusters.keys().last().cloned().expect("three");
    if let Some(odd) = made.world.clusters.get_mut(&odd) {
        odd.kubernetes.minor -= 1;
    }
    made
}

#[test]
fn each_cluster_has_what_it_would_have_alone() {
    let made = three();
    let set = rendered(&made, TEMPLATE);
    let mut ids = Vec::new();
    for (path, manifest) in set.manifests() {
        let cluster = manifest.cluster.clone().expect("in a cluster");
        let file = &set.files[path];
        let read = crate::yaml::kubernetes::parse(&file.text.whole()).expect("readable");
        assert_eq!(&read[0].value, manifest.body(), "{path}");
        if manifest.id.name != "cart-here" {
            continue;
        }
        let world = &made.world.clusters[&cluster];
        assert_eq!(
            manifest.body()["data"]["minor"],
            json!(world.kubernetes.minor.to_string())
        );
        let id = format!("{cluster}:/ConfigMap:{}/cart-here", manifest.id.namespace);
        assert_eq!(
            manifest.body()["metadata"]["annotations"]["regen.dev/id"],
            json!(id)
        );
        let Origin::Field(field) = &manifest.origins()["/data/environment"] else {
            panic!("{:#?}", manifest.origins());
        };
        assert_eq!(field.subject, Subject::Cluster(cluster.clone()));
        ids.push(Arc::clone(&manifest.id));
    }
    let [a, b, odd] = &ids[..] else {
        panic!("{ids:#?}");
    };
    assert!(Arc::ptr_eq(a, b) && !Arc::ptr_eq(a, odd));
}

#[test]
fn a_template_that_names_its_cluster_is_rendered_for_each() {
    let template = TEMPLATE.replace("cluster.environment", "cluster.name ~ '!'");
    let set = rendered(&three(), &template);
    let names: Vec<String> = set
        .manifests()
        .filter(|(_, m)| m.id.name == "cart-here")
        .map(|(_, m)| m.body()["data"]["environment"].to_string())
        .collect();
    let clusters = three().world.clusters;
    let expected: Vec<String> = clusters.keys().map(|c| format!("\"{c}!\"")).collect();
    assert_eq!(names, expected);
}

#[test]
fn the_objects_of_a_service_share_a_file_where_they_shall() {
    let mut made = three();
    let apart = rendered(&made, TEMPLATE);
    made.world.fleet.gitops.file_per_service = true;
    let together = rendered(&made, TEMPLATE);
    let folder = "clusters/eu-west-1/eu-west-1-a/";
    let (mut documents, mut text) = (Vec::new(), String::new());
    for (path, file) in &apart.files {
        let path = path.as_str();
        match path.split_once("/cart/") {
            None => assert!(together.files.contains_key(path), "{path}"),
            Some(_) if !path.starts_with(folder) => {}
            Some(_) => documents.push(file),
        }
    }
    documents.sort_by_key(|file| &file.manifests[0].id);
    for file in &documents {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(&file.text.whole());
    }
    let namespace = &documents[0].manifests[0].id.namespace;
    let path = format!("{folder}{namespace}/cart.yaml");
    let file = &together.files[path.as_str()];
    assert_eq!(file.text.whole(), text);
    assert_eq!(
        crate::yaml::kubernetes::parse(&text).unwrap().len(),
        documents.len()
    );
    let ids = |files: &ManifestSet| files.manifests().count();
    assert_eq!(
        (ids(&together), file.manifests.len()),
        (ids(&apart), documents.len())
    );
    assert!(documents.len() > 3);
}
