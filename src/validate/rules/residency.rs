//! Residency: bound data has somewhere to be.

use super::lookup::{candidates, fault, placed_here, services};
use crate::diag::{Code, Sink};
use crate::model::world::{Residency, Service, Shard, Store, World};
use crate::validate::Facts;

/// Whether data may be in a region.
fn legal_in(bound: &Residency, world: &World, name: &str) -> bool {
    let region = world.regions.get(name);
    region.is_some_and(|r| bound.countries.contains(&r.country))
}

/// A store of bound data has a legal region, and its leader stands in one.
pub(super) fn residency(facts: &Facts<'_>, sink: &mut Sink) {
    let world = facts.world;
    for (_, service) in services(facts) {
        let regions = candidates(world, service);
        for store in &service.stores {
            backup(world, store, sink);
            let Some(data) = &store.data else { continue };
            let class = world.fleet.data_classes.get(&data.value);
            let Some(bound) = class.and_then(|c| c.residency.as_ref()) else {
                continue;
            };
            let legal = |name: &str| legal_in(bound, world, name);
            if !regions.is_empty() && !regions.iter().any(|(name, _)| legal(name.as_str())) {
                let elsewhere: Vec<String> = world
                    .regions
                    .keys()
                    .filter(|name| legal(name.as_str()))
                    .map(|name| format!("`{name}`"))
                    .collect();
                let fault = fault(
                    Code::ResidencyImpossible,
                    format!(
                        "`{}` of `{}` has no region in {}",
                        store.name.value, service.name.value, bound
                    ),
                    data.span,
                )
                .see(bound.span, format!("bound to {} here", bound));
                let fault = placed_here(service, fault);
                sink.emit(match elsewhere.is_empty() {
                    true => fault.help(format!("add a region in {}, or another data class", bound)),
                    false => fault.help(format!("let the service run in {}", elsewhere.join(", "))),
                });
            } else if let Some(leader) = store
                .leader
                .as_ref()
                .filter(|l| world.regions.contains_key(&l.value) && !legal(l.value.as_str()))
            {
                sink.emit(
                    fault(
                        Code::ResidencyImpossible,
                        format!(
                            "`{}` of `{}` would be written outside of {}",
                            store.name.value, service.name.value, bound
                        ),
                        leader.span,
                    )
                    .see(data.span, "")
                    .see(bound.span, format!("bound to {} here", bound))
                    .help(format!("choose a leader in {}, or `auto`", bound)),
                );
            } else {
                let legal = regions.iter().map(|(name, _)| name.as_str());
                telemetry(
                    world,
                    service,
                    store,
                    legal.filter(|n| legal_in(bound, world, n)),
                    sink,
                );
            }
        }
    }
}

/// A bucket that stands where the backups of a store, or of one of its parts, may not be.
fn backup(world: &World, store: &Store, sink: &mut Sink) {
    let Some(place) = store.backup.as_ref().and_then(|b| b.place.as_ref()) else {
        return;
    };
    let class = store.data.as_ref();
    let class = class.and_then(|d| world.fleet.data_classes.get(&d.value));
    let bound = class.and_then(|c| c.residency.as_ref());
    let bound = bound.map(|b| (b.to_string(), &b.countries, b.span));
    let part = |s: &Shard| (s.name.value.to_string(), s.countries.clone(), s.name.span);
    let parts: Vec<_> = store.shards.iter().map(part).collect();
    let parts = parts
        .iter()
        .map(|(name, all, span)| (name.clone(), all, *span));
    let Some((name, _, span)) = bound
        .into_iter()
        .chain(parts)
        .find(|(_, countries, _)| !place.countries.is_subset(countries))
    else {
        return;
    };
    sink.emit(
        fault(
            Code::ResidencyBackup,
            format!(
                "backups of `{}` go to {}, and its data must stay in {name}",
                store.name.value, place.name
            ),
            place.span,
        )
        .see(span, format!("bound to {name} here"))
        .help(format!(
            "name a bucket in {name}, or leave its place out: then each cluster writes to one of its own region"
        )),
    );
}

/// Telemetry of every region that a store may be in goes where its data may not be.
fn telemetry<'a>(
    world: &World,
    service: &Service,
    store: &Store,
    mut legal: impl Iterator<Item = &'a str>,
    sink: &mut Sink,
) {
    let class = store.data.as_ref();
    let Some((data, class)) =
        class.and_then(|d| Some((d, world.fleet.data_classes.get(&d.value)?)))
    else {
        return;
    };
    let Some(bound) = class
        .residency
        .as_ref()
        .filter(|_| class.attributes.is_empty())
    else {
        return;
    };
    let leak = |name: &str| {
        let telemetry = world.regions.get(name)?.telemetry.as_ref()?;
        let stays = telemetry.place.countries.is_subset(&bound.countries);
        (!stays).then_some(&telemetry.place)
    };
    let Some(first) = legal.next().and_then(leak) else {
        return;
    };
    if !legal.all(|name| leak(name).is_some()) {
        return;
    }
    sink.emit(
        fault(
            Code::ResidencyTelemetry,
            format!(
                "telemetry of `{}` goes to {} from every region that it may be in, and `{}` must stay in {bound}",
                service.name.value, first.name, data.value
            ),
            first.span,
        )
        .see(data.span, format!("`{}` holds it", store.name.value))
        .see(bound.span, format!("bound to {bound} here"))
        .help(format!(
            "export it inside of {bound}, for all (`platform.telemetry`) or for those regions (`telemetry` in their files), or list the `attributes` that hold `{}`: they are deleted before it leaves",
            data.value
        )),
    );
}
