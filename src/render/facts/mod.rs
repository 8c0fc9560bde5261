//! World and plan to what templates see: one scene per fleet, region, cluster, namespace, service
//! and store, each value with its origin.

mod cache;
mod chaos;
mod chart;
mod cnpg;
mod cockroachdb;
mod connect;
mod dashboards;
mod data;
mod disk;
mod dns;
mod drift;
mod edges;
mod env;
mod flags;
mod gateway;
mod gslb;
mod hub;
mod identity;
mod k8ssandra;
mod kafka;
mod lack;
mod marks;
mod mesh;
mod mongodb;
mod namespace;
mod nats;
mod patience;
mod places;
mod pod;
mod reach;
mod redis;
mod runbook;
mod scene;
mod secrets;
mod sensitive;
mod service;
mod setup;
mod site;
mod store;
mod telemetry;
mod valkey;
mod watch;
mod yugabytedb;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Sink;
use crate::model::name::{ClusterName, Namespace, RegionName, ServiceKey};
use crate::model::origin::Subject;
use crate::model::plan::{Plan, Replicas};
use crate::model::world::{Cluster, Service, World};

pub(crate) use scene::{Place, Scene, Unit};

use super::fact::{Fact, Item, Key, Layer, Root};
use super::header::Scope;
use super::object::Marks;

pub(crate) use lack::Lack;

/// Everything that scenes are made of.
pub(crate) struct Facts<'a> {
    world: &'a World,
    plan: &'a Plan,
    fleet: Item,
    clusters: BTreeMap<&'a ClusterName, Item>,
    /// The variables that all scenes of a cluster have.
    shared: BTreeMap<&'a ClusterName, Layer>,
    /// What runs in each cluster.
    placed: BTreeMap<&'a ClusterName, BTreeMap<&'a ServiceKey, Here>>,
    /// Where each service runs.
    places: BTreeMap<&'a ServiceKey, BTreeMap<&'a ClusterName, Here>>,
    /// What runs in each namespace of each cluster.
    namespaces: BTreeMap<&'a Namespace, BTreeMap<&'a ClusterName, Services<'a>>>,
    /// The region that may be cut off on purpose.
    victim: Option<RegionName>,
    /// Who calls a service, in order of name.
    callers_of: BTreeMap<ServiceKey, Vec<&'a ServiceKey>>,
}

/// How a service runs in a cluster.
#[derive(Clone, Copy, Debug)]
struct Here {
    replicas: Replicas,
    serves: bool,
}

/// What runs in a namespace of a cluster.
type Services<'a> = Vec<(&'a ServiceKey, Here)>;

/// Members by name.
type Members = Vec<(Key, Item)>;

fn layer(members: Members) -> Layer {
    Arc::new(members.into_iter().collect())
}

impl<'a> Facts<'a> {
    /// Indexes the plan; warnings about what cannot be rendered go to the sink.
    pub(crate) fn new(world: &'a World, plan: &'a Plan, sink: &mut Sink) -> Self {
        let mut callers_of: BTreeMap<ServiceKey, Vec<&ServiceKey>> = BTreeMap::new();
        for (key, service) in &world.services {
            for call in &service.calls {
                let callee = ServiceKey::new(&call.service.value, &key.environment);
                let callers = callers_of.entry(callee).or_default();
                if callers.last() != Some(&key) {
                    callers.push(key);
                }
            }
        }
        let mut facts = Self {
            world,
            plan,
            fleet: places::fleet(world, plan, sink),
            clusters: BTreeMap::new(),
            shared: BTreeMap::new(),
            placed: BTreeMap::new(),
            places: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            victim: None,
            callers_of,
        };
        facts.place();
        facts.victim = facts.victim(sink);
        for (name, cluster) in &world.clusters {
            let secrets = facts.secret_store(cluster);
            let item = places::cluster(world, plan, cluster, secrets);
            let region = world.regions.get(&cluster.region);
            let shared: Members = vec![
                ("fleet".into(), facts.fleet.clone()),
                (
                    "region".into(),
                    region.map_or(Item::nothing(), |r| places::region(plan, r)),
                ),
                ("cluster".into(), item.clone()),
                ("gateway".into(), facts.gateway(cluster)),
                ("identity".into(), facts.identity(cluster)),
            ];
            facts.clusters.insert(name, item);
            facts.shared.insert(name, layer(shared));
        }
        facts.warn_of_unrouted_calls(sink);
        facts.refuse_unrouted_stores(sink);
        facts.warn_of_missing_secret_stores(sink);
        facts.warn_of_plain_disks(sink);
        facts
    }

