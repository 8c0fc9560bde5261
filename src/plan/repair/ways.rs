//! Members that do not fit together to the best choices that do: branch and bound over what each
//! has to give up.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diag::Sink;
use crate::model::name::ServiceKey;
use crate::model::world::{PlacementMode, RegionChoice, Service};
use crate::plan::Placed;
use crate::plan::amount::Room;
use crate::plan::calls;
use crate::plan::choose::Bent;
use crate::plan::failover;
use crate::plan::ground::{Demand, Ground};
use crate::plan::legal::{Candidate, Constraint, Obstacle};
use crate::plan::place::Placer;
use crate::plan::search::value;

/// How many decisions one repair may take at least, and how many regions they may look at.
const TRIES: (usize, usize) = (400, 16_000);

/// A service that takes part, with what it would have if none of them were there.
pub(super) struct Member<'a> {
    /// Its index among the placed; `None` for the one that is not placed yet.
    pub slot: Option<usize>,
    pub key: &'a ServiceKey,
    pub service: &'a Service,
    pub demand: Demand,
    pub candidates: Vec<Candidate>,
}

/// What a member has to do otherwise; any choice that does not is another branch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Not be in a region.
    Leave(usize),
    /// Stand by in a region, if it is there.
    Idle(usize),
    /// Be in at least so many regions.
    More(usize),
}

/// A member, by index, and a way.
pub(super) type Step = (usize, Way);

/// How a repair ended.
pub(super) enum End<'a> {
    Found(Vec<Rc<Placed<'a>>>),
    /// None of the ways works.
    Exhausted,
    /// The tries ended first.
    GaveUp,
}

/// The first choices without a conflict, in the order of what they leave the members with. A
/// conflict is the steps of which at least one is needed to end it.
pub(super) fn search<'a>(
    placer: &mut Placer<'_, 'a>,
    members: &[Member<'a>],
    conflict: impl Fn(&[Rc<Placed<'a>>]) -> Option<Vec<Step>>,
) -> End<'a> {
    let mut ranks = Vec::with_capacity(members.len());
    let mut root = Vec::with_capacity(members.len());
    for member in members {
        let Some((rank, one)) = decide(placer, member, &Bent::default(), &[]) else {
            return End::Exhausted;
        };
        ranks.push(rank);
        root.push(one);
    }
    // What is broken by itself may stay so; nothing else is broken to make room.
    let broken: Vec<bool> = root.iter().map(|one| !one.chosen.sound).collect();
    let mut queue = BTreeMap::from([((ranks, BTreeSet::new()), root)]);
    let mut seen: BTreeSet<BTreeSet<Step>> = BTreeSet::new();
    let mut tries = 0;
    let most = TRIES.0.max(TRIES.1 / placer.ground.names.len().max(1));
    while let Some(((ranks, steps), choices)) = queue.pop_first() {
        let Some(ways) = conflict(&choices) else {
            return End::Found(choices);
        };
        for step in ways {
            let mut steps = steps.clone();
            steps.insert(step);
            if !seen.insert(steps.clone()) {
                continue;
            }
            tries += 1;
            if tries > most {
                return End::GaveUp;
            }
            let m = step.0;
            let (bent, left) = bent(m, &steps);
            let decided = decide(placer, &members[m], &bent, &left);
            let Some((rank, one)) = decided.filter(|(_, one)| one.chosen.sound || broken[m]) else {
                continue;
            };
            let (mut ranks, mut choices) = (ranks.clone(), choices.clone());
            ranks[m] = rank;
            choices[m] = one;
            queue.insert((ranks, steps), choices);
        }
    }
    End::Exhausted
}

/// What a member's steps come to, and the regions that it left.
fn bent(member: usize, steps: &BTreeSet<Step>) -> (Bent, Vec<usize>) {
    let (mut bent, mut left) = (Bent::default(), Vec::new());
    for (_, way) in steps.iter().filter(|(m, _)| *m == member) {
        match *way {
            Way::Leave(region) => left.push(region),
            Way::Idle(region) => {
                bent.idle.insert(region);
            }
            Way::More(least) => bent.least = bent.least.max(least),
        }
    }
    (bent, left)
}

fn decide<'a>(
    placer: &mut Placer<'_, 'a>,
    member: &Member<'a>,
    bent: &Bent,
    left: &[usize],
) -> Option<(u128, Rc<Placed<'a>>)> {
    let mut candidates = member.candidates.clone();
    for &region in left {
        candidates[region].obstacles.push(Obstacle {
            constraint: Constraint::Capacity,
            reason: "its room goes to others".to_owned(),
        });
    }
    let demand = member.demand.clone();
    let mut unheard = Sink::new();
    let (key, service) = (member.key, member.service);
    let one = placer.decide((key, service), demand, candidates, bent, &mut unheard)?;
    let (demand, serving) = (&one.demand.by_region, &one.chosen.serving);
    let rank = value(demand, serving, &placer.ground.costs);
    Some((rank, Rc::new(one)))
}

