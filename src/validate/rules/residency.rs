//! Residency: bound data has somewhere to be.

use super::lookup::{candidates, fault, services};
use crate::diag::{Code, Sink};
use crate::validate::Facts;

/// A store of bound data has a legal region, and its leader stands in one.
pub(super) fn residency(facts: &Facts<'_>, sink: &mut Sink) {
    let world = facts.world;
    for (_, service) in services(facts) {
        let regions = candidates(world, service);
        for store in &service.stores {
            let Some(data) = &store.data else { continue };
            let class = world.fleet.data_classes.get(&data.value);
            let Some(bound) = class.and_then(|c| c.residency.as_ref()) else {
                continue;
            };
            let legal = |name: &str| {
                world
                    .regions
                    .get(name)
                    .is_some_and(|r| bound.countries.contains(&r.country))
            };
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
                    .see(bound.span, format!("bound to {} here", bound))
                    .help(format!("choose a leader in {}, or `auto`", bound)),
                );
            }
        }
    }
}
