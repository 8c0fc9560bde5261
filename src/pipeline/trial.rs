//! A plan under round trips that are tried, beside the one under the fleet's own.

use std::collections::BTreeMap;

use crate::diag::Sink;
use crate::latency;
use crate::model::plan::{Move, Plan};
use crate::model::trial::{Trial, TriedMove, TriedValue};
use crate::plan;

use super::{Input, Planned};

/// Compares a plan that rests on [`Input::round_trips`] with that under the fleet's own.
pub fn trial(input: &Input, planned: &Planned, options: &plan::Options) -> Trial {
    let world = &planned.world;
    let own_file = world.rtt_file.map(|file| (file, &input.sources));
    let path = |file| input.sources.get(file).path().to_owned();
    let mut trial = Trial {
        file: world.fleet.network.rtt.clone(),
        own: world.rtt_file.map(path),
        ..Trial::default()
    };
    // What is wrong with the fleet's own round trips, `regen plan` says without others.
    let mut unsaid = Sink::new();
    let network = &world.fleet.network;
    let Ok(own) = latency::round_trips(&world.regions, network, own_file, &mut unsaid) else {
        return trial;
    };
    trial.of = world.regions.len() * world.regions.len();
    trial.pairs = latency::differences(world.regions.keys(), &own, &planned.round_trips);
    let lock = planned.lock.as_ref();
    let Ok(before) = plan::plan(world, &own, lock, options, &mut unsaid) else {
        return trial;
    };
    trial.own_rests_on = Some(before.rests_on);
    let kept = plan::lock::of(&before);
    let sticky = plan::Options::default();
    let tried = &planned.round_trips;
    let same = plan::plan(world, tried, Some(&kept), &sticky, &mut unsaid).ok();
    let under_own = plan::moves(world, &own, &kept, &planned.plan);
    let mut under_own: BTreeMap<String, _> = under_own
        .into_iter()
        .map(|m| (m.what, m.objective))
        .collect();
    trial.moves = plan::moves(world, tried, &kept, &planned.plan)
        .into_iter()
        .map(|movement| TriedMove {
            under_own: under_own.remove(&movement.what).flatten(),
            movement: reasoned(movement, &planned.plan),
        })
        .collect();
    trial.values = values(&before, same.as_ref(), &planned.plan);
    trial
}

/// A move with the reason that the plan gives for what it decided: the move itself was told from a
/// plan that only repeats it.
fn reasoned(movement: Move, plan: &Plan) -> Move {
    let what = movement.what.as_str();
    let mut services = plan.services.iter();
    let mut stores = plan.stores.iter();
    let because = if let Some(key) = what.strip_prefix("regions of ") {
        services
            .find(|(k, _)| k.to_string() == key)
            .map(|(_, s)| &s.because)
    } else if let Some(key) = what.strip_prefix("leader of ") {
        stores
            .find(|(k, _)| k.to_string() == key)
            .map(|(_, s)| &s.because)
    } else {
        None
    };
    match because {
        Some(because) => Move {
            because: because.clone(),
            ..movement
        },
        None => movement,
    }
}

/// The values of all decisions that differ between the three plans.
pub(super) fn values(own: &Plan, kept: Option<&Plan>, tried: &Plan) -> Vec<TriedValue> {
    let mut all: BTreeMap<String, TriedValue> = BTreeMap::new();
    let three = [Some(own), kept, Some(tried)];
    for (which, plan) in three.into_iter().enumerate() {
        let Some(plan) = plan else { continue };
        let services = plan.services.iter();
        let reads = services.map(|(k, s)| (format!("reads of {k}"), s.predicted.weighted_read_ns));
        let stores = plan.stores.iter();
        let writes = stores.map(|(k, s)| (format!("writes of {k}"), s.objective_ns));
        for (of, ns) in reads.chain(writes) {
            let value = all.entry(of).or_default();
            match which {
                0 => value.own_ns = ns,
                1 => value.kept_ns = ns,
                _ => value.tried_ns = ns,
            }
        }
    }
    let differs = |v: &TriedValue| v.own_ns != v.kept_ns || v.own_ns != v.tried_ns;
    let all = all
        .into_iter()
        .map(|(of, value)| TriedValue { of, ..value });
    all.filter(differs).collect()
}
