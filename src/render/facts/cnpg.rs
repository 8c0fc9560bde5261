//! The parts of a CloudNativePG cluster that follow from the set it belongs to.

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::engine::Engine;
use crate::model::name::{Capability, ClusterName, RegionName};
use crate::model::plan::StorePlan;
use crate::model::world::{Audit, Cluster, Store};

use super::super::fact::Item;
use super::super::said;
use super::Facts;
use super::connect::{Variables, login, text};
use super::lack::MULTICLUSTER;
use super::reach::Wall;
use super::site::Site;

/// Whether write-ahead logs are archived: replicas then restore from the archive.
pub(super) fn archives(store: &Store) -> bool {
    store.backup.as_ref().is_some_and(|b| b.bucket.is_some())
}

/// Whether replicas follow over the network: a log comes to them late by way of the archive, so
/// short bounds and waiting commits need a connection, as does a store without an archive.
pub(super) fn streams(store: &Store, waits: bool) -> bool {
    let bound = store.staleness.map(|s| s.value.as_millis());
    !archives(store) || waits || bound.is_some_and(|bound| bound < SHIPPED_MILLIS)
}

/// What shipped logs can promise: the time for one to be full or late (`archive_timeout`), to be
/// uploaded, fetched and applied. CloudNativePG, docs/src/wal_archiving.md: five minutes.
const SHIPPED_MILLIS: u64 = 300_000;
/// Clusters can do this when they run the plugin that archives logs and backups.
const BARMAN: &str = "barman-cloud";

/// The pods of a database cluster: PostgreSQL, its status and, where scraped, its metrics.
pub(super) fn wall(site: &Site<'_>, region: &RegionName) -> Wall {
    let pods = vec![("cnpg.io/cluster", site.instance(region))];
    Wall {
        local: vec![8000],
        operator: Some("cnpg-system"),
        metrics: vec![9187],
        ..Wall::new(pods, 5432)
    }
    .with_api_server()
}

/// The variables of a store that only this engine has.
pub(super) fn facts(site: &Site<'_>, here: &Cluster) -> Vec<(&'static str, Item)> {
    let (store, plan) = (site.store, site.plan);
    let leads = plan.leader.as_ref() == Some(&here.region);
    let standbys: &[RegionName] = if leads { &plan.sync_standbys } else { &[] };
    let wanted = usize::try_from(plan.synchronous)
        .unwrap_or(usize::MAX)
        .min(standbys.len());
    let standbys = standbys
        .iter()
        .map(|r| Item::new(site.instance(r)).planned(site.decided("synchronous replicas")))
        .collect();
    let commit =
        commit(store, leads, wanted, standbys).of(&site.subject(), site.path("synchronous"));
    let postgresql = Item::sparse([
        ("parameters", parameters(site, wanted > 0)),
        ("synchronous", commit),
    ]);
    let streams = plan.clusters.len() > 1 && streams(store, plan.synchronous > 0);
    let asked = store.resources != Default::default();
    vec![
        ("streams", Item::new(streams)),
        ("host", Item::new(host(site, &here.region))),
        ("postgresql", postgresql.or_nothing()),
        (
            "resources",
            if asked {
                site.resources("500m", "1Gi")
            } else {
                Item::nothing()
            },
        ),
        ("externalClusters", external_clusters(site, &here.region)),
    ]
}

/// Under what name clusters reach a database of another cluster (KEP-1645).
fn host(site: &Site<'_>, region: &RegionName) -> String {
    site.host(&format!("{}-rw", site.instance(region)), true)
}

fn parameters(site: &Site<'_>, waits: bool) -> Item {
    let archive = archives(site.store).then(|| ("archive_timeout", Item::new("1min")));
    let commit = waits.then(|| ("synchronous_commit", Item::new("remote_apply")));
    // CloudNativePG loads the extension where one of its parameters is set; values of statements
    // are data, and stay out of the log.
    let logged = match site.audit() {
        Audit::None => None,
        Audit::Writes => Some("write, ddl, role"),
        Audit::All => Some("read, write, ddl, role"),
    };
    let audit = logged.into_iter().flat_map(|logged| {
        [
            ("pgaudit.log", Item::new(logged)),
            ("pgaudit.log_catalog", Item::new("off")),
            ("pgaudit.log_parameter", Item::new("off")),
            ("pgaudit.log_relation", Item::new("on")),
        ]
    });
    Item::map(archive.into_iter().chain(commit).chain(audit)).or_nothing()
}

