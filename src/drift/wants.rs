//! Desired manifests to what must be read of their cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::live::{GroupKind, LiveState, SOUGHT, Want};
use crate::schema::Schemas;

use super::desired::Desired;
use super::read::{Identity, identity};
use super::settings::Settings;

/// What must be read: the kinds of the manifests, autoscalers as evidence for who set replicas,
/// and, where orphans can be told by a mark, the kinds that may have some.
///
/// `elsewhere` are kinds, with their versions, that other clusters of the fleet have.
pub fn wants(
    desired: &[Desired<'_>],
    elsewhere: &BTreeSet<(GroupKind, String)>,
    schemas: &Schemas,
    settings: &Settings,
) -> BTreeSet<Want> {
    let live = LiveState::default();
    let mut objects: BTreeMap<(GroupKind, String), BTreeSet<(String, String)>> = BTreeMap::new();
    for one in desired {
        let identity = identity(one.value, &live, schemas, settings.namespace.as_deref());
        let Identity::Named(id) = identity else {
            continue;
        };
        let kind = GroupKind {
            group: id.group,
            kind: id.kind,
        };
        let version = one.value["apiVersion"].as_str().unwrap_or_default();
        let version = version.rsplit('/').next().unwrap_or_default().to_owned();
        let names = objects.entry((kind, version)).or_default();
        names.insert((id.namespace, id.name));
    }
    let own_mark = !settings.cluster.is_empty();
    let orphans = own_mark || !settings.marks.is_empty() || settings.orphans.is_some();
    let known: BTreeSet<GroupKind> = objects.keys().map(|(kind, _)| kind.clone()).collect();
    let mut also = |kind: GroupKind, version: &str| {
        if !known.contains(&kind) {
            objects.entry((kind, version.to_owned())).or_default();
        }
    };
    if orphans {
        for (kind, version) in elsewhere {
            also(kind.clone(), version);
        }
    }
    let autoscaler = kind("autoscaling", "HorizontalPodAutoscaler");
    if desired
        .iter()
        .any(|d| d.value.pointer("/spec/replicas").is_some())
    {
        also(autoscaler.clone(), "v2");
    }
    if own_mark {
        for (group, version, name) in SOUGHT {
            also(kind(group, name), version);
        }
    }
    let all = settings.any_may_be_ours();
    objects
        .into_iter()
        .map(|((kind, version), objects)| Want {
            keep_all: all || kind == autoscaler,
            seek: None,
            kind,
            version,
            objects,
            everywhere: orphans,
        })
        .collect()
}

fn kind(group: &str, kind: &str) -> GroupKind {
    GroupKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(settings: &Settings, elsewhere: &BTreeSet<(GroupKind, String)>) -> BTreeSet<Want> {
        let manifests = [
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2}}),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "namespace": "no"}}),
            json!({"kind": "Broken"}),
        ];
        let desired: Vec<Desired<'_>> = manifests.iter().map(Desired::of).collect();
        wants(&desired, elsewhere, Schemas::built_in(), settings)
    }

    fn shown(wants: &BTreeSet<Want>) -> Vec<String> {
        let one = |w: &Want| format!("{}/{} {:?}", w.kind, w.version, w.objects);
        wants.iter().map(one).collect()
    }

    #[test]
    fn without_marks_only_what_is_named_is_read_and_autoscalers_whole() {
        let settings = Settings {
            namespace: Some("shop".to_owned()),
            ..Settings::default()
        };
        let elsewhere = BTreeSet::from([(kind("batch", "CronJob"), "v1".to_owned())]);
        let wants = of(&settings, &elsewhere);
        assert_eq!(
            shown(&wants),
            [
                r#"Namespace/v1 {("", "shop")}"#,
                r#"apps/Deployment/v1 {("shop", "web")}"#,
                "autoscaling/HorizontalPodAutoscaler/v2 {}",
            ]
        );
        assert!(wants.iter().all(|w| !w.everywhere));
        let whole: Vec<bool> = wants.iter().map(|w| w.keep_all).collect();
        assert_eq!(whole, [false, false, true]);
    }

    #[test]
    fn orphans_are_looked_for_where_the_fleet_has_or_had_some() {
        let settings = Settings {
            cluster: "a".to_owned(),
            ..Settings::default()
        };
        let elsewhere = BTreeSet::from([
            (kind("acme.io", "Widget"), "v1beta1".to_owned()),
            (kind("apps", "Deployment"), "v1beta1".to_owned()),
        ]);
        let wants = of(&settings, &elsewhere);
        let shown = shown(&wants);
        assert!(shown.contains(&"acme.io/Widget/v1beta1 {}".to_owned()));
        assert!(shown.contains(&"batch/CronJob/v1 {}".to_owned()));
        let deployments = shown.iter().filter(|w| w.starts_with("apps/Deployment"));
        assert_eq!(
            deployments.count(),
            1,
            "another version is the same objects"
        );
        assert!(wants.iter().all(|w| w.everywhere));
    }
}
