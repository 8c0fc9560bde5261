//! Files of CustomResourceDefinitions to types that custom resources are checked against.

use serde_json::Value;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span};
use crate::yaml::kubernetes;

use super::super::templates::line_range;
use super::Types;

/// Adds the CustomResourceDefinitions of a file below `crds/`, alone or in lists; other objects
/// and faults of YAML are refused.
pub(in crate::render) fn add_crds(
    types: &mut Types,
    source: SourceId,
    sources: &Sources,
    alone: bool,
    sink: &mut Sink,
) {
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
            if !alone {
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
