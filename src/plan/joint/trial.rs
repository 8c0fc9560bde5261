//! A few services of a fleet, planned by themselves under some of their parts.

use std::collections::BTreeSet;

use crate::diag::Sink;
use crate::model::name::ServiceKey;
use crate::model::origin::Origins;
use crate::model::world::World;
use crate::plan::calls;
use crate::plan::conflict::Member;
use crate::plan::failover;
use crate::plan::ground::Ground;
use crate::plan::place::{self, Places};
use crate::plan::{self, Placed};

use super::part::{self, Part, Waived};

/// How many services are planned at most to explain what conflicts, each trial counted.
pub(super) const ALLOWANCE: usize = 20_000;

/// Trials of one fleet.
pub(super) struct Trials<'g, 'a> {
    pub ground: &'g Ground<'a>,
    /// What is not asked, since it is told apart.
    apart: &'g [(ServiceKey, Member)],
    /// How many services may still be planned.
    pub left: usize,
    /// Whether every trial without a plan has none by proof.
    pub proven: bool,
}

impl<'g, 'a> Trials<'g, 'a> {
    pub(super) fn new(ground: &'g Ground<'a>, apart: &'g [(ServiceKey, Member)]) -> Self {
        Self {
            ground,
            apart,
            left: ALLOWANCE,
            proven: true,
        }
    }

    /// The fleet with these services alone.
    pub(super) fn only<'k>(&self, keys: impl IntoIterator<Item = &'k ServiceKey>) -> World {
        let world = self.ground.world;
        let services = keys.into_iter().filter_map(|key| {
            let mut service = world.services.get(key)?.clone();
            for (_, member) in self.apart.iter().filter(|(of, _)| of == key) {
                part::lift(&mut service, *member);
            }
            Some((key.clone(), service))
        });
        World {
            fleet: world.fleet.clone(),
            regions: world.regions.clone(),
            clusters: world.clusters.clone(),
            services: services.collect(),
            journeys: Default::default(),
            overlays: Vec::new(),
            rtt_file: None,
            origins: Origins::default(),
        }
    }

    /// The fleet without some services.
    pub(super) fn but_for(&self, failing: &BTreeSet<&ServiceKey>) -> World {
        let keys = self.ground.world.services.keys();
        self.only(keys.filter(|key| !failing.contains(key)))
    }

    /// Whether there is a plan that keeps all that is asked; `None` once the allowance is used up.
    pub(super) fn planned(&mut self, world: &World) -> Option<bool> {
        self.waiving(world, Waived::new())
    }

    /// Which services of a fleet that has a plan, under the lock or without, hold data that has
    /// nowhere to go after the loss of a region; `None` without a plan.
    pub(super) fn stranded(&mut self, world: &World, locked: bool) -> Option<Vec<ServiceKey>> {
        self.left = self.left.checked_sub(world.services.len().max(1))?;
        let ground = self.of(world, Waived::new(), locked);
        let mut sink = Sink::new();
        let places = place::all(&ground, &mut sink);
        let stranded = |p: &&Placed<'_>| failover::stranded(&ground, p);
        let keys = || places.placed.iter().filter(stranded).map(|p| p.key.clone());
        sound(&ground, &places, &sink).then(|| keys().collect())
    }

    /// The same with nothing but some parts asked.
    pub(super) fn planned_under(
        &mut self,
        world: &World,
        all: &[Part],
        kept: &[Part],
    ) -> Option<bool> {
        let (world, waived) = self.under(world, all, kept);
        self.waiving(&world, waived)
    }

    /// A fleet with nothing but some parts asked.
    fn under(&self, world: &World, all: &[Part], kept: &[Part]) -> (World, Waived) {
        let kept: BTreeSet<&Part> = kept.iter().collect();
        let mut world = world.clone();
        let mut waived = Waived::new();
        let asked = |key: &ServiceKey| {
            let mut kept = kept.iter();
            kept.any(|part| matches!(part, Part::Own(of, _) if of == key))
        };
        // Where nothing is asked of a service it can be anywhere, and needs no room.
        let journeys = !world.journeys.is_empty();
        world.services.retain(|key, _| journeys || asked(key));
        for part in all.iter().filter(|part| !kept.contains(part)) {
            part::without(&mut world, &mut waived, part);
        }
        (world, waived)
    }

    fn waiving(&mut self, world: &World, waived: Waived) -> Option<bool> {
        self.left = self.left.checked_sub(world.services.len().max(1))?;
        let ground = self.of(world, waived, false);
        let mut sink = Sink::new();
        let places = place::all(&ground, &mut sink);
        let placed = sound(&ground, &places, &sink);
        self.proven &= placed || places.proven;
        if !placed {
            return Some(false);
        }
        // Stores and what users see of them follow from where services are.
        let plan = plan::decide(&ground, &places.placed, &places.room, &mut sink);
        let base = plan::base(&ground, &places.placed, &plan.stores);
        for (name, journey) in &world.journeys {
            let joint = places.together.get(name);
            self.proven &= joint.is_none_or(|joint| joint.kept || joint.proven);
            plan::journey::predict(&base, journey, joint, &mut sink);
        }
        Some(sink.errors() == 0)
    }

    fn of<'w>(&self, world: &'w World, waived: Waived, locked: bool) -> Ground<'w>
    where
        'a: 'w,
    {
        let mut waived = waived;
        for (key, member) in self.apart {
            let service = world.services.get(key).cloned();
            let waiver = service.and_then(|mut s| part::lift(&mut s, *member));
            if let Some(waiver) = waiver {
                waived.entry(key.clone()).or_default().insert(waiver);
            }
        }
        let mut ground = self.ground.of_part(world).waiving(waived);
        ground.lock = self.ground.lock.filter(|_| locked);
        ground
    }
}

/// Whether places keep all that is asked.
fn sound(ground: &Ground<'_>, places: &Places<'_>, sink: &Sink) -> bool {
    let all: Vec<_> = places.placed.iter().collect();
    sink.errors() == 0
        && places.crowded.is_empty()
        && all.iter().all(|p| p.chosen.sound)
        && calls::too_far(ground, &all).is_empty()
        && failover::lacks(ground, &all, &places.room).is_empty()
}
