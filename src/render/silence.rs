//! Stores that no template applies to, to a warning: the plan holds, and somebody has to deploy them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::{ClusterName, StoreKey};
use crate::model::world::{Store, World};

use super::facts::Lack;
use super::said;

/// How many names a message lists.
const LISTED: usize = 6;

/// Stores that no template applied to: what each lacks, and the clusters that would hold it.
pub(crate) type Silent = BTreeMap<StoreKey, (Option<Lack>, Vec<ClusterName>)>;

/// A store and the clusters that would hold it.
type Named<'a> = (&'a StoreKey, &'a Store, &'a [ClusterName]);

/// One warning per engine and reason, at the first of its stores.
pub(crate) fn tell(world: &World, silent: &Silent, sink: &mut Sink) {
    let mut alike: BTreeMap<(Engine, Option<&Lack>), Vec<Named<'_>>> = BTreeMap::new();
    for (key, (lack, clusters)) in silent {
        let service = world.services.get(&key.service);
        let mut stores = service.into_iter().flat_map(|s| &s.stores);
        if let Some(store) = stores.find(|s| s.name.value == key.store) {
            let of_engine = alike
                .entry((store.engine.value, lack.as_ref()))
                .or_default();
            of_engine.push((key, store, clusters));
        }
    }
    for ((engine, lack), stores) in alike {
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
        let why = match lack {
            Some(lack) => lack.what.clone(),
            None => format!("no template is for `{engine}`"),
        };
        let message = format!("nothing is rendered for {noun} {}: {why}", few(&names));
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
        let told = lack.into_iter().fold(told, |t, l| t.help(l.help.clone()));
        sink.emit(told.help(format!(
            "{}deploy {each} as planned: {}; or write a template of scope `store` with `when: store.engine == \"{engine}\"` below `templates/`",
            if lack.is_some() { "or " } else { "" },
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
