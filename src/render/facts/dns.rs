//! The records that a cluster owns for an exposed service, as external-dns takes them.
//!
//! Route 53 allows one record per region under latency routing, one per role under failover, one per
//! place under geolocation, and never two policies under one name. So within a region the first serving cluster by name that
//! has an ingress of the common kind carries the records; a weighted policy splits the region's
//! weight over all of them.

use crate::model::name::{ClusterName, RegionName, ServiceKey};
use crate::model::origin::Subject;
use crate::model::world::{CacheTier, Cluster, Exposure, GeoArea, Ingress, Routing, Service};

use super::super::fact::Item;
use super::{Facts, Of};

/// The property by which Cloudflare's network stands in front of a record: the annotation's whole
/// name, as external-dns 0.22 reads it (`source/annotations/provider_specific.go`).
const PROXIED: &str = "external-dns.kubernetes.io/cloudflare-proxied";

/// One set of records under a name: what tells it from others, and its policy.
#[derive(Default)]
struct Set {
    name: Option<String>,
    policy: Vec<(&'static str, Item)>,
}

impl Set {
    fn of(property: &'static str, value: Item) -> Self {
        Self {
            name: None,
            policy: vec![(property, value)],
        }
    }

    fn called(self, name: &str) -> Self {
        Self {
            name: Some(name.to_ascii_lowercase()),
            ..self
        }
    }
}

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
        let mut sets: Vec<Set> = Vec::new();
        match plan.policy {
            Routing::Latency if rank == 0 => {
                // Route 53 knows AWS regions only.
                let name =
                    Item::new(region.as_str()).of(&Subject::Region(region.clone()), "region");
                sets.push(Set::of("aws/region", name));
            }
            Routing::Failover if rank == 0 => {
                let role = match &plan.failover {
                    Some((primary, _)) if primary == region => "PRIMARY",
                    Some((_, secondary)) if secondary == region => "SECONDARY",
                    _ => return Item::nothing(),
                };
                let role = Item::new(role).planned(decided("DNS roles"));
                sets.push(Set::of("aws/failover", role));
            }
            Routing::Weighted => {
                let (weight, clusters) = (weight.unwrap_or(1), carriers.len() as u32);
                let extra = u32::from((rank as u32) < weight % clusters);
                let text = (weight / clusters + extra).to_string();
                let text = of.at(format!("exposure.weights.{region}"), text);
                sets.push(Set::of("aws/weight", text));
            }
            Routing::Geo if rank == 0 => {
                let areas = exposure.geo.get(region).into_iter().flatten();
                sets.extend(areas.map(|area| {
                    let (name, code) = match area {
                        GeoArea::Continent(code) => ("aws/geolocation-continent-code", *code),
                        GeoArea::Country(code) => ("aws/geolocation-country-code", code.as_str()),
                    };
                    let value = of.at(format!("exposure.geo.{region}"), code);
                    Set::of(name, value).called(code)
                }));
                if self.prefers(key, region) {
                    let value = Item::new("*").planned(decided("regions"));
                    sets.push(Set::of("aws/geolocation-country-code", value).called("default"));
                }
            }
            Routing::Simple if rank == 0 => sets.push(Set::default()),
            Routing::Latency | Routing::Failover | Routing::Geo | Routing::Simple => {
                return Item::nothing();
            }
        }
        let check = cluster.health_checks.get(&exposure.host.value);
        if let Some(check) = check.filter(|_| plan.policy != Routing::Simple) {
            let subject = Subject::Cluster(cluster.name.value.clone());
            let path = format!("healthChecks.{}", exposure.host.value);
            let check = Item::new(check).of(&subject, path);
            for set in &mut sets {
                set.policy.push(("aws/health-check-id", check.clone()));
            }
        }
        let proxied = exposure.cache.as_ref().map(|c| c.tier.value) == Some(CacheTier::Cdn);
        if proxied {
            let value = of.at("exposure.cache.tier", "true");
            for set in &mut sets {
                set.policy.push((PROXIED, value.clone()));
            }
        }
        let identified = plan.policy != Routing::Simple;
        Item::list(sets.into_iter().flat_map(|set| {
            let own = format!("{}-{}", key.service, cluster.name.value);
            let identifier = match &set.name {
                None => own,
                Some(name) => format!("{own}-{name}"),
            };
            let identifier = identified.then_some(identifier);
            endpoints(&of, cluster, exposure, identifier, &set.policy)
        }))
        .or_nothing()
    }

    /// Whether a region is the one that the plan prefers of those that serve.
    fn prefers(&self, key: &ServiceKey, region: &RegionName) -> bool {
        let placed = self.plan.services.get(key);
        let mut serving = placed.into_iter().flat_map(|p| &p.regions);
        serving.find(|p| p.serves).map(|p| &p.region) == Some(region)
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
    policy: &[(&'static str, Item)],
) -> Vec<Item> {
    let subject = Subject::Cluster(cluster.name.value.clone());
    let target = |text: String, path: String| Item::new(text).of(&subject, path);
    let mut records: Vec<(&str, Vec<Item>)> = Vec::new();
    match cluster.ingress.as_ref().map(|i| &i.value) {
        None => return Vec::new(),
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
    let records = records.into_iter().map(|(kind, targets)| {
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
    });
    records.collect()
}
