//! The parts of a pod in the words of Kubernetes, each with the field it comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::digest::Digest;
use crate::model::origin::Subject;
use crate::model::world::{InitContainer, Probe, ProbeAction, Service, Volume};

use super::super::fact::{Fact, Item};
use super::env::env;
use super::{Of, service};

/// `pod`.
pub(super) fn pod(subject: &Subject, service: &Service, connections: &[Item]) -> Item {
    let of = Of(subject);
    let workload = &service.workload;
    let files = files(&of, &workload.files);
    let claims = workload.volumes.iter().filter(|(_, v)| v.persistent);
    Item::map([
        ("env", environment(&of, service, connections)),
        ("ports", container_ports(&of, service)),
        ("servicePorts", service_ports(&of, service)),
        ("resources", resources(&of, service)),
        (
            "liveness",
            probe(&of, "liveness", workload.probes.liveness.as_ref()),
        ),
        (
            "readiness",
            probe(&of, "readiness", workload.probes.readiness.as_ref()),
        ),
        (
            "startup",
            probe(&of, "startup", workload.probes.startup.as_ref()),
        ),
        ("mounts", mounts(&of, service, &files.mounts)),
        ("volumes", volumes(&of, service)),
        (
            "claims",
            Item::list(claims.map(|(name, v)| claim(&of, name, v))).or_nothing(),
        ),
        ("init", init(&of, service, connections)),
        (
            "user",
            of.at("workload.security.user", workload.security.user),
        ),
        (
            "group",
            of.at("workload.security.group", workload.security.group),
        ),
        (
            "readOnlyRoot",
            of.at(
                "workload.security.writableRoot",
                !workload.security.writable_root,
            ),
        ),
        ("files", files.data),
        ("filesDigest", files.digest),
    ])
}

/// The variables of the main container: its own, and what it serves while a callee fails.
fn environment(of: &Of<'_>, service: &Service, connections: &[Item]) -> Item {
    let own = env(of, "workload.env", &service.workload.env, connections);
    let degraded = service.resilience.degrade_to.as_ref();
    let taken = service.workload.env.contains_key(DEGRADE_TO);
    let Some(value) = degraded.filter(|_| !taken) else {
        return own;
    };
    let value = of.at("resilience.degradeTo", &value.value);
    let more = Item::map([("name", Item::new(DEGRADE_TO)), ("value", value)]);
    let own = match &own.fact {
        Fact::List(items) => items.to_vec(),
        _ => Vec::new(),
    };
    Item::list(own.into_iter().chain([more])).of(of.0, "workload.env")
}

fn container_ports(of: &Of<'_>, service: &Service) -> Item {
    let list = service.workload.ports.iter().map(|(name, port)| {
        let path = format!("workload.ports.{name}");
        Item::map([
            ("name", Item::new(name.as_str())),
            ("containerPort", Item::new(port.target)),
            ("protocol", Item::new(service::protocol(port.protocol))),
        ])
        .of(of.0, path)
    });
    Item::list(list).of(of.0, "workload.ports").or_nothing()
}

fn service_ports(of: &Of<'_>, service: &Service) -> Item {
    let list = service.workload.ports.iter().map(|(name, port)| {
        let path = format!("workload.ports.{name}");
        Item::map([
            ("name", Item::new(name.as_str())),
            ("port", Item::new(port.port)),
            ("targetPort", Item::new(name.as_str())),
            ("protocol", Item::new(service::protocol(port.protocol))),
        ])
        .of(of.0, path)
    });
    Item::list(list).of(of.0, "workload.ports").or_nothing()
}

