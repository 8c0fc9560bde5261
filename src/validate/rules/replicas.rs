//! Voters, standbys and access of stores: numbers that can be.

use super::lookup::fault;
use crate::diag::{Code, Sink};
use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::JurisdictionName;
use crate::model::raw::{Leader, Store, Synchronous};
use crate::model::world::Shard;
use crate::validate::{Facts, areas};

/// Every store has a number of voters that decides, standbys that exist, and an access that weighs
/// something; every bound class names an area.
pub(super) fn replicas(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, class) in &facts.raw.fleet.data_classes {
        if let Some(bound) = class.residency.as_ref().filter(|r| r.value.0.is_empty()) {
            let message = format!("data class `{}` may be nowhere", name.value);
            let fault = fault(Code::InvalidValue, message, bound.span);
            sink.emit(fault.help("name an area, such as `[EU]`, or leave `residency` out"));
        }
    }
    let stores = facts.raw.services.iter().flat_map(|e| &e.service.stores);
    for store in stores {
        voters(&store.value, sink);
        synchronous(&store.value, sink);
        access(&store.value, sink);
        shards(facts, &store.value, sink);
    }
}

/// Shards are areas that exist, each once, of an engine that can home rows, without one leader for
/// all of them.
fn shards(facts: &Facts<'_>, store: &Store, sink: &mut Sink) {
    let Some(written) = &store.shards else { return };
    let engine = store.engine.value;
    if engine::homes(engine).is_none() {
        let able = Engine::ALL.iter().filter(|e| engine::homes(**e).is_some());
        let able: Vec<String> = able.map(|e| format!("`{e}`")).collect();
        let message = format!("`{engine}` cannot home parts of its data with their users");
        let fault = fault(Code::EngineShards, message, written.span);
        sink.emit(fault.see(store.engine.span, "").help(format!(
            "choose an engine that can: {}; or a store per jurisdiction, each with a data class of its own",
            able.join(", ")
        )));
    }
    if written.value.of.is_empty() {
        let fault = fault(
            Code::InvalidValue,
            "there is no shard".to_owned(),
            written.span,
        );
        sink.emit(fault.help("name areas, such as `of: [EU, IN]`, or leave `shards` out"));
    }
    let known = &facts.world.fleet.jurisdictions;
    let mut seen: Vec<&str> = Vec::new();
    for name in &written.value.of {
        let text = name.value.as_str();
        if areas::jurisdiction(text, known).is_none() || text == Shard::DEFAULT {
            let names = known.keys().map(JurisdictionName::as_str);
            sink.emit(areas::unknown_area("jurisdiction", text, name.span, names));
        } else if seen.contains(&text) {
            let message = format!("shard `{text}` stands twice");
            sink.emit(fault(Code::DuplicateName, message, name.span).help("keep the earlier one"));
        }
        seen.push(text);
    }
    if let Some(leader) = store.leader.as_ref().filter(|l| l.value != Leader::AUTO) {
        let message = format!(
            "every shard of `{}` has a leader of its own",
            store.name.value
        );
        let fault = fault(Code::EngineShards, message, leader.span);
        sink.emit(
            fault
                .see(written.span, "parted here")
                .help("write `leader: auto`, or leave `shards` out"),
        );
    }
}

fn voters(store: &Store, sink: &mut Sink) {
    let count = store.voters.as_ref().and_then(|v| v.value.count);
    if let Some(count) = count.filter(|c| ![3, 5].contains(&c.value)) {
        let message = format!("a store cannot have {} voters", count.value);
        let fault = fault(Code::InvalidValue, message, count.span);
        sink.emit(fault.help("write 3 or 5: an even number survives no more than one fewer"));
    }
}

fn synchronous(store: &Store, sink: &mut Sink) {
    let Some(written) = &store.synchronous else {
        return;
    };
    let Synchronous::Long(long) = &written.value else {
        return;
    };
    let count = match (long.any, long.first) {
        (Some(count), None) | (None, Some(count)) => count,
        _ => {
            let message = "a write waits for `any` or for the `first` of its standbys".to_owned();
            let fault = fault(Code::InvalidValue, message, written.span);
            sink.emit(fault.help("write one of them, such as `{first: 1, of: [eu-west-1]}`"));
            return;
        }
    };
    if !long.of.is_empty() && long.of.len() < count.value.0 as usize {
        let message = format!(
            "a write cannot wait for {} of {}",
            count.value.0,
            long.of.len()
        );
        let fault = fault(Code::InvalidValue, message, count.span);
        sink.emit(fault.help("lower it, or name more regions under `of`"));
    }
}

fn access(store: &Store, sink: &mut Sink) {
    let Some(access) = &store.access else { return };
    let share = |s: &Option<crate::diag::Spanned<crate::model::ratio::Share>>| {
        s.as_ref().map(|s| s.value.as_ppm())
    };
    if (share(&access.value.reads), share(&access.value.writes)) == (Some(0), Some(0)) {
        let message = format!("store `{}` is neither read nor written", store.name.value);
        let fault = fault(Code::InvalidValue, message, access.span);
        sink.emit(fault.help("write shares that add up to something, such as `reads: 90%`"));
    }
}
