//! Two trees to the raw differences between them, before anyone asks whose they are.

use std::collections::BTreeMap;

use crate::normalise::{Element, Key, Kind, Member, Node};

use super::path::{self, Path, Step};

/// At most so many places inside one atomic value are told.
const MAX_DETAIL: usize = 100;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Both sides have a value that was written, and they differ.
    Modified,
    /// Only the desired side has it.
    Removed,
    /// Only the live side has it, or the desired one has a default there.
    Extra,
    /// The same elements in an order that means something else.
    Reordered,
    /// A member that no schema knows; the server drops it.
    UnknownField,
    /// A key that stands twice in a desired list.
    DuplicateKey,
}

/// What one side has.
#[derive(Clone, Debug)]
pub(super) enum Held<'n> {
    /// Nothing.
    Nothing,
    /// A value.
    Value(&'n Node<'n>),
    /// All elements with one key.
    Elements(Vec<&'n Node<'n>>),
}

/// One raw difference.
#[derive(Clone, Debug)]
pub(super) struct Difference<'n> {
    pub(super) what: What,
    pub(super) path: Path<'n>,
    pub(super) desired: Held<'n>,
    pub(super) live: Held<'n>,
    pub(super) detail: Vec<String>,
}

/// The differences between two trees of one object.
pub(super) fn compare<'n>(desired: &'n Node<'n>, live: &'n Node<'n>) -> Vec<Difference<'n>> {
    let mut walk = Walk {
        path: Vec::new(),
        found: Vec::new(),
    };
    walk.both(desired, live);
    walk.found
}

struct Walk<'n> {
    path: Path<'n>,
    found: Vec<Difference<'n>>,
}

impl<'n> Walk<'n> {
    fn tell(&mut self, what: What, desired: Held<'n>, live: Held<'n>, detail: Vec<String>) {
        self.found.push(Difference {
            what,
            path: self.path.clone(),
            desired,
            live,
            detail,
        });
    }

    fn within(&mut self, step: Step<'n>, then: impl FnOnce(&mut Self)) {
        self.path.push(step);
        then(self);
        self.path.pop();
    }

    fn both(&mut self, desired: &'n Node<'n>, live: &'n Node<'n>) {
        if desired.absent && live.absent {
            return;
        }
        match (&desired.kind, &live.kind) {
            (Kind::Map(d), Kind::Map(l)) => self.members(d, l),
            (Kind::Keyed(d), Kind::Keyed(l)) | (Kind::Set(d), Kind::Set(l)) => {
                self.elements(d, l);
            }
            _ => {
                let mut detail = Vec::new();
                if !differ(desired, live, &mut String::new(), &mut detail, true) {
                    return;
                }
                let what = match desired.filled {
                    true => What::Extra,
                    false => What::Modified,
                };
                self.tell(what, Held::Value(desired), Held::Value(live), detail);
            }
        }
    }

