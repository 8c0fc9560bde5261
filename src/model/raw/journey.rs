//! `journeys` of `regen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::audience::Audience;
use super::forms::short_or_long;
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::{Environment, JourneyName, ServiceName, StoreName};

/// A path through services that a user waits for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Journey {
    /// Its name.
    pub name: Spanned<JourneyName>,
    /// The environment of its services. Default: `prod`.
    pub environment: Option<Spanned<Environment>>,
    /// Where the users are that take it. Default: the audience of the service of the first step.
    #[serde(default)]
    pub audience: Audience,
    /// The services in order. A later one is asked by the latest earlier one that declares the
    /// call, else by the one before it.
    pub steps: Vec<Spanned<JourneyStep>>,
    /// The budget of the whole path, for each place of its audience.
    pub budget: Option<Spanned<JourneyBudget>>,
}

/// The budget of a whole path, without the time that services take.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JourneyBudget {
    /// For the median.
    pub p50: Option<Spanned<Duration>>,
    /// For the 99th percentile; the sum of those of its hops, which is an approximation.
    pub p99: Option<Spanned<Duration>>,
    /// Whether a budget that cannot be met is an error. Default: a warning.
    pub enforce: Option<bool>,
}

/// One step of a journey.
#[derive(Clone, Debug)]
pub enum JourneyStep {
    /// A service.
    One(ServiceName),
    /// A service and what it does with a store, or several steps.
    Long(JourneyStepLong),
}

/// One of `service`, `parallel` and `sequence`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JourneyStepLong {
    /// A service.
    pub service: Option<Spanned<ServiceName>>,
    /// The store of this service that it reads before it answers.
    pub reads: Option<Spanned<StoreName>>,
    /// The store of this service that it writes before it answers.
    pub writes: Option<Spanned<StoreName>>,
    /// Steps that are taken at once; the slowest counts.
    pub parallel: Option<Vec<Spanned<JourneyStep>>>,
    /// Steps that are taken one after another, as a branch of `parallel`.
    pub sequence: Option<Vec<Spanned<JourneyStep>>>,
}

short_or_long!(JourneyStep, "a service, `{service: …, reads: …}`, or `{parallel: [...]}`",
    short: ServiceName => JourneyStep::One,
    long: JourneyStepLong => JourneyStep::Long);
