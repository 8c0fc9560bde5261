//! How DNS answers for an exposed service.

use std::collections::BTreeMap;

use crate::atlas;
use crate::diag::{Code, Diagnostic, Sink};
use crate::model::duration::Duration;
use crate::model::name::RegionName;
use crate::model::place::Provider;
use crate::model::plan::{Because, DnsPlan, FailoverChain};
use crate::model::world::{
    Dns, DnsController, DnsProvider, Exposure, Ingress, PlacementMode, Routing, Service, World,
};

use super::Placed;
use super::ground::Ground;
use super::search;
use super::words;

/// How long DNS answers with a region after its loss.
pub(super) struct Switch {
    /// Until its health check has failed.
    pub detection: Duration,
    /// Until resolvers ask again.
    pub ttl: Duration,
    /// The way in that makes the slowest record an alias, where one does.
    pub alias: Option<String>,
}

impl Switch {
    /// The slowest of a service's records.
    pub(super) fn of(world: &World, service: &Service, dns: &DnsPlan) -> Self {
        let ttl = service.exposure.as_ref().map_or(0, |e| e.ttl);
        let regions = dns.records.keys().filter_map(|r| world.regions.get(r));
        let clusters = regions
            .flat_map(|r| r.clusters.iter().filter_map(|c| world.clusters.get(c)))
            .filter(|c| c.environment == service.environment);
        let records = clusters.map(|c| match c.ingress.as_ref().map(|i| &i.value) {
            Some(Ingress::Hostname(host)) => match atlas::alias_seconds(host) {
                Some(seconds) => (seconds, Some(host.clone())),
                None => (ttl, None),
            },
            _ => (ttl, None),
        });
        let (seconds, alias) = records.max_by_key(|r| r.0).unwrap_or((ttl, None));
        Self {
            detection: world.fleet.failover.detection,
            ttl: Duration::millis(u64::from(seconds) * 1000),
            alias,
        }
    }

    /// Until users are answered with another region.
    pub(super) fn takes(&self) -> Duration {
        Duration::millis(self.detection.as_millis() + self.ttl.as_millis())
    }
}

/// Decides; `None` for a service without exposure, or when an error was emitted.
pub(super) fn decide(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    chains: &BTreeMap<RegionName, FailoverChain>,
    sink: &mut Sink,
) -> Option<DnsPlan> {
    let exposure = placed.service.exposure.as_ref()?;
    let passive = placed.service.placement.mode == PlacementMode::ActivePassive;
    let standby = placed.chosen.regions.len() > placed.chosen.serving.len();
    let name = |r: usize| ground.names[r].clone();
    let elsewhere = placed.chosen.serving.iter().find(|&&r| {
        let region = &ground.world.regions[ground.names[r]];
        region.provider != Some(Provider::Aws)
    });
    let dns = ground.world.fleet.platform.dns;
    let k8gb = dns.is_some_and(|d| d.controller == DnsController::K8gb);
    let (policy, mut because) = match exposure.routing.value {
        Routing::Latency | Routing::Weighted | Routing::Geo if passive && standby => (
            Routing::Failover,
            Because::new("active-passive: the standby answers when the serving region does not"),
        ),
        Routing::Latency if placed.chosen.serving.len() == 1 => (
            Routing::Simple,
            Because::new("one region serves, so there is nothing to choose"),
        ),
        Routing::Weighted if placed.chosen.serving.len() == 1 => (
            Routing::Simple,
            Because::new("one region serves, so there is nothing to weigh"),
        ),
        Routing::Geo if placed.chosen.serving.len() == 1 => (
            Routing::Simple,
            Because::new("one region serves, so there is nothing to tell apart"),
        ),
        Routing::Latency if k8gb => (
            Routing::Weighted,
            Because::new("weighted routing: k8gb knows no latencies"),
        ),
        // Latency is refused where it was written and cannot be; as a default it gives way.
        Routing::Latency if elsewhere.is_some() => (
            Routing::Weighted,
            Because::new(format!(
                "weighted routing: {} is no region of AWS, and Route 53 knows the latency to those only",
                ground.list(elsewhere.map_or(&[], std::slice::from_ref))
            )),
        ),
        written => (written, Because::new(routing(written))),
    };
    let mut failover = None;
    let records = match policy {
        Routing::Failover => {
            // The region that serves most is the one to fall back to last.
            let primary = if passive {
                placed.chosen.regions.first().copied()?
            } else {
                let served = placed
                    .served
                    .iter()
                    .map(|(r, w)| (*w, std::cmp::Reverse(*r)));
                served.max().map(|(_, r)| r.0)?
            };
            let Some(secondary) = chains
                .get(ground.names[primary])
                .and_then(|c| c.targets.first())
            else {
                let none = Diagnostic::new(
                    Code::DnsSecondary,
                    format!(
                        "`{}` is routed by failover, but nothing may take over from `{}`",
                        exposure.host.value, ground.names[primary]
                    ),
                )
                .at(exposure.routing.span, "needs a primary and a secondary region")
                .help(match placed.service.failover {
                    true => "place the service in a second region that it may fail over to, or set `exposure.routing: simple`",
                    false => "leave out `failover: none`, or set `exposure.routing: simple`",
                });
                sink.emit(none);
                return None;
            };
            let pair = (name(primary), secondary.clone());
            because = because.and(format!(
                "{} is the primary, {} the secondary",
                pair.0, pair.1
            ));
            let more = placed.chosen.regions.iter().map(|&r| ground.names[r]);
            let more: Vec<&RegionName> = more.filter(|r| **r != pair.0 && **r != pair.1).collect();
            let mut records = BTreeMap::from([(pair.0.clone(), None), (pair.1.clone(), None)]);
            if k8gb && !more.is_empty() {
                because = because.and("once the primary is lost, k8gb answers with all others");
                records.extend(more.into_iter().map(|r| (r.clone(), None)));
            } else if !more.is_empty() {
                because = because.and(format!(
                    "a failover record has one secondary, so {} {} no record",
                    words::list(more.iter().map(|r| r.as_str())),
                    if more.len() == 1 { "has" } else { "have" },
                ));
            }
            failover = Some(pair);
            records
        }
        Routing::Simple => {
            let first = placed.chosen.serving.first().copied()?;
            if placed.chosen.serving.len() > 1 {
                because = because.and(format!(
                    "a simple record answers with one region: {}",
                    name(first)
                ));
            }
            BTreeMap::from([(name(first), None)])
        }
        Routing::Latency | Routing::Geo => {
            let first = placed.chosen.serving.first().copied()?;
            let told = policy == Routing::Geo && !k8gb;
            let answers =
                |r: &usize| !told || *r == first || exposure.geo.contains_key(ground.names[*r]);
            let (serving, idle): (Vec<usize>, Vec<usize>) =
                placed.chosen.serving.iter().copied().partition(answers);
            if told {
                because = because.and(format!("{} answers everyone else", name(first)));
            }
            if !idle.is_empty() {
                let idle = ground.list(&idle);
                because = because.and(format!(
                    "no area is written for {idle}, so it has no record"
                ));
            }
            serving.into_iter().map(|r| (name(r), None)).collect()
        }
        Routing::Weighted => {
            let (weights, why) = weigh(ground, placed, exposure);
            because.0.extend(why.0);
            let weights = weights.into_iter();
            weights.map(|(r, weight)| (name(r), Some(weight))).collect()
        }
    };
    if let Some(fault) = dns.and_then(|dns| without_policies(dns, exposure, policy)) {
        sink.emit(fault);
        return None;
    }
    let mut plan = DnsPlan {
        policy,
        failover,
        records,
        because: Because::default(),
    };
    if plan.records.len() > 1 {
        let switch = Switch::of(ground.world, placed.service, &plan);
        because = because.and(format!(
            "a lost region is answered for at most {} more: {} to notice and a TTL of {}",
            switch.takes(),
            switch.detection,
            switch.ttl
        ));
    }
    plan.because = because;
    Some(plan)
}

