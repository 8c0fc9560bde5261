//! A service's `workload`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::container::{EnvValue, InitContainer, Port, Security, Volume};
use super::entries::Entries;
use super::forms::short_or_long;
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::PortName;
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::{Instrument, WorkloadKind};

/// What a service runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// The kind of object that runs the pods. Default: `Deployment`.
    pub kind: Option<Spanned<WorkloadKind>>,
    /// The image, best by digest; `latest` is refused.
    pub image: Spanned<String>,
    /// The command, where it is not the image's.
    #[serde(default)]
    pub command: Vec<String>,
    /// The arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment variables: a text, `{secret, key}` or `{field}`.
    #[serde(default)]
    pub env: Entries<Spanned<EnvValue>>,
    /// Ports by name: a number, or `{port, target, protocol}`.
    #[serde(default)]
    pub ports: Entries<Spanned<Port>>,
    /// What each pod asks for and may use.
    pub resources: Option<Resources>,
    /// How many pods, per region.
    pub scale: Option<Spanned<Scale>>,
    /// How new versions of a `Rollout` come in; it makes the workload one. Default of a Rollout: a
    /// canary of 10% and then 50%, for ten minutes each.
    pub rollout: Option<Spanned<Rollout>>,
    /// When a CronJob runs: five cron fields, or `{cron, timeZone}`.
    pub schedule: Option<Spanned<Schedule>>,
    /// Health probes. Default: TCP on the main port, or HTTP where `exposure.health` says so; none
    /// for tier `batch`.
    pub probes: Option<Probes>,
    /// Files by path inside the container.
    #[serde(default)]
    pub files: Entries<String>,
    /// Directories by name that the container may write to.
    #[serde(default)]
    pub volumes: Entries<Spanned<Volume>>,
    /// Containers that run to completion first, in order.
    #[serde(default)]
    pub init: Vec<Spanned<InitContainer>>,
    /// Who the container runs as.
    pub security: Option<Security>,
    /// Where Prometheus reads the container's metrics: `{port, path}`. Absent: nowhere.
    pub metrics: Option<Spanned<Metrics>>,
    /// In which language the operator of OpenTelemetry instruments the pods, or `sdk`: they do so
    /// themselves and are told where to. Absent: nothing is sent.
    pub instrument: Option<Spanned<Instrument>>,
    /// How long a pod may take to stop. Default: Kubernetes' `30s`.
    pub termination_grace: Option<Spanned<Duration>>,
}

/// How new versions come in (Argo Rollouts).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// `canary`: by steps; `blue-green`: whole beside the old one, and then in its place.
    pub strategy: Spanned<Strategy>,
    /// The steps of a canary. Default: 10% and then 50%, for ten minutes each.
    #[serde(default)]
    pub steps: Vec<Spanned<RolloutStep>>,
    /// Whether blue-green takes over by itself once it is ready and analysed, or when a person says
    /// so. Default: `auto`.
    pub promotion: Option<Spanned<Takeover>>,
}

/// How new versions come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// By steps.
    Canary,
    /// Whole beside the old one, and then in its place.
    BlueGreen,
}

/// Who lets a new version take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Takeover {
    /// It does by itself.
    Auto,
    /// A person does.
    Manual,
}

/// A step of a canary.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolloutStep {
    /// The share of pods that are new, in whole percent.
    pub weight: Spanned<Share>,
    /// For how long. Absent: until a person promotes it.
    pub pause: Option<Spanned<Duration>>,
}

/// Where Prometheus reads the container's metrics.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metrics {
    /// A port of the workload. Default: the main one.
    pub port: Option<Spanned<PortName>>,
    /// The path. Default: `/metrics`.
    pub path: Option<Spanned<String>>,
}

/// What each pod asks for and may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// CPU asked for. Default: `100m`.
    pub cpu: Option<Spanned<Quantity>>,
    /// Memory asked for. Default: `128Mi`.
    pub memory: Option<Spanned<Quantity>>,
    /// What may be used at most. Default: no CPU limit, and as much memory as is asked for.
    pub limits: Option<Limits>,
}

/// What each pod may use at most.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// CPU.
    pub cpu: Option<Spanned<Quantity>>,
    /// Memory.
    pub memory: Option<Spanned<Quantity>>,
}

/// How many pods run in a region, split evenly over its clusters.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scale {
    /// At least. Default: 3 for tier `critical`, 2 for `standard`, 1 for `batch`.
    pub min: Option<Spanned<u32>>,
    /// At most. Default: `min`, which means no autoscaling.
    pub max: Option<Spanned<u32>>,
    /// The CPU utilisation that autoscaling aims at. Default: `70%`.
    pub cpu: Option<Spanned<Share>>,
}

