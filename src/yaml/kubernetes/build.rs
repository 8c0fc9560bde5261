//! Parser events to JSON values: keys, merges, aliases and tags as go-yaml v2 takes them.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

use super::MAX_DEPTH;
use super::scalar::{self, Scalar};

/// What aliases may still add to what is written out.
pub(super) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(text: usize) -> Self {
        Self {
            nodes: 400_000,
            bytes: (16 << 20) + text,
        }
    }

    fn spend(&mut self, weight: Weight) -> Result<(), String> {
        if weight.nodes > self.nodes || weight.bytes > self.bytes {
            return Err(
                "the aliases of the file expand to more than any manifest needs".to_owned(),
            );
        }
        self.nodes -= weight.nodes;
        self.bytes -= weight.bytes;
        Ok(())
    }
}

/// How much a finished value weighs.
#[derive(Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    bytes: usize,
    height: usize,
}

enum Open {
    List(Vec<Value>),
    Map(OpenMap),
}

#[derive(Default)]
struct OpenMap {
    members: Map<String, Value>,
    /// Keys whose value came by a merge: writing them out is no repetition.
    merged: BTreeSet<String>,
    key: Option<Key>,
}

enum Key {
    Text(String, usize),
    Merge,
}

struct Frame {
    open: Open,
    anchor: usize,
    weight: Weight,
}

/// A finished value, and what else is known of it.
struct Done {
    value: Value,
    weight: Weight,
    /// How it would stand as a key; none for lists, mappings and nulls.
    key: Option<String>,
    /// Whether it is the plain scalar `<<`.
    merge: bool,
    line: usize,
}

pub(super) struct Builder<'b> {
    budget: &'b mut Budget,
    stack: Vec<Frame>,
    root: Option<Value>,
    anchors: BTreeMap<usize, (Value, Weight, Option<String>)>,
    duplicates: Vec<(String, usize)>,
}

