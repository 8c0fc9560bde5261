//! The story of one service's placement: what was weighed for each decision, in numbers.
//!
//! Made only by the room `plan`, from what the plan was decided from. What was decided stands in the
//! plan; here is what stood against it.

use std::collections::BTreeMap;

use super::duration::Duration;
use super::name::{ClusterName, RegionName, ServiceKey, StoreKey, StoreName};
use super::place::Country;
use super::plan::{Replicas, Source, Term};
use super::simulation::{ClusterLoad, ServiceOutcome, StoreOutcome};
use super::world::Tier;
use crate::diag::{Label, Span};

/// What was weighed for one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The service.
    pub key: ServiceKey,
    /// When it was decided.
    pub turn: Turn,
    /// Its users, in order of writing; without any every region counts the same.
    pub users: Vec<Users>,
    /// Every region of the fleet, by name.
    pub regions: Vec<Considered>,
    /// The choice among those that are legal.
    pub choice: Choice,
    /// Its stores, in order of writing; of those in parts, each part.
    pub stores: Vec<StoreStory>,
    /// The loss of each region that it or a store of it is in, by name.
    pub losses: Vec<AfterLoss>,
    /// How long DNS answers with a region that is lost, where more than one has records.
    pub switch: Option<SwitchTime>,
    /// Whom it calls, in order of writing.
    pub calls: Vec<Called>,
    /// Who calls it, by name.
    pub callers: Vec<Called>,
}

/// When a service was decided: each takes room that later ones do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// From 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// What the order goes by first.
    pub tier: Tier,
    /// And then: CPU that it reserves in a region, in thousandths of a core.
    pub reserves_milli: u64,
    /// The one before.
    pub after: Option<ServiceKey>,
}

/// One place with users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    /// As the audience names it; `EU (DE)` for a country of a set.
    pub place: String,
    /// Where that is written.
    pub span: Span,
    /// Their share of all users, in millionths.
    pub share_ppm: u32,
    /// The region at which they count.
    pub region: RegionName,
    /// From them to that region in nanoseconds, for places by country; estimated, and in no other
    /// number.
    pub leg_ns: Option<u64>,
    /// The region that serves them.
    pub served_by: RegionName,
    /// From the region at which they count to the one that serves them.
    pub way_ns: Option<u64>,
    /// Where that comes from.
    pub source: Source,
}

/// What became of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It serves.
    Serves,
    /// It stands by for a failover.
    StandsBy,
    /// It may, and was not chosen.
    Spare,
    /// It may not.
    Out,
}

impl Standing {
    /// `serves`, `standsBy`, `spare`, `out`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::StandsBy => "standsBy",
            Self::Spare => "spare",
            Self::Out => "out",
        }
    }
}

/// One region as the service sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// The region.
    pub region: RegionName,
    /// Where it lies.
    pub country: Country,
    /// What became of it.
    pub standing: Standing,
    /// What stands against it.
    pub obstacles: Vec<Obstacle>,
    /// Of a region that holds the service, what its clusters have left when all is placed.
    pub left: BTreeMap<ClusterName, Left>,
    /// Of a region that may and was not chosen: what it would be worth.
    pub instead: Option<Instead>,
}

/// A hard constraint that a region does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// In words.
    pub reason: String,
    /// Where what asks for it is written.
    pub places: Vec<Label>,
}

/// What a cluster has left; `None`: its capacity is not stated, so nothing is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// CPU in thousandths of a core.
    pub cpu_milli: Option<i64>,
    /// Memory in bytes.
    pub memory: Option<i64>,
}

/// The best that one change to the choice makes of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// The region that it would take the place of; `None`: it would come in addition.
    pub of: Option<RegionName>,
    /// The objective then, in nanoseconds; `None` where a round trip is not known.
    pub objective_ns: Option<u64>,
    /// What that would break.
    pub breaks: Option<Obstacle>,
}

