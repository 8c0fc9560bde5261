//! Moves of sticky decisions for people: what each gains, what it costs, how it is done.

use std::fmt::Write as _;

use crate::model::plan::{BudgetEffect, Copied, Move};
use crate::model::quantity::Quantity;

use super::plan::{count, milliseconds, reasons};
use super::{Style, inert};

/// A gain below a tenth of a millisecond is counted, not listed.
const LISTED_FROM_NS: i128 = 100_000;

/// The moves that are made.
pub(super) fn taken(out: &mut String, moves: &[Move], style: Style) {
    if moves.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.yellow("moves, against regen.lock"));
    for one in moves {
        movement(out, one, style);
    }
}

/// The moves that are not made, since what they change is sticky.
pub(super) fn proposed(out: &mut String, moves: &[Move], style: Style) {
    if moves.is_empty() {
        return;
    }
    let title = "better, but not done: regen.lock keeps it (--rebalance accepts all of these)";
    let _ = writeln!(out, "\n{}", style.yellow(title));
    let tiny = |m: &&Move| (1..LISTED_FROM_NS).contains(&m.gain_ns().unwrap_or_default());
    for one in moves.iter().filter(|m| !tiny(m)) {
        movement(out, one, style);
    }
    match moves.iter().filter(tiny).count() {
        0 => {}
        n => {
            let more = format!(
                "{} that gain under 0.1 ms each; `--format json` lists all",
                count(n, "more move")
            );
            let _ = writeln!(out, "  {}", style.faint(&more));
        }
    }
}

/// One move, with what stands behind it.
pub(super) fn movement(out: &mut String, one: &Move, style: Style) {
    let (what, from, to) = (inert(&one.what), inert(&one.from), inert(&one.to));
    let _ = writeln!(out, "  {}: {from} → {to}", style.strong(&what));
    reasons(out, &one.because.0, style);
    if let Some(effect) = &one.objective {
        let value = |ns: Option<u64>| ns.map_or("unknown".to_owned(), milliseconds);
        let change = format!("{} → {}", value(effect.before_ns), value(effect.after_ns));
        let verdict = match one.gain_ns() {
            Some(gain) if gain > 0 => format!(", a gain of {}", size(gain)),
            Some(gain) if gain < 0 => format!(", a cost of {}", size(-gain)),
            Some(_) => ", no gain".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(out, "    {}: {change}{verdict}", effect.of);
    }
    for budget in &one.budgets {
        let _ = writeln!(out, "    {}", budget_effect(budget, style));
    }
    for copy in &one.data {
        let _ = writeln!(out, "    {}", copied(copy));
    }
    if one.data.is_empty() && one.moves_data {
        let _ = writeln!(out, "    data: nothing more is copied for it");
    }
    for (i, step) in one.steps.iter().enumerate() {
        let _ = writeln!(out, "    {}. {}", i + 1, inert(step));
    }
    for (who, text) in [("reads", &one.reads), ("writes", &one.writes)] {
        if !text.is_empty() {
            let _ = writeln!(out, "    {who}: {text}");
        }
    }
}

/// `a write of checkout at p99: 120 ms → 80 ms of 100 ms, holds`.
fn budget_effect(budget: &BudgetEffect, style: Style) -> String {
    let ms = |us: Option<u64>| us.map_or("unknown".to_owned(), |us| milliseconds(us * 1000));
    let verdict = match budget.after_us {
        None => style.yellow("unknown"),
        Some(after) if after > budget.limit_us => style.red("over"),
        Some(_) => style.green("holds"),
    };
    format!(
        "{}: {} → {} of {}, {verdict}",
        inert(&budget.of),
        ms(budget.before_us),
        ms(budget.after_us),
        milliseconds(budget.limit_us.saturating_mul(1000)),
    )
}

/// `data: checkout/orders to eu-west-1, at most 30Gi (3 instances of 10Gi)`.
fn copied(copy: &Copied) -> String {
    let all = copy
        .at_most
        .as_ref()
        .map_or("more than can be counted".to_owned(), Quantity::to_string);
    format!(
        "data: {} to {}, at most {all} ({} of {})",
        inert(&copy.store),
        inert(&copy.to),
        count(copy.instances as usize, "instance"),
        copy.size
    )
}

/// A positive length in nanoseconds, to a tenth of a millisecond.
fn size(ns: i128) -> String {
    let ns = u64::try_from(ns).unwrap_or(u64::MAX);
    if ns < 50_000 {
        "under 0.1 ms".to_owned()
    } else {
        milliseconds(ns)
    }
}
