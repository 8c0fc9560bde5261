//! World and plan to what templates see: one scene per fleet, region, cluster, namespace, service
//! and store, each value with its origin.

mod cnpg;
mod dns;
mod edges;
mod env;
mod namespace;
mod places;
mod pod;
mod reach;
mod secrets;
mod service;
mod store;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Sink;
use crate::model::name::{ClusterName, Namespace, ServiceKey, StoreKey};
use crate::model::origin::Subject;
use crate::model::plan::{Plan, Replicas};
use crate::model::world::{Cluster, Service, Store, World};

use super::fact::{Fact, Item, Key};
use super::header::Scope;
use super::object::{FLEET, MANAGED_BY, Marks, RESIDENCY, SERVICE};

/// One thing that templates of a scope are rendered for.
pub(crate) struct Scene {
    pub(crate) scope: Scope,
    /// The variables.
    pub(crate) root: Item,
    /// `None` for the hub's folder.
    pub(crate) cluster: Option<ClusterName>,
    pub(crate) marks: Arc<Marks>,
    /// Where its objects stand.
    pub(crate) folder: Arc<str>,
    /// What it is, for people.
    pub(crate) context: Arc<str>,
    pub(crate) service: Option<Arc<str>>,
    /// The store that it is a scene of.
    pub(crate) store: Option<StoreKey>,
}

/// Everything that scenes are made of.
pub(crate) struct Facts<'a> {
    world: &'a World,
    plan: &'a Plan,
    fleet: Item,
    clusters: BTreeMap<&'a ClusterName, Item>,
    /// What runs in each cluster.
    placed: BTreeMap<&'a ClusterName, BTreeMap<&'a ServiceKey, Here>>,
    /// Who calls a service, in order of name.
    callers_of: BTreeMap<ServiceKey, Vec<&'a ServiceKey>>,
}

/// How a service runs in a cluster.
#[derive(Clone, Copy, Debug)]
struct Here {
    replicas: Replicas,
    serves: bool,
}

/// Members by name.
type Members = Vec<(Key, Item)>;

