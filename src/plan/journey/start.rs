//! Good choices to begin a search with: what lowers the excess over the limits most, one service
//! after another, until nothing is over; then what costs least.

use crate::plan::amount::Room;
use crate::plan::place;

use super::choices::Rank;
use super::search::Search;

/// How many times all services are looked at.
const ROUNDS: usize = 6;
/// How many choices are looked at.
const LOOKED_AT: usize = 20_000;

/// By how much limits are exceeded in microseconds: the most, and in all.
type Excess = (u64, u64);

/// The smallest limit is looked for to this many microseconds.
const STEP: u64 = 1_000;

impl Search<'_, '_> {
    /// Takes the best choices that are found so as the ones to beat, where they fit.
    pub(super) fn start(&mut self, room: &Room) {
        if self.members.iter().any(|m| m.choices.is_empty()) {
            return;
        }
        let _ = self.begin(room);
        let Some((case, tail)) = self.lower else {
            return;
        };
        let mut low = self.cases[case].limits[tail].unwrap_or_default();
        while let Some(worst) = self.least.filter(|least| *least > low + STEP) {
            let limit = self.limits[case][tail];
            let middle = low.midpoint(worst);
            self.limits[case][tail] = Some(middle);
            if !self.begin(room) {
                self.limits[case][tail] = limit;
                low = middle;
            }
        }
    }

    /// Whether something better was found.
    fn begin(&mut self, room: &Room) -> bool {
        let members: Vec<usize> = (0..self.members.len()).collect();
        let backwards: Vec<usize> = members.iter().rev().copied().collect();
        let mut found = None;
        for order in [members, backwards] {
            let picked = self.improved(&order);
            let Some(picked) = picked.filter(|picked| self.fits(picked, room)) else {
                continue;
            };
            let ranks = picked.iter().zip(self.members);
            let ranks = ranks.map(|(&choice, member)| member.choices[choice].rank);
            let rank = ranks.fold(Rank::default(), |sum, rank| sum + rank);
            found = found.into_iter().chain([(rank, picked)]).min();
        }
        let Some((rank, picked)) = found else {
            return false;
        };
        self.picked = picked;
        let taken = self.take(rank);
        self.started |= taken;
        self.picked.clear();
        taken
    }

    /// `None` where something stays over its limit.
    fn improved(&mut self, order: &[usize]) -> Option<Vec<usize>> {
        self.picked = vec![0; self.members.len()];
        let mut now = self.excess((u64::MAX, u64::MAX));
        let mut looked_at = 0;
        for _ in 0..ROUNDS {
            let before = self.picked.clone();
            for &member in order {
                let choices = &self.members[member].choices;
                let mut best = (now, choices[self.picked[member]].rank, self.picked[member]);
                for (index, choice) in choices.iter().enumerate() {
                    // Choices come in order of rank: later ones have to lower the excess.
                    if looked_at == LOOKED_AT || (best.0 == (0, 0) && index >= best.2) {
                        break;
                    }
                    looked_at += 1;
                    self.picked[member] = index;
                    best = best.min((self.excess(best.0), choice.rank, index));
                }
                (now, self.picked[member]) = (best.0, best.2);
            }
            if self.picked == before {
                break;
            }
        }
        let picked = std::mem::take(&mut self.picked);
        (now == (0, 0)).then_some(picked)
    }

    /// Once it is more than `most`, the rest does not matter.
    fn excess(&self, most: Excess) -> Excess {
        let mut excess = (0_u64, 0_u64);
        for (case, limits) in self.limits.iter().enumerate() {
            for (tail, limit) in limits.iter().enumerate() {
                let Some(limit) = limit else { continue };
                for user in &self.cases[case].users {
                    let (micros, guessed) = self.takes(case, user, tail);
                    let over = micros.saturating_sub(*limit);
                    if over > 0 && !(self.exempt && guessed) {
                        excess = (excess.0.max(over), excess.1.saturating_add(over));
                    }
                    if excess > most {
                        return excess;
                    }
                }
            }
        }
        excess
    }

    fn fits(&self, picked: &[usize], room: &Room) -> bool {
        let mut room = room.clone();
        picked.iter().zip(self.members).all(|(&choice, member)| {
            let regions = &member.choices[choice].chosen.regions;
            let loads = || place::loads(member.service, &member.candidates, regions);
            let fits = loads().all(|(_, cluster, load)| room.fits(&cluster, load));
            loads().for_each(|(_, cluster, load)| room.take(&cluster, load));
            fits
        })
    }
}
