//! `survive`: what it takes of the engine, its voters, standbys and instances, and of the regions.

use super::{able, list};
use crate::diag::{Code, Sink, Span};
use crate::engine::{self, ClassFacts, Loss, Lost, Scheme};
use crate::model::raw::Store as Written;
use crate::model::world::{RegionChoice, Service, Store, Survive};
use crate::validate::Facts;
use crate::validate::rules::lookup::{can, candidates, fault, placed_here};

/// A loss that is to be survived can be.
pub(super) fn survival(
    facts: &Facts<'_>,
    service: &Service,
    written: &Written,
    store: &Store,
    sink: &mut Sink,
) {
    let (Some(asked), Some(way)) = (store.survive, engine::way(store)) else {
        return;
    };
    let (engine, class) = (store.engine.value, store.consistency.value);
    let what = match asked.value {
        Survive::Zone => "zone",
        Survive::Region => "region",
    };
    let of = |way: &ClassFacts| match asked.value {
        Survive::Zone => way.zone,
        Survive::Region => way.region,
    };
    let can = of(way).filter(|loss| !matches!(loss.lost, Lost::Lag | Lost::Everything));
    let Some(loss) = can else {
        let keeps = |way: &ClassFacts| {
            of(way).is_some_and(|loss| !matches!(loss.lost, Lost::Lag | Lost::Everything))
        };
        let message = match of(way) {
            None => format!(
                "`{engine}`, giving `{class}` by `{}`, does not survive a {what}",
                way.name
            ),
            Some(Loss {
                lost: Lost::Everything,
                ..
            }) => format!("`{engine}` loses what it had with a {what}"),
            Some(_) => format!(
                "`{engine}` loses acknowledged writes with a {what}: what had not been replicated"
            ),
        };
        let ways = engine::facts(engine).classes.iter();
        let own = ways.filter(|w| w.consistency == class && keeps(w));
        let own = list(own.map(|w| w.name));
        let mut choices = Vec::new();
        if !own.is_empty() {
            choices.push(format!("write `setting: {}`", own.trim_matches('`')));
        }
        choices.push("leave `survive` out".to_owned());
        match able(class, keeps) {
            names if names.is_empty() => {
                let strong = able(crate::model::engine::Consistency::Strong, keeps);
                choices.push(format!("choose `strong`, of one of {strong}"));
            }
            names => choices.push(format!("choose an engine that can: {names}")),
        }
        sink.emit(
            fault(Code::EngineSurvival, message, asked.span)
                .see(store.engine.span, "")
                .note(format!("it survives {}", engine::facts(engine).survives))
                .help(choices.join(", or ")),
        );
        return;
    };
    lacks(written, store, loss, what, asked.span, sink);
    regions(facts, service, store, loss, what, asked.span, sink);
}

/// Too few voters, standbys or instances for it.
fn lacks(written: &Written, store: &Store, loss: Loss, what: &str, asked: Span, sink: &mut Sink) {
    let engine = store.engine.value;
    let mut lacking = |field: &str, needed: u32, has: u32, span: Option<Span>| {
        let message = format!(
            "`{engine}` survives a {what} with `{field}: {needed}` or more, and `{}` has {has}",
            store.name.value
        );
        let fault = fault(Code::EngineSurvival, message, span.unwrap_or(asked));
        let fault = match span {
            Some(_) => fault.see(asked, "asked for here"),
            None => fault,
        };
        let write = match field {
            "voters" => format!("write `voters: {{count: {needed}}}`"),
            _ => format!("write `{field}: {needed}`"),
        };
        sink.emit(
            fault
                .note(format!("it survives {}", engine::facts(engine).survives))
                .help(format!("{write}, or leave `survive` out")),
        );
    };
    if let Some(count) = store.voters.count.filter(|c| c.value < loss.voters) {
        lacking("voters", loss.voters, count.value, Some(count.span));
    }
    match loss.lost {
        Lost::UnlessSynchronous(k) if store.synchronous < k => {
            let span = written.synchronous.as_ref().map(|s| s.span);
            lacking("synchronous", k, store.synchronous, span);
        }
        Lost::UnlessInstances(n) if store.instances < n => {
            lacking(
                "instances",
                n,
                store.instances,
                written.instances.map(|i| i.span),
            );
        }
        // A zone's loss costs nothing of a region that has instances in the others.
        _ if what == "zone" && loss.voters == 0 => {
            let enough = engine::facts(engine).instances.enough;
            if store.instances < enough {
                let span = written.instances.map(|i| i.span);
                lacking("instances", enough, store.instances, span);
            }
        }
        _ => {}
    }
}

