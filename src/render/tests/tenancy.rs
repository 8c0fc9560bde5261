//! Roles by groups, and pods that run once.

use serde_json::{Value, json};

use super::components::{body, set};
use super::fleet::Made;
use crate::model::world::*;

fn group(name: &str) -> Principal {
    Principal::Group(name.into())
}

fn subject(kind: &str, name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name})
}

fn team(name: &str) -> Option<Owner> {
    Some(Owner {
        team: name.into(),
        oncall: None,
        escalation: None,
    })
}

#[test]
fn groups_are_bound_everywhere_regions_add_some_and_owners_have_their_namespace() {
    let mut made = Made::new()
        .region("eu-west-1", 1)
        .region("us-east-1", 1)
        .service("web", |s| s.owner = team("shop"))
        .service("cart", |s| s.owner = team("carts"))
        .service("pay", |s| {
            s.owner = team("shop");
            s.namespace = "pay".into();
        });
    made.world.fleet.identity = Identity {
        everywhere: Roles {
            admins: vec![group("platform")],
            viewers: vec![group("engineering")],
        },
        regions: [(
            "us-east-1".into(),
            Roles {
                admins: vec![
                    Principal::User("ada@shop.example".into()),
                    group("platform"),
                ],
                viewers: Vec::new(),
            },
        )]
        .into(),
        owners: Some(group("team-{team}")),
    };
    let set = set(&made).unwrap();
    let bound = |cluster: &str, path: &str| -> (Value, Value) {
        let path = format!("clusters/{}/{cluster}/{path}.yaml", &cluster[..9]);
        let body = body(&set, &path);
        (body["roleRef"]["name"].clone(), body["subjects"].clone())
    };
    let platform = subject("Group", "platform");
    let looks = json!([subject("Group", "engineering")]);
    for (cluster, admins) in [
        ("eu-west-1-a", json!([platform])),
        (
            "us-east-1-a",
            json!([platform, subject("User", "ada@shop.example")]),
        ),
    ] {
        let at = |name: &str| {
            bound(
                cluster,
                &format!("_cluster/clusterrolebinding-storefront-{name}"),
            )
        };
        assert_eq!(at("admins"), (json!("cluster-admin"), admins));
        assert_eq!(at("viewers"), (json!("view"), looks.clone()));
        assert_eq!(
            at("viewers-more"),
            (json!("storefront-viewer"), looks.clone())
        );
        let shop = json!([
            subject("Group", "team-carts"),
            subject("Group", "team-shop")
        ]);
        for (name, role) in [
            ("view", "view"),
            ("viewer", "storefront-viewer"),
            ("owner", "storefront-owner"),
        ] {
            let path = format!("shop/_namespace/rolebinding-owners-{name}");
            assert_eq!(bound(cluster, &path), (json!(role), shop.clone()), "{name}");
        }
        let pay = json!([subject("Group", "team-shop")]);
        assert_eq!(
            bound(cluster, "pay/_namespace/rolebinding-owners-view").1,
            pay
        );
    }
    // Nobody but administrators sees Secrets.
    for role in ["viewer", "owner"] {
        let path =
            format!("clusters/eu-west-1/eu-west-1-a/_cluster/clusterrole-storefront-{role}.yaml");
        assert!(
            !body(&set, &path)["rules"]
                .to_string()
                .contains("\"secrets\"")
        );
    }
    let project = body(
        &set,
        "clusters/eu-west-1/eu-west-1-a/_cluster/appproject-storefront.yaml",
    );
    let kinds = project["spec"]["clusterResourceWhitelist"]
        .as_array()
        .unwrap();
    let kinds: Vec<&str> = kinds.iter().map(|k| k["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Namespace", "ClusterRole", "ClusterRoleBinding"]);
}

#[test]
fn a_job_is_another_one_with_whatever_runs_in_it() {
    let made = |image: &str| {
        Made::new().region("eu-west-1", 1).service("migrate", |s| {
            s.workload.kind = WorkloadKind::Job;
            s.workload.image.value = image.into();
        })
    };
    let job = |image: &str| {
        let set = set(&made(image)).unwrap();
        let kinds: Vec<String> = set.manifests().map(|(_, m)| m.id.kind.clone()).collect();
        for kind in ["Deployment", "Service", "PodDisruptionBudget"] {
            assert!(!kinds.iter().any(|k| k == kind), "{kind}");
        }
        let (_, found) = set.manifests().find(|(_, m)| m.id.kind == "Job").unwrap();
        (found.id.name.clone(), found.body()["spec"].clone())
    };
    let (first, spec) = job("registry.example/migrate:1.0");
    assert_eq!(spec["backoffLimit"], 3);
    assert_eq!(spec["template"]["spec"]["restartPolicy"], "OnFailure");
    assert_eq!(
        spec["template"]["spec"].get("topologySpreadConstraints"),
        None
    );
    assert_eq!(job("registry.example/migrate:1.0").0, first);
    let (second, _) = job("registry.example/migrate:1.1");
    assert_ne!(first, second);
    assert!(first.starts_with("migrate-") && first.len() == "migrate-".len() + 8);
}
