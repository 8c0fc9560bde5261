//! Findings that no file of a fleet can settle, each with what to do instead.

use serde_json::Value;

use crate::model::finding::{Finding, FindingKind, FindingSeverity};
use crate::model::manifest::{ManifestSet, Origin};
use crate::model::origin::{FieldRef, Subject};

/// How large a value may be that is written into a file for people.
const LARGEST: usize = 16 << 10;

/// Why a finding is none of a value that the fleet could say.
pub fn kind(finding: &Finding) -> Result<(), String> {
    let why = match finding.kind {
        _ if finding.severity == FindingSeverity::Info => {
            "it is no drift: there is nothing to accept"
        }
        FindingKind::Modified | FindingKind::Extra | FindingKind::Removed
            if finding.path.is_empty() =>
        {
            "it is about the object as a whole"
        }
        FindingKind::Modified | FindingKind::Extra | FindingKind::Removed => return Ok(()),
        FindingKind::Missing => {
            "the object is not in the cluster: let the delivery controller apply it, or take its service out of there by `placement`"
        }
        FindingKind::Orphan => {
            "nothing of the fleet makes the object: delete it, or add it by a template of the fleet"
        }
        FindingKind::Stale => {
            "the next apply takes it away; to keep it, write it into the catalog and render"
        }
        FindingKind::Reordered => {
            "regen orders lists itself; let the delivery controller apply the repository"
        }
        FindingKind::Terminating => "the object is being deleted: wait until it is gone",
        FindingKind::Duplicate => "the object stands twice in the repository: remove one of them",
        FindingKind::VersionSkew => {
            "the version is not served: set `kubernetes` of the cluster to what it runs, and render"
        }
        FindingKind::InvalidManifest => {
            "a server would reject the manifest: `regen check` says what makes it so"
        }
        FindingKind::Invariant => {
            "it is about several objects: accept what differs in one of them, by its own id"
        }
        FindingKind::Unknown => "nobody knows what the cluster has: make it readable first",
        FindingKind::Tampered => {
            "the repository was edited by hand: `regen render --commit --overwrite` puts it right"
        }
        FindingKind::Unrendered => {
            "the fleet's files say it already: `regen render --commit` brings it into the repository"
        }
        FindingKind::Injected
        | FindingKind::Ignored
        | FindingKind::Autoscaled
        | FindingKind::Restarted
        | FindingKind::UnknownField
        | FindingKind::NotComparable
        | FindingKind::NoApplierEntry
        | FindingKind::Hook
        | FindingKind::DuplicateKey
        | FindingKind::Kept => "it is no drift: there is nothing to accept",
    };
    Err(why.to_owned())
}

/// Why a value is never written into a fleet.
pub(super) fn value(set: &ManifestSet, finding: &Finding) -> Result<(), String> {
    kind(finding)?;
    let masked = |value: &Option<Value>| {
        value
            .as_ref()
            .is_some_and(|v| v.to_string().contains("<redacted>"))
    };
    let object = &finding.object;
    if object.group.is_empty() && object.kind == "Secret"
        || masked(&finding.desired)
        || masked(&finding.live)
    {
        return Err(
            "it is taken for a secret, which no file of a fleet may hold: refer to a Secret with `{secret: …, key: …}`"
                .to_owned(),
        );
    }
    if finding
        .live
        .as_ref()
        .is_some_and(|v| v.to_string().len() > LARGEST)
    {
        return Err(format!(
            "the value has more than {LARGEST} bytes: write it by hand"
        ));
    }
    let path = finding.path.as_str();
    if path == "/spec/replicas" && is_autoscaled(set, finding) {
        return Err(
            "an autoscaler sets the number of pods: change `workload.scale`, whose bounds it keeps"
                .to_owned(),
        );
    }
    computed(path, finding.origin.as_ref()).map_or(Ok(()), Err)
}

/// Why a value follows from others, where it does.
fn computed(path: &str, origin: Option<&Origin>) -> Option<String> {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let mark =
        |name: &str| name.starts_with("regen.dev~1") || name == "app.kubernetes.io~1managed-by";
    let text = match steps.as_slice() {
        ["apiVersion" | "kind"] | ["metadata", "name" | "namespace"] => {
            "it is the identity of the object".to_owned()
        }
        ["spec", "selector", ..] => {
            "it is how the object finds its pods, by the name of their service: let the delivery controller put it back".to_owned()
        }
        ["metadata", "labels" | "annotations", name] if mark(name) => {
            "it is a mark of whose the object is: let the delivery controller put it back"
                .to_owned()
        }
        [.., "annotations", name] if name.starts_with("checksum~1") => {
            "it is a digest of what is rendered elsewhere, and changes with that".to_owned()
        }
        _ => match origin? {
            Origin::Plan(decision) => format!(
                "{decision} is a decision of the plan: see `regen explain`, and change what it follows from"
            ),
            Origin::Field(field) if is_name(field) => {
                format!(
                    "it is the name `{field}`, by which others find it: rename it in the fleet's files"
                )
            }
            _ => return None,
        },
    };
    Some(text)
}

/// Whether a field is what something is called.
fn is_name(field: &FieldRef) -> bool {
    match field.subject {
        Subject::Fleet => field.path == "fleet",
        Subject::Region(_) => field.path == "region",
        Subject::Cluster(_) => field.path == "name",
        Subject::Service(_) => {
            matches!(field.path.as_str(), "service" | "namespace" | "environment")
        }
    }
}

/// Whether the fleet renders an autoscaler for the object.
fn is_autoscaled(set: &ManifestSet, finding: &Finding) -> bool {
    let object = &finding.object;
    set.manifests().any(|(_, m)| {
        m.id.kind == "HorizontalPodAutoscaler"
            && m.id.namespace == object.namespace
            && m.body()["spec"]["scaleTargetRef"]["kind"] == *object.kind
            && m.body()["spec"]["scaleTargetRef"]["name"] == *object.name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_others_is_told_apart() {
        let subject = Subject::Fleet;
        let field = |path: &str| {
            Origin::Field(FieldRef {
                subject: subject.clone(),
                path: path.to_owned(),
            })
        };
        for (path, origin, expected) in [
            ("/metadata/name", None, "identity"),
            ("/metadata/labels/regen.dev~1fleet", None, "mark"),
            ("/spec/selector", None, "finds its pods"),
            (
                "/metadata/labels/app.kubernetes.io~1managed-by",
                None,
                "mark",
            ),
            (
                "/spec/template/metadata/annotations/checksum~1files",
                None,
                "digest",
            ),
            (
                "/spec/primary",
                Some(Origin::Plan("leader of a/b".to_owned())),
                "leader of a/b is a decision",
            ),
            (
                "/metadata/labels/x",
                Some(field("fleet")),
                "the name `fleet.fleet`",
            ),
        ] {
            let told = computed(path, origin.as_ref()).unwrap_or_default();
            assert!(told.contains(expected), "{path}: {told}");
        }
        assert_eq!(computed("/metadata/labels/x", Some(&field("domain"))), None);
        assert_eq!(computed("/spec/replicas", None), None);
    }
}
