//! What runs: environment, files, volumes, users, schedules.

use std::collections::BTreeMap;

use super::cron;
use super::lookup::{fault, services};
use crate::diag::{Code, Sink, Span, Spanned};
use crate::model::raw::{Entries, EnvValue, Schedule};
use crate::model::world::WorkloadKind;
use crate::validate::Facts;

/// Words in the names of variables that hold secrets.
const SECRET: [&str; 7] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
];

/// Variables have names that a shell can hold, and values that may be read by everyone.
pub(super) fn environment(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let workload = &entry.service.workload;
        variables(&workload.env, sink);
        for init in &workload.init {
            variables(&init.value.env, sink);
        }
    }
}

fn variables(env: &Entries<Spanned<EnvValue>>, sink: &mut Sink) {
    for (name, value) in env {
        let text = name.value.as_str();
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let digit_first = text.starts_with(|c: char| c.is_ascii_digit());
        if text.is_empty() || digit_first || !text.chars().all(inner) {
            let near: String = text
                .chars()
                .map(|c| if inner(c) { c } else { '_' })
                .collect();
            sink.emit(
                fault(
                    Code::EnvName,
                    format!("`{text}` cannot be the name of a variable"),
                    name.span,
                )
                .note("it takes letters, digits and `_`, not beginning with a digit")
                .help(format!(
                    "write `{}{near}`",
                    if digit_first { "_" } else { "" }
                )),
            );
        }
        match &value.value {
            EnvValue::Plain(plain) => {
                let upper = text.to_ascii_uppercase();
                let secret = SECRET.iter().any(|word| upper.contains(word));
                // A path or an address of a secret is not the secret itself.
                let pointer = ["_FILE", "_PATH", "_URL", "_NAME", "_TTL"]
                    .iter()
                    .any(|e| upper.ends_with(e));
                if secret && !pointer && !plain.is_empty() {
                    let key = text.to_ascii_lowercase().replace('_', "-");
                    sink.emit(
                        fault(
                            Code::PlainSecret,
                            format!("`{text}` looks like a secret and is written in plain text"),
                            name.span,
                        )
                        .help(format!(
                            "keep it in a Secret and write `{text}: {{secret: <name>, key: {key}}}`"
                        )),
                    );
                }
            }
            EnvValue::From(from) => {
                let sources = (
                    from.secret.is_some(),
                    from.key.is_some(),
                    from.field.is_some(),
                );
                if !matches!(sources, (true, true, false) | (false, false, true)) {
                    sink.emit(
                        fault(
                            Code::EnvSource,
                            format!("`{text}` does not say where its value comes from"),
                            value.span,
                        )
                        .help("write `{secret: <name>, key: <key>}`, or `{field: metadata.name}`"),
                    );
                }
            }
        }
    }
}

/// A path in the container: absolute, and nothing but itself.
fn path_fault(path: &str) -> Option<&'static str> {
    let parts = path.strip_prefix('/').map(|rest| rest.split('/'));
    match parts {
        None => Some("is not absolute"),
        Some(parts) if parts.clone().any(|p| matches!(p, "" | "." | "..")) => {
            Some("is not the plain path of a file")
        }
        _ if path.contains(':') => Some("has a `:`, which Kubernetes refuses"),
        _ => None,
    }
}

/// Files and mounts stand at absolute paths, each at one of its own.
pub(super) fn files(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let workload = &entry.service.workload;
        let files = workload
            .files
            .iter()
            .map(|(path, _)| (path.value.as_str(), path.span));
        let mounts = workload
            .volumes
            .iter()
            .map(|(_, v)| (v.value.mount.value.as_str(), v.value.mount.span));
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for (path, span) in files.chain(mounts) {
            if let Some(why) = path_fault(path) {
                sink.emit(
                    fault(Code::FilePath, format!("the path `{path}` {why}"), span).help(
                        "write it from the root of the container, such as `/etc/app/config.yaml`",
                    ),
                );
            } else if let Some(first) = seen.insert(path, span) {
                sink.emit(
                    fault(
                        Code::FilePath,
                        format!("two things stand at `{path}`"),
                        span,
                    )
                    .see(first, "first here")
                    .help("give each a path of its own"),
                );
            }
        }
        const MOST: usize = 1_000_000;
        let bytes: usize = workload
            .files
            .iter()
            .map(|(p, text)| p.value.len() + text.len())
            .sum();
        if let Some((first, _)) = workload.files.iter().next().filter(|_| bytes > MOST) {
            sink.emit(
                fault(
                    Code::FilePath,
                    format!("the files have {bytes} bytes, too many for a ConfigMap"),
                    first.span,
                )
                .help("put large files into the image or a volume; a ConfigMap holds 1 MiB"),
            );
        }
    }
}

