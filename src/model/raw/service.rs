//! `services/<name>.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::audience::Audience;
use super::entries::Entries;
use super::exposure::Exposure;
use super::fleet::PartialService;
use super::forms::short_or_long;
use super::store::Store;
use super::workload::Workload;
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::{
    Capability, Environment, Namespace, PortName, ProfileName, RegionName, ServiceName,
};
use crate::model::ratio::Share;
use crate::model::world::{PlacementMode, Tier, VersionRange};

/// One service of the catalog: its workload, callers and callees, stores and budgets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Service {
    /// The service's name; the file is named after it.
    pub service: Spanned<ServiceName>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// The Kubernetes namespace. Default: the fleet's name.
    pub namespace: Option<Spanned<Namespace>>,
    /// How much it matters; probes, disruption budgets and waves follow from it. Default:
    /// `standard`.
    pub tier: Option<Spanned<Tier>>,
    /// The environment that this file describes. Default: `prod`.
    pub environment: Option<Spanned<Environment>>,
    /// The profile of `regen.yaml` that it starts from.
    pub profile: Option<Spanned<ProfileName>>,
    /// What runs.
    pub workload: Workload,
    /// Whom it calls: a name, or `{service, port, timeout, onFailure}`.
    #[serde(default)]
    pub calls: Vec<Spanned<Call>>,
    /// How users reach it.
    pub exposure: Option<Spanned<Exposure>>,
    /// Where its users are. Default: the fleet's `audience`.
    #[serde(default)]
    pub audience: Audience,
    /// Latency budgets.
    pub budget: Option<Budget>,
    /// Where it may run.
    pub placement: Option<Spanned<Placement>>,
    /// `nearest` legal regions take over when one is lost, or `none` does. Default: `nearest`.
    pub failover: Option<Spanned<FailoverChoice>>,
    /// Objectives that alerts follow from.
    pub slo: Option<Spanned<Slo>>,
    /// Databases, queues and caches that it owns.
    #[serde(default)]
    pub stores: Vec<Spanned<Store>>,
    /// What it does when a call fails.
    pub resilience: Option<Spanned<Resilience>>,
    /// What the clusters that it runs in must be.
    pub requires: Option<Requires>,
    /// Feature flags and how far each is rolled out.
    pub flags: Option<Spanned<Vec<Flag>>>,
    /// What is broken on purpose, and when. Absent: nothing.
    pub chaos: Option<Spanned<Chaos>>,
    /// Other environments that it runs in, each with what differs there.
    #[serde(default)]
    pub environments: Entries<PartialService>,
}

/// Who answers for a service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// The team.
    pub team: Spanned<String>,
    /// Where to reach whoever is on call.
    pub oncall: Option<Spanned<String>>,
    /// Whom to escalate to.
    pub escalation: Option<Spanned<String>>,
}

/// What the clusters that a service runs in must be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requires {
    /// Their Kubernetes version, such as `>=1.33` or `>=1.33 <1.36`.
    pub kubernetes: Option<Spanned<VersionRange>>,
    /// What they must be able to do, such as `gpu`; it stands under their `capabilities`.
    #[serde(default)]
    pub capabilities: Vec<Spanned<Capability>>,
}

/// Whether other regions take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailoverChoice {
    /// The nearest legal regions take over.
    Nearest,
    /// Nobody takes over; users wait until the region is back.
    None,
}

/// A call to another service.
#[derive(Clone, Debug)]
pub enum Call {
    /// By name, on all its ports.
    Short(ServiceName),
    /// With details.
    Long(CallLong),
}

/// A call with details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallLong {
    /// Whom.
    pub service: Spanned<ServiceName>,
    /// The port by name. Default: all ports of the callee.
    pub port: Option<Spanned<PortName>>,
    /// How long the caller waits for one try. Default: `resilience.timeout`.
    pub timeout: Option<Spanned<Duration>>,
    /// What becomes of the caller without an answer. Default: `fail`.
    pub on_failure: Option<OnFailure>,
}

short_or_long!(Call, "a service, or `{service: ..., timeout: ..., onFailure: ...}`",
    short: ServiceName => Call::Short,
    long: CallLong => Call::Long);

/// What becomes of a caller without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It fails too.
    Fail,
    /// It lives on with less.
    Degrade,
}

/// Latency budgets; each is `{p50, p99}`, or one duration for the 99th percentile.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    /// For reads.
    pub read: Option<Spanned<Latency>>,
    /// For writes.
    pub write: Option<Spanned<Latency>>,
    /// For calls to other regions.
    pub cross_region: Option<Spanned<Latency>>,
    /// Whether a budget that cannot be met is an error. Default: `false`.
    pub enforce: Option<bool>,
}