/// Which standbys a commit waits for: named ones, any of them or the first in order of priority, of other regions, else one of its own region
/// where there are enough that losing one does not stop writes.
fn commit(store: &Store, leads: bool, wanted: usize, standbys: Vec<Item>) -> Item {
    if wanted > 0 {
        let method = if store.standbys.first { "first" } else { "any" };
        return Item::map([
            ("method", Item::new(method)),
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
fn external_clusters(site: &Site<'_>, here: &RegionName) -> Item {
    let own = site.instance(here);
    let store = site.store;
    let secret = |name: String, key: &'static str| {
        Item::map([("name", Item::new(name)), ("key", Item::new(key))])
    };
    let entry = |region: &RegionName| {
        let name = site.instance(region);
        let mut members = vec![("name", Item::new(name.as_str()))];
        if archives(store) {
            let parameters = Item::map([
                ("barmanObjectName", Item::new(name.as_str())),
                ("serverName", Item::new(name.as_str())),
            ]);
            let plugin = Item::new("barman-cloud.cloudnative-pg.io");
            members.push((
                "plugin",
                // What the server would fill in, too: it stands in a list that is compared as a whole.
                Item::map([
                    ("name", plugin),
                    ("enabled", Item::new(true)),
                    ("isWALArchiver", Item::new(false)),
                    ("parameters", parameters),
                ]),
            ));
        }
        if streams(store, site.plan.synchronous > 0) {
            // The name that the leader waits for, where it waits for this cluster.
            let connection = Item::map([
                ("host", Item::new(host(site, region))),
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
    let entries = site.regions().into_iter().map(entry);
    Item::list(entries).of(&site.subject(), format!("stores[{}]", site.index))
}

impl Facts<'_> {
    /// Refuses stores whose clusters lack the route to their leader, or the plugin that archives.
    pub(super) fn refuse_unrouted_stores(&self, sink: &mut Sink) {
        for (key, plan) in &self.plan.stores {
            let Some(service) = self.world.services.get(&key.service) else {
                continue;
            };
            let Some(store) = service.stores.iter().find(|s| s.name.value == key.store) else {
                continue;
            };
            if store.engine.value != Engine::CloudnativePg {
                continue;
            }
            let name = &store.name.value;
            if let Some(lacking) = self.lacking(plan, BARMAN).filter(|_| archives(store)) {
                let message = format!("store `{name}` is archived, and {lacking} no `{BARMAN}`");
                let fault = Diagnostic::new(Code::MissingCapability, message);
                sink.emit(fault.at(store.name.span, "").help(format!(
                    "add `{BARMAN}` to its `capabilities` (or to the fleet's `platform`, where it lists none), or leave out `backup.bucket`"
                )));
            }
            if plan.clusters.len() < 2 || !streams(store, plan.synchronous > 0) {
                continue;
            }
            let Some(lacking) = self.lacking(plan, MULTICLUSTER) else {
                continue;
            };
            let (span, why) = match store.staleness {
                _ if plan.synchronous > 0 => (store.name.span, "its writes wait for replicas"),
                Some(bound) if bound.value.as_millis() < SHIPPED_MILLIS => {
                    (bound.span, "shipped logs come too late for this bound")
                }
                _ => (store.name.span, "it has no archive to ship logs by"),
            };
            let message = format!(
                "replicas of store `{name}` stream from its leader, and {lacking} no `{MULTICLUSTER}`"
            );
            let fault = Diagnostic::new(Code::MissingCapability, message);
            sink.emit(fault.at(span, why).help(format!(
                "add `{MULTICLUSTER}` to its `capabilities` (or to the fleet's `platform`, where it lists none), or let replicas follow by shipped logs: `backup.bucket`, no `synchronous`, and a `staleness` of 5m or more"
            )));
        }
    }

    /// The clusters of a store that cannot do something, as people say it.
    fn lacking(&self, plan: &StorePlan, capability: &str) -> Option<String> {
        let capability = Capability::from(capability);
        let able = |name: &ClusterName| {
            let cluster = self.world.clusters.get(name);
            cluster.is_some_and(|c| c.capabilities.contains(&capability))
        };
        let names: Vec<&str> = plan
            .clusters
            .values()
            .filter(|name| !able(name))
            .map(ClusterName::as_str)
            .collect();
        match names.len() {
            0 => None,
            1 => Some(format!("cluster {} has", said(&names))),
            _ => Some(format!("clusters {} have", said(&names))),
        }
    }
}

/// The route on which clusters stream from this one, whichever of them leads, and on which services
/// of others write to it.
pub(super) fn exports(site: &Site<'_>, region: &RegionName) -> Vec<String> {
    let streams = streams(site.store, site.plan.synchronous > 0);
    let several = site.plan.clusters.len() > 1;
    let elsewhere = |c: &Cluster| !site.holds(&c.name.value);
    let mut users = site.facts.clusters_of(site.key);
    let visited = site.store.connect.is_some() && (several || users.any(elsewhere));
    let name = |suffix: &str| format!("{}-{suffix}", site.instance(region));
    let mut exports = Vec::new();
    if several && streams || visited {
        exports.push(name("rw"));
    }
    if visited && site.reads_locally() {
        exports.push(name("r"));
    }
    exports
}

/// The certificates of the clusters that a replica may stream from.
pub(super) fn certificates(
    site: &Site<'_>,
    here: &Cluster,
) -> Vec<(String, &'static [&'static str])> {
    if !streams(site.store, site.plan.synchronous > 0) {
        return Vec::new();
    }
    let others = site.regions().into_iter().filter(|r| **r != here.region);
    others
        .map(|region| site.instance(region))
        .flat_map(|name| {
            [
                (format!("{name}-replication"), &["tls.crt", "tls.key"][..]),
                (format!("{name}-ca"), &["ca.crt"][..]),
            ]
        })
        .collect()
}

/// How pods of a cluster find the database: writes at the leader, reads at the nearest replica
/// where they may be.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let service = |cluster: &Cluster, suffix: &str| {
        let name = format!("{}-{suffix}", site.instance(&cluster.region));
        site.host(&name, cluster.name != from.name)
    };
    let leader = site.plan.leader.as_ref().and_then(|r| site.cluster(r));
    let mut variables: Variables = Vec::new();
    variables.extend(leader.map(|c| text("HOST", service(c, "rw"))));
    variables.push(text("PORT", "5432"));
    if site.reads_locally() {
        variables.extend(
            site.nearest(from)
                .map(|c| text("READ_HOST", service(c, "r"))),
        );
    }
    variables.push(text("NAME", site.database()));
    variables.extend(login(site));
    variables
}
