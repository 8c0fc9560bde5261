//! The identity of a live object has no version; which of its versions is compared.

use serde_json::Value;

use crate::model::live::{GroupKind, LiveObject, LiveState, Unreadable};
use crate::model::manifest::ObjectId;
use crate::schema::Schemas;

/// What identifies a live object within its cluster.
pub(super) fn id(object: &LiveObject) -> ObjectId {
    let text = |pointer: &str| {
        let text = object.body.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    ObjectId {
        group: object.kind.group.clone(),
        kind: object.kind.kind.clone(),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
    }
}

/// The object at the version that its manifest is written in, where it was read at several.
pub(super) fn as_written<'a>(
    live: &'a LiveState,
    object: &ObjectId,
    desired: &Value,
    read: &'a LiveObject,
) -> &'a LiveObject {
    let version = &desired["apiVersion"];
    if read.body["apiVersion"] == *version {
        return read;
    }
    let same = |o: &&LiveObject| o.body["apiVersion"] == *version && id(o) == *object;
    live.objects.iter().find(same).unwrap_or(read)
}

/// Why nothing is known of the written version: a dump holds the one that its command asked for,
/// whatever the cluster serves, and the fields of another one cannot be compared. `None` where the
/// cluster is known not to serve it.
pub(super) fn unsaid(
    live: &LiveState,
    schemas: &Schemas,
    object: &ObjectId,
    written: &str,
    read: &str,
) -> Option<Unreadable> {
    let (group, version) = written.split_once('/').unwrap_or(("", written));
    let kind = GroupKind {
        group: object.group.clone(),
        kind: object.kind.clone(),
    };
    let root = |version| schemas.root(version, &object.kind);
    let gone = match live.served.get(&kind) {
        Some(served) => !served.contains(version),
        None => root(written).is_none() && root(read).is_some_and(|r| r.built_in),
    };
    (live.saved && !gone).then(|| Unreadable {
        reason: "OtherVersion".to_owned(),
        detail: format!(
            "the dump holds it as `{read}`, the repository writes `{written}`: save it with \
             `kubectl get {}.{version}.{group}`",
            object.kind.to_lowercase()
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Value, json};

    use crate::drift::{Desired, Settings, compare};
    use crate::model::finding::{FindingKind, Verdict};
    use crate::model::live::{GroupKind, LiveObject, LiveState, View};
    use crate::schema::Schemas;

    const GROUP: &str = "multicluster.x-k8s.io";

    fn export_kind() -> GroupKind {
        GroupKind {
            group: GROUP.to_owned(),
            kind: "ServiceExport".to_owned(),
        }
    }

    fn object(api_version: &str, kind: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "db", "namespace": "shop"}})
    }

    /// A live state that holds these.
    fn live(objects: &[Value], saved: bool) -> LiveState {
        let objects = objects.iter().map(|body| {
            let text = |key: &str| body[key].as_str().unwrap();
            let kind = GroupKind {
                group: text("apiVersion").split_once('/').unwrap().0.to_owned(),
                kind: text("kind").to_owned(),
            };
            LiveObject::whole(kind, body.clone())
        });
        let objects: Vec<LiveObject> = objects.collect();
        let views = objects.iter().map(|o| (o.kind.clone(), View::Complete));
        LiveState {
            views: views.collect(),
            objects,
            saved,
            ..LiveState::default()
        }
    }

    fn export(version: &str) -> Value {
        object(&format!("{GROUP}/{version}"), "ServiceExport")
    }

    fn told(desired: &Value, live: &LiveState) -> (Verdict, Option<FindingKind>, String) {
        let settings = Settings::default();
        let report = compare(
            &[Desired::of(desired)],
            live,
            Schemas::built_in(),
            &settings,
        );
        let finding = report.findings.first();
        (
            report.verdict(),
            finding.map(|f| f.kind),
            finding.and_then(|f| f.message.clone()).unwrap_or_default(),
        )
    }

    #[test]
    fn another_version_is_skew_in_a_cluster_and_unknown_in_a_dump() {
        let skew = (
            Verdict::Drift,
            Some(FindingKind::VersionSkew),
            String::new(),
        );
        let held = [export("v1beta1")];
        assert_eq!(told(&export("v1alpha1"), &live(&held, false)), skew);
        let (verdict, kind, message) = told(&export("v1alpha1"), &live(&held, true));
        assert_eq!(
            (verdict, kind),
            (Verdict::Unknown, Some(FindingKind::Unknown))
        );
        assert!(
            message.ends_with("`kubectl get serviceexport.v1alpha1.multicluster.x-k8s.io`"),
            "{message}"
        );
        // Discovery that was saved beside it knows.
        let mut facts = live(&held, true);
        facts.served = BTreeMap::from([(export_kind(), BTreeSet::from(["v1beta1".to_owned()]))]);
        assert_eq!(told(&export("v1alpha1"), &facts), skew);
    }

    #[test]
    fn what_kubernetes_no_longer_serves_is_skew_in_a_dump_too() {
        let budget = |version: &str| object(&format!("policy/{version}"), "PodDisruptionBudget");
        let (verdict, kind, _) = told(&budget("v1beta1"), &live(&[budget("v1")], true));
        assert_eq!(
            (verdict, kind),
            (Verdict::Drift, Some(FindingKind::VersionSkew))
        );
    }

    #[test]
    fn of_several_versions_the_written_one_is_compared() {
        for versions in [["v1alpha1", "v1beta1"], ["v1beta1", "v1alpha1"]] {
            for saved in [false, true] {
                let live = live(&versions.map(export), saved);
                assert_eq!(told(&export("v1alpha1"), &live).0, Verdict::Clean);
            }
        }
    }
}
