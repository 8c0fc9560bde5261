//! A value as a server would store it: typed leaves, defaults filled in, lists with their keys.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use crate::model::quantity::Quantity;

use super::scalar::{same_number, to_base64};

/// One value.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// As it was written; `None` for what the server fills in by code.
    pub raw: Option<&'a Value>,
    /// The server filled it in.
    pub filled: bool,
    /// The server drops it: an explicit zero or an empty container.
    pub absent: bool,
    /// The type has no such member: the server drops it, unless it is newer than the schema.
    pub unknown: bool,
    /// Its members are reported one by one, never the whole.
    pub each: bool,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind<'a> {
    /// Null where it is a value.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, byte for byte.
    Text(Cow<'a, str>),
    /// A quantity.
    Quantity(Quantity),
    /// Nanoseconds since 1970.
    Instant(i128),
    /// Nanoseconds.
    Length(i128),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Members, by name.
    Map(Vec<Member<'a>>),
    /// Members of a map that is replaced as a whole, by name.
    Whole(Vec<Member<'a>>),
    /// A list that is replaced as a whole.
    List(Vec<Node<'a>>),
    /// A list that is replaced as a whole, but whose order means nothing.
    Bag(Vec<Element<'a>>),
    /// A list of distinct values.
    Set(Vec<Element<'a>>),
    /// A list of elements with keys.
    Keyed(Vec<Element<'a>>),
    /// Nests too deep to be looked into.
    Opaque(&'a Value),
}

/// A member of a map.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub node: Node<'a>,
}

/// An element of a list that is told apart by key or value.
#[derive(Clone, Debug)]
pub struct Element<'a> {
    /// What tells it apart.
    pub key: Key<'a>,
    /// Where it stands in the list.
    pub index: usize,
    /// Its value.
    pub node: Node<'a>,
}

/// What tells an element apart: the values of its key members, or, without names, its own value.
#[derive(Clone, Debug)]
pub struct Key<'a>(pub Vec<KeyPart<'a>>);

/// One member of a key.
#[derive(Clone, Debug)]
pub struct KeyPart<'a> {
    /// The member; empty for an element of a set.
    pub name: &'a str,
    /// Its value: the text of a string, else JSON.
    pub text: Cow<'a, str>,
    /// Whether the value is a string.
    pub string: bool,
}

impl Key<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|p| p.text.as_ref())
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.texts().eq(other.texts())
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.texts().cmp(other.texts())
    }
}

impl<'a> Node<'a> {
    pub(super) fn new(kind: Kind<'a>, raw: Option<&'a Value>) -> Self {
        Self {
            kind,
            raw,
            filled: false,
            absent: false,
            unknown: false,
            each: false,
        }
    }

    pub(super) fn filled(kind: Kind<'a>) -> Self {
        Self {
            filled: true,
            ..Self::new(kind, None)
        }
    }

    /// The members, when it is a map.
    pub fn members(&self) -> Option<&[Member<'a>]> {
        match &self.kind {
            Kind::Map(members) | Kind::Whole(members) => Some(members),
            _ => None,
        }
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        let members = self.members()?;
        members
            .binary_search_by(|m| m.name.cmp(name))
            .ok()
            .map(|i| &members[i].node)
    }

    /// Whether a leaf is the same value as another; containers never are.
    pub fn same_leaf(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Number(a), Kind::Number(b)) => same_number(a, b),
            (Kind::Text(a), Kind::Text(b)) => a == b,
            (Kind::Quantity(a), Kind::Quantity(b)) => a == b,
            (Kind::Instant(a), Kind::Instant(b)) | (Kind::Length(a), Kind::Length(b)) => a == b,
            (Kind::Bytes(a), Kind::Bytes(b)) => a == b,
            (Kind::Opaque(a), Kind::Opaque(b)) => a == b,
            _ => false,
        }
    }

    /// The value as it was written, else as the server writes it.
    pub fn to_value(&self) -> Value {
        match self.raw {
            Some(raw) => raw.clone(),
            None => self.written(&Self::to_value),
        }
    }

    /// The value as the server stores it: defaults stand in it, what it drops does not.
    pub fn stored(&self) -> Value {
        let leaf = matches!(self.kind, Kind::Instant(_) | Kind::Length(_));
        match self.raw {
            Some(raw) if leaf => raw.clone(),
            _ => self.written(&Self::stored),
        }
    }

    fn written(&self, inner: &dyn Fn(&Self) -> Value) -> Value {
        let map = |members: &[Member<'a>]| {
            let kept = members.iter().filter(|m| !m.node.absent && !m.node.unknown);
            let pairs = kept.map(|m| (m.name.to_owned(), inner(&m.node)));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => (*b).into(),
            Kind::Number(n) => n.clone().into(),
            Kind::Text(t) => t.as_ref().into(),
            Kind::Quantity(q) => q.to_string().into(),
            Kind::Instant(n) | Kind::Length(n) => n.to_string().into(),
            Kind::Bytes(bytes) => to_base64(bytes).into(),
            Kind::Map(members) | Kind::Whole(members) => map(members),
            Kind::List(nodes) => nodes.iter().map(inner).collect(),
            Kind::Bag(e) | Kind::Set(e) | Kind::Keyed(e) => {
                e.iter().map(|e| inner(&e.node)).collect()
            }
            Kind::Opaque(value) => (*value).clone(),
        }
    }
}
