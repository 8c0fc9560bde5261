//! The parts of a CloudNativePG cluster that follow from the set it belongs to.

use crate::model::name::RegionName;
use crate::model::origin::Subject;
use crate::model::world::{Service, Store};

use super::super::fact::Item;
use super::store::instance;

/// A store and the field it is.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) store: &'a Store,
    pub(super) service: &'a Service,
    pub(super) subject: &'a Subject,
    pub(super) index: usize,
    /// Whether the leader's commits wait for other regions.
    pub(super) waits: bool,
}

/// Whether write-ahead logs are archived: replicas then restore from the archive.
pub(super) fn archives(store: &Store) -> bool {
    store.backup.as_ref().is_some_and(|b| b.bucket.is_some())
}

/// Whether replicas follow over the network: a log comes to the archive only when it is full, or
/// after `archive_timeout`, so bounds below that, and waiting commits, need a connection.
fn streams(store: &Store, waits: bool) -> bool {
    let bound = store.staleness.map(|s| s.value.as_millis());
    !archives(store) || waits || bound.is_some_and(|bound| bound <= ARCHIVE_TIMEOUT_MILLIS)
}

/// How long a log may wait to be archived.
const ARCHIVE_TIMEOUT_MILLIS: u64 = 60_000;

pub(super) fn parameters(store: &Store, waits: bool) -> Item {
    let archive = archives(store).then(|| ("archive_timeout", Item::new("1min")));
    let commit = waits.then(|| ("synchronous_commit", Item::new("remote_apply")));
    Item::map(archive.into_iter().chain(commit)).or_nothing()
}

/// Which standbys a commit waits for: named ones of other regions, else one of its own region
/// where there are enough that losing one does not stop writes.
pub(super) fn commit(store: &Store, leads: bool, wanted: usize, standbys: Vec<Item>) -> Item {
    if wanted > 0 {
        return Item::map([
            ("method", Item::new("any")),
            ("number", Item::new(wanted as u64)),
            ("dataDurability", Item::new("required")),
            ("maxStandbyNamesFromCluster", Item::new(0_u32)),
            ("standbyNamesPre", Item::list(standbys)),
        ]);
    }
    if !leads || store.instances < 3 {
        return Item::nothing();
    }
    Item::map([
        ("method", Item::new("any")),
        ("number", Item::new(1_u32)),
        ("dataDurability", Item::new("required")),
        ("failoverQuorum", Item::new(true)),
    ])
}

/// Every cluster of the set, as each of them lists it: any may be followed one day.
pub(super) fn external_clusters(set: Set<'_>, regions: &[&RegionName], here: &RegionName) -> Item {
    let Set {
        store,
        service,
        subject,
        index,
        waits,
    } = set;
    let own = instance(service, store, here);
    let secret = |name: String, key: &'static str| {
        Item::map([("name", Item::new(name)), ("key", Item::new(key))])
    };
    let entry = |region: &&RegionName| {
        let name = instance(service, store, region);
        let mut members = vec![("name", Item::new(name.as_str()))];
        if archives(store) {
            let parameters = Item::map([
                ("barmanObjectName", Item::new(name.as_str())),
                ("serverName", Item::new(name.as_str())),
            ]);
            let plugin = Item::new("barman-cloud.cloudnative-pg.io");
            members.push((
                "plugin",
                Item::map([("name", plugin), ("parameters", parameters)]),
            ));
        }
        if streams(store, waits) {
            // The name that the leader waits for, where it waits for this cluster.
            let host = format!("{name}-rw.{}.svc.clusterset.local", service.namespace);
            let connection = Item::map([
                ("host", Item::new(host)),
                ("user", Item::new("streaming_replica")),
                ("dbname", Item::new("postgres")),
                ("sslmode", Item::new("verify-full")),
                ("application_name", Item::new(own.as_str())),
            ]);
            members.push(("connectionParameters", connection));
            if name != own {
                members.push(("sslKey", secret(format!("{name}-replication"), "tls.key")));
                members.push(("sslCert", secret(format!("{name}-replication"), "tls.crt")));
                members.push(("sslRootCert", secret(format!("{name}-ca"), "ca.crt")));
            }
        }
        Item::map(members)
    };
    Item::list(regions.iter().map(entry)).of(subject, format!("stores[{index}]"))
}
