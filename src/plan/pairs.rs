//! Which round trips a service's decisions compare: counted by where they come from, and refused
//! where one was measured by nobody and `network.estimate` refuses to guess.
//!
//! Compared are the pairs from each place of the audience to each region that may be chosen, and,
//! where a store, a standby or a failover target is chosen, those between these regions.

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::plan::RestsOn;
use crate::model::rtt::RttSource;
use crate::model::world::{PlacementMode, RegionChoice, Service};

use super::ground::{Demand, Ground};
use super::legal::Candidate;
use super::words;

/// How many missing pairs a message names.
const NAMED: usize = 3;

/// The sources of all round trips by index, and which of them were compared so far.
pub(super) struct Pairs {
    /// By index of both ends; `None`: measured by nobody.
    sources: Vec<Option<RttSource>>,
    /// The number of the last question that compared the pair; 0: none did.
    compared: Vec<u32>,
    questions: u32,
}

impl Pairs {
    pub(super) fn new(ground: &Ground<'_>) -> Self {
        let names = &ground.names;
        let source = |from, to| ground.rtt.between(from, to).map(|m| m.source);
        let sources: Vec<_> = names
            .iter()
            .flat_map(|from| names.iter().map(|to| source(from, to)))
            .collect();
        Self {
            compared: vec![0; sources.len()],
            sources,
            questions: 0,
        }
    }

    /// Counts what a service's decisions compare; `None` when an error was emitted.
    pub(super) fn compare(
        &mut self,
        ground: &Ground<'_>,
        service: &Service,
        demand: &Demand,
        candidates: &[Candidate],
        sink: &mut Sink,
    ) -> Option<RestsOn> {
        let mut rests = RestsOn::default();
        let mut missing = Vec::new();
        self.questions += 1;
        for (from, to) in pairs(ground, service, demand, candidates) {
            let cell = from * ground.names.len() + to;
            if std::mem::replace(&mut self.compared[cell], self.questions) == self.questions {
                continue;
            }
            match self.sources[cell] {
                Some(source) => rests.add(source),
                None => missing.push((from, to)),
            }
        }
        missing.sort_unstable();
        if missing.is_empty() {
            return Some(rests);
        }
        sink.emit(unmeasured(ground, service, &missing));
        None
    }

    /// Everything that was compared, each pair once.
    pub(super) fn all(&self) -> RestsOn {
        let mut rests = RestsOn::default();
        let compared = self.sources.iter().zip(&self.compared);
        compared
            .filter_map(|(source, compared)| source.filter(|_| *compared > 0))
            .for_each(|source| rests.add(source));
        rests
    }
}

/// The directed pairs that the decisions about a service compare; some come twice.
fn pairs(
    ground: &Ground<'_>,
    service: &Service,
    demand: &Demand,
    candidates: &[Candidate],
) -> impl Iterator<Item = (usize, usize)> {
    let legal = |r: &usize| candidates[*r].legal();
    let among: Vec<usize> = match &service.placement.regions {
        RegionChoice::Named(named) => {
            let named = named.iter().filter_map(|n| ground.index(n.value.as_str()));
            named.filter(legal).collect()
        }
        RegionChoice::All | RegionChoice::Count { .. } => {
            (0..candidates.len()).filter(legal).collect()
        }
    };
    let passive = service.placement.mode == PlacementMode::ActivePassive;
    let leads = !service.stores.is_empty() && among.len() > 1;
    // Without an audience every region counts the same, but only where there is a choice.
    let choice = match &service.placement.regions {
        RegionChoice::Count { at_least, .. } => among.len() > *at_least as usize,
        RegionChoice::All | RegionChoice::Named(_) => passive && among.len() > 1,
    };
    let from: Vec<usize> = if demand.given || choice || leads {
        demand.by_region.iter().map(|(from, _)| *from).collect()
    } else {
        Vec::new()
    };
    let between = if service.failover || passive || leads {
        among.clone()
    } else {
        Vec::new()
    };
    let ends = from.into_iter().map(|from| (from, true));
    let ends = ends.chain(between.into_iter().map(|from| (from, false)));
    ends.flat_map(move |(from, inside)| {
        let to = among
            .clone()
            .into_iter()
            .filter(move |to| inside || *to != from);
        to.map(move |to| (from, to))
    })
}

fn unmeasured(ground: &Ground<'_>, service: &Service, missing: &[(usize, usize)]) -> Diagnostic {
    let name = &service.name.value;
    let file = &ground.world.fleet.network.rtt;
    let pair = |(from, to): &(usize, usize)| {
        let (from, to) = (ground.names[*from], ground.names[*to]);
        format!("from `{from}` to `{to}`")
    };
    let mut named: Vec<String> = missing.iter().take(NAMED).map(pair).collect();
    if missing.len() > NAMED {
        named.push(format!("{} more", missing.len() - NAMED));
    }
    let (from, to) = missing[0];
    let (from, to) = (ground.names[from], ground.names[to]);
    // The place that most of the missing pairs touch is the one to leave out.
    let mut touched = vec![0_usize; ground.names.len()];
    for &(from, to) in missing {
        touched[from] += 1;
        touched[to] += 1;
    }
    let most = (0..touched.len()).max_by_key(|&r| (touched[r], std::cmp::Reverse(r)));
    let most = most.map_or(from, |r| ground.names[r]);
    let trips = match missing.len() {
        1 => "round trip",
        _ => "round trips",
    };
    let named = words::list(named.iter().map(String::as_str));
    Diagnostic::new(
        Code::RoundTripMissing,
        format!("`{name}` cannot be decided: nobody measured the {trips} {named}"),
    )
    .at(service.name.span, "`network.estimate` refuses to guess")
    .help(format!(
        "measure it into `{file}`, as `{from},{to},<milliseconds>`; or keep `{most}` out of the service's audience and `placement`; or set `network.estimate: warn`"
    ))
}
