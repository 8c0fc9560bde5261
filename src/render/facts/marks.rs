//! What the objects of a scope are marked with: who owns them and what they belong to.

use std::sync::Arc;

use crate::model::world::{Service, Store};

use super::super::object::{FLEET, MANAGED_BY, Marks, RESIDENCY, SERVICE};
use super::Facts;
use super::service::tier;

impl Facts<'_> {
    /// What is bound to a jurisdiction says so.
    pub(super) fn marks_of_store(&self, marks: &Arc<Marks>, store: &Store) -> Arc<Marks> {
        let classes = &self.world.fleet.data_classes;
        let class = store.data.as_ref().and_then(|d| classes.get(&d.value));
        let Some(bound) = class.and_then(|c| c.residency.as_ref()) else {
            return Arc::clone(marks);
        };
        let areas: Vec<&str> = bound.names.iter().map(|n| n.value.as_str()).collect();
        let mut marks = Marks::clone(marks);
        marks.notes.push((RESIDENCY.to_owned(), areas.join(" ")));
        Arc::new(marks)
    }

    /// The marks of the objects of a service, or of those that belong to none.
    pub(super) fn marks(&self, service: Option<&Service>) -> Arc<Marks> {
        let fleet = self.world.fleet.name.value.to_string();
        let mut owned = vec![
            (MANAGED_BY.to_owned(), "regen".to_owned()),
            (FLEET.to_owned(), fleet.clone()),
        ];
        let mut offered = vec![("app.kubernetes.io/part-of".to_owned(), fleet)];
        if let Some(service) = service {
            let name = service.name.value.to_string();
            owned.push((SERVICE.to_owned(), name.clone()));
            offered.push(("app.kubernetes.io/name".to_owned(), name));
            offered.push(("regen.dev/tier".to_owned(), tier(service.tier).to_owned()));
            let team = service.owner.as_ref().map(|o| o.team.as_str());
            if let Some(team) = team.filter(|t| is_label_value(t)) {
                offered.push(("regen.dev/team".to_owned(), team.to_owned()));
            }
        }
        Arc::new(Marks {
            owned,
            offered,
            notes: Vec::new(),
        })
    }
}

/// Whether Kubernetes takes a text as the value of a label (at most 63 characters).
fn is_label_value(text: &str) -> bool {
    let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}
