//! Objects against the schemas of the built-in kinds.

use crate::schema::Schemas;

use super::engine::Fault;
use super::object::Draft;

/// The faults of an object; none where its kind has no schema.
pub(crate) fn object(draft: &Draft) -> Vec<(Fault, String)> {
    let found = Schemas::built_in().check(&draft.api_version, &draft.id.kind, &draft.body);
    found
        .unwrap_or_default()
        .into_iter()
        .map(|violation| {
            let at = if violation.pointer.is_empty() {
                "/"
            } else {
                &violation.pointer
            };
            let fault = Fault {
                template: draft.template.to_string(),
                message: format!("`{at}` of a {}: {}", draft.id.kind, violation.what),
                line: (draft.line > 0).then_some(draft.line),
                range: None,
            };
            (fault, draft.context.to_string())
        })
        .collect()
}
