//! Stores: engines that can give what is asked, somewhere to run, backups on time.

mod abilities;
mod class;
mod fields;
mod survival;

use super::cron;
use super::lookup::{can, candidates, fault, placed_here, services};
use crate::diag::{Code, Sink};
use crate::engine::{self, ClassFacts};
use crate::model::engine::{Consistency, Engine};
use crate::model::raw::Store as Written;
use crate::model::world::{Service, Store};
use crate::validate::Facts;

/// Every store can be what its service asks of it.
pub(super) fn stores(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        for (written, store) in entry.service.stores.iter().zip(&service.stores) {
            class::class(written, store, sink);
            abilities::abilities(written, store, sink);
            survival::survival(facts, service, written, store, sink);
            place(facts, service, store, sink);
            backup(written, sink);
            fields::topics(facts, written, store, sink);
            fields::audit(facts, store, sink);
        }
        fields::connections(&entry.service.stores, service, sink);
    }
}

/// The engines that give a class in a way as wanted, as people list them.
fn able(class: Consistency, wanted: impl Fn(&ClassFacts) -> bool) -> String {
    let gives = |engine: &Engine| {
        let mut ways = engine::facts(*engine).classes.iter();
        ways.any(|way| way.consistency == class && wanted(way))
    };
    let all = Engine::ALL.iter().copied();
    list(all.filter(gives).map(Engine::name))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn place(facts: &Facts<'_>, service: &Service, store: &Store, sink: &mut Sink) {
    let engine = store.engine.value;
    let capability = engine::capability(engine);
    let regions = candidates(facts.world, service);
    let able: Vec<&str> = regions
        .iter()
        .filter(|(_, clusters)| clusters.iter().any(|c| can(c, capability.as_str())))
        .map(|(region, _)| region.as_str())
        .collect();
    if able.is_empty() && !regions.is_empty() {
        sink.emit(
            fault(
                Code::MissingCapability,
                format!(
                    "no cluster that `{}` may run in can hold the store `{}`",
                    service.name.value, store.name.value
                ),
                store.engine.span,
            )
            .help(format!(
                "add `{capability}` to the `capabilities` of a cluster, or of the fleet's `platform` where a cluster lists none"
            )),
        );
        return;
    }
    let Some(leader) = &store.leader else { return };
    if !able.contains(&leader.value.as_str()) && facts.world.regions.contains_key(&leader.value) {
        let names: Vec<String> = able.iter().map(|n| format!("`{n}`")).collect();
        let fault = fault(
            Code::LeaderRegion,
            format!(
                "`{}` cannot lead `{}`: `{}` does not run there, or no cluster there can hold it",
                leader.value, store.name.value, service.name.value
            ),
            leader.span,
        );
        let elsewhere = !regions.iter().any(|(name, _)| **name == leader.value);
        let fault = match elsewhere {
            true => placed_here(service, fault),
            false => fault,
        };
        sink.emit(fault.help(format!("one of {}, or `auto`", names.join(", "))));
    }
}

fn backup(written: &Written, sink: &mut Sink) {
    let Some(backup) = written.backup.as_ref().map(|b| &b.value) else {
        return;
    };
    if let Some(schedule) = &backup.schedule
        && let Some(why) = cron::fault_of(&schedule.value, true)
    {
        sink.emit(
                fault(Code::InvalidSchedule, format!("the schedule `{}` {why}", schedule.value), schedule.span)
                    .help("write second, minute, hour, day of month, month and day of week, such as `0 0 3 * * *`"),
            );
    }
    const DAY: u64 = 86_400_000;
    if let Some(retention) = backup
        .retention
        .filter(|r| r.value.as_millis() < DAY || r.value.as_millis() % DAY != 0)
    {
        sink.emit(
            fault(
                Code::InvalidValue,
                format!("backups cannot be kept for `{}`", retention.value),
                retention.span,
            )
            .help("write whole days, such as `30d`"),
        );
    }
    if let Some(bucket) = backup.bucket.as_ref().filter(|b| !b.value.contains("://")) {
        sink.emit(
            fault(
                Code::InvalidValue,
                format!("`{}` is no address of a bucket", bucket.value),
                bucket.span,
            )
            .help(format!(
                "write it with its scheme, such as `s3://{}`",
                bucket.value
            )),
        );
    }
}
