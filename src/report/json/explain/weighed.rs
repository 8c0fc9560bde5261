//! What was weighed against what: regions, obstacles and alternatives as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Span;
use crate::model::story::{Considered, Obstacle, Users};
use crate::report::Told;

use super::super::diagnostics::{PlaceForm, place};
use super::super::milliseconds::Milliseconds;
use super::super::plan::texts;

/// One place with users.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsersForm {
    /// As the audience names it; `EU (DE)` for a country of a set.
    name: String,
    /// Where the audience names it.
    place: PlaceForm,
    /// Their share of all users, in millionths.
    share_ppm: u32,
    /// The region at which they count.
    region: String,
    /// From them to that region, for places by country: estimated from the distance, and no part of
    /// any other number. Null for an audience by region.
    user_leg_ms: Option<Milliseconds>,
    /// The region that serves them.
    served_by: String,
    /// The round trip from the region at which they count to it; null when it is unknown.
    way_ms: Option<Milliseconds>,
    /// `inside`, `measured`, `p99Factor`, `estimated` or `unknown`.
    source: &'static str,
}

/// One region as the service sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegionForm {
    region: String,
    /// ISO 3166-1.
    country: String,
    /// `serves`, `standsBy`, `spare` (it may, and was not chosen) or `out`.
    standing: &'static str,
    /// What stands against it.
    obstacles: Vec<ObstacleForm>,
    /// By cluster, what is left when all is placed; of regions that hold it.
    left: BTreeMap<String, LeftForm>,
    /// What it would be worth; of regions that may and do not serve.
    instead: Option<InsteadForm>,
}

/// Something that is not met.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ObstacleForm {
    reason: String,
    /// Where what asks for it is written.
    places: Vec<PlaceForm>,
}

/// Null where no capacity is stated, so that nothing is checked.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LeftForm {
    /// Thousandths of a core.
    cpu_milli: Option<i64>,
    /// Bytes.
    memory_bytes: Option<i64>,
}

/// The best that one change to the choice makes of a region.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InsteadForm {
    /// The region that it would take the place of; null: in addition.
    of: Option<String>,
    /// The objective then; null when a round trip is unknown.
    objective_ms: Option<Milliseconds>,
    /// What that would break.
    breaks: Option<ObstacleForm>,
}

/// The choice among the legal regions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChoiceForm {
    /// What was asked for.
    asked: String,
    /// Where that is written.
    place: Option<PlaceForm>,
    /// How many regions are legal.
    legal: usize,
    /// The value that the choice minimises; null without audience.
    objective_ms: Option<Milliseconds>,
    /// Whether nothing can be better, by proof; of regions kept from the lock, whether the value is
    /// exact.
    proven: bool,
    /// What no choice could go below, where it is not proven.
    bound_ms: Option<Milliseconds>,
    /// The best of all other choices that keep everything; null without any.
    runner_up: Option<AlternativeForm>,
    /// The regions in the lock; null where it does not know the service.
    locked: Option<Vec<String>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AlternativeForm {
    /// The regions that would serve.
    regions: Vec<String>,
    objective_ms: Milliseconds,
    /// Whether no other choice than the one made is better, by proof.
    proven: bool,
}

pub(super) fn users(told: &Told<'_>, users: &Users) -> UsersForm {
    UsersForm {
        name: users.place.clone(),
        place: at(told, users.span),
        share_ppm: users.share_ppm,
        region: users.region.to_string(),
        user_leg_ms: users.leg_ns.map(Milliseconds),
        served_by: users.served_by.to_string(),
        way_ms: users.way_ns.map(Milliseconds),
        source: users.source.name(),
    }
}

pub(super) fn region(told: &Told<'_>, one: &Considered) -> RegionForm {
    let left = one.left.iter().map(|(cluster, left)| {
        let left = LeftForm {
            cpu_milli: left.cpu_milli,
            memory_bytes: left.memory,
        };
        (cluster.to_string(), left)
    });
    RegionForm {
        region: one.region.to_string(),
        country: one.country.to_string(),
        standing: one.standing.name(),
        obstacles: one.obstacles.iter().map(|o| obstacle(told, o)).collect(),
        left: left.collect(),
        instead: one.instead.as_ref().map(|instead| InsteadForm {
            of: instead.of.as_ref().map(ToString::to_string),
            objective_ms: instead.objective_ns.map(Milliseconds),
            breaks: instead.breaks.as_ref().map(|o| obstacle(told, o)),
        }),
    }
}

pub(super) fn choice(told: &Told<'_>) -> ChoiceForm {
    let (choice, decided) = (&told.story.choice, told.decided);
    ChoiceForm {
        asked: choice.asked.clone(),
        place: choice.span.map(|span| at(told, span)),
        legal: choice.legal,
        objective_ms: decided.predicted.weighted_read_ns.map(Milliseconds),
        proven: decided.bound_ns.is_none(),
        bound_ms: decided.bound_ns.map(Milliseconds),
        runner_up: choice.runner_up.as_ref().map(|other| AlternativeForm {
            regions: texts(&other.regions),
            objective_ms: Milliseconds(other.objective_ns),
            proven: other.proven,
        }),
        locked: choice.locked.clone(),
    }
}

pub(super) fn obstacle(told: &Told<'_>, obstacle: &Obstacle) -> ObstacleForm {
    let places = obstacle.places.iter();
    ObstacleForm {
        reason: obstacle.reason.clone(),
        places: places
            .map(|label| place(label.span, &label.text, told.sources))
            .collect(),
    }
}

pub(super) fn at(told: &Told<'_>, span: Span) -> PlaceForm {
    place(span, "", told.sources)
}
