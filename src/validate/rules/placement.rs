//! Placements: numbers of regions that can be met.

use std::collections::BTreeSet;

use super::lookup::{candidates, fault, services};
use crate::diag::{Code, Sink};
use crate::model::raw::{RegionBounds, Regions};
use crate::validate::Facts;

/// The number of regions is a range that the candidates allow; no region is named twice.
pub(super) fn placement(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        let Some(placement) = entry.service.placement.as_ref().map(|p| &p.value) else {
            continue;
        };
        let named = match placement.regions.as_ref().map(|r| &r.value) {
            Some(Regions::Named(names)) => names.as_slice(),
            _ => &[],
        };
        for list in [named, placement.from.as_slice()] {
            let mut seen = BTreeSet::new();
            for region in list.iter().filter(|r| !seen.insert(&r.value)) {
                sink.emit(
                    fault(
                        Code::DuplicateName,
                        format!("region `{}` stands twice", region.value),
                        region.span,
                    )
                    .help("keep one of them"),
                );
            }
        }
        let Some(regions) = &placement.regions else {
            continue;
        };
        match &regions.value {
            Regions::All => {}
            Regions::Named(names) if names.is_empty() => sink.emit(
                fault(
                    Code::RegionCount,
                    "the list of regions is empty".to_owned(),
                    regions.span,
                )
                .help("name a region, or write `all`"),
            ),
            Regions::Named(_) if !placement.from.is_empty() => sink.emit(
                fault(
                    Code::RegionCount,
                    "both `regions` and `from` name regions".to_owned(),
                    placement.from[0].span,
                )
                .see(regions.span, "")
                .help("leave `from` out: all named regions are used"),
            ),
            Regions::Named(_) => {}
            Regions::Bounds(bounds) => {
                let there = candidates(facts.world, service).len();
                count(
                    bounds,
                    u32::try_from(there).unwrap_or(u32::MAX),
                    regions.span,
                    sink,
                );
            }
        }
    }
}

fn count(bounds: &RegionBounds, there: u32, span: crate::diag::Span, sink: &mut Sink) {
    let least = bounds.exactly.or(bounds.at_least);
    let mut emit = |message: String, span, help: &str| {
        sink.emit(fault(Code::RegionCount, message, span).help(help));
    };
    match (bounds.exactly, bounds.at_least, bounds.at_most) {
        (None, None, None) => emit(
            "the number of regions is not said".to_owned(),
            span,
            "write `{exactly: 2}`, or `{atLeast: 2, atMost: 4}`",
        ),
        (Some(exactly), a, b) if a.is_some() || b.is_some() => emit(
            "`exactly` leaves nothing to `atLeast` and `atMost`".to_owned(),
            exactly.span,
            "keep `exactly`, or the other two",
        ),
        (_, Some(least), Some(most)) if least.value > most.value => emit(
            format!(
                "at least {} and at most {} is no range",
                least.value, most.value
            ),
            most.span,
            "write the smaller number as `atLeast`",
        ),
        _ => {}
    }
    for number in [bounds.exactly, bounds.at_least, bounds.at_most]
        .into_iter()
        .flatten()
    {
        if number.value == 0 {
            emit(
                "a service runs in one region at least".to_owned(),
                number.span,
                "write 1 or more; to run nowhere, remove the service's file",
            );
        }
    }
    // A service without any candidate is told elsewhere.
    if let Some(least) = least.filter(|l| l.value > there && there > 0) {
        emit(
            format!(
                "{} regions are asked for and {there} could be used",
                least.value
            ),
            least.span,
            "ask for fewer, add regions to `from`, or add a region with a cluster in the environment",
        );
    }
}
