//! Clusters to steps: batches that may change at the same time.
//!
//! Greedy colouring in the order of what is at stake: clusters that lead nothing, then those that
//! lead a store; in each, the least audience first, then the fewest pods, then the name. Each
//! cluster goes into the first step that it may join; leaders only join steps after all others.

use super::apart::Apart;

/// What is at stake in a cluster, in the order in which clusters change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stake {
    /// Whether it leads a store.
    pub leads: bool,
    /// The audience that it serves; all services weigh the same.
    pub audience: u128,
    /// Pods at least.
    pub pods: u64,
}

/// Steps, and whether no fewer would do.
pub(super) struct Steps {
    pub steps: Vec<Vec<usize>>,
    pub fewest: bool,
}

/// Splits clusters (by number, which is the order of names) into steps.
pub(super) fn split(apart: &Apart<'_>, stakes: &[Stake], clusters: &[usize]) -> Steps {
    let mut order = clusters.to_vec();
    order.sort_by_key(|&c| (stakes[c], c));
    let first_leader = order.partition_point(|&c| !stakes[c].leads);
    let mut steps = Vec::new();
    let mut least = 0;
    for part in [&order[..first_leader], &order[first_leader..]] {
        steps.extend(colour(apart, part));
        least += clique(apart, part);
    }
    let fewest = steps.len() == least;
    Steps { steps, fewest }
}

/// First fit, in the order given.
fn colour(apart: &Apart<'_>, order: &[usize]) -> Vec<Vec<usize>> {
    let mut steps: Vec<Vec<usize>> = Vec::new();
    for &cluster in order {
        match steps.iter_mut().find(|s| apart.joins(cluster, s)) {
            Some(step) => step.push(cluster),
            None => steps.push(vec![cluster]),
        }
    }
    steps
}

/// The size of a set of clusters of which each must be apart from each, grown from each in turn:
/// at least so many steps are needed.
fn clique(apart: &Apart<'_>, order: &[usize]) -> usize {
    let grown = |&seed: &usize| {
        let mut clique = vec![seed];
        for &cluster in order {
            if clique.iter().all(|&c| apart.why(c, cluster).is_some()) {
                clique.push(cluster);
            }
        }
        clique.len()
    };
    order.iter().map(grown).max().unwrap_or(0)
}

/// The same for whole regions: the waves of a fleet that declares none. Of the regions where
/// something runs the quietest goes alone, where there are others.
pub(super) fn waves(
    apart: &Apart<'_>,
    stakes: &[Stake],
    regions: &[Vec<usize>],
) -> Vec<Vec<usize>> {
    let stake = |r: usize| {
        regions[r].iter().fold(Stake::default(), |sum, &c| Stake {
            leads: sum.leads || stakes[c].leads,
            audience: sum.audience + stakes[c].audience,
            pods: sum.pods + stakes[c].pods,
        })
    };
    let free = |a: usize, others: &Vec<usize>| {
        let mut clusters = others.iter().flat_map(|&o| &regions[o]);
        clusters.all(|&c| apart.joins(c, &regions[a]))
    };
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by_key(|&r| (stake(r), r));
    let mut waves: Vec<Vec<usize>> = Vec::new();
    // Nothing joins the first wave once something runs there; leaders join no wave of others.
    let mut from = 0;
    let mut led = false;
    for region in order {
        let tried = waves
            .first()
            .is_some_and(|w| w.iter().any(|&r| stake(r).pods > 0));
        if (waves.len() == 1 && tried) || (stake(region).leads && !led && !waves.is_empty()) {
            from = from.max(waves.len());
        }
        led = stake(region).leads;
        let mut open = waves.iter_mut().skip(from);
        match open.find(|w| free(region, w)) {
            Some(wave) => wave.push(region),
            None => waves.push(vec![region]),
        }
    }
    waves
}
