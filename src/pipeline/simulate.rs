//! A plan to what the fleet survives: the planner's model, loss by loss.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::name::{RegionName, ZoneName};
use crate::model::simulation::{Lost, Outcome, Promise, Simulation};
use crate::model::world::World;
use crate::plan;

use super::Planned;

/// What is lost, one loss after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Each region.
    Region,
    /// Each pair of regions.
    Pair,
    /// Each zone of each region that states its zones.
    Zone,
    /// Each cluster.
    Cluster,
    /// Each way between two regions.
    Link,
}

impl Every {
    /// As it completes "the loss of any one …"; pairs are claimed apart.
    fn claim(self) -> Option<&'static str> {
        match self {
            Self::Region => Some("region"),
            Self::Pair => None,
            Self::Zone => Some("zone"),
            Self::Cluster => Some("cluster"),
            Self::Link => Some("way between two regions"),
        }
    }

    fn losses(self, world: &World) -> Vec<Vec<Lost>> {
        let regions: Vec<&RegionName> = world.regions.keys().collect();
        let pairs = || {
            let all = regions.iter().enumerate();
            all.flat_map(|(i, a)| {
                regions[i + 1..]
                    .iter()
                    .map(|b| ((*a).clone(), (*b).clone()))
            })
        };
        match self {
            Self::Region => regions
                .iter()
                .map(|r| vec![Lost::Region((*r).clone())])
                .collect(),
            Self::Pair => pairs()
                .map(|(a, b)| vec![Lost::Region(a), Lost::Region(b)])
                .collect(),
            Self::Link => pairs().map(|(a, b)| vec![Lost::Link(a, b)]).collect(),
            Self::Cluster => {
                let clusters = world.clusters.keys();
                clusters.map(|c| vec![Lost::Cluster(c.clone())]).collect()
            }
            Self::Zone => {
                let zones = world
                    .regions
                    .iter()
                    .flat_map(|(r, region)| region.zones.iter().map(move |z| (r, z)));
                zones
                    .map(|(r, z)| vec![Lost::Zone(r.clone(), z.clone())])
                    .collect()
            }
        }
    }
}

/// Why a word names no part of the fleet, with the names that would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was looked for: `no region is named`.
    pub what: &'static str,
    /// What was looked up.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

/// The part of the fleet that a word names: a region, `region/zone`, a cluster, or a way as
/// `from..to` or `from,to`.
///
/// # Errors
/// When the fleet has no such part.
pub fn lost(world: &World, word: &str) -> Result<Lost, Unknown> {
    let region = |name: &str| {
        let known = || world.regions.keys().map(ToString::to_string).collect();
        let found = world
            .regions
            .get_key_value(name)
            .map(|(name, _)| name.clone());
        found.ok_or_else(|| Unknown {
            what: "no region is named",
            name: name.to_owned(),
            known: known(),
        })
    };
    if let Some((a, b)) = word.split_once("..").or_else(|| word.split_once(',')) {
        let (a, b) = (region(a.trim())?, region(b.trim())?);
        return if a < b {
            Ok(Lost::Link(a, b))
        } else if b < a {
            Ok(Lost::Link(b, a))
        } else {
            Err(Unknown {
                what: "a way leads from one region to another, not to",
                name: a.to_string(),
                known: Vec::new(),
            })
        };
    }
    if let Some((name, zone)) = word.split_once('/') {
        let name = region(name)?;
        let zones = &world.regions[&name].zones;
        return match zones.iter().find(|z| z.as_str() == zone) {
            Some(zone) => Ok(Lost::Zone(name, zone.clone())),
            None => Err(Unknown {
                what: "that region has no zone",
                name: zone.to_owned(),
                known: zones.iter().map(ZoneName::to_string).collect(),
            }),
        };
    }
    if let Ok(name) = region(word) {
        return Ok(Lost::Region(name));
    }
    match world.clusters.get_key_value(word) {
        Some((name, _)) => Ok(Lost::Cluster(name.clone())),
        None => {
            let regions = world.regions.keys().map(ToString::to_string);
            let clusters = world.clusters.keys().map(ToString::to_string);
            Err(Unknown {
                what: "no region or cluster is named",
                name: word.to_owned(),
                known: regions.chain(clusters).collect(),
            })
        }
    }
}

impl Planned {
    /// Loses these parts together.
    pub fn lose(&self, lost: &[Lost]) -> Simulation {
        let names: Vec<String> = lost.iter().map(Lost::to_string).collect();
        Simulation {
            claim: format!("the loss of {}", names.join(" and ")),
            outcomes: vec![self.standing().lose(lost)],
            left_out: Vec::new(),
        }
    }

    /// Loses every part of some kinds, one after another.
    pub fn lose_every(&self, kinds: &[Every]) -> Simulation {
        let losses = kinds.iter().flat_map(|k| k.losses(&self.world));
        let standing = self.standing();
        let mut outcomes: Vec<Outcome> = losses.map(|lost| standing.lose(&lost)).collect();
        outcomes.sort_by_cached_key(|o| (Reverse(severity(o)), o.lost.clone()));
        let regions = self.world.regions.iter();
        let zoneless = regions.filter(|(_, r)| kinds.contains(&Every::Zone) && r.zones.is_empty());
        Simulation {
            claim: claim(kinds),
            outcomes,
            left_out: zoneless
                .map(|(name, _)| format!("a zone of {name}, which states none"))
                .collect(),
        }
    }

    fn standing(&self) -> plan::Standing<'_> {
        plan::Standing::new(&self.world, &self.round_trips, &self.plan)
    }
}

/// `the loss of any one region, zone or cluster, or of any two regions`.
fn claim(kinds: &[Every]) -> String {
    let singles: Vec<&str> = kinds.iter().filter_map(|k| k.claim()).collect();
    let single = match singles.split_last() {
        None => None,
        Some((last, [])) => Some(format!("any one {last}")),
        Some((last, rest)) => Some(format!("any one {} or {last}", rest.join(", "))),
    };
    let pair = kinds
        .contains(&Every::Pair)
        .then(|| "any two regions".to_owned());
    let all: Vec<String> = single.into_iter().chain(pair).collect();
    format!("the loss of {}", all.join(", or of "))
}

/// How bad an outcome is: broken promises by kind, the worst kind first, then what is unknown, then
/// users unserved or moved.
fn severity(outcome: &Outcome) -> (Vec<usize>, usize, u64) {
    let mut kinds: BTreeMap<Promise, usize> = BTreeMap::new();
    for broken in &outcome.broken {
        *kinds.entry(broken.promise).or_default() += 1;
    }
    let counts = Promise::ALL
        .iter()
        .map(|p| kinds.get(p).copied().unwrap_or_default());
    let moved = outcome.services.values().flat_map(|s| &s.moved);
    (
        counts.collect(),
        outcome.unknown.len(),
        moved.map(|m| u64::from(m.share_ppm)).sum(),
    )
}
