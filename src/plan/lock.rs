//! The lock: what of a plan is kept, how it is written, and what differs from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span};
use crate::model::lock::{Lock, LockedService, LockedShard, LockedStore};
use crate::model::plan::{Because, Move, Plan};

use crate::yaml;

use super::words;

/// The version of the lock's form that is written.
pub const VERSION: u32 = 1;

/// The sticky decisions of a plan.
pub fn of(plan: &Plan) -> Lock {
    let texts = |names: &[crate::model::name::RegionName]| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let services = plan.services.iter().map(|(key, service)| {
        let regions = service.regions.iter().map(|p| p.region.to_string());
        let regions = regions.collect();
        (key.to_string(), LockedService { regions })
    });
    let stores = plan.stores.iter().map(|(key, store)| {
        let clusters = store.clusters.iter();
        let locked = LockedStore {
            leader: store.leader.as_ref().map(ToString::to_string),
            voters: texts(&store.voters),
            shards: store
                .shards
                .iter()
                .map(|(name, shard)| {
                    let locked = LockedShard {
                        leader: shard.leader.as_ref().map(ToString::to_string),
                        voters: texts(&shard.voters),
                    };
                    (name.clone(), locked)
                })
                .collect(),
            replicas: texts(&store.replicas),
            clusters: clusters
                .map(|(r, c)| (r.to_string(), c.to_string()))
                .collect(),
        };
        (key.to_string(), locked)
    });
    Lock {
        version: VERSION,
        services: services.collect(),
        stores: stores.collect(),
    }
}

/// The text of `regen.lock`: YAML with sorted keys and every string in double quotes.
pub fn to_text(plan: &Plan) -> String {
    let lock = of(plan);
    let mut text = String::from(
        "# The sticky decisions of the plan. Written by `regen plan --write` and `regen render`; commit\n\
         # it with the fleet. A later plan keeps what stands here while it is legal.\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "version: {}", lock.version);
    let _ = writeln!(
        text,
        "services:{}",
        if lock.services.is_empty() { " {}" } else { "" }
    );
    for (key, service) in &lock.services {
        let _ = writeln!(
            text,
            "  {}: {{regions: {}}}",
            quoted(key),
            sequence(&service.regions)
        );
    }
    let _ = writeln!(
        text,
        "stores:{}",
        if lock.stores.is_empty() { " {}" } else { "" }
    );
    for (key, store) in &lock.stores {
        let _ = writeln!(text, "  {}:", quoted(key));
        if let Some(leader) = &store.leader {
            let _ = writeln!(text, "    leader: {}", quoted(leader));
        }
        for (name, regions) in [("voters", &store.voters), ("replicas", &store.replicas)] {
            if !regions.is_empty() {
                let _ = writeln!(text, "    {name}: {}", sequence(regions));
            }
        }
        if !store.shards.is_empty() {
            text.push_str("    shards:\n");
        }
        for (name, shard) in &store.shards {
            let leader = shard.leader.as_ref();
            let leader = leader.map(|l| format!("leader: {}, ", quoted(l)));
            let _ = writeln!(
                text,
                "      {}: {{{}voters: {}}}",
                quoted(name),
                leader.unwrap_or_default(),
                sequence(&shard.voters)
            );
        }
        let _ = writeln!(
            text,
            "    clusters:{}",
            if store.clusters.is_empty() { " {}" } else { "" }
        );
        for (region, cluster) in &store.clusters {
            let _ = writeln!(text, "      {}: {}", quoted(region), quoted(cluster));
        }
    }
    text
}

/// Reads `regen.lock`.
///
/// # Errors
/// When it is not what [`to_text`] writes, or is of a form that is not known yet.
pub fn read(sources: &Sources, id: SourceId, sink: &mut Sink) -> Result<Lock, Rejected> {
    let lock: Lock = yaml::read_strict(sources, id, sink)?;
    if lock.version > VERSION {
        let path = sources.get(id).path();
        let newer = Diagnostic::new(
            Code::LockNewer,
            format!(
                "`{path}` has form {}, and this regen knows forms up to {VERSION}",
                lock.version
            ),
        )
        .at(Span::new(id, 0, 0), "")
        .help("use the regen that wrote it, or a newer one");
        return Err(sink.reject(newer));
    }
    Ok(lock)
}

/// A JSON string is a YAML double-quoted one, whatever the name.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn sequence(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|i| quoted(i)).collect();
    format!("[{}]", items.join(", "))
}