/// One latency budget, short or long.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// The 99th percentile.
    P99(Duration),
    /// By percentile.
    Long(LatencyBudget),
}

/// One latency budget by percentile.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatencyBudget {
    /// For the median.
    pub p50: Option<Spanned<Duration>>,
    /// For the 99th percentile.
    pub p99: Option<Spanned<Duration>>,
}

short_or_long!(Latency, "a duration, or `{p50: ..., p99: ...}`",
    short: Duration => Latency::P99,
    long: LatencyBudget => Latency::Long);

/// Where a service may run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Placement {
    /// Whether all regions serve, or one does and others stand by. Default: `active-active`.
    pub mode: Option<PlacementMode>,
    /// `all`, a list of names, `{exactly: N}`, or `{atLeast: N, atMost: M}`. Default: `all`.
    pub regions: Option<Spanned<Regions>>,
    /// The candidates. Default: all regions with a cluster in the environment.
    #[serde(default)]
    pub from: Vec<Spanned<RegionName>>,
}

/// Which of the candidates are used.
#[derive(Clone, Debug)]
pub enum Regions {
    /// All of them.
    All,
    /// These.
    Named(Vec<Spanned<RegionName>>),
    /// As many as bounds allow.
    Bounds(RegionBounds),
}

/// The word for every candidate.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Every {
    /// Every candidate.
    All,
}

/// How many regions are used.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegionBounds {
    /// This many.
    pub exactly: Option<Spanned<u32>>,
    /// At least this many.
    pub at_least: Option<Spanned<u32>>,
    /// At most this many.
    pub at_most: Option<Spanned<u32>>,
}

impl<'de> Deserialize<'de> for Regions {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};

        struct Choice;

        impl<'de> serde::de::Visitor<'de> for Choice {
            type Value = Regions;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`all`, a list of regions, `{exactly: N}` or `{atLeast: N, atMost: M}`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Regions, E> {
                Every::deserialize(StrDeserializer::new(text)).map(|Every::All| Regions::All)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Regions, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Regions::Named)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Regions, A::Error> {
                RegionBounds::deserialize(MapAccessDeserializer::new(map)).map(Regions::Bounds)
            }
        }

        d.deserialize_any(Choice)
    }
}

impl JsonSchema for Regions {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Regions".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                generator.subschema_for::<Every>(),
                generator.subschema_for::<Vec<RegionName>>(),
                generator.subschema_for::<RegionBounds>(),
            ]
        })
    }
}

/// Objectives that alerts follow from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Slo {
    /// The share of requests that succeed.
    pub availability: Option<Spanned<Share>>,
    /// The share of requests that are fast.
    pub latency: Option<Spanned<Objective>>,
    /// How long users may wait for another region to serve once theirs is lost.
    pub rto: Option<Spanned<Duration>>,
    /// How much of what was acknowledged may be lost with a region, as a length of time; `0s`:
    /// nothing.
    pub rpo: Option<Spanned<Duration>>,
}

/// The share of requests that are fast.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Objective {
    /// The share.
    pub target: Spanned<Share>,
    /// What counts as fast.
    pub under: Spanned<Duration>,
}

/// What a service does when a call fails.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience {
    /// How long one try of a call that it makes may take.
    pub timeout: Option<Spanned<Duration>>,
    /// How often a failed call is tried again; all tries must end before its own callers give up.
    pub retries: Option<Spanned<u32>>,
    /// When calls to a failing callee stop for a while; the gateway and the mesh go by it.
    pub circuit_breaker: Option<Spanned<CircuitBreaker>>,
    /// What is served instead, by a name that the service knows: its containers get it as the
    /// variable `DEGRADE_TO`.
    pub degrade_to: Option<Spanned<String>>,
}

/// When calls to a failing callee stop for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CircuitBreaker {
    /// After this many errors.
    pub errors: Spanned<u32>,
    /// Within this time.
    pub within: Spanned<Duration>,
}

/// A feature flag.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flag {
    /// Its name.
    pub name: Spanned<String>,
    /// The share of users that see it, by wave or region.
    #[serde(default)]
    pub rollout: Entries<Spanned<Share>>,
}

/// What is broken on purpose, and when; never more than the plan survives.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chaos {
    /// When: five cron fields.
    pub schedule: Spanned<String>,
    /// For how long. Default: `5m`.
    pub duration: Option<Spanned<Duration>>,
    /// Whether one pod is killed. Default: `false`.
    pub pods: Option<Spanned<bool>>,
    /// By how much the way to other regions is made longer. Default: not at all.
    pub latency: Option<Spanned<Duration>>,
    /// Whether a region is cut off from the others: the same for all services, and one whose loss
    /// they survive. Default: `false`.
    pub region: Option<Spanned<bool>>,
}
