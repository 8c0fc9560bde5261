//! What stores ask for, to what every choice of regions has to have: a search that knows it need not
//! try one set after another that no store can be in.

use std::collections::{BTreeMap, BTreeSet};

use super::allowed::Allowed;
use super::search::Question;
use super::store::{self, Inside, Limit};

impl Allowed<'_> {
    /// Whether more regions never stand in the way of a store, among at least so many: not where a
    /// write waits for every region or for a majority of all, nor for the first of a list; nor where
    /// voters of few regions stand in zones, and of more in other regions.
    pub(super) fn monotone(&self, at_least: usize) -> bool {
        let mut stores = self.stores().iter();
        stores.all(|&index| store::steady(self.ground, self.service, index, at_least))
    }

    /// The question with what stores need, under some of their limits: one of the regions that may
    /// lead when all are there, and as many countries as voters stand in.
    pub(super) fn needing(
        &self,
        question: &Question,
        limits: &BTreeMap<usize, BTreeSet<Limit>>,
    ) -> Question {
        let mut all: Vec<usize> = question.candidates.clone();
        all.extend(&question.fixed);
        all.sort_unstable();
        let mut needing = question.clone();
        for (&index, limits) in limits {
            if !store::steady(self.ground, self.service, index, question.at_least) {
                continue;
            }
            if limits.contains(&Limit::Write) || limits.contains(&Limit::Leader) {
                let leads = |region: &usize| {
                    let inside = Inside {
                        service: self.service,
                        store: index,
                        demand: self.demand,
                        regions: &all,
                        serving: std::slice::from_ref(region),
                    };
                    store::feasible(self.ground, &inside, limits)
                };
                let cover: Vec<usize> = all.iter().copied().filter(leads).collect();
                if cover.len() < all.len() {
                    needing.covers.push(cover);
                }
            }
            let apart = store::apart(self.ground, self.service, index, limits);
            needing.apart.extend(apart);
        }
        needing
    }

    /// The regions of a question that may lead, within the enforced budget for reads, the stores
    /// that are read at their leaders; nothing where there is no such store or no such budget.
    pub(super) fn leading_reads(&self, question: &Question) -> Option<Vec<usize>> {
        let mut all: Vec<usize> = question.candidates.clone();
        all.extend(&question.fixed);
        all.sort_unstable();
        self.read_at_leaders().then(|| self.near_all(&all))
    }

    /// Whether one of the regions that serve can lead within the enforced budget for reads.
    pub(super) fn reads_lead(&self, serving: &[usize]) -> bool {
        !self.read_at_leaders() || !self.near_all(serving).is_empty()
    }

    fn read_at_leaders(&self) -> bool {
        let stores = self.service.stores.iter();
        let mut whole = stores.filter(|s| s.shards.is_empty() && s.leader.is_none());
        self.limits().is_some() && whole.any(store::reads_lead)
    }

    /// The regions from which no user is farther than the enforced limits on reads.
    fn near_all(&self, regions: &[usize]) -> Vec<usize> {
        let Some(limits) = self.limits() else {
            return regions.to_vec();
        };
        let far = self.beyond(&self.question(regions), limits);
        let near = |region: &usize| far.iter().all(|(_, to)| to != region);
        regions.iter().copied().filter(near).collect()
    }
}
