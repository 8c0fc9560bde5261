//! Services that compete for capacity: what is decided against every joint placement there is, by an
//! arithmetic of its own.
//!
//! A region holds `min` pods of each of its services. After the loss of a region each of its
//! services, in the order of decision, goes to the nearest of its other regions that has room, with
//! the headroom kept free, for the share of the audience of both, up to `max` pods.

use regen::model::name::{RegionName, ServiceKey};
use regen::model::plan::Plan;

use crate::fleet::Fleet;
use crate::room::Dice;

const PLACES: [&str; 4] = ["a", "b", "c", "d"];

/// A service of a small world: cores in tenths, pods, weights by region, how many regions.
#[derive(Clone, Debug)]
struct Wanted {
    cpu: u64,
    min: u64,
    max: u64,
    weights: [u64; 4],
    bounds: (usize, usize),
    failover: bool,
}

#[derive(Clone, Debug)]
struct World {
    /// Round trips in milliseconds.
    trips: [[u64; 4]; 4],
    /// Cores in tenths.
    capacity: [u64; 4],
    /// In percent.
    headroom: u64,
    services: Vec<Wanted>,
}

impl World {
    /// Most users are in the same places, and there is little more room than is asked for.
    fn any(dice: &mut Dice) -> Self {
        let mut trips = [[0; 4]; 4];
        for (i, row) in trips.iter_mut().enumerate() {
            for (j, ms) in row.iter_mut().enumerate() {
                // Few are as far: ties go by name, whatever that leaves to others.
                *ms = if i == j { 0 } else { 10 + dice.below(97) };
            }
        }
        let count = 2 + dice.below(2) as usize;
        let mut services: Vec<Wanted> = (0..count)
            .map(|_| {
                let min = 1 + dice.below(3);
                let mut weights = [
                    1 + dice.below(9),
                    dice.below(6),
                    dice.below(3),
                    dice.below(3),
                ];
                if dice.below(4) == 0 {
                    weights.swap(0, 2);
                }
                Wanted {
                    cpu: 1 + dice.below(4),
                    min,
                    max: min + dice.below(5),
                    weights,
                    bounds: dice.of(&[(1, 1), (2, 2), (2, 2), (1, 2), (2, 3)]),
                    failover: dice.below(3) > 0,
                }
            })
            .collect();
        services[0].failover |= count == 2;
        let asked = services.iter().map(|s| s.cpu * s.min * s.bounds.0 as u64);
        let asked: u64 = asked.sum();
        let mut capacity = [1; 4];
        let spare = asked * (2 + dice.below(9)) / 10;
        for _ in 0..asked + spare {
            capacity[dice.below(4) as usize] += 1;
        }
        Self {
            trips,
            capacity,
            headroom: dice.of(&[0, 0, 10, 25]),
            services,
        }
    }

    fn fleet(&self) -> Fleet {
        let mut rtt = String::from("from,to,p50_ms\n");
        for (i, from) in PLACES.iter().enumerate() {
            for (j, to) in PLACES.iter().enumerate() {
                rtt.push_str(&format!("{from},{to},{}\n", self.trips[i][j]));
            }
        }
        let settings = format!("failover: {{headroom: {}%}}", self.headroom);
        let mut fleet = Fleet::new(&settings).file("network/rtt.csv", rtt);
        for (name, tenths) in PLACES.iter().zip(self.capacity) {
            let cpu = tenths * 100;
            let text = format!(
                "region: {name}\ncountry: DE\nclusters: [{{name: {name}-k, capacity: {{cpu: {cpu}m}}}}]\n"
            );
            fleet = fleet.file(&format!("regions/{name}.yaml"), text);
        }
        for (i, s) in self.services.iter().enumerate() {
            let audience = PLACES.iter().zip(s.weights).filter(|(_, w)| *w > 0);
            let audience: Vec<_> = audience.map(|(p, w)| format!("{p}: {w}")).collect();
            let failover = if s.failover { "" } else { "failover: none\n" };
            let text = format!(
                "workload: {{image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, resources: {{cpu: {}m, memory: 64Mi}}, scale: {{min: {}, max: {}}}}}\naudience: {{{}}}\n{failover}placement: {{regions: {{atLeast: {}, atMost: {}}}}}",
                s.cpu * 100,
                s.min,
                s.max,
                audience.join(", "),
                s.bounds.0,
                s.bounds.1,
            );
            fleet = fleet.service(&format!("s{i}"), &text);
        }
        fleet
    }