/// When a CronJob runs.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Five cron fields.
    Short(String),
    /// With a time zone.
    Long(ScheduleLong),
}

/// When a CronJob runs, with a time zone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleLong {
    /// Five cron fields, such as `*/5 * * * *`.
    pub cron: Spanned<String>,
    /// An IANA time zone, such as `Europe/Dublin`. Default: the controller's.
    pub time_zone: Option<Spanned<String>>,
}

short_or_long!(Schedule, "five cron fields, or `{cron: ..., timeZone: ...}`",
    short: String => Schedule::Short,
    long: ScheduleLong => Schedule::Long);

/// Health probes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probes {
    /// Restarts the container when it fails.
    pub liveness: Option<Spanned<Probe>>,
    /// Takes the pod out of rotation when it fails.
    pub readiness: Option<Spanned<Probe>>,
    /// Holds the other two back until it succeeds.
    pub startup: Option<Spanned<Probe>>,
}

/// A probe, or `none`.
#[derive(Clone, Debug)]
pub enum Probe {
    /// Not even the default one.
    None,
    /// This one.
    Long(Box<ProbeLong>),
}

/// The word for no probe.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Without {
    /// No probe.
    None,
}

/// One health probe: `http`, `grpc` or `tcp`, with timings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeLong {
    /// An HTTP GET: a path, or `{path, port, headers}`.
    pub http: Option<Spanned<HttpProbe>>,
    /// The gRPC health protocol: a port, or `{port}`.
    pub grpc: Option<Spanned<GrpcProbe>>,
    /// A TCP connection: a port, or `{port}`.
    pub tcp: Option<Spanned<TcpProbe>>,
    /// The wait before the first. Default: Kubernetes' `0s`.
    pub initial_delay: Option<Spanned<Duration>>,
    /// The time between two. Default: Kubernetes' `10s`.
    pub period: Option<Spanned<Duration>>,
    /// When one counts as failed. Default: Kubernetes' `1s`.
    pub timeout: Option<Spanned<Duration>>,
    /// Failures in a row until it acts. Default: Kubernetes' 3.
    pub failures: Option<Spanned<u32>>,
}

short_or_long!(Probe, "a probe, or `none`",
    short: Without => |Without::None| Probe::None,
    long: ProbeLong => |long| Probe::Long(Box::new(long)));

/// An HTTP GET.
#[derive(Clone, Debug)]
pub enum HttpProbe {
    /// The path, on the main port.
    Path(String),
    /// With details.
    Long(HttpProbeLong),
}

/// An HTTP GET with details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpProbeLong {
    /// The path. Default: `/`.
    pub path: Option<Spanned<String>>,
    /// The port of the workload, by name or number. Default: the main one.
    pub port: Option<ProbePort>,
    /// Request headers.
    #[serde(default)]
    pub headers: Entries<String>,
}

short_or_long!(HttpProbe, "a path, or `{path: ..., port: ..., headers: ...}`",
    short: String => HttpProbe::Path,
    long: HttpProbeLong => HttpProbe::Long);

/// A port of the workload, by name or by the number that the container listens on.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct ProbePort(pub Spanned<String>);

impl JsonSchema for ProbePort {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProbePort".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "integer"]})
    }
}

/// A port of the workload in short form.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct ShortPort(String);

impl JsonSchema for ShortPort {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ShortPort".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "integer"]})
    }
}

/// The gRPC health protocol on a port; absent: the main one.
#[derive(Clone, Debug)]
pub enum GrpcProbe {
    /// By name or number.
    Port(String),
    /// With details.
    Long(PortOnly),
}

/// A TCP connection to a port; absent: the main one.
#[derive(Clone, Debug)]
pub enum TcpProbe {
    /// By name or number.
    Port(String),
    /// With details.
    Long(PortOnly),
}

/// What is asked, by port.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortOnly {
    /// The port of the workload, by name or number. Default: the main one.
    pub port: Option<ProbePort>,
}

short_or_long!(GrpcProbe, "a port, or `{port: ...}`",
    short: ShortPort => |p| GrpcProbe::Port(p.0),
    long: PortOnly => GrpcProbe::Long);

short_or_long!(TcpProbe, "a port, or `{port: ...}`",
    short: ShortPort => |p| TcpProbe::Port(p.0),
    long: PortOnly => TcpProbe::Long);
