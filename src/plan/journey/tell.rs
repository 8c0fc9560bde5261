//! A journey in words: how its services were decided, and which of its budgets does not hold.

use crate::diag::{Code, Diagnostic, Severity};
use crate::model::plan::{Because, Quantile, Worst};
use crate::model::world::JourneyBudget;
use crate::plan::{Placed, joint, place, words};

use super::{One, Way};

impl One<'_, '_> {
    /// How its services were decided.
    pub(super) fn because(&self) -> Because {
        let enforced = self.journey.budget.as_ref().is_some_and(|b| b.enforce);
        if let Some(joint) = self.joint.filter(|j| j.kept) {
            let services = words::list(joint.services.iter().map(String::as_str));
            let together = format!(
                "{services} were decided together, since each by itself would break an enforced budget"
            );
            return Because::new(together).and(match joint.proven {
                true => "the smallest total of their weighted latencies that keeps it, by proof",
                false => {
                    "the smallest total of their weighted latencies that was found, not proven"
                }
            });
        }
        let mut order = self.services.clone();
        order.sort_by_key(|placed| place::turn(placed.key, placed.service));
        let order = order
            .iter()
            .map(|placed| placed.service.name.value.as_str());
        let order: Vec<&str> = order.collect();
        let decided = match order.as_slice() {
            [_] => "its service was decided by itself".to_owned(),
            several => format!(
                "its services were decided each by itself, in the order {}",
                words::list(several.iter().copied())
            ),
        };
        Because::new(decided).and(match (enforced, self.journey.budget.is_some()) {
            (true, _) => "none of them had to yield for its enforced budget",
            (false, true) => "its budget is not enforced, so nothing was decided for it",
            (false, false) => "it has no budget, so nothing was decided for it",
        })
    }

    pub(super) fn breach(
        &self,
        budget: &JourneyBudget,
        quantile: Quantile,
        limit: &str,
        enforced: bool,
        worst: &Worst,
        way: &Way<'_>,
    ) -> Diagnostic {
        let estimated = worst.source().estimated();
        let mut told = Diagnostic::new(
            Code::Budget,
            format!(
                "journey `{}` takes {} at {}{}, over its budget {limit}",
                self.journey.name.value,
                words::known(worst.ns),
                quantile.name(),
                if estimated { ", estimated" } else { "" },
            ),
        )
        .at(budget.span, "")
        .note(format!("from {} {}", worst.place, worst.way()))
        .severity(if enforced {
            Severity::Error
        } else {
            Severity::Warning
        });
        if let Some(binding) = worst.binding().filter(|_| worst.terms.len() > 1) {
            told = told.note(format!("binding: {}", binding.told()));
        }
        if quantile == Quantile::P99 && worst.terms.len() > 1 {
            told = told.note("a sum of 99th percentiles, which is an approximation");
        }
        if budget.enforce && !enforced {
            told =
                told.note("not enforced, since it is estimated; `network.estimate: enforce` would");
        }
        let joint = self.joint.filter(|joint| enforced && !joint.kept);
        if let Some(joint) = joint {
            let services = words::list(joint.services.iter().map(String::as_str));
            told = told.note(match joint.proven {
                true => format!(
                    "however {services} are placed and led within what they allow, the budget cannot be kept: every way was tried or ruled out"
                ),
                false => format!("placing {services} otherwise was tried too, though not in every way"),
            });
        }
        let found = joint.filter(|_| self.base.ground.explains);
        let found = found.and_then(|_| {
            let own = |placed: &&Placed<'_>| {
                let members = placed.why.conflict.members.iter();
                members
                    .map(|m| (placed.key.clone(), *m))
                    .collect::<Vec<_>>()
            };
            let apart: Vec<_> = self.services.iter().flat_map(own).collect();
            let of_journey = |apart: &[_]| joint::of_journey(self.base.ground, self.journey, apart);
            // What conflicts with another budget may stand in the way of this one, too.
            let budgets: Vec<_> = apart
                .iter()
                .filter(|(_, m)| m.is_budget())
                .cloned()
                .collect();
            let again = || of_journey(&budgets).filter(|_| budgets.len() < apart.len());
            of_journey(&apart).or_else(again)
        });
        told = found.iter().fold(told, |told, found| found.show(told));
        let raise = match worst.ns {
            Some(ns) => format!("raise the budget to {}ms", ns.div_ceil(1_000_000)),
            None => "measure the round trip into `network/rtt.csv`".to_owned(),
        };
        let remedy = match joint {
            Some(joint) => joint.remedy.clone(),
            None => way.binding().and_then(|hop| self.remedy(hop)),
        };
        told.help(match remedy {
            Some(remedy) => format!("{raise}, or {remedy}"),
            None => raise,
        })
    }
}
