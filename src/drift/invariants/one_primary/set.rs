//! Live databases to the sets that they form.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::drift::invariants::data::{self, POSTGRES};
use crate::drift::invariants::ground::{Ground, Object};
use crate::model::engine::Engine;

/// One cluster of a database.
pub(super) struct Member<'a> {
    pub object: Object<'a>,
    /// What it is called among its peers.
    pub name: &'a str,
    /// Whether it takes writes.
    pub writes: bool,
    /// Whom it believes to take them, and whom it follows.
    pub primary: Option<&'a str>,
    pub source: Option<&'a str>,
}

impl<'a> Member<'a> {
    fn of(object: Object<'a>) -> Self {
        let text = |pointer| object.text(pointer);
        let name = text("/spec/replica/self")
            .or(text("/metadata/name"))
            .unwrap_or_default();
        let primary = text("/spec/replica/primary");
        let enabled = object.at("/spec/replica/enabled").and_then(Value::as_bool);
        let follows = match (object.at("/spec/replica"), enabled) {
            (None | Some(Value::Null), _) => false,
            (_, Some(enabled)) => enabled,
            (_, None) => primary != Some(name),
        };
        Self {
            name,
            writes: !follows,
            primary,
            source: text("/spec/replica/source"),
            object,
        }
    }

    /// The names that it gives its peers.
    fn peers(&self) -> BTreeSet<&'a str> {
        let replicated = self
            .object
            .at("/spec/replica")
            .is_some_and(Value::is_object);
        if !replicated {
            return BTreeSet::new();
        }
        let others = self.object.list("/spec/externalClusters").iter();
        let others = others.filter_map(|o| o["name"].as_str());
        others.chain(self.primary).chain(self.source).collect()
    }
}

/// The clusters of one database.
#[derive(Default)]
pub(super) struct Set<'a> {
    pub store: Option<data::Of<'a>>,
    pub names: BTreeSet<String>,
    pub members: Vec<Member<'a>>,
}

/// Databases by their members: what the fleet knows first, then what names each other.
pub(super) fn sets<'a>(ground: &Ground<'a>) -> Vec<Set<'a>> {
    let mut sets: Vec<(String, String, Set<'a>)> = Vec::new();
    let stores = ground.fleet.iter().flat_map(data::stores);
    for of in stores.filter(|of| of.store.engine.value == Engine::CloudnativePg) {
        let names = of
            .plan
            .clusters
            .keys()
            .map(|region| of.key.instance(region));
        let environment = of.key.service.environment.to_string();
        let set = Set {
            names: names.collect(),
            store: Some(of),
            members: Vec::new(),
        };
        sets.push((environment, of.service.namespace.to_string(), set));
    }
    for object in ground.everywhere(POSTGRES) {
        let cluster = ground.fleet.and_then(|f| f.cluster(object.cluster));
        let environment = cluster.map_or(String::new(), |c| c.environment.to_string());
        let namespace = object.id.namespace.clone();
        let member = Member::of(object);
        let mut names: BTreeSet<String> = member.peers().into_iter().map(str::to_owned).collect();
        // A database that stands alone is nobody's peer, be there another of its name elsewhere.
        let alone = names.is_empty();
        names.extend([member.name.to_owned(), member.object.id.name.clone()]);
        let theirs = |(e, n, set): &(String, String, Set<'_>)| {
            *e == environment
                && *n == namespace
                && !(alone
                    && set.store.is_none()
                    && set.members.iter().all(|m| m.peers().is_empty()))
                && !set.names.is_disjoint(&names)
        };
        let (mut joined, rest): (Vec<_>, Vec<_>) = sets.into_iter().partition(theirs);
        sets = rest;
        let mut set = match joined.is_empty() {
            true => Set::default(),
            false => joined.remove(0).2,
        };
        for (_, _, other) in joined {
            set.store = set.store.or(other.store);
            set.names.extend(other.names);
            set.members.extend(other.members);
        }
        set.names.extend(names);
        set.members.push(member);
        sets.push((environment, namespace, set));
    }
    let mut sets: Vec<Set<'a>> = sets.into_iter().map(|(_, _, set)| set).collect();
    sets.sort_by(|a, b| a.names.cmp(&b.names));
    sets
}
