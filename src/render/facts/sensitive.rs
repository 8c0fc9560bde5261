//! Sensitive data: the nodes that its pods stand on, who replaces it by tokens, what deletes it.

use std::collections::BTreeSet;

use crate::model::name::ServiceKey;
use crate::model::origin::Subject;
use crate::model::world::{Cluster, ConfidentialNodes, DataClass, Service};

use super::super::fact::Item;
use super::connect::{self, Value, text, variable};
use super::env::env;
use super::secrets::item;
use super::site::Site;
use super::{Facts, Of};

/// How old what is deleted is, in the variables of the command.
const RETENTION: &str = "RETENTION_SECONDS";

impl Facts<'_> {
    fn classes(&self, service: &Service) -> impl Iterator<Item = &DataClass> {
        let names = service.stores.iter().filter_map(|s| s.data.as_ref());
        names.filter_map(|name| self.world.fleet.data_classes.get(&name.value))
    }

    /// `nodes`: where the pods of a service have to stand in a cluster; nothing: anywhere.
    pub(super) fn nodes(&self, cluster: &Cluster, service: &Service) -> Item {
        let confidential = self.classes(service).any(|class| class.confidential);
        match &cluster.confidential {
            Some(nodes) if confidential => selection(cluster, nodes),
            _ => Item::nothing(),
        }
    }

    /// The variables by which a service finds who replaces fields by tokens, and which fields.
    pub(super) fn tokenization(&self, key: &ServiceKey, service: &Service) -> Vec<Item> {
        let named = self.world.fleet.platform.tokenization.as_ref();
        let Some(named) = named.filter(|named| named.value != key.service) else {
            return Vec::new();
        };
        let fields: BTreeSet<&str> = self
            .classes(service)
            .flat_map(|class| class.tokenize.iter().map(String::as_str))
            .collect();
        let callee = ServiceKey::new(&named.value, &key.environment);
        let Some(callee) = self
            .world
            .services
            .get(&callee)
            .filter(|_| !fields.is_empty())
        else {
            return Vec::new();
        };
        let ports = &callee.workload.ports;
        let port = ["https", "http", "grpc"]
            .iter()
            .find_map(|name| ports.get(*name));
        let port = port.or_else(|| ports.values().next());
        let host = format!("{}.{}.svc", callee.name.value, callee.namespace);
        let fields: Vec<&str> = fields.into_iter().collect();
        let variables: connect::Variables = [
            Some(text("HOST", host)),
            port.map(|port| text("PORT", port.port.to_string())),
            Some(text("FIELDS", fields.join(","))),
        ]
        .into_iter()
        .flatten()
        .collect();
        let named = variables
            .into_iter()
            .map(|(name, value)| (format!("TOKENIZE_{name}"), value));
        named
            .filter(|(name, _)| !service.workload.env.contains_key(name))
            .map(|(name, value)| variable(name, value).of(&Subject::Fleet, "platform.tokenization"))
            .collect()
    }
}

/// How pods get onto nodes, in the words of Kubernetes.
fn selection(cluster: &Cluster, nodes: &ConfidentialNodes) -> Item {
    let subject = Subject::Cluster(cluster.name.value.clone());
    let of = Of(&subject);
    let selector = nodes.selector.iter().map(|(label, value)| {
        (
            label.clone(),
            of.at(format!("confidential.nodeSelector.{label}"), value),
        )
    });
    let tolerations = nodes.tolerations.iter().map(item);
    // The same for operators that only take an affinity.
    let expressions = nodes.selector.iter().map(|(label, value)| {
        let path = format!("confidential.nodeSelector.{label}");
        Item::map([
            ("key", Item::new(label)),
            ("operator", Item::new("In")),
            ("values", Item::list([of.at(path, value)])),
        ])
    });
    let term = Item::map([("matchExpressions", Item::list(expressions))]);
    let required = Item::map([("nodeSelectorTerms", Item::list([term]))]);
    let required = Item::map([("requiredDuringSchedulingIgnoredDuringExecution", required)]);
    let affinity = match nodes.selector.is_empty() {
        true => Item::nothing(),
        false => Item::map([("nodeAffinity", required)]),
    };
    Item::map([
        ("affinity", affinity),
        ("selector", Item::map(selector).or_nothing()),
        (
            "tolerations",
            Item::list(tolerations)
                .of(&subject, "confidential.tolerations")
                .or_nothing(),
        ),
        (
            "runtimeClass",
            of.at("confidential.runtimeClass", nodes.runtime_class.clone()),
        ),
    ])
}

impl Site<'_> {
    /// `store.nodes`: where its pods have to stand.
    pub(super) fn nodes(&self, here: &Cluster) -> Item {
        match (&here.confidential, self.class()) {
            (Some(nodes), Some(class)) if class.confidential => selection(here, nodes),
            _ => Item::nothing(),
        }
    }

    /// The pods that delete what may not be kept any longer.
    pub(super) fn purgers(&self) -> String {
        format!("{}-purge", self.set())
    }

    /// Whether they run in a cluster: where the store is written, in one cluster of all.
    pub(super) fn purges(&self, here: &Cluster) -> bool {
        let regions = self.regions();
        let takes = self.plan.leader.as_ref().or(regions.first().copied());
        self.store.purge.is_some()
            && takes == Some(&here.region)
            && self.holds(&here.name.value)
            && self.facts.runs_in(self.key, &here.name.value)
    }

    /// `store.purge`: the CronJob that deletes what may not be kept any longer.
    pub(super) fn purge(&self, here: &Cluster) -> Item {
        let Some(purge) = self.store.purge.as_ref().filter(|_| self.purges(here)) else {
            return Item::nothing();
        };
        let subject = self.subject();
        let of = Of(&subject);
        let written = &self.service.workload.env;
        let mut before = self.facts.connections(here, self.key, self.service);
        if !written.contains_key(RETENTION) {
            let seconds = purge.retention.as_millis() / 1000;
            let (name, value) = (RETENTION.to_owned(), Value::Text(seconds.to_string()));
            before.push(variable(name, value).of(&subject, self.path("data")));
        }
        let time_zone = purge.schedule.time_zone.clone();
        let network = self
            .facts
            .to_store(here, self.key, self.service, self.index, self.store);
        Item::map([
            ("name", Item::new(self.purgers())),
            (
                "cron",
                self.at("purge.schedule", &purge.schedule.cron.value),
            ),
            ("timeZone", self.at("purge.schedule.timeZone", time_zone)),
            (
                "command",
                of.list(&self.path("purge.command"), &purge.command),
            ),
            ("env", env(&of, "workload.env", written, &before)),
            ("egress", Item::list(network)),
        ])
    }
}
