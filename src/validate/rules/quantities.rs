//! Amounts: quantities of resources and numbers of pods.

use super::lookup::{fault, services};
use crate::diag::{Code, Sink, Spanned};
use crate::model::quantity::Quantity;
use crate::validate::Facts;

/// Quantities are more than nothing, and a limit is no less than what is asked for.
pub(super) fn quantities(facts: &Facts<'_>, sink: &mut Sink) {
    let zero = Quantity::parse("0");
    let mut positive = |what: &str, written: Option<&Spanned<Quantity>>, example: &str| {
        if let Some(amount) = written.filter(|q| zero.is_some_and(|zero| q.value <= zero)) {
            sink.emit(
                fault(
                    Code::QuantityRange,
                    format!("{what} cannot be `{}`", amount.value),
                    amount.span,
                )
                .help(format!(
                    "write more than nothing, such as `{example}`, or leave it out"
                )),
            );
        }
    };
    for cluster in facts.raw.regions.iter().flat_map(|r| &r.clusters) {
        if let Some(capacity) = &cluster.capacity {
            positive("the CPU of a cluster", capacity.value.cpu.as_ref(), "400");
            positive(
                "the memory of a cluster",
                capacity.value.memory.as_ref(),
                "1600Gi",
            );
        }
    }
    for entry in &facts.raw.services {
        let workload = &entry.service.workload;
        if let Some(resources) = &workload.resources {
            positive("the CPU of a pod", resources.cpu.as_ref(), "100m");
            positive("the memory of a pod", resources.memory.as_ref(), "128Mi");
            let limits = resources.limits.as_ref();
            positive("the CPU limit", limits.and_then(|l| l.cpu.as_ref()), "500m");
            positive(
                "the memory limit",
                limits.and_then(|l| l.memory.as_ref()),
                "256Mi",
            );
        }
        for (_, volume) in &workload.volumes {
            positive("the size of a volume", volume.value.size.as_ref(), "1Gi");
        }
        for store in &entry.service.stores {
            positive("the size of a store", store.size.as_ref(), "10Gi");
            if let Some(resources) = &store.resources {
                let resources = &resources.value;
                positive("the CPU of an instance", resources.cpu.as_ref(), "500m");
                positive(
                    "the memory of an instance",
                    resources.memory.as_ref(),
                    "1Gi",
                );
            }
        }
    }
    for (entry, service) in services(facts) {
        let Some(limits) = entry
            .service
            .workload
            .resources
            .as_ref()
            .and_then(|r| r.limits.as_ref())
        else {
            continue;
        };
        let asked = &service.workload.resources;
        let pairs = [
            ("CPU", &asked.cpu, &limits.cpu),
            ("memory", &asked.memory, &limits.memory),
        ];
        for (what, request, limit) in pairs {
            if let Some(limit) = limit.as_ref().filter(|l| l.value < request.value) {
                sink.emit(
                    fault(
                        Code::QuantityRange,
                        format!(
                            "the {what} limit `{}` is below the `{}` that is asked for",
                            limit.value, request.value
                        ),
                        limit.span,
                    )
                    .see(request.span, "")
                    .help(format!("write at least `{}`", request.value)),
                );
            }
        }
    }
}

/// A scale has at least one pod, and its least is not above its most.
pub(super) fn scales(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        let workload = &service.workload;
        let Some(scale) = &entry.service.workload.scale else {
            continue;
        };
        if workload.kind.ends() {
            continue;
        }
        let (min, max) = (workload.scale.min, workload.scale.max);
        if min > max {
            let span = scale
                .value
                .max
                .or(scale.value.min)
                .map_or(scale.span, |m| m.span);
            sink.emit(
                fault(
                    Code::ScaleRange,
                    format!(
                        "`{}` scales from {min} to {max}, which is no range",
                        service.name.value
                    ),
                    span,
                )
                .help(format!("write `max: {min}` or more, or a smaller `min`")),
            );
        }
        if min == 0 {
            let span = scale.value.min.map_or(scale.span, |m| m.span);
            sink.emit(
                fault(Code::ScaleRange, format!("`{}` would run no pod", service.name.value), span)
                    .help("write `min: 1` or more; autoscaling by CPU cannot wake a service that has no pod"),
            );
        }
        if let Some(cpu) = scale
            .value
            .cpu
            .filter(|c| c.value.as_ppm() < 10_000 || c.value.as_ppm() % 10_000 != 0)
        {
            sink.emit(
                fault(
                    Code::ScaleRange,
                    format!("autoscaling cannot aim at `{}` of the CPU", cpu.value),
                    cpu.span,
                )
                .help("write a whole percentage from `1%` to `100%`"),
            );
        }
    }
}