/// The choice among the legal regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What was asked for: `2 to 4 regions`.
    pub asked: String,
    /// Where that is written.
    pub span: Option<Span>,
    /// How many regions are legal.
    pub legal: usize,
    /// The best of all other choices; `None` where there is no other.
    pub runner_up: Option<Alternative>,
    /// The regions in the lock.
    pub locked: Option<Vec<String>>,
}

/// Another choice of regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The regions that would serve, by name.
    pub regions: Vec<RegionName>,
    /// The objective, in nanoseconds.
    pub objective_ns: u64,
    /// Whether no other than the choice itself is better, by proof.
    pub proven: bool,
}

/// What was weighed for one store, or for one part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreStory {
    /// The store.
    pub store: StoreName,
    /// The part, where the data is homed with its users.
    pub part: Option<String>,
    /// The share of the audience whose data it holds, in millionths.
    pub share_ppm: u32,
    /// What it would be worth to be led from each region that holds the service, the best first;
    /// empty where nothing leads.
    pub leaders: Vec<Lead>,
    /// A read and a write from each region at which users count, by name.
    pub ways: Vec<Way>,
    /// Their means; `None` where nobody is counted, or a term is not known.
    pub read: Option<Filled>,
    /// The same of a write.
    pub write: Option<Filled>,
    /// How far a local read may lag behind.
    pub staleness: Option<Staleness>,
    /// Leader and voters in the lock.
    pub locked: Option<(Option<String>, Vec<String>)>,
}

/// A region that could lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    /// The region.
    pub region: RegionName,
    /// The objective when it leads with the best voters for it, in nanoseconds.
    pub objective_ns: Option<u64>,
    /// What stands against it.
    pub obstacle: Option<Obstacle>,
}

/// Requests of the users at one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The region at which they count.
    pub from: RegionName,
    /// Their share of the users, in millionths.
    pub share_ppm: u32,
    /// The terms of a read.
    pub read: Vec<Term>,
    /// The terms of a write.
    pub write: Vec<Term>,
}

/// A formula with the means of its terms filled in, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The terms with their means, each with its least certain source.
    pub terms: Vec<Term>,
    /// The mean of their sum.
    pub total_ns: u64,
}

/// How far a local read may lag behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staleness {
    /// The shortest bound that can be held, in nanoseconds; `None`: there is none.
    pub floor_ns: Option<u64>,
    /// The replica that is farthest from where writes go.
    pub farthest: Option<RegionName>,
    /// The bound that is asked for, and where.
    pub bound: Option<(Duration, Span)>,
}

/// The service and its stores after the loss of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterLoss {
    /// The region.
    pub lost: RegionName,
    /// The regions of the failover chain with the pods that each then needs.
    pub takers: Vec<(RegionName, Replicas)>,
    /// The service; `None` where it does not notice.
    pub service: Option<ServiceOutcome>,
    /// The stores that notice; a part as `orders/EU`.
    pub stores: BTreeMap<StoreKey, StoreOutcome>,
    /// The clusters of the service that hold more than before.
    pub clusters: BTreeMap<ClusterName, ClusterLoad>,
}

/// How long DNS answers with a region that is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchTime {
    /// Until the health checks notice.
    pub detection: Duration,
    /// Until resolvers ask again.
    pub ttl: Duration,
    /// The way in that makes a record an alias, whose TTL is the cloud's, where one does.
    pub alias: Option<String>,
    /// The sum.
    pub takes: Duration,
    /// What is promised, and where.
    pub promised: Option<(Duration, Span)>,
}

/// One call between two services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The other one.
    pub other: ServiceKey,
    /// Where the call is declared.
    pub span: Span,
    /// Whether the caller lives on without an answer.
    pub degrade: bool,
    /// In how many of the caller's regions it is answered in the same one.
    pub inside: usize,
    /// From the others to where it is answered.
    pub legs: Vec<Leg>,
}

/// A call that leaves its region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// From.
    pub from: RegionName,
    /// To.
    pub to: RegionName,
    /// The round trip in nanoseconds.
    pub ns: Option<u64>,
    /// Where that comes from.
    pub source: Source,
}
