//! Stores: engines that can give what is asked, somewhere to run, backups on time.

use super::cron;
use super::lookup::{can, candidates, fault, services};
use crate::diag::{Code, Sink};
use crate::engine;
use crate::model::engine::Consistency;
use crate::model::raw::Store as Written;
use crate::model::world::{Service, Store};
use crate::validate::Facts;

/// Every store can be what its service asks of it.
pub(super) fn stores(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        for (written, store) in entry.service.stores.iter().zip(&service.stores) {
            class(written, store, sink);
            place(facts, service, store, sink);
            backup(written, sink);
            if let Some(instances) = written.instances.filter(|i| !(1..=9).contains(&i.value)) {
                sink.emit(
                    fault(
                        Code::ScaleRange,
                        format!(
                            "a store cannot have {} instances per region",
                            instances.value
                        ),
                        instances.span,
                    )
                    .help("write 1 to 9"),
                );
            }
        }
    }
}

fn class(written: &Written, store: &Store, sink: &mut Sink) {
    let (engine, class) = (store.engine.value, store.consistency.value);
    if engine::satisfies(engine, class).is_none() {
        let able: Vec<String> = engine::satisfying(class)
            .map(|e| format!("`{e}`"))
            .collect();
        let gives: Vec<String> = Consistency::ALL
            .iter()
            .filter(|c| engine::satisfies(engine, **c).is_some())
            .map(|c| format!("`{c}`"))
            .collect();
        let fault = fault(
            Code::EngineClass,
            format!("`{engine}` cannot give `{class}`"),
            store.consistency.span,
        )
        .see(store.engine.span, "")
        .note(format!("it gives {}", gives.join(", ")));
        sink.emit(match able.is_empty() {
            true => fault.help(format!(
                "choose one of these: no engine that regen knows gives `{class}`"
            )),
            false => fault.help(format!(
                "choose one of these, or an engine that can: {}",
                able.join(", ")
            )),
        });
    }
    match (class, &written.staleness) {
        (Consistency::BoundedStaleness, None) => sink.emit(
            fault(
                Code::MissingBound,
                format!(
                    "`{}` may lag behind, and no bound says how far",
                    store.name.value
                ),
                store.consistency.span,
            )
            .help("add `staleness: 5s`; it becomes an alert"),
        ),
        (Consistency::BoundedStaleness, Some(bound)) if bound.value.as_millis() == 0 => sink.emit(
            fault(
                Code::MissingBound,
                "a replica always lags behind a little".to_owned(),
                bound.span,
            )
            .help("write more than nothing, such as `5s`, or `consistency: strong`"),
        ),
        _ => {}
    }
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
        sink.emit(
            fault(
                Code::LeaderRegion,
                format!("`{}` cannot lead `{}`: `{}` does not run there, or no cluster there can hold it", leader.value, store.name.value, service.name.value),
                leader.span,
            )
            .help(format!("one of {}, or `auto`", names.join(", "))),
        );
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
