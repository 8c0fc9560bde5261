//! What a service promises for the loss of a region, against what its DNS and stores can hold.

use crate::diag::{Code, Diagnostic, Sink, Spanned};
use crate::engine::{self, Loss, Lost, Recovery};
use crate::latency;
use crate::model::duration::Duration;
use crate::model::plan::StorePlan;
use crate::model::rtt::Rtt;
use crate::model::world::{Promotion, Store};

use super::View;
use crate::plan::Placed;
use crate::plan::dns;
use crate::plan::words;

/// How late logs arrive that are shipped rather than streamed: until one is full or old enough
/// (`archive_timeout`, 5 min unless told), uploaded and fetched. CloudNativePG 1.30,
/// `docs/src/wal_archiving.md`.
const SHIPPED: Duration = Duration::millis(300_000);

/// `slo.rto`: somebody takes over, DNS is fast enough, and so is whoever promotes a replica.
pub(super) fn time(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        let Some(rto) = placed.service.recovery.rto else {
            continue;
        };
        if nobody(view, placed, rto, sink) {
            continue;
        }
        resolvers(view, placed, rto, sink);
        for (store, plan) in view.parts(placed) {
            by_hand(placed, store, plan, rto, sink);
        }
    }
}

/// Says which region nobody takes over from.
fn nobody(view: &View<'_>, placed: &Placed<'_>, rto: Spanned<Duration>, sink: &mut Sink) -> bool {
    let name = &placed.service.name.value;
    let Some(plan) = view.plan.services.get(placed.key) else {
        return true;
    };
    let alone = plan.failover.iter().find(|(_, c)| c.targets.is_empty());
    let answers = plan.dns.as_ref().filter(|d| d.records.len() == 1);
    let (lost, why) = match (alone, answers) {
        (Some((lost, _)), _) => (lost, "nobody takes over"),
        (None, Some(dns)) => match dns.records.keys().next() {
            Some(region) => (region, "DNS goes on to answer with it"),
            None => return false,
        },
        (None, None) => return false,
    };
    let mut diagnostic = Diagnostic::new(
        Code::RtoNobody,
        format!("`{name}` is to serve again {} after the loss of a region, and when {lost} is lost {why}", rto.value),
    )
    .at(rto.span, "promised here");
    if let Some(span) = placed
        .service
        .failover_span
        .filter(|_| !placed.service.failover)
    {
        diagnostic = diagnostic.see(span, "nobody may");
    }
    sink.emit(diagnostic.help(match (placed.service.failover, alone) {
        (false, _) => "leave out `failover: none`, or the promise".to_owned(),
        (true, Some(_)) => format!("place `{name}` in another region that may take over from {lost}, or leave out the promise"),
        (true, None) => "write `exposure.routing: failover`, `latency` or `weighted`".to_owned(),
    }));
    true
}

fn resolvers(view: &View<'_>, placed: &Placed<'_>, rto: Spanned<Duration>, sink: &mut Sink) {
    let dns = view
        .plan
        .services
        .get(placed.key)
        .and_then(|p| p.dns.as_ref());
    let (Some(exposure), Some(dns)) = (&placed.service.exposure, dns) else {
        return;
    };
    let switch = dns::Switch::of(view.ground.world, placed.service, dns);
    let takes = switch.takes();
    if takes <= rto.value {
        return;
    }
    let (detects, ttl) = (switch.detection, switch.ttl);
    let mut diagnostic = Diagnostic::new(
        Code::RtoDns,
        format!(
            "`{}` is to serve again {} after the loss of a region, and DNS takes {takes}: {detects} to notice and a TTL of {ttl}",
            placed.service.name.value, rto.value
        ),
    )
    .at(rto.span, "promised here")
    .see(exposure.span, "answered by DNS")
    .note(match view.ground.world.fleet.failover.detection_span {
        Some(_) => "a health check takes as long to fail as `failover.detection` says",
        None => "a health check of Route 53 fails after 3 requests, taken to be 10s apart (`failover.detection`)",
    });
    let left = rto.value.as_millis().saturating_sub(detects.as_millis()) / 1000;
    let mut remedies = vec![format!("promise `rto: {takes}`")];
    if let Some(alias) = &switch.alias {
        diagnostic = diagnostic.note(format!(
            "`{alias}` is an alias for Route 53, which answers with the TTL of the target, whatever `exposure.ttl` says"
        ));
        remedies.push(
            "enter by `ingress.addresses`, or by a name of your own for the load balancer"
                .to_owned(),
        );
    } else if left > 0 {
        remedies.insert(
            0,
            format!("write `exposure.ttl: {}`", Duration::millis(left * 1000)),
        );
    }
    sink.emit(diagnostic.help(remedies.join(", or ")));
}

/// What the loss of a region takes and costs a store, where it survives one.
fn loss(store: &Store) -> Option<Loss> {
    engine::way(store)?.region
}

