//! What becomes of a store after a loss, by the scheme of its engine.

use crate::engine::{self, ClassFacts, Lost as Gone, Recovery, Scheme, Write};
use crate::latency::one_way;
use crate::model::name::{RegionName, StoreKey};
use crate::model::plan::StorePlan;
use crate::model::rtt::Rtt;
use crate::model::simulation::{Rpo, Rto, StoreOutcome, Writes};
use crate::model::world::{Service, Store};

use super::reach::cut_off;
use super::scene::Scene;
use super::users::Served;
use super::zones::{may_be_gone, zones};
use crate::plan::failover::Rule;
use crate::plan::ground::{Demand, UNKNOWN};
use crate::plan::search::value;
use crate::plan::words;

/// A store, or a part of one, after a loss.
pub(super) struct Left<'a> {
    pub key: StoreKey,
    pub store: &'a Store,
    /// The part, where the data is homed with its users.
    pub part: Option<&'a str>,
    pub plan: &'a StorePlan,
    /// What the loss means; absent where it does not touch it.
    pub outcome: Option<StoreOutcome>,
}

impl Left<'_> {
    /// The regions that hold it no more.
    pub(super) fn lost(&self) -> &[RegionName] {
        self.outcome.as_ref().map_or(&[], |o| &o.lost)
    }

    /// Its plan, led from where it is led then.
    pub(super) fn led(&self) -> StorePlan {
        let mut plan = self.plan.clone();
        if let Some(outcome) = &self.outcome {
            plan.leader.clone_from(&outcome.leads);
            plan.replicas.retain(|r| Some(r) != outcome.leads.as_ref());
            plan.sync_standbys
                .retain(|r| Some(r) != outcome.leads.as_ref());
        }
        plan
    }
}

/// One store before a loss.
pub(super) struct Held<'a> {
    pub service: &'a Service,
    pub store: &'a Store,
    pub plan: &'a StorePlan,
    pub demand: &'a Demand,
    /// The users whose data it holds.
    pub served: &'a [&'a Served<'a>],
    /// The weight of all users of the service.
    pub total: u128,
}

impl<'a> Held<'a> {
    /// Every region that holds it.
    pub(super) fn regions(&self) -> Vec<&'a RegionName> {
        let plan = self.plan;
        let mut all: Vec<&RegionName> = plan
            .clusters
            .keys()
            .chain(&plan.voters)
            .chain(&plan.leader)
            .chain(&plan.replicas)
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn way(&self) -> &'static ClassFacts {
        let first = &engine::facts(self.store.engine.value).classes[0];
        engine::way(self.store).unwrap_or(first)
    }
}

/// What the loss means; `None` where it does not touch the store.
pub(super) fn outcome(scene: &Scene<'_>, held: &Held<'_>) -> Option<StoreOutcome> {
    let regions = held.regions();
    let way = held.way();
    let led = held.plan.leader.is_some();
    // Where nothing leads, a region whose instances may all be gone serves as little as a lost one.
    let lost: Vec<&RegionName> = regions
        .iter()
        .copied()
        .filter(|r| !scene.holds(held.plan, r) || (!led && may_be_gone(scene, held, r)))
        .collect();
    let touched = !lost.is_empty()
        || regions.iter().any(|r| scene.zones(r).is_some())
        || cut(scene, &regions);
    if !touched && !scene.cuts() {
        return None;
    }
    let mut outcome = StoreOutcome {
        led_from: held.plan.leader.clone(),
        leads: held.plan.leader.clone(),
        lost: lost.iter().map(|r| (*r).clone()).collect(),
        ..StoreOutcome::default()
    };
    match way.scheme {
        Scheme::Primary => primary(scene, held, way, &mut outcome),
        // A log with one origin: the mirrors are read only.
        Scheme::Mirror if led => primary(scene, held, way, &mut outcome),
        Scheme::Quorum => quorum(scene, held, &mut outcome),
        Scheme::Leaderless | Scheme::Mirror | Scheme::Crdt | Scheme::Cache => {
            everywhere(scene, held, way, &regions, &mut outcome);
        }
    }
    if way.scheme != Scheme::Quorum && outcome.writes == Writes::GoOn {
        zones(scene, held, way, &regions, &mut outcome);
    }
    cut_off(scene, held, way, &regions, &mut outcome);
    (touched || !outcome.cut_off.is_empty()).then_some(outcome)
}

