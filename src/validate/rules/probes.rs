//! Probes: one question each, to a port that exists.

use super::lookup::fault;
use crate::diag::{Code, Sink, Span, Spanned};
use crate::model::duration::Duration;
use crate::model::raw::{GrpcProbe, HttpProbe, Probe, ProbeLong, Service, TcpProbe};
use crate::validate::Facts;
use crate::validate::build::resolve;

/// Every probe asks exactly one thing, of a port of the workload, in whole seconds.
pub(super) fn probes(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let Some(probes) = &entry.service.workload.probes else {
            continue;
        };
        let all = [&probes.liveness, &probes.readiness, &probes.startup];
        for probe in all.into_iter().flatten() {
            if let Probe::Long(long) = &probe.value {
                check(&entry.service, long, probe.span, sink);
            }
        }
    }
}

fn check(service: &Service, probe: &ProbeLong, span: Span, sink: &mut Sink) {
    let asked = [
        probe.http.is_some(),
        probe.grpc.is_some(),
        probe.tcp.is_some(),
    ];
    match asked.iter().filter(|a| **a).count() {
        1 => {}
        0 => sink.emit(
            fault(
                Code::InvalidProbe,
                "the probe asks nothing".to_owned(),
                span,
            )
            .help("add `http: /healthz`, `grpc: {}` or `tcp: {}`, or write `none`"),
        ),
        _ => sink.emit(
            fault(
                Code::InvalidProbe,
                "the probe asks several things".to_owned(),
                span,
            )
            .help("keep one of `http`, `grpc` and `tcp`"),
        ),
    }
    let (port, place) = match (&probe.http, &probe.grpc, &probe.tcp) {
        (Some(http), ..) => match &http.value {
            HttpProbe::Path(path) => {
                path_is_absolute(path, http.span, sink);
                (None, http.span)
            }
            HttpProbe::Long(long) => {
                if let Some(path) = &long.path {
                    path_is_absolute(&path.value, path.span, sink);
                }
                (long.port.as_ref().map(|p| p.0.clone()), http.span)
            }
        },
        (_, Some(grpc), _) => match &grpc.value {
            GrpcProbe::Port(port) => (Some(Spanned::new(port.clone(), grpc.span)), grpc.span),
            GrpcProbe::Long(long) => (long.port.as_ref().map(|p| p.0.clone()), grpc.span),
        },
        (_, _, Some(tcp)) => match &tcp.value {
            TcpProbe::Port(port) => (Some(Spanned::new(port.clone(), tcp.span)), tcp.span),
            TcpProbe::Long(long) => (long.port.as_ref().map(|p| p.0.clone()), tcp.span),
        },
        (None, None, None) => return,
    };
    if resolve(service, port.as_ref().map(|p| p.value.as_str())).is_none() {
        let names: Vec<String> = service
            .workload
            .ports
            .iter()
            .map(|(n, _)| format!("`{}`", n.value))
            .collect();
        let (message, place) = match &port {
            Some(port) => (
                format!(
                    "the probe asks a port `{}` that the workload does not have",
                    port.value
                ),
                port.span,
            ),
            None => (
                format!(
                    "the probe asks `{}`, which has no ports",
                    service.service.value
                ),
                place,
            ),
        };
        sink.emit(
            fault(Code::InvalidProbe, message, place).help(match names.is_empty() {
                true => "add `ports: {http: 8080}` to `workload`".to_owned(),
                false => format!("one of {}", names.join(", ")),
            }),
        );
    }
    let timings = [probe.initial_delay, probe.period, probe.timeout];
    for timing in timings.into_iter().flatten() {
        whole_seconds(&timing, sink);
    }
    for (timing, what) in [(probe.period, "period"), (probe.timeout, "timeout")] {
        if let Some(timing) = timing.filter(|t| t.value.as_millis() == 0) {
            sink.emit(
                fault(
                    Code::InvalidProbe,
                    format!("the {what} of the probe is nothing"),
                    timing.span,
                )
                .help("write at least `1s`"),
            );
        }
    }
    if let Some(failures) = probe.failures.filter(|f| f.value == 0) {
        sink.emit(
            fault(
                Code::InvalidProbe,
                "the probe would act before it failed".to_owned(),
                failures.span,
            )
            .help("write at least 1"),
        );
    }
}

fn path_is_absolute(path: &str, span: Span, sink: &mut Sink) {
    if !path.starts_with('/') {
        sink.emit(
            fault(
                Code::InvalidProbe,
                format!("the path `{path}` does not start with `/`"),
                span,
            )
            .help(format!("write `/{path}`")),
        );
    }
}

fn whole_seconds(timing: &Spanned<Duration>, sink: &mut Sink) {
    let millis = timing.value.as_millis();
    if !millis.is_multiple_of(1000) {
        sink.emit(
            fault(
                Code::InvalidProbe,
                format!(
                    "Kubernetes times probes in whole seconds, not `{}`",
                    timing.value
                ),
                timing.span,
            )
            .help(format!("write `{}s`", millis.div_ceil(1000))),
        );
    }
}
