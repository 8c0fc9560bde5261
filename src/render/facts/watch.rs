//! What is watched: a service's metrics and objectives, a store's replication, the way to the
//! clusters of other regions.

use crate::model::engine::Engine;
use crate::model::name::{PortName, RegionName, ServiceKey};
use crate::model::origin::{FieldRef, Subject};
use crate::model::ratio::Share;
use crate::model::world::{Cluster, Fleet, Ingress, Service, Store};

use super::super::fact::{Fact, Item};
use super::{Facts, Of};

/// How far a replica of CloudNativePG may be behind when nobody says, in seconds: what its own
/// alert takes (cloudnative-pg/cloudnative-pg@v1.30.0, docs/src/monitoring.md).
const BEHIND: u64 = 300;
/// What a histogram of requests is called by OpenTelemetry's semantic conventions for HTTP, as
/// Prometheus names it.
const REQUESTS: &str = "http_server_request_duration_seconds";

/// `fleet.platform.monitoring`.
pub(super) fn monitoring(of: &Of<'_>, fleet: &Fleet) -> Item {
    let monitoring = &fleet.platform.monitoring;
    let at = |path: &str| format!("platform.monitoring.{path}");
    let labels = monitoring
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), of.at(at(&format!("labels.{name}")), value)));
    Item::map([
        (
            "namespace",
            of.at(at("namespace"), monitoring.namespace.as_str()),
        ),
        ("labels", Item::map(labels).or_nothing()),
        (
            "prometheus",
            of.at(at("prometheus"), &monitoring.prometheus),
        ),
        ("prober", of.at(at("prober"), &monitoring.prober)),
    ])
}

/// `metrics` of a service: the port and path that Prometheus reads.
pub(super) fn metrics(of: &Of<'_>, service: &Service) -> Item {
    let Some(metrics) = &service.workload.metrics else {
        return Item::nothing();
    };
    let port = &metrics.port.value;
    let target = service
        .workload
        .ports
        .get::<PortName>(port)
        .map(|p| p.target);
    Item::map([
        ("port", of.at("workload.metrics.port", port.as_str())),
        ("target", of.at("workload.metrics.port", Fact::from(target))),
        ("path", of.at("workload.metrics.path", &metrics.path)),
    ])
}

/// `slo` of a service: per objective its error budget and the requests that are bad, good and all
/// of them; nothing where there is none, or no metrics to hold it against.
pub(super) fn objectives(key: &ServiceKey, of: &Of<'_>, service: &Service) -> Item {
    if service.workload.metrics.is_none() {
        return Item::nothing();
    }
    let promised = &service.recovery;
    let selector = |more: &str| {
        let (namespace, name) = (&service.namespace, &key.service);
        format!("{{namespace=\"{namespace}\",service=\"{name}\"{more}}}")
    };
    let all = format!("{REQUESTS}_count{}", selector(""));
    let availability = promised.availability.map(|share| {
        let bad = format!(
            "{REQUESTS}_count{}",
            selector(",http_response_status_code=~\"5..\"")
        );
        Item::map([
            ("name", Item::new("availability")),
            (
                "promise",
                of.at(
                    "slo.availability",
                    format!("{} of requests succeed", share.value),
                ),
            ),
            ("budget", of.at("slo.availability", left(share.value))),
            ("bad", Item::new(bad)),
            ("fast", Item::nothing()),
            ("all", Item::new(all.as_str())),
        ])
    });
    let latency = promised.latency.map(|objective| {
        let (target, under) = (objective.value.target, objective.value.under);
        let seconds = decimal(under.as_millis().into(), 3);
        let fast = format!(
            "{REQUESTS}_bucket{}",
            selector(&format!(",le=\"{seconds}\""))
        );
        Item::map([
            ("name", Item::new("latency")),
            (
                "promise",
                of.at(
                    "slo.latency",
                    format!("{target} of requests take less than {under}"),
                ),
            ),
            ("budget", of.at("slo.latency.target", left(target))),
            ("bad", Item::nothing()),
            ("fast", of.at("slo.latency.under", fast)),
            ("all", Item::new(all.as_str())),
        ])
    });
    Item::list(availability.into_iter().chain(latency)).or_nothing()
}

/// What an objective leaves for errors, as a number: `99.95%` leaves `0.0005`.
fn left(share: Share) -> String {
    decimal(u128::from(Share::ONE.as_ppm() - share.as_ppm()), 6)
}

/// A number of units of 10^-places without trailing zeros.
fn decimal(units: u128, places: usize) -> String {
    let one = 10_u128.pow(u32::try_from(places).unwrap_or(0));
    let fraction = format!("{:0places$}", units % one);
    match fraction.trim_end_matches('0') {
        "" => (units / one).to_string(),
        fraction => format!("{}.{fraction}", units / one),
    }
}

/// `store.behind`: how many seconds a replica may be behind before somebody is told.
pub(super) fn behind(of: &Of<'_>, index: usize, store: &Store) -> Item {
    match store.staleness {
        Some(bound) => {
            let seconds = decimal(bound.value.as_millis().into(), 3);
            of.at(format!("stores[{index}].staleness"), seconds)
        }
        None if store.engine.value == Engine::CloudnativePg => Item::new(BEHIND.to_string()),
        None => Item::nothing(),
    }
}

impl Facts<'_> {
    /// The first cluster of each other region that traffic enters.
    pub(super) fn entered<'s>(
        &'s self,
        cluster: &'s Cluster,
    ) -> impl Iterator<Item = (&'s RegionName, &'s Cluster)> {
        let regions = self.world.regions.values();
        let others = regions.filter(|region| region.name.value != cluster.region);
        others.filter_map(|region| {
            let clusters = region.clusters.iter();
            let mut clusters = clusters.filter_map(|c| self.world.clusters.get(c));
            let peer =
                clusters.find(|c| c.environment == cluster.environment && c.ingress.is_some())?;
            Some((&region.name.value, peer))
        })
    }

    /// `peers` of a cluster: where traffic enters the first cluster of each other region.
    pub(super) fn peers(&self, cluster: &Cluster) -> Item {
        let peers = self.entered(cluster).filter_map(|(region, peer)| {
            let host = match &peer.ingress.as_ref()?.value {
                Ingress::Hostname(host) => host.clone(),
                Ingress::Addresses(list) => match list.first()? {
                    std::net::IpAddr::V6(address) => format!("[{address}]"),
                    address => address.to_string(),
                },
            };
            let field = FieldRef {
                subject: Subject::Cluster(peer.name.value.clone()),
                path: "ingress".to_owned(),
            };
            Some(Item::map([
                ("region", Item::new(region.as_str())),
                ("cluster", Item::new(peer.name.value.as_str())),
                (
                    "target",
                    Item::new(format!("{host}:443")).made_of(vec![field]),
                ),
            ]))
        });
        Item::list(peers)
    }
}
