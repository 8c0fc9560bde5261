//! Layers of inheritance: trees merged into one, and a record of who wrote what.

use std::collections::BTreeMap;

use crate::diag::{Sources, Span};
use crate::model::origin::{FieldRef, Layer, Origins, Subject, Touch};
use crate::yaml::{Node, Value};

use super::decode::is_null;

/// The touches of one subject while its layers are put together.
#[derive(Debug, Default)]
pub(super) struct Touches(BTreeMap<String, Vec<Touch>>);

impl Touches {
    /// Hands the record over.
    pub(super) fn into_origins(self, subject: &Subject, origins: &mut Origins) {
        for (path, touches) in self.0 {
            for touch in touches {
                let subject = subject.clone();
                origins.touch(
                    FieldRef {
                        subject,
                        path: path.clone(),
                    },
                    touch,
                );
            }
        }
    }

    /// Records a whole tree as written by one layer.
    pub(super) fn record(&mut self, node: &Node, path: &str, layer: &Layer, sources: &Sources) {
        match &node.value {
            Value::Scalar(..) => self.leaf(path, node.span, layer, sources),
            Value::List(items) => {
                self.leaf(path, node.span, layer, sources);
                for (index, item) in items.iter().enumerate() {
                    self.record(item, &format!("{path}[{index}]"), layer, sources);
                }
            }
            Value::Map(members) => {
                if members.is_empty() {
                    self.leaf(path, node.span, layer, sources);
                }
                for (key, value) in members {
                    self.record(value, &below(path, &key.value), layer, sources);
                }
            }
        }
    }

    fn leaf(&mut self, path: &str, span: Span, layer: &Layer, sources: &Sources) {
        if path.is_empty() {
            return;
        }
        let text = one_line(sources.slice(span));
        let touch = Touch {
            layer: layer.clone(),
            span,
            text,
        };
        self.0.entry(path.to_owned()).or_default().push(touch);
    }

    /// Forgets what earlier layers wrote below a path that a later one replaces.
    fn forget_below(&mut self, path: &str) {
        let inside = |p: &str| {
            p.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        self.0.retain(|p, _| !inside(p));
    }
}

/// Puts a layer over what the earlier ones gave: mappings are merged, other values replaced, and
/// `null` removes.
pub(super) fn overlay(
    base: &mut Node,
    layer_node: &Node,
    path: &str,
    layer: &Layer,
    sources: &Sources,
    touches: &mut Touches,
) {
    let (Value::Map(under), Value::Map(over)) = (&mut base.value, &layer_node.value) else {
        if !matches!(base.value, Value::Scalar(..)) {
            touches.forget_below(path);
        }
        touches.record(layer_node, path, layer, sources);
        *base = layer_node.clone();
        return;
    };
    base.span = layer_node.span;
    for (key, value) in over {
        let path = below(path, &key.value);
        let found = under.iter().position(|(k, _)| k.value == key.value);
        match (found, is_null(value)) {
            (Some(at), true) => {
                under.remove(at);
                touches.forget_below(&path);
                touches.leaf(&path, value.span, layer, sources);
            }
            (Some(at), false) => {
                let (k, node) = &mut under[at];
                k.span = key.span;
                overlay(node, value, &path, layer, sources, touches);
            }
            (None, true) => {}
            (None, false) => {
                touches.record(value, &path, layer, sources);
                under.push((key.clone(), value.clone()));
            }
        }
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A value as written, on one line.
fn one_line(text: &str) -> String {
    let mut words = String::with_capacity(text.len().min(200));
    for word in text.split_whitespace() {
        if words.len() + word.len() > 160 {
            words.push_str(" …");
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}
