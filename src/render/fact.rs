//! What templates see: a tree of values, each of which knows where it comes from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::origin::{FieldRef, Subject};

/// The name of a member.
pub(crate) type Key = Cow<'static, str>;

/// A value that a template can read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// Nothing: a plain placeholder of it leaves its member out.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// Text.
    Text(Arc<str>),
    /// A list.
    List(Arc<Vec<Item>>),
    /// A mapping.
    Map(Arc<BTreeMap<Key, Item>>),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Not known here: the origin of what encloses it holds.
    Around,
    /// One field of the inventory or catalog, unmodified.
    Field(Arc<FieldRef>),
    /// Computed from fields.
    Fields(Arc<Vec<FieldRef>>),
    /// A decision of the plan.
    Plan(Arc<str>),
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// The value.
    pub(crate) fact: Fact,
    /// Its origin.
    pub(crate) source: Source,
}

/// Variables by name.
pub(crate) type Layer = Arc<BTreeMap<Key, Item>>;

/// The variables of a template, in layers that templates share; later ones win.
#[derive(Clone, Debug)]
pub(crate) struct Root(pub(crate) Vec<Layer>);

impl Root {
    /// A variable.
    pub(crate) fn get(&self, name: &str) -> Option<&Item> {
        self.entry(name).map(|(_, item)| item)
    }

    /// A variable and its name as it is kept.
    pub(crate) fn entry(&self, name: &str) -> Option<(&Key, &Item)> {
        self.0
            .iter()
            .rev()
            .find_map(|layer| layer.get_key_value(name))
    }
}

impl Item {
    /// An item of this one, as it is seen without it.
    pub(crate) fn hand_out(&self, item: &Self) -> Self {
        let mut item = item.clone();
        if item.source == Source::Around {
            item.source = self.source.clone();
        }
        item
    }

    /// A value whose origin is the one of what encloses it.
    pub(crate) fn new(fact: impl Into<Fact>) -> Self {
        Self {
            fact: fact.into(),
            source: Source::Around,
        }
    }

    /// A mapping.
    pub(crate) fn map<K: Into<Key>>(members: impl IntoIterator<Item = (K, Item)>) -> Self {
        Self::new(Fact::Map(Arc::new(
            members.into_iter().map(|(k, v)| (k.into(), v)).collect(),
        )))
    }

    /// A mapping without the members that are nothing.
    pub(crate) fn sparse<K: Into<Key>>(members: impl IntoIterator<Item = (K, Item)>) -> Self {
        Self::map(members.into_iter().filter(|(_, v)| v.fact != Fact::Null))
    }

    /// A list.
    pub(crate) fn list(items: impl IntoIterator<Item = Item>) -> Self {
        Self::new(Fact::List(Arc::new(items.into_iter().collect())))
    }

    /// Nothing instead of an empty list or mapping.
    pub(crate) fn or_nothing(self) -> Self {
        let empty = match &self.fact {
            Fact::List(items) => items.is_empty(),
            Fact::Map(members) => members.is_empty(),
            _ => false,
        };
        if empty { Self::nothing() } else { self }
    }

    /// Nothing.
    pub(crate) fn nothing() -> Self {
        Self::new(Fact::Null)
    }

    /// The same value, from a field.
    pub(crate) fn of(mut self, subject: &Subject, path: impl Into<String>) -> Self {
        self.source = Source::Field(Arc::new(FieldRef {
            subject: subject.clone(),
            path: path.into(),
        }));
        self
    }

    /// The same value, computed from fields.
    pub(crate) fn made_of(mut self, mut fields: Vec<FieldRef>) -> Self {
        fields.sort();
        fields.dedup();
        self.source = match fields.len() {
            0 => Source::Around,
            _ => Source::Fields(Arc::new(fields)),
        };
        self
    }

    /// The same value, as the plan decided it.
    pub(crate) fn planned(mut self, what: impl Into<Arc<str>>) -> Self {
        self.source = Source::Plan(what.into());
        self
    }
}

impl<T: Into<Fact>> From<T> for Item {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

macro_rules! facts {
    ($($type:ty => |$value:ident| $fact:expr;)+) => {$(
        impl From<$type> for Fact {
            fn from($value: $type) -> Self {
                $fact
            }
        }
    )+};
}

facts! {
    bool => |v| Self::Bool(v);
    u16 => |v| Self::Number(v.into());
    u32 => |v| Self::Number(v.into());
    u64 => |v| Self::Number(v.into());
    i64 => |v| Self::Number(v.into());
    &str => |v| Self::Text(v.into());
    &String => |v| Self::Text(v.as_str().into());
    String => |v| Self::Text(v.into());
    Arc<str> => |v| Self::Text(v);
}

impl<T: Into<Self>> From<Option<T>> for Fact {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
