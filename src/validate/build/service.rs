//! A merged service to a service of the world.

use std::collections::BTreeSet;

use crate::diag::{Sink, Span, Spanned};
use crate::model::duration::Duration;
use crate::model::name::{Capability, Namespace, RegionName};
use crate::model::raw::{self, FailoverChoice, Latency, OnFailure, Regions, ServiceEntry};
use crate::model::world::{
    Breaker, Budget, Call, Chaos, ConfidentialNodes, CountSpans, DataClass, Flag, Fleet,
    LatencyBudget, Objective, Owner, Placement, PlacementMode, Recovery, RegionChoice, Requires,
    Resilience, Service, Tier, WorkloadKind,
};
use crate::validate::areas::{self, Places};

/// How long something is broken on purpose when nobody says.
const CHAOS: Duration = Duration::millis(300_000);

/// One service in one environment.
pub(super) fn service(
    entry: &ServiceEntry,
    fleet: &Fleet,
    regions: &BTreeSet<RegionName>,
    places: &Places<'_>,
    sink: &mut Sink,
) -> Service {
    let written = &entry.service;
    let tier = written.tier.map_or(Tier::Standard, |t| t.value);
    let placement = placement(written);
    Service {
        name: written.service.clone(),
        environment: entry.environment.clone(),
        owner: written.owner.as_ref().map(|owner| Owner {
            team: owner.team.value.clone(),
            oncall: owner.oncall.as_ref().map(|o| o.value.clone()),
            escalation: owner.escalation.as_ref().map(|e| e.value.clone()),
        }),
        namespace: written.namespace.as_ref().map_or_else(
            || Namespace::from(fleet.name.value.as_str()),
            |n| n.value.clone(),
        ),
        tier,
        workload: super::workload::workload(written, tier),
        calls: calls(written, fleet),
        exposure: written
            .exposure
            .as_ref()
            .map(|e| super::exposure::exposure(e, written, placement.mode, fleet, sink)),
        audience: match written.audience.is_empty() {
            true => fleet.audience.clone(),
            false => areas::audience(&written.audience, regions, &fleet.jurisdictions, sink),
        },
        budget: budget(written.budget.as_ref()),
        placement,
        stores: written
            .stores
            .iter()
            .map(|s| super::store::store(s, tier, fleet, places, sink))
            .collect(),
        requires: requires(written, fleet),
        failover: written
            .failover
            .is_none_or(|f| f.value == FailoverChoice::Nearest),
        failover_span: written.failover.as_ref().map(|f| f.span),
        resilience: written
            .resilience
            .as_ref()
            .map_or_else(Resilience::default, |r| resilience(&r.value)),
        flags: written
            .flags
            .iter()
            .flat_map(|f| &f.value)
            .map(flag)
            .collect(),
        chaos: written.chaos.as_ref().map(|c| chaos(&c.value)),
        recovery: written
            .slo
            .as_ref()
            .map_or_else(Recovery::default, |s| Recovery {
                availability: s.value.availability,
                latency: s.value.latency.as_ref().map(|l| {
                    let (target, under) = (l.value.target.value, l.value.under.value);
                    Spanned::new(Objective { target, under }, l.span)
                }),
                rto: s.value.rto,
                rpo: s.value.rpo,
            }),
    }
}

fn resilience(written: &raw::Resilience) -> Resilience {
    Resilience {
        timeout: written.timeout,
        retries: written.retries,
        breaker: written.circuit_breaker.as_ref().map(|b| Breaker {
            errors: b.value.errors.value,
            within: b.value.within.value,
            span: b.span,
        }),
        degrade_to: written.degrade_to.clone(),
    }
}

/// The classes of a service's data, each with the place that names it.
fn classes<'a>(
    written: &'a raw::Service,
    fleet: &'a Fleet,
) -> impl Iterator<Item = (&'a DataClass, Span)> {
    let stores = written.stores.iter();
    stores.filter_map(|store| {
        let data = store.value.data.as_ref()?;
        Some((fleet.data_classes.get(&data.value)?, data.span))
    })
}

/// What is written, and the service that replaces fields of its data by tokens.
fn calls(written: &raw::Service, fleet: &Fleet) -> Vec<Call> {
    let mut calls: Vec<Call> = written.calls.iter().map(call).collect();
    let Some(tokenization) = &fleet.platform.tokenization else {
        return calls;
    };
    let tokenizes = classes(written, fleet).any(|(class, _)| !class.tokenize.is_empty());
    let own = tokenization.value == written.service.value;
    if tokenizes && !own && !calls.iter().any(|c| c.service.value == tokenization.value) {
        calls.push(Call {
            service: tokenization.clone(),
            port: None,
            timeout: None,
            degrade: false,
        });
    }
    calls
}

