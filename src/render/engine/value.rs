//! Items of the context to minijinja's values, and what templates make of them back to items.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::render::fact::{Fact, Item, Key, Root, Source};
use crate::render::seen;
use crate::render::shape;

use super::slot;
use super::tape::{TAPE, Tape};

/// How deep values made by templates may nest.
const MAX_DEPTH: usize = 64;

/// All variables, as minijinja sees them.
#[derive(Debug)]
struct Top(Root);

impl Object for Top {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let known = self.0.entry(key);
        seen::note(key, known);
        let (name, item) = known?;
        if matches!(item.fact, Fact::Map(_)) {
            return Some(Value::from_object(Branch {
                item: item.clone(),
                variable: Some(name.clone()),
            }));
        }
        read(item);
        Some(of_item(item))
    }
}

/// All variables as templates see them.
pub(super) fn of_root(root: Root) -> Value {
    Value::from_object(Top(root))
}

/// A list or mapping of the context, as minijinja sees it.
#[derive(Debug)]
struct Branch {
    item: Item,
    /// The variable that it is, where it is a mapping.
    variable: Option<Key>,
}

impl Object for Branch {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match &self.item.fact {
            Fact::List(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match &self.item.fact {
            Fact::List(items) => items.get(key.as_usize()?).map(|item| self.read(item)),
            Fact::Map(_) => self.get_value_by_str(key.as_str()?),
            _ => None,
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let Fact::Map(members) = &self.item.fact else {
            return None;
        };
        let known = members.get(key);
        if let Some(variable) = &self.variable {
            let item = known.map(|item| self.item.hand_out(item));
            seen::note_member(variable, Some(key), item.as_ref());
        }
        known.map(|item| self.read(item))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.all();
        match &self.item.fact {
            Fact::List(items) => Enumerator::Seq(items.len()),
            Fact::Map(members) => {
                Enumerator::Values(members.keys().map(|k| Value::from(k.as_ref())).collect())
            }
            _ => Enumerator::Empty,
        }
    }
}

impl Branch {
    /// Hands a member out.
    fn read(&self, item: &Item) -> Value {
        let item = self.item.hand_out(item);
        read(&item);
        of_item(&item)
    }

    /// Notes that all of it was looked at.
    fn all(&self) {
        if let Some(variable) = &self.variable {
            seen::note_member(variable, None, Some(&self.item));
        }
    }
}

/// Notes a leaf as read.
fn read(item: &Item) {
    if !matches!(item.fact, Fact::List(_) | Fact::Map(_)) && item.source != Source::Around {
        TAPE.with_borrow_mut(|tape| tape.reads.push(item.clone()));
    }
}

/// An item as templates see it.
pub(super) fn of_item(item: &Item) -> Value {
    match &item.fact {
        Fact::Null => Value::from(()),
        Fact::Bool(b) => Value::from(*b),
        Fact::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Value::from(i),
            (None, Some(u)) => Value::from(u),
            (None, None) => Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Fact::Text(text) => Value::from(Arc::clone(text)),
        Fact::List(_) | Fact::Map(_) => Value::from_object(Branch {
            item: item.clone(),
            variable: None,
        }),
    }
}

/// A value of minijinja as an item, with its origins.
pub(super) fn item_of(value: &Value, tape: &Tape, depth: usize) -> Result<Item, Error> {
    if let Some(branch) = value.downcast_object_ref::<Branch>() {
        branch.all();
        return Ok(branch.item.clone());
    }
    if depth > MAX_DEPTH {
        return Err(refuse(format!(
            "a value nests deeper than {MAX_DEPTH} levels"
        )));
    }
    let fact = match value.kind() {
        ValueKind::Undefined => {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                "the value is undefined",
            ));
        }
        ValueKind::None => Fact::Null,
        ValueKind::Bool => Fact::Bool(value.is_true()),
        ValueKind::Number => Fact::Number(number_of(value)?),
        ValueKind::String => {
            let text = value.to_str().unwrap_or_else(|| "".into());
            if text.chars().any(|c| slot(c).is_some()) {
                return Err(refuse(
                    "a text holds placeholders of values or characters U+F0000 to U+FFFFD; \
                     write captured text out as it is, not inside an expression",
                ));
            }
            Fact::Text(text)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|v| item_of(&v, tape, depth + 1));
            Fact::List(Arc::new(items.collect::<Result<_, _>>()?))
        }
        // A macro is a mapping of its own properties to minijinja.
        ValueKind::Map
            if value.get_attr("caller").is_ok_and(|c| !c.is_undefined())
                && value.to_string().starts_with("<macro") =>
        {
            return Err(refuse("a macro cannot stand in a manifest; call it"));
        }
        ValueKind::Map => {
            let mut members = BTreeMap::new();
            for key in value.try_iter()? {
                let name = key
                    .as_str()
                    .ok_or_else(|| refuse("the keys of a mapping must be text"))?
                    .to_owned();
                let member = value.get_item(&key)?;
                members.insert(name.into(), item_of(&member, tape, depth + 1)?);
            }
            Fact::Map(Arc::new(members))
        }
        other => {
            return Err(refuse(format!(
                "a value of kind {other} cannot stand in a manifest"
            )));
        }
    };
    let source = match &fact {
        Fact::List(_) | Fact::Map(_) if depth > 0 => Source::Around,
        _ => tape.source_of(&fact),
    };
    Ok(Item { fact, source })
}

fn number_of(value: &Value) -> Result<serde_json::Number, Error> {
    if let Some(i) = value.as_i64() {
        // Floats that are whole numbers are integers here, as they are in Kubernetes.
        return Ok(i.into());
    }
    if let Ok(u) = u64::try_from(value.clone()) {
        return Ok(u.into());
    }
    f64::try_from(value.clone())
        .ok()
        .and_then(serde_json::Number::from_f64)
        .ok_or_else(|| refuse("a number is too large or not a number"))
}

/// `tojson`: a value as JSON, as plain text.
pub(super) fn to_json(value: &Value) -> Result<String, Error> {
    let item = TAPE.with_borrow(|tape| item_of(value, tape, 0))?;
    Ok(shape::json_of(&item).to_string())
}

pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}