/// Disks that stay belong to a StatefulSet.
pub(super) fn volumes(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        for (name, volume) in &entry.service.workload.volumes {
            let persistent = volume.value.persistent.is_some_and(|p| p.value);
            let memory = volume.value.memory.is_some_and(|m| m.value);
            let mut emit = |message: String, help: &str| {
                sink.emit(fault(Code::InvalidVolume, message, name.span).help(help));
            };
            let name = name.value.as_str();
            if persistent && service.workload.kind != WorkloadKind::StatefulSet {
                emit(
                    format!(
                        "volume `{name}` is persistent, which a {} cannot keep",
                        service.workload.kind.name()
                    ),
                    "add `kind: StatefulSet` to `workload`, or leave `persistent` out",
                );
            }
            if persistent && volume.value.size.is_none() {
                emit(
                    format!("the persistent volume `{name}` has no size"),
                    "add `size: 10Gi`",
                );
            }
            if persistent && memory {
                emit(
                    format!("volume `{name}` cannot be persistent and in memory"),
                    "keep one of `persistent` and `memory`",
                );
            }
            if !persistent && volume.value.storage_class.is_some() {
                emit(
                    format!("volume `{name}` has a storage class and is not persistent"),
                    "add `persistent: true`, or leave `storageClass` out",
                );
            }
        }
    }
}

/// Pod security `restricted` refuses root.
pub(super) fn users(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let security = entry.service.workload.security.as_ref();
        if let Some(user) = security.and_then(|s| s.user).filter(|u| u.value == 0) {
            sink.emit(
                fault(
                    Code::RootUser,
                    "a container may not run as root".to_owned(),
                    user.span,
                )
                .help("write the id of another user, or leave it out for 1000"),
            );
        }
    }
}

/// A CronJob has a schedule, and nobody else.
pub(super) fn schedules(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        let written = &entry.service.workload;
        let is_cron = service.workload.kind == WorkloadKind::CronJob;
        let name = &service.name.value;
        match (&written.schedule, is_cron) {
            (None, true) => {
                let span = written.kind.map_or(service.name.span, |k| k.span);
                sink.emit(
                    fault(
                        Code::ScheduleMismatch,
                        format!("the CronJob `{name}` has no schedule"),
                        span,
                    )
                    .help("add `schedule: \"0 3 * * *\"` to `workload`"),
                );
            }
            (Some(schedule), false) => sink.emit(
                fault(
                    Code::ScheduleMismatch,
                    format!("`{name}` has a schedule and is no CronJob"),
                    schedule.span,
                )
                .help("add `kind: CronJob` to `workload`, or leave `schedule` out"),
            ),
            _ => {}
        }
        let ends = service.workload.kind.ends();
        if let (true, Some(exposure)) = (ends, &entry.service.exposure) {
            sink.emit(
                fault(
                    Code::ScheduleMismatch,
                    format!(
                        "the {} `{name}` is exposed, and nobody answers between its runs",
                        service.workload.kind.name()
                    ),
                    exposure.value.host.span,
                )
                .help("leave `exposure` out, or make it a Deployment"),
            );
        }
        if let Some(chaos) = &service.chaos
            && let Some(why) = cron::fault_of(&chaos.schedule.value, false)
        {
            let message = format!("the schedule `{}` {why}", chaos.schedule.value);
            sink.emit(
                fault(Code::InvalidSchedule, message, chaos.schedule.span).help(
                    "write minute, hour, day of month, month and day of week, such as `0 10 * * 2`",
                ),
            );
        }
        if let Some(schedule) = &written.schedule {
            let (text, span) = match &schedule.value {
                Schedule::Short(text) => (text.as_str(), schedule.span),
                Schedule::Long(long) => (long.cron.value.as_str(), long.cron.span),
            };
            if let Some(why) = cron::fault_of(text, false) {
                sink.emit(
                    fault(Code::InvalidSchedule, format!("the schedule `{text}` {why}"), span)
                        .help("write minute, hour, day of month, month and day of week, such as `0 3 * * *`"),
                );
            }
        }
    }
}