impl<'b> Builder<'b> {
    pub(super) fn new(budget: &'b mut Budget) -> Self {
        Self {
            budget,
            stack: Vec::new(),
            root: None,
            anchors: BTreeMap::new(),
            duplicates: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Option<Value>, Vec<(String, usize)>) {
        (self.root, self.duplicates)
    }

    /// Takes one event; `empty` says that it covers no text, and `line` counts from 1.
    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        empty: bool,
        line: usize,
    ) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                // The parser writes `~` for a value that is not there.
                let text = if plain && empty { "".into() } else { text };
                let merge = plain
                    && text == "<<"
                    && tag
                        .as_deref()
                        .is_none_or(|t| standard(t).as_deref() == Some("merge"));
                let scalar = meaning(&text, plain, tag.as_deref())?;
                let is_key = matches!(
                    self.stack.last(),
                    Some(Frame { open: Open::Map(map), .. }) if map.key.is_none()
                );
                let weight = Weight {
                    nodes: 1,
                    bytes: text.len(),
                    height: 0,
                };
                let key = (is_key || anchor != 0)
                    .then(|| as_key(&scalar, &text))
                    .flatten();
                let value = if is_key && anchor == 0 {
                    Value::Null
                } else {
                    as_value(scalar, text.into_owned())?
                };
                self.finished(
                    Done {
                        value,
                        weight,
                        key,
                        merge,
                        line,
                    },
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.open(Open::Map(OpenMap::default()), anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else {
                    return Ok(());
                };
                let value = match frame.open {
                    Open::List(items) => Value::Array(items),
                    Open::Map(map) => Value::Object(map.members),
                };
                let mut weight = frame.weight;
                weight.height += 1;
                self.finished(
                    Done {
                        value,
                        weight,
                        key: None,
                        merge: false,
                        line,
                    },
                    frame.anchor,
                )
            }
            Event::Alias(anchor) => {
                let Some((value, weight, key)) = self.anchors.get(&anchor) else {
                    return Err("the alias stands inside the value that it repeats".to_owned());
                };
                self.budget.spend(*weight)?;
                if self.stack.len() + weight.height > MAX_DEPTH {
                    return Err(format!("lists and mappings nest deeper than {MAX_DEPTH}"));
                }
                let done = Done {
                    value: value.clone(),
                    weight: *weight,
                    key: key.clone(),
                    merge: false,
                    line,
                };
                self.finished(done, 0)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open, anchor: usize) -> Result<(), String> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(format!("lists and mappings nest deeper than {MAX_DEPTH}"));
        }
        self.stack.push(Frame {
            open,
            anchor,
            weight: Weight {
                nodes: 1,
                ..Weight::default()
            },
        });
        Ok(())
    }

    fn finished(&mut self, done: Done, anchor: usize) -> Result<(), String> {
        if anchor != 0 {
            self.budget.spend(done.weight)?;
            self.anchors
                .insert(anchor, (done.value.clone(), done.weight, done.key.clone()));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(done.value);
            return Ok(());
        };
        frame.weight.nodes += done.weight.nodes;
        frame.weight.bytes += done.weight.bytes;
        frame.weight.height = frame.weight.height.max(done.weight.height);
        let map = match &mut frame.open {
            Open::List(items) => {
                items.push(done.value);
                return Ok(());
            }
            Open::Map(map) => map,
        };
        match map.key.take() {
            None if done.merge => map.key = Some(Key::Merge),
            None => match done.key {
                Some(text) => map.key = Some(Key::Text(text, done.line)),
                None => {
                    return Err(
                        "Kubernetes refuses this key: it is no text, number or boolean".to_owned(),
                    );
                }
            },
            Some(Key::Merge) => return merge(map, done.value),
            Some(Key::Text(key, line)) => {
                let merged = map.merged.remove(&key);
                if map.members.contains_key(&key) && !merged {
                    let pointer = self.pointer(&key);
                    self.duplicates.push((pointer, line));
                }
                if let Some(Frame {
                    open: Open::Map(map),
                    ..
                }) = self.stack.last_mut()
                {
                    map.members.insert(key, done.value);
                }
            }
        }
        Ok(())
    }

    /// The JSON pointer (RFC 6901) of a member of the innermost mapping.
    fn pointer(&self, key: &str) -> String {
        let mut pointer = String::new();
        let outer = self.stack.len().saturating_sub(1);
        for frame in &self.stack[..outer] {
            pointer.push('/');
            match &frame.open {
                Open::List(items) => pointer.push_str(&items.len().to_string()),
                Open::Map(map) => match &map.key {
                    Some(Key::Text(key, _)) => pointer.push_str(&escape(key)),
                    _ => pointer.push_str("<<"),
                },
            }
        }
        pointer.push('/');
        pointer.push_str(&escape(key));
        pointer
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// go-yaml v2 merges where the `<<` stands: what it brings wins over members above it, and loses
/// to those below; of a list, the earlier wins.
fn merge(map: &mut OpenMap, value: Value) -> Result<(), String> {
    const WRONG: &str = "`<<` merges a mapping or a list of mappings";
    let sources = match value {
        Value::Object(source) => vec![source],
        Value::Array(items) => items
            .into_iter()
            .rev()
            .map(|item| match item {
                Value::Object(source) => Ok(source),
                _ => Err(WRONG.to_owned()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(WRONG.to_owned()),
    };
    for source in sources {
        for (key, value) in source {
            map.merged.insert(key.clone());
            map.members.insert(key, value);
        }
    }
    Ok(())
}

/// The suffix of a tag in YAML's own name space.
fn standard(tag: &Tag) -> Option<String> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
        .map(|suffix| suffix.into_owned())
}

fn meaning(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Scalar, String> {
    let Some(tag) = tag else {
        return Ok(if plain {
            scalar::resolve(text)
        } else {
            Scalar::Text
        });
    };
    let Some(standard) = standard(tag) else {
        return Ok(Scalar::Text);
    };
    let scalar = scalar::resolve(text);
    match (standard.as_str(), &scalar) {
        ("null", Scalar::Null)
        | ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Uint(_))
        | ("float", Scalar::Float(_)) => Ok(scalar),
        #[allow(
            clippy::cast_precision_loss,
            reason = "go-yaml converts the integer to a 64-bit float"
        )]
        ("float", Scalar::Int(int)) => Ok(Scalar::Float(*int as f64)),
        ("null" | "bool" | "int" | "float", _) => Err(format!("the text is no `!!{standard}`")),
        ("binary", _) => Err("`!!binary` is not read here: write the text itself".to_owned()),
        _ => Ok(Scalar::Text),
    }
}

fn as_key(scalar: &Scalar, text: &str) -> Option<String> {
    match scalar {
        Scalar::Text => Some(text.to_owned()),
        Scalar::Bool(value) => Some(value.to_string()),
        Scalar::Int(value) => Some(value.to_string()),
        Scalar::Float(value) => Some(scalar::float_key(*value)),
        Scalar::Null | Scalar::Uint(_) => None,
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "Kubernetes holds numbers beyond 64-bit integers as floats, and whole floats as integers"
)]
fn as_value(scalar: Scalar, text: String) -> Result<Value, String> {
    Ok(match scalar {
        Scalar::Text => Value::String(text),
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::from(value),
        Scalar::Uint(value) => Value::from(value as f64),
        Scalar::Float(value)
            if value.trunc() == value
                && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) =>
        {
            Value::from(value as i64)
        }
        Scalar::Float(value) => Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| format!("Kubernetes cannot hold the number `{text}`"))?,
    })
}

/// What Kubernetes makes of an unquoted scalar without a tag.
pub(super) fn plain(text: &str) -> Result<Value, String> {
    as_value(scalar::resolve(text), text.to_owned())
}
