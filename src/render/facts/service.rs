//! A service as templates see it: its fields as the catalog names them, and what follows from them.

use crate::model::digest::Digest;
use crate::model::name::ServiceKey;
use crate::model::origin::{FieldRef, Subject};
use crate::model::world::{
    Cluster, EnvValue, Protocol, Rollout, Service, Tier, Workload, WorkloadKind,
};

use super::super::fact::{Fact, Item};
use super::{Facts, Here, Members, Of, pod, watch};

/// The word for a tier.
pub(super) fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Critical => "critical",
        Tier::Standard => "standard",
        Tier::Batch => "batch",
    }
}

/// The word for a protocol.
pub(super) fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

fn optional<T: Into<Fact>>(value: Option<T>) -> Fact {
    value.map_or(Fact::Null, Into::into)
}

impl Facts<'_> {
    /// The variables of a service in a cluster that are not the same in all of them.
    pub(super) fn service_in(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        here: Here,
        network: Item,
    ) -> Members {
        let subject = Subject::Service(key.clone());
        let mut members: Members = vec![
            (
                "serves".into(),
                Item::new(here.serves).planned(format!("regions of {key}")),
            ),
            ("replicas".into(), replicas(&subject, service, here)),
            ("flags".into(), self.flags(cluster, key, service)),
            ("instrument".into(), self.instrument(cluster, key, service)),
            ("chaos".into(), self.chaos(cluster, key, service, here)),
            ("network".into(), network),
            ("dns".into(), self.dns(cluster, key, service)),
            ("gslb".into(), self.gslb(cluster, key, service)),
            ("route".into(), self.route(cluster, key, service)),
            ("mesh".into(), self.mesh(cluster, key, service)),
            ("nodes".into(), self.nodes(cluster, service)),
        ];
        // Where a store is depends on the cluster.
        let mut connections = self.connections(cluster, key, service);
        connections.extend(self.tokenization(key, service));
        if !connections.is_empty() {
            members.push(("pod".into(), pod::pod(&subject, service, &connections)));
        }
        members
    }

    /// The variables of a service that are the same in all of its clusters.
    pub(super) fn service(&self, key: &ServiceKey, service: &Service) -> Members {
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let owner = service.owner.as_ref();
        let owner = Item::map([
            (
                "team",
                of.at("owner.team", optional(owner.map(|o| &o.team))),
            ),
            (
                "oncall",
                of.at(
                    "owner.oncall",
                    optional(owner.and_then(|o| o.oncall.as_ref())),
                ),
            ),
            (
                "escalation",
                of.at(
                    "owner.escalation",
                    optional(owner.and_then(|o| o.escalation.as_ref())),
                ),
            ),
        ]);
        vec![
            ("service".into(), of.at("service", key.service.as_str())),
            (
                "environment".into(),
                of.at("environment", key.environment.as_str()),
            ),
            (
                "namespace".into(),
                of.at("namespace", service.namespace.as_str()),
            ),
            ("tier".into(), of.at("tier", tier(service.tier))),
            ("owner".into(), owner),
            ("workload".into(), workload(&of, service)),
            ("pod".into(), pod::pod(&subject, service, &[])),
            ("metrics".into(), watch::metrics(&of, service)),
            ("slo".into(), watch::objectives(key, &of, service)),
            ("calls".into(), calls(&of, service)),
            ("exported".into(), Item::new(self.is_called_from_afar(key))),
            ("exposure".into(), exposure(&of, service)),
            ("cache".into(), self.cache(key, service)),
            (
                "stores".into(),
                of.list(
                    "stores",
                    service.stores.iter().map(|s| s.name.value.as_str()),
                ),
            ),
        ]
    }
}

fn workload(of: &Of<'_>, service: &Service) -> Item {
    let workload = &service.workload;
    let ports = workload.ports.iter().map(|(name, port)| {
        let path = format!("workload.ports.{name}");
        let members = Item::map([
            ("port", of.at(&path, port.port)),
            ("target", of.at(&path, port.target)),
            ("protocol", of.at(&path, protocol(port.protocol))),
        ]);
        (name.to_string(), members)
    });
    let schedule = workload
        .schedule
        .as_ref()
        .map_or(Item::nothing(), |schedule| {
            Item::map([
                ("cron", of.at("workload.schedule", &schedule.cron.value)),
                (
                    "timeZone",
                    of.at(
                        "workload.schedule.timeZone",
                        optional(schedule.time_zone.as_ref()),
                    ),
                ),
            ])
        });
    let grace = workload
        .termination_grace
        .map(|d| d.as_millis().div_ceil(1000));
    Item::map([
        ("kind", of.at("workload.kind", workload.kind.name())),
        (
            "apiVersion",
            of.at("workload.kind", api_version(workload.kind)),
        ),
        ("rollout", rollout(of, workload)),
        ("image", of.at("workload.image", &workload.image.value)),
        (
            "command",
            of.list("workload.command", &workload.command).or_nothing(),
        ),
        (
            "args",
            of.list("workload.args", &workload.args).or_nothing(),
        ),
        ("ports", Item::map(ports)),
        ("schedule", schedule),
        ("run", of.at("workload", run(service))),
        (
            "terminationGraceSeconds",
            of.at("workload.terminationGrace", optional(grace)),
        ),
    ])
}

