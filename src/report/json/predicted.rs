//! Predicted latency as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::plan::{
    Forecast, JourneyPlan, Percentile, Predicted, StoreForecast, Term, UserLeg, Verdict, Worst,
};

use super::milliseconds::{Milliseconds, Slack};
use super::plan::reasons;

/// Floors of the network: without the time that services and disks take, and without the way of
/// users to their region.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PredictedForm {
    /// A read: to the nearest serving region, or to where the slowest store is read. Null without
    /// an audience, as the next.
    read: Option<ForecastForm>,
    /// A write of the slowest store.
    write: Option<ForecastForm>,
    /// A call from a serving region to a service that does not serve there; null without one.
    cross_region: Option<ForecastForm>,
    /// The same of each store.
    stores: BTreeMap<String, StoreForecastForm>,
    /// From users to the region that they enter at: the weighted mean, for audiences by country.
    /// Estimated from the distance, and no part of the above.
    user_leg_ms: Option<Milliseconds>,
    /// The farthest users.
    user_leg: Option<UserLegForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StoreForecastForm {
    /// A read of its consistency class.
    read: Option<ForecastForm>,
    /// A write.
    write: Option<ForecastForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ForecastForm {
    /// The median.
    p50: PercentileForm,
    /// The 99th percentile. Sums and means of several 99th percentiles are an approximation.
    p99: PercentileForm,
}

/// One percentile, for the weighted and for the worst user.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PercentileForm {
    /// The audience-weighted mean; null when a part of it is unknown.
    weighted_ms: Option<Milliseconds>,
    /// The slowest place; null when a term of it is unknown.
    worst_ms: Option<Milliseconds>,
    /// The slowest place of the audience, or the calling region.
    worst_place: String,
    /// The region that answers it: the binding region.
    region: String,
    /// The largest term of it: the binding one.
    term: String,
    /// All its terms.
    terms: Vec<TermForm>,
    /// From the users of the slowest place to the region that they enter at; not counted above.
    user_leg_ms: Option<Milliseconds>,
    /// The budget; null without one, as the next.
    budget_ms: Option<Milliseconds>,
    /// The budget less the slowest.
    slack_ms: Option<Slack>,
    /// Whether a breach is an error.
    enforced: Option<bool>,
    /// Whether the slowest stays within the budget.
    met: Option<bool>,
    /// Whether any term of the slowest is estimated rather than measured.
    estimated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TermForm {
    what: String,
    /// Null when it is unknown.
    ms: Option<Milliseconds>,
    /// `inside`, `measured`, `p99Factor`, `estimated` or `unknown`.
    source: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserLegForm {
    /// The weighted mean over the whole audience.
    weighted_ms: Milliseconds,
    /// The farthest.
    worst_ms: Milliseconds,
    /// Who is farthest.
    worst_place: String,
    /// Where they enter.
    region: String,
}

/// What a journey takes, from its users through all its steps.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JourneyForm {
    /// The median.
    p50: PercentileForm,
    /// The 99th percentile: a sum, which is an approximation.
    p99: PercentileForm,
    /// The way of users to their region: the weighted mean, no part of the above.
    user_leg_ms: Option<Milliseconds>,
    because: Vec<String>,
}

pub(super) fn journey(journey: &JourneyPlan) -> JourneyForm {
    let ForecastForm { p50, p99 } = forecast(&journey.forecast);
    JourneyForm {
        p50,
        p99,
        user_leg_ms: journey
            .user_leg
            .as_ref()
            .map(|l| Milliseconds(l.weighted_ns)),
        because: reasons(&journey.because),
    }
}

pub(super) fn predicted(predicted: &Predicted) -> PredictedForm {
    let stores = predicted.stores.iter();
    PredictedForm {
        read: predicted.read.as_ref().map(forecast),
        write: predicted.write.as_ref().map(forecast),
        cross_region: predicted.cross_region.as_ref().map(forecast),
        stores: stores.map(|(n, s)| (n.to_string(), store(s))).collect(),
        user_leg_ms: predicted
            .user_leg
            .as_ref()
            .map(|l| Milliseconds(l.weighted_ns)),
        user_leg: predicted.user_leg.as_ref().map(user_leg),
    }
}

pub(super) fn store(store: &StoreForecast) -> StoreForecastForm {
    StoreForecastForm {
        read: store.read.as_ref().map(forecast),
        write: store.write.as_ref().map(forecast),
    }
}

fn forecast(forecast: &Forecast) -> ForecastForm {
    let one = |p: &Percentile| percentile(p.weighted_ns, &p.worst, p.budget);
    ForecastForm {
        p50: one(&forecast.p50),
        p99: one(&forecast.p99),
    }
}

/// One percentile by its parts.
pub(super) fn percentile(
    weighted_ns: Option<u64>,
    worst: &Worst,
    budget: Option<Verdict>,
) -> PercentileForm {
    let limit_ns = budget.map(|b| b.limit.as_millis().saturating_mul(1_000_000));
    let slack = limit_ns.zip(worst.ns);
    PercentileForm {
        weighted_ms: weighted_ns.map(Milliseconds),
        worst_ms: worst.ns.map(Milliseconds),
        worst_place: worst.place.clone(),
        region: worst.region.to_string(),
        term: worst.binding().map_or_else(String::new, |t| t.what.clone()),
        terms: worst.terms.iter().map(term).collect(),
        user_leg_ms: worst.user_leg_ns.map(Milliseconds),
        budget_ms: limit_ns.map(Milliseconds),
        slack_ms: slack.map(|(limit, ns)| Slack(i128::from(limit) - i128::from(ns))),
        enforced: budget.map(|b| b.enforced),
        met: budget.map(|b| b.met),
        estimated: worst.source().estimated(),
    }
}

pub(super) fn term(term: &Term) -> TermForm {
    TermForm {
        what: term.what.clone(),
        ms: term.ns.map(Milliseconds),
        source: term.source.name().to_owned(),
    }
}

pub(super) fn user_leg(leg: &UserLeg) -> UserLegForm {
    UserLegForm {
        weighted_ms: Milliseconds(leg.weighted_ns),
        worst_ms: Milliseconds(leg.worst_ns),
        worst_place: leg.worst_place.clone(),
        region: leg.region.to_string(),
    }
}