impl<'a> Facts<'a> {
    /// Indexes the plan; warnings about what cannot be rendered go to the sink.
    pub(crate) fn new(world: &'a World, plan: &'a Plan, sink: &mut Sink) -> Self {
        let mut placed: BTreeMap<&ClusterName, BTreeMap<&ServiceKey, Here>> = BTreeMap::new();
        for (key, service) in &plan.services {
            for placement in &service.regions {
                for (cluster, replicas) in &placement.clusters {
                    let here = Here {
                        replicas: *replicas,
                        serves: placement.serves,
                    };
                    placed.entry(cluster).or_default().insert(key, here);
                }
            }
        }
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
            placed,
            callers_of,
        };
        for (name, cluster) in &world.clusters {
            let secrets = facts.secret_store(cluster);
            facts
                .clusters
                .insert(name, places::cluster(world, plan, cluster, secrets));
        }
        facts.warn_of_unrouted_calls(sink);
        facts.refuse_unrouted_stores(sink);
        facts.warn_of_missing_secret_stores(sink);
        facts
    }

    /// The scenes of a cluster, or of the fleet.
    pub(crate) fn scenes(&self, cluster: Option<&ClusterName>) -> Vec<Scene> {
        match cluster.and_then(|name| self.world.clusters.get(name)) {
            Some(cluster) => self.of_cluster(cluster),
            None if cluster.is_none() => vec![self.of_fleet()],
            None => Vec::new(),
        }
    }

    fn of_fleet(&self) -> Scene {
        let members: Members = vec![
            ("fleet".into(), self.fleet.clone()),
            (
                "clusters".into(),
                Item::list(self.clusters.values().cloned()),
            ),
        ];
        let hub = self.world.fleet.hub.as_ref().map_or("hub", |h| h.as_str());
        Scene {
            scope: Scope::Fleet,
            root: Item::map(members),
            cluster: None,
            marks: self.marks(hub, None),
            folder: "hub".into(),
            context: "the fleet".into(),
            service: None,
            store: None,
        }
    }

    fn of_cluster(&self, cluster: &Cluster) -> Vec<Scene> {
        let name = &cluster.name.value;
        let base = format!("clusters/{}/{name}", cluster.region);
        let region = self.world.regions.get(&cluster.region);
        let shared: Members = vec![
            ("fleet".into(), self.fleet.clone()),
            (
                "region".into(),
                region.map_or(Item::nothing(), |r| places::region(self.plan, r)),
            ),
            (
                "cluster".into(),
                self.clusters.get(name).cloned().unwrap_or(Item::nothing()),
            ),
        ];
        let marks = self.marks(name.as_str(), None);
        let scene = |scope, extra: Members, folder: String, context: String| Scene {
            scope,
            root: Item::map(shared.iter().cloned().chain(extra)),
            cluster: Some(name.clone()),
            marks: Arc::clone(&marks),
            folder: folder.into(),
            context: context.into(),
            service: None,
            store: None,
        };
        let in_cluster = format!("{base}/_cluster");
        let mut scenes = Vec::new();
        if region.and_then(|r| r.clusters.iter().min()) == Some(name) {
            let context = format!("region `{}`", cluster.region);
            scenes.push(scene(
                Scope::Region,
                Vec::new(),
                in_cluster.clone(),
                context,
            ));
        }
        let namespaces = self.namespaces(name);
        let names = Item::list(namespaces.keys().map(|n| Item::new(n.as_str())));
        let extra = vec![
            ("namespaces".into(), names),
            ("peers".into(), self.peers(cluster)),
        ];
        scenes.push(scene(
            Scope::Cluster,
            extra,
            in_cluster,
            format!("cluster `{name}`"),
        ));
        for (namespace, services) in namespaces {
            let extra = self.namespace(cluster, namespace, &services);
            let context = format!("namespace `{namespace}` in cluster `{name}`");
            scenes.push(scene(
                Scope::Namespace,
                extra,
                format!("{base}/{namespace}/_namespace"),
                context,
            ));
        }
        for (key, here) in self.placed.get(name).into_iter().flatten() {
            let Some(service) = self.world.services.get(*key) else {
                continue;
            };
            let extra = self.service(cluster, key, service, *here);
            let folder = format!("{base}/{}/{}", service.namespace, key.service);
            let context = format!("service `{key}` in cluster `{name}`");
            let mut of_service = scene(Scope::Service, extra.clone(), folder.clone(), context);
            of_service.marks = self.marks(name.as_str(), Some(service));
            of_service.service = Some(key.service.as_str().into());
            let marks = Arc::clone(&of_service.marks);
            scenes.push(of_service);
            scenes.extend(self.store_scenes(
                cluster,
                key,
                service,
                &extra,
                |store, extra, context| {
                    let mut of_store = scene(Scope::Store, extra, folder.clone(), context);
                    of_store.marks = self.marks_of_store(&marks, store);
                    of_store.service = Some(key.service.as_str().into());
                    of_store.store = Some(StoreKey {
                        service: (*key).clone(),
                        store: store.name.value.clone(),
                    });
                    of_store
                },
            ));
        }
        scenes
    }

    /// Scenes of a service's stores that sit in this cluster.
    fn store_scenes(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        shared: &Members,
        scene: impl Fn(&Store, Members, String) -> Scene,
    ) -> Vec<Scene> {
        let mut scenes = Vec::new();
        for (index, store) in service.stores.iter().enumerate() {
            if let Some(more) = self.store(cluster, key, service, index, store) {
                let context = format!(
                    "store `{}` of `{key}` in cluster `{}`",
                    store.name.value, cluster.name.value
                );
                let mut extra = shared.clone();
                extra.extend(more);
                scenes.push(scene(store, extra, context));
            }
        }
        scenes
    }

    /// The namespaces of a cluster, with the services in each.
    fn namespaces(
        &self,
        cluster: &ClusterName,
    ) -> BTreeMap<&'a Namespace, Vec<(&'a ServiceKey, Here)>> {
        let mut namespaces: BTreeMap<&Namespace, Vec<(&ServiceKey, Here)>> = BTreeMap::new();
        for (key, here) in self.placed.get(cluster).into_iter().flatten() {
            if let Some(service) = self.world.services.get(*key) {
                namespaces
                    .entry(&service.namespace)
                    .or_default()
                    .push((key, *here));
            }
        }
        namespaces
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

    /// What is bound to a jurisdiction says so.
    fn marks_of_store(&self, marks: &Arc<Marks>, store: &Store) -> Arc<Marks> {
        let classes = &self.world.fleet.data_classes;
        let class = store.data.as_ref().and_then(|d| classes.get(&d.value));
        let Some(bound) = class.and_then(|c| c.residency.as_ref()) else {
            return Arc::clone(marks);
        };
        let areas: Vec<&str> = bound.names.iter().map(|n| n.value.as_str()).collect();
        let mut marks = Marks::clone(marks);
        marks.notes.push((RESIDENCY.to_owned(), areas.join(" ")));
        Arc::new(marks)
    }

    fn marks(&self, cluster: &str, service: Option<&Service>) -> Arc<Marks> {
        let fleet = self.world.fleet.name.value.to_string();
        let mut owned = vec![
            (MANAGED_BY.to_owned(), "regen".to_owned()),
            (FLEET.to_owned(), fleet.clone()),
        ];
        let mut offered = vec![("app.kubernetes.io/part-of".to_owned(), fleet)];
        if let Some(service) = service {
            let name = service.name.value.to_string();
            owned.push((SERVICE.to_owned(), name.clone()));
            offered.push(("app.kubernetes.io/name".to_owned(), name));
            offered.push((
                "regen.dev/tier".to_owned(),
                service::tier(service.tier).to_owned(),
            ));
            let team = service.owner.as_ref().map(|o| o.team.as_str());
            if let Some(team) = team.filter(|t| is_label_value(t)) {
                offered.push(("regen.dev/team".to_owned(), team.to_owned()));
            }
        }
        Arc::new(Marks {
            cluster: cluster.to_owned(),
            owned,
            offered,
            notes: Vec::new(),
        })
    }
}

/// Whether Kubernetes takes a text as the value of a label (at most 63 characters).
fn is_label_value(text: &str) -> bool {
    let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
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