/// Refuses a policy that external-dns cannot write at a provider: only Route 53 has some there.
fn without_policies(dns: Dns, exposure: &Exposure, policy: Routing) -> Option<Diagnostic> {
    let plain = dns.controller == DnsController::K8gb
        || dns.provider == DnsProvider::Aws
        || policy == Routing::Simple;
    (!plain).then(|| {
        Diagnostic::new(
            Code::RoutingProvider,
            format!(
                "`{}` needs {} records, and external-dns knows no routing policies at {}",
                exposure.host.value,
                policy.name(),
                dns.provider.name()
            ),
        )
        .at(exposure.routing.span, "")
        .see(dns.span, "the provider")
        .help("place the service in one region, or write `platform.dns: k8gb`")
    })
}

/// Weights of the serving regions, and why: as written, else the share of the audience.
fn weigh(
    ground: &Ground<'_>,
    placed: &Placed<'_>,
    exposure: &Exposure,
) -> (Vec<(usize, u32)>, Because) {
    let serving = &placed.chosen.serving;
    let mut because = Because::default();
    let written = |r: usize| exposure.weights.get(ground.names[r]).copied();
    let weights: Vec<(usize, u32)> = if exposure.weights.is_empty() {
        because = because.and("weights are the share of the audience that is nearest, in percent");
        let share = |r: usize| {
            let served = placed.served.get(&r).copied().unwrap_or_default();
            let percent = served
                .saturating_mul(100)
                .div_ceil(placed.demand.total.max(1));
            u32::try_from(percent).unwrap_or(u32::MAX)
        };
        serving.iter().map(|&r| (r, share(r))).collect()
    } else {
        let unsaid: Vec<usize> = serving
            .iter()
            .copied()
            .filter(|&r| written(r).is_none())
            .collect();
        if !unsaid.is_empty() {
            because = because.and(format!(
                "no weight is written for {}, which counts as 0",
                ground.list(&unsaid)
            ));
        }
        serving
            .iter()
            .map(|&r| (r, written(r).unwrap_or(0)))
            .collect()
    };
    // Whoever is answered by weight is not always answered with the nearest.
    let total: u128 = weights.iter().map(|w| u128::from(w.1)).sum();
    if total > 0 && placed.demand.given {
        let way = |from: usize| -> u128 {
            let each = weights.iter();
            each.map(|&(r, w)| u128::from(ground.costs[from][r]) * u128::from(w))
                .sum()
        };
        let demand = placed.demand.by_region.iter();
        let by_weight: u128 = demand.map(|&(d, w)| way(d) * u128::from(w)).sum();
        let nearest = search::value(&placed.demand.by_region, serving, &ground.costs);
        because = because.and(format!(
            "users wait {} on average, which would be {} at the nearest region",
            words::mean(by_weight / total, placed.demand.total),
            words::mean(nearest, placed.demand.total)
        ));
    }
    (weights, because)
}

fn routing(routing: Routing) -> &'static str {
    match routing {
        Routing::Latency => "latency routing: each user is answered with the nearest region",
        Routing::Weighted => "weighted routing: each region is answered in proportion",
        Routing::Failover => {
            "failover routing: the secondary is answered when the primary is unhealthy"
        }
        Routing::Geo => "geo routing: each user is answered by where they are",
        Routing::Simple => "simple routing: one record for everyone",
    }
}
