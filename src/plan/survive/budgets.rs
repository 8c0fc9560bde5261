//! Budgets of a service after a loss: predicted for the regions that serve then, and for its stores
//! as they are led then.

use std::collections::BTreeMap;

use crate::model::duration::Duration;
use crate::model::name::ServiceKey;
use crate::model::plan::{Forecast, Quantile, Source};
use crate::model::simulation::{Broken, BudgetOutcome, Outcome, Promise};
use crate::model::world::LatencyBudget;

use super::scene::Scene;
use super::stores::Left;
use super::users::Users;
use crate::diag::Spanned;
use crate::plan::budget::{CALL, Decided, Gone, Parts, READ, WRITE, What, limit};
use crate::plan::legs::Legs;
use crate::plan::words;

/// What budgets are compared with.
pub(super) struct After<'a> {
    pub scene: &'a Scene<'a>,
    pub legs: &'a Legs,
    /// All services, for calls.
    pub services: &'a BTreeMap<&'a ServiceKey, &'a Users<'a>>,
}

/// A request, and what it is made of.
type Request<'a> = (Parts, Option<&'a str>);

impl After<'_> {
    /// Stores as they are led after the loss.
    pub(super) fn decided<'s>(&self, stores: &[Left<'s>]) -> Vec<Decided<'s>> {
        let decided = |left: &Left<'s>| {
            let led = left.led();
            let of = (left.part, &led);
            let gone = Gone {
                lost: left.lost().to_vec(),
                cut: self.scene.cut.clone(),
            };
            Decided::of(self.scene.ground, self.legs, left.store, of, gone)
        };
        stores.iter().map(decided).collect()
    }

    /// Fills in the budgets that change or do not hold, and the promises that break.
    pub(super) fn check(&self, users: &Users<'_>, stores: &[Left<'_>], out: &mut Outcome) {
        let budget = &users.service.budget;
        if budget.read.is_none() && budget.write.is_none() && budget.cross_region.is_none() {
            return;
        }
        let before = &users.plan.predicted;
        let decided = self.decided(stores);
        for quantile in Quantile::ALL {
            let kinds = [
                (READ, &budget.read, &before.read),
                (WRITE, &budget.write, &before.write),
                (CALL, &budget.cross_region, &before.cross_region),
            ];
            for (i, (what, budget, before)) in kinds.into_iter().enumerate() {
                let Some(budget) = budget else { continue };
                let after = match i {
                    0 => self.reads(users, &decided, quantile),
                    1 => self.writes(users, &decided, quantile),
                    _ => self.calls(users, quantile),
                };
                let of = format!("{what} of `{}` at {}", users.key, quantile.name());
                self.compare(of, budget, before.as_ref(), after, quantile, out);
            }
        }
    }

    fn compare(
        &self,
        of: String,
        budget: &Spanned<LatencyBudget>,
        before: Option<&Forecast>,
        after: Option<Request<'_>>,
        quantile: Quantile,
        out: &mut Outcome,
    ) {
        let Some(limit) = limit(budget.value, quantile) else {
            return;
        };
        let Some((parts, asked)) = after else { return };
        let known = parts.source() != Source::Unknown;
        let terms = parts.terms(self.scene.ground, asked);
        let binding = terms.iter().rev().max_by_key(|t| t.ns.unwrap_or(u64::MAX));
        let told = BudgetOutcome {
            of,
            span: budget.span,
            limit_ns: limit.as_millis().saturating_mul(1_000_000),
            before_ns: before.and_then(|b| b.at(quantile).worst.ns),
            after_ns: known.then(|| parts.micros().saturating_mul(1000)),
            binding: binding.map_or_else(String::new, |t| t.what.clone()),
            estimated: parts.source().estimated(),
            promised: true,
        };
        let way = told.binding.clone();
        tell(told, &format!(" {way}"), limit, out);
    }

    /// A request of users whom a region serves: as everywhere from their own, or where the way from
    /// there is cut through the region that serves; `None` where that reaches nothing either.
    fn by_way(
        &self,
        quantile: Quantile,
        (place, serving): (usize, usize),
        ask: impl Fn(usize) -> Option<Parts>,
    ) -> Option<Parts> {
        let through = ask(serving)?;
        let farther = || through.by_detour(self.legs.at(quantile, place, serving));
        Some(ask(place).unwrap_or_else(farther))
    }

    /// The slowest read of those whom somebody serves.
    fn reads<'d>(
        &self,
        users: &Users<'_>,
        decided: &'d [Decided<'_>],
        quantile: Quantile,
    ) -> Option<Request<'d>> {
        let ways = users
            .places
            .iter()
            .filter_map(|p| Some((p.place, p.after?)));
        let ways = ways.flat_map(|(place, after)| {
            let leg = self.legs.at(quantile, place.region, after);
            let direct = (Parts::one(What::Serving(after), leg), None);
            let stores = decided.iter().filter(|s| s.is_of(place.country));
            let stores = stores.filter_map(move |s| {
                let ask = |from| s.read(self.scene.ground, self.legs, quantile, from);
                let parts = self.by_way(quantile, (place.region, after), ask)?;
                Some((parts, Some(s.name())))
            });
            std::iter::once(direct).chain(stores)
        });
        slowest(ways)
    }

    fn writes<'d>(
        &self,
        users: &Users<'_>,
        decided: &'d [Decided<'_>],
        quantile: Quantile,
    ) -> Option<Request<'d>> {
        let served = users.places.iter();
        let served = served.filter_map(|p| Some((p.place, p.after?)));
        let ways = served.flat_map(|(place, after)| {
            let stores = decided.iter().filter(|s| s.is_of(place.country));
            stores.filter_map(move |s| {
                let ask = |from| s.write(self.scene.ground, self.legs, quantile, from);
                let parts = self.by_way(quantile, (place.region, after), ask)?;
                Some((parts, Some(s.name())))
            })
        });
        slowest(ways)
    }

    fn calls<'u>(&self, users: &'u Users<'_>, quantile: Quantile) -> Option<Request<'u>> {
        let calls = users.service.calls.iter().filter_map(|call| {
            let key = ServiceKey::new(&call.service.value, &users.key.environment);
            Some((call.service.value.as_str(), *self.services.get(&key)?))
        });
        let ways = calls.flat_map(|(name, callee)| {
            let callers = users.serving_after.iter().copied();
            callers.filter_map(move |from| {
                if callee.serving_after.contains(&from) {
                    return None;
                }
                let mut reached = callee.serving_after.clone();
                reached.retain(|&to| self.scene.reaches(from, to));
                let to = self.scene.ground.nearest(from, &reached)?;
                let leg = self.legs.at(quantile, from, to);
                Some((Parts::one(What::Callee(to), leg), Some(name)))
            })
        });
        slowest(ways)
    }
}

/// What a loss means for a budget, where it means anything.
pub(super) fn tell(told: BudgetOutcome, way: &str, limit: Duration, out: &mut Outcome) {
    if told.after_ns == told.before_ns {
        return;
    }
    let over = format!(
        "{} takes {}{way}, over its budget of {limit}",
        told.of,
        words::known(told.after_ns)
    );
    if told.after_ns.is_none() {
        out.unknown
            .push(format!("whether {} keeps its budget", told.of));
    } else if told.broken() && told.promised {
        out.broken.push(Broken {
            promise: Promise::Budget,
            what: over,
            span: Some(told.span),
        });
    } else if told.broken() {
        out.notes.push(format!("{over}, which is not enforced"));
    }
    out.budgets.push(told);
}

/// Of those that take as long, the first.
fn slowest<'a>(ways: impl Iterator<Item = Request<'a>>) -> Option<Request<'a>> {
    ways.fold(None, |slowest: Option<Request<'a>>, way| match slowest {
        Some(known) if known.0.micros() >= way.0.micros() => Some(known),
        _ => Some(way),
    })
}
