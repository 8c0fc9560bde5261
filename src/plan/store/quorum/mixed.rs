//! Leader and voters where reads go to the nearest voter: branch and bound over sets.
//!
//! For each leader, followers are tried in order of round trip from it: so the round trip that a
//! majority answers within is known once half of them are chosen and only grows until then, and of
//! sets of equal value the first that is found is the first in order. Reads are bounded by prices
//! (Lagrangian relaxation of the choice of regions without a leader, see `search`), and by all
//! remaining candidates at once. Effort is counted, never timed.

use super::seats::{Seat, Seats};
use super::{Answer, Vote};
use crate::plan::search::{Prices, prices};

/// How many sets and parts of sets are looked at before the best found has to do.
const LOOKED_AT: u64 = if cfg!(test) { 2_000_000 } else { 40_000_000 };

pub(super) fn solve(vote: &Vote<'_>) -> Option<Answer> {
    let regions: Vec<usize> = vote.members.iter().map(|m| m.region).collect();
    let prices = prices(vote.demand, &regions, vote.count, vote.costs);
    let mut search = Search {
        vote,
        prices,
        best: None,
        open: None,
        looked_at: 0,
    };
    let mut roots: Vec<(u128, usize, Seats<'_>)> = Vec::new();
    for &leader in &vote.leaders {
        let Some(seats) = Seats::new(vote, leader) else {
            continue;
        };
        if !seats.completes(seats.longest(), &[], 0) {
            continue;
        }
        search.begin(&seats);
        roots.push((search.root(&seats), leader, seats));
    }
    roots.sort_by_key(|r| (r.0, r.1));
    for (bound, _, seats) in &roots {
        let mut level = Level::new(&search, seats);
        search.descend(&mut level, 0, *bound);
    }
    let best = search.best?;
    Some(Answer {
        bound: search.open.map_or(best.value, |open| open.min(best.value)),
        value: best.value,
        voters: vote.voters(best.leader, best.followers),
    })
}

struct Best {
    value: u128,
    leader: usize,
    followers: Vec<usize>,
    /// Round trips and names of the followers, in order.
    order: Vec<(u64, usize)>,
    /// Whether it was found by going through the sets in order.
    in_order: bool,
}

struct Search<'a> {
    vote: &'a Vote<'a>,
    prices: Prices,
    best: Option<Best>,
    open: Option<u128>,
    looked_at: u64,
}

/// The part of a set that is chosen, under one leader.
struct Level<'a> {
    seats: &'a Seats<'a>,
    chosen: Vec<Seat>,
    /// The longest commit that can be within the limit.
    longest: u64,
    /// By depth, for each place of demand the nearest of the chosen.
    nearest: Vec<Vec<u64>>,
    /// What the chosen are worth by the prices.
    worth: u128,
    /// By position, what the `i` worthiest of the seats from there on are worth together.
    company: Vec<Vec<u128>>,
    /// By position, for each place the nearest of the seats from there on.
    rest: Vec<Vec<u64>>,
}

impl<'a> Level<'a> {
    fn new(search: &Search<'_>, seats: &'a Seats<'a>) -> Self {
        let vote = search.vote;
        let (slots, demand) = (seats.slots, vote.demand);
        let mut company = vec![vec![0; slots + 1]];
        let mut rest = vec![vec![u64::MAX; demand.len()]];
        let mut top: Vec<u128> = Vec::new();
        for seat in seats.free.iter().rev() {
            let worth = search.prices.worth(seat.region);
            let at = top.partition_point(|t| *t >= worth);
            top.insert(at, worth);
            top.truncate(slots);
            let sums = (0..=slots).map(|i| top.iter().take(i).sum()).collect();
            company.push(sums);
            let mut nearest = rest[rest.len() - 1].clone();
            vote.closer(&mut nearest, seat.region);
            rest.push(nearest);
        }
        company.reverse();
        rest.reverse();
        let mut nearest = vec![u64::MAX; demand.len()];
        let mut worth = search.prices.worth(seats.leader);
        vote.closer(&mut nearest, seats.leader);
        let mut counted = vec![seats.leader];
        for kept in &seats.kept {
            vote.closer(&mut nearest, kept.region);
            // A second voter in a region is nearer to nobody.
            if !counted.contains(&kept.region) {
                counted.push(kept.region);
                worth += search.prices.worth(kept.region);
            }
        }
        Self {
            seats,
            longest: seats.longest(),
            chosen: Vec::with_capacity(slots),
            nearest: vec![nearest; slots + 1],
            worth,
            company,
            rest,
        }
    }
}

impl Vote<'_> {
    fn closer(&self, nearest: &mut [u64], region: usize) {
        for (n, &(d, _)) in nearest.iter_mut().zip(self.demand) {
            *n = (*n).min(self.costs[d][region]);
        }
    }

    fn reading(&self, nearest: impl Iterator<Item = u64>) -> u128 {
        let pairs = nearest.zip(self.demand);
        pairs
            .map(|(n, &(_, w))| u128::from(n) * u128::from(w))
            .sum()
    }
}

