//! Where data of stores is live: the objects that hold some, and whose it is.

use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::{ClusterName, Environment, StoreKey};
use crate::model::plan::StorePlan;
use crate::model::world::{DataClass, Service, Store};

use super::ground::{Fleet, Kind, Object};

/// A database cluster of CloudNativePG.
pub(super) const POSTGRES: Kind = ("postgresql.cnpg.io", "v1", "Cluster");
pub(super) const MONGODB: Kind = ("mongodb.com", "v1", "MongoDBMultiCluster");
/// A claim to a disk.
pub(super) const CLAIM: Kind = ("", "v1", "PersistentVolumeClaim");

/// A store of the fleet and what was decided for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    pub key: &'a StoreKey,
    pub service: &'a Service,
    pub store: &'a Store,
    /// Its number among the stores of its service.
    pub index: usize,
    pub plan: &'a StorePlan,
}

/// All stores of a fleet that the plan decided on.
pub(super) fn stores<'a>(fleet: &Fleet<'a>) -> impl Iterator<Item = Of<'a>> + use<'a> {
    let world = fleet.world;
    fleet.plan.stores.iter().filter_map(move |(key, plan)| {
        let service = world.services.get(&key.service)?;
        let mut all = service.stores.iter().enumerate();
        let (index, store) = all.find(|(_, store)| store.name.value == key.store)?;
        Some(Of {
            key,
            service,
            store,
            index,
            plan,
        })
    })
}

impl<'a> Of<'a> {
    /// The class of its data.
    pub(super) fn class(&self, fleet: &Fleet<'a>) -> Option<&'a DataClass> {
        let data = self.store.data.as_ref()?;
        fleet.world.fleet.data_classes.get(&data.value)
    }

    /// Whether it keeps data at all.
    pub(super) fn keeps(&self) -> bool {
        engine::scheme(self.store) != engine::Scheme::Cache
    }

    /// The kinds of the objects that hold its data, or order it to be held.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let engine: &[Kind] = match self.store.engine.value {
            Engine::CloudnativePg => &[
                POSTGRES,
                ("postgresql.cnpg.io", "v1", "Backup"),
                ("postgresql.cnpg.io", "v1", "ScheduledBackup"),
                ("barmancloud.cnpg.io", "v1", "ObjectStore"),
            ],
            Engine::StrimziKafka => &[
                ("kafka.strimzi.io", "v1", "Kafka"),
                ("kafka.strimzi.io", "v1", "KafkaTopic"),
            ],
            Engine::NatsJetstream => &[
                ("jetstream.nats.io", "v1beta2", "Stream"),
                ("jetstream.nats.io", "v1beta2", "KeyValue"),
            ],
            Engine::K8ssandra
            | Engine::MongoDb
            | Engine::RedisEnterprise
            | Engine::CockroachDb
            | Engine::YugabyteDb
            | Engine::Valkey => &[],
        };
        let claims = self.keeps().then_some(CLAIM);
        engine.iter().copied().chain(claims).collect()
    }
}

/// The store that an object holds data of, by its name and labels; `None`: of none, or nobody can
/// tell of which of two.
pub(super) fn owner<'s, 'a>(
    object: &Object<'_>,
    environment: &Environment,
    fleet: &Fleet<'a>,
    stores: &'s [Of<'a>],
) -> Option<&'s Of<'a>> {
    let here = |of: &&Of<'_>| of.key.service.environment == *environment;
    let named: Vec<(usize, &Of<'a>)> = stores
        .iter()
        .filter(here)
        .map(|of| (of.key.set(), of))
        .filter(|(set, _)| names(object, set))
        .map(|(set, of)| (set.len(), of))
        .collect();
    // The longest name is meant: `shop-ledger-archive` is no part of `shop-ledger`, and what a
    // service of that very name claims is its own.
    let longest = named.iter().map(|(length, _)| *length).max()?;
    let mut meant = named.iter().filter(|(length, _)| *length == longest);
    let (Some((_, of)), None) = (meant.next(), meant.next()) else {
        return None;
    };
    let services = fleet.world.services.keys();
    let mut longer = services.filter(|key| key.service.as_str().len() >= longest);
    let other = longer.any(|key| names(object, key.service.as_str()));
    (!other).then_some(of)
}

/// Whether an object is called after something: by its name, or by a label that operators and
/// charts give their disks.
fn names(object: &Object<'_>, name: &str) -> bool {
    crate::model::live::Seek {
        names: [name.to_owned()].into(),
        ..Default::default()
    }
    .mentions(object.body())
}

/// The clusters of an environment, by name.
pub(super) fn clusters_of<'a>(
    fleet: &Fleet<'a>,
    environment: &Environment,
) -> Vec<&'a ClusterName> {
    let all = fleet.world.clusters.iter();
    let of = all.filter(|(_, cluster)| cluster.environment == *environment);
    of.map(|(name, _)| name).collect()
}
