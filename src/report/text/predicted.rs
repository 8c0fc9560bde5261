//! Predicted latency and budgets for people.

use std::fmt::Write as _;

use crate::model::plan::{
    Forecast, JourneyPlan, Percentile, Predicted, Quantile, UserLeg, Verdict, Worst,
};

use super::plan::milliseconds;
use super::{Style, inert};

/// What a service is good for: a line for reads, writes and calls, one for each budget, and one for
/// the way of its users.
pub(super) fn predicted(out: &mut String, predicted: &Predicted, style: Style) {
    let kinds = [
        ("reads", &predicted.read),
        ("writes", &predicted.write),
        ("calls elsewhere", &predicted.cross_region),
    ];
    for (name, forecast) in kinds {
        if let Some(forecast) = forecast {
            let _ = writeln!(out, "    {name}: {}", line(&forecast.p50));
        }
    }
    for (name, forecast) in kinds {
        for quantile in Quantile::ALL {
            if let Some(told) = forecast.as_ref().and_then(|f| against(f, quantile, style)) {
                let _ = writeln!(out, "    budget of {name}: {told}");
            }
        }
    }
    if let Some(leg) = &predicted.user_leg {
        let _ = writeln!(out, "    {}", style.faint(&users(leg)));
    }
}

/// What a journey takes, and how that stands to its budget.
pub(super) fn one_journey(out: &mut String, name: &str, journey: &JourneyPlan, style: Style) {
    let _ = writeln!(
        out,
        "  {}: {}",
        style.strong(name),
        line(&journey.forecast.p50)
    );
    for quantile in Quantile::ALL {
        if let Some(told) = against(&journey.forecast, quantile, style) {
            let _ = writeln!(out, "    budget: {told}");
        }
    }
    if let Some(leg) = &journey.user_leg {
        let _ = writeln!(out, "    {}", style.faint(&users(leg)));
    }
    for reason in &journey.because.0 {
        let _ = writeln!(out, "      {}", style.faint(&inert(reason)));
    }
}

/// `3.2 ms on average, 88 ms at worst (from US to us-east-1, …), estimated`.
pub(super) fn line(percentile: &Percentile) -> String {
    let worst = &percentile.worst;
    let mut line = String::new();
    if let Some(ns) = percentile.weighted_ns {
        let _ = write!(line, "{} on average, ", milliseconds(ns));
    }
    let _ = write!(line, "{} at worst ({})", time(worst.ns), way(worst));
    if worst.source().estimated() {
        line.push_str(", estimated");
    }
    line
}

fn against(forecast: &Forecast, quantile: Quantile, style: Style) -> Option<String> {
    let percentile = forecast.at(quantile);
    let told = verdict(&percentile.worst, percentile.budget?, quantile, style);
    // Where the median comes from stands in the line before.
    let same = percentile.worst.place == forecast.p50.worst.place
        && percentile.worst.region == forecast.p50.worst.region;
    Some(if same {
        told
    } else {
        format!("{told} ({})", way(&percentile.worst))
    })
}

/// `104.3 ms of 80ms at p99, over by 24.3 ms, estimated and not enforced`.
pub(super) fn verdict(worst: &Worst, budget: Verdict, quantile: Quantile, style: Style) -> String {
    let limit_ns = budget.limit.as_millis().saturating_mul(1_000_000);
    let of = format!(
        "{} of {} at {}",
        time(worst.ns),
        milliseconds(limit_ns),
        quantile.name()
    );
    let stands = match worst.ns {
        Some(ns) if ns <= limit_ns => format!("{} to spare", milliseconds(limit_ns - ns)),
        Some(ns) => style.red(&format!("over by {}", milliseconds(ns - limit_ns))),
        None => style.red("not known to hold"),
    };
    let estimated = worst.source().estimated();
    let how = match (estimated, budget.enforced) {
        (true, true) => ", estimated and enforced",
        (true, false) => ", estimated and not enforced",
        (false, true) => ", enforced",
        (false, false) => "",
    };
    format!("{of}, {stands}{how}")
}

/// `users: 11.2 ms to their region on average, 30 ms at worst (from LI to eu-central-1); …`.
pub(super) fn users(leg: &UserLeg) -> String {
    format!(
        "users: {} to their region on average, {} at worst (from {} to {}); estimated, not counted above",
        milliseconds(leg.weighted_ns),
        milliseconds(leg.worst_ns),
        inert(&leg.worst_place),
        leg.region
    )
}

fn way(worst: &Worst) -> String {
    format!("from {} {}", inert(&worst.place), inert(&worst.way()))
}

pub(super) fn time(ns: Option<u64>) -> String {
    ns.map_or_else(|| "unknown".to_owned(), milliseconds)
}