impl Search<'_> {
    /// Offers a good set of one leader: the follower that helps most, again and again.
    fn begin(&mut self, seats: &Seats<'_>) {
        let mut level = Level::new(self, seats);
        for _ in 0..seats.slots {
            let mut good: Option<(u128, usize)> = None;
            for (position, seat) in seats.free.iter().enumerate() {
                if level.chosen.iter().any(|c| c.class == seat.class) {
                    continue;
                }
                level.chosen.push(*seat);
                let mut nearest = level.nearest[0].clone();
                self.vote.closer(&mut nearest, seat.region);
                let read = self.vote.reading(nearest.iter().copied());
                let commit = seats.commit(seats.kept.iter().chain(&level.chosen).map(|s| s.cost));
                let value = self.vote.value(seats.leader, commit, read);
                level.chosen.pop();
                if good.is_none_or(|g| (value, position) < g) {
                    good = Some((value, position));
                }
            }
            let Some((_, position)) = good else { return };
            level.chosen.push(seats.free[position]);
            self.vote
                .closer(&mut level.nearest[0], seats.free[position].region);
        }
        let read = self.vote.reading(level.nearest[0].iter().copied());
        self.offer(seats, &level.chosen, read, false);
    }

    /// What no set of a leader can go below.
    fn root(&self, seats: &Seats<'_>) -> u128 {
        let level = Level::new(self, seats);
        self.bound(&level, 0)
    }

    /// What the chosen, extended by seats from a position on, cannot go below.
    fn bound(&self, level: &Level<'_>, from: usize) -> u128 {
        let depth = level.chosen.len();
        let more = level.seats.slots - depth;
        let free = &level.seats.free;
        let commit = level.seats.commit(
            level
                .seats
                .kept
                .iter()
                .chain(&level.chosen)
                .chain(free[from..].iter().take(more))
                .map(|s| s.cost),
        );
        let by_price = self
            .prices
            .total
            .saturating_sub(level.worth + level.company[from][more]);
        let all = level.nearest[depth].iter().zip(&level.rest[from]);
        let by_all = match more {
            0 => 0,
            _ => self.vote.reading(all.map(|(n, r)| *n.min(r))),
        };
        self.vote
            .value(level.seats.leader, commit, by_price.max(by_all))
    }

    /// Whether a set of this value, later in order than the best of its leader, cannot be taken.
    fn pruned(&self, bound: u128, leader: usize) -> bool {
        let Some(best) = &self.best else { return false };
        let first = best.leader < leader || (best.leader == leader && best.in_order);
        bound > best.value || (bound == best.value && first)
    }

    fn offer(&mut self, seats: &Seats<'_>, chosen: &[Seat], read: u128, in_order: bool) {
        let all = || seats.kept.iter().chain(chosen);
        let commit = seats.commit(all().map(|s| s.cost));
        let tail = seats.commit(all().map(|s| s.tail));
        if seats.charged(all()) > seats.slack.0 || tail > seats.slack.1 {
            return;
        }
        let value = self.vote.value(seats.leader, commit, read);
        if self.pruned(value, seats.leader) {
            return;
        }
        let mut order: Vec<_> = all().map(|s| (s.cost, s.region)).collect();
        order.sort_unstable();
        let better = self.best.as_ref().is_none_or(|best| {
            (value, seats.leader, &order) <= (best.value, best.leader, &best.order)
        });
        if better {
            self.best = Some(Best {
                value,
                leader: seats.leader,
                followers: order.iter().map(|o| o.1).collect(),
                order,
                in_order,
            });
        }
    }

    fn descend(&mut self, level: &mut Level<'_>, from: usize, bound: u128) {
        let seats = level.seats;
        let depth = level.chosen.len();
        let more = seats.slots - depth;
        if more == 0 {
            let read = self.vote.reading(level.nearest[depth].iter().copied());
            self.offer(seats, &level.chosen, read, true);
            return;
        }
        if self.pruned(bound, seats.leader) {
            return;
        }
        for position in from..=seats.free.len().saturating_sub(more) {
            let Some(seat) = seats.free.get(position).copied() else {
                return;
            };
            // Nothing that follows is nearer to the leader or better company.
            let bound = self.bound(level, position);
            if self.pruned(bound, seats.leader) {
                return;
            }
            if level.chosen.iter().any(|c| c.class == seat.class) {
                continue;
            }
            if self.looked_at >= LOOKED_AT {
                self.open = Some(self.open.map_or(bound, |open| open.min(bound)));
                return;
            }
            self.looked_at += self.vote.demand.len() as u64;
            let again = seat.region == seats.leader
                || seats
                    .kept
                    .iter()
                    .chain(&level.chosen)
                    .any(|c| c.region == seat.region);
            let worth = if again {
                0
            } else {
                self.prices.worth(seat.region)
            };
            let (chosen, deeper) = level.nearest.split_at_mut(depth + 1);
            deeper[0].copy_from_slice(&chosen[depth]);
            self.vote.closer(&mut deeper[0], seat.region);
            level.chosen.push(seat);
            level.worth += worth;
            let bound = self.bound(level, position + 1);
            let open = seats.vote.tail.is_none()
                || seats.completes(level.longest, &level.chosen, position + 1);
            if open && !self.pruned(bound, seats.leader) {
                self.descend(level, position + 1, bound);
            }
            level.worth -= worth;
            level.chosen.pop();
        }
    }
}
