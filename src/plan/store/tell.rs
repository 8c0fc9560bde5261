//! A decision in words: why this leader, who votes, what a write waits for, what is survived.

use crate::engine::{self, Lost, Recovery, Scheme, Write};
use crate::latency::Commit;
use crate::model::plan::Because;
use crate::model::world::{Distinct, Store};
use crate::plan::words;

use super::site::{Limit, Site};
use super::{Choice, Decided};

/// What the choice of the leader lowers.
pub(super) fn term(store: &Store) -> String {
    let (reads, writes) = (store.access.reads, store.access.writes);
    let mixed = match (reads, writes) {
        (0, _) => "weighted write".to_owned(),
        (_, 0) => "weighted read".to_owned(),
        (reads, writes) => {
            let all = u128::from(reads) + u128::from(writes);
            let share = |part: u64| words::percent(u128::from(part), all);
            format!(
                "weighted latency of {} reads and {} writes",
                share(reads),
                share(writes)
            )
        }
    };
    match (engine::scheme(store), engine::commit(store)) {
        (Scheme::Quorum, _) if writes > 0 => format!("{mixed}, its quorum included"),
        (_, Commit::AnyOf(k) | Commit::FirstOf(k)) if writes > 0 => {
            let standbys = words::count(k, "synchronous standby");
            format!("{mixed}, its {standbys} included")
        }
        _ => mixed,
    }
}

/// Why it is so.
pub(super) fn because(site: &Site<'_>, decided: &Decided) -> Because {
    let (ground, store) = (site.ground, site.store);
    let mean = |value: u128| words::mean(value, site.requests());
    let term = term(store);
    let Some(leader) = decided.leader else {
        return everywhere(site, decided);
    };
    let name = ground.names[leader];
    let value = mean(decided.value);
    let mut because = match decided.choice {
        Choice::Named => Because::new("the store names its leader"),
        Choice::Kept => Because::new(format!("kept from the lock: a {term} of {value}")),
        Choice::Voters => Because::new(format!(
            "of the voters in the lock, which stay, {name} leads with the smallest {term}: {value}"
        )),
        Choice::Journeys => Because::new(format!(
            "{name} leads so that journeys keep their enforced budgets, with a {term} of {value}"
        )),
        Choice::Best => {
            let among = words::count(site.serving.len(), "serving region");
            Because::new(format!(
                "of {among}, {name} has the smallest {term}: {value}"
            ))
        }
    };
    if let Some((better, region)) = decided.better.filter(|_| decided.choice != Choice::Best) {
        let what = match region == leader {
            true => "other voters".to_owned(),
            false => ground.names[region].to_string(),
        };
        because = because.and(format!(
            "{what} would lower it to {} (--rebalance accepts; data moves)",
            mean(better)
        ));
    }
    if !decided.voters.is_empty() {
        because = because.and(voters(site, decided, leader));
    }
    if !decided.standbys.is_empty() {
        because = because.and(waits(site, decided));
    }
    if let Some(binds) = binds(site, decided, leader) {
        because = because.and(binds);
    }
    if decided.bound < decided.value {
        because = because.and(format!(
            "the best found, not proven: no choice can be below {}",
            mean(decided.bound)
        ));
    }
    if !site.demand.given {
        because = because.and("no audience is given, so every region counts the same");
    }
    because
}

/// Which term of the formula is the larger one; nothing where there is only one.
fn binds(site: &Site<'_>, decided: &Decided, leader: usize) -> Option<String> {
    if decided.commit == 0 || !site.demand.given {
        return None;
    }
    let path = site.nearest(&[leader]);
    let commit = u128::from(decided.commit) * site.demand.total;
    let mean = |sum| words::mean(sum, site.demand.total);
    let (way, adds) = (mean(path), mean(commit));
    Some(match path >= commit {
        true => format!(
            "of a write the way to the leader is the larger part: {way}, the commit adds {adds}"
        ),
        false => format!(
            "of a write the commit is the larger part: {adds}, the way to the leader takes {way}"
        ),
    })
}

