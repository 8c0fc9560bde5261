//! `drift` of `regen.yaml` to the fleet's settings.

use std::collections::BTreeMap;

use crate::diag::Spanned;
use crate::model::raw;
use crate::model::world::{DriftReport, DriftSettings, Schedule};

/// When reports are made unless somebody says otherwise.
const SCHEDULE: &str = "0 6 * * *";
/// The Secret that the hub reaches clusters with.
const KUBECONFIG: &str = "regen-drift-kubeconfig";

/// The settings of the drift report.
pub(super) fn settings(written: &raw::Drift) -> DriftSettings {
    let appliers = written.appliers.iter().map(|a| a.value.clone());
    let rules = written.ignore.iter().map(|i| i.clone().map(|json| json.0));
    DriftSettings {
        appliers: appliers.collect(),
        ignore: rules.collect(),
        others: others(written),
        report: written.report.as_ref().map(report),
    }
}

/// The settings that `drift` reads itself.
fn others(written: &raw::Drift) -> BTreeMap<&'static str, Spanned<serde_json::Value>> {
    [
        ("interactive", &written.interactive),
        ("unknownManagers", &written.unknown_managers),
        ("namespace", &written.namespace),
        ("tracking", &written.tracking),
        ("orphans", &written.orphans),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.clone()?.map(|json| json.0))))
    .collect()
}

fn report(written: &Spanned<raw::DriftReport>) -> DriftReport {
    let report = &written.value;
    let git = report.git.as_ref();
    let daily = || Schedule {
        cron: Spanned::new(SCHEDULE.to_owned(), written.span),
        time_zone: None,
    };
    let from_hub = report.from.is_some_and(|f| f.value == raw::ReportFrom::Hub);
    let kubeconfig = report.kubeconfig.as_ref();
    DriftReport {
        image: report.image.clone(),
        schedule: report
            .schedule
            .as_ref()
            .map_or_else(daily, super::workload::schedule),
        shards: from_hub.then(|| report.shards.map_or(1, |s| s.value)),
        url: git.and_then(|g| g.url.clone()),
        secret: git.and_then(|g| g.secret.as_ref()).map(|s| s.value.clone()),
        kubeconfig: kubeconfig
            .map_or(KUBECONFIG, |k| k.value.as_str())
            .to_owned(),
        secrets: report.secrets.is_some_and(|s| s.value),
    }
}