/// Too few regions for it: those that the service may be in, that can hold the store, where its
/// data may be; and no more than the placement takes.
fn regions(
    facts: &Facts<'_>,
    service: &Service,
    store: &Store,
    loss: Loss,
    what: &str,
    asked: Span,
    sink: &mut Sink,
) {
    let capability = engine::capability(store.engine.value);
    let class = store.data.as_ref();
    let class = class.and_then(|d| facts.world.fleet.data_classes.get(&d.value));
    let bound = class.and_then(|c| c.residency.as_ref());
    let able = |service: &Service| -> Vec<&str> {
        let all = candidates(facts.world, service).into_iter();
        all.filter(|(_, clusters)| clusters.iter().any(|c| can(c, capability.as_str())))
            .map(|(name, _)| name.as_str())
            .collect()
    };
    let may = |name: &&str| {
        let region = facts.world.regions.get(*name);
        bound.is_none_or(|b| region.is_some_and(|r| b.countries.contains(&r.country)))
    };
    // Were it not for where the service is placed.
    let mut free = service.clone();
    free.placement.regions = RegionChoice::All;
    free.placement.from.clear();
    let everywhere = able(&free);
    let needed = loss.regions as usize;
    let anywhere = everywhere.iter().filter(|name| may(name)).count();
    let able = able(service);
    let legal: Vec<&str> = able.iter().copied().filter(may).collect();
    let most = match &service.placement.regions {
        RegionChoice::Count { at_most, .. } => *at_most as usize,
        RegionChoice::All | RegionChoice::Named(_) => usize::MAX,
    };
    let there = legal.len().min(most);
    // No region at all is told elsewhere.
    if legal.is_empty() || there >= needed {
        return;
    }
    let name = &service.name.value;
    let has = match there {
        1 => "one region".to_owned(),
        n => format!("{n} regions"),
    };
    let message = format!(
        "`{}` survives a {what} in {needed} regions or more, and has {has} of `{name}` to be in",
        store.name.value
    );
    let mut fault = fault(Code::SurviveRegions, message, asked);
    // What of placement and data is needed for there to be too few; in a small fleet neither.
    let small = everywhere.len() < needed;
    let placed = able.len().min(most) < needed;
    if !small && (placed || anywhere >= needed) {
        fault = match most < needed {
            true => {
                let span = service.placement.span.unwrap_or(service.name.span);
                fault.see(span, format!("at most {most} here"))
            }
            false => placed_here(service, fault),
        };
    }
    if let (Some(bound), Some(data)) = (bound, &store.data)
        && legal.len() < able.len()
    {
        if !small && !placed {
            fault = fault
                .see(data.span, "")
                .see(bound.span, format!("bound to {bound} here"));
        }
        fault = fault.note(format!(
            "its data may be in {}",
            list(legal.iter().copied())
        ));
    }
    if engine::way(store).is_some_and(|way| way.scheme == Scheme::Quorum) && there == 2 {
        fault = fault.note("of two regions one holds the majority of the voters, or neither does: its loss stops writes");
    }
    sink.emit(fault.help(match (what, most < needed) {
        ("region", false) => "add a region that it may be in, or write `survive: zone`".to_owned(),
        ("region", true) => {
            format!("let the service be in {needed} regions, or write `survive: zone`")
        }
        _ => "add a region that it may be in, or leave `survive` out".to_owned(),
    }));
}
