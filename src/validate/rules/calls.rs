//! Who calls whom: callees exist, and nobody waits for itself.

use std::collections::BTreeMap;

use super::lookup::{fault, services, unknown};
use crate::diag::{Code, Sink, Span, Spanned};
use crate::model::name::{PortName, ServiceKey, ServiceName};
use crate::model::raw::{Call, Entries, Port};
use crate::validate::Facts;

/// Callees and their ports exist; synchronous calls end somewhere.
pub(super) fn calls(facts: &Facts<'_>, sink: &mut Sink) {
    let mut edges: BTreeMap<ServiceKey, Vec<(ServiceKey, Span)>> = BTreeMap::new();
    for (entry, service) in services(facts) {
        let key = ServiceKey::new(&service.name.value, &service.environment);
        let mut seen: BTreeMap<&ServiceName, Span> = BTreeMap::new();
        for (written, call) in entry.service.calls.iter().zip(&service.calls) {
            let name = &call.service.value;
            let span = call.service.span;
            let callee = ServiceKey::new(name, &service.environment);
            if name == &service.name.value {
                sink.emit(
                    fault(Code::CallCycle, format!("`{name}` calls itself"), span)
                        .help("leave the call out: a service may always talk to itself"),
                );
                continue;
            }
            if let Some(first) = seen.insert(name, span)
                && call.port.is_none()
            {
                sink.emit(
                    fault(
                        Code::DuplicateName,
                        format!("`{name}` is called twice"),
                        span,
                    )
                    .see(first, "first here")
                    .help("keep one of them"),
                );
            }
            let Some(target) = facts.world.services.get(&callee) else {
                sink.emit(no_callee(facts, &callee, span));
                continue;
            };
            if target.workload.ports.is_empty() {
                sink.emit(
                    fault(
                        Code::UnknownPort,
                        format!("`{name}` has no port that could be called"),
                        span,
                    )
                    .see(target.name.span, "")
                    .help(format!(
                        "add `ports: {{grpc: 5050}}` to the workload of `{name}`"
                    )),
                );
            } else if let Call::Long(long) = &written.value
                && let Some(port) = &long.port
            {
                known_port(port, name, target.workload.ports.keys(), sink);
            }
            if !call.degrade {
                edges.entry(key.clone()).or_default().push((callee, span));
            }
        }
        if let Some(exposure) = entry.service.exposure.as_ref() {
            let ports = &entry.service.workload.ports;
            exposed_port(
                exposure.value.port.as_ref(),
                exposure.value.host.span,
                ports,
                sink,
            );
        }
    }
    cycles(&edges, sink);
}

fn exposed_port(
    port: Option<&Spanned<PortName>>,
    host: Span,
    ports: &Entries<Spanned<Port>>,
    sink: &mut Sink,
) {
    let names = ports.iter().map(|(n, _)| n.value.as_str());
    match port {
        Some(port) if !names.clone().any(|n| n == port.value.as_str()) => {
            sink.emit(unknown(
                Code::UnknownPort,
                "port",
                port.value.as_str(),
                port.span,
                names,
            ));
        }
        None if ports.is_empty() => sink.emit(
            fault(
                Code::UnknownPort,
                "the exposed service has no port".to_owned(),
                host,
            )
            .help("add `ports: {http: 8080}` to its workload"),
        ),
        _ => {}
    }
}

fn known_port<'a>(
    port: &Spanned<PortName>,
    callee: &ServiceName,
    known: impl Iterator<Item = &'a PortName> + Clone,
    sink: &mut Sink,
) {
    if !known.clone().any(|k| *k == port.value) {
        let kind = format!("port of `{callee}` named");
        let names = known.map(PortName::as_str);
        sink.emit(unknown(
            Code::UnknownPort,
            &kind,
            port.value.as_str(),
            port.span,
            names,
        ));
    }
}

fn no_callee(facts: &Facts<'_>, callee: &ServiceKey, span: Span) -> crate::diag::Diagnostic {
    let elsewhere = facts
        .world
        .services
        .keys()
        .find(|k| k.service == callee.service);
    if let Some(elsewhere) = elsewhere {
        let environment = &callee.environment;
        return fault(
            Code::UnknownService,
            format!(
                "`{}` is not in the environment `{environment}` of its caller",
                callee.service
            ),
            span,
        )
        .help(format!(
            "it is in `{}`: add `environments: {{{environment}: {{}}}}` to it",
            elsewhere.environment
        ));
    }
    let names = facts.world.services.keys().map(|k| k.service.as_str());
    unknown(
        Code::UnknownService,
        "service",
        callee.service.as_str(),
        span,
        names,
    )
}

type Edges = BTreeMap<ServiceKey, Vec<(ServiceKey, Span)>>;

/// Each cycle of calls that wait for each other is told once, from its first service by name.
fn cycles(edges: &Edges, sink: &mut Sink) {
    let mut done: BTreeMap<&ServiceKey, bool> = BTreeMap::new();
    for start in edges.keys() {
        if done.contains_key(start) {
            continue;
        }
        // Depth first without recursion: a chain of calls is as long as the catalog.
        let mut path: Vec<(&ServiceKey, usize)> = vec![(start, 0)];
        done.insert(start, false);
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some((callee, span)) = edges.get(at).and_then(|calls| calls.get(*next)) else {
                done.insert(at, true);
                path.pop();
                continue;
            };
            *next += 1;
            match done.get(callee) {
                None => {
                    if let Some((callee, _)) = edges.get_key_value(callee) {
                        done.insert(callee, false);
                        path.push((callee, 0));
                    }
                }
                Some(false) => {
                    let from = path.iter().position(|(k, _)| *k == callee).unwrap_or(0);
                    let names: Vec<String> = path[from..]
                        .iter()
                        .map(|(k, _)| k.service.to_string())
                        .chain([callee.service.to_string()])
                        .map(|n| format!("`{n}`"))
                        .collect();
                    sink.emit(
                        fault(Code::CallCycle, format!("services wait for each other: {}", names.join(" → ")), *span)
                            .help(format!("let one of them live without an answer, such as `{}` by `calls: [{{service: {}, onFailure: degrade}}]`, or turn a call round", at.service, callee.service)),
                    );
                }
                Some(true) => {}
            }
        }
    }
}
