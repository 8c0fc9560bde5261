//! The merge key `<<`: members of other mappings, where a mapping has none of its own.

use std::collections::BTreeMap;

use super::node::{Node, Value};
use crate::diag::{Code, Diagnostic, Sink, Span, Spanned};

/// Adds to the members of a mapping what its merge keys bring; its own members win, then the
/// earlier of several merged mappings.
pub(super) fn apply(
    mut members: Vec<(Spanned<String>, Node)>,
    mut index: BTreeMap<String, usize>,
    merges: Vec<(Span, Node)>,
    sink: &mut Sink,
) -> Vec<(Spanned<String>, Node)> {
    for (place, node) in merges {
        let sources = match node.value {
            Value::Map(_) => vec![node],
            Value::List(items) => items,
            Value::Scalar(..) => {
                sink.emit(wrong(place));
                continue;
            }
        };
        for source in sources {
            let Value::Map(merged) = source.value else {
                sink.emit(wrong(place));
                continue;
            };
            for (key, value) in merged {
                if !index.contains_key(&key.value) {
                    index.insert(key.value.clone(), members.len());
                    members.push((key, value));
                }
            }
        }
    }
    members
}

fn wrong(place: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        "`<<` merges a mapping or a list of mappings",
    )
    .at(place, "")
    .help("give it an alias of a mapping, such as `<<: *defaults`")
}