    fn members(&mut self, desired: &'n [Member<'n>], live: &'n [Member<'n>]) {
        let (mut d, mut l) = (desired.iter().peekable(), live.iter().peekable());
        loop {
            let order = match (d.peek(), l.peek()) {
                (None, None) => return,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(d), Some(l)) => d.name.cmp(l.name),
            };
            let (one, other) = match order {
                std::cmp::Ordering::Less => (d.next(), None),
                std::cmp::Ordering::Greater => (None, l.next()),
                std::cmp::Ordering::Equal => (d.next(), l.next()),
            };
            match (one, other) {
                (Some(d), Some(l)) => self.within(Step::Name(d.name), |w| w.both(&d.node, &l.node)),
                (Some(d), None) => self.within(Step::Name(d.name), |w| w.only_desired(&d.node)),
                (None, Some(l)) => self.within(Step::Name(l.name), |w| w.only_live(&l.node)),
                (None, None) => return,
            }
        }
    }

    fn only_desired(&mut self, node: &'n Node<'n>) {
        if node.unknown {
            return self.tell(What::UnknownField, Held::Value(node), Held::Nothing, vec![]);
        }
        if node.filled || node.absent {
            return;
        }
        match &node.kind {
            Kind::Map(members) if node.each => {
                for member in members {
                    self.within(Step::Name(member.name), |w| w.only_desired(&member.node));
                }
            }
            Kind::Keyed(elements) => self.elements(elements, &[]),
            Kind::Set(elements) if node.each => self.elements(elements, &[]),
            _ => self.tell(What::Removed, Held::Value(node), Held::Nothing, vec![]),
        }
    }

    fn only_live(&mut self, node: &'n Node<'n>) {
        if node.absent {
            return;
        }
        match &node.kind {
            Kind::Map(members) if node.each => {
                for member in members {
                    self.within(Step::Name(member.name), |w| w.only_live(&member.node));
                }
            }
            Kind::Keyed(elements) => self.elements(&[], elements),
            Kind::Set(elements) if node.each => self.elements(&[], elements),
            _ => self.tell(What::Extra, Held::Nothing, Held::Value(node), vec![]),
        }
    }

    fn elements(&mut self, desired: &'n [Element<'n>], live: &'n [Element<'n>]) {
        // As they mostly are: the same keys in the same order, each once.
        let ordered = |e: &[Element<'_>]| e.windows(2).all(|w| w[0].key < w[1].key);
        let aligned = desired.len() == live.len()
            && desired.iter().zip(live).all(|(d, l)| d.key == l.key)
            && (desired.len() < 2 || ordered(desired) || distinct(desired));
        if aligned {
            for (d, l) in desired.iter().zip(live) {
                self.within(Step::Element(&d.key, l.index), |w| w.both(&d.node, &l.node));
            }
            return;
        }
        let mut groups: BTreeMap<&'n Key<'n>, Sides<'n>> = BTreeMap::new();
        for e in desired {
            groups.entry(&e.key).or_default().0.push(e);
        }
        for e in live {
            groups.entry(&e.key).or_default().1.push(e);
        }
        let mut twins = false;
        for (key, (d, l)) in &groups {
            let index = l.first().or(d.first()).map_or(0, |e| e.index);
            self.path.push(Step::Element(key, index));
            match (d.as_slice(), l.as_slice()) {
                ([d], [l]) => self.both(&d.node, &l.node),
                ([d], []) if !d.node.filled => {
                    self.tell(What::Removed, Held::Value(&d.node), Held::Nothing, vec![]);
                }
                ([], [l]) => self.tell(What::Extra, Held::Nothing, Held::Value(&l.node), vec![]),
                (d, l) => {
                    twins = true;
                    self.twins(d, l);
                }
            }
            self.path.pop();
        }
        if !twins {
            self.order(desired, live);
        }
    }

    /// Elements that share a key are compared as lists.
    fn twins(&mut self, desired: &[&'n Element<'n>], live: &[&'n Element<'n>]) {
        let nodes =
            |e: &[&'n Element<'n>]| -> Vec<&'n Node<'n>> { e.iter().map(|e| &e.node).collect() };
        let (d, l) = (nodes(desired), nodes(live));
        let held = |nodes: &[&'n Node<'n>]| match nodes {
            [] => Held::Nothing,
            nodes => Held::Elements(nodes.to_vec()),
        };
        if desired.len() > 1 {
            self.tell(What::DuplicateKey, held(&d), Held::Nothing, vec![]);
        }
        let same = d.len() == l.len()
            && d.iter()
                .zip(&l)
                .all(|(d, l)| !differ(d, l, &mut String::new(), &mut Vec::new(), true));
        if same {
            return;
        }
        let what = match (d.is_empty(), l.is_empty()) {
            (true, _) => What::Extra,
            (_, true) => What::Removed,
            _ => What::Modified,
        };
        self.tell(what, held(&d), held(&l), vec![]);
    }

    /// Tells a change of order where order means something.
    fn order(&mut self, desired: &'n [Element<'n>], live: &'n [Element<'n>]) {
        let list = match self.path.last() {
            Some(Step::Name(name)) => *name,
            _ => return,
        };
        if !matches!(list, "initContainers" | "env")
            || !matches!(self.path.first(), Some(Step::Name("spec")))
        {
            return;
        }
        let (d, l) = (places(desired), places(live));
        let moved = match list {
            "initContainers" => !desired.iter().filter_map(|e| l.get(text(e))).is_sorted(),
            _ => desired.iter().any(|e| {
                let before = |places: &BTreeMap<&str, usize>, name| {
                    Some(places.get(text(e))? < places.get(name)?)
                };
                references(&e.node).any(|name| {
                    matches!((before(&d, name), before(&l, name)), (Some(d), Some(l)) if d != l)
                })
            }),
        };
        if moved {
            self.tell(What::Reordered, Held::Nothing, Held::Nothing, vec![]);
        }
    }
}

type Sides<'n> = (Vec<&'n Element<'n>>, Vec<&'n Element<'n>>);

