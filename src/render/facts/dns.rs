//! The records that a cluster owns for an exposed service, as external-dns takes them.
//!
//! Route 53 allows one record per region under latency routing, one per role under failover, and
//! never two policies under one name. So within a region the first serving cluster by name that
//! has an ingress of the common kind carries the records; a weighted policy splits the region's
//! weight over all of them.

use crate::model::name::{ClusterName, RegionName, ServiceKey};
use crate::model::origin::Subject;
use crate::model::world::{Cluster, Exposure, Ingress, Routing, Service};

use super::super::fact::Item;
use super::{Facts, Of};

impl Facts<'_> {
    /// `dns`: the endpoints of this cluster; nothing where it owns none.
    pub(super) fn dns(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let plan = self.plan.services.get(key).and_then(|p| p.dns.as_ref());
        let (Some(exposure), Some(plan)) = (&service.exposure, plan) else {
            return Item::nothing();
        };
        let region = &cluster.region;
        let Some(weight) = plan.records.get(region) else {
            return Item::nothing();
        };
        let carriers = self.carriers(key, region);
        let Some(rank) = carriers.iter().position(|c| *c == &cluster.name.value) else {
            return Item::nothing();
        };
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let decided = |what: &str| format!("{what} of {key}");
        let mut policy: Vec<(&str, Item)> = Vec::new();
        match plan.policy {
            Routing::Latency if rank == 0 => {
                // Route 53 knows AWS regions only.
                let name =
                    Item::new(region.as_str()).of(&Subject::Region(region.clone()), "region");
                policy.push(("aws/region", name));
            }
            Routing::Failover if rank == 0 => {
                let role = match &plan.failover {
                    Some((primary, _)) if primary == region => "PRIMARY",
                    Some((_, secondary)) if secondary == region => "SECONDARY",
                    _ => return Item::nothing(),
                };
                policy.push((
                    "aws/failover",
                    Item::new(role).planned(decided("DNS roles")),
                ));
            }
            Routing::Weighted => {
                let (weight, clusters) = (weight.unwrap_or(1), carriers.len() as u32);
                let extra = u32::from((rank as u32) < weight % clusters);
                let text = (weight / clusters + extra).to_string();
                policy.push((
                    "aws/weight",
                    of.at(format!("exposure.weights.{region}"), text),
                ));
            }
            Routing::Simple if rank == 0 => {}
            Routing::Latency | Routing::Failover | Routing::Simple => return Item::nothing(),
        }
        if let Some(check) = cluster.health_checks.get(&exposure.host.value)
            && plan.policy != Routing::Simple
        {
            let subject = Subject::Cluster(cluster.name.value.clone());
            let path = format!("healthChecks.{}", exposure.host.value);
            policy.push(("aws/health-check-id", Item::new(check).of(&subject, path)));
        }
        let identifier = (plan.policy != Routing::Simple)
            .then(|| format!("{}-{}", key.service, cluster.name.value));
        endpoints(&of, cluster, exposure, identifier, &policy)
    }

    /// The clusters of a region that records of a service can point to, by name.
    fn carriers(&self, key: &ServiceKey, region: &RegionName) -> Vec<&ClusterName> {
        let placed = self
            .plan
            .services
            .get(key)
            .and_then(|p| p.in_region(region));
        let mut names: Vec<&ClusterName> = placed
            .into_iter()
            .flat_map(|p| p.clusters.keys())
            .filter(|name| {
                self.world
                    .clusters
                    .get(*name)
                    .is_some_and(|c| c.ingress.is_some())
            })
            .collect();
        names.sort();
        names
    }
}

fn endpoints(
    of: &Of<'_>,
    cluster: &Cluster,
    exposure: &Exposure,
    identifier: Option<String>,
    policy: &[(&str, Item)],
) -> Item {
    let subject = Subject::Cluster(cluster.name.value.clone());
    let target = |text: String, path: String| Item::new(text).of(&subject, path);
    let mut records: Vec<(&str, Vec<Item>)> = Vec::new();
    match cluster.ingress.as_ref().map(|i| &i.value) {
        None => return Item::nothing(),
        Some(Ingress::Hostname(host)) => {
            records.push((
                "CNAME",
                vec![target(host.clone(), "ingress.hostname".into())],
            ));
        }
        Some(Ingress::Addresses(addresses)) => {
            for (kind, v4) in [("A", true), ("AAAA", false)] {
                let targets: Vec<Item> = addresses
                    .iter()
                    .enumerate()
                    .filter(|(_, a)| a.is_ipv4() == v4)
                    .map(|(i, a)| target(a.to_string(), format!("ingress.addresses[{i}]")))
                    .collect();
                if !targets.is_empty() {
                    records.push((kind, targets));
                }
            }
        }
    }
    let properties = || {
        policy.iter().map(|(name, value)| {
            let source = value.source.clone();
            let mut property = Item::map([("name", Item::new(*name)), ("value", value.clone())]);
            property.source = source;
            property
        })
    };
    Item::list(records.into_iter().map(|(kind, targets)| {
        let identifier = identifier.clone().map_or(Item::nothing(), Item::new);
        Item::sparse([
            ("dnsName", of.at("exposure.host", &exposure.host.value)),
            ("recordType", Item::new(kind)),
            ("recordTTL", of.at("exposure.ttl", exposure.ttl)),
            ("targets", Item::list(targets)),
            ("setIdentifier", identifier),
            ("providerSpecific", Item::list(properties()).or_nothing()),
        ])
        .of(of.0, "exposure")
    }))
}
