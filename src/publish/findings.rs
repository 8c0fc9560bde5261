//! A change that has yet to be made, as findings: what is unrendered and what was tampered with.

use crate::model::change::{Action, Edited, TreeChange};
use crate::model::finding::{Finding, FindingKind, FindingSeverity};
use crate::model::manifest::{ManifestPath, ManifestSet, ObjectId};

/// The findings of a repository against what is rendered, by path: one per file that was edited
/// by hand, else one per file that would change.
///
/// The object is the first one of the rendered file; of files that are no longer rendered only
/// the path is known, which stands in for the name.
pub fn findings(change: &TreeChange, rendered: &ManifestSet) -> Vec<Finding> {
    let unrendered = change
        .files
        .iter()
        .filter(|(path, _)| !change.edited.contains_key(*path))
        .map(|(path, action)| {
            let (reason, message) = match action {
                Action::Added => ("Added", "the repository does not have it yet"),
                Action::Changed => ("Changed", "the repository has other bytes"),
                Action::Removed => ("Removed", "the repository still has it"),
            };
            (
                path,
                FindingKind::Unrendered,
                "P-UNRENDERED",
                reason,
                message,
            )
        });
    let tampered = change.edited.iter().map(|(path, edited)| {
        let (reason, message) = match edited {
            Edited::Changed => ("Changed", "the file was edited by hand"),
            Edited::Deleted => ("Deleted", "the file was deleted by hand"),
            Edited::Replaced => ("Replaced", "something else stands in the file's place"),
        };
        (path, FindingKind::Tampered, "P-TAMPERED", reason, message)
    });
    let mut all: Vec<_> = unrendered.chain(tampered).collect();
    all.sort();
    all.into_iter()
        .map(|(path, kind, rule, reason, message)| Finding {
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            file: Some(path.clone()),
            ..Finding::new(kind, FindingSeverity::Drift, &object(path, rendered), rule)
        })
        .collect()
}

fn object(path: &ManifestPath, rendered: &ManifestSet) -> ObjectId {
    rendered
        .files
        .get(path)
        .and_then(|file| file.manifests.first())
        .map_or_else(
            || ObjectId {
                group: String::new(),
                kind: String::new(),
                namespace: String::new(),
                name: path.to_string(),
            },
            |manifest| ObjectId::clone(&manifest.id),
        )
}
