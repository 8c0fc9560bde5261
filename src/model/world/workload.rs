//! What a service runs.

use std::collections::BTreeMap;

use crate::diag::{Span, Spanned};
use crate::model::duration::Duration;
use crate::model::name::PortName;
use crate::model::quantity::Quantity;

/// What kind of object runs the pods.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum WorkloadKind {
    /// Interchangeable pods.
    Deployment,
    /// Interchangeable pods of which new versions come in by steps, or beside the old ones (Argo
    /// Rollouts).
    Rollout,
    /// Pods with an identity and disks.
    StatefulSet,
    /// Pods on a schedule.
    CronJob,
    /// Pods that run to completion, once per version.
    Job,
}

impl WorkloadKind {
    /// The kind of the object.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::Rollout => "Rollout",
            Self::StatefulSet => "StatefulSet",
            Self::CronJob => "CronJob",
            Self::Job => "Job",
        }
    }

    /// The group of the object.
    pub fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::StatefulSet => "apps",
            Self::Rollout => "argoproj.io",
            Self::CronJob | Self::Job => "batch",
        }
    }

    /// The version of the object.
    pub fn version(self) -> &'static str {
        match self {
            Self::Rollout => "v1alpha1",
            _ => "v1",
        }
    }

    /// Whether its pods end by themselves.
    pub fn ends(self) -> bool {
        matches!(self, Self::CronJob | Self::Job)
    }
}

/// What a service runs.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The kind of object.
    pub kind: WorkloadKind,
    /// The image.
    pub image: Spanned<String>,
    /// Command, where it is not the image's.
    pub command: Vec<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, EnvValue>,
    /// Ports by name.
    pub ports: BTreeMap<PortName, Port>,
    /// What each pod asks for and may use.
    pub resources: Resources,
    /// How many pods, per region.
    pub scale: Scale,
    /// How new versions come in, where it is a Rollout.
    pub rollout: Option<Rollout>,
    /// When a CronJob runs (five fields), with an optional time zone.
    pub schedule: Option<Schedule>,
    /// Health probes.
    pub probes: Probes,
    /// Files by path inside the container, rendered as a ConfigMap.
    pub files: BTreeMap<String, String>,
    /// Directories that the container may write to.
    pub volumes: BTreeMap<String, Volume>,
    /// Containers that run to completion first.
    pub init: Vec<InitContainer>,
    /// Who the container runs as.
    pub security: Security,
    /// Where Prometheus reads the container's metrics.
    pub metrics: Option<Metrics>,
    /// How the pods are instrumented; absent: they send no telemetry.
    pub instrument: Option<Instrument>,
    /// How long a pod may take to stop.
    pub termination_grace: Option<Duration>,
}

/// How pods are instrumented (opentelemetry-operator). Go is left out: its agent needs privileges.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Instrument {
    /// For Java.
    Java,
    /// For Node.js.
    NodeJs,
    /// For Python.
    Python,
    /// For .NET.
    DotNet,
    /// They do so themselves, and are told where to send it.
    Sdk,
}

impl Instrument {
    /// As the operator's annotation ends.
    pub fn name(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::NodeJs => "nodejs",
            Self::Python => "python",
            Self::DotNet => "dotnet",
            Self::Sdk => "sdk",
        }
    }
}

/// How new versions come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// By steps, in order; then all of them.
    Canary(Vec<RolloutStep>),
    /// Whole beside the old one, and then in its place: by itself, or when a person says so.
    BlueGreen {
        /// Whether it takes over by itself.
        automatic: bool,
    },
}

/// A step of a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolloutStep {
    /// The share of pods that are new, in percent.
    pub percent: u32,
    /// For how long; absent: until a person promotes it.
    pub pause: Option<Duration>,
}

/// Where Prometheus reads a container's metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// A port of the workload.
    pub port: Spanned<PortName>,
    /// The path.
    pub path: String,
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue {
    /// Written in the catalog.
    Plain(Spanned<String>),
    /// A key of a Secret in the same namespace.
    Secret {
        /// The Secret.
        name: String,
        /// Its key.
        key: String,
    },
    /// A field of the pod, as the downward API names it.
    Field(String),
}

/// One port: what callers use and what the container listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The Service's port.
    pub port: u16,
    /// The pod's port.
    pub target: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// Where it was written.
    pub span: Span,
}

/// A transport protocol.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// Requests and limits of one pod's main container.
#[derive(Clone, Debug)]
pub struct Resources {
    /// CPU asked for.
    pub cpu: Spanned<Quantity>,
    /// Memory asked for.
    pub memory: Spanned<Quantity>,
    /// CPU that may be used; absent: as much as there is.
    pub cpu_limit: Option<Quantity>,
    /// Memory that may be used.
    pub memory_limit: Option<Quantity>,
}

/// How many pods run in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// At least.
    pub min: u32,
    /// At most; equal to `min`: no autoscaling.
    pub max: u32,
    /// The CPU utilisation that autoscaling aims at, in percent of the request.
    pub cpu_percent: Option<u32>,
    /// Where it was written, where it was.
    pub span: Option<Span>,
    /// Where `min` was written.
    pub min_span: Option<Span>,
    /// Where `max` was written.
    pub max_span: Option<Span>,
}

/// When a CronJob runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Five cron fields.
    pub cron: Spanned<String>,
    /// IANA time zone; absent: the controller's.
    pub time_zone: Option<String>,
}

/// Health probes; an absent one is not rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// Restart when it fails.
    pub liveness: Option<Probe>,
    /// Take out of rotation when it fails.
    pub readiness: Option<Probe>,
    /// Hold the other two back until it succeeds.
    pub startup: Option<Probe>,
}

/// One health probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub action: ProbeAction,
    /// Pod port that is asked.
    pub port: u16,
    /// Wait before the first, in seconds.
    pub initial_delay: Option<u32>,
    /// Between two, in seconds.
    pub period: Option<u32>,
    /// Seconds until one counts as failed.
    pub timeout: Option<u32>,
    /// Failures in a row until it acts.
    pub failures: Option<u32>,
}

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeAction {
    /// An HTTP GET.
    Http {
        /// The path.
        path: String,
        /// Request headers.
        headers: BTreeMap<String, String>,
    },
    /// The gRPC health protocol.
    Grpc,
    /// A TCP connection.
    Tcp,
}

/// A directory in the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Where it is mounted.
    pub mount: String,
    /// How large it may grow.
    pub size: Option<Quantity>,
    /// Kept across restarts of the pod: a claim template of a StatefulSet.
    pub persistent: bool,
    /// The storage class of a persistent one.
    pub storage_class: Option<String>,
    /// In memory instead of on disk.
    pub memory: bool,
}

/// A container that runs to completion before the main one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitContainer {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: Spanned<String>,
    /// Its command.
    pub command: Vec<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, EnvValue>,
}

/// Who the container runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// User id.
    pub user: u32,
    /// Group id, also of mounted volumes.
    pub group: u32,
    /// Whether the root file system can be written.
    pub writable_root: bool,
}
