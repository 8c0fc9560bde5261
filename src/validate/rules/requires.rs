//! Requirements: some cluster that a service may run in meets each.

use super::lookup::{can, candidates, fault, services};
use crate::diag::{Code, Sink, nearest};
use crate::model::name::Capability;
use crate::validate::Facts;

/// Each requirement is met somewhere; where they are met together is for the plan to say.
pub(super) fn met(facts: &Facts<'_>, sink: &mut Sink) {
    for (_, service) in services(facts) {
        let regions = candidates(facts.world, service);
        let clusters: Vec<_> = regions.iter().flat_map(|(_, c)| c).collect();
        // That there is no cluster at all is told elsewhere.
        if clusters.is_empty() {
            continue;
        }
        let name = &service.name.value;
        if let Some(range) = &service.requires.kubernetes
            && !clusters.iter().any(|c| range.value.holds(c.kubernetes))
        {
            let message = format!(
                "no cluster that `{name}` may run in is of Kubernetes {}",
                range.value
            );
            let mut unmet = fault(Code::RequiresUnmet, message, range.span);
            for cluster in clusters.iter().take(3) {
                let span = cluster.kubernetes_span.unwrap_or(cluster.name.span);
                let text = format!("`{}` runs {}", cluster.name.value, cluster.kubernetes);
                unmet = unmet.see(span, text);
            }
            let newest = clusters.iter().map(|c| c.kubernetes).max();
            let help = match newest
                .filter(|n| range.value.text().starts_with(">=") && *n < range.value.least())
            {
                Some(newest) => format!("write `kubernetes: \">={newest}\"`, or upgrade a cluster"),
                None => "widen the range, or let the service run elsewhere".to_owned(),
            };
            sink.emit(unmet.help(help));
        }
        for needed in &service.requires.capabilities {
            if clusters.iter().any(|c| can(c, needed.value.as_str())) {
                continue;
            }
            let message = format!(
                "no cluster that `{name}` may run in can do `{}`",
                needed.value
            );
            let known = clusters.iter().flat_map(|c| &c.capabilities);
            let near = nearest(needed.value.as_str(), known.map(Capability::as_str));
            sink.emit(
                fault(Code::RequiresUnmet, message, needed.span).help(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "add `{}` to the `capabilities` of a cluster, or of the fleet's `platform` where a cluster lists none",
                        needed.value
                    ),
                }),
            );
        }
    }
}
