//! A name of a service leads only to clusters where it has endpoints that are ready.
//!
//! Records are read as they are live (DNSEndpoints of external-dns, Gslbs of k8gb, Services that
//! external-dns watches); whether anything answers is read from EndpointSlices, or from the
//! workload where those may not be read.

mod records;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::finding::FindingSeverity;
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::world::{Service, WorkloadKind};

use super::ground::{Fleet, Gap, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field};
use super::wave_image::{kind as workload_kind, workload};
use super::{Invariant, Sought};

use records::{Record, records};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "dns-ready",
    about: "its name leads only to clusters with ready endpoints",
    of_itself: &[],
    wants,
    check,
};

pub(super) const RECORDS: Kind = ("externaldns.k8s.io", "v1alpha1", "DNSEndpoint");
pub(super) const GSLB: Kind = ("k8gb.io", "v1beta1", "Gslb");
const SERVICE: Kind = ("", "v1", "Service");
const SLICES: Kind = ("discovery.k8s.io", "v1", "EndpointSlice");
/// By which external-dns makes records of a Service. Both spellings are read by 0.22.
const HOSTS: [&str; 2] = [
    "external-dns.kubernetes.io/hostname",
    "external-dns.alpha.kubernetes.io/hostname",
];

/// The services that run in a cluster and have a name.
fn exposed<'a>(
    fleet: &Fleet<'a>,
    cluster: &ClusterName,
) -> Vec<(&'a ServiceKey, &'a Service, &'a str)> {
    let all = fleet.services().filter_map(|(key, service)| {
        let exposure = service.exposure.as_ref()?;
        Some((key, service, exposure.host.value.as_str()))
    });
    let here = fleet.cluster(cluster).map(|c| &c.environment);
    all.filter(|(key, ..)| here == Some(&key.environment))
        .collect()
}

fn wants(fleet: &Fleet<'_>, cluster: &ClusterName, sought: &mut Sought) {
    let exposed = exposed(fleet, cluster);
    let of = |name: &dyn Fn(&(&ServiceKey, &Service, &str)) -> String| -> Vec<String> {
        exposed.iter().map(name).collect()
    };
    let names = of(&|(_, service, _)| service.name.value.to_string());
    let hosts = || of(&|(_, _, host)| (*host).to_owned());
    sought.seek(SLICES, names, &[], &["/endpoints/*/conditions"]);
    let platform = fleet.world.fleet.platform.dns.map(|dns| dns.controller);
    if platform.is_some() {
        sought.seek(
            RECORDS,
            hosts(),
            &["/spec/endpoints/*/dnsName"],
            &["/spec/endpoints"],
        );
    }
    let places = HOSTS.map(|name| format!("/metadata/annotations/{}", name.replace('/', "~1")));
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    sought.seek(
        SERVICE,
        hosts(),
        &places,
        &["/metadata/annotations", "/spec/type"],
    );
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    let Some(fleet) = ground.fleet else {
        return;
    };
    for (key, service) in fleet.services() {
        let Some(exposure) = &service.exposure else {
            continue;
        };
        let host = exposure.host.value.as_str();
        // Records of a service stand where it runs.
        for cluster in fleet.clusters_of(key) {
            gaps(ground, &fleet, key, service, cluster, outcome);
        }
        let mut ready: BTreeMap<&ClusterName, Result<Ready, Gap>> = BTreeMap::new();
        for record in records(ground, &fleet, key, host) {
            let ready = ready
                .entry(record.target)
                .or_insert_with(|| readiness(ground, record.target, service));
            match ready {
                Ok(Ready::Yes) => outcome.holds(),
                Ok(Ready::No(why)) => {
                    let why = why.clone();
                    outcome.violated(violation(ground, key, service, host, &record, &why));
                }
                Err(gap) => {
                    let gap = gap.clone();
                    outcome.gap(record.target, SLICES, format!("`{key}`"), gap);
                }
            }
        }
    }
}

/// Notes where the records of a service cannot be read.
fn gaps(
    ground: &Ground<'_>,
    fleet: &Fleet<'_>,
    key: &ServiceKey,
    service: &Service,
    cluster: &ClusterName,
    outcome: &mut Outcome,
) {
    use crate::model::world::DnsController;
    let kind = match fleet.world.fleet.platform.dns.map(|dns| dns.controller) {
        Some(DnsController::ExternalDns) => RECORDS,
        Some(DnsController::K8gb) => GSLB,
        None => return,
    };
    let has = ground.desired(cluster, kind).iter().any(|record| {
        let metadata = &record["metadata"];
        metadata["namespace"] == service.namespace.as_str()
            && metadata["labels"]["regen.dev/service"] == key.service.as_str()
    });
    if has && let Err(gap) = ground.known(cluster, kind, service.namespace.as_str()) {
        outcome.gap(cluster, kind, format!("`{key}`"), gap);
    }
}

/// Whether anything answers.
#[derive(Clone, Debug)]
enum Ready {
    Yes,
    /// Why not.
    No(String),
}

