//! The records of a name, as they are live, to the clusters that they lead to.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use crate::drift::invariants::ground::{Fleet, Ground, Object};
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::world::{Cluster, Ingress};

use super::{GSLB, HOSTS, RECORDS, SERVICE};

/// A record: who says it, what it is, and the cluster that it leads to.
pub(super) struct Record<'a> {
    pub object: Object<'a>,
    pub path: &'static [&'static str],
    pub target: &'a ClusterName,
    /// How the target is written.
    pub written: String,
    /// Whether a health check takes it out of the answers.
    pub checked: bool,
}

/// The records of a name that lead to clusters of the fleet, each once per target.
pub(super) fn records<'a>(
    ground: &Ground<'a>,
    fleet: &Fleet<'a>,
    key: &ServiceKey,
    host: &str,
) -> Vec<Record<'a>> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<(ClusterName, String, String)> = BTreeSet::new();
    let mut add = |record: Record<'a>| {
        let id = (
            record.object.cluster.clone(),
            record.object.id.to_string(),
            record.target.to_string(),
        );
        if seen.insert(id) {
            found.push(record);
        }
    };
    let environment = |object: &Object<'_>| {
        let cluster = fleet.cluster(object.cluster);
        cluster.is_some_and(|c| c.environment == key.environment)
    };
    for object in ground.everywhere(RECORDS) {
        let endpoints = object.list("/spec/endpoints").iter();
        for endpoint in endpoints.filter(|e| e["dnsName"] == host) {
            let checked = endpoint["providerSpecific"]
                .as_array()
                .into_iter()
                .flatten();
            let checked = checked
                .into_iter()
                .any(|p| p["name"] == "aws/health-check-id");
            for written in texts(&endpoint["targets"]) {
                if let Some(target) = entered_by(fleet, key, written) {
                    add(Record {
                        object: object.clone(),
                        path: &["spec", "endpoints"],
                        target,
                        written: written.to_owned(),
                        checked,
                    });
                }
            }
        }
    }
    for object in ground.everywhere(GSLB) {
        // What k8gb answers with: it leaves out what is unhealthy by itself.
        let healthy = &object.body()["status"]["healthyRecords"][host];
        for written in texts(healthy) {
            if let Some(target) = entered_by(fleet, key, written) {
                add(Record {
                    object: object.clone(),
                    path: &["status", "healthyRecords"],
                    target,
                    written: written.to_owned(),
                    checked: false,
                });
            }
        }
    }
    for object in ground.everywhere(SERVICE).into_iter().filter(environment) {
        let annotations = &object.body()["metadata"]["annotations"];
        let named = HOSTS.iter().filter_map(|name| annotations[*name].as_str());
        let mut names = named.flat_map(|text| text.split(',').map(str::trim));
        if names.any(|name| name == host) {
            let target = object.cluster;
            add(Record {
                path: &["metadata", "annotations"],
                target,
                written: object.id.name.clone(),
                checked: false,
                object,
            });
        }
    }
    found
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The cluster of a service's environment that a target leads into.
fn entered_by<'a>(fleet: &Fleet<'a>, key: &ServiceKey, target: &str) -> Option<&'a ClusterName> {
    let target = target.trim_end_matches('.');
    let address: Option<IpAddr> = target.parse().ok();
    let enters = |cluster: &Cluster| match cluster.ingress.as_ref().map(|i| &i.value) {
        Some(Ingress::Hostname(host)) => host.trim_end_matches('.').eq_ignore_ascii_case(target),
        Some(Ingress::Addresses(all)) => address.is_some_and(|a| all.contains(&a)),
        None => false,
    };
    let mut all = fleet.world.clusters.iter();
    let found = all.find(|(_, c)| c.environment == key.environment && enters(c));
    found.map(|(name, _)| name)
}