fn resources(of: &Of<'_>, service: &Service) -> Item {
    let r = &service.workload.resources;
    let at = |path: &str, quantity: Option<String>| {
        of.at(
            format!("workload.resources.{path}"),
            quantity.map_or(Fact::Null, Fact::from),
        )
    };
    let limits = Item::sparse([
        (
            "cpu",
            at("limits.cpu", r.cpu_limit.as_ref().map(ToString::to_string)),
        ),
        (
            "memory",
            at(
                "limits.memory",
                r.memory_limit.as_ref().map(ToString::to_string),
            ),
        ),
    ]);
    let requests = Item::map([
        ("cpu", at("cpu", Some(r.cpu.value.to_string()))),
        ("memory", at("memory", Some(r.memory.value.to_string()))),
    ]);
    Item::sparse([("requests", requests), ("limits", limits.or_nothing())])
}

fn probe(of: &Of<'_>, name: &str, probe: Option<&Probe>) -> Item {
    let Some(probe) = probe else {
        return Item::nothing();
    };
    let path = format!("workload.probes.{name}");
    let seconds = |member: &str, value: Option<u32>| {
        of.at(
            format!("{path}.{member}"),
            value.map_or(Fact::Null, Fact::from),
        )
    };
    let (member, action) = match &probe.action {
        ProbeAction::Http {
            path: http,
            headers,
        } => {
            let headers = headers.iter().map(|(name, value)| {
                Item::map([("name", Item::new(name)), ("value", Item::new(value))])
                    .of(of.0, format!("{path}.http.headers.{name}"))
            });
            let members = Item::sparse([
                ("path", of.at(format!("{path}.http.path"), http)),
                ("port", Item::new(probe.port)),
                ("httpHeaders", Item::list(headers).or_nothing()),
            ]);
            ("httpGet", members.of(of.0, format!("{path}.http")))
        }
        ProbeAction::Grpc => (
            "grpc",
            Item::map([("port", Item::new(probe.port))]).of(of.0, format!("{path}.grpc")),
        ),
        ProbeAction::Tcp => (
            "tcpSocket",
            Item::map([("port", Item::new(probe.port))]).of(of.0, format!("{path}.tcp")),
        ),
    };
    Item::sparse([
        (member, action),
        (
            "initialDelaySeconds",
            seconds("initialDelay", probe.initial_delay),
        ),
        ("periodSeconds", seconds("period", probe.period)),
        ("timeoutSeconds", seconds("timeout", probe.timeout)),
        ("failureThreshold", seconds("failures", probe.failures)),
    ])
    .of(of.0, path.clone())
}

/// The variable that says what a service serves while a callee fails.
const DEGRADE_TO: &str = "DEGRADE_TO";

/// The volume that files are mounted from.
const FILES: &str = "regen-files";

fn mounts(of: &Of<'_>, service: &Service, files: &[(String, String)]) -> Item {
    let volumes = service.workload.volumes.iter().map(|(name, volume)| {
        Item::map([
            ("name", Item::new(name)),
            (
                "mountPath",
                of.at(format!("workload.volumes.{name}.mount"), &volume.mount),
            ),
        ])
        .of(of.0, format!("workload.volumes.{name}"))
    });
    let files = files.iter().map(|(path, key)| {
        Item::map([
            ("name", Item::new(FILES)),
            ("mountPath", Item::new(path)),
            ("subPath", Item::new(key)),
            ("readOnly", Item::new(true)),
        ])
        .of(of.0, format!("workload.files.{path}"))
    });
    Item::list(volumes.chain(files)).or_nothing()
}

fn volumes(of: &Of<'_>, service: &Service) -> Item {
    let workload = &service.workload;
    let empty = workload
        .volumes
        .iter()
        .filter(|(_, v)| !v.persistent)
        .map(|(name, v)| {
            let path = format!("workload.volumes.{name}");
            let size = v.size.as_ref().map_or(Fact::Null, |q| q.to_string().into());
            let medium = if v.memory {
                "Memory".into()
            } else {
                Fact::Null
            };
            let directory = Item::sparse([
                ("sizeLimit", of.at(format!("{path}.size"), size)),
                ("medium", of.at(format!("{path}.memory"), medium)),
            ]);
            Item::map([("name", Item::new(name)), ("emptyDir", directory)]).of(of.0, path)
        });
    let files = (!workload.files.is_empty()).then(|| {
        let map = Item::map([("name", Item::new(files_name(service)))]);
        Item::map([("name", Item::new(FILES)), ("configMap", map)]).of(of.0, "workload.files")
    });
    Item::list(empty.chain(files)).or_nothing()
}