/// Every decision of a plan that the lock has otherwise, or that only one of them has.
pub fn differences(plan: &Plan, lock: &Lock) -> Vec<Move> {
    let now = of(plan);
    let mut moves = Vec::new();
    let mut compare = |what: String, from: Option<String>, to: Option<String>, moves_data: bool| {
        if from == to {
            return;
        }
        let because = match (&from, &to) {
            (None, _) => "new since the lock was written",
            (_, None) => "no longer in the fleet",
            _ => "the plan differs from the lock",
        };
        let moved = plan.moves.iter().find(|m| m.what == what);
        moves.push(Move {
            because: moved.map_or_else(|| Because::new(because), |m| m.because.clone()),
            moves_data: moves_data && from.is_some() && to.is_some(),
            from: from.unwrap_or_else(|| "nothing".to_owned()),
            to: to.unwrap_or_else(|| "nothing".to_owned()),
            what,
            ..Move::default()
        });
    };
    for key in keys(&lock.services, &now.services) {
        let regions = |l: &Lock| {
            let service = l.services.get(key)?;
            Some(words::list(service.regions.iter().map(String::as_str)))
        };
        compare(
            format!("regions of {key}"),
            regions(lock),
            regions(&now),
            false,
        );
    }
    for key in keys(&lock.stores, &now.stores) {
        let leader = |l: &Lock| l.stores.get(key).and_then(|s| s.leader.clone());
        compare(format!("leader of {key}"), leader(lock), leader(&now), true);
        for (name, pick) in [
            (
                "voters",
                (|s: &LockedStore| s.voters.clone()) as fn(&LockedStore) -> Vec<String>,
            ),
            ("replicas", |s| s.replicas.clone()),
        ] {
            let regions = |l: &Lock| {
                let regions = pick(l.stores.get(key)?);
                (!regions.is_empty()).then(|| words::list(regions.iter().map(String::as_str)))
            };
            compare(
                format!("{name} of {key}"),
                regions(lock),
                regions(&now),
                true,
            );
        }
        let none = BTreeMap::new();
        let shards = |l: &Lock| l.stores.get(key).map_or(none.clone(), |s| s.shards.clone());
        let (before, after) = (shards(lock), shards(&now));
        for shard in keys(&before, &after) {
            let leader = |of: &BTreeMap<String, LockedShard>| of.get(shard)?.leader.clone();
            let voters = |of: &BTreeMap<String, LockedShard>| {
                Some(words::list(
                    of.get(shard)?.voters.iter().map(String::as_str),
                ))
            };
            let part = format!("{key}, part {shard}");
            compare(
                format!("leader of {part}"),
                leader(&before),
                leader(&after),
                true,
            );
            compare(
                format!("voters of {part}"),
                voters(&before),
                voters(&after),
                true,
            );
        }
        let empty = BTreeMap::new();
        let clusters = |l: &Lock| {
            l.stores
                .get(key)
                .map_or(empty.clone(), |s| s.clusters.clone())
        };
        let (before, after) = (clusters(lock), clusters(&now));
        for region in keys(&before, &after) {
            let what = format!("{key} in {region}");
            compare(
                what,
                before.get(region).cloned(),
                after.get(region).cloned(),
                true,
            );
        }
    }
    moves
}

fn keys<'a, V>(a: &'a BTreeMap<String, V>, b: &'a BTreeMap<String, V>) -> BTreeSet<&'a str> {
    a.keys().chain(b.keys()).map(String::as_str).collect()
}