fn readiness(ground: &Ground<'_>, cluster: &ClusterName, service: &Service) -> Result<Ready, Gap> {
    let namespace = service.namespace.as_str();
    let name = service.name.value.as_str();
    let unknown = match ground.known(cluster, SLICES, namespace) {
        Ok(()) => {
            let slices = ground.objects(cluster, SLICES).into_iter();
            let ours: Vec<Object<'_>> = slices
                .filter(|s| {
                    s.id.namespace == namespace
                        && s.label("kubernetes.io/service-name") == Some(name)
                })
                .collect();
            let endpoints = ours.iter().flat_map(|s| s.list("/endpoints"));
            // Nobody knows counts as ready (discovery/v1, EndpointConditions).
            let ready = endpoints
                .clone()
                .filter(|e| e["conditions"]["ready"] != false)
                .count();
            return Ok(match (ready, endpoints.count()) {
                (1.., _) => Ready::Yes,
                (0, 0) => Ready::No("its Service has no endpoints".to_owned()),
                (0, all) => Ready::No(format!("none of its {all} endpoints is ready")),
            });
        }
        Err(gap) => gap,
    };
    // Second best: what the workload's controller counts.
    let kind = workload_kind(service);
    let serves = matches!(
        service.workload.kind,
        WorkloadKind::Deployment | WorkloadKind::Rollout | WorkloadKind::StatefulSet
    );
    if !serves || ground.known(cluster, kind, namespace).is_err() {
        return Err(unknown);
    }
    let Some((object, _)) = workload(ground, cluster, service) else {
        return Ok(Ready::No(format!("there is no {} of it", kind.2)));
    };
    if object.at("/status").is_none() {
        let saved = ground
            .clusters
            .get(cluster)
            .is_some_and(|seen| seen.live.saved);
        return Err(match saved {
            true => {
                Gap::Unasked("where a dump holds neither EndpointSlices nor a status".to_owned())
            }
            false => unknown,
        });
    }
    let available = object
        .at("/status/availableReplicas")
        .and_then(Value::as_u64);
    Ok(match available.unwrap_or(0) {
        0 => Ready::No(format!("its {} has no available replica", kind.2)),
        _ => Ready::Yes,
    })
}

fn violation(
    ground: &Ground<'_>,
    key: &ServiceKey,
    service: &Service,
    host: &str,
    record: &Record<'_>,
    why: &str,
) -> Violation {
    let Record {
        object,
        target,
        written,
        checked,
        ..
    } = record;
    let mut involved = vec![ground.involved(object, record.path, json!(written))];
    if let Some((workload, _)) = workload(ground, target, service) {
        involved.push(ground.involved(&workload, &["spec", "replicas"], json!(why)));
    }
    let note = match checked {
        true => "; its health check stands between",
        false => "",
    };
    Violation {
        object: object.id.clone(),
        severity: match checked {
            true => FindingSeverity::Drift,
            false => FindingSeverity::High,
        },
        expected: format!("{host} leads to {written} while `{key}` answers in {target}"),
        message: format!(
            "{host} leads to {target} ({written}), where nothing of `{key}` answers: {why}{note}"
        ),
        help: format!(
            "bring `{key}` back in {target} (`kubectl -n {} get endpointslices,pods -l app.kubernetes.io/name={}`), \
             or take its region out of the placement and render",
            service.namespace, service.name.value
        ),
        origin: field(key, "exposure.host"),
        involved,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, TestFleet, messages};
    use super::*;
    use crate::model::finding::Verdict;

    fn record(target: &str) -> Value {
        json!({"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"endpoints": [{"dnsName": "shop.example", "recordType": "CNAME", "setIdentifier": target, "targets": [target]}]}})
    }

    fn slice(ready: &[bool]) -> Value {
        let endpoints: Vec<Value> = ready
            .iter()
            .map(|r| json!({"conditions": {"ready": r}}))
            .collect();
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "endpoints": endpoints,
            "metadata": {"name": "web-x7", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}})
    }

    fn deployment(status: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "status": status})
    }

    fn bench(objects: &[Value]) -> Bench {
        let mut bench = Bench::default();
        bench.empty("fr", RECORDS);
        bench.empty("us", RECORDS);
        bench.put("de", record("in.de.example"));
        for object in objects {
            bench.put("de", object.clone());
        }
        bench
    }

    fn told(objects: &[Value]) -> Vec<String> {
        messages(
            &bench(objects).check(Some(&TestFleet::new())),
            INVARIANT.name,
        )
    }

    #[test]
    fn names_lead_where_something_answers() {
        assert_eq!(told(&[slice(&[false, true])]), Vec::<String>::new());
        assert_eq!(
            told(&[slice(&[false, false])]),
            [
                "shop.example leads to de (in.de.example), where nothing of `web` answers: none of its 2 endpoints is ready"
            ]
        );
        assert_eq!(told(&[slice(&[])]).len(), 1);
    }

    #[test]
    fn the_workload_is_asked_where_slices_are_not_known() {
        assert_eq!(
            told(&[deployment(json!({"availableReplicas": 1}))]),
            Vec::<String>::new()
        );
        let down = told(&[deployment(json!({"replicas": 2}))]);
        assert_eq!(
            down,
            [
                "shop.example leads to de (in.de.example), where nothing of `web` answers: its Deployment has no available replica"
            ]
        );
    }

    #[test]
    fn targets_outside_of_the_fleet_are_no_concern() {
        let mut bench = Bench::default();
        bench.put("de", record("elsewhere.example"));
        assert_eq!(
            messages(&bench.check(Some(&TestFleet::new())), INVARIANT.name),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_may_not_be_read_leaves_it_open() {
        let fleet = TestFleet::new();
        let mut bench = bench(&[]);
        bench.forbidden("de", SLICES);
        bench.forbidden("de", ("apps", "v1", "Deployment"));
        assert_eq!(
            bench.check(Some(&fleet)).verdict_on(INVARIANT.name),
            Verdict::Unknown
        );
    }

    #[test]
    fn a_global_load_balancer_is_told_by_what_it_answers() {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        let gslb = json!({"apiVersion": "k8gb.io/v1beta1", "kind": "Gslb", "metadata": {"name": "web", "namespace": "shop"},
            "status": {"healthyRecords": {"shop.example": ["192.0.2.1"]}}});
        bench.put("fr", gslb);
        bench.put("us", slice(&[false]));
        assert_eq!(
            messages(&bench.check(Some(&fleet)), INVARIANT.name).len(),
            1
        );
    }
}
