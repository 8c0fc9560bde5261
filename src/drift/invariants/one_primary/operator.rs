//! A replica set of MongoDB is run by one operator: two would each say who its members are.

use std::collections::BTreeMap;

use serde_json::json;

use crate::drift::invariants::data::{self, MONGODB};
use crate::drift::invariants::ground::{Ground, Object};
use crate::drift::invariants::outcome::{Outcome, Violation, field, listed};
use crate::model::finding::FindingSeverity;

pub(super) fn run_once(ground: &Ground<'_>, outcome: &mut Outcome) {
    let mut all: BTreeMap<(String, String), Vec<Object<'_>>> = BTreeMap::new();
    for object in ground.everywhere(MONGODB) {
        let key = (object.id.namespace.clone(), object.id.name.clone());
        all.entry(key).or_default().push(object);
    }
    for objects in all.into_values() {
        let [first, _, ..] = objects.as_slice() else {
            outcome.holds();
            continue;
        };
        let name = &first.id.name;
        let clusters = listed(objects.iter().map(|o| o.cluster));
        let store = ground.fleet.iter().flat_map(data::stores);
        let mut store = store.filter(|of| of.key.fleet_wide() == *name);
        outcome.violated(Violation {
            object: first.id.clone(),
            severity: FindingSeverity::High,
            expected: "one operator runs it".to_owned(),
            message: format!("replica set `{name}` is run from {clusters}"),
            help: "delete the object in all clusters but the operator's central one, with its \
                   operator stopped, so that no member is removed"
                .to_owned(),
            origin: store
                .next()
                .and_then(|of| field(&of.key.service, format!("stores[{}]", of.index))),
            involved: objects
                .iter()
                .map(|o| ground.involved(o, &["spec"], json!("is run from here")))
                .collect(),
        });
    }
}
