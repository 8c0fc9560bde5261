//! Predictions against their budgets, with the words for those that do not hold.

use crate::diag::{Code, Diagnostic, Severity, Sink, Spanned};
use crate::model::duration::Duration;
use crate::model::name::RegionName;
use crate::model::plan::{Forecast, Percentile, Quantile, Verdict, Worst};
use crate::model::world::{Estimate, LatencyBudget, RegionChoice};

use crate::plan::Placed;
use crate::plan::conflict::{Conflict, Member};
use crate::plan::explain;
use crate::plan::ground::Ground;
use crate::plan::joint::{self, Which};
use crate::plan::store::Limit;
use crate::plan::words;

use super::tally::Counted;

/// The limit of a budget at one percentile.
pub(in crate::plan) fn limit(budget: LatencyBudget, quantile: Quantile) -> Option<Duration> {
    match quantile {
        Quantile::P50 => budget.p50,
        Quantile::P99 => budget.p99,
    }
}

/// Whether the worst stays within a limit; what is unknown does not.
pub(in crate::plan) fn over(worst: &Worst, limit: Duration) -> bool {
    let limit = limit.as_millis().saturating_mul(1_000_000);
    worst.ns.is_none_or(|ns| ns > limit)
}

/// Whether a breach by this one may stop a run: it is measured, or estimates are enforced.
pub(in crate::plan) fn proven(ground: &Ground<'_>, worst: &Worst) -> bool {
    ground.world.fleet.network.estimate == Estimate::Enforce || !worst.source().estimated()
}

/// What each kind of request is called.
pub(in crate::plan) const READ: &str = "a read";
pub(in crate::plan) const WRITE: &str = "a write";
pub(in crate::plan) const CALL: &str = "a call to another region";

/// One service's predictions and budgets.
pub(super) struct Judge<'a, 's> {
    pub ground: &'a Ground<'a>,
    pub placed: &'a Placed<'a>,
    /// Where a breach is said; absent: it is not.
    pub sink: Option<&'s mut Sink>,
}

impl Judge<'_, '_> {
    /// Both percentiles of one kind of request, compared with its budget.
    pub(super) fn forecast(
        &mut self,
        what: &str,
        budget: Option<&Spanned<LatencyBudget>>,
        count: impl Fn(Quantile) -> Option<Counted>,
    ) -> Option<Forecast> {
        let p50 = self.percentile(what, budget, Quantile::P50, count(Quantile::P50)?);
        let p99 = self.percentile(what, budget, Quantile::P99, count(Quantile::P99)?);
        Some(Forecast { p50, p99 })
    }

    fn percentile(
        &mut self,
        what: &str,
        budget: Option<&Spanned<LatencyBudget>>,
        quantile: Quantile,
        counted: Counted,
    ) -> Percentile {
        let mut percentile = counted.percentile;
        let asked = budget.and_then(|b| Some((b, limit(b.value, quantile)?)));
        let Some((budget, limit)) = asked else {
            return percentile;
        };
        // What is worst may be estimated, and something measured break the budget too.
        let measured = counted.measured.filter(|m| over(m, limit));
        let shown = match &measured {
            Some(measured) if !proven(self.ground, &percentile.worst) => measured,
            _ => &percentile.worst,
        };
        let enforced = self.placed.service.budget.enforce && proven(self.ground, shown);
        percentile.budget = Some(Verdict {
            limit,
            enforced,
            met: !over(&percentile.worst, limit),
        });
        if let Some(sink) = self.sink.as_deref_mut()
            && over(shown, limit)
        {
            let breach = Breach {
                placed: self.placed,
                what,
                quantile,
                limit,
                enforced,
                worst: shown,
                ground: self.ground,
                helps: self.placed.why.helps.map(|r| self.ground.names[r]),
            };
            sink.emit(breach.diagnostic(budget));
        }
        percentile
    }

    /// Says that budgets for users bind nobody.
    pub(super) fn unchecked(&mut self) {
        let budget = &self.placed.service.budget;
        let Some(written) = budget.read.as_ref().or(budget.write.as_ref()) else {
            return;
        };
        let name = &self.placed.service.name.value;
        if let Some(sink) = self.sink.as_deref_mut() {
            let nobody = Diagnostic::new(
                Code::BudgetUnchecked,
                format!(
                    "`{name}` has a budget and no audience, so nothing can be compared with it"
                ),
            )
            .at(written.span, "")
            .help("say where its users are with `audience`, in the service or in `regen.yaml`");
            sink.emit(nobody);
        }
    }
}

