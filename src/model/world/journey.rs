//! Journeys: paths through services that a user waits for.

use super::fleet::Audience;
use super::service::LatencyBudget;
use crate::diag::{Span, Spanned};
use crate::model::name::{Environment, JourneyName, ServiceName, StoreName};

/// A path through services that a user waits for.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its name, where written.
    pub name: Spanned<JourneyName>,
    /// The environment of its services.
    pub environment: Environment,
    /// Where its users are; absent: the audience of the service of the first step.
    pub audience: Option<Audience>,
    /// The steps, one after another.
    pub steps: Vec<JourneyStep>,
    /// The budget of the whole path.
    pub budget: Option<JourneyBudget>,
}

/// One step of a journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JourneyStep {
    /// A service is asked.
    Call(JourneyCall),
    /// All at once; the slowest counts.
    Parallel(Vec<JourneyStep>),
    /// One after another.
    Sequence(Vec<JourneyStep>),
}

/// A service that is asked, and what it does with its stores before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JourneyCall {
    /// The service.
    pub service: Spanned<ServiceName>,
    /// The store that it reads.
    pub reads: Option<Spanned<StoreName>>,
    /// The store that it writes.
    pub writes: Option<Spanned<StoreName>>,
}

/// The budget of a whole path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JourneyBudget {
    /// Where it was written.
    pub span: Span,
    /// The limits.
    pub latency: LatencyBudget,
    /// Whether a budget that cannot be met is an error.
    pub enforce: bool,
}

impl JourneyStep {
    /// Every service that is asked, in order of writing.
    pub fn calls(&self) -> Vec<&JourneyCall> {
        match self {
            Self::Call(call) => vec![call],
            Self::Parallel(steps) | Self::Sequence(steps) => {
                steps.iter().flat_map(Self::calls).collect()
            }
        }
    }
}