    /// Indexes where services run.
    fn place(&mut self) {
        for (key, planned) in &self.plan.services {
            let Some(service) = self.world.services.get(key) else {
                continue;
            };
            for placement in &planned.regions {
                for (cluster, replicas) in &placement.clusters {
                    let here = Here {
                        replicas: *replicas,
                        serves: placement.serves,
                    };
                    self.placed.entry(cluster).or_default().insert(key, here);
                    self.places.entry(key).or_default().insert(cluster, here);
                    let namespace = self.namespaces.entry(&service.namespace).or_default();
                    namespace.entry(cluster).or_default().push((key, here));
                }
            }
        }
    }

    /// Everything that is to be rendered.
    pub(crate) fn units(&self) -> Vec<Unit<'a>> {
        let clusters = self.world.clusters.keys().map(Unit::Cluster);
        let namespaces = self.namespaces.keys().map(|n| Unit::Namespace(n));
        let services = self.places.keys().map(|s| Unit::Service(s));
        let all = std::iter::once(Unit::Fleet).chain(clusters);
        all.chain(namespaces).chain(services).collect()
    }

    /// Visits the scenes of a unit, cluster by cluster.
    pub(crate) fn scenes(&self, unit: Unit<'a>, visit: &mut dyn FnMut(Scene)) {
        match unit {
            Unit::Fleet => visit(self.of_fleet()),
            Unit::Cluster(name) => {
                if let Some(cluster) = self.world.clusters.get(name) {
                    self.of_cluster(cluster, visit);
                }
            }
            Unit::Namespace(namespace) => self.of_namespace(namespace, visit),
            Unit::Service(key) => {
                if let Some(service) = self.world.services.get(key) {
                    self.of_service(key, service, visit);
                }
            }
        }
    }

    fn of_fleet(&self) -> Scene {
        let mut members: Members = vec![
            ("fleet".into(), self.fleet.clone()),
            (
                "clusters".into(),
                Item::list(self.clusters.values().cloned()),
            ),
        ];
        members.extend(self.of_stores());
        let hub = self.world.fleet.hub.as_ref().map_or("hub", |h| h.as_str());
        Scene {
            scope: Scope::Fleet,
            root: Root(vec![layer(members)]),
            place: Arc::new(Place {
                cluster: None,
                home: hub.into(),
                kubernetes: None,
                folder: "hub".into(),
                of_service: false,
                context: "the fleet".into(),
            }),
            marks: self.marks(None),
            service: None,
            store: None,
            lack: None,
        }
    }

    /// A scene in a cluster, with the variables that it has beside the cluster's.
    fn scene(
        &self,
        scope: Scope,
        cluster: &Cluster,
        marks: &Arc<Marks>,
        layers: &[&Layer],
        place: &Arc<Place>,
    ) -> Scene {
        let shared = self.shared.get(&cluster.name.value);
        Scene {
            scope,
            root: Root(
                shared
                    .into_iter()
                    .chain(layers.iter().copied())
                    .cloned()
                    .collect(),
            ),
            place: Arc::clone(place),
            marks: Arc::clone(marks),
            service: None,
            store: None,
            lack: None,
        }
    }

    fn of_cluster(&self, cluster: &Cluster, visit: &mut dyn FnMut(Scene)) {
        let name = &cluster.name.value;
        let marks = self.marks(None);
        let region = self.world.regions.get(&cluster.region);
        if region.and_then(|r| r.clusters.iter().min()) == Some(name) {
            let context = format!("region `{}`", cluster.region);
            let place = place(Scope::Region, cluster, "_cluster", context);
            visit(self.scene(Scope::Region, cluster, &marks, &[], &place));
        }
        let here = self
            .namespaces
            .iter()
            .filter(|(_, in_clusters)| in_clusters.contains_key(name));
        let names = Item::list(here.map(|(n, _)| Item::new(n.as_str())));
        let mut own = vec![
            ("namespaces".into(), names),
            ("peers".into(), self.peers(cluster)),
        ];
        own.extend(self.of_stores_in(cluster));
        own.push(("drift".into(), self.drift(cluster)));
        own.push(("telemetry".into(), self.telemetry(cluster)));
        own.push(("dashboards".into(), self.dashboards(cluster)));
        own.push(("aliases".into(), self.aliases(cluster)));
        let own = layer(own);
        let context = format!("cluster `{name}`");
        let place = place(Scope::Cluster, cluster, "_cluster", context);
        visit(self.scene(Scope::Cluster, cluster, &marks, &[&own], &place));
    }

    fn of_namespace(&self, namespace: &Namespace, visit: &mut dyn FnMut(Scene)) {
        let marks = self.marks(None);
        for (name, services) in self.namespaces.get(namespace).into_iter().flatten() {
            let Some(cluster) = self.world.clusters.get(*name) else {
                continue;
            };
            let own = layer(self.namespace(cluster, namespace, services));
            let context = format!("namespace `{namespace}` in cluster `{name}`");
            let folder = format!("{namespace}/_namespace");
            let place = place(Scope::Namespace, cluster, &folder, context);
            visit(self.scene(Scope::Namespace, cluster, &marks, &[&own], &place));
        }
    }

    fn of_service(&self, key: &ServiceKey, service: &Service, visit: &mut dyn FnMut(Scene)) {
        let everywhere = layer(self.service(key, service));
        let marks = self.marks(Some(service));
        let mut edges: Vec<(Vec<bool>, Item)> = Vec::new();
        let label: Arc<str> = key.service.as_str().into();
        for (name, here) in self.places.get(key).into_iter().flatten() {
            let Some(cluster) = self.world.clusters.get(*name) else {
                continue;
            };
            let network = self.edges_once(&mut edges, cluster, key, service);
            let own = layer(self.service_in(cluster, key, service, *here, network));
            let folder = format!("{}/{}", service.namespace, key.service);
            let context = format!("service `{key}` in cluster `{name}`");
            let of_service = place(Scope::Service, cluster, &folder, context);
            let scene = |scope, layers: &[&Layer], place: &Arc<Place>| Scene {
                service: Some(Arc::clone(&label)),
                ..self.scene(scope, cluster, &marks, layers, place)
            };
            visit(scene(Scope::Service, &[&everywhere, &own], &of_service));
            for (index, store) in service.stores.iter().enumerate() {
                let site = self.site(key, service, index, store);
                let Some(site) = site.filter(|site| site.holds(name)) else {
                    continue;
                };
                let more = vec![("store".into(), site.item(cluster))];
                let called = &store.name.value;
                let context = format!("store `{called}` of `{key}` in cluster `{name}`");
                let place = place(Scope::Store, cluster, &folder, context);
                visit(Scene {
                    marks: self.marks_of_store(&marks, store),
                    store: Some(site.store_key()),
                    lack: site.lack(),
                    ..scene(Scope::Store, &[&everywhere, &own, &layer(more)], &place)
                });
            }
        }
    }

    /// The clusters of a service's regions in which it runs.
    fn clusters_of(&self, key: &ServiceKey) -> impl Iterator<Item = &'a Cluster> {
        let placements = self
            .plan
            .services
            .get(key)
            .map(|p| p.regions.as_slice())
            .unwrap_or_default();
        placements
            .iter()
            .flat_map(|p| p.clusters.keys())
            .filter_map(|name| self.world.clusters.get(name))
    }

    fn runs_in(&self, key: &ServiceKey, cluster: &ClusterName) -> bool {
        self.placed
            .get(cluster)
            .is_some_and(|services| services.contains_key(key))
    }
}

/// A place in a cluster; `below` is the folder in the cluster's.
fn place(scope: Scope, cluster: &Cluster, below: &str, context: String) -> Arc<Place> {
    let name = &cluster.name.value;
    Arc::new(Place {
        cluster: Some(name.clone()),
        home: name.as_str().into(),
        kubernetes: Some(cluster.kubernetes),
        folder: format!("clusters/{}/{name}/{below}", cluster.region),
        of_service: matches!(scope, Scope::Service | Scope::Store),
        context,
    })
}

/// Values of one subject, each from a field of it.
struct Of<'a>(&'a Subject);

impl Of<'_> {
    fn at(&self, path: impl Into<String>, value: impl Into<Fact>) -> Item {
        Item::new(value).of(self.0, path)
    }

    fn list<T: Into<Fact>>(&self, path: &str, items: impl IntoIterator<Item = T>) -> Item {
        let items = items.into_iter().enumerate();
        Item::list(items.map(|(i, v)| self.at(format!("{path}[{i}]"), v))).of(self.0, path)
    }
}