/// A budget that does not hold.
struct Breach<'a> {
    ground: &'a Ground<'a>,
    placed: &'a Placed<'a>,
    what: &'a str,
    quantile: Quantile,
    limit: Duration,
    enforced: bool,
    worst: &'a Worst,
    /// A region that would help if it was allowed.
    helps: Option<&'a RegionName>,
}

impl Breach<'_> {
    fn diagnostic(&self, budget: &Spanned<LatencyBudget>) -> Diagnostic {
        let (what, name) = (self.what, &self.placed.service.name.value);
        let predicted = words::known(self.worst.ns);
        let mark = if self.worst.source().estimated() {
            ", estimated"
        } else {
            ""
        };
        let mut over = Diagnostic::new(
            Code::Budget,
            format!(
                "{what} of `{name}` takes {predicted} at {}{mark}, over its budget of {}",
                self.quantile.name(),
                self.limit
            ),
        )
        .at(budget.span, "")
        .note(format!(
            "binding: from {} {}",
            self.worst.place,
            self.worst.way()
        ))
        .severity(if self.enforced {
            Severity::Error
        } else {
            Severity::Warning
        });
        if self.placed.service.budget.enforce && !self.enforced {
            over =
                over.note("not enforced, since it is estimated; `network.estimate: enforce` would");
        }
        // What follows from another conflict is not told as one of its own.
        let first = &self.placed.why.conflict;
        let is_mine = |member: &Member| match member {
            Member::Read { .. } => self.what == READ,
            Member::Store(_, Limit::Write) | Member::Write => self.what == WRITE,
            Member::Call { .. } => self.what == CALL,
            _ => false,
        };
        let told = first.is_about(is_mine) || *first == Conflict::default();
        let own = (self.enforced && !told)
            .then(|| self.beside(first))
            .flatten();
        let own = own.filter(|own| own.is_about(is_mine));
        let conflict = own.as_ref().unwrap_or(first);
        let mine = conflict.is_about(is_mine);
        if !self.enforced || !mine {
            if self.enforced && *conflict != Conflict::default() {
                over = over.note(explain::FOLLOWS);
            }
            return over.help(self.remedy());
        }
        over = conflict.show(over);
        match conflict.helps.is_empty() {
            true => over.help(self.remedy()),
            false => conflict.helps.iter().cloned().fold(over, Diagnostic::help),
        }
    }

    /// What conflicts with budgets of the service other than those of a conflict.
    fn beside(&self, first: &Conflict) -> Option<Conflict> {
        let (ground, key) = (self.ground, self.placed.key);
        let budgets = first.members.iter().filter(|m| m.is_budget());
        let apart: Vec<_> = budgets.map(|m| (key.clone(), *m)).collect();
        let looked = ground.explains && !apart.is_empty();
        looked.then(|| joint::beside(ground, key, &apart)).flatten()
    }

    /// The smallest limit in milliseconds that a choice can keep, where the choice that was made is
    /// not the one that breaks it least.
    fn least(&self) -> Option<u64> {
        let tail = self.quantile == Quantile::P99;
        let which = match self.what {
            WRITE => Which::Write,
            READ if self.at_leader() => Which::Read,
            _ => return None,
        };
        let asked = self.enforced && self.ground.explains;
        asked
            .then(|| joint::least_budget(self.ground, self.placed.key, which, tail))
            .flatten()
    }

    /// Whether the way to a leader is what takes longest.
    fn at_leader(&self) -> bool {
        let binding = self.worst.binding();
        binding.is_some_and(|t| t.what.contains("leader"))
    }

    fn remedy(&self) -> String {
        let raise = match self
            .least()
            .map(|ms| ms.saturating_mul(1_000_000))
            .or(self.worst.ns)
        {
            Some(ns) => format!("raise the budget to {}ms", ns.div_ceil(1_000_000)),
            None => "measure the round trip into `network/rtt.csv`".to_owned(),
        };
        let binding = self.worst.binding().map_or("", |t| t.what.as_str());
        if binding.starts_with("until ") {
            return format!("{raise}, or place what it waits for nearer to the leader");
        }
        if self.at_leader() {
            // Where nobody named a leader, the nearest was looked for.
            let mut stores = self.placed.service.stores.iter();
            return match stores.any(|store| store.leader.is_some()) {
                true => format!("{raise}, or choose a `leader` that is nearer"),
                false => raise,
            };
        }
        match self.helps {
            Some(region) => {
                let list = match self.placed.service.placement.regions {
                    RegionChoice::Named(_) => "placement.regions",
                    RegionChoice::All | RegionChoice::Count { .. } => "placement.from",
                };
                format!("{raise}, or allow `{region}` in `{list}`")
            }
            None => format!("{raise}, or allow a region that is nearer"),
        }
    }
}
