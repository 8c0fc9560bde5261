//! Reports that clusters make by themselves: when, of which repository, and from where.

use super::cron;
use super::lookup::fault;
use super::names::is_label;
use crate::diag::{Code, Sink};
use crate::model::raw::{DriftReport, ReportFrom, Schedule};
use crate::model::world::{address, is_remote};
use crate::validate::Facts;

/// A report has a schedule, a repository that clusters can reach, and a hub where it is made there.
pub(super) fn reports(facts: &Facts<'_>, sink: &mut Sink) {
    let drift = facts.raw.fleet.drift.as_ref();
    let Some(written) = drift.and_then(|d| d.report.as_ref()) else {
        return;
    };
    let report = &written.value;
    let (text, span) = match report.schedule.as_ref().map(|s| (&s.value, s.span)) {
        Some((Schedule::Short(text), span)) => (text.as_str(), span),
        Some((Schedule::Long(long), _)) => (long.cron.value.as_str(), long.cron.span),
        None => ("@daily", written.span),
    };
    if let Some(why) = cron::fault_of(text, false) {
        sink.emit(
            fault(
                Code::InvalidSchedule,
                format!("the schedule `{text}` {why}"),
                span,
            )
            .help("write minute, hour, day of month, month and day of week, such as `0 6 * * *`"),
        );
    }
    let url = report.git.as_ref().and_then(|g| g.url.as_ref());
    match url {
        Some(url) if !is_remote(&address(&url.value)) => sink.emit(
            fault(
                Code::InvalidValue,
                format!("clusters cannot clone `{}`", url.value),
                url.span,
            )
            .help("write an address with its scheme, such as `https://git.example/gitops.git`"),
        ),
        None if facts.world.fleet.gitops.address().is_none() => sink.emit(
            fault(
                Code::MissingField,
                "nobody says where clusters can clone the repository from".to_owned(),
                written.span,
            )
            .help("set `gitops.url`, or `git: {url: https://git.example/gitops.git}` here"),
        ),
        _ => {}
    }
    let secrets = [
        report.git.as_ref().and_then(|g| g.secret.as_ref()),
        report.kubeconfig.as_ref(),
    ];
    let named = |name: &str| name.len() <= 253 && name.split('.').all(|part| is_label(part, false));
    for secret in secrets.into_iter().flatten().filter(|s| !named(&s.value)) {
        let message = format!("`{}` cannot be the name of a Secret", secret.value);
        sink.emit(
            fault(Code::InvalidName, message, secret.span)
                .help("write lower-case letters, digits, `-` and `.`"),
        );
    }
    from_hub(facts, report, sink);
}

/// What only the hub heeds stands where the report is made there, and fits.
fn from_hub(facts: &Facts<'_>, report: &DriftReport, sink: &mut Sink) {
    let from = report.from.filter(|from| from.value == ReportFrom::Hub);
    let Some(from) = from else {
        let only = [
            ("shards", report.shards.as_ref().map(|s| s.span)),
            ("kubeconfig", report.kubeconfig.as_ref().map(|k| k.span)),
        ];
        for (field, span) in only {
            let Some(span) = span else { continue };
            let message = format!("`{field}` is for reports from the hub");
            sink.emit(
                fault(Code::InvalidValue, message, span)
                    .help(format!("add `from: hub`, or leave `{field}` out")),
            );
        }
        return;
    };
    if facts.world.fleet.hub.is_none() {
        let message = "the fleet has no hub to report from".to_owned();
        sink.emit(
            fault(Code::MissingField, message, from.span)
                .help("write `hub: <cluster>` in regen.yaml, or `from: cluster`"),
        );
    }
    let clusters = facts.world.clusters.len();
    if let Some(shards) = report.shards
        && (shards.value == 0 || shards.value as usize > clusters)
    {
        let message = format!(
            "{clusters} clusters cannot be shared by {} pods",
            shards.value
        );
        sink.emit(
            fault(Code::InvalidValue, message, shards.span).help(format!("write 1 to {clusters}")),
        );
    }
}
