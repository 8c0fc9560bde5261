//! Regions that serve and that DNS never answers with.

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::world::{PlacementMode, Routing};

use super::View;
use crate::plan::words;

/// All placed regions are to serve, and the routing policy answers with one of them.
pub(super) fn idle(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        let plan = view.plan.services.get(placed.key);
        let (Some(dns), Some(exposure)) =
            (plan.and_then(|p| p.dns.as_ref()), &placed.service.exposure)
        else {
            continue;
        };
        if placed.service.placement.mode == PlacementMode::ActivePassive {
            continue;
        }
        let answers = |region: &str| match (&dns.failover, dns.records.get(region)) {
            (Some((primary, _)), _) => primary.as_str() == region,
            (None, Some(weight)) => *weight != Some(0),
            (None, None) => false,
        };
        let serving = placed.chosen.serving.iter().map(|&r| view.ground.names[r]);
        let (seen, idle): (Vec<&str>, Vec<&str>) =
            serving.map(|r| r.as_str()).partition(|r| answers(r));
        if idle.is_empty() || seen.is_empty() {
            continue;
        }
        let policy = dns.policy.name().to_owned();
        let idle = words::list(idle);
        let diagnostic = Diagnostic::new(
            Code::DnsIdle,
            format!(
                "`{}` is to serve in {idle} too, and DNS answers with {} as long as it can",
                placed.service.name.value,
                words::list(seen)
            ),
        )
        .at(exposure.routing.span, format!("{policy} routing"))
        .note("pods run there, and the plan counts on them for the users that are nearest");
        sink.emit(diagnostic.help(match dns.policy {
            Routing::Weighted => format!("give {idle} a weight, or leave the region out of `placement`"),
            _ => "write `exposure.routing: latency` or `weighted`, or `placement: {mode: active-passive}` if the others are to stand by".to_owned(),
        }));
    }
}
