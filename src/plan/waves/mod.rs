//! The order of rollout: every cluster in exactly one step of exactly one wave.
//!
//! Waves are those of `regen.yaml`, as written; a fleet that declares none gets them here. Within
//! each, clusters that must not change at the same time are put into different steps.

mod apart;
mod check;
mod steps;

use crate::model::name::{ClusterName, RegionName, WaveName};
use crate::model::plan::{Because, Plan, WavePlan, WaveStep};

use super::Placed;
use super::ground::Ground;
use super::words;
use crate::diag::Sink;
use crate::model::world::Delivery;
use apart::{Apart, Why};
use steps::Stake;

/// What waves are decided from.
struct Rollout<'a> {
    ground: &'a Ground<'a>,
    /// All clusters, by name.
    names: Vec<&'a ClusterName>,
    /// The clusters of each region.
    regions: Vec<Vec<usize>>,
    apart: Apart<'a>,
    stakes: Vec<Stake>,
    /// The audience of all clusters.
    all: u128,
}

/// Decides, and reports where declared waves break a rule.
pub(super) fn decide<'a>(
    ground: &'a Ground<'a>,
    placed: &[Placed<'_>],
    plan: &'a Plan,
    sink: &mut Sink,
) -> Vec<WavePlan> {
    let world = ground.world;
    let names: Vec<&ClusterName> = world.clusters.keys().collect();
    let apart = Apart::of(names.clone(), plan);
    let stakes = stakes(ground, placed, &apart);
    let regions = ground.names.iter().map(|region| {
        let clusters = world.regions[*region].clusters.iter();
        clusters.filter_map(|c| apart.index(c)).collect()
    });
    let rollout = Rollout {
        ground,
        regions: regions.collect(),
        all: stakes.iter().map(|s| s.audience).sum(),
        names,
        apart,
        stakes,
    };
    let members: Vec<(WaveName, Vec<usize>)> = match world.fleet.waves.as_slice() {
        [] => computed(&rollout),
        declared => declared
            .iter()
            .map(|wave| {
                let inside =
                    |&r: &usize| world.regions[ground.names[r]].wave.as_ref() == Some(wave);
                let regions = (0..ground.names.len()).filter(inside);
                (wave.clone(), regions.collect())
            })
            .filter(|(_, regions): &(_, Vec<usize>)| !regions.is_empty())
            .collect(),
    };
    let declared = !world.fleet.waves.is_empty();
    let waves: Vec<WavePlan> = members
        .iter()
        .enumerate()
        .map(|(i, (name, regions))| rollout.wave(i, name, regions, declared))
        .collect();
    if declared {
        let regions: Vec<Vec<usize>> = members.into_iter().map(|(_, regions)| regions).collect();
        check::declared(&rollout, &waves, &regions, sink);
    }
    waves
}

/// `wave-1`, `wave-2` and so on; `all` where there is one.
fn computed(rollout: &Rollout<'_>) -> Vec<(WaveName, Vec<usize>)> {
    let waves = steps::waves(&rollout.apart, &rollout.stakes, &rollout.regions);
    let one = waves.len() == 1;
    let named = waves.into_iter().enumerate().map(|(i, mut regions)| {
        regions.sort_unstable();
        let name = match one {
            true => "all".to_owned(),
            false => format!("wave-{}", i + 1),
        };
        (WaveName::from(name.as_str()), regions)
    });
    named.collect()
}

/// What is at stake in each cluster.
fn stakes(ground: &Ground<'_>, placed: &[Placed<'_>], apart: &Apart<'_>) -> Vec<Stake> {
    let mut stakes: Vec<Stake> = apart
        .leads
        .iter()
        .map(|led| Stake {
            leads: !led.is_empty(),
            ..Stake::default()
        })
        .collect();
    for service in placed {
        for &region in &service.chosen.regions {
            let pods = service.candidates[region].pods(service.service);
            let served = service.served.get(&region).copied().unwrap_or_default();
            let share = match service.demand.given {
                true => served.saturating_mul(1_000_000) / service.demand.total.max(1),
                false => 0,
            };
            let over = pods.len().max(1) as u128;
            for (i, (cluster, min, _)) in pods.iter().enumerate() {
                let Some(cluster) = apart.index(cluster) else {
                    continue;
                };
                let rest = u128::from((i as u128) < share % over);
                stakes[cluster].audience += share / over + rest;
                stakes[cluster].pods += u64::from(*min);
            }
        }
    }
    debug_assert_eq!(stakes.len(), ground.world.clusters.len());
    stakes
}

