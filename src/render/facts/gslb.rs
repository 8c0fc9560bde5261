//! How k8gb answers for an exposed service.

use crate::model::name::{RegionName, ServiceKey};
use crate::model::origin::Subject;
use crate::model::world::{Cluster, DnsController, Routing, Service};

use super::super::fact::Item;
use super::{Facts, Of};

impl Facts<'_> {
    /// `gslb`: nothing where something else writes the records, or none leads to this region.
    pub(super) fn gslb(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let platform = &self.world.fleet.platform;
        let k8gb = platform.dns.map(|d| d.controller) == Some(DnsController::K8gb);
        let plan = self.plan.services.get(key).and_then(|p| p.dns.as_ref());
        let (Some(exposure), Some(plan), true) = (&service.exposure, plan, k8gb) else {
            return Item::nothing();
        };
        if !plan.records.contains_key(&cluster.region) {
            return Item::nothing();
        }
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let decided = |what: &str| format!("{what} of {key}");
        let here = |region: &RegionName| {
            self.clusters_of(key)
                .filter(|c| c.region == *region)
                .collect::<Vec<&Cluster>>()
        };
        let kind = match plan.policy {
            Routing::Failover => "failover",
            Routing::Geo => "geoip",
            Routing::Latency | Routing::Weighted | Routing::Simple => "roundRobin",
        };
        let primary = plan.failover.as_ref().and_then(|(primary, _)| {
            let first = here(primary).into_iter().min_by_key(|c| &c.name.value)?;
            Some(Item::new(self.geo_tag(first)).planned(decided("DNS roles")))
        });
        let mut weights: Vec<(String, Item)> = Vec::new();
        for (region, weight) in &plan.records {
            let Some(weight) = weight else { continue };
            let clusters = here(region);
            let many = clusters.len() as u32;
            for (rank, cluster) in clusters.into_iter().enumerate() {
                let extra = u32::from((rank as u32) < weight % many);
                let part = Item::new(weight / many + extra).planned(decided("DNS weights"));
                weights.push((self.geo_tag(cluster), part));
            }
        }
        let grpc = exposure.port.as_str().starts_with("grpc");
        Item::map([
            (
                "route",
                Item::new(if grpc { "GRPCRoute" } else { "HTTPRoute" }),
            ),
            ("type", Item::new(kind).planned(decided("DNS policy"))),
            ("primary", primary.unwrap_or(Item::nothing())),
            ("ttl", of.at("exposure.ttl", exposure.ttl)),
            ("weights", Item::map(weights).or_nothing()),
        ])
    }

    /// What k8gb calls a cluster: as its region, unless that has several with k8gb.
    fn geo_tag(&self, cluster: &Cluster) -> String {
        let mut others = self.world.clusters.values().filter(|c| {
            c.region == cluster.region
                && c.name != cluster.name
                && c.capabilities.iter().any(|c| c.as_str() == "k8gb")
        });
        match others.next() {
            None => cluster.region.to_string(),
            Some(_) => cluster.name.value.to_string(),
        }
    }
}
