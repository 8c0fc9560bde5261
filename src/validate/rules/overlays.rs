//! Overlays: for something that exists, with a patch that can be applied.

use super::lookup::{fault, unknown};
use crate::diag::{Code, Sink};
use crate::model::raw::{Folder, Op, Operation};
use crate::validate::Facts;

/// Every overlay is for something of the fleet, and has one well-formed patch.
pub(super) fn overlays(facts: &Facts<'_>, sink: &mut Sink) {
    let world = facts.world;
    for overlay in &facts.raw.overlays {
        let document = &overlay.document;
        let span = document.kind.span;
        let file = overlay.file.as_str();
        match overlay.folder {
            Folder::Clusters if !world.clusters.contains_key(file) => {
                let names = world.clusters.keys().map(|n| n.as_str());
                sink.emit(unknown(Code::UnknownCluster, "cluster", file, span, names));
            }
            Folder::Regions if !world.regions.contains_key(file) => {
                let names = world.regions.keys().map(|n| n.as_str());
                sink.emit(unknown(Code::UnknownRegion, "region", file, span, names));
            }
            Folder::Services if !world.services.keys().any(|k| k.service.as_str() == file) => {
                let names = world.services.keys().map(|k| k.service.as_str());
                sink.emit(unknown(Code::UnknownService, "service", file, span, names));
            }
            _ => {}
        }
        match (&document.merge, &document.patch) {
            (Some(_), Some(patch)) => sink.emit(
                fault(Code::InvalidOverlay, "the overlay has both `merge` and `patch`".to_owned(), patch.span)
                    .help("keep one, or write two documents with `---` between"),
            ),
            (None, None) => sink.emit(
                fault(Code::InvalidOverlay, "the overlay changes nothing".to_owned(), span)
                    .help("add `merge: {...}`, or `patch: [{op: replace, path: /spec/replicas, value: 3}]`"),
            ),
            (Some(merge), None) if !merge.value.0.is_object() => sink.emit(
                fault(Code::InvalidOverlay, "an object is merged with a mapping".to_owned(), merge.span)
                    .help("write `merge: {spec: {...}}`"),
            ),
            (Some(merge), None) => {
                for key in ["apiVersion", "kind"] {
                    if merge.value.0.get(key).is_some() {
                        sink.emit(
                            fault(Code::InvalidOverlay, format!("an overlay cannot change `{key}`"), merge.span)
                                .help("replace the template instead, in `templates/`"),
                        );
                    }
                }
            }
            (None, Some(patch)) => {
                for operation in &patch.value {
                    check(&operation.value, operation.span, sink);
                }
            }
        }
    }
}

/// RFC 6902 and RFC 6901.
fn check(operation: &Operation, span: crate::diag::Span, sink: &mut Sink) {
    for path in std::iter::once(&operation.path).chain(&operation.from) {
        let escapes = path
            .value
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']));
        if (!path.value.is_empty() && !path.value.starts_with('/')) || !escapes {
            sink.emit(
                fault(Code::InvalidOverlay, format!("`{}` is no JSON pointer", path.value), path.span)
                    .help("write it from the root, such as `/spec/replicas`; `~1` stands for `/` in a key"),
            );
        }
    }
    let name = operation.op.name();
    let (value, from) = match operation.op {
        Op::Add | Op::Replace | Op::Test => (true, false),
        Op::Move | Op::Copy => (false, true),
        Op::Remove => (false, false),
    };
    let wrong = match (
        value,
        operation.value.is_some(),
        from,
        operation.from.is_some(),
    ) {
        (true, false, ..) => Some(("value", "add")),
        (false, true, ..) => Some(("value", "leave out")),
        (_, _, true, false) => Some(("from", "add")),
        (_, _, false, true) => Some(("from", "leave out")),
        _ => None,
    };
    if let Some((field, remedy)) = wrong {
        let has = if remedy == "add" {
            "needs a"
        } else {
            "takes no"
        };
        sink.emit(
            fault(
                Code::InvalidOverlay,
                format!("the operation `{name}` {has} `{field}`"),
                span,
            )
            .help(format!("{remedy} `{field}`")),
        );
    }
}
