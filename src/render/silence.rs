//! Stores that no template applies to, to a warning: the plan holds, and somebody has to deploy them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::{ClusterName, StoreKey};
use crate::model::world::{Store, World};

use super::said;

/// How many names a message lists.
const LISTED: usize = 6;

/// A store and the clusters that would hold it.
type Silent<'a> = (&'a StoreKey, &'a Store, &'a [ClusterName]);

/// One warning per engine, at the first of its stores.
pub(crate) fn tell(world: &World, silent: &BTreeMap<StoreKey, Vec<ClusterName>>, sink: &mut Sink) {
    let mut by_engine: BTreeMap<Engine, Vec<Silent<'_>>> = BTreeMap::new();
    for (key, clusters) in silent {
        let service = world.services.get(&key.service);
        let mut stores = service.into_iter().flat_map(|s| &s.stores);
        if let Some(store) = stores.find(|s| s.name.value == key.store) {
            let of_engine = by_engine.entry(store.engine.value).or_default();
            of_engine.push((key, store, clusters));
        }
    }
    for (engine, stores) in by_engine {
        let names: Vec<String> = stores.iter().map(|(key, ..)| key.to_string()).collect();
        let (noun, each) = match names.len() {
            1 => ("store", "it"),
            _ => ("stores", "them"),
        };
        let clusters: BTreeSet<&str> = stores
            .iter()
            .flat_map(|(.., clusters)| clusters.iter().map(ClusterName::as_str))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let clusters: Vec<&str> = clusters.into_iter().collect();
        let message = format!(
            "nothing is rendered for {noun} {}: no template is for `{engine}`",
            few(&names)
        );
        let told = Diagnostic::new(Code::StoreNotRendered, message)
            .at(stores[0].1.engine.span, "")
            .note(format!(
                "the plan holds all the same, `regen plan` prints it; to be deployed in {} {}",
                if clusters.len() == 1 {
                    "cluster"
                } else {
                    "clusters"
                },
                few(&clusters)
            ));
        let told = stores
            .iter()
            .skip(1)
            .take(LISTED - 1)
            .fold(told, |told, s| told.see(s.1.engine.span, "and here"));
        sink.emit(told.help(format!(
            "deploy {each} as planned: {}; or write a template of scope `store` with `when: store.engine == \"{engine}\"` below `templates/`",
            engine::facts(engine).deploy
        )));
    }
}

/// The first few names, and how many more there are.
fn few(names: &[&str]) -> String {
    match names.len().saturating_sub(LISTED) {
        0 => said(names),
        more => format!("{} and {more} more", said(&names[..LISTED])),
    }
}
