//! The order of rollout: the waves of `regen.yaml`, every cluster in exactly one.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::name::RegionName;
use crate::model::plan::{Because, StorePlan, WavePlan};

use super::Placed;
use super::ground::Ground;
use super::words;

/// Decides, and warns when the first wave risks most (data leaders, or most of the audience).
pub(super) fn decide<'p>(
    ground: &Ground<'_>,
    placed: &[Placed<'_>],
    stores: impl Iterator<Item = (String, &'p StorePlan)>,
    sink: &mut Sink,
) -> Vec<WavePlan> {
    let mut led: BTreeMap<&RegionName, Vec<String>> = BTreeMap::new();
    for (key, store) in stores {
        if let Some(leader) = &store.leader {
            led.entry(leader).or_default().push(key);
        }
    }
    let shares = traffic(ground, placed);
    let all: u128 = shares.iter().sum();
    let mut waves: Vec<WavePlan> = Vec::new();
    for wave in &ground.world.fleet.waves {
        let members: Vec<usize> = (0..ground.names.len())
            .filter(|&r| ground.world.regions[ground.names[r]].wave == *wave)
            .collect();
        if members.is_empty() {
            continue;
        }
        let mut clusters: Vec<_> = members
            .iter()
            .flat_map(|&r| &ground.world.regions[ground.names[r]].clusters)
            .cloned()
            .collect();
        clusters.sort();
        let share: u128 = members.iter().map(|&r| shares[r]).sum();
        let leaders: usize = members
            .iter()
            .filter_map(|&r| led.get(ground.names[r]))
            .map(Vec::len)
            .sum();
        let mut text = format!("wave {} of regen.yaml", waves.len() + 1);
        if all > 0 {
            text.push_str(&format!(
                "; serves {} of the audience",
                words::percent(share, all)
            ));
        }
        if leaders > 0 {
            text.push_str(&format!(" and holds {}", words::count(leaders, "leader")));
        }
        waves.push(WavePlan {
            name: wave.clone(),
            regions: members.iter().map(|&r| ground.names[r].clone()).collect(),
            clusters,
            because: Because::new(text),
        });
    }
    if let [first, _, ..] = waves.as_slice() {
        let most = shares
            .iter()
            .enumerate()
            .max_by_key(|(r, s)| (**s, std::cmp::Reverse(*r)));
        for region in &first.regions {
            let busiest = most.is_some_and(|(r, s)| ground.names[r] == region && *s > 0);
            let leads = led.get(region).map(Vec::as_slice).unwrap_or_default();
            let why = match (leads, busiest) {
                ([], false) => continue,
                ([], true) => "serves more of the audience than any other".to_owned(),
                ([one], _) => format!("leads store `{one}`"),
                (many, _) => format!("leads {} stores", many.len()),
            };
            let risky = Diagnostic::new(
                Code::WaveOrder,
                format!(
                    "the first wave, `{}`, begins with `{region}`, which {why}",
                    first.name
                ),
            )
            .at(
                ground.world.regions[region].name.span,
                "changes arrive here first",
            )
            .help("put a region with little traffic and no leader into the first wave");
            sink.emit(risky);
        }
    }
    waves
}

/// The audience that each region serves, every service weighing the same.
fn traffic(ground: &Ground<'_>, placed: &[Placed<'_>]) -> Vec<u128> {
    let mut shares = vec![0_u128; ground.names.len()];
    for service in placed.iter().filter(|p| p.demand.given) {
        for (region, weight) in &service.served {
            shares[*region] += weight.saturating_mul(1_000_000) / service.demand.total.max(1);
        }
    }
    shares
}
