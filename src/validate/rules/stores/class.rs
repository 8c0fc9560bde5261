//! Consistency classes: the engine gives them, in the way that is named, within the bound.

use super::{able, list};
use crate::diag::{Code, Sink};
use crate::engine::{self, Floor, Scheme};
use crate::model::engine::Consistency;
use crate::model::raw::Store as Written;
use crate::model::world::Store;
use crate::validate::rules::lookup::fault;

/// The class, and what belongs to it.
pub(super) fn class(written: &Written, store: &Store, sink: &mut Sink) {
    let (engine, class) = (store.engine.value, store.consistency.value);
    if engine::satisfies(engine, class).is_none() {
        let gives = list(engine::gives(engine).map(Consistency::name));
        let mut fault = fault(
            Code::EngineClass,
            format!("`{engine}` cannot give `{class}`"),
            store.consistency.span,
        )
        .see(store.engine.span, "")
        .note(format!("it gives {gives}"));
        let mirrors = engine::facts(engine).classes.iter();
        if class == Consistency::Strong && mirrors.clone().all(|w| w.scheme == Scheme::Mirror) {
            fault = fault
                .note("mirrors are asynchronous: what was not yet copied is lost with its region");
        }
        let able = able(class, |_| true);
        sink.emit(fault.help(format!(
            "choose one of these, or an engine that can: {able}"
        )));
        return;
    }
    setting(store, sink);
    bound(written, store, sink);
}

fn setting(store: &Store, sink: &mut Sink) {
    let (engine, class) = (store.engine.value, store.consistency.value);
    let Some(asked) = &store.setting else { return };
    if engine::way(store).is_some() {
        return;
    }
    let ways = || engine::facts(engine).classes.iter();
    let known = list(ways().filter(|w| w.consistency == class).map(|w| w.name));
    let elsewhere = ways().find(|w| w.name == asked.value);
    let fault = fault(
        Code::EngineSetting,
        format!("`{engine}` has no `{}` to give `{class}` by", asked.value),
        asked.span,
    );
    sink.emit(match elsewhere {
        Some(way) => fault.help(format!(
            "write {known}, or `consistency: {}`, which `{}` gives",
            way.consistency, way.name
        )),
        None => fault.help(format!("write {known}, or leave it out")),
    });
}

fn bound(written: &Written, store: &Store, sink: &mut Sink) {
    let (engine, class) = (store.engine.value, store.consistency.value);
    let missing = |message, span, help: &str| fault(Code::MissingBound, message, span).help(help);
    match (class, &written.staleness) {
        (Consistency::BoundedStaleness, None) => sink.emit(missing(
            format!(
                "`{}` may lag behind, and no bound says how far",
                store.name.value
            ),
            store.consistency.span,
            "add `staleness: 5s`; it becomes an alert",
        )),
        (Consistency::BoundedStaleness, Some(bound)) if bound.value.as_millis() == 0 => {
            sink.emit(missing(
                "a replica always lags behind a little".to_owned(),
                bound.span,
                "write more than nothing, such as `5s`, or `consistency: strong`",
            ));
        }
        (Consistency::BoundedStaleness, Some(bound)) => {
            let micros = bound.value.as_millis().saturating_mul(1000);
            let least = |floor: Floor| match floor {
                Floor::Setting { least, .. } => least.as_micros(),
                _ => 0,
            };
            let Some(way) = engine::way(store).filter(|w| least(w.floor) > micros) else {
                return;
            };
            let able = able(class, |w| least(w.floor) <= micros);
            let facts = engine::facts(engine);
            let fault = fault(
                Code::StalenessFloor,
                format!(
                    "`{engine}` cannot bound staleness to {}, below its floor of {}ms",
                    bound.value,
                    least(way.floor) / 1000
                ),
                bound.span,
            )
            .see(store.engine.span, "")
            .note(facts.lag);
            let floor = least(way.floor).div_ceil(1000);
            sink.emit(match able.is_empty() {
                true => fault.help(format!("raise the bound to {floor}ms")),
                false => fault.help(format!(
                    "raise the bound to {floor}ms, or choose an engine that can: {able}"
                )),
            });
        }
        _ => {}
    }
}
