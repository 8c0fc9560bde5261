//! What round trips that are tried would change, for people.

use std::fmt::Write as _;

use crate::model::rtt::{Measurement, RttSource};
use crate::model::trial::{PairChange, Trial, TriedMove, TriedValue};

use super::moves::movement;
use super::plan::{count, milliseconds};
use super::{Style, inert};

/// So many pairs and values are listed; the others are counted.
const LISTED: usize = 10;

/// The round trips that differ, what moves with them and why, and what decisions are worth.
pub fn trial(trial: &Trial, has_lock: bool, style: Style) -> String {
    let mut out = String::new();
    let own = trial
        .own
        .as_deref()
        .map_or("the atlas and estimates".to_owned(), |own| {
            inert(own).into_owned()
        });
    let title = format!("tried: {} in the place of {own}", inert(&trial.file));
    let _ = writeln!(out, "{}", style.strong(&title));
    pairs(&mut out, trial);
    if trial.own_rests_on.is_none() {
        let _ = writeln!(
            out,
            "  under {own} there is no plan to compare with: see `regen plan`"
        );
        return out;
    }
    if trial.moves.is_empty() {
        let sticky = if has_lock {
            "; what regen.lock keeps, and a rebalance would move, stands below"
        } else {
            ""
        };
        let _ = writeln!(out, "  nothing moves{sticky}");
    } else {
        let title = "moves, from the plan under the fleet's own round trips";
        let _ = writeln!(out, "\n{}", style.yellow(title));
        for one in &trial.moves {
            tried(&mut out, one, &own, style);
        }
    }
    values(&mut out, &trial.values, style);
    out
}

fn pairs(out: &mut String, trial: &Trial) {
    let all = trial.of;
    let differ = trial.pairs.len();
    if differ == 0 {
        let _ = writeln!(out, "  none of the {} differs", count(all, "round trip"));
        return;
    }
    let longer = trial.pairs.iter().filter(|p| side(p) > 0).count();
    let shorter = trial.pairs.iter().filter(|p| side(p) < 0).count();
    let verb = if differ == 1 { "differs" } else { "differ" };
    let _ = writeln!(
        out,
        "  {differ} of {} {verb}: {shorter} shorter, {longer} longer{}",
        count(all, "round trip"),
        match differ - longer - shorter {
            0 => String::new(),
            n => format!(", {n} known in one of the two or in the tail only"),
        }
    );
    for pair in trial.pairs.iter().take(LISTED) {
        let (own, tried) = (measured(pair.own), measured(pair.tried));
        let _ = writeln!(out, "    {} to {}: {own} → {tried}", pair.from, pair.to);
    }
    if differ > LISTED {
        let more = count(differ - LISTED, "more pair");
        let _ = writeln!(out, "    and {more}; `--format json` lists all");
    }
}

/// Below zero for a pair that gets shorter.
fn side(pair: &PairChange) -> i8 {
    match (pair.own, pair.tried) {
        (Some(own), Some(tried)) => tried.p50.cmp(&own.p50) as i8,
        _ => 0,
    }
}

fn measured(m: Option<Measurement>) -> String {
    let Some(m) = m else {
        return "unknown".to_owned();
    };
    let mark = match m.source {
        RttSource::Estimated => " (estimated)",
        RttSource::Inside => " (not measured)",
        RttSource::Fleet | RttSource::Atlas => "",
    };
    match m.p99 {
        Some(p99) => format!("{}, p99 {p99}{mark}", m.p50),
        None => format!("{}{mark}", m.p50),
    }
}

fn tried(out: &mut String, one: &TriedMove, own: &str, style: Style) {
    movement(out, &one.movement, style);
    if let Some(effect) = &one.under_own {
        let value = |ns: Option<u64>| ns.map_or("unknown".to_owned(), milliseconds);
        let _ = writeln!(
            out,
            "    under {own} it would be: {} → {}",
            value(effect.before_ns),
            value(effect.after_ns)
        );
    }
}

fn values(out: &mut String, values: &[TriedValue], style: Style) {
    if values.is_empty() {
        return;
    }
    let title = "values: today → as decided today, under what is tried → as decided under it";
    let _ = writeln!(out, "\n{}", style.strong(title));
    let ms = |ns: Option<u64>| ns.map_or("unknown".to_owned(), milliseconds);
    let mut largest: Vec<&TriedValue> = values.iter().collect();
    let size = |v: &TriedValue| v.own_ns.zip(v.kept_ns).map(|(a, b)| a.abs_diff(b));
    largest.sort_by_key(|v| std::cmp::Reverse(size(v)));
    for value in largest.iter().take(LISTED) {
        let kept = match (value.kept_ns, value.tried_ns) {
            (kept, tried) if kept == tried => ms(kept),
            (kept, tried) => format!("{} → {}", ms(kept), ms(tried)),
        };
        let _ = writeln!(out, "  {}: {} → {kept}", inert(&value.of), ms(value.own_ns));
    }
    if values.len() > LISTED {
        let more = count(values.len() - LISTED, "more value");
        let _ = writeln!(out, "  and {more}; `--format json` lists all");
    }
}
