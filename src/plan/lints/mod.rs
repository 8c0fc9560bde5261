//! The finished plan to advice: what is legal, and what an architect would still ask about.
//!
//! One file per lint, one line in the list. A lint only ever warns; each says its numbers and what
//! to do, and its threshold stands at the top of its file.

mod answers;
mod border;
mod quorum;
mod read;
mod recovery;
mod timeout;
mod writers;

use std::collections::BTreeMap;

use crate::diag::Sink;
use crate::model::name::ServiceKey;
use crate::model::plan::{Plan, StorePlan};
use crate::model::world::{Call, Store};

use super::Placed;
use super::ground::Ground;

/// What a lint looks at.
pub(super) struct View<'a> {
    pub ground: &'a Ground<'a>,
    /// Services in the order of decision.
    pub placed: &'a [Placed<'a>],
    pub by_key: &'a BTreeMap<&'a ServiceKey, &'a Placed<'a>>,
    pub plan: &'a Plan,
}

/// Every lint, in the order in which they are applied.
const LINTS: &[fn(&View<'_>, &mut Sink)] = &[
    read::across_regions,
    writers::far,
    border::twice,
    timeout::too_short,
    recovery::time,
    recovery::point,
    quorum::majority,
    quorum::all_standbys,
    answers::idle,
];

/// Applies all of them.
pub(super) fn check(view: &View<'_>, sink: &mut Sink) {
    for lint in LINTS {
        lint(view, sink);
    }
}

impl<'a> View<'a> {
    /// The callee of a call, in the environment of its caller.
    fn callee(&self, caller: &Placed<'_>, call: &Call) -> Option<&'a Placed<'a>> {
        let key = ServiceKey::new(&call.service.value, &caller.service.environment);
        self.by_key.get(&key).copied()
    }

    /// The stores of a service that have a plan, each with what was declared.
    fn stores<'p>(&self, placed: &Placed<'p>) -> impl Iterator<Item = (&'p Store, &'a StorePlan)> {
        let plan = self.plan;
        let key = placed.key;
        placed.service.stores.iter().filter_map(move |store| {
            let key = key.store(&store.name.value);
            Some((store, plan.stores.get(&key)?))
        })
    }

    /// The same by parts, where the data is homed with its users.
    fn parts<'p>(&self, placed: &Placed<'p>) -> impl Iterator<Item = (&'p Store, &'a StorePlan)> {
        let stores = self.stores(placed);
        stores.flat_map(|(store, plan)| plan.parts().map(move |part| (store, part)))
    }

    /// The index of a store's leader.
    fn leader(&self, store: &StorePlan) -> Option<usize> {
        self.ground.index(store.leader.as_ref()?.as_str())
    }

    /// Whether the time between two regions is known at all.
    fn known(&self, from: usize, to: usize) -> bool {
        self.ground.costs[from][to] < super::ground::UNKNOWN
    }
}
