//! Ports: names of RFC 6335, one meaning each.

use std::collections::BTreeMap;

use super::lookup::{fault, unknown};
use crate::diag::{Code, Sink, Span};
use crate::validate::Facts;
use crate::validate::build::port;

/// Whether a text is a port's name (RFC 6335: at most 15 characters, a letter among them).
fn is_port_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= 15
        && text.chars().all(inner)
        && text.chars().any(|c| c.is_ascii_lowercase())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// Ports have names that Kubernetes takes, and no two share a number.
pub(super) fn ports(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let mut callers = BTreeMap::new();
        let mut pods = BTreeMap::new();
        for (name, written) in &entry.service.workload.ports {
            let text = name.value.as_str();
            if !is_port_name(text) {
                let near: String = text
                    .to_ascii_lowercase()
                    .replace('_', "-")
                    .chars()
                    .take(15)
                    .collect();
                let fault = fault(Code::PortName, format!("`{text}` cannot be the name of a port"), name.span)
                    .note("it takes at most 15 lower-case letters, digits and `-`, with a letter among them (RFC 6335)");
                sink.emit(match is_port_name(&near) {
                    true => fault.help(format!("write `{near}`")),
                    false => fault.help("write what is spoken, such as `http` or `grpc`"),
                });
            }
            let port = port(name, written);
            let mut once = |seen: &mut BTreeMap<_, Span>, number: u16, whose: &str| {
                if let Some(first) = seen.insert((number, port.protocol), name.span) {
                    sink.emit(
                        fault(
                            Code::DuplicatePort,
                            format!("two ports are {number} {whose}"),
                            name.span,
                        )
                        .see(first, "first here")
                        .help("give each a number of its own"),
                    );
                }
            };
            once(&mut callers, port.port, "for callers");
            if port.target != port.port || !callers.contains_key(&(port.target, port.protocol)) {
                once(&mut pods, port.target, "in the pod");
            } else {
                pods.insert((port.target, port.protocol), name.span);
            }
        }
    }
}

/// Metrics are read from a port that exists, and objectives are held against metrics.
pub(super) fn metrics(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let service = &entry.service;
        let Some(metrics) = &service.workload.metrics else {
            let slo = service.slo.as_ref().map(|slo| &slo.value);
            let availability = slo.and_then(|s| s.availability.as_ref()).map(|a| a.span);
            let latency = slo.and_then(|s| s.latency.as_ref()).map(|l| l.span);
            if let Some(span) = availability.or(latency) {
                let message = format!("nothing measures what `{}` promises", service.service.value);
                sink.emit(fault(Code::SloUnmeasured, message, span).help(
                    "say where its metrics are: `workload.metrics: {port: http, path: /metrics}`",
                ));
            }
            continue;
        };
        let names = || {
            service
                .workload
                .ports
                .iter()
                .map(|(name, _)| name.value.as_str())
        };
        let known = |port: &str| names().any(|name| name == port);
        match &metrics.value.port {
            Some(port) if !known(port.value.as_str()) => {
                let name = port.value.as_str();
                sink.emit(unknown(Code::UnknownPort, "port", name, port.span, names()));
            }
            None if service.workload.ports.is_empty() => sink.emit(
                fault(
                    Code::UnknownPort,
                    "metrics are read from a service without ports".to_owned(),
                    metrics.span,
                )
                .help("add `ports: {metrics: 9090}` to its workload"),
            ),
            _ => {}
        }
    }
}