fn api_version(kind: WorkloadKind) -> String {
    format!("{}/{}", kind.group(), kind.version())
}

/// `workload.rollout`: the steps of a canary, or who lets the new version take over.
fn rollout(of: &Of<'_>, workload: &Workload) -> Item {
    match &workload.rollout {
        None => Item::nothing(),
        Some(Rollout::BlueGreen { automatic }) => Item::map([
            ("strategy", of.at("workload.rollout.strategy", "blue-green")),
            ("automatic", of.at("workload.rollout.promotion", *automatic)),
        ]),
        Some(Rollout::Canary(steps)) => {
            let steps = steps.iter().enumerate().map(|(i, step)| {
                let path = |field: &str| format!("workload.rollout.steps[{i}].{field}");
                let pause = step
                    .pause
                    .map(|p| format!("{}s", p.as_millis().div_ceil(1000)));
                Item::map([
                    ("weight", of.at(path("weight"), step.percent)),
                    ("pause", of.at(path("pause"), optional(pause))),
                ])
            });
            Item::map([
                ("strategy", of.at("workload.rollout.strategy", "canary")),
                ("steps", Item::list(steps)),
            ])
        }
    }
}

/// The name of a Job: another one with whatever runs in it, since that of one cannot change.
fn run(service: &Service) -> Fact {
    let workload = &service.workload;
    if workload.kind != WorkloadKind::Job {
        return Fact::Null;
    }
    let resources = &workload.resources;
    let mut words = vec![
        resources.cpu.value.to_string(),
        resources.memory.value.to_string(),
        format!("{:?}", (resources.cpu_limit, resources.memory_limit)),
        format!("{:?}", (&workload.security, &workload.volumes)),
    ];
    let main = [(
        &workload.image,
        &workload.command,
        &workload.args,
        &workload.env,
    )];
    let init = workload
        .init
        .iter()
        .map(|c| (&c.image, &c.command, &c.args, &c.env));
    for (image, command, args, env) in main.into_iter().chain(init) {
        words.push(format!("{:?}", (&image.value, command, args)));
        words.extend(env.iter().map(|(name, value)| match value {
            EnvValue::Plain(text) => format!("{name}={}", text.value),
            EnvValue::Secret { name: secret, key } => format!("{name}:{secret}/{key}"),
            EnvValue::Field(field) => format!("{name}@{field}"),
        }));
    }
    let files = workload.files.iter();
    let files = files.map(|(path, text)| (path.as_str(), text.as_bytes()));
    let all = words.iter().map(|w| ("", w.as_bytes())).chain(files);
    let digest = Digest::of_pairs(all).to_string();
    format!("{}-{}", service.name.value, &digest[..8]).into()
}

/// How many pods run in this cluster. The plan splits the region's numbers over its clusters.
fn replicas(subject: &Subject, service: &Service, here: Here) -> Item {
    let scale = &service.workload.scale;
    let of = Of(subject);
    let part = |path: &str, whole: u32, part: u32| {
        let path = format!("workload.scale.{path}");
        if whole == part {
            return of.at(path, part);
        }
        let fields = vec![FieldRef {
            subject: subject.clone(),
            path,
        }];
        Item::new(part).made_of(fields)
    };
    let (min, max) = (here.replicas.min, here.replicas.max);
    let scales = max > min && !service.workload.kind.ends();
    let fixed = if scales {
        Item::nothing()
    } else {
        part("min", scale.min, min)
    };
    Item::map([
        ("min", part("min", scale.min, min)),
        ("max", part("max", scale.max, max)),
        (
            "cpu",
            of.at("workload.scale.cpu", optional(scale.cpu_percent)),
        ),
        ("autoscaled", Item::new(scales)),
        // Nothing where an autoscaler owns the number.
        ("fixed", fixed),
    ])
}

fn calls(of: &Of<'_>, service: &Service) -> Item {
    Item::list(service.calls.iter().enumerate().map(|(index, call)| {
        let path = format!("calls[{index}]");
        let port = call.port.as_ref().map(|p| p.as_str());
        Item::map([
            ("service", of.at(&path, call.service.value.as_str())),
            ("port", of.at(format!("{path}.port"), optional(port))),
            (
                "timeout",
                of.at(
                    format!("{path}.timeout"),
                    optional(call.timeout.map(|t| t.value.to_string())),
                ),
            ),
            ("degrade", of.at(format!("{path}.onFailure"), call.degrade)),
        ])
    }))
}

fn exposure(of: &Of<'_>, service: &Service) -> Item {
    service
        .exposure
        .as_ref()
        .map_or(Item::nothing(), |exposure| {
            Item::map([
                ("host", of.at("exposure.host", &exposure.host.value)),
                ("port", of.at("exposure.port", exposure.port.as_str())),
                (
                    "health",
                    of.at("exposure.health", optional(exposure.health.as_ref())),
                ),
                ("ttl", of.at("exposure.ttl", exposure.ttl)),
            ])
        })
}
