//! What conflicts to the cheapest changes that end it, each planned with nothing but it changed.

use crate::engine;
use crate::model::name::ServiceKey;
use crate::model::world::{RegionChoice, Service, World};
use crate::plan::amount::{Amount, Room};
use crate::plan::conflict::Member;
use crate::plan::ground::{Ground, UNKNOWN};
use crate::plan::legal::{self, Constraint};
use crate::plan::search::value;
use crate::plan::store::Limit;

use super::change::{Change, Which, of, unit};
use super::part::{self, Kind, Part, Waived, capacity};
use super::trial::Trials;
use super::{Found, Look};

/// How many ways out are told.
const TOLD: usize = 6;
/// How many regions are tried for one way out, the nearest first.
const TRIED: usize = 12;

/// Fills in the ways out of each set. Of several sets each needs one of its own.
pub(in crate::plan) fn remedies(ground: &Ground<'_>, look: &Look<'_>, found: &mut [Found]) {
    let mut trials = Trials::new(ground, look.apart);
    for i in 0..found.len() {
        let mut worlds = vec![found[i].crowd.clone()];
        if found.len() > 1 {
            let others = found.iter().enumerate().filter(|(j, _)| *j != i);
            let theirs = others.flat_map(|(_, one)| &one.parts);
            for part in theirs.filter(|part| !found[i].parts.contains(part)) {
                part::without(&mut worlds[0], &mut Waived::new(), part);
            }
        } else {
            let here = |key: &ServiceKey| worlds[0].services.contains_key(key);
            let gone = look.failing.iter().filter(|key| !here(key));
            let whole = trials.but_for(&gone.copied().collect());
            worlds.push(whole);
        }
        let search = Search {
            trials: &mut trials,
            worlds: &worlds,
            about: look.about,
            set: &found[i].parts,
        };
        found[i].conflict.helps = search.ways();
    }
}

/// The smallest limit in milliseconds of an enforced budget that a service can keep by itself, all
/// else as it is; `None` where none can be, or it takes too long to say.
pub(in crate::plan) fn least_budget(
    ground: &Ground<'_>,
    key: &ServiceKey,
    which: Which,
    tail: bool,
) -> Option<u64> {
    let mut trials = Trials::new(ground, &[]);
    let world = trials.only([key]);
    let mut search = Search {
        trials: &mut trials,
        worlds: std::slice::from_ref(&world),
        about: key,
        set: &[],
    };
    match search.budget(key, which, tail)? {
        Change::Budget(_, _, _, ms) => Some(ms),
        _ => None,
    }
}

/// A search for ways out of one set.
struct Search<'s, 'g, 'a> {
    trials: &'s mut Trials<'g, 'a>,
    /// The fleets that have to have a plan, the smallest first: those in the conflict, and all.
    worlds: &'s [World],
    about: &'s ServiceKey,
    set: &'s [Part],
}

