//! What a render changed, or would change, as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::change::{Action, Edited, TreeChange};

/// A change to the GitOps repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeForm {
    /// Version of this form.
    version: u32,
    /// The files that change: `added`, `changed` or `removed`.
    files: BTreeMap<String, &'static str>,
    /// How many files stay as they are.
    unchanged: usize,
    /// Owned files that someone edited by hand: `changed`, `deleted` or `replaced`.
    edited: BTreeMap<String, &'static str>,
    /// The commit that was made; null when nothing was committed.
    commit: Option<String>,
}

/// Writes a change as JSON.
pub fn change(change: &TreeChange, commit: Option<&str>) -> String {
    super::write(&ChangeForm {
        version: 1,
        files: change
            .files
            .iter()
            .map(|(path, action)| {
                let action = match action {
                    Action::Added => "added",
                    Action::Changed => "changed",
                    Action::Removed => "removed",
                };
                (path.to_string(), action)
            })
            .collect(),
        unchanged: change.unchanged,
        edited: change
            .edited
            .iter()
            .map(|(path, edited)| {
                let edited = match edited {
                    Edited::Changed => "changed",
                    Edited::Deleted => "deleted",
                    Edited::Replaced => "replaced",
                };
                (path.to_string(), edited)
            })
            .collect(),
        commit: commit.map(str::to_owned),
    })
}