impl Rollout<'_> {
    fn wave(&self, index: usize, name: &WaveName, regions: &[usize], declared: bool) -> WavePlan {
        let mut clusters: Vec<usize> = regions
            .iter()
            .flat_map(|&r| self.regions[r].iter().copied())
            .collect();
        clusters.sort_unstable();
        let split = steps::split(&self.apart, &self.stakes, &clusters);
        let mut text = match declared {
            true => format!("wave {} of regen.yaml", index + 1),
            false if index == 0 => {
                "regen.yaml declares no waves: where least is at stake goes first".to_owned()
            }
            false if clusters.iter().any(|&c| self.stakes[c].leads) => {
                "leads stores, and so goes last".to_owned()
            }
            false => "next in audience, and none of its regions takes over for another".to_owned(),
        };
        if let Some(what) = self.at_stake(&clusters) {
            text = format!("{text}; {what}");
        }
        let mut because = Because::new(text);
        if index == 0 && self.names.len() > 1 {
            because = because.and(carried_out(self.ground.world.fleet.gitops.delivery));
        }
        if split.steps.len() > 1 {
            let count = words::count(split.steps.len(), "step");
            because = because.and(match split.fewest {
                true => format!("in {count}, the fewest with leaders last and apart what must not change at once"),
                false => format!("in {count}, with leaders last and apart what must not change at once; fewer are not ruled out"),
            });
        }
        let mut steps: Vec<WaveStep> = Vec::with_capacity(split.steps.len());
        for (i, members) in split.steps.iter().enumerate() {
            let before = i.checked_sub(1).map(|b| split.steps[b].as_slice());
            let mut clusters: Vec<ClusterName> =
                members.iter().map(|&c| self.names[c].clone()).collect();
            clusters.sort();
            let because = self.step(members, before);
            steps.push(WaveStep { clusters, because });
        }
        WavePlan {
            name: name.clone(),
            regions: regions
                .iter()
                .map(|&r| self.ground.names[r].clone())
                .collect(),
            clusters: clusters.iter().map(|&c| self.names[c].clone()).collect(),
            steps,
            because,
        }
    }

    /// `serves 12% of the audience and holds 2 leaders`.
    fn at_stake(&self, clusters: &[usize]) -> Option<String> {
        let audience: u128 = clusters.iter().map(|&c| self.stakes[c].audience).sum();
        let leaders: usize = clusters.iter().map(|&c| self.apart.leads[c].len()).sum();
        let serves = (self.all > 0).then(|| {
            format!(
                "serves {} of the audience",
                words::percent(audience, self.all)
            )
        });
        let holds = (leaders > 0).then(|| format!("holds {}", words::count(leaders, "leader")));
        match (serves, holds) {
            (Some(serves), Some(holds)) => Some(format!("{serves} and {holds}")),
            (serves, holds) => serves.or(holds),
        }
    }

    /// Why a step stands after the one before.
    fn step(&self, members: &[usize], before: Option<&[usize]>) -> Because {
        let mut because = Because::default();
        if let Some(what) = self.at_stake(members) {
            because = because.and(what);
        }
        let Some(before) = before else { return because };
        let kept = members.iter().find_map(|&m| {
            let mut others = before.iter();
            others.find_map(|&o| Some((m, o, self.apart.why(m, o)?)))
        });
        match kept {
            Some((member, other, why)) => because.and(format!(
                "{} waits for {}: {}",
                self.names[member],
                self.names[other],
                said(why)
            )),
            None => because.and("leaders of stores change last"),
        }
    }

    fn region(&self, cluster: usize) -> &RegionName {
        &self.ground.world.clusters[self.names[cluster]].region
    }
}

/// What holds the clusters to the order.
fn carried_out(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Argocd => {
            "Argo CD's sync waves keep the order when applications are first made; of later commits each cluster takes what it polls, so commit wave by wave"
        }
        Delivery::Flux => {
            "each cluster's Flux applies what it polls and waits for no other, so nothing but the order of commits keeps the waves"
        }
        Delivery::None => "whoever applies the manifests keeps the order",
    }
}

/// Why two clusters must not change at once.
fn said(why: Why<'_>) -> String {
    match why {
        Why::Quorum(store) => format!("both hold a vote on the writes of store `{store}`"),
        Why::Standby(store) => {
            format!("both take part in the synchronous writes of store `{store}`")
        }
        Why::Copy(store) => format!("one leads store `{store}`, the other has its copy"),
        Why::Partner(service) => format!("one takes over for the other in `{service}`"),
    }
}
