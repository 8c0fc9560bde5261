//! Health probes: as written, else by tier and port.

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::PortName;
use crate::model::raw::{self, GrpcProbe, HttpProbe, ProbeLong, ProbePort, TcpProbe};
use crate::model::world::{Probe, ProbeAction, Probes, Protocol, Tier, WorkloadKind};

use super::workload::{main_port, port};

/// The probes of a service; a pod without a port, of a CronJob or of tier `batch` has none unless
/// they are written.
pub(super) fn probes(service: &raw::Service, kind: WorkloadKind, tier: Tier) -> Probes {
    let written = service.workload.probes.clone().unwrap_or_default();
    let fallback = |health: bool| match (kind, tier) {
        (WorkloadKind::CronJob | WorkloadKind::Job, _) | (_, Tier::Batch) => None,
        _ => by_port(service, tier, health),
    };
    Probes {
        liveness: one(service, written.liveness.as_ref(), || fallback(false)),
        readiness: one(service, written.readiness.as_ref(), || fallback(true)),
        startup: one(service, written.startup.as_ref(), || None),
    }
}

fn one(
    service: &raw::Service,
    written: Option<&Spanned<raw::Probe>>,
    fallback: impl FnOnce() -> Option<Probe>,
) -> Option<Probe> {
    match written.map(|p| &p.value) {
        None => fallback(),
        Some(raw::Probe::None) => None,
        Some(raw::Probe::Long(long)) => Some(probe(service, long)),
    }
}

/// A connection to the main port, or a GET of the health path where that is known: a liveness
/// probe only connects, so that a failing dependency does not restart every pod.
fn by_port(service: &raw::Service, tier: Tier, health: bool) -> Option<Probe> {
    let name = main_port(service)?;
    let (key, written) = service
        .workload
        .ports
        .iter()
        .find(|(n, _)| n.value == name.as_str())?;
    let port = port(key, written);
    if port.protocol != Protocol::Tcp {
        return None;
    }
    let exposure = service.exposure.as_ref().map(|e| &e.value);
    let exposed = exposure.filter(|e| e.port.as_ref().is_none_or(|p| p.value == name));
    let path = exposed.and_then(|e| e.health.as_ref()).filter(|_| health);
    Some(Probe {
        action: path.map_or(ProbeAction::Tcp, |path| ProbeAction::Http {
            path: path.value.clone(),
            headers: std::collections::BTreeMap::new(),
        }),
        port: port.target,
        initial_delay: None,
        period: Some(if tier == Tier::Critical { 5 } else { 10 }),
        timeout: Some(2),
        failures: Some(3),
    })
}

fn probe(service: &raw::Service, long: &ProbeLong) -> Probe {
    let (action, port) = match (&long.http, &long.grpc, &long.tcp) {
        (Some(http), ..) => match &http.value {
            HttpProbe::Path(path) => (get(path, &raw::Entries::default()), None),
            HttpProbe::Long(get_long) => (
                get(
                    get_long.path.as_ref().map_or("/", |p| &p.value),
                    &get_long.headers,
                ),
                get_long.port.as_ref().map(text),
            ),
        },
        (None, Some(grpc), _) => (
            ProbeAction::Grpc,
            match &grpc.value {
                GrpcProbe::Port(port) => Some(port.as_str()),
                GrpcProbe::Long(long) => long.port.as_ref().map(text),
            },
        ),
        (None, None, tcp) => (
            ProbeAction::Tcp,
            match tcp.as_ref().map(|t| &t.value) {
                Some(TcpProbe::Port(port)) => Some(port.as_str()),
                Some(TcpProbe::Long(long)) => long.port.as_ref().map(text),
                None => None,
            },
        ),
    };
    let seconds = |d: Option<Spanned<Duration>>| {
        d.map(|d| u32::try_from(d.value.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
    };
    Probe {
        action,
        port: resolve(service, port).unwrap_or(0),
        initial_delay: seconds(long.initial_delay),
        period: seconds(long.period),
        timeout: seconds(long.timeout),
        failures: long.failures.map(|f| f.value),
    }
}

fn text(port: &ProbePort) -> &str {
    &port.0.value
}

fn get(path: &str, headers: &raw::Entries<String>) -> ProbeAction {
    ProbeAction::Http {
        path: path.to_owned(),
        headers: headers
            .iter()
            .map(|(n, v)| (n.value.clone(), v.clone()))
            .collect(),
    }
}

/// The pod's port behind a name or number; absent: the main one.
pub(in crate::validate) fn resolve(service: &raw::Service, written: Option<&str>) -> Option<u16> {
    let name = match written {
        Some(text) => PortName::from(text),
        None => main_port(service)?,
    };
    let mut ports = service.workload.ports.iter().map(|(n, p)| (n, port(n, p)));
    ports
        .find(|(n, p)| n.value == name.as_str() || p.target.to_string() == name.as_str())
        .map(|(_, p)| p.target)
}
