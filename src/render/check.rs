//! Objects against the schemas of the built-in kinds, and of the fleet's CRDs.

use std::borrow::Cow;

use serde_json::Value;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span};
use crate::schema::Schemas;
use crate::yaml::kubernetes;

use super::engine::Fault;
use super::object::Draft;
use super::templates::line_range;

/// The types that objects are checked against.
pub(super) type Types = Cow<'static, Schemas>;

/// The faults of an object; none where its kind has no schema.
pub(crate) fn object(types: &Schemas, draft: &Draft) -> Vec<Fault> {
    let fault = |message| Fault {
        template: draft.template.to_string(),
        message,
        line: (draft.line > 0).then_some(draft.line),
        range: None,
    };
    let kind = &draft.id.kind;
    let Some(found) = types.check(&draft.api_version, kind, &draft.body) else {
        let known = types.kind_known(&draft.id.group, kind);
        let message = || format!("a {kind} is not served as `{}`", draft.api_version);
        return known.then(|| fault(message())).into_iter().collect();
    };
    found
        .into_iter()
        .map(|violation| {
            let at = match violation.pointer.as_str() {
                "" => "/",
                pointer => pointer,
            };
            fault(format!("`{at}` of a {kind}: {}", violation.what))
        })
        .collect()
}

/// Adds the CustomResourceDefinitions of a file below `crds/`, alone or in lists; other objects
/// and faults of YAML are refused.
pub(super) fn add_crds(types: &mut Types, source: SourceId, sources: &Sources, sink: &mut Sink) {
    let whole = sources.get(source).shared_text();
    let documents = match kubernetes::parse(&whole) {
        Ok(documents) => documents,
        Err(fault) => {
            let at = line_range(&whole, fault.line as u32);
            let told = Diagnostic::new(Code::YamlSyntax, fault.message)
                .at(Span::new(source, at.start, at.end), "");
            return sink.emit(fault.help.into_iter().fold(told, Diagnostic::help));
        }
    };
    for document in documents {
        let items = match document.value.get("items").and_then(Value::as_array) {
            Some(items) => items.as_slice(),
            None => std::slice::from_ref(&document.value),
        };
        for object in items {
            let text = |member: &str| object.get(member).and_then(Value::as_str);
            let crd = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
            if (text("apiVersion"), text("kind")) == (Some(crd.0), Some(crd.1)) {
                types.to_mut().add_crd(object);
                continue;
            }
            let at = line_range(&whole, document.line as u32);
            let message = format!("not a {} of `{}`", crd.1, crd.0);
            sink.emit(
                Diagnostic::new(Code::InvalidValue, message)
                    .at(Span::new(source, at.start, at.end), "")
                    .help("keep only what `kubectl get crd -o yaml` prints below `crds/`"),
            );
        }
    }
}