/// What is written, and nodes that its data may be processed on.
fn requires(written: &raw::Service, fleet: &Fleet) -> Requires {
    let mut requires = match &written.requires {
        Some(r) => Requires {
            kubernetes: r.kubernetes.clone(),
            capabilities: r.capabilities.clone(),
        },
        None => Requires::default(),
    };
    let confidential = classes(written, fleet).find(|(class, _)| class.confidential);
    requires.capabilities.extend(confidential.map(|(_, span)| {
        let capability = Capability::from(ConfidentialNodes::CAPABILITY);
        Spanned::new(capability, span)
    }));
    let workload = &written.workload;
    if super::workload::kind(workload) == WorkloadKind::Rollout {
        let written = workload.rollout.as_ref().map(|r| r.span);
        let span = written.or(workload.kind.map(|k| k.span));
        let capability = Capability::from("argo-rollouts");
        requires
            .capabilities
            .extend(span.map(|span| Spanned::new(capability, span)));
    }
    requires
}

fn flag(written: &raw::Flag) -> Flag {
    let rollout = written.rollout.iter();
    Flag {
        name: written.name.clone(),
        rollout: rollout
            .map(|(place, share)| (place.value.clone(), *share))
            .collect(),
    }
}

fn chaos(written: &raw::Chaos) -> Chaos {
    let asked = |flag: Option<Spanned<bool>>| flag.filter(|f| f.value).map(|f| f.span);
    Chaos {
        schedule: written.schedule.clone(),
        duration: written.duration.map_or(CHAOS, |d| d.value),
        pods: asked(written.pods).is_some(),
        latency: written.latency.map(|l| l.value),
        region: asked(written.region),
    }
}

fn call(written: &Spanned<raw::Call>) -> Call {
    match &written.value {
        raw::Call::Short(name) => Call {
            service: Spanned::new(name.clone(), written.span),
            port: None,
            timeout: None,
            degrade: false,
        },
        raw::Call::Long(long) => Call {
            service: long.service.clone(),
            port: long.port.as_ref().map(|p| p.value.clone()),
            timeout: long.timeout,
            degrade: long.on_failure == Some(OnFailure::Degrade),
        },
    }
}

fn budget(written: Option<&raw::Budget>) -> Budget {
    let Some(written) = written else {
        return Budget::default();
    };
    let latency = |l: Option<&Spanned<Latency>>| {
        l.map(|l| {
            l.map(|latency| match latency {
                Latency::P99(p99) => LatencyBudget {
                    p50: None,
                    p99: Some(p99),
                },
                Latency::Long(long) => LatencyBudget {
                    p50: long.p50.map(|d| d.value),
                    p99: long.p99.map(|d| d.value),
                },
            })
        })
    };
    Budget {
        read: latency(written.read.as_ref()),
        write: latency(written.write.as_ref()),
        cross_region: latency(written.cross_region.as_ref()),
        enforce: written.enforce.unwrap_or(false),
    }
}

fn placement(written: &raw::Service) -> Placement {
    let Some(placement) = &written.placement else {
        return Placement {
            span: None,
            counts: CountSpans::default(),
            mode: PlacementMode::ActiveActive,
            regions: RegionChoice::All,
            from: Vec::new(),
        };
    };
    let regions = placement.value.regions.as_ref();
    let bounds = match regions.map(|r| &r.value) {
        Some(Regions::Bounds(bounds)) => Some(bounds),
        _ => None,
    };
    let span = |n: Option<Spanned<u32>>| n.map(|n| n.span);
    Placement {
        span: Some(placement.span),
        counts: CountSpans {
            regions: regions.map(|r| r.span),
            at_least: bounds.and_then(|b| span(b.exactly.or(b.at_least))),
            at_most: bounds.and_then(|b| span(b.exactly.or(b.at_most))),
        },
        mode: placement.value.mode.unwrap_or(PlacementMode::ActiveActive),
        regions: match placement.value.regions.as_ref().map(|r| &r.value) {
            None | Some(Regions::All) => RegionChoice::All,
            Some(Regions::Named(names)) => RegionChoice::Named(names.clone()),
            Some(Regions::Bounds(bounds)) => {
                let number = |n: Option<Spanned<u32>>| n.map(|n| n.value);
                let exactly = number(bounds.exactly);
                RegionChoice::Count {
                    at_least: exactly.or(number(bounds.at_least)).unwrap_or(1),
                    at_most: exactly.or(number(bounds.at_most)).unwrap_or(u32::MAX),
                }
            }
        },
        from: placement.value.from.clone(),
    }
}