fn cut(scene: &Scene<'_>, regions: &[&RegionName]) -> bool {
    let indexes: Vec<usize> = regions
        .iter()
        .filter_map(|r| scene.ground.index(r.as_str()))
        .collect();
    let mut pairs = indexes
        .iter()
        .flat_map(|a| indexes.iter().map(move |b| (*a, *b)));
    pairs.any(|(a, b)| !scene.reaches(a, b))
}

/// Regions of the store that stand and that a region reaches, itself left out.
pub(super) fn reached<'r>(
    scene: &Scene<'_>,
    held: &Held<'_>,
    from: &RegionName,
    of: impl IntoIterator<Item = &'r RegionName>,
) -> Vec<&'r RegionName> {
    let Some(here) = scene.ground.index(from.as_str()) else {
        return Vec::new();
    };
    let near = |region: &&RegionName| {
        *region != from
            && scene.holds(held.plan, region)
            && !may_be_gone(scene, held, region)
            && scene
                .ground
                .index(region.as_str())
                .is_some_and(|there| scene.reaches(here, there))
    };
    of.into_iter().filter(near).collect()
}

fn primary(scene: &Scene<'_>, held: &Held<'_>, way: &ClassFacts, outcome: &mut StoreOutcome) {
    let Some(leader) = &held.plan.leader else {
        return;
    };
    let because = &mut outcome.because;
    if scene.holds(held.plan, leader) {
        let waits = held.plan.synchronous as usize;
        let left = reached(scene, held, leader, &held.plan.sync_standbys).len();
        if left < waits {
            outcome.writes = Writes::Stop;
            outcome.rto = Rto::Back;
            because.push(format!(
                "a write waits for {}, and {left} of {} {} left",
                words::count(waits, "standby"),
                held.plan.sync_standbys.len(),
                if left == 1 { "is" } else { "are" }
            ));
        } else {
            because.push(format!("{leader} goes on taking writes"));
        }
        return;
    }
    let Some(heir) = heir(scene, held, &held.plan.replicas) else {
        outcome.leads = None;
        outcome.writes = Writes::Stop;
        outcome.rpo = Rpo::Back;
        outcome.rto = Rto::Back;
        because.push(if held.plan.replicas.is_empty() {
            "no other region holds it".to_owned()
        } else {
            "no replica is left that may take the writes".to_owned()
        });
        return;
    };
    let lost = way.region.map_or(Gone::Lag, |loss| loss.lost);
    outcome.rpo = rpo(scene, lost, held, leader, &heir);
    match way.region.map(|loss| loss.recovery) {
        Some(Recovery::Automatic) => {
            outcome.writes = Writes::Switch;
            outcome.rto = Rto::Automatic;
            because.push(format!("{heir} takes over by itself"));
        }
        Some(Recovery::Manual) | None => {
            outcome.writes = Writes::Person;
            outcome.rto = Rto::Manual;
            because.push(format!("writes wait until a person promotes {heir}"));
        }
    }
    outcome.leads = Some(heir);
}

/// The replica that would lead best: the smallest mean path of a write, then by name.
fn heir(scene: &Scene<'_>, held: &Held<'_>, among: &[RegionName]) -> Option<RegionName> {
    let rule = Rule::of(scene.ground, held.service);
    let legal = |region: &RegionName| {
        let country = scene.world().regions[region].country;
        rule.keeps_data(country)
    };
    let path = |region: usize| value(&held.demand.by_region, &[region], &scene.ground.costs);
    among
        .iter()
        .filter(|r| scene.holds(held.plan, r) && legal(r))
        .filter_map(|r| scene.ground.index(r.as_str()))
        .min_by_key(|&r| (path(r), r))
        .map(|r| scene.name(r))
}

pub(super) fn rpo(
    scene: &Scene<'_>,
    lost: Gone,
    held: &Held<'_>,
    from: &RegionName,
    to: &RegionName,
) -> Rpo {
    let lag = || {
        let pair = scene
            .ground
            .index(from.as_str())
            .zip(scene.ground.index(to.as_str()));
        let micros = pair.map(|(a, b)| scene.ground.costs[a][b]);
        Rpo::Lag {
            at_least_ns: micros
                .filter(|m| *m < UNKNOWN)
                .map(|m| one_way(Rtt::micros(m)).as_micros().saturating_mul(1000)),
        }
    };
    match lost {
        Gone::Nothing => Rpo::Zero,
        Gone::UnlessSynchronous(k) if held.plan.synchronous >= k => Rpo::Zero,
        Gone::UnlessInstances(k) if held.store.instances >= k => Rpo::Zero,
        Gone::UnlessSynchronous(_) | Gone::UnlessInstances(_) | Gone::Lag => lag(),
        Gone::Everything => Rpo::Everything,
    }
}

