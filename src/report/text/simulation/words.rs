//! What becomes of clusters, budgets, writes and data, in words.

use std::fmt::Write as _;

use crate::model::simulation::{BudgetOutcome, ClusterLoad, Load, Rpo, Rto, Writes};

use super::super::plan::milliseconds;
use super::super::{Style, inert};

pub(super) fn one_cluster(out: &mut String, load: &ClusterLoad, style: Style) {
    let _ = writeln!(out, "    pods {} → {}", load.pods_before, load.pods_after);
    let _ = writeln!(out, "    CPU {}", resource(&load.cpu, &cores, style));
    let _ = writeln!(out, "    memory {}", resource(&load.memory, &gibi, style));
}

/// `13 → 35 pods, CPU 4.0 of 64.0 (6.3%), memory 3.1 GiB of 256.0 GiB (1.2%)`.
pub(in crate::report::text) fn filled_cluster(load: &ClusterLoad, style: Style) -> String {
    let one = |load: &Load, show: &dyn Fn(u64) -> String| {
        let Some(all) = load.capacity else {
            return format!("{} of what nobody states", show(load.after));
        };
        let full = tenths(part(load.after, all));
        let text = format!("{} of {} ({full})", show(load.after), show(all));
        if load.over() { style.red(&text) } else { text }
    };
    format!(
        "{} → {} pods, CPU {}, memory {}",
        load.pods_before,
        load.pods_after,
        one(&load.cpu, &cores),
        one(&load.memory, &gibi)
    )
}

fn cores(milli: u64) -> String {
    format!("{}.{}", milli / 1000, milli % 1000 / 100)
}

fn gibi(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 30;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

/// `3.1 → 5.2 of 64.0, 8.1%; with every pod that may start 20.0`.
fn resource(load: &Load, show: &dyn Fn(u64) -> String, style: Style) -> String {
    let change = format!("{} → {}", show(load.before), show(load.after));
    let at_max = format!("{} with every pod that may start", show(load.at_max));
    match load.capacity {
        None => format!(
            "{change}, {}; {at_max}",
            style.yellow("unchecked: no capacity is stated")
        ),
        Some(all) => {
            let full = format!("{} of {}", tenths(part(load.after, all)), show(all));
            let full = if load.over() { style.red(&full) } else { full };
            let max = if load.at_max > all {
                style.yellow(&format!("{at_max}, which does not fit"))
            } else {
                at_max
            };
            format!("{change}, {full}; {max}")
        }
    }
}

pub(super) fn one_budget(budget: &BudgetOutcome, style: Style) -> String {
    let ms = |ns: Option<u64>| ns.map_or("unknown".to_owned(), milliseconds);
    let over = |ns: Option<u64>| ns.is_some_and(|ns| ns > budget.limit_ns);
    let result = match (over(budget.before_ns), budget.after_ns) {
        (_, None) => style.yellow("unknown"),
        (true, Some(_)) if over(budget.after_ns) => style.yellow("over, as before"),
        (_, Some(_)) if over(budget.after_ns) && budget.promised => style.red("broken"),
        (_, Some(_)) if over(budget.after_ns) => style.yellow("over, not enforced"),
        _ => style.green("holds"),
    };
    let mark = if budget.estimated { ", estimated" } else { "" };
    format!(
        "{}: {} → {} of {}, {result}{mark}",
        inert(&budget.of),
        ms(budget.before_ns),
        ms(budget.after_ns),
        milliseconds(budget.limit_ns)
    )
}

pub(super) fn fullest(load: &ClusterLoad) -> Option<u64> {
    let full = |l: &Load| l.capacity.map(|all| part(l.after, all));
    full(&load.cpu).max(full(&load.memory))
}

/// In thousandths of the whole.
fn part(of: u64, all: u64) -> u64 {
    let part = u128::from(of) * 1000 / u128::from(all.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}

fn tenths(thousandths: u64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

pub(in crate::report::text) fn percent(ppm: u32) -> String {
    tenths((u64::from(ppm) + 500) / 1000)
}

pub(super) fn writes_word(writes: Writes) -> &'static str {
    match writes {
        Writes::GoOn | Writes::GoOnElsewhere => "go on",
        Writes::Switch => "switch",
        Writes::Person => "a person",
        Writes::Stop => "stop",
    }
}

pub(super) fn writes_text(writes: Writes) -> &'static str {
    match writes {
        Writes::GoOn => "go on",
        Writes::GoOnElsewhere => "go on in the regions that are left",
        Writes::Switch => "stop until another takes over by itself",
        Writes::Person => "stop until a person acts",
        Writes::Stop => "stop",
    }
}

pub(super) fn rpo_rank(rpo: &Rpo) -> u8 {
    match rpo {
        Rpo::Zero => 0,
        Rpo::Back => 1,
        Rpo::Lag { .. } => 2,
        Rpo::Everything => 3,
    }
}

pub(super) fn rpo_word(rpo: &Rpo) -> &'static str {
    match rpo {
        Rpo::Zero => "nothing",
        Rpo::Back => "if it stays away",
        Rpo::Lag { .. } => "the lag",
        Rpo::Everything => "all there",
    }
}

pub(super) fn rpo_text(rpo: &Rpo) -> String {
    match rpo {
        Rpo::Zero => "nothing that was acknowledged (RPO 0)".to_owned(),
        Rpo::Back => "nothing if what is lost comes back, else all of it".to_owned(),
        Rpo::Lag { at_least_ns } => {
            let lag = at_least_ns.map_or(String::new(), |ns| {
                format!(": at best the last {}", milliseconds(ns))
            });
            format!("what had not been replicated{lag} (RPO > 0)")
        }
        Rpo::Everything => "everything that was there".to_owned(),
    }
}

pub(super) fn rto_rank(rto: &Rto) -> u8 {
    match rto {
        Rto::None => 0,
        Rto::Callers => 1,
        Rto::Automatic => 2,
        Rto::Dns { .. } => 3,
        Rto::Manual => 4,
        Rto::Back => 5,
    }
}

pub(super) fn rto_word(rto: &Rto) -> String {
    match rto {
        Rto::None => "at once".to_owned(),
        Rto::Dns { detection, ttl } => format!("{} s", detection + ttl),
        Rto::Automatic => "by itself".to_owned(),
        Rto::Callers => "as callers".to_owned(),
        Rto::Manual => "by hand".to_owned(),
        Rto::Back => "when it is".to_owned(),
    }
}

pub(super) fn rto_text(rto: &Rto) -> String {
    match rto {
        Rto::None => "at once".to_owned(),
        Rto::Dns { detection, ttl } => format!(
            "after {} s: {detection} s until the health checks notice (assumed), and the TTL of {ttl} s",
            detection + ttl
        ),
        Rto::Automatic => "by itself, within seconds".to_owned(),
        Rto::Callers => "as soon as its callers are".to_owned(),
        Rto::Manual => "when a person acts".to_owned(),
        Rto::Back => "when what is lost is back".to_owned(),
    }
}
