//! What is wrong with a set, in words.

use serde_json::json;

use crate::drift::invariants::ground::Ground;
use crate::drift::invariants::outcome::{Violation, field, listed};
use crate::model::finding::FindingSeverity;
use crate::model::name::ClusterName;

use super::set::{Member, Set};

impl Member<'_> {
    /// Whether its operator says that none of its instances is the primary.
    pub(super) fn idle(&self) -> bool {
        self.object.text("/status/phase").is_some()
            && self.object.text("/status/currentPrimary").is_none()
    }

    fn role(&self) -> String {
        match (self.writes, self.source) {
            (true, _) => "takes writes".to_owned(),
            (false, Some(source)) => format!("follows {source}"),
            (false, None) => "follows nobody".to_owned(),
        }
    }
}

impl<'a> Set<'a> {
    pub(super) fn namespace(&self) -> &str {
        let first = || self.members.first().map(|m| m.object.id.namespace.as_str());
        let store = self.store.map(|of| of.service.namespace.as_str());
        store.or_else(first).unwrap_or_default()
    }

    pub(super) fn what(&self) -> String {
        match self.store {
            Some(of) => format!("store `{}`", of.key),
            None => format!(
                "database `{}`",
                self.names.first().map_or("", String::as_str)
            ),
        }
    }

    /// The clusters that must be known: those that the plan puts it in, else all that were asked.
    pub(super) fn expected<'g>(&'g self, ground: &'g Ground<'a>) -> Vec<&'g ClusterName> {
        match self.store {
            Some(of) => of.plan.clusters.values().collect(),
            None if self.names.len() > 1 => ground.clusters.keys().copied().collect(),
            None => Vec::new(),
        }
    }

    fn planned(&self) -> Option<String> {
        let of = self.store?;
        Some(of.key.instance(of.plan.leader.as_ref()?))
    }

    /// Something about it, as seen at one of its members.
    fn violation(
        &self,
        ground: &Ground<'_>,
        first: &Member<'_>,
        message: String,
        help: String,
    ) -> Violation {
        let involved = self.members.iter().map(|m| {
            let path: &[&str] = match m.object.at("/spec/replica") {
                Some(_) => &["spec", "replica"],
                None => &["spec"],
            };
            ground.involved(&m.object, path, json!(m.role()))
        });
        Violation {
            object: first.object.id.clone(),
            severity: FindingSeverity::High,
            expected: match self.planned() {
                Some(planned) => format!("only {planned} takes writes"),
                None => "one takes writes, and the others follow it".to_owned(),
            },
            message,
            help,
            origin: self
                .store
                .and_then(|of| field(&of.key.service, format!("stores[{}].leader", of.index))),
            involved: involved.collect(),
        }
    }

    pub(super) fn split(&self, ground: &Ground<'_>, writers: &[&Member<'_>]) -> Violation {
        let places = writers
            .iter()
            .map(|m| format!("{} in {}", m.name, m.object.cluster));
        let planned = self.planned();
        let wrong = writers.iter().find(|m| Some(m.name) != planned.as_deref());
        let wrong = wrong.unwrap_or(&writers[0]);
        let right = planned.unwrap_or_else(|| "the one whose data is right".to_owned());
        self.violation(
            ground,
            wrong,
            format!(
                "{}: split brain, writes are taken by {}",
                self.what(),
                listed(places)
            ),
            format!(
                "stop writes to all but {right}, set `spec.replica.primary` and `source` of the \
                 others to it, and make them anew from it: what they took meanwhile is on a \
                 timeline of its own"
            ),
        )
    }

    pub(super) fn headless(&self, ground: &Ground<'_>, any: &Member<'_>) -> Violation {
        let planned = self.planned();
        let first = self
            .members
            .iter()
            .find(|m| Some(m.name) == planned.as_deref());
        let first = first.unwrap_or(any);
        let help = match &planned {
            Some(planned) => format!(
                "set `spec.replica.primary` of all members to `{planned}`, with the demotion token \
                 of the former primary as its `promotionToken` where there is one"
            ),
            None => "set `spec.replica.primary` of all members to the same one of them".to_owned(),
        };
        let message = format!(
            "{}: nobody takes writes, every member follows another",
            self.what()
        );
        self.violation(ground, first, message, help)
    }

    pub(super) fn strays(
        &self,
        ground: &Ground<'_>,
        primary: &Member<'_>,
        strays: &[&Member<'_>],
    ) -> Violation {
        let told = strays.iter().map(|m| {
            let whom = match m.source {
                Some(source) if source != primary.name => source,
                _ => m.primary.unwrap_or("nobody"),
            };
            format!("{} in {} follows {whom}", m.name, m.object.cluster)
        });
        let message = format!(
            "{}: {} takes writes, but {}",
            self.what(),
            primary.name,
            listed(told)
        );
        let help = format!(
            "set `spec.replica.primary` and `spec.replica.source` of those to `{}`",
            primary.name
        );
        self.violation(ground, strays[0], message, help)
    }

    pub(super) fn idle(&self, ground: &Ground<'_>, primary: &Member<'_>) -> Violation {
        let phase = primary.object.text("/status/phase").unwrap_or_default();
        self.violation(
            ground,
            primary,
            format!(
                "{}: {} in {} is to take writes, and none of its instances is the primary ({phase})",
                self.what(),
                primary.name,
                primary.object.cluster
            ),
            "see why its operator elects none: `kubectl cnpg status`".to_owned(),
        )
    }
}