    /// The most room asked for first, then by name.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.services.len()).collect();
        let reserved = |i: usize| self.services[i].cpu * self.services[i].min;
        order.sort_by_key(|&i| (std::cmp::Reverse(reserved(i)), i));
        order
    }

    fn sets(&self, service: usize) -> Vec<Vec<usize>> {
        let (least, most) = self.services[service].bounds;
        let sets = (1..16_u32).map(|bits| (0..4).filter(|r| bits >> r & 1 == 1).collect());
        sets.filter(|set: &Vec<usize>| (least..=most).contains(&set.len()))
            .collect()
    }

    fn nearest(&self, from: usize, set: &[usize]) -> usize {
        *set.iter()
            .min_by_key(|&&to| (self.trips[from][to], to))
            .expect("a region")
    }

    /// The mean round trip in nanoseconds, to the nearest.
    fn value(&self, service: usize, set: &[usize]) -> u64 {
        let weights = self.services[service].weights;
        let sum: u64 = (0..4)
            .map(|d| weights[d] * self.trips[d][self.nearest(d, set)] * 1_000_000)
            .sum();
        let total: u64 = weights.iter().sum();
        (sum + total / 2) / total
    }

    /// What is left of each region in hundredths of a tenth of a core, or nothing where it is full.
    fn left(&self, chosen: &[(usize, Vec<usize>)]) -> Option<[i64; 4]> {
        let mut left = self.capacity.map(|tenths| tenths as i64 * 100);
        for (service, set) in chosen {
            let takes = self.services[*service].cpu * self.services[*service].min * 100;
            set.iter().for_each(|&r| left[r] -= takes as i64);
        }
        left.iter().all(|l| *l >= 0).then_some(left)
    }

    /// Whether every service finds room after the loss of any one region.
    fn survives(&self, chosen: &[(usize, Vec<usize>)]) -> bool {
        let Some(left) = self.left(chosen) else {
            return false;
        };
        (0..4).all(|lost| {
            let mut free = left;
            for (free, tenths) in free.iter_mut().zip(self.capacity) {
                *free -= (tenths * self.headroom) as i64;
            }
            chosen.iter().all(|(service, set)| {
                let s = &self.services[*service];
                if !s.failover || !set.contains(&lost) || set.len() == 1 {
                    return true;
                }
                let served = |r: usize| -> u64 {
                    (0..4)
                        .filter(|&d| self.nearest(d, set) == r)
                        .map(|d| s.weights[d])
                        .sum()
                };
                let mut targets: Vec<usize> = set.iter().copied().filter(|&r| r != lost).collect();
                targets.sort_by_key(|&to| (self.trips[lost][to], to));
                let total: u64 = s.weights.iter().sum();
                targets.into_iter().any(|to| {
                    let share = served(lost) + served(to);
                    let pods = (s.min * set.len() as u64 * share)
                        .div_ceil(total)
                        .min(s.max);
                    let more = pods.saturating_sub(s.min) * s.cpu * 100;
                    let fits = free[to] >= more as i64;
                    free[to] -= if fits { more as i64 } else { 0 };
                    fits
                })
            })
        })
    }

    /// What each service reads at in the best joint placement, the first in the order of decision
    /// counting most.
    fn best(&self) -> Option<Vec<u64>> {
        let mut joint: Vec<Vec<(usize, Vec<usize>)>> = vec![Vec::new()];
        for service in self.order() {
            let sets = self.sets(service);
            joint = joint
                .iter()
                .flat_map(|before| {
                    sets.iter().map(move |set| {
                        let mut one = before.clone();
                        one.push((service, set.clone()));
                        one
                    })
                })
                .filter(|one| self.left(one).is_some())
                .collect();
        }
        let kept = joint.iter().filter(|one| self.survives(one));
        kept.map(|one| self.values(one)).min()
    }

    fn values(&self, chosen: &[(usize, Vec<usize>)]) -> Vec<u64> {
        chosen
            .iter()
            .map(|(service, set)| self.value(*service, set))
            .collect()
    }

    /// The same where each service takes what is best for itself, and nothing is changed after.
    fn greedy(&self) -> Option<Vec<u64>> {
        let mut chosen: Vec<(usize, Vec<usize>)> = Vec::new();
        for service in self.order() {
            let fits = self.sets(service).into_iter().filter(|set| {
                let mut with = chosen.clone();
                with.push((service, set.clone()));
                self.left(&with).is_some()
            });
            let best = fits.min_by_key(|set| (self.value(service, set), set.len(), set.clone()))?;
            chosen.push((service, best));
        }
        self.survives(&chosen).then(|| self.values(&chosen))
    }
}

