//! A service's stores.

use crate::diag::{Sink, Spanned};
use crate::engine;
use crate::model::duration::Duration;
use crate::model::engine::Engine;
use crate::model::name::RegionName;
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::raw::{self, Leader, Synchronous};
use crate::model::world::{
    Access, Backup, Distinct, Fleet, Purge, ReadReplicas, Schedule, Shard, Standbys, Store,
    StoreResources, Tier, Topic, Voters,
};
use crate::validate::areas::{self, Places};

use super::fleet::promotion;

/// Every night at three.
const NIGHTLY: &str = "0 0 3 * * *";
/// When data is deleted unless somebody says otherwise.
const PURGE: &str = "0 2 * * *";
/// How long backups are kept when nobody says: 30 days.
const KEPT: Duration = Duration::millis(30 * 86_400_000);

/// How long messages are kept when nobody says.
const WEEK: Duration = Duration::millis(7 * 86_400_000);

/// One store.
pub(super) fn store(
    written: &Spanned<raw::Store>,
    tier: Tier,
    fleet: &Fleet,
    places: &Places<'_>,
    sink: &mut Sink,
) -> Store {
    let raw = &written.value;
    let (synchronous, standbys) = synchronous(raw.synchronous.as_ref());
    let retention = raw
        .data
        .as_ref()
        .and_then(|d| fleet.data_classes.get(&d.value))
        .and_then(|class| class.retention);
    let resources = raw.resources.as_ref().map(|r| &r.value);
    Store {
        name: raw.name.clone(),
        engine: raw.engine,
        consistency: super::or_default(
            raw.consistency.as_ref(),
            engine::unless_told(raw.engine.value),
            raw.name.span,
        ),
        setting: raw.setting.clone(),
        staleness: raw.staleness,
        data: raw.data.clone(),
        leader: raw
            .leader
            .as_ref()
            .filter(|l| l.value != Leader::AUTO)
            .map(|l| l.clone().map(RegionName::new)),
        synchronous,
        standbys,
        survive: raw.survive,
        voters: Voters {
            count: raw.voters.as_ref().and_then(|v| v.value.count),
            distinct: raw
                .voters
                .as_ref()
                .and_then(|v| v.value.distinct)
                .map_or(Distinct::Region, |d| d.value),
            span: raw.voters.as_ref().map(|v| v.span),
        },
        read_replicas: raw.read_replicas.map_or(ReadReplicas::None, |r| r.value),
        access: access(raw.access.as_ref()),
        shards: raw
            .shards
            .iter()
            .flat_map(|s| &s.value.of)
            .filter_map(|name| {
                let area = areas::jurisdiction(name.value.as_str(), &fleet.jurisdictions)?;
                Some(Shard {
                    name: name.clone(),
                    countries: area.countries,
                })
            })
            .collect(),
        promotion: promotion(raw.promotion).unwrap_or(fleet.failover.promotion),
        instances: raw
            .instances
            .map_or_else(|| instances(raw.engine.value, tier), |i| i.value),
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
            place: places.whereabouts(
                backup.value.region.as_ref(),
                backup.value.jurisdiction.as_ref(),
                sink,
            ),
        }),
        purge: purge(raw.purge.as_ref(), retention),
        resources: StoreResources {
            cpu: resources.and_then(|r| r.cpu).map(|q| q.value),
            memory: resources.and_then(|r| r.memory).map(|q| q.value),
        },
        topics: raw.topics.iter().map(|t| topic(t, retention)).collect(),
        connect: raw.connect.clone(),
    }
}

/// A rule refuses one where nobody says how long data may be kept.
fn purge(written: Option<&Spanned<raw::Purge>>, retention: Option<Duration>) -> Option<Purge> {
    let (written, retention) = (written?, retention?);
    let nightly = || Schedule {
        cron: Spanned::new(PURGE.to_owned(), written.span),
        time_zone: None,
    };
    let schedule = written.value.schedule.as_ref();
    Some(Purge {
        command: written.value.command.value.clone(),
        schedule: schedule.map_or_else(nightly, super::workload::schedule),
        retention,
    })
}

/// A topic is kept no longer than its data may be, unless it says so.
fn topic(written: &Spanned<raw::Topic>, most: Option<Duration>) -> Topic {
    let raw = &written.value;
    let unless_told = most.map_or(WEEK, |most| most.min(WEEK));
    Topic {
        name: raw.name.clone(),
        partitions: raw.partitions.map_or(3, |p| p.value),
        retention: raw.retention.map_or(unless_told, |r| r.value),
        compact: raw.compact.is_some_and(|c| c.value),
    }
}

fn synchronous(written: Option<&Spanned<Synchronous>>) -> (u32, Standbys) {
    let Some(written) = written else {
        return (0, Standbys::default());
    };
    let any = Standbys {
        span: Some(written.span),
        ..Standbys::default()
    };
    match &written.value {
        Synchronous::Any(count) => (count.0, any),
        Synchronous::Long(long) => {
            let standbys = Standbys {
                first: long.first.is_some(),
                of: long.of.clone(),
                ..any
            };
            (long.first.or(long.any).map_or(0, |n| n.value.0), standbys)
        }
    }
}

/// As many as the tier asks for, and no fewer than the engine needs.
fn instances(engine: Engine, tier: Tier) -> u32 {
    let enough = engine::facts(engine).instances.enough;
    enough.max(if tier == Tier::Critical { 3 } else { 2 })
}

/// Where one share is written the other is the rest.
fn access(written: Option<&Spanned<raw::Access>>) -> Access {
    let Some(written) = written else {
        return Access::WRITES;
    };
    let share = |s: &Option<Spanned<Share>>| s.as_ref().map(|s| s.value.as_ppm());
    let (reads, writes) = match (share(&written.value.reads), share(&written.value.writes)) {
        (None, None) => return Access::WRITES,
        (Some(reads), None) => (reads, Share::ONE.as_ppm() - reads),
        (None, Some(writes)) => (Share::ONE.as_ppm() - writes, writes),
        (Some(reads), Some(writes)) => (reads, writes),
    };
    Access {
        reads: u64::from(reads),
        // A rule refuses two shares of nothing.
        writes: if reads + writes == 0 {
            1
        } else {
            u64::from(writes)
        },
        span: Some(written.span),
    }
}

fn ten_gibibytes() -> Quantity {
    super::workload::quantity("10Gi")
}
