//! Topics, connections, audit logs and keys of a store: only as its engine can have them.

use std::collections::BTreeMap;

use super::list;
use crate::diag::{Code, Sink, Span};
use crate::engine;
use crate::model::engine::Engine;
use crate::model::raw::Store as Written;
use crate::model::world::{Audit, Service, Store};
use crate::validate::Facts;
use crate::validate::rules::lookup::fault;

/// The longest name of a topic that leaves room for a region before it (Kafka takes 249).
const TOPIC: usize = 180;
/// A command line of Kafka's own says no to more.
const PARTITIONS: u32 = 10_000;

/// Topics have names that every broker takes, once each, and engines that know topics.
pub(super) fn topics(facts: &Facts<'_>, written: &Written, store: &Store, sink: &mut Sink) {
    let engine = store.engine.value;
    if let Some(first) = written.topics.first()
        && !matches!(engine, Engine::StrimziKafka | Engine::NatsJetstream)
    {
        sink.emit(
            fault(
                Code::InvalidValue,
                format!("`{engine}` has no topics"),
                first.span,
            )
            .see(store.engine.span, "")
            .help("leave `topics` out, or choose `strimzi-kafka` or `nats-jetstream`"),
        );
        return;
    }
    let class = store.data.as_ref();
    let class = class.and_then(|d| facts.world.fleet.data_classes.get(&d.value));
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for topic in &written.topics {
        let name = &topic.value.name;
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.value.is_empty() || name.value.len() > TOPIC || !name.value.bytes().all(legal) {
            let message = format!("`{}` cannot be the name of a topic", name.value);
            sink.emit(
                fault(Code::InvalidValue, message, name.span).help(format!(
                    "write 1 to {TOPIC} letters, digits, `-` and `_`; a `.` stands between the region and the name of a copy"
                )),
            );
        }
        if let Some(first) = seen.insert(&name.value, name.span) {
            let message = format!("topic `{}` stands twice", name.value);
            sink.emit(
                fault(Code::DuplicateName, message, name.span)
                    .see(first, "first here")
                    .help("keep one of them"),
            );
        }
        if let Some(partitions) = topic.value.partitions
            && !(1..=PARTITIONS).contains(&partitions.value)
        {
            let message = format!("a topic cannot have {} partitions", partitions.value);
            sink.emit(
                fault(Code::InvalidValue, message, partitions.span)
                    .help(format!("write 1 to {PARTITIONS}")),
            );
        }
        if let Some(kept) = topic.value.retention
            && let Some(most) = class.and_then(|c| c.retention)
            && kept.value > most
        {
            let message = format!(
                "topic `{}` is kept for {}, and its data may be for {most}",
                name.value, kept.value
            );
            let told = fault(Code::InvalidValue, message, kept.span);
            let told = class
                .into_iter()
                .fold(told, |f, c| f.see(c.span, "its class"));
            sink.emit(told.help(format!("write `retention: {most}` or less")));
        }
    }
}

/// What is appended to the prefix of a connection, of any engine.
const SUFFIXES: [&str; 9] = [
    "HOST",
    "PORT",
    "READ_HOST",
    "NAME",
    "USER",
    "PASSWORD",
    "DATACENTER",
    "URI",
    "BOOTSTRAP",
];

/// A prefix of environment variables that meets neither another store's nor the service's own.
pub(super) fn connections(
    written: &[crate::diag::Spanned<Written>],
    service: &Service,
    sink: &mut Sink,
) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for store in written {
        let Some(connect) = &store.value.connect else {
            continue;
        };
        let prefix = connect.value.as_str();
        let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let begins = prefix
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_uppercase());
        if !begins || !prefix.bytes().all(legal) {
            let message = format!("`{prefix}` cannot begin an environment variable");
            sink.emit(fault(Code::InvalidValue, message, connect.span).help(
                "write capital letters, digits and `_`, beginning with a letter, such as `ORDERS`",
            ));
            continue;
        }
        if let Some(first) = seen.insert(prefix, connect.span) {
            let message = format!(
                "two stores of `{}` connect by `{prefix}`",
                service.name.value
            );
            sink.emit(
                fault(Code::DuplicateName, message, connect.span)
                    .see(first, "first here")
                    .help("give each a prefix of its own"),
            );
        }
        let own = |suffix: &&str| {
            service
                .workload
                .env
                .contains_key(&format!("{prefix}_{suffix}"))
        };
        let taken: Vec<String> = SUFFIXES
            .iter()
            .filter(|s| own(s))
            .map(|s| format!("{prefix}_{s}"))
            .collect();
        if !taken.is_empty() {
            let message = format!(
                "the connection sets {} of `workload.env` too",
                list(taken.iter().map(String::as_str))
            );
            sink.emit(
                fault(Code::DuplicateName, message, connect.span)
                    .help("choose another prefix, or leave them out of `workload.env`"),
            );
        }
    }
}

/// A data class that asks for an audit log, of an engine that has none.
pub(super) fn audit(facts: &Facts<'_>, store: &Store, sink: &mut Sink) {
    let engine = store.engine.value;
    let Some(data) = &store.data else { return };
    let class = facts.world.fleet.data_classes.get(&data.value);
    if class.is_none_or(|c| c.audit == Audit::None) || engine::audits(engine) {
        return;
    }
    let able = Engine::ALL.iter().copied();
    let able = able.filter(|e| engine::audits(*e));
    sink.emit(
        fault(
            Code::NoEffect,
            format!(
                "`{}` asks for an audit log, and `{engine}` has none of its own",
                data.value
            ),
            data.span,
        )
        .see(store.engine.span, "")
        .help(format!(
            "log it in the service, or choose an engine that does: {}",
            list(able.map(Engine::name))
        )),
    );
}
