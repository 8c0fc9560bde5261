//! Services to regions, one after the other, each exactly given the capacity that earlier ones left.
//!
//! Where one finds no room only because of what earlier ones chose freely, those are decided anew
//! together with it ([`repair`]); likewise where one would find no room after the loss of a region.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Sink};
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::plan::RestsOn;
use crate::model::world::{Service, Tier, World};

use super::Placed;
use super::amount::{Amount, Room};
use super::choose::{self, Bent};
use super::explain::Why;
use super::ground::{Demand, Ground};
use super::journey::{self, Together};
use super::legal::{self, Candidate};
use super::pairs::Pairs;
use super::repair;
use super::search::Searcher;

/// Decides services, equal questions once.
pub(super) struct Placer<'g, 'a> {
    pub ground: &'g Ground<'a>,
    searcher: Searcher,
    pairs: Pairs,
}

/// Where services are, and what that leaves.
pub(super) struct Places<'a> {
    /// In the order of decision.
    pub placed: Vec<Placed<'a>>,
    /// What is left of the clusters.
    pub room: Room,
    /// The round trips that were compared.
    pub rests_on: RestsOn,
    /// What was decided for journeys.
    pub together: Together,
    /// Services that found no place for want of room.
    pub crowded: Vec<Crowded<'a>>,
    /// Whether what could not be placed together is known to be so by proof.
    pub proven: bool,
}

/// A service without room.
pub(super) struct Crowded<'a> {
    pub key: &'a ServiceKey,
    pub service: &'a Service,
    /// What it was told, and what was tried.
    pub said: Vec<Diagnostic>,
    /// Whether it is in a place where it breaks what is asked of it, rather than in none.
    pub placed: bool,
}

impl<'a> Placer<'_, 'a> {
    /// One service by itself; `None` when an error was emitted.
    pub(super) fn decide(
        &mut self,
        (key, service): (&'a ServiceKey, &'a Service),
        demand: Demand,
        candidates: Vec<Candidate>,
        bent: &Bent,
        sink: &mut Sink,
    ) -> Option<Placed<'a>> {
        let rests_on = self
            .pairs
            .compare(self.ground, service, &demand, &candidates, sink)?;
        let chosen = choose::choose(
            self.ground,
            &mut self.searcher,
            (key, service),
            &demand,
            &candidates,
            bent,
            sink,
        );
        let chosen = chosen.filter(|c| !c.regions.is_empty())?;
        let served = served(self.ground, &demand, &chosen.serving);
        Some(Placed {
            key,
            service,
            demand,
            candidates,
            chosen,
            rests_on,
            served,
            why: Why::default(),
        })
    }
}

/// Places every service that can be; emits an error for each that cannot.
pub(super) fn all<'a>(ground: &Ground<'a>, sink: &mut Sink) -> Places<'a> {
    let mut placer = Placer {
        ground,
        searcher: Searcher::default(),
        pairs: Pairs::new(ground),
    };
    let mut room = Room::of(ground.world);
    let mut repairs = repair::Repairs::new();
    let mut exact = true;
    let mut crowded = Vec::new();
    let mut placed: Vec<Placed<'a>> = Vec::with_capacity(ground.world.services.len());
    let before = sink.errors();
    let mut together = Together::default();
    for one @ (key, service) in in_order(ground.world) {
        let demand = ground.demand(&service.audience);
        let candidates = legal::candidates(ground, service, &room);
        let full = candidates.iter().any(Candidate::full);
        let mut said = Sink::new();
        let decided = placer.decide(one, demand, candidates, &Bent::default(), &mut said);
        let sound = decided.as_ref().is_some_and(|p| p.chosen.sound);
        let tried = match sound || !full {
            true => None,
            false => repairs.room(&mut placer, &mut placed, &mut room, one).err(),
        };
        if !sound && full && tried.is_none() {
            continue;
        }
        let there = decided.is_some();
        placed.extend(decided.inspect(|p| p.occupy(&mut room)));
        let mut said = said.into_sorted();
        if let Some(note) = tried.as_ref().and_then(Option::as_ref) {
            said = said.into_iter().map(|d| d.note(note.clone())).collect();
        }
        exact &= sound || placed.last().is_none_or(|p| p.key != key || p.chosen.exact);
        if tried.is_some() {
            crowded.push(Crowded {
                key,
                service,
                said,
                placed: there,
            });
        } else {
            said.into_iter().for_each(|d| sink.emit(d));
        }
    }
    repairs.couplings(&mut placer, &mut placed, &mut room);
    if sink.errors() == before && crowded.is_empty() {
        together = journey::together(ground, &mut placed, &mut room);
    }
    Places {
        together,
        placed,
        room,
        rests_on: placer.pairs.all(),
        crowded,
        proven: exact && repairs.proven,
    }
}

/// The weight of the audience that each of some regions is nearest to.
pub(super) fn served(
    ground: &Ground<'_>,
    demand: &Demand,
    serving: &[usize],
) -> BTreeMap<usize, u128> {
    let mut served = BTreeMap::new();
    for &(from, weight) in &demand.by_region {
        if let Some(region) = ground.nearest(from, serving) {
            *served.entry(region).or_insert(0) += u128::from(weight);
        }
    }
    served
}

/// What each cluster of some regions holds of a service.
pub(super) fn loads<'s>(
    service: &'s Service,
    candidates: &'s [Candidate],
    regions: &'s [usize],
) -> impl Iterator<Item = (usize, ClusterName, Amount)> + 's {
    let pod = Amount::of_pod(service);
    regions.iter().flat_map(move |&region| {
        let pods = candidates[region].pods(service).into_iter();
        pods.map(move |(cluster, min, _)| (region, cluster, pod.times(min)))
    })
}

/// Services in the order in which they are decided.
fn in_order(world: &World) -> Vec<(&ServiceKey, &Service)> {
    let mut services: Vec<_> = world.services.iter().collect();
    services.sort_by_cached_key(|(key, service)| turn(key, service));
    services
}

/// When a service is decided.
pub(super) fn turn<'s>(
    key: &'s ServiceKey,
    service: &Service,
) -> (Tier, Reverse<i128>, &'s ServiceKey) {
    let reserved = Amount::of_pod(service).times(service.workload.scale.min);
    (service.tier, Reverse(reserved.cpu), key)
}

impl Placed<'_> {
    /// What each of its clusters holds of it.
    fn loads(&self) -> impl Iterator<Item = (usize, ClusterName, Amount)> {
        loads(self.service, &self.candidates, &self.chosen.regions)
    }

    pub(super) fn occupy(&self, room: &mut Room) {
        self.loads()
            .for_each(|(_, cluster, load)| room.take(&cluster, load));
    }

    pub(super) fn vacate(&self, room: &mut Room) {
        self.loads()
            .for_each(|(_, cluster, load)| room.give(&cluster, load));
    }

    /// The first of its clusters in which it does not fit.
    pub(super) fn overflow(&self, room: &Room) -> Option<ClusterName> {
        let mut loads = self.loads();
        loads.find_map(|(_, cluster, load)| (!room.fits(&cluster, load)).then_some(cluster))
    }

    /// The region of a cluster that it runs in.
    pub(super) fn region_of(&self, cluster: &ClusterName) -> Option<usize> {
        let regions = self.chosen.regions.iter().copied();
        let mut regions = regions.filter(|&r| self.candidates[r].clusters.contains(cluster));
        regions.next()
    }
}
