//! What a person types to what of the fleet it names.

use crate::diag::nearest;
use crate::model::name::{ServiceKey, StoreName};
use crate::model::world::World;
use crate::report::text::inert;

use crate::cli::{Stop, Terminal};

/// A service, one of its stores, or a field of either.
pub(super) struct Subject<'t> {
    pub key: ServiceKey,
    pub store: Option<StoreName>,
    /// The store's place among those of the service.
    index: usize,
    pub field: Option<&'t str>,
}

impl Subject<'_> {
    /// The path of the field below the service.
    pub(super) fn path(&self) -> String {
        let field = self.field.unwrap_or_default();
        match &self.store {
            None => field.to_owned(),
            Some(_) => format!("stores[{}].{field}", self.index),
        }
    }
}

/// Reads `SERVICE[@ENVIRONMENT][/STORE][.FIELD]`.
pub(super) fn read<'t>(
    typed: &'t str,
    world: &World,
    terminal: &Terminal,
) -> Result<Subject<'t>, Stop> {
    let (head, field) = match typed.split_once('.') {
        Some((head, field)) => (head, Some(field).filter(|f| !f.is_empty())),
        None => (typed, None),
    };
    let (name, store) = match head.split_once('/') {
        Some((name, store)) => (name, Some(store)),
        None => (head, None),
    };
    let found = world.services.iter().find(|(k, _)| k.to_string() == name);
    let Some((key, service)) = found else {
        return Err(no_service(name, world, terminal));
    };
    let mut subject = Subject {
        key: key.clone(),
        store: None,
        index: 0,
        field,
    };
    let Some(store) = store else {
        return Ok(subject);
    };
    let mut stores = service.stores.iter().map(|s| &s.name.value);
    match stores.clone().position(|s| s.as_str() == store) {
        Some(index) => {
            subject.index = index;
            subject.store = stores.nth(index).cloned();
            Ok(subject)
        }
        None => {
            let names: Vec<&str> = stores.map(StoreName::as_str).collect();
            Err(no_store(key, store, &names, terminal))
        }
    }
}

fn no_store(key: &ServiceKey, store: &str, names: &[&str], terminal: &Terminal) -> Stop {
    let hint = match (nearest(store, names.iter().copied()), names) {
        (_, []) => "; it has none".to_owned(),
        (Some(near), _) => format!("; did you mean `{key}/{near}`?"),
        (None, names) => format!("; it has `{key}/{}`", names.join(&format!("`, `{key}/"))),
    };
    terminal.refuse(&format!("`{key}` has no store `{}`{hint}", inert(store)))
}

fn no_service(name: &str, world: &World, terminal: &Terminal) -> Stop {
    let shown = inert(name);
    let bare = name.split('@').next().unwrap_or(name);
    let elsewhere: Vec<String> = world
        .services
        .keys()
        .filter(|k| k.service.as_str() == bare)
        .map(|k| format!("`{k}`"))
        .collect();
    let said = match elsewhere.as_slice() {
        [] => {
            let stores = world.services.iter().flat_map(|(key, service)| {
                let own = service
                    .stores
                    .iter()
                    .filter(|s| s.name.value.as_str() == name);
                own.map(move |s| format!("`{}`", key.store(&s.name.value)))
            });
            let stores: Vec<String> = stores.collect();
            if stores.is_empty() {
                let names: Vec<String> = world.services.keys().map(ToString::to_string).collect();
                let known = names.iter().map(String::as_str);
                return terminal.unknown("no service is named", name, known);
            }
            format!(
                "no service is named `{shown}`, but a store is: did you mean {}?",
                stores.join(" or ")
            )
        }
        [one] => format!("no service is named `{shown}`; did you mean {one}?"),
        several => format!(
            "`{shown}` does not say which environment: did you mean {}?",
            several.join(" or ")
        ),
    };
    terminal.refuse(&said)
}
