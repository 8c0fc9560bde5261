//! Lost zones of regions that stand: what the instances of a store there survive.

use crate::engine::{self, ClassFacts, Recovery};
use crate::model::name::RegionName;
use crate::model::simulation::{Rpo, Rto, StoreOutcome, Writes};
use crate::plan::words;

use super::scene::Scene;
use super::stores::{Held, rpo};

/// Whether all instances in a region may be in the zones that it lost.
pub(super) fn may_be_gone(scene: &Scene<'_>, held: &Held<'_>, region: &RegionName) -> bool {
    let enough = engine::facts(held.store.engine.value).instances.enough;
    scene.zones(region).is_some() && held.store.instances < enough
}

/// Zones of regions that hold the store: what its instances there survive, first of all where it is
/// led.
pub(super) fn zones(
    scene: &Scene<'_>,
    held: &Held<'_>,
    way: &ClassFacts,
    regions: &[&RegionName],
    outcome: &mut StoreOutcome,
) {
    let leader = held.plan.leader.as_ref();
    let mut hit: Vec<&RegionName> = regions
        .iter()
        .copied()
        .filter(|r| scene.zones(r).is_some() && !outcome.lost.contains(r))
        .collect();
    hit.sort_by_key(|r| leader != Some(*r));
    if hit.is_empty() {
        return;
    }
    outcome.because.clear();
    for region in hit {
        let decides = leader.is_none_or(|l| l == region);
        let because = &mut outcome.because;
        let Some(loss) = way.zone.filter(|_| !may_be_gone(scene, held, region)) else {
            because.push(format!(
                "{} in {region} may all be in a lost zone",
                words::count(held.store.instances as usize, "instance")
            ));
            if decides {
                outcome.writes = Writes::Stop;
                outcome.rto = Rto::Back;
                outcome.rpo = Rpo::Back;
            }
            continue;
        };
        because.push(format!("another instance in {region} takes over"));
        if decides && outcome.writes != Writes::Stop {
            outcome.rpo = rpo(scene, loss.lost, held, region, region);
            (outcome.writes, outcome.rto) = match loss.recovery {
                Recovery::Automatic => (Writes::Switch, Rto::Automatic),
                Recovery::Manual => (Writes::Person, Rto::Manual),
            };
        }
    }
}
