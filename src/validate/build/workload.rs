//! What a service runs.

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::PortName;
use crate::model::quantity::Quantity;
use crate::model::raw;
use crate::model::world::{
    EnvValue, InitContainer, Metrics, Port, Protocol, Resources, Rollout, RolloutStep, Scale,
    Schedule, Security, Tier, Volume, Workload, WorkloadKind,
};

/// The user and group of containers that say nothing.
const NOBODY: u32 = 1000;
/// The CPU utilisation that autoscaling aims at when nobody says, in percent.
const CPU_TARGET: u32 = 70;

/// What a service runs.
pub(super) fn workload(service: &raw::Service, tier: Tier) -> Workload {
    let written = &service.workload;
    let kind = kind(written);
    Workload {
        kind,
        image: written.image.clone(),
        command: written.command.clone(),
        args: written.args.clone(),
        env: written
            .env
            .iter()
            .map(|(n, v)| (n.value.clone(), env(v)))
            .collect(),
        ports: written
            .ports
            .iter()
            .map(|(name, p)| (PortName::new(name.value.as_str()), port(name, p)))
            .collect(),
        resources: resources(written),
        scale: scale(written.scale.as_ref(), kind, tier),
        rollout: (kind == WorkloadKind::Rollout).then(|| rollout(written.rollout.as_ref())),
        schedule: written.schedule.as_ref().map(schedule),
        probes: super::probes::probes(service, kind, tier),
        files: written
            .files
            .iter()
            .map(|(p, t)| (p.value.clone(), t.clone()))
            .collect(),
        volumes: written
            .volumes
            .iter()
            .map(|(name, v)| (name.value.clone(), volume(&v.value)))
            .collect(),
        init: written.init.iter().map(|c| init(&c.value)).collect(),
        security: security(written.security.as_ref()),
        metrics: written.metrics.as_ref().and_then(|metrics| {
            let port = match &metrics.value.port {
                Some(port) => port.clone(),
                None => Spanned::new(main_port(service)?, metrics.span),
            };
            let path = metrics.value.path.as_ref().map(|p| p.value.clone());
            Some(Metrics {
                port,
                path: path.unwrap_or_else(|| "/metrics".to_owned()),
            })
        }),
        instrument: written.instrument.as_ref().map(|i| i.value),
        termination_grace: written.termination_grace.map(|g| g.value),
    }
}

/// The kind as written, or what follows from how new versions come in.
pub(super) fn kind(written: &raw::Workload) -> WorkloadKind {
    let implied = match written.rollout {
        Some(_) => WorkloadKind::Rollout,
        None => WorkloadKind::Deployment,
    };
    written.kind.map_or(implied, |kind| kind.value)
}

fn rollout(written: Option<&Spanned<raw::Rollout>>) -> Rollout {
    let written = written.map(|w| &w.value);
    if written.is_some_and(|w| w.strategy.value == raw::Strategy::BlueGreen) {
        let takeover = written.and_then(|w| w.promotion.as_ref());
        let automatic = takeover.is_none_or(|t| t.value == raw::Takeover::Auto);
        return Rollout::BlueGreen { automatic };
    }
    let steps = written.map_or(&[][..], |w| &w.steps);
    let step = |percent, pause| RolloutStep { percent, pause };
    let ten_minutes = Some(Duration::millis(600_000));
    if steps.is_empty() {
        return Rollout::Canary(vec![step(10, ten_minutes), step(50, ten_minutes)]);
    }
    let steps = steps.iter().map(|s| {
        let percent = s.value.weight.value.as_ppm() / 10_000;
        step(percent, s.value.pause.map(|p| p.value))
    });
    Rollout::Canary(steps.collect())
}

/// The port that is meant when none is named: `http`, `grpc`, else the first.
pub(super) fn main_port(service: &raw::Service) -> Option<PortName> {
    let ports = &service.workload.ports;
    let named = |name: &str| ports.iter().find(|(n, _)| n.value == name);
    let main = named("http").or(named("grpc")).or(ports.iter().next());
    main.map(|(name, _)| PortName::new(name.value.as_str()))
}

/// A quantity that stands in this program.
pub(super) fn quantity(text: &'static str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|| unreachable!("{text} is a quantity"))
}

