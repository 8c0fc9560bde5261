//! Names with what is appended to them: the objects of a service are named after it.

use super::lookup::{fault, services};
use crate::diag::{Code, Sink};
use crate::model::engine::Engine;
use crate::model::world::WorkloadKind;
use crate::validate::Facts;

/// CronJobs append 11 characters to the names of Jobs, Jobs 9 for their version; StatefulSets a revision to a label.
const SUFFIXED: usize = 52;
/// The longest name of a CloudNativePG cluster (its webhook says so).
const POSTGRES: usize = 50;

/// Every name still fits after what is appended to it.
pub(super) fn fit(facts: &Facts<'_>, sink: &mut Sink) {
    for (_, service) in services(facts) {
        let name = service.name.value.as_str();
        let kind = match service.workload.kind {
            WorkloadKind::Deployment | WorkloadKind::Rollout => None,
            WorkloadKind::StatefulSet => Some("StatefulSet"),
            WorkloadKind::CronJob => Some("CronJob"),
            WorkloadKind::Job => Some("Job"),
        };
        if let Some(kind) = kind.filter(|_| name.len() > SUFFIXED) {
            sink.emit(
                fault(
                    Code::NameTooLong,
                    format!(
                        "`{name}` has {} characters, too many for a {kind}",
                        name.len()
                    ),
                    service.name.span,
                )
                .note(format!(
                    "Kubernetes appends to it, so that {SUFFIXED} are left"
                ))
                .help("choose a shorter name"),
            );
        }
        for store in &service.stores {
            let full = format!("{name}-{}-purge", store.name.value);
            if store.purge.is_some() && full.len() > SUFFIXED {
                let message = format!(
                    "`{full}` has {} characters, too many for a CronJob",
                    full.len()
                );
                sink.emit(
                    fault(Code::NameTooLong, message, store.name.span)
                        .note(format!(
                            "what purges is named `<service>-<store>-purge`, of which {SUFFIXED} characters are left"
                        ))
                        .help("choose a shorter name for the store or the service"),
                );
            }
            // Only what regen itself names can be too long.
            if store.engine.value != Engine::CloudnativePg {
                continue;
            }
            let most = POSTGRES;
            let longest = facts.world.regions.keys().max_by_key(|r| r.as_str().len());
            let Some(region) = longest else { continue };
            let full = format!("{name}-{}-{region}", store.name.value);
            if full.len() > most {
                sink.emit(
                    fault(
                        Code::NameTooLong,
                        format!(
                            "`{full}` has {} characters, {} too many",
                            full.len(),
                            full.len() - most
                        ),
                        store.name.span,
                    )
                    .note(format!(
                        "the clusters of {} are named `<service>-<store>-<region>` and take {most}",
                        store.engine.value
                    ))
                    .help("choose a shorter name for the store or the service"),
                );
            }
        }
    }
    for region in &facts.raw.regions {
        for cluster in &region.clusters {
            let full = format!("{}-{}", facts.raw.fleet.fleet.value, cluster.name.value);
            if full.len() > super::names::LABEL {
                sink.emit(
                    fault(
                        Code::NameTooLong,
                        format!(
                            "`{full}` has {} characters, too many for a label",
                            full.len()
                        ),
                        cluster.name.span,
                    )
                    .note("delivery objects are named `<fleet>-<cluster>`")
                    .help("choose a shorter name for the cluster or the fleet"),
                );
            }
        }
    }
}