fn by_hand(
    placed: &Placed<'_>,
    store: &Store,
    plan: &StorePlan,
    rto: Spanned<Duration>,
    sink: &mut Sink,
) {
    let manual = loss(store).is_some_and(|l| l.recovery == Recovery::Manual);
    let Some(leader) = plan.leader.as_ref().filter(|_| manual) else {
        return;
    };
    let Promotion { takes, told } = store.promotion;
    if store.access.writes == 0 || rto.value >= takes {
        return;
    }
    let class = store.consistency.value;
    let able: Vec<String> = engine::satisfying(class)
        .filter(|e| {
            let way = engine::satisfies(*e, class).and_then(|way| way.region);
            way.is_some_and(|l| l.recovery == Recovery::Automatic)
        })
        .map(|e| format!("`{e}`"))
        .collect();
    let mut help = format!("promise `rto: {takes}`");
    if !able.is_empty() {
        help = format!(
            "{help}, or choose an engine that gives `{class}` and switches by itself: {}",
            able.join(", ")
        );
    }
    let mut diagnostic = Diagnostic::new(
        Code::RtoByHand,
        format!(
            "`{}` is to serve again {} after the loss of a region, and a person has to promote a replica of `{}` once {leader} is lost",
            placed.service.name.value, rto.value, store.name.value
        ),
    )
    .at(rto.span, "promised here")
    .see(store.engine.span, "switches by hand");
    diagnostic = match told {
        Some(span) => diagnostic.see(span, format!("takes {takes}")),
        None => diagnostic.note(format!("the alert, the decision, a commit and its roll-out are taken to need {takes}: write `failover.promotion` in regen.yaml, or `promotion` of the store, as drills show it")),
    };
    sink.emit(diagnostic.help(help));
}

/// `slo.rpo`: what was acknowledged is somewhere else by then.
pub(super) fn point(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        let Some(rpo) = placed.service.recovery.rpo else {
            continue;
        };
        for (store, plan) in view.parts(placed) {
            if store.access.writes > 0 {
                copies(view, placed, store, plan, rpo, sink);
            }
        }
    }
}

fn copies(
    view: &View<'_>,
    placed: &Placed<'_>,
    store: &Store,
    plan: &StorePlan,
    rpo: Spanned<Duration>,
    sink: &mut Sink,
) {
    let ground = view.ground;
    let (service, name) = (&placed.service.name.value, &store.name.value);
    let Some(loss) = loss(store).filter(|l| l.lost != Lost::Everything) else {
        return;
    };
    let told = |what: String, help: String| {
        let promise = match rpo.value.as_millis() {
            0 => "nothing".to_owned(),
            _ => format!("at most the last {}", rpo.value),
        };
        Diagnostic::new(
            Code::RpoLoss,
            format!("`{service}` is to lose {promise} with a region, and {what}"),
        )
        .at(rpo.span, "promised here")
        .see(store.engine.span, format!("the store `{name}`"))
        .help(help)
    };
    let mut held = placed.chosen.regions.clone();
    if !plan.voters.is_empty() {
        held = plan
            .voters
            .iter()
            .filter_map(|v| ground.index(v.as_str()))
            .collect();
        held.sort_unstable();
        held.dedup();
    }
    if let [only] = held.as_slice() {
        let only = ground.names[*only];
        sink.emit(told(
            format!("`{name}` is in {only} alone"),
            format!("place `{service}` in a second region that may hold `{name}`, or leave out the promise"),
        ));
        return;
    }
    let synchronous = match loss.lost {
        Lost::Lag => None,
        Lost::UnlessSynchronous(k) if store.synchronous < k => Some(k),
        _ => return,
    };
    let from = view.leader(plan);
    let others = |f: usize| held.iter().copied().filter(move |&r| r != f);
    let farthest = held
        .iter()
        .copied()
        .filter(|&f| from.is_none_or(|l| l == f))
        .flat_map(|f| others(f).map(move |t| ground.costs[f][t]))
        .max()
        .unwrap_or_default();
    let way = latency::one_way(Rtt::micros(farthest)).as_micros();
    // Only PostgreSQL ships its logs, and streams instead where a bound asks for it.
    let archived = store.backup.as_ref().is_some_and(|b| b.bucket.is_some());
    let bounded = store.staleness.is_some_and(|s| s.value < SHIPPED);
    let ships = engine::facts(store.engine.value).standbys && archived && !bounded;
    let lag = match ships {
        true => SHIPPED.as_millis().saturating_mul(1000),
        false => way,
    };
    if rpo.value.as_millis() > 0 && rpo.value.as_millis().saturating_mul(1000) >= lag {
        return;
    }
    let behind = match ships {
        true => format!("up to {SHIPPED} behind, by shipped logs"),
        false => format!("{} behind and more", words::ms(way)),
    };
    let mut remedies = Vec::new();
    if let Some(k) = synchronous {
        let mut ways: Vec<u64> = from
            .into_iter()
            .flat_map(|l| others(l).map(move |t| ground.costs[l][t]))
            .collect();
        ways.sort_unstable();
        let adds = ways.get(k as usize - 1).copied().unwrap_or_default();
        remedies.push(format!(
            "write `synchronous: {k}`, which adds {} to each write",
            words::ms(adds)
        ));
    }
    if rpo.value.as_millis() > 0 && ships {
        remedies.push(format!(
            "write `staleness: {}`, so that its replicas stream",
            rpo.value
        ));
    }
    remedies.push(match ships {
        true => format!("promise `rpo: {SHIPPED}`"),
        false => format!(
            "promise more, such as `rpo: {}`",
            Duration::millis(lag.div_ceil(1_000_000).max(1) * 1000)
        ),
    });
    sink.emit(told(
        format!("`{name}` replicates asynchronously, {behind}"),
        remedies.join(", or "),
    ));
}
