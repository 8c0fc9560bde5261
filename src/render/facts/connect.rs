//! Stores to the environment variables by which their service finds them, where it asks for some.

use crate::engine::{self, Read};
use crate::model::engine::Engine;
use crate::model::name::ServiceKey;
use crate::model::world::{Cluster, Service};

use super::super::fact::Item;
use super::site::Site;
use super::{Facts, cnpg, cockroachdb, k8ssandra, kafka, mongodb, nats, redis, valkey, yugabytedb};

/// Where the value of a variable is.
pub(super) enum Value {
    /// Here.
    Text(String),
    /// In a Secret: its name and key.
    Secret(String, &'static str),
}

/// Variables by what is appended to the prefix.
pub(super) type Variables = Vec<(&'static str, Value)>;

/// A text.
pub(super) fn text(name: &'static str, value: impl Into<String>) -> (&'static str, Value) {
    (name, Value::Text(value.into()))
}

/// `USER` and `PASSWORD`, from the Secret of the service.
pub(super) fn login(site: &Site<'_>) -> Variables {
    vec![
        ("USER", Value::Secret(site.credentials(), "username")),
        ("PASSWORD", Value::Secret(site.credentials(), "password")),
    ]
}

/// A variable in the words of Kubernetes.
pub(super) fn variable(name: String, value: Value) -> Item {
    let (member, value) = match value {
        Value::Text(text) => ("value", Item::new(text)),
        Value::Secret(name, key) => (
            "valueFrom",
            Item::map([(
                "secretKeyRef",
                Item::map([("name", Item::new(name)), ("key", Item::new(key))]),
            )]),
        ),
    };
    Item::map([("name", Item::new(name)), (member, value)])
}

impl Site<'_> {
    /// Whether a read may go to any replica.
    pub(super) fn reads_locally(&self) -> bool {
        engine::way(self.store).is_some_and(|way| way.read == Read::Local)
    }

    /// How a cluster's pods find the store; nothing where that is for somebody else to say.
    fn variables(&self, from: &Cluster) -> Variables {
        match self.engine() {
            Engine::CloudnativePg => cnpg::variables(self, from),
            Engine::CockroachDb => cockroachdb::variables(self, from),
            Engine::K8ssandra => k8ssandra::variables(self, from),
            Engine::MongoDb => mongodb::variables(self),
            Engine::NatsJetstream => nats::variables(self),
            Engine::RedisEnterprise => redis::variables(self, from),
            Engine::StrimziKafka => kafka::variables(self, from),
            Engine::Valkey => valkey::variables(self, from),
            Engine::YugabyteDb => yugabytedb::variables(self, from),
        }
    }
}

impl Facts<'_> {
    /// The variables of a service's containers in a cluster, for each store that asks for them.
    pub(super) fn connections(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
    ) -> Vec<Item> {
        let mut list = Vec::new();
        for (index, store) in service.stores.iter().enumerate() {
            let (Some(prefix), Some(site)) =
                (&store.connect, self.site(key, service, index, store))
            else {
                continue;
            };
            if site.lack().is_some() {
                continue;
            }
            for (name, value) in site.variables(cluster) {
                let name = format!("{}_{name}", prefix.value);
                let variable = variable(name, value);
                list.push(variable.of(&site.subject(), site.path("connect")));
            }
        }
        list
    }
}
