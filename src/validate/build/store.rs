//! A service's stores.

use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::engine::Consistency;
use crate::model::name::RegionName;
use crate::model::quantity::Quantity;
use crate::model::raw::{self, Leader};
use crate::model::world::{Backup, Fleet, Store, Tier};

/// Every night at three.
const NIGHTLY: &str = "0 0 3 * * *";
/// How long backups are kept when nobody says: 30 days.
const KEPT: Duration = Duration::millis(30 * 86_400_000);

/// One store.
pub(super) fn store(written: &Spanned<raw::Store>, tier: Tier, fleet: &Fleet) -> Store {
    let raw = &written.value;
    let retention = raw
        .data
        .as_ref()
        .and_then(|d| fleet.data_classes.get(&d.value))
        .and_then(|class| class.retention);
    Store {
        name: raw.name.clone(),
        engine: raw.engine,
        consistency: super::or_default(
            raw.consistency.as_ref(),
            Consistency::Strong,
            raw.name.span,
        ),
        staleness: raw.staleness,
        data: raw.data.clone(),
        leader: raw
            .leader
            .as_ref()
            .filter(|l| l.value != Leader::AUTO)
            .map(|l| l.clone().map(RegionName::new)),
        synchronous: raw.synchronous.map_or(0, |s| s.value),
        instances: raw
            .instances
            .map_or(if tier == Tier::Critical { 3 } else { 2 }, |i| i.value),
        size: raw.size.as_ref().map_or_else(ten_gibibytes, |s| s.value),
        storage_class: raw.storage_class.as_ref().map(|s| s.value.clone()),
        backup: raw.backup.as_ref().map(|backup| Backup {
            schedule: backup
                .value
                .schedule
                .as_ref()
                .map_or_else(|| NIGHTLY.to_owned(), |s| s.value.clone()),
            retention: backup
                .value
                .retention
                .map(|r| r.value)
                .or(retention)
                .unwrap_or(KEPT),
            bucket: backup.value.bucket.as_ref().map(|b| b.value.clone()),
        }),
    }
}

fn ten_gibibytes() -> Quantity {
    super::workload::quantity("10Gi")
}
