//! The data of a service as its runbook tells it: what binds each class, and who rotates its keys.

use std::collections::BTreeMap;

use crate::model::duration::Duration;
use crate::model::name::{DataClassName, ServiceKey};
use crate::model::place::Provider;
use crate::model::world::{Cluster, DataClass, Service, Store};

use super::super::fact::Item;
use super::Facts;
use super::disk::KMS;

/// The days that AWS KMS takes as a period of rotation (EnableKeyRotation, API reference).
const AWS_DAYS: std::ops::RangeInclusive<u64> = 90..=2560;

impl Facts<'_> {
    /// `runbook.data`: each class of a service's stores and what holds for it.
    pub(super) fn data(&self, key: &ServiceKey, service: &Service) -> Item {
        let classes = self.classes_by_name(service);
        Item::list(classes.into_iter().map(|(name, class)| {
            let of_class = |s: &&Store| s.data.as_ref().is_some_and(|d| d.value == *name);
            let stores = service.stores.iter().filter(of_class);
            let facts = self.told(key, class, stores);
            Item::map([
                ("class", Item::new(name.as_str())),
                ("facts", Item::list(facts.into_iter().map(Item::new))),
            ])
        }))
    }

    fn classes_by_name(&self, service: &Service) -> BTreeMap<&DataClassName, &DataClass> {
        let names = service.stores.iter().filter_map(|s| s.data.as_ref());
        let classes = &self.world.fleet.data_classes;
        names
            .filter_map(|name| classes.get_key_value(&name.value))
            .collect()
    }

    fn told<'s>(
        &self,
        key: &ServiceKey,
        class: &DataClass,
        stores: impl Iterator<Item = &'s Store>,
    ) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(bound) = &class.residency {
            facts.push(format!("it stays in {bound}"));
        }
        if let Some(kept) = class.retention {
            let purged = stores.filter(|s| s.purge.is_some());
            let jobs = purged.map(|s| format!("`{}-{}-purge`", key.service, s.name.value));
            let jobs: Vec<String> = jobs.collect();
            facts.push(match jobs.is_empty() {
                true => format!("it may be kept for {kept}"),
                false => format!(
                    "it may be kept for {kept}, then {} deletes it",
                    jobs.join(", ")
                ),
            });
        }
        if let Some(holder) = &class.encryption_at_rest {
            facts.push(match class.rotate {
                Some(every) => {
                    format!("keys of {holder} encrypt it at rest, a new one every {every}")
                }
                None => format!("keys of {holder} encrypt it at rest"),
            });
        }
        let tokenization = self.world.fleet.platform.tokenization.as_ref();
        if let Some(by) = tokenization.filter(|_| !class.tokenize.is_empty()) {
            let fields = class.tokenize.join(", ");
            facts.push(format!("`{}` gives tokens for {fields}", by.value));
        }
        if class.confidential {
            facts.push("it is processed only on confidential nodes".to_owned());
        }
        if let Some(day) = class.review_by {
            facts.push(format!("this is to be looked at again by {}", day.value));
        }
        facts
    }

    /// `runbook.key`: the key of a cluster's disks and how often it has to change, where a class asks
    /// for that; the command that says so, of clouds that have one.
    pub(super) fn key(&self, cluster: &Cluster, service: &Service) -> Item {
        let classes = self.classes_by_name(service).into_values();
        let by_kms = classes.filter(|c| c.encryption_at_rest.as_deref() == Some(KMS));
        let (Some(every), Some(key)) = (by_kms.filter_map(|c| c.rotate).min(), &cluster.kms_key)
        else {
            return Item::nothing();
        };
        let region = self.world.regions.get(&cluster.region);
        let command = region.and_then(|r| command(r.provider?, cluster, key, every));
        Item::map([
            ("id", Item::new(key)),
            ("every", Item::new(every.to_string())),
            ("command", Item::new(command)),
        ])
    }
}

fn command(provider: Provider, cluster: &Cluster, key: &str, every: Duration) -> Option<String> {
    let days = every.as_millis() / 86_400_000;
    // It takes the id of a key, or its ARN.
    let alias = key.starts_with("alias/") || key.contains(":alias/");
    match provider {
        Provider::Aws if AWS_DAYS.contains(&days) && !alias => Some(format!(
            "aws kms enable-key-rotation --region {} --key-id {key} --rotation-period-in-days {days}",
            cluster.region
        )),
        _ => None,
    }
}
