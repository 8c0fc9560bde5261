//! Disks that a key of the region encrypts: the class that a store's volumes are of.

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::engine::Engine;
use crate::model::origin::{FieldRef, Subject};
use crate::model::place::Provider;
use crate::model::world::Cluster;

use super::super::fact::{Fact, Item};
use super::super::said;
use super::Facts;
use super::site::Site;

/// The word of data classes for keys of a key management service.
pub(super) const KMS: &str = "kms";
/// The storage class whose disks the region's key encrypts.
const ENCRYPTED: &str = "encrypted";

/// Whether its volumes are to be encrypted by a key of the region.
fn wants(site: &Site<'_>) -> bool {
    let kms = site.class().and_then(|c| c.encryption_at_rest.as_deref()) == Some(KMS);
    kms && !matches!(
        site.engine(),
        Engine::NatsJetstream | Engine::RedisEnterprise | Engine::Valkey
    )
}

impl Facts<'_> {
    fn provider(&self, cluster: &Cluster) -> Option<Provider> {
        self.world.regions.get(&cluster.region)?.provider
    }

    /// Whether a cluster can have disks that a key of its region encrypts.
    fn encrypts(&self, cluster: &Cluster) -> bool {
        cluster.kms_key.is_some() && self.provider(cluster).is_some()
    }

    /// `disks`: the class of encrypted disks of a cluster, where a store asks for it.
    pub(super) fn disks(&self, cluster: &Cluster) -> Item {
        let asked = |site: &Site<'_>| {
            wants(site) && site.store.storage_class.is_none() && site.lack().is_none()
        };
        let here = || self.sites_in(&cluster.name.value).any(|s| asked(&s));
        let (Some(provider), Some(key)) = (self.provider(cluster), cluster.kms_key.as_deref())
        else {
            return Item::nothing();
        };
        if !here() {
            return Item::nothing();
        }
        let subject = Subject::Cluster(cluster.name.value.clone());
        let key = Item::new(key).of(&subject, "kmsKey");
        // AWS EBS, Google Compute Engine PD and Azure Disk CSI drivers, their parameters.
        let (provisioner, parameters) = match provider {
            Provider::Aws => (
                "ebs.csi.aws.com",
                vec![
                    ("encrypted", Item::new("true")),
                    ("kmsKeyId", key),
                    ("type", Item::new("gp3")),
                ],
            ),
            Provider::Gcp => (
                "pd.csi.storage.gke.io",
                vec![
                    ("disk-encryption-kms-key", key),
                    ("type", Item::new("pd-balanced")),
                ],
            ),
            Provider::Azure => (
                "disk.csi.azure.com",
                vec![
                    ("diskEncryptionSetID", key),
                    ("skuName", Item::new("Premium_LRS")),
                ],
            ),
        };
        Item::map([
            ("class", Item::new(ENCRYPTED)),
            ("provisioner", Item::new(provisioner)),
            ("parameters", Item::map(parameters)),
        ])
    }

    /// Whether any cluster has encrypted disks of ours.
    pub(super) fn encrypted(&self) -> bool {
        let all = self.world.clusters.values();
        all.map(|c| self.disks(c)).any(|d| d.fact != Fact::Null)
    }

    /// Warns of stores whose data is to be encrypted by a key that their regions do not have.
    pub(super) fn warn_of_plain_disks(&self, sink: &mut Sink) {
        for site in self.sites() {
            let (true, None, Some(data)) = (
                wants(&site) && site.lack().is_none(),
                &site.store.storage_class,
                &site.store.data,
            ) else {
                continue;
            };
            let plain: Vec<&str> = site
                .members()
                .filter(|c| !self.encrypts(c))
                .map(|c| c.name.value.as_str())
                .collect();
            if plain.is_empty() {
                continue;
            }
            let told = Diagnostic::new(
                Code::DiskKey,
                format!(
                    "the disks of store `{}` are to be encrypted by a key of their region, and {} {} none",
                    site.store_key(),
                    said(&plain),
                    if plain.len() == 1 { "has" } else { "have" },
                ),
            )
            .at(data.span, "");
            let told = site
                .class()
                .into_iter()
                .fold(told, |t, c| t.see(c.span, "its class"));
            sink.emit(told.help(
                "give the region `provider` and `kmsKey`, or the store a `storageClass` whose disks are encrypted",
            ));
        }
    }
}

/// The storage class of a store's volumes.
pub(super) fn class(site: &Site<'_>, here: &Cluster) -> Item {
    let written = site.store.storage_class.as_deref();
    if written.is_none() && wants(site) && site.facts.encrypts(here) {
        let field = FieldRef {
            subject: site.subject(),
            path: site.path("data"),
        };
        return Item::new(ENCRYPTED).made_of(vec![field]);
    }
    site.at("storageClass", written.map_or(Fact::Null, Fact::from))
}