fn quorum(scene: &Scene<'_>, held: &Held<'_>, outcome: &mut StoreOutcome) {
    let voters = &held.plan.voters;
    let all = voters.len();
    let majority = all / 2 + 1;
    // Voters that a region counts: of a region that lost zones, those that may have been there.
    let count = |region: &RegionName, from: &RegionName| -> usize {
        let here = voters.iter().filter(|v| *v == region).count();
        let near = region == from || reached(scene, held, from, [region]).len() == 1;
        if !near || !scene.holds(held.plan, region) {
            return 0;
        }
        let lost = scene.zones(region).map_or(0, |(lost, zones)| {
            here.div_ceil(zones.max(1) as usize) * lost as usize
        });
        here.saturating_sub(lost)
    };
    let mut regions: Vec<&RegionName> = voters.iter().collect();
    regions.sort();
    regions.dedup();
    let seen = |from: &RegionName| -> usize { regions.iter().map(|r| count(r, from)).sum() };
    let able: Vec<RegionName> = regions
        .iter()
        .filter(|r| count(r, r) > 0 && seen(r) >= majority)
        .map(|r| (*r).clone())
        .collect();
    let left = regions.iter().map(|r| seen(r)).max().unwrap_or_default();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    outcome.voters = Some((number(left), number(all)));
    let because = &mut outcome.because;
    if able.is_empty() {
        outcome.leads = None;
        outcome.writes = Writes::Stop;
        outcome.rto = Rto::Back;
        outcome.rpo = Rpo::Back;
        because.push(format!(
            "{left} of {} see each other, and a majority takes {majority}",
            words::count(all, "voter")
        ));
        return;
    }
    because.push(format!(
        "{left} of {} are left, and a majority takes {majority}",
        words::count(all, "voter")
    ));
    let leader = held.plan.leader.as_ref();
    let stays = leader.is_some_and(|l| able.contains(l));
    if stays {
        return;
    }
    outcome.writes = Writes::Switch;
    outcome.rto = Rto::Automatic;
    outcome.leads = heir(scene, held, &able);
    match &outcome.leads {
        Some(heir) => because.push(format!("they elect a leader, best in {heir}")),
        None => because.push("they elect a leader".to_owned()),
    }
}

/// Engines whose every region takes writes.
fn everywhere(
    scene: &Scene<'_>,
    held: &Held<'_>,
    way: &ClassFacts,
    regions: &[&RegionName],
    outcome: &mut StoreOutcome,
) {
    let lost = outcome.lost.len();
    let apart = cut(scene, regions);
    let left = regions.len() - lost;
    let standing = regions.iter().filter(|r| !outcome.lost.contains(r));
    let together = standing
        .map(|r| 1 + reached(scene, held, r, regions.iter().copied()).len())
        .max()
        .unwrap_or_default();
    let because = &mut outcome.because;
    let stop = match way.write {
        Write::EachQuorum if lost > 0 || apart => {
            because.push("a write waits for every region".to_owned());
            true
        }
        Write::QuorumAcross if together * 2 <= regions.len() => {
            because.push(format!(
                "a write waits for a majority, and {together} of {} see each other",
                words::count(regions.len(), "region")
            ));
            true
        }
        _ => left == 0,
    };
    if stop {
        outcome.writes = Writes::Stop;
        outcome.rto = Rto::Back;
        outcome.rpo = if left == 0 { Rpo::Back } else { Rpo::Zero };
        return;
    }
    if lost == 0 {
        if apart {
            because.push("copies wait until the way is back".to_owned());
        }
        return;
    }
    outcome.writes = Writes::GoOnElsewhere;
    because.push("the other regions go on taking writes".to_owned());
    let gone = way.region.map_or(Gone::Lag, |loss| loss.lost);
    let near = outcome
        .lost
        .first()
        .zip(regions.iter().find(|r| !outcome.lost.contains(r)));
    if let Some((from, to)) = near {
        outcome.rpo = rpo(scene, gone, held, from, to);
    }
    outcome.rto = match way.region.map(|loss| loss.recovery) {
        Some(Recovery::Manual) => Rto::Manual,
        _ => Rto::Automatic,
    };
}
