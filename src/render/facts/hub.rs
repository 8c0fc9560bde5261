//! Stores to what is made of them once per fleet or by a chart: objects in the hub, releases.

use std::collections::BTreeSet;

use crate::model::name::{ClusterName, Namespace, ServiceKey};
use crate::model::world::{Cluster, Service, Store};

use super::super::fact::Item;
use super::chart;
use super::lack::central;
use super::site::Site;
use super::{Facts, Members};

impl Facts<'_> {
    /// A store with what the plan decided for it; `None` where it decided nothing.
    pub(super) fn site<'s>(
        &'s self,
        key: &'s ServiceKey,
        service: &'s Service,
        index: usize,
        store: &'s Store,
    ) -> Option<Site<'s>> {
        let plan = self.plan.stores.get(&key.store(&store.name.value))?;
        Some(Site {
            facts: self,
            key,
            service,
            store,
            index,
            plan,
        })
    }

    /// All stores, by service and in order of writing.
    pub(super) fn sites(&self) -> impl Iterator<Item = Site<'_>> {
        self.world.services.iter().flat_map(move |(key, service)| {
            let stores = service.stores.iter().enumerate();
            stores.filter_map(move |(index, store)| self.site(key, service, index, store))
        })
    }

    /// The stores that a cluster holds.
    pub(super) fn sites_in<'s>(
        &'s self,
        cluster: &'s ClusterName,
    ) -> impl Iterator<Item = Site<'s>> {
        let placed = self.placed.get(cluster).into_iter().flatten();
        placed.flat_map(move |(key, _)| {
            let service = self.world.services.get(*key).into_iter();
            service.flat_map(move |service| {
                let stores = service.stores.iter().enumerate();
                let sites = stores.filter_map(move |(i, s)| self.site(key, service, i, s));
                sites.filter(move |site| site.holds(cluster))
            })
        })
    }

    /// `hub`: the namespaces of stores that one object makes in all regions, and whether the hub's
    /// own folder brings each of them or the folder of the hub's cluster does.
    pub(super) fn hub(&self) -> Item {
        let central = self
            .sites()
            .filter(|site| central(site.engine()) && site.lack().is_none());
        let names: BTreeSet<&Namespace> = central.map(|site| &site.service.namespace).collect();
        let hub = self.world.fleet.hub.as_ref();
        let there = |name| {
            let clusters = self.namespaces.get(name);
            clusters.is_some_and(|c| hub.is_some_and(|hub| c.contains_key(hub)))
        };
        let namespaces = names.into_iter().map(|name| {
            Item::map([
                ("name", Item::new(name.as_str())),
                ("missing", Item::new(!there(name))),
            ])
        });
        Item::map([("namespaces", Item::list(namespaces))])
    }

    /// What templates of the fleet see of its stores, and of the charts that Argo CD installs.
    pub(super) fn of_stores(&self) -> Members {
        let stores = self.sites().filter_map(|site| {
            let first = site.members().next()?;
            Some(site.item(first))
        });
        let charts: Vec<Item> = self
            .sites()
            .filter(|site| site.lack().is_none())
            .flat_map(|site| {
                site.members()
                    .filter_map(move |c| chart::item(&site, c))
                    .collect::<Vec<_>>()
            })
            .collect();
        vec![
            ("stores".into(), Item::list(stores)),
            ("charts".into(), Item::list(charts)),
            ("hub".into(), self.hub()),
            ("encrypted".into(), Item::new(self.encrypted())),
        ]
    }

    /// What templates of a cluster see of the stores that it holds.
    pub(super) fn of_stores_in(&self, cluster: &Cluster) -> Members {
        let charts = self
            .sites_in(&cluster.name.value)
            .filter(|site| site.lack().is_none())
            .filter_map(|site| chart::item(&site, cluster));
        vec![
            ("charts".into(), Item::list(charts)),
            ("hub".into(), self.hub()),
            ("disks".into(), self.disks(cluster)),
        ]
    }
}
