//! A shape and the values of its placeholders to a document, each with its origin.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::render::fact::{Fact, Item, Source};

use super::{Form, Part, Piece, ShapeFault, Trace};

impl Piece {
    /// The document with its values in place.
    pub(crate) fn fill(&self, slots: &[Item]) -> Result<Value, ShapeFault> {
        self.filled(slots, None).map(|(value, _)| value)
    }

    /// The same, and where the values came from.
    pub(crate) fn trace(&self, slots: &[Item]) -> Result<(Value, Vec<Trace>), ShapeFault> {
        let (value, traces) = self.filled(slots, Some(Vec::new()))?;
        Ok((value, traces.unwrap_or_default()))
    }

    fn filled(
        &self,
        slots: &[Item],
        traces: Option<Vec<Trace>>,
    ) -> Result<(Value, Option<Vec<Trace>>), ShapeFault> {
        let mut filling = Filling {
            slots,
            at: String::new(),
            traces,
        };
        let value = filling.piece(self)?.unwrap_or(Value::Null);
        Ok((value, filling.traces))
    }
}

/// A document while its values are put in.
struct Filling<'a> {
    slots: &'a [Item],
    at: String,
    /// `None`: nobody asks.
    traces: Option<Vec<Trace>>,
}

impl Filling<'_> {
    fn slot(&self, index: usize, line: u32) -> Result<&Item, ShapeFault> {
        self.slots.get(index).ok_or_else(|| ShapeFault {
            message: "a placeholder has no value".into(),
            line,
        })
    }

    /// `None`: the value is nothing, and its member is left out.
    fn piece(&mut self, piece: &Piece) -> Result<Option<Value>, ShapeFault> {
        Ok(Some(match &piece.form {
            Form::Fixed(value) => value.clone(),
            Form::Typed(index) => {
                let item = self.slot(*index, piece.line)?.clone();
                if item.fact == Fact::Null {
                    return Ok(None);
                }
                self.item(&item, piece.line, true)
            }
            Form::Text(parts) => {
                let text = self.text(parts, piece.line)?;
                let exact = parts.len() == 1;
                for part in parts {
                    if let Part::Slot(index) = part {
                        let source = self.slot(*index, piece.line)?.source.clone();
                        self.trace(source, piece.line, exact);
                    }
                }
                Value::String(text)
            }
            Form::List(pieces) => {
                let mut items = Vec::with_capacity(pieces.len());
                for piece in pieces {
                    let depth = self.at.len();
                    let _ = write!(self.at, "/{}", items.len());
                    let value = self.piece(piece)?;
                    self.at.truncate(depth);
                    items.extend(value);
                }
                Value::Array(items)
            }
            Form::Map(pieces) => {
                let mut members = Map::new();
                for (key, piece) in pieces {
                    let key = self.text(key, piece.line)?;
                    let depth = self.at.len();
                    push_key(&mut self.at, &key);
                    let value = self.piece(piece)?;
                    self.at.truncate(depth);
                    if let Some(value) = value
                        && members.insert(key.clone(), value).is_some()
                    {
                        return Err(ShapeFault {
                            message: format!("the key `{key}` stands twice in one mapping"),
                            line: piece.line,
                        });
                    }
                }
                Value::Object(members)
            }
        }))
    }

    fn text(&self, parts: &[Part], line: u32) -> Result<String, ShapeFault> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Fixed(fixed) => text.push_str(fixed),
                Part::Slot(index) => {
                    let kind = match &self.slot(*index, line)?.fact {
                        Fact::Text(value) => {
                            text.push_str(value);
                            continue;
                        }
                        Fact::Number(value) => {
                            let _ = write!(text, "{value}");
                            continue;
                        }
                        Fact::Bool(value) => {
                            let _ = write!(text, "{value}");
                            continue;
                        }
                        Fact::Null => "nothing",
                        Fact::List(_) => "a list",
                        Fact::Map(_) => "a mapping",
                    };
                    let message = format!("{kind} cannot be part of a text or a key");
                    return Err(ShapeFault { message, line });
                }
            }
        }
        Ok(text)
    }

    fn trace(&mut self, source: Source, line: u32, exact: bool) {
        if let Some(traces) = &mut self.traces {
            traces.push(Trace {
                at: self.at.clone(),
                source,
                line,
                exact,
            });
        }
    }

    fn item(&mut self, item: &Item, line: u32, outermost: bool) -> Value {
        if self.traces.is_none() {
            return json_of(item);
        }
        if outermost || item.source != Source::Around {
            self.trace(item.source.clone(), line, true);
        }
        match &item.fact {
            Fact::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let depth = self.at.len();
                    let _ = write!(self.at, "/{}", list.len());
                    list.push(self.item(item, line, false));
                    self.at.truncate(depth);
                }
                Value::Array(list)
            }
            Fact::Map(members) => {
                let mut map = Map::new();
                for (key, member) in members.iter() {
                    let depth = self.at.len();
                    push_key(&mut self.at, key);
                    let value = self.item(member, line, false);
                    self.at.truncate(depth);
                    map.insert(key.clone().into_owned(), value);
                }
                Value::Object(map)
            }
            scalar => scalar_of(scalar),
        }
    }
}

fn push_key(at: &mut String, key: &str) {
    at.push('/');
    for c in key.chars() {
        match c {
            '~' => at.push_str("~0"),
            '/' => at.push_str("~1"),
            _ => at.push(c),
        }
    }
}

fn scalar_of(fact: &Fact) -> Value {
    match fact {
        Fact::Bool(b) => Value::Bool(*b),
        Fact::Number(n) => Value::Number(n.clone()),
        Fact::Text(text) => Value::String(text.to_string()),
        Fact::Null | Fact::List(_) | Fact::Map(_) => Value::Null,
    }
}

/// A value as JSON, without its origins.
pub(crate) fn json_of(item: &Item) -> Value {
    match &item.fact {
        Fact::List(items) => Value::Array(items.iter().map(json_of).collect()),
        Fact::Map(members) => Value::Object(
            members
                .iter()
                .map(|(k, v)| (k.clone().into_owned(), json_of(v)))
                .collect(),
        ),
        scalar => scalar_of(scalar),
    }
}
