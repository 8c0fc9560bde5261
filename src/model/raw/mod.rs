//! What the fleet's files say, word for word and with places, before anyone judged it.
//!
//! `load` reads files into these types and `validate` turns them into the world. The JSON Schemas
//! that editors use are generated from them, so the documentation of a field here is the help that
//! a person sees while writing YAML.

mod audience;
mod container;
mod drift;
mod entries;
mod exposure;
mod fleet;
mod forms;
mod identity;
mod journey;
mod overlay;
mod platform;
mod region;
mod scalar;
mod service;
mod store;
mod workload;

pub use audience::{Audience, Weight};
pub use container::{
    EnvFrom, EnvValue, InitContainer, Port, PortLong, PortNumber, Security, Volume,
};
pub use drift::{Drift, DriftReport, ReportFrom, ReportGit};
pub use entries::{Entries, JSON, Json};
pub use exposure::{Areas, Cache, Exposure};
pub use fleet::{
    DataClass, Encryption, Factor, FailoverDefaults, Files, Fleet, Gitops, Jurisdiction, LIST,
    Network, PartialService, Promotion, Residency, Reviews,
};
pub use identity::{Identity, Principals, RegionIdentity};
pub use journey::{Journey, JourneyBudget, JourneyStep, JourneyStepLong};
pub use overlay::{Folder, Op, Operation, Overlay, OverlayDocument};
pub use platform::{
    Dns, DnsChoice, DnsLong, Gateway, GatewayChoice, GatewayLong, MeshChoice, Monitoring, Platform,
    PolicyController, SecretsController, Telemetry,
};
pub use region::{
    Address, Capacity, Cidr, Cluster, ClusterNetwork, ConfidentialNodes, Ingress, Latitude,
    Longitude, Position, Region,
};
pub use scalar::{SCALARS, Scalar, scalar};
pub use service::{
    Budget, Call, CallLong, Chaos, CircuitBreaker, FailoverChoice, Flag, Latency, LatencyBudget,
    Objective, OnFailure, Owner, Placement, RegionBounds, Regions, Requires, Resilience, Service,
    Slo,
};
pub use store::{
    Access, Backup, Leader, Purge, ShardBy, Shards, StandbyCount, Store, StoreResources,
    Synchronous, SynchronousLong, Topic, Voters,
};
pub use workload::{
    GrpcProbe, HttpProbe, HttpProbeLong, Limits, Metrics, PortOnly, Probe, ProbeLong, ProbePort,
    Probes, Resources, Rollout, RolloutStep, Scale, Schedule, ScheduleLong, Strategy, Takeover,
    TcpProbe, Workload,
};

use crate::diag::{SourceId, Span};

use super::name::Environment;
use super::origin::Origins;

/// Every file of a fleet, read and merged.
#[derive(Clone, Debug)]
pub struct Raw {
    /// `regen.yaml`.
    pub fleet: Fleet,
    /// The region files, by path.
    pub regions: Vec<Region>,
    /// The service files, by path; each once per environment that it names.
    pub services: Vec<ServiceEntry>,
    /// The overlay files, by path.
    pub overlays: Vec<Overlay>,
    /// The text of the measured round trips, where the fleet has them.
    pub rtt_file: Option<SourceId>,
    /// Where each value was written.
    pub origins: Origins,
}

/// One service in one environment, with defaults, profile and environment merged in.
#[derive(Clone, Debug)]
pub struct ServiceEntry {
    /// The environment.
    pub environment: Environment,
    /// Where the environment was named, where it was.
    pub named: Option<Span>,
    /// The merged service.
    pub service: Service,
}
