//! Leaders, standbys, voters and instances: only of engines that have them.

use super::{able, list};
use crate::diag::{Code, Sink};
use crate::engine::{self, Recovery, Scheme};
use crate::model::raw::{Leader, Store as Written};
use crate::model::world::Store;
use crate::validate::rules::lookup::fault;

/// What is asked of a store's replicas, against how its engine replicates.
pub(super) fn abilities(written: &Written, store: &Store, sink: &mut Sink) {
    // A class that the engine cannot give is told elsewhere.
    let Some(way) = engine::way(store) else {
        return;
    };
    let (engine, class) = (store.engine.value, store.consistency.value);
    let gives = match engine::facts(engine)
        .classes
        .iter()
        .any(|w| w.scheme != way.scheme)
    {
        true => format!("`{engine}`, giving `{class}`,"),
        false => format!("`{engine}`"),
    };
    let others = |wanted: fn(Scheme) -> bool| match able(class, |w| wanted(w.scheme)) {
        names if names.is_empty() => String::new(),
        names => format!(", or choose an engine that has some: {names}"),
    };
    if let Some(leader) = written.leader.as_ref().filter(|l| l.value != Leader::AUTO)
        && !way.scheme.leads()
    {
        let message = format!("{gives} has no leader: every region takes writes");
        let able = match able(class, |w| w.scheme.leads()) {
            names if names.is_empty() => String::new(),
            names => format!(", or choose an engine that has one: {names}"),
        };
        sink.emit(
            fault(Code::EngineLeader, message, leader.span)
                .see(store.engine.span, "")
                .help(format!("leave `leader` out{able}")),
        );
    }
    if let Some(synchronous) = &written.synchronous
        && store.synchronous > 0
        && way.scheme != Scheme::Primary
    {
        let message = format!("{gives} has no standbys that a write could wait for");
        let why = match way.scheme {
            Scheme::Quorum => "a write waits for a majority of its voters already",
            Scheme::Leaderless => "which replicas a write waits for is its consistency level",
            _ => "a write is acknowledged by its own region",
        };
        sink.emit(
            fault(Code::EngineStandbys, message, synchronous.span)
                .see(store.engine.span, "")
                .note(why)
                .help(format!(
                    "leave `synchronous` out{}",
                    others(|s| s == Scheme::Primary)
                )),
        );
    }
    let asked = [
        ("voters", written.voters.as_ref().map(|v| v.span)),
        ("readReplicas", written.read_replicas.map(|r| r.span)),
    ];
    for (field, span) in asked {
        let Some(span) = span.filter(|_| way.scheme != Scheme::Quorum) else {
            continue;
        };
        let message = match field {
            "voters" => format!("{gives} has no voters"),
            _ => format!("{gives} has no voters, so every placed region holds a replica"),
        };
        sink.emit(
            fault(Code::EngineVoters, message, span)
                .see(store.engine.span, "")
                .help(format!(
                    "leave `{field}` out{}",
                    others(|s| s == Scheme::Quorum)
                )),
        );
    }
    if let Some(promotion) = written.promotion
        && way
            .region
            .is_none_or(|loss| loss.recovery == Recovery::Automatic)
    {
        let message =
            format!("{gives} needs nobody to promote a replica: nothing follows from `promotion`");
        sink.emit(
            fault(Code::NoEffect, message, promotion.span)
                .see(store.engine.span, "")
                .help("leave `promotion` out"),
        );
    }
    instances(written, store, sink);
}

fn instances(written: &Written, store: &Store, sink: &mut Sink) {
    let Some(asked) = written.instances else {
        return;
    };
    let (engine, name) = (store.engine.value, &store.name.value);
    let facts = engine::facts(engine).instances;
    if !(1..=9).contains(&asked.value) {
        let message = format!("a store cannot have {} instances per region", asked.value);
        sink.emit(fault(Code::ScaleRange, message, asked.span).help("write 1 to 9"));
        return;
    }
    if !facts.only.is_empty() && !facts.only.contains(&asked.value) {
        let message = format!(
            "`{engine}` cannot have {} instances per region",
            asked.value
        );
        let only: Vec<String> = facts.only.iter().map(u32::to_string).collect();
        sink.emit(
            fault(Code::EngineInstances, message, asked.span)
                .see(store.engine.span, "")
                .help(format!("write {}", list(only.iter().map(String::as_str)))),
        );
    } else if asked.value < facts.enough {
        let message = format!(
            "losing one of the {} instances of `{name}` in a region stops it there",
            asked.value
        );
        sink.emit(
            fault(Code::FewInstances, message, asked.span)
                .see(store.engine.span, "")
                .help(format!("write {} or more", facts.enough)),
        );
    }
}
