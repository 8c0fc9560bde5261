//! Ports of Services against those of the pods that they select, and of routes against Services.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diag::Code;
use crate::model::manifest::ObjectId;

use super::Fault;
use super::links::{Links, Pods, ServicePort};
use super::targets::Workloads;

pub(super) fn check(
    objects: &[(&ObjectId, &Links)],
    workloads: &Workloads<'_>,
    faults: &mut Vec<(usize, Fault)>,
) {
    let mut services: BTreeMap<(&str, &str), &[ServicePort]> = BTreeMap::new();
    for (index, (id, links)) in objects.iter().enumerate() {
        let Some(selects) = &links.selects else {
            continue;
        };
        if id.kind != "Service" {
            continue;
        }
        services.insert((&id.namespace, &id.name), &selects.ports);
        let Some(found) = workloads.selected(&id.namespace, selects) else {
            continue;
        };
        for port in &selects.ports {
            for (workload, pods) in &found {
                faults.extend(fault(id, port, workload, pods).map(|f| (index, f)));
            }
        }
    }
    for (index, (id, links)) in objects.iter().enumerate() {
        for (service, number, at) in &links.routes {
            let Some(ports) = services.get(&(&*service.namespace, &*service.name)) else {
                continue; // told as a reference, or made elsewhere
            };
            if ports.iter().any(|p| p.number == *number) {
                continue;
            }
            let has: Vec<String> = ports.iter().map(|p| p.number.to_string()).collect();
            let message = format!(
                "the {} `{}` leads to port {number} of the Service `{}`, which it does not have",
                id.kind, id.name, service.name
            );
            let help = format!("its ports are {}", has.join(", "));
            faults.push((
                index,
                Fault::new(Code::ServicePort, at.clone(), message).help(help),
            ));
        }
    }
}

fn fault(
    service: &ObjectId,
    port: &ServicePort,
    workload: &ObjectId,
    pods: &Pods,
) -> Option<Fault> {
    let same = |p: &&super::links::ContainerPort| p.protocol == port.protocol;
    let shown = match &port.target {
        Value::String(name) => {
            if pods
                .ports
                .iter()
                .filter(same)
                .any(|p| p.name.as_deref() == Some(name.as_str()))
            {
                return None;
            }
            format!("`{name}`")
        }
        number => {
            // A container may listen on ports that it does not list.
            let listed = pods.ports.iter().filter(same);
            if pods.ports.is_empty() || listed.clone().any(|p| number.as_u64() == Some(p.number)) {
                return None;
            }
            number.to_string()
        }
    };
    let has: Vec<String> = pods
        .ports
        .iter()
        .map(|p| match &p.name {
            Some(name) => format!("{name} ({}, {})", p.number, p.protocol),
            None => format!("{} ({})", p.number, p.protocol),
        })
        .collect();
    let which = port
        .name
        .as_ref()
        .map_or_else(|| port.number.to_string(), |name| format!("`{name}`"));
    let message = format!(
        "port {which} of the Service `{}` leads to {} port {shown}, which no container of the {} `{}` has",
        service.name, port.protocol, workload.kind, workload.name
    );
    Some(
        Fault::new(Code::ServicePort, port.at.clone(), message).help(match has.as_slice() {
            [] => "add the port to a container".to_owned(),
            has => format!("its containers have {}", has.join(", ")),
        }),
    )
}