impl Search<'_, '_, '_> {
    /// What is asked for, then lists of the services, then budgets, then what clusters hold and can,
    /// then the law.
    fn ways(mut self) -> Vec<String> {
        let set = self.set;
        let mut own: Vec<(&ServiceKey, Member)> = set
            .iter()
            .filter_map(|part| match part {
                Part::Own(key, member) => Some((key, *member)),
                _ => None,
            })
            .collect();
        own.sort_by_key(|(key, _)| *key != self.about);
        let mut ways: Vec<Change> = Vec::new();
        for step in 0..5 {
            for &(key, member) in &own {
                let found = match step {
                    0 => self.fewer(key, member),
                    1 => self.listed(key, member).into_iter().collect(),
                    2 => self.limit(key, member),
                    3 => self.capable(key, member).into_iter().collect(),
                    _ => self.area(key, member).into_iter().collect(),
                };
                ways.extend(found);
            }
            if step == 2 {
                ways.extend(self.capacity());
                ways.extend(self.headroom());
                let stay = own.iter().filter(|(_, m)| *m == Member::TakeOver);
                let stay: Vec<Change> = stay.map(|(key, _)| Change::Stay((*key).clone())).collect();
                ways.extend(stay.into_iter().filter(|way| self.enough(way)));
            }
        }
        ways.truncate(TOLD);
        let world = &self.worlds[0];
        ways.iter()
            .map(|way| way.words(world, self.about))
            .collect()
    }

    fn service(&self, key: &ServiceKey) -> Option<&Service> {
        self.worlds[0].services.get(key)
    }

    /// Whether there is a plan with a change made, and no more data without a second place.
    fn enough(&mut self, change: &Change) -> bool {
        let worlds = self.worlds;
        worlds.iter().enumerate().all(|(i, world)| {
            let changed = change.made(world);
            let stranded = changed.and_then(|world| self.trials.stranded(&world, i > 0));
            let here = |key: &ServiceKey| worlds[0].services.contains_key(key);
            stranded.is_some_and(|keys| !keys.iter().any(here))
        })
    }

    /// Of changes from the smallest, the first that is enough, where each beyond it is too.
    fn first(&mut self, count: u64, change: impl Fn(u64) -> Change) -> Option<Change> {
        if count == 0 || !self.enough(&change(count - 1)) {
            return None;
        }
        let (mut low, mut high) = (0, count - 1);
        while low < high {
            let middle = low.midpoint(high);
            match self.enough(&change(middle)) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Some(change(low))
    }

    /// Fewer pods, regions or standbys.
    fn fewer(&mut self, key: &ServiceKey, member: Member) -> Vec<Change> {
        let Some(service) = self.service(key) else {
            return Vec::new();
        };
        let (scale, placement) = (service.workload.scale, service.placement.clone());
        let mut ways = Vec::new();
        match member {
            Member::Pods => {
                let fewer = |n: u64| Change::Min(key.clone(), scale.min - 1 - n as u32);
                ways.extend(self.first(u64::from(scale.min.saturating_sub(1)), fewer));
            }
            Member::TakeOver => {
                let fewer = |n: u64| Change::Max(key.clone(), scale.max - 1 - n as u32);
                ways.extend(self.first(u64::from(scale.max.saturating_sub(scale.min)), fewer));
            }
            Member::Regions => match &placement.regions {
                RegionChoice::Count { at_least, at_most } => {
                    let fewer = |n: u64| Change::Regions(key.clone(), at_least - 1 - n as u32);
                    let fewer = self.first(u64::from(at_least.saturating_sub(1)), fewer);
                    // There may be no upper end.
                    let beyond = || (1..=3).filter_map(|more| at_most.checked_add(more));
                    let more = || beyond().map(|n| Change::Regions(key.clone(), n));
                    ways.extend(fewer.or_else(|| more().find(|way| self.enough(way))));
                }
                RegionChoice::Named(named) if named.len() > 1 => {
                    let mut without = named
                        .iter()
                        .map(|n| Change::Without(key.clone(), n.value.clone()));
                    ways.extend(without.find(|way| self.enough(way)));
                }
                RegionChoice::All | RegionChoice::Named(_) => {}
            },
            Member::Store(index, Limit::Standbys) => {
                let now = service.stores[index].synchronous;
                let fewer = |n: u64| Change::Standbys(key.clone(), index, now - 1 - n as u32);
                ways.extend(self.first(u64::from(now), fewer));
            }
            Member::Store(index, Limit::Leader) => {
                let any = Change::AnyLeader(key.clone(), index);
                ways.extend(self.enough(&any).then_some(any));
            }
            _ => {}
        }
        ways
    }

    /// Regions that nothing but a constraint stands against, the nearest to the users first.
    fn behind(&self, key: &ServiceKey, constraint: Constraint) -> Vec<usize> {
        let world = &self.worlds[0];
        let Some(service) = self.service(key) else {
            return Vec::new();
        };
        let ground = self.trials.ground.of_part(world);
        let demand = ground.demand(&service.audience);
        let empty = legal::candidates(&ground, service, &Room::of(world));
        let mut behind: Vec<usize> = (0..empty.len())
            .filter(|&r| {
                let mut obstacles = empty[r].obstacles.iter();
                !empty[r].legal() && obstacles.all(|o| o.constraint == constraint)
            })
            .collect();
        behind.sort_by_key(|&r| (value(&demand.by_region, &[r], &ground.costs), r));
        behind.truncate(TRIED);
        behind
    }

    /// Another region in the list of candidates.
    fn listed(&mut self, key: &ServiceKey, member: Member) -> Option<Change> {
        let Member::Region(Constraint::From) = member else {
            return None;
        };
        let name = |r: usize| self.trials.ground.names[r].clone();
        let behind = self.behind(key, Constraint::From).into_iter();
        let ways: Vec<_> = behind.map(|r| Change::From(key.clone(), name(r))).collect();
        ways.into_iter().find(|way| self.enough(way))
    }

    /// A budget that can be kept.
    fn limit(&mut self, key: &ServiceKey, member: Member) -> Vec<Change> {
        let (which, tails) = match member {
            Member::Read { tail } => (Which::Read, vec![tail]),
            Member::Call { tail } => (Which::Call, vec![tail]),
            Member::Write => (Which::Write, vec![false, true]),
            _ => return Vec::new(),
        };
        let mut ways = tails.into_iter();
        ways.find_map(|tail| self.budget(key, which, tail))
            .into_iter()
            .collect()
    }

    /// The smallest limit that is enough.
    fn budget(&mut self, key: &ServiceKey, which: Which, tail: bool) -> Option<Change> {
        let mut service = self.service(key)?.clone();
        let written = of(&mut service, which)?.value;
        let now = match tail {
            false => written.p50,
            true => written.p99,
        }?;
        let costs = self.trials.ground.enforced(tail).iter().flatten();
        let farthest = costs.copied().filter(|c| *c < UNKNOWN).max()?;
        // The way, what a commit waits for, and what an engine adds.
        let most = farthest.saturating_mul(3).div_ceil(1000) + 100;
        let now = now.as_millis();
        self.first(most.saturating_sub(now), |more| {
            Change::Budget(key.clone(), which, tail, now + 1 + more)
        })
    }

    /// Of clusters that could hold more, the one that needs the least of it.
    fn capacity(&mut self) -> Vec<Change> {
        let mut ways: Vec<(i128, Change)> = Vec::new();
        for part in self.set {
            let Part::Capacity(cluster, kind) = part else {
                continue;
            };
            let world = &self.worlds[0];
            let Some(now) = capacity(world, cluster, *kind) else {
                continue;
            };
            let now = now / unit(*kind);
            let all = self.worlds.last().map_or(0, |w| most(w, *kind));
            // All pods of all services, and what is kept free.
            let free = i128::from(world.fleet.failover.headroom.as_ppm().min(990_000));
            let most = (all / unit(*kind) + 1).saturating_mul(1_000_000) / (1_000_000 - free) + 1;
            let Ok(steps) = u64::try_from(most - now) else {
                continue;
            };
            let way = self.first(steps, |more| {
                Change::Capacity(cluster.clone(), *kind, now + 1 + i128::from(more))
            });
            if let Some(Change::Capacity(_, _, units)) = &way {
                ways.push((
                    units - now,
                    way.clone().into_iter().collect::<Vec<_>>().remove(0),
                ));
            }
        }
        ways.sort_by_key(|(more, _)| *more);
        ways.into_iter().map(|(_, way)| way).take(2).collect()
    }

    fn headroom(&mut self) -> Option<Change> {
        self.set.contains(&Part::Headroom).then_some(())?;
        let now = self.worlds[0]
            .fleet
            .failover
            .headroom
            .as_ppm()
            .div_ceil(10_000);
        self.first(u64::from(now), |less| {
            Change::Headroom(now - 1 - less as u32)
        })
    }

    /// A cluster that can do what is needed.
    fn capable(&mut self, key: &ServiceKey, member: Member) -> Option<Change> {
        let ground = self.trials.ground;
        let service = self.service(key)?;
        let (constraint, capability) = match member {
            Member::Region(Constraint::Engine(i)) => {
                let engine = service.stores.get(i)?.engine.value;
                (Constraint::Engine(i), engine::capability(engine))
            }
            Member::Region(Constraint::Exposure) => {
                let dns = ground.world.fleet.platform.dns.as_ref()?;
                (Constraint::Exposure, dns.controller.name().into())
            }
            _ => return None,
        };
        let environment = service.environment.clone();
        let clusters = self.behind(key, constraint).into_iter().filter_map(|r| {
            let mut clusters = ground.world.regions[ground.names[r]].clusters.iter();
            let of = |c: &&_| {
                ground
                    .world
                    .clusters
                    .get(*c)
                    .is_some_and(|c| c.environment == environment)
            };
            clusters.find(of).cloned()
        });
        let ways: Vec<_> = clusters
            .map(|c| Change::Capability(c, capability.clone()))
            .collect();
        ways.into_iter().find(|way| self.enough(way))
    }

    /// A wider area for the data.
    fn area(&mut self, key: &ServiceKey, member: Member) -> Option<Change> {
        let Member::Region(Constraint::Residency(index)) = member else {
            return None;
        };
        let ground = self.trials.ground;
        let class = self.service(key)?.stores.get(index)?.data.clone()?.value;
        let behind = self.behind(key, Constraint::Residency(index)).into_iter();
        let ways: Vec<_> = behind
            .map(|r| {
                let name = ground.names[r];
                let country = ground.world.regions[name].country;
                Change::Area(class.clone(), country, name.clone())
            })
            .collect();
        ways.into_iter().find(|way| self.enough(way))
    }
}

/// What all services ask for with all of their pods in one cluster, in billionths.
fn most(world: &World, kind: Kind) -> i128 {
    let services = world.services.values().map(|service| {
        let scale = service.workload.scale;
        kind.of(Amount::of_pod(service).times(scale.max.max(scale.min).max(1)))
    });
    services.fold(0, i128::saturating_add)
}