fn env(written: &Spanned<raw::EnvValue>) -> EnvValue {
    match &written.value {
        raw::EnvValue::Plain(text) => EnvValue::Plain(Spanned::new(text.clone(), written.span)),
        raw::EnvValue::From(from) => match (&from.field, &from.secret, &from.key) {
            (Some(field), ..) => EnvValue::Field(field.value.clone()),
            (None, secret, key) => EnvValue::Secret {
                name: secret.as_ref().map(|s| s.value.clone()).unwrap_or_default(),
                key: key.as_ref().map(|k| k.value.clone()).unwrap_or_default(),
            },
        },
    }
}

/// What a written port means.
pub(in crate::validate) fn port(name: &Spanned<String>, written: &Spanned<raw::Port>) -> Port {
    let (port, target, protocol) = match &written.value {
        raw::Port::Short(number) => (number.0, number.0, Protocol::Tcp),
        raw::Port::Long(long) => (
            long.port.value.0,
            long.target.map_or(long.port.value.0, |t| t.value.0),
            long.protocol.unwrap_or(Protocol::Tcp),
        ),
    };
    Port {
        port,
        target,
        protocol,
        span: name.span,
    }
}

fn resources(written: &raw::Workload) -> Resources {
    let span = written.image.span;
    let none = raw::Resources::default();
    let resources = written.resources.as_ref().unwrap_or(&none);
    let memory = super::or_default(resources.memory.as_ref(), quantity("128Mi"), span);
    let limits = resources.limits.as_ref();
    Resources {
        cpu: super::or_default(resources.cpu.as_ref(), quantity("100m"), span),
        cpu_limit: limits.and_then(|l| l.cpu.as_ref()).map(|c| c.value),
        memory_limit: Some(
            limits
                .and_then(|l| l.memory.as_ref())
                .map_or_else(|| memory.value, |m| m.value),
        ),
        memory,
    }
}

fn scale(written: Option<&Spanned<raw::Scale>>, kind: WorkloadKind, tier: Tier) -> Scale {
    let span = written.map(|s| s.span);
    if kind.ends() {
        return Scale {
            min: 1,
            max: 1,
            cpu_percent: None,
            span,
            min_span: None,
            max_span: None,
        };
    }
    let scale = written.map(|s| s.value).unwrap_or_default();
    let by_tier = match tier {
        Tier::Critical => 3,
        Tier::Standard => 2,
        Tier::Batch => 1,
    };
    let most = scale.max.map(|m| m.value);
    let min = scale
        .min
        .map_or_else(|| by_tier.min(most.unwrap_or(by_tier)), |m| m.value);
    let max = most.unwrap_or(min);
    let target = scale.cpu.map(|c| c.value.as_ppm() / 10_000);
    Scale {
        min,
        max,
        cpu_percent: target.or((max > min).then_some(CPU_TARGET)),
        span,
        min_span: scale.min.map(|m| m.span),
        max_span: scale.max.map(|m| m.span),
    }
}

fn volume(written: &raw::Volume) -> Volume {
    Volume {
        mount: written.mount.value.clone(),
        size: written.size.as_ref().map(|s| s.value),
        persistent: written.persistent.is_some_and(|p| p.value),
        storage_class: written.storage_class.as_ref().map(|s| s.value.clone()),
        memory: written.memory.is_some_and(|m| m.value),
    }
}

fn init(written: &raw::InitContainer) -> InitContainer {
    InitContainer {
        name: written.name.value.clone(),
        image: written.image.clone(),
        command: written.command.clone(),
        args: written.args.clone(),
        env: written
            .env
            .iter()
            .map(|(n, v)| (n.value.clone(), env(v)))
            .collect(),
    }
}

fn security(written: Option<&raw::Security>) -> Security {
    let user = written.and_then(|s| s.user).map_or(NOBODY, |u| u.value);
    Security {
        user,
        group: written.and_then(|s| s.group).map_or(user, |g| g.value),
        writable_root: written.and_then(|s| s.writable_root).unwrap_or(false),
    }
}

/// When something runs.
pub(super) fn schedule(written: &Spanned<raw::Schedule>) -> Schedule {
    match &written.value {
        raw::Schedule::Short(cron) => Schedule {
            cron: Spanned::new(cron.clone(), written.span),
            time_zone: None,
        },
        raw::Schedule::Long(long) => Schedule {
            cron: long.cron.clone(),
            time_zone: long.time_zone.as_ref().map(|z| z.value.clone()),
        },
    }
}