#[test]
fn services_share_the_room_as_well_as_they_can() {
    let (mut worlds, mut joint, mut none, mut unproven) = (0, 0, 0, 0);
    for seed in 0..300 {
        let world = World::any(&mut Dice::new(seed + 1));
        let greedy = world.greedy();
        let best = world.best();
        let best = greedy.clone().or(best);
        let outcome = world.fleet().plan(None, false);
        let said = outcome.said();
        let mut proven = true;
        let found = outcome.plan.map(|plan| {
            let read = |i: usize| {
                let service = &plan.services[&ServiceKey::prod(format!("s{i}"))];
                proven &= !service.because.to_string().contains("not proven");
                let predicted = &service.predicted;
                predicted.weighted_read_ns.expect("there is an audience")
            };
            world.order().into_iter().map(read).collect::<Vec<u64>>()
        });
        if proven {
            assert_eq!(found, best, "seed {seed}: {world:?}\n{said}");
        } else {
            assert!(
                found >= best && best.is_some(),
                "seed {seed}: {world:?}\n{said}"
            );
            unproven += 1;
        }
        worlds += 1;
        none += usize::from(best.is_none());
        joint += usize::from(best.is_some() && greedy.is_none());
    }
    assert!(joint * 5 >= worlds, "{joint} of {worlds}");
    assert!(unproven * 10 <= worlds, "{unproven} of {worlds}");
    assert!(none * 5 >= worlds, "{none} of {worlds}");
}

fn regions(plan: &Plan, name: &str) -> Vec<String> {
    let service = &plan.services[&ServiceKey::prod(name)];
    let regions = service.regions.iter().map(|p| &p.region);
    regions.map(RegionName::to_string).collect()
}

fn because(plan: &Plan, name: &str) -> String {
    plan.services[&ServiceKey::prod(name)].because.to_string()
}

/// `first` is decided first and wants eu-west-1, where there is room for one of the two.
fn rivals(second: &str) -> Fleet {
    Fleet::new("failover: {headroom: 0%}")
        .region("eu-west-1", "capacity: {cpu: 300m}")
        .region("eu-west-2", "")
        .service("first", "audience: {eu-west-1: 1}\nfailover: none\ntier: critical\nplacement: {regions: {exactly: 1}}")
        .service("second", second)
}

#[test]
fn a_service_with_a_choice_makes_room_for_one_without_and_says_so() {
    let tied = "audience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}, from: [eu-west-1]}";
    let plan = rivals(tied).plan(None, false).plan();
    assert_eq!(regions(&plan, "first"), ["eu-west-2"]);
    assert_eq!(regions(&plan, "second"), ["eu-west-1"]);
    let told = because(&plan, "first");
    assert!(
        told.ends_with("it leaves eu-west-1 aside, or `second` would find no room: the best choice of all that compete, by proof"),
        "{told}"
    );
    let free = "audience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}}";
    let plan = rivals(free).plan(None, false).plan();
    assert_eq!(
        regions(&plan, "first"),
        ["eu-west-1"],
        "the first counts most"
    );
    assert_eq!(regions(&plan, "second"), ["eu-west-2"]);
}

#[test]
fn that_no_room_can_be_made_is_said_with_what_was_tried() {
    let both = "audience: {eu-west-1: 1}\nfailover: none\nworkload: {image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, resources: {cpu: 150m, memory: 64Mi}, scale: {min: 2, max: 6}}\nplacement: {regions: {exactly: 2}}";
    let said = rivals(both)
        .region("eu-west-2", "capacity: {cpu: 400m}")
        .plan(None, false)
        .said();
    assert!(
        said.contains("error[placement-infeasible]")
            && said.contains(
                "note: however first were placed, there would be no room: every way was tried"
            ),
        "{said}"
    );
}

#[test]
fn room_after_the_loss_of_a_region_is_chosen_for() {
    // London is nearer, but could not take over from Ireland.
    let plan = Fleet::new("failover: {headroom: 10%}")
        .region("eu-west-1", "")
        .region("eu-west-2", "capacity: {cpu: 300m}")
        .region("eu-central-1", "")
        .service(
            "web",
            "audience: {eu-west-1: 9, eu-west-2: 1}\nplacement: {regions: {exactly: 2}}",
        )
        .plan(None, false)
        .plan();
    assert_eq!(regions(&plan, "web"), ["eu-central-1", "eu-west-1"]);
    let told = because(&plan, "web");
    assert!(
        told.contains(
            "it leaves eu-west-2 aside, or `web` would find no room after the loss of eu-west-1"
        ),
        "{told}"
    );
}
