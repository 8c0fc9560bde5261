//! A store of a service beside what the plan decided for it: names, members, who leads.

use crate::model::engine::Engine;
use crate::model::name::{ClusterName, RegionName, ServiceKey, StoreKey};
use crate::model::origin::Subject;
use crate::model::plan::StorePlan;
use crate::model::quantity::Quantity;
use crate::model::world::{Audit, Cluster, DataClass, Service, Store};

use super::super::fact::Item;
use super::{Facts, Of};

/// A store and its place in the catalog and in the plan.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) key: &'a ServiceKey,
    pub(super) service: &'a Service,
    pub(super) store: &'a Store,
    /// Its number among the stores of its service.
    pub(super) index: usize,
    pub(super) plan: &'a StorePlan,
}

impl<'a> Site<'a> {
    pub(super) fn engine(&self) -> Engine {
        self.store.engine.value
    }

    pub(super) fn store_key(&self) -> StoreKey {
        self.key.store(&self.store.name.value)
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Service(self.key.clone())
    }

    /// The path of a field of the store.
    pub(super) fn path(&self, field: &str) -> String {
        format!("stores[{}].{field}", self.index)
    }

    /// A value from a field of the store.
    pub(super) fn at(&self, field: &str, value: impl Into<super::super::fact::Fact>) -> Item {
        Of(&self.subject()).at(self.path(field), value)
    }

    /// The regions that hold it, the leader first, then by the plan's order.
    pub(super) fn regions(&self) -> Vec<&'a RegionName> {
        let plan = self.plan;
        let mut regions: Vec<&RegionName> = plan.leader.iter().collect();
        let others = plan.replicas.iter().chain(&plan.voters);
        for region in others.chain(plan.clusters.keys()) {
            if plan.clusters.contains_key(region) && !regions.contains(&region) {
                regions.push(region);
            }
        }
        regions
    }

    /// The cluster that holds it in a region.
    pub(super) fn cluster(&self, region: &RegionName) -> Option<&'a Cluster> {
        let name = self.plan.clusters.get(region)?;
        self.facts.world.clusters.get(name)
    }

    /// The members, in the order of their regions.
    pub(super) fn members(&self) -> impl Iterator<Item = &'a Cluster> {
        let site = *self;
        let regions = self.regions().into_iter();
        regions.filter_map(move |region| site.cluster(region))
    }

    /// Whether a cluster holds it.
    pub(super) fn holds(&self, cluster: &ClusterName) -> bool {
        self.plan.clusters.values().any(|name| name == cluster)
    }

    /// The name of the whole, over all regions.
    pub(super) fn set(&self) -> String {
        self.store_key().set()
    }

    /// The same where the stores of all environments stand together: in the hub, at an operator.
    pub(super) fn fleet_wide(&self) -> String {
        self.store_key().fleet_wide()
    }

    /// The name of its part in a region.
    pub(super) fn instance(&self, region: &RegionName) -> String {
        self.store_key().instance(region)
    }

    /// The Secret with `username` and `password` of the service, in every cluster of the set.
    /// A database of CloudNativePG alone makes its own.
    pub(super) fn credentials(&self) -> String {
        let alone = !self.shares_login();
        match self.plan.clusters.keys().next() {
            Some(region) if alone && self.engine() == Engine::CloudnativePg => {
                format!("{}-app", self.instance(region))
            }
            _ => format!("{}-app", self.set()),
        }
    }

    /// Whether several clusters know the login, so that no operator may invent one in each.
    pub(super) fn shares_login(&self) -> bool {
        let elsewhere = |c: &Cluster| !self.holds(&c.name.value);
        let mut users = self.facts.clusters_of(self.key);
        self.plan.clusters.len() > 1 || self.store.connect.is_some() && users.any(elsewhere)
    }

    pub(super) fn namespace(&self) -> &'a str {
        self.service.namespace.as_str()
    }

    /// The name of a Service of its in its own cluster, and in others where it is exported.
    pub(super) fn host(&self, service: &str, exported: bool) -> String {
        let domain = if exported {
            "svc.clusterset.local"
        } else {
            "svc"
        };
        format!("{service}.{}.{domain}", self.namespace())
    }

    /// Its database, as an SQL identifier that needs no quotes.
    pub(super) fn database(&self) -> String {
        self.store.name.value.as_str().replace(['-', '.'], "_")
    }

    /// The member that a cluster turns to: its own, that of its region, else the leader's, else
    /// the first.
    pub(super) fn nearest(&self, from: &Cluster) -> Option<&'a Cluster> {
        self.cluster(&from.region)
            .or_else(|| self.plan.leader.as_ref().and_then(|l| self.cluster(l)))
            .or_else(|| self.members().next())
    }

    /// The class of its data.
    pub(super) fn class(&self) -> Option<&'a DataClass> {
        let data = self.store.data.as_ref()?;
        self.facts.world.fleet.data_classes.get(&data.value)
    }

    /// What its audit log holds.
    pub(super) fn audit(&self) -> Audit {
        self.class().map_or(Audit::None, |class| class.audit)
    }

    /// How many voters stand in a region.
    pub(super) fn votes(&self, region: &RegionName) -> usize {
        self.plan.voters.iter().filter(|v| *v == region).count()
    }

    /// A decision of the plan about it, for people.
    pub(super) fn decided(&self, what: &str) -> String {
        format!("{what} of {}", self.store_key())
    }

    /// What each instance asks for: CPU and memory, unless told as its engine needs.
    pub(super) fn resources(&self, cpu: &str, memory: &str) -> Item {
        let asked = self.store.resources;
        let or = |field: &str, told: Option<Quantity>, unless: &str| match told {
            Some(told) => self.at(&format!("resources.{field}"), told.to_string()),
            None => Item::new(unless),
        };
        let memory = or("memory", asked.memory, memory);
        Item::map([
            (
                "requests",
                Item::map([
                    ("cpu", or("cpu", asked.cpu, cpu)),
                    ("memory", memory.clone()),
                ]),
            ),
            ("limits", Item::map([("memory", memory)])),
        ])
    }
}