/// `of 3 voters in distinct countries 2 make a majority: until b votes at 8.0 ms; c at 17.4 ms`.
fn voters(site: &Site<'_>, decided: &Decided, leader: usize) -> String {
    let ground = site.ground;
    let all = decided.voters.len();
    let apart = match site.distinct() {
        Distinct::Zone => "zones",
        Distinct::Region => "regions",
        Distinct::Country => "countries",
    };
    let followers: Vec<String> = decided.voters[1..]
        .iter()
        .map(|&v| {
            format!(
                "{} at {}",
                ground.names[v],
                words::ms(ground.costs[leader][v])
            )
        })
        .collect();
    let majority = all / 2 + 1;
    let followers = words::list(followers.iter().map(String::as_str));
    format!(
        "{majority} of {all} voters in distinct {apart} decide a write: from {}, {followers}",
        ground.names[leader]
    )
}

fn waits(site: &Site<'_>, decided: &Decided) -> String {
    let store = site.store;
    let all = site.ground.list(&decided.standbys);
    let k = store.synchronous as usize;
    match engine::commit(store) {
        _ if decided.standbys.len() == k => format!("a write waits for {all}"),
        Commit::FirstOf(_) => {
            format!("a write waits for the first {k} that are connected of {all}")
        }
        _ => format!("a write waits for any {k} of {all}"),
    }
}

fn everywhere(site: &Site<'_>, decided: &Decided) -> Because {
    let way = site.way();
    let how = match (engine::scheme(site.store), way.map(|w| w.write)) {
        (_, Some(Write::EachQuorum)) => "a write waits for a quorum in every region",
        (_, Some(Write::QuorumAcross)) => {
            "a write and a read wait for a majority of the replicas of all regions"
        }
        (Scheme::Leaderless, _) => {
            "a quorum of the region that takes a write acknowledges it, the others follow"
        }
        (Scheme::Mirror, _) => {
            "each region acknowledges its own writes, and copies go to the others"
        }
        (Scheme::Cache, _) => "each region has a cache of its own",
        _ => "each region acknowledges writes, and concurrent ones merge",
    };
    let places = words::count(decided.replicas.len(), "region");
    let because = Because::new(format!("nothing leads it: {places} take writes; {how}"));
    if !site.demand.given {
        return because;
    }
    let value = words::mean(decided.value, site.requests());
    because.and(format!("a {} of {value}", term(site.store)))
}

/// What may be lost, and what is gone then.
pub(super) fn survives(site: &Site<'_>, decided: &Decided) -> String {
    let way = site.way();
    let regions = match decided.voters.is_empty() {
        true => site.regions.len(),
        false => {
            let mut apart = decided.voters.clone();
            apart.sort_unstable();
            apart.dedup();
            apart.len()
        }
    };
    // A region that holds half of the voters takes the majority with it.
    let voters = decided.voters.len();
    let lost = decided.voters.iter().find(|&&v| {
        let here = decided.voters.iter().filter(|&&o| o == v).count();
        voters - here < voters / 2 + 1
    });
    let loss = way.and_then(|w| w.region);
    let loss = loss
        .filter(|l| regions >= l.regions as usize && voters >= l.voters as usize && lost.is_none());
    let Some(loss) = loss else {
        return match (way.and_then(|w| w.zone), lost) {
            (Some(_), Some(&region)) => format!(
                "a zone; without {} no majority is left, and writes stop until it is back",
                site.ground.names[region]
            ),
            (Some(_), None) if regions > 1 => {
                "a zone; the loss of a region stops writes until it is back".to_owned()
            }
            (Some(_), None) => {
                "a zone; with its region the store is gone until it is back".to_owned()
            }
            (None, _) => "nothing: what is lost is filled again".to_owned(),
        };
    };
    let gone = match loss.lost {
        Lost::Nothing => "no acknowledged write is lost",
        Lost::UnlessSynchronous(k) if site.has(Limit::Standbys) && site.store.synchronous >= k => {
            "no acknowledged write is lost"
        }
        Lost::UnlessInstances(n) if site.store.instances >= n => "no acknowledged write is lost",
        Lost::UnlessSynchronous(_) | Lost::UnlessInstances(_) | Lost::Lag => {
            "writes that had not been replicated are lost with it"
        }
        Lost::Everything => "what was there is lost with it",
    };
    let who = match (loss.recovery, decided.leader) {
        (Recovery::Automatic, _) => "the others go on by themselves",
        (Recovery::Manual, Some(_)) => "somebody has to move the leader",
        (Recovery::Manual, None) => "somebody has to move its users",
    };
    format!("any one region: {gone}, {who}")
}