/// The ConfigMap that files are rendered as.
fn files_name(service: &Service) -> String {
    format!("{}-files", service.name.value)
}

fn claim(of: &Of<'_>, name: &str, volume: &Volume) -> Item {
    let path = format!("workload.volumes.{name}");
    let size = volume
        .size
        .as_ref()
        .map_or_else(|| "1Gi".to_owned(), ToString::to_string);
    let class = volume
        .storage_class
        .as_deref()
        .map_or(Fact::Null, Fact::from);
    let storage = Item::map([("storage", of.at(format!("{path}.size"), size))]);
    let spec = Item::sparse([
        ("accessModes", Item::list([Item::new("ReadWriteOnce")])),
        (
            "storageClassName",
            of.at(format!("{path}.storageClass"), class),
        ),
        ("resources", Item::map([("requests", storage)])),
    ]);
    Item::map([
        ("metadata", Item::map([("name", Item::new(name))])),
        ("spec", spec),
    ])
    .of(of.0, path)
}

fn init(of: &Of<'_>, service: &Service, connections: &[Item]) -> Item {
    let list = service.workload.init.iter().enumerate();
    Item::list(list.map(|(index, c)| container(of, service, index, c, connections))).or_nothing()
}

/// An init container: as locked down as the main one, and asking for no more than it does.
fn container(
    of: &Of<'_>,
    service: &Service,
    index: usize,
    container: &InitContainer,
    connections: &[Item],
) -> Item {
    let path = format!("workload.init[{index}]");
    let at = |member: &str| format!("{path}.{member}");
    let security = Item::map([
        ("allowPrivilegeEscalation", Item::new(false)),
        ("privileged", Item::new(false)),
        (
            "capabilities",
            Item::map([("drop", Item::list([Item::new("ALL")]))]),
        ),
        (
            "readOnlyRootFilesystem",
            Item::new(!service.workload.security.writable_root),
        ),
    ]);
    Item::sparse([
        ("name", of.at(at("name"), &container.name)),
        ("image", of.at(at("image"), &container.image.value)),
        (
            "command",
            of.list(&at("command"), &container.command).or_nothing(),
        ),
        ("args", of.list(&at("args"), &container.args).or_nothing()),
        ("env", env(of, &at("env"), &container.env, connections)),
        ("resources", resources(of, service)),
        ("securityContext", security),
    ])
    .of(of.0, path.clone())
}

/// Files as members of a ConfigMap.
struct Files {
    data: Item,
    /// Changes with the files: pods do not see new ones in single-file mounts until they restart.
    digest: Item,
    /// Path in the container and key in the ConfigMap.
    mounts: Vec<(String, String)>,
}

fn files(of: &Of<'_>, files: &BTreeMap<String, String>) -> Files {
    let mut mounts = Vec::new();
    let mut data = Vec::new();
    let mut taken = BTreeSet::new();
    for (path, text) in files {
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name: String = path
            .trim_start_matches('/')
            .chars()
            .map(|c| if legal(c) { c } else { '_' })
            .collect();
        let mut key = name.clone();
        let mut number = 2;
        while !taken.insert(key.clone()) {
            key = format!("{name}.{number}");
            number += 1;
        }
        data.push((key.clone(), of.at(format!("workload.files.{path}"), text)));
        mounts.push((path.clone(), key));
    }
    let pairs = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()));
    let digest = if files.is_empty() {
        Item::nothing()
    } else {
        let digest = Digest::of_pairs(pairs).to_string();
        of.at("workload.files", &digest[..16])
    };
    Files {
        data: Item::map(data).or_nothing(),
        digest,
        mounts,
    }
}
