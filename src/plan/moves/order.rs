//! The order among the moves of a service: regions are joined, voters and leaders move, regions are
//! left.

use crate::model::lock::Lock;
use crate::model::plan::Plan;
use crate::plan::Placed;
use crate::plan::ground::Ground;

/// The regions that a service joins; none where it was in none.
pub(super) fn joined<'g>(
    ground: &'g Ground<'_>,
    placed: &Placed<'_>,
    before: &Lock,
) -> Vec<&'g str> {
    let Some(was) = before.services.get(&placed.key.to_string()) else {
        return Vec::new();
    };
    let is = placed.chosen.regions.iter();
    is.map(|&r| ground.names[r].as_str())
        .filter(|name| was.regions.iter().all(|w| w != name))
        .collect()
}

/// The moves of stores that take a leader or voters out of regions, in their order.
pub(super) fn out_of(
    placed: &Placed<'_>,
    before: &Lock,
    after: &Plan,
    regions: &[&str],
) -> Vec<String> {
    let mut first = Vec::new();
    for declared in &placed.service.stores {
        let key = placed.key.store(&declared.name.value);
        let (old, new) = match (before.stores.get(&key.to_string()), after.stores.get(&key)) {
            (Some(old), Some(new)) => (old, new),
            _ => continue,
        };
        let mut leaves = |part: String, voters: &[String], leader: Option<&String>| {
            let inside = |name: &String| regions.contains(&name.as_str());
            if voters.iter().any(inside) {
                first.push(format!("`voters of {part}`"));
            }
            if leader.is_some_and(inside) {
                first.push(format!("`leader of {part}`"));
            }
        };
        if old.shards.is_empty() && new.shards.is_empty() {
            leaves(key.to_string(), &old.voters, old.leader.as_ref());
        }
        let parts = old.shards.iter();
        for (name, old) in parts.filter(|(name, _)| new.shards.contains_key(*name)) {
            let part = format!("{key}, part {name}");
            leaves(part, &old.voters, old.leader.as_ref());
        }
    }
    first
}
