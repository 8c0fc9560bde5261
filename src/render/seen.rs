//! What a template saw of its variables, and whether it would see the same in another cluster:
//! then it yields the same there, but for the cluster's name.

use std::cell::RefCell;
use std::sync::Arc;

use crate::model::name::ClusterName;
use crate::model::origin::{FieldRef, Subject};

use super::fact::{Fact, Item, Key, Root, Source};

/// One look at a variable, or at a member of a variable that is a mapping.
#[derive(Clone, Debug)]
struct Look {
    name: Key,
    member: Option<Key>,
    found: Found,
}

/// What a look found.
#[derive(Clone, Debug)]
enum Found {
    Nothing,
    /// A mapping, of which the members that matter were looked at one by one.
    Mapping,
    Value(Item),
}

/// Everything that a template looked at, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Vec<Look>);

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

/// Begins anew.
pub(crate) fn forget() {
    SEEN.with_borrow_mut(|seen| seen.0.clear());
}

/// What was seen since.
pub(crate) fn take() -> Seen {
    SEEN.with_borrow_mut(std::mem::take)
}

/// Notes that a variable was looked at; of a mapping, that it is one.
pub(crate) fn note(name: &str, known: Option<(&Key, &Item)>) {
    let found = match known.map(|(_, item)| item) {
        None => Found::Nothing,
        Some(item) if matches!(item.fact, Fact::Map(_)) => Found::Mapping,
        Some(item) => Found::Value(item.clone()),
    };
    let key = || known.map_or_else(|| Key::Owned(name.to_owned()), |(key, _)| key.clone());
    SEEN.with_borrow_mut(|seen| seen.add(name, key, None, found));
}

/// Notes that a member of a variable was looked at; `member` is `None` for all of them.
pub(crate) fn note_member(name: &Key, member: Option<&str>, value: Option<&Item>) {
    let found = value.map_or(Found::Nothing, |item| Found::Value(item.clone()));
    SEEN.with_borrow_mut(|seen| match member {
        None => seen.widen(name, found),
        Some(member) => seen.add(name, || name.clone(), Some(member), found),
    });
}

impl Seen {
    fn add(&mut self, name: &str, key: impl FnOnce() -> Key, member: Option<&str>, found: Found) {
        let same = |look: &&Look| look.name == name && look.member.as_deref() == member;
        if self.0.iter().find(same).is_none() {
            self.0.push(Look {
                name: key(),
                member: member.map(|m| Key::Owned(m.to_owned())),
                found,
            });
        }
    }

    /// All of a mapping was looked at.
    fn widen(&mut self, name: &Key, found: Found) {
        match self
            .0
            .iter_mut()
            .find(|l| l.name == *name && l.member.is_none())
        {
            Some(look) => look.found = found,
            None => self.0.push(Look {
                name: name.clone(),
                member: None,
                found,
            }),
        }
    }

    /// Whether other variables show the same, where one cluster stands for the other.
    pub(crate) fn holds(&self, root: &Root, from: &ClusterName, to: &ClusterName) -> bool {
        let alike = Alike { from, to };
        self.0.iter().all(|look| {
            let around = root.get(&look.name);
            let item = match (&look.member, around.map(|item| &item.fact)) {
                (None, _) => around,
                (Some(member), Some(Fact::Map(members))) => members.get(&**member),
                (Some(_), _) => return false,
            };
            let (Found::Value(seen), Some(item)) = (&look.found, item) else {
                return match (&look.found, item) {
                    (Found::Nothing, None) => true,
                    (Found::Mapping, Some(item)) => matches!(item.fact, Fact::Map(_)),
                    _ => false,
                };
            };
            let source = match (&item.source, around) {
                (Source::Around, Some(around)) => &around.source,
                (source, _) => source,
            };
            alike.facts(&seen.fact, &item.fact) && alike.sources(&seen.source, source)
        })
    }
}

/// Whether values are the same, where one cluster stands for another in their origins.
struct Alike<'a> {
    from: &'a ClusterName,
    to: &'a ClusterName,
}

impl Alike<'_> {
    fn items(&self, a: &Item, b: &Item) -> bool {
        self.facts(&a.fact, &b.fact) && self.sources(&a.source, &b.source)
    }

    fn facts(&self, a: &Fact, b: &Fact) -> bool {
        match (a, b) {
            (Fact::Null, Fact::Null) => true,
            (Fact::Bool(a), Fact::Bool(b)) => a == b,
            (Fact::Number(a), Fact::Number(b)) => a == b,
            (Fact::Text(a), Fact::Text(b)) => a == b,
            (Fact::List(a), Fact::List(b)) => {
                Arc::ptr_eq(a, b)
                    || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| self.items(a, b))
            }
            (Fact::Map(a), Fact::Map(b)) => {
                Arc::ptr_eq(a, b)
                    || a.len() == b.len()
                        && a.iter()
                            .zip(b.iter())
                            .all(|(a, b)| a.0 == b.0 && self.items(a.1, b.1))
            }
            _ => false,
        }
    }

    fn sources(&self, a: &Source, b: &Source) -> bool {
        match (a, b) {
            (Source::Around, Source::Around) => true,
            (Source::Field(a), Source::Field(b)) => Arc::ptr_eq(a, b) || self.fields(a, b),
            (Source::Fields(a), Source::Fields(b)) => {
                Arc::ptr_eq(a, b)
                    || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| self.fields(a, b))
            }
            (Source::Plan(a), Source::Plan(b)) => a == b,
            _ => false,
        }
    }

    fn fields(&self, a: &FieldRef, b: &FieldRef) -> bool {
        a.path == b.path
            && match (&a.subject, &b.subject) {
                (Subject::Cluster(a), Subject::Cluster(b)) if a == self.from => b == self.to,
                (a, b) => a == b,
            }
    }
}
