//! Sensitive data: who replaces it by tokens, on which nodes it is processed, who deletes it.

use std::collections::{BTreeMap, BTreeSet};

use super::cron;
use super::lookup::{candidates, fault, services, unknown};
use crate::diag::{Code, Sink, Span};
use crate::model::duration::Duration;
use crate::model::engine::Engine;
use crate::model::name::DataClassName;
use crate::model::raw::Schedule;
use crate::model::world::{DataClass, Residency, Service, Store, World};
use crate::validate::Facts;

/// The service that replaces fields by tokens exists, has a port, and is bound as the data is.
pub(super) fn tokenization(facts: &Facts<'_>, sink: &mut Sink) {
    let world = facts.world;
    let Some(named) = &world.fleet.platform.tokenization else {
        return;
    };
    let keepers: Vec<&Service> = (world.services.iter())
        .filter(|(key, _)| key.service == named.value)
        .map(|(_, service)| service)
        .collect();
    if keepers.is_empty() {
        let names: BTreeSet<&str> = world
            .services
            .keys()
            .map(|key| key.service.as_str())
            .collect();
        let names = names.iter().copied();
        let name = named.value.as_str();
        sink.emit(unknown(
            Code::UnknownService,
            "service",
            name,
            named.span,
            names,
        ));
        return;
    }
    for (name, class) in &world.fleet.data_classes {
        let Some(bound) = class
            .residency
            .as_ref()
            .filter(|_| !class.tokenize.is_empty())
        else {
            continue;
        };
        if let Some(keeper) = keepers.iter().find(|s| !keeps_within(world, s, bound)) {
            let message = format!(
                "`{}` sees what `{name}` holds in the clear, and may run outside of {bound}",
                keeper.name.value
            );
            sink.emit(
                fault(Code::TokenizeUnbound, message, keeper.name.span)
                    .see(bound.span, format!("bound to {bound} here"))
                    .help(format!(
                        "give it a store of `data: {name}`, or let it run only in regions of {bound} (`placement.regions`)"
                    )),
            );
        }
    }
}

/// Whether a service can only run where data must stay: by a store that is bound as tightly, or by
/// the regions that it may run in.
fn keeps_within(world: &World, service: &Service, bound: &Residency) -> bool {
    let class = |store: &Store| -> Option<&DataClass> {
        world.fleet.data_classes.get(&store.data.as_ref()?.value)
    };
    let within = |class: &DataClass| {
        let own = class.residency.as_ref();
        own.is_some_and(|own| own.countries.is_subset(&bound.countries))
    };
    let regions = candidates(world, service);
    let inside = regions.iter().all(|(name, _)| {
        let region = world.regions.get(*name);
        region.is_some_and(|region| bound.countries.contains(&region.country))
    });
    inside || service.stores.iter().filter_map(class).any(within)
}

/// What regen can tell to stand on confidential nodes: its own pods, and those of engines whose
/// objects say so.
pub(super) fn confidential(facts: &Facts<'_>, sink: &mut Sink) {
    for (_, service) in services(facts) {
        let regions = candidates(facts.world, service);
        let mut clusters = regions.iter().flat_map(|(_, clusters)| clusters);
        if !clusters.any(|cluster| cluster.confidential.is_some()) {
            continue;
        }
        for store in &service.stores {
            let Some(data) = &store.data else { continue };
            let class = facts.world.fleet.data_classes.get(&data.value);
            let engine = store.engine.value;
            let told = matches!(
                engine,
                Engine::CloudnativePg | Engine::StrimziKafka | Engine::Valkey
            );
            if told || class.is_none_or(|class| !class.confidential) {
                continue;
            }
            let message = format!(
                "the pods of `{}` are not told to stand on confidential nodes",
                store.name.value
            );
            sink.emit(
                fault(Code::ConfidentialEngine, message, store.engine.span)
                    .see(data.span, "its data is confidential")
                    .help(format!(
                        "let `{engine}` select them by an overlay, or run it in clusters in which all nodes are"
                    )),
            );
        }
    }
}

/// Who deletes data runs at times that there are, and knows how old it may be.
pub(super) fn purges(facts: &Facts<'_>, sink: &mut Sink) {
    // Stores of each class that nothing deletes from: the first, and how many.
    let mut kept_on: BTreeMap<&DataClassName, (Duration, Span, usize)> = BTreeMap::new();
    for (entry, service) in services(facts) {
        for (written, store) in entry.service.stores.iter().zip(&service.stores) {
            let class = store.data.as_ref();
            let class = class.and_then(|d| facts.world.fleet.data_classes.get(&d.value));
            let kept = class.and_then(|c| c.retention);
            let name = &store.name.value;
            let Some(purge) = &written.value.purge else {
                // Logs and streams forget by themselves, and caches are no record.
                let forgets = !store.topics.is_empty() || store.engine.value == Engine::Valkey;
                if let (Some(kept), Some(data), false) = (kept, &store.data, forgets) {
                    let of_class = kept_on.entry(&data.value).or_insert((kept, data.span, 0));
                    of_class.2 += 1;
                }
                continue;
            };
            if kept.is_none() {
                let message = format!("nobody says how long `{name}` may keep its data");
                sink.emit(
                    fault(Code::MissingField, message, purge.span)
                        .help("give its data class a `retention`, or leave `purge` out"),
                );
            }
            if purge.value.command.value.is_empty() {
                let message = format!("`{name}` is purged by nothing");
                sink.emit(
                    fault(Code::InvalidValue, message, purge.value.command.span)
                        .help("write the command of the service's image that deletes, such as `[/app/purge]`"),
                );
            }
            let (text, span) = match purge.value.schedule.as_ref().map(|s| (&s.value, s.span)) {
                Some((Schedule::Short(text), span)) => (text.as_str(), span),
                Some((Schedule::Long(long), _)) => (long.cron.value.as_str(), long.cron.span),
                None => continue,
            };
            if let Some(why) = cron::fault_of(text, false) {
                let message = format!("the schedule `{text}` {why}");
                sink.emit(fault(Code::InvalidSchedule, message, span).help(
                    "write minute, hour, day of month, month and day of week, such as `0 2 * * *`",
                ));
            }
        }
    }
    for (class, (kept, first, count)) in kept_on {
        let stores = match count {
            1 => "a store holds".to_owned(),
            n => format!("{n} stores hold"),
        };
        let message = format!("{stores} `{class}`, and nothing deletes it there after {kept}");
        sink.emit(fault(Code::RetentionUnmet, message, first).help(
            "declare what does, as `purge: {command: [...]}`; topics and backups end by themselves",
        ));
    }
}
