//! The followers of a leader while only its writes count: the nearest that may be together.

use super::seats::{Seat, Seats};

/// The smallest time in which a majority answers, and the voters, the leader first.
pub(super) fn followers(seats: &Seats<'_>) -> Option<(u64, Vec<usize>)> {
    let taken = match seats.vote.tail {
        None => nearest(seats),
        Some(_) => within(seats),
    }?;
    let all = || seats.kept.iter().chain(&taken);
    let commit = seats.commit(all().map(|s| s.cost));
    if seats.charged(all()) > seats.slack.0 {
        return None;
    }
    let voters = all().map(|s| s.region).collect();
    Some((commit, seats.vote.voters(seats.leader, voters)))
}

fn nearest(seats: &Seats<'_>) -> Option<Vec<Seat>> {
    let mut taken: Vec<Seat> = Vec::with_capacity(seats.slots);
    for seat in &seats.free {
        if taken.len() < seats.slots && taken.iter().all(|t| t.class != seat.class) {
            taken.push(*seat);
        }
    }
    (taken.len() == seats.slots).then_some(taken)
}

/// Those of the smallest commit whose tail keeps within the slack too.
fn within(seats: &Seats<'_>) -> Option<Vec<Seat>> {
    let mut limits: Vec<u64> = seats
        .kept
        .iter()
        .chain(&seats.free)
        .map(|s| s.cost)
        .collect();
    limits.push(0);
    limits.sort_unstable();
    limits.dedup();
    // A longer limit never makes it harder.
    let at = limits.partition_point(|&limit| !seats.completes(limit, &[], 0));
    let limit = *limits.get(at)?;
    let mut taken: Vec<Seat> = Vec::with_capacity(seats.slots);
    for (position, seat) in seats.free.iter().enumerate() {
        if taken.len() == seats.slots {
            break;
        }
        if taken.iter().any(|t| t.class == seat.class) {
            continue;
        }
        taken.push(*seat);
        if !seats.completes(limit, &taken, position + 1) {
            taken.pop();
        }
    }
    Some(taken)
}
