//! The identity of a live object has no version; which of its versions is compared.

use serde_json::Value;

use crate::model::live::{LiveObject, LiveState, Unreadable};
use crate::model::manifest::ObjectId;

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

/// A dump holds the version that its command asked for, whatever the cluster serves: the fields
/// of another version cannot be compared.
pub(super) fn saved_otherwise(kind: &str, written: &str, read: &str) -> Unreadable {
    let (group, version) = written.split_once('/').unwrap_or(("", written));
    Unreadable {
        reason: "OtherVersion".to_owned(),
        detail: format!(
            "the dump holds it as `{read}`, the repository writes `{written}`: save it with \
             `kubectl get {}.{version}.{group}`",
            kind.to_lowercase()
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use crate::drift::{Desired, Settings, compare};
    use crate::model::finding::{FindingKind, Verdict};
    use crate::model::live::{GroupKind, LiveObject, LiveState, View};
    use crate::schema::Schemas;

    fn export(version: &str) -> Value {
        json!({"apiVersion": format!("multicluster.x-k8s.io/{version}"), "kind": "ServiceExport",
            "metadata": {"name": "db", "namespace": "shop"}})
    }

    fn verdict(versions: &[&str], saved: bool) -> (Verdict, Option<FindingKind>, String) {
        let kind = GroupKind {
            group: "multicluster.x-k8s.io".to_owned(),
            kind: "ServiceExport".to_owned(),
        };
        let object = |version: &&str| LiveObject {
            kind: kind.clone(),
            body: export(version),
        };
        let live = LiveState {
            objects: versions.iter().map(object).collect(),
            views: BTreeMap::from([(kind.clone(), View::Complete)]),
            saved,
            ..LiveState::default()
        };
        let desired = export("v1alpha1");
        let report = compare(
            &[Desired::of(&desired)],
            &live,
            Schemas::built_in(),
            &Settings::default(),
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
        let (cluster, kind, _) = verdict(&["v1beta1"], false);
        assert_eq!(
            (cluster, kind),
            (Verdict::Drift, Some(FindingKind::VersionSkew))
        );
        let (dump, kind, message) = verdict(&["v1beta1"], true);
        assert_eq!((dump, kind), (Verdict::Unknown, Some(FindingKind::Unknown)));
        assert!(
            message.ends_with("`kubectl get serviceexport.v1alpha1.multicluster.x-k8s.io`"),
            "{message}"
        );
    }

    #[test]
    fn of_several_versions_the_written_one_is_compared() {
        for versions in [["v1alpha1", "v1beta1"], ["v1beta1", "v1alpha1"]] {
            for saved in [false, true] {
                assert_eq!(verdict(&versions, saved).0, Verdict::Clean, "{versions:?}");
            }
        }
    }
}