/// Where each element stands, by the text of its key.
fn places<'e>(elements: &'e [Element<'_>]) -> BTreeMap<&'e str, usize> {
    elements
        .iter()
        .enumerate()
        .map(|(i, e)| (text(e), i))
        .collect()
}

fn text<'e>(element: &'e Element<'_>) -> &'e str {
    element.key.0.first().map_or("", |p| p.text.as_ref())
}

/// The names in `$(NAME)` of an environment variable's value.
fn references<'n>(env: &'n Node<'n>) -> impl Iterator<Item = &'n str> {
    let text = match env.get("value").map(|v| &v.kind) {
        Some(Kind::Text(text)) => text.as_ref(),
        _ => "",
    };
    text.split("$(")
        .skip(1)
        .filter_map(|t| t.split_once(')').map(|(name, _)| name))
}

fn distinct(elements: &[Element<'_>]) -> bool {
    if elements.len() <= 8 {
        return elements
            .iter()
            .enumerate()
            .all(|(i, e)| elements[..i].iter().all(|o| o.key != e.key));
    }
    let mut keys: Vec<&Key<'_>> = elements.iter().map(|e| &e.key).collect();
    keys.sort();
    keys.windows(2).all(|w| w[0] != w[1])
}

/// Whether two values differ; tells where, inside the first of them.
fn differ(
    d: &Node<'_>,
    l: &Node<'_>,
    at: &mut String,
    detail: &mut Vec<String>,
    root: bool,
) -> bool {
    if d.absent && l.absent {
        return false;
    }
    let before = detail.len();
    match (&d.kind, &l.kind) {
        (Kind::Map(dm) | Kind::Whole(dm), Kind::Map(lm) | Kind::Whole(lm)) => {
            let mut any = false;
            for m in dm {
                match l.get(m.name) {
                    Some(other) => {
                        any |= deeper(at, m.name, |at| differ(&m.node, other, at, detail, false));
                    }
                    None if m.node.filled || m.node.absent || m.node.unknown => {}
                    None => any |= deeper(at, m.name, |at| note(at, detail)),
                }
            }
            for m in lm {
                if !m.node.absent && d.get(m.name).is_none() {
                    any |= deeper(at, m.name, |at| note(at, detail));
                }
            }
            any
        }
        (Kind::List(dl), Kind::List(ll)) => {
            if dl.len() != ll.len() && !root {
                return note(at, detail);
            }
            let mut any = false;
            for (i, (d, l)) in dl.iter().zip(ll).enumerate() {
                any |= deeper(at, &i.to_string(), |at| differ(d, l, at, detail, false));
            }
            for i in dl.len().min(ll.len())..dl.len().max(ll.len()) {
                any |= deeper(at, &i.to_string(), |at| note(at, detail));
            }
            any
        }
        (Kind::Bag(de), Kind::Bag(le))
        | (Kind::Set(de), Kind::Set(le))
        | (Kind::Keyed(de), Kind::Keyed(le)) => keyed(de, le, at, detail),
        _ => {
            let differs = !d.same_leaf(l);
            if differs && !root {
                note(at, detail);
            }
            differs && detail.len() >= before
        }
    }
}

fn keyed(d: &[Element<'_>], l: &[Element<'_>], at: &mut String, detail: &mut Vec<String>) -> bool {
    let mut groups: BTreeMap<&Key<'_>, (Vec<&Element<'_>>, Vec<&Element<'_>>)> = BTreeMap::new();
    for e in d {
        groups.entry(&e.key).or_default().0.push(e);
    }
    for e in l {
        groups.entry(&e.key).or_default().1.push(e);
    }
    let mut any = false;
    for (key, (d, l)) in groups {
        let length = at.len();
        at.push('/');
        path::element(at, key);
        if d.len() != l.len() {
            any |= note(at, detail);
        } else {
            for (d, l) in d.iter().zip(&l) {
                any |= differ(&d.node, &l.node, at, detail, false);
            }
        }
        at.truncate(length);
    }
    any
}

fn deeper<R>(at: &mut String, name: &str, then: impl FnOnce(&mut String) -> R) -> R {
    let length = at.len();
    at.push('/');
    path::escape(at, name, false);
    let result = then(at);
    at.truncate(length);
    result
}

fn note(at: &str, detail: &mut Vec<String>) -> bool {
    if detail.len() < MAX_DETAIL {
        detail.push(at.to_owned());
    }
    true
}
