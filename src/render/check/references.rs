//! References to objects that exist neither in the cluster's tree nor, as far as the fleet says,
//! beside it.

use std::collections::BTreeMap;

use crate::diag::{Code, nearest};
use crate::model::manifest::ObjectId;
use crate::model::world::Existing;

use super::Fault;
use super::links::{ANY, Links, Makes, Thing, Want};

/// Group, kind, namespace, name.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The keys of a ConfigMap or Secret, where they are known.
type Keys<'a> = Option<&'a [Box<str>]>;

/// Everything that exists in a cluster.
pub(super) struct Known<'a> {
    things: BTreeMap<Key<'a>, Keys<'a>>,
    existing: &'a [Existing],
}

impl<'a> Known<'a> {
    pub(super) fn new(objects: &[(&'a ObjectId, &'a Links)], existing: &'a [Existing]) -> Self {
        let mut things: BTreeMap<Key<'a>, Keys<'a>> = BTreeMap::new();
        for (id, links) in objects {
            let key: Key<'a> = (&id.group, &id.kind, &id.namespace, &id.name);
            things.insert(key, None);
            for Makes { thing, keys } in &links.makes {
                let keys = keys.as_deref();
                let known = things.entry(key_of(thing)).or_insert(keys);
                if known.is_none() {
                    *known = keys;
                }
            }
        }
        Self { things, existing }
    }

    /// The keys of a thing that exists.
    fn find(&self, thing: &Thing) -> Option<Keys<'a>> {
        let (group, kind, namespace, name) = key_of(thing);
        if let Some(found) = self.things.get(&(group, kind, namespace, name)) {
            return Some(*found);
        }
        if !namespace.is_empty()
            && let Some(found) = self.things.get(&(group, kind, ANY, name))
        {
            return Some(*found);
        }
        let always = matches!(
            (group, kind, name),
            ("", "ServiceAccount", "default") | ("", "ConfigMap", "kube-root-ca.crt")
        );
        let said = |e: &Existing| {
            e.kind == kind
                && (e.name == ANY || e.name == name)
                && (e.namespace == ANY || e.namespace == namespace || namespace.is_empty())
        };
        (always || self.existing.iter().any(said)).then_some(None)
    }

    /// Names of the same kind in the same namespace.
    fn like(&self, thing: &Thing) -> impl Iterator<Item = &'a str> {
        let (group, kind, namespace, _) = key_of(thing);
        let (group, kind, namespace) = (group.to_owned(), kind.to_owned(), namespace.to_owned());
        self.things
            .keys()
            .filter(move |k| k.0 == group && k.1 == kind && k.2 == namespace)
            .map(|k| k.3)
    }
}

fn key_of(thing: &Thing) -> Key<'_> {
    (&thing.group, &thing.kind, &thing.namespace, &thing.name)
}

pub(super) fn check(
    objects: &[(&ObjectId, &Links)],
    known: &Known<'_>,
    faults: &mut Vec<(usize, Fault)>,
) {
    for (index, (id, links)) in objects.iter().enumerate() {
        for want in &links.wants {
            let fault = match known.find(&want.thing) {
                None => Some(missing(id, want, known)),
                Some(Some(keys)) => want
                    .key
                    .as_ref()
                    .filter(|key| !keys.contains(key))
                    .map(|key| without(id, want, key, keys)),
                Some(None) => None,
            };
            faults.extend(fault.map(|f| (index, f)));
        }
    }
}

fn missing(id: &ObjectId, want: &Want, known: &Known<'_>) -> Fault {
    let thing = &want.thing;
    let (kind, name) = (&thing.kind, &thing.name);
    let place = match thing.namespace.as_ref() {
        "" => String::new(),
        namespace => format!(" in namespace `{namespace}`"),
    };
    let message = format!(
        "the {} `{}` refers to the {kind} `{name}`, which does not exist{place}",
        id.kind, id.name
    );
    let near = nearest(name, known.like(thing));
    let near = near.map_or(String::new(), |near| format!("write `{near}`; or "));
    let said = match thing.namespace.as_ref() {
        "" => format!("{kind}/{name}"),
        namespace => format!("{kind}/{namespace}/{name}"),
    };
    let how = match thing.kind.as_ref() {
        "Secret" => "render an ExternalSecret or a Certificate that makes it".to_owned(),
        kind => format!("render that {kind}"),
    };
    let code = match id.kind.as_str() {
        "HorizontalPodAutoscaler" | "ScaledObject" => Code::MissingTarget,
        _ => Code::MissingReference,
    };
    Fault::new(code, want.at.clone(), message).help(format!(
        "{near}{how}; or, if it is made outside of regen, add `{said}` to `platform.existing` of regen.yaml"
    ))
}

fn without(id: &ObjectId, want: &Want, key: &str, keys: &[Box<str>]) -> Fault {
    let Thing { kind, name, .. } = &want.thing;
    let message = format!(
        "the {} `{}` reads the key `{key}` of the {kind} `{name}`, which has no such key",
        id.kind, id.name
    );
    let mut has: Vec<&str> = keys.iter().map(|k| &**k).collect();
    has.sort_unstable();
    Fault::new(Code::MissingReference, want.at.clone(), message).help(match has.as_slice() {
        [] => format!("add `{key}` to the {kind}"),
        has => format!("it has `{}`", has.join("`, `")),
    })
}
