//! A store in the cluster that holds it: the set of database clusters it is one of, and its role.

use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::{RegionName, ServiceKey};
use crate::model::origin::{FieldRef, Subject};
use crate::model::plan::StorePlan;
use crate::model::world::{Cluster, Service, Store};

use super::super::fact::{Fact, Item};
use super::{Facts, Members, Of, cnpg, watch};

/// The object that a store is in a region.
pub(super) fn instance(service: &Service, store: &Store, region: &RegionName) -> String {
    format!("{}-{}-{region}", service.name.value, store.name.value)
}

/// The name that all objects of a store share.
pub(super) fn set(service: &Service, store: &Store) -> String {
    format!("{}-{}", service.name.value, store.name.value)
}

/// The regions of a store, the leader first, then by the plan's order.
fn regions(plan: &StorePlan) -> Vec<&RegionName> {
    let mut regions: Vec<&RegionName> = plan.leader.iter().collect();
    for region in plan
        .replicas
        .iter()
        .chain(&plan.voters)
        .chain(plan.clusters.keys())
    {
        if plan.clusters.contains_key(region) && !regions.contains(&region) {
            regions.push(region);
        }
    }
    regions
}

impl Facts<'_> {
    /// The variables of a store that sits in this cluster.
    pub(super) fn store(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        index: usize,
        store: &Store,
    ) -> Option<Members> {
        let store_key = key.store(&store.name.value);
        let plan = self.plan.stores.get(&store_key)?;
        if plan.clusters.get(&cluster.region) != Some(&cluster.name.value) {
            return None;
        }
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let at = |path: &str| format!("stores[{index}].{path}");
        let decided = |what: &str| format!("{what} of {store_key}");
        let regions = regions(plan);
        let leader = plan.leader.as_ref();
        let leads = leader == Some(&cluster.region);
        let names = |list: &[RegionName]| -> Vec<Item> {
            list.iter()
                .map(|r| {
                    Item::new(instance(service, store, r)).planned(decided("synchronous replicas"))
                })
                .collect()
        };
        // A primary names another region: the one that it follows once it is demoted.
        let source = if leads {
            regions.iter().copied().find(|r| Some(*r) != leader)
        } else {
            leader
        };
        let source = source.map_or(Item::nothing(), |r| {
            Item::new(instance(service, store, r)).planned(decided("leader"))
        });
        let members = regions
            .iter()
            .map(|r| self.store_member(service, store, index, &subject, r));
        let sync = if leads {
            names(&plan.sync_standbys)
        } else {
            Vec::new()
        };
        let wanted = usize::try_from(plan.synchronous)
            .unwrap_or(usize::MAX)
            .min(sync.len());
        let class = store
            .storage_class
            .as_deref()
            .map_or(Fact::Null, Fact::from);
        let capability = engine::capability(store.engine.value);
        let way = engine::way(store);
        let votes = plan.voters.iter().filter(|r| **r == cluster.region).count();
        let voters = plan.voters.iter().map(|r| Item::new(r.as_str()));
        let set = cnpg::Set {
            store,
            service,
            subject: &subject,
            index,
            waits: plan.synchronous > 0,
        };
        let mut facts = vec![
            ("name", of.at(at("name"), store.name.value.as_str())),
            ("engine", of.at(at("engine"), store.engine.value.name())),
            (
                "supported",
                Item::new(cluster.capabilities.contains(&capability)),
            ),
            (
                "consistency",
                of.at(at("consistency"), store.consistency.value.name()),
            ),
            ("setting", Item::new(way.map_or("", |way| way.name))),
            ("scheme", Item::new(engine::scheme(store).name())),
            ("set", Item::new(self::set(service, store))),
            (
                "instance",
                Item::new(instance(service, store, &cluster.region)),
            ),
            (
                "leader",
                leader.map_or(Item::nothing(), |leader| {
                    Item::new(instance(service, store, leader)).planned(decided("leader"))
                }),
            ),
            ("voters", Item::list(voters).planned(decided("voters"))),
            ("votes", Item::new(votes as u64).planned(decided("voters"))),
            ("leads", Item::new(leads).planned(decided("leader"))),
            ("source", source),
            ("replicated", Item::new(regions.len() > 1)),
            ("members", Item::list(members)),
            ("behind", watch::behind(&of, index, store)),
            ("instances", of.at(at("instances"), store.instances)),
            ("size", of.at(at("size"), store.size.to_string())),
            ("storageClass", of.at(at("storageClass"), class)),
            ("database", Item::new(identifier(store.name.value.as_str()))),
            ("archive", Item::new(cnpg::archives(store))),
            ("backup", self.backup(&of, index, store)),
            (
                "network",
                self.store_rules(cluster, key, service, index, store),
            ),
        ];
        facts.extend(match store.engine.value {
            Engine::CloudnativePg => {
                cnpg::facts(set, &regions, &cluster.region, leads, wanted, sync)
            }
            _ => vec![("streams", Item::new(false))],
        });
        Some(vec![("store".into(), Item::map(facts))])
    }

    /// One cluster of a store's set.
    fn store_member(
        &self,
        service: &Service,
        store: &Store,
        index: usize,
        subject: &Subject,
        region: &RegionName,
    ) -> Item {
        let name = instance(service, store, region);
        let bucket = store.backup.as_ref().and_then(|b| b.bucket.as_deref());
        let path = bucket.map_or(Item::nothing(), |prefix| {
            let field = FieldRef {
                subject: subject.clone(),
                path: format!("stores[{index}].backup.bucket"),
            };
            let prefix = prefix.trim_end_matches('/');
            Item::new(format!("{prefix}-{region}/{}", service.namespace)).made_of(vec![field])
        });
        let scheme = bucket
            .and_then(|b| b.split_once("://"))
            .map_or("", |(scheme, _)| scheme);
        Item::map([
            ("name", Item::new(name)),
            ("region", Item::new(region.as_str())),
            ("path", path),
            ("scheme", Item::new(scheme)),
        ])
    }

    fn backup(&self, of: &Of<'_>, index: usize, store: &Store) -> Item {
        let Some(backup) = &store.backup else {
            return Item::nothing();
        };
        let at = |path: &str| format!("stores[{index}].backup.{path}");
        let class = store
            .data
            .as_ref()
            .and_then(|d| self.world.fleet.data_classes.get(&d.value));
        let encryption = class.and_then(|c| c.encryption_at_rest.as_deref());
        // Barman's word for keys of a key management service (AWS).
        let encryption = encryption
            .filter(|e| *e == "kms")
            .map_or(Fact::Null, |_| "aws:kms".into());
        let days = backup.retention.as_millis().div_ceil(86_400_000).max(1);
        Item::map([
            ("schedule", of.at(at("schedule"), &backup.schedule)),
            ("retention", of.at(at("retention"), format!("{days}d"))),
            (
                "bucket",
                of.at(
                    at("bucket"),
                    backup.bucket.as_deref().map_or(Fact::Null, Fact::from),
                ),
            ),
            ("encryption", Item::new(encryption)),
        ])
    }
}

/// A name as an SQL identifier that needs no quotes.
fn identifier(name: &str) -> String {
    name.replace(['-', '.'], "_")
}