/// Everything that a member could do otherwise: any other choice of its does one of these.
fn otherwise(member: usize, one: &Placed<'_>) -> impl Iterator<Item = Step> {
    let chosen = &one.chosen;
    let size = chosen.regions.len();
    let more = match one.service.placement.regions {
        RegionChoice::Count { at_most, .. } => size < at_most as usize,
        // All that may hold it are taken already.
        RegionChoice::All | RegionChoice::Named(_) => false,
    };
    let passive = one.service.placement.mode == PlacementMode::ActivePassive;
    let idle = chosen.serving.first().filter(|_| passive).copied();
    let leave = chosen.regions.iter().map(|&r| Way::Leave(r));
    let ways = leave
        .chain(idle.map(Way::Idle))
        .chain(more.then_some(Way::More(size + 1)));
    ways.map(move |way| (member, way))
}

/// The members that overfill a cluster, if any do.
pub(super) fn overfull(all: &[Rc<Placed<'_>>], left: &Room) -> Option<Vec<Step>> {
    let mut room = left.clone();
    for (index, one) in all.iter().enumerate() {
        if let Some(full) = one.overflow(&room) {
            let until = all[..=index].iter().enumerate();
            let ways = until.filter_map(|(m, p)| Some((m, Way::Leave(p.region_of(&full)?))));
            return Some(ways.collect());
        }
        one.occupy(&mut room);
    }
    None
}

/// What stands between services that each are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// A caller is too far from a callee.
    Call(usize, usize),
    /// A service finds no room after the loss of a region.
    Loss(usize, usize),
}

impl Trouble {
    /// All there is, in order.
    pub(super) fn all(ground: &Ground<'_>, placed: &[&Placed<'_>], room: &Room) -> Vec<Self> {
        let far = calls::too_far(ground, placed).into_iter();
        let far = far.map(|(caller, callee)| Self::Call(caller, callee));
        let lacks = failover::lacks(ground, placed, room).into_iter();
        far.chain(lacks.map(|(short, lost)| Self::Loss(short, lost)))
            .collect()
    }
}

/// What members have to do with all others that are placed.
pub(super) struct Others<'p, 'a> {
    pub ground: &'p Ground<'a>,
    pub placed: &'p [Placed<'a>],
    /// The members' indexes among the placed.
    pub rivals: &'p [usize],
    /// Without the members.
    pub left: &'p Room,
    /// What has to be ended.
    pub required: &'p dyn Fn(&Trouble) -> bool,
    /// Whether every other choice is tried, rather than those that promise most.
    pub every: bool,
}

impl<'a> Others<'_, 'a> {
    fn everyone<'e>(&'e self, all: &'e [Rc<Placed<'a>>]) -> Vec<&'e Placed<'a>> {
        let mut everyone: Vec<&Placed<'_>> = self.placed.iter().collect();
        for (&slot, one) in self.rivals.iter().zip(all) {
            everyone[slot] = one.as_ref();
        }
        everyone
    }

    /// The first trouble that the members' choices leave, as the steps of which one has to be
    /// taken: by caller or callee where a call goes too far, by anybody where room is short after a
    /// loss.
    pub(super) fn troubled(&self, all: &[Rc<Placed<'a>>]) -> Option<Vec<Step>> {
        let mut room = self.left.clone();
        all.iter().for_each(|one| one.occupy(&mut room));
        let everyone = self.everyone(all);
        let troubles = Trouble::all(self.ground, &everyone, &room).into_iter();
        let trouble = troubles.into_iter().find(|t| (self.required)(t))?;
        let members = all.iter().enumerate();
        let ways: Vec<Step> = match trouble {
            Trouble::Call(caller, callee) => members
                .filter(|(m, _)| [caller, callee].contains(&self.rivals[*m]))
                .flat_map(|(m, one)| otherwise(m, one))
                .collect(),
            Trouble::Loss(short, lost) => members
                .flat_map(|(m, one)| self.makes_room(m, one, (short, lost), &everyone))
                .collect(),
        };
        Some(ways)
    }

    /// What a member could do for a service that is short of room after a loss: leave where that
    /// could go; and, if it is that service or has to go somewhere too, anything else.
    fn makes_room(
        &self,
        member: usize,
        one: &Placed<'_>,
        (short, lost): (usize, usize),
        everyone: &[&Placed<'_>],
    ) -> Vec<Step> {
        let goes = one.service.failover && one.chosen.serving.contains(&lost);
        if self.every && (self.rivals[member] == short || goes) {
            return otherwise(member, one).collect();
        }
        let targets = &everyone[short].chosen.regions;
        let regions = one.chosen.regions.iter().filter(|r| targets.contains(r));
        regions.map(|&r| (member, Way::Leave(r))).collect()
    }
}
