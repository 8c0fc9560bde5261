//! The valid world: what the fleet's files say, with names resolved and defaults filled in.
//!
//! Made only by `validate`: holding a [`World`] means that every reference in it leads somewhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Span, Spanned};

use super::duration::Duration;
use super::engine::{Consistency, Engine};
use super::name::{
    Capability, ClusterName, DataClassName, Environment, FleetName, JurisdictionName, Namespace,
    PortName, RegionName, ServiceKey, ServiceName, StoreName, WaveName, ZoneName,
};
use super::origin::Origins;
use super::place::{Coordinates, Country, Provider};
use super::quantity::Quantity;
use super::ratio::Share;

/// Everything that one `regen.yaml` describes.
#[derive(Clone, Debug)]
pub struct World {
    /// The fleet's own settings.
    pub fleet: Fleet,
    /// The region inventory.
    pub regions: BTreeMap<RegionName, Region>,
    /// All clusters of all regions.
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// The service catalog: one entry per service and environment.
    pub services: BTreeMap<ServiceKey, Service>,
    /// Last-resort patches of rendered objects, in order of application.
    pub overlays: Vec<Overlay>,
    /// Where each value was written.
    pub origins: Origins,
}

/// The settings of `regen.yaml`.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Its name.
    pub name: Spanned<FleetName>,
    /// Parent domain of hosts and ingress names.
    pub domain: Option<Spanned<String>>,
    /// Where manifests are committed and who applies them.
    pub gitops: Gitops,
    /// Platform choices.
    pub platform: Platform,
    /// The cluster that holds once-per-fleet objects.
    pub hub: Option<ClusterName>,
    /// Waves in order of rollout; every region is in one of them.
    pub waves: Vec<WaveName>,
    /// Where users are, unless a service says otherwise.
    pub audience: Audience,
    /// Jurisdictions and blocs by name, as sets of countries. Countries stand for themselves.
    pub jurisdictions: BTreeMap<JurisdictionName, Jurisdiction>,
    /// Data classes by name.
    pub data_classes: BTreeMap<DataClassName, DataClass>,
    /// How failover targets are chosen.
    pub failover: Failover,
    /// Settings of the round-trip estimate.
    pub network: NetworkSettings,
    /// Settings of the drift report.
    pub drift: DriftSettings,
}

/// Where manifests go.
#[derive(Clone, Debug)]
pub struct Gitops {
    /// A path relative to the fleet's directory, or a URL.
    pub repository: Spanned<String>,
    /// The branch that is committed to.
    pub branch: String,
    /// The address that controllers in the clusters pull from, where it is not `repository`.
    pub url: Option<String>,
    /// Which controller applies the manifests.
    pub delivery: Delivery,
}

/// The controller that applies the GitOps repository.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Argo CD.
    Argocd,
    /// Flux.
    Flux,
    /// Nobody that regen renders entry points for.
    None,
}

/// Platform choices of the whole fleet.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// `external-dns` or nothing.
    pub dns: Option<Spanned<String>>,
    /// The namespace that ingress traffic comes from; absent: exposed ports accept any source.
    pub ingress_namespace: Option<Namespace>,
    /// Capabilities of clusters that list none of their own.
    pub capabilities: BTreeSet<Capability>,
}

/// Where users are: weights that need not add up to anything.
#[derive(Clone, Debug, Default)]
pub struct Audience {
    /// Shares in order of writing.
    pub shares: Vec<AudienceShare>,
}

/// One place with users.
#[derive(Clone, Debug)]
pub struct AudienceShare {
    /// The region, country, bloc or continent.
    pub place: AudiencePlace,
    /// Its weight, in millionths of the written unit.
    pub weight: u64,
    /// Where it was written.
    pub span: Span,
}

/// What an audience may be named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudiencePlace {
    /// Demand at a region of the inventory.
    Region(RegionName),
    /// Demand in a set of countries: a country, a bloc, a jurisdiction or a continent.
    Countries {
        /// As written.
        name: String,
        /// The countries.
        countries: BTreeSet<Country>,
    },
}

/// A legal area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jurisdiction {
    /// The countries in it.
    pub countries: BTreeSet<Country>,
    /// Where the fleet defines it; built-in blocs have no place.
    pub span: Option<Span>,
}

/// A class of data and what binds it.
#[derive(Clone, Debug)]
pub struct DataClass {
    /// Where it is defined.
    pub span: Span,
    /// The jurisdiction that it may not leave.
    pub residency: Option<Spanned<JurisdictionName>>,
    /// How long backups are kept.
    pub retention: Option<Duration>,
    /// Encryption at rest.
    pub encryption_at_rest: Option<String>,
}

/// How failover targets are chosen.
#[derive(Clone, Debug)]
pub struct Failover {
    /// The jurisdiction inside which services without bound data fail over; absent: anywhere.
    pub residency: Option<Spanned<JurisdictionName>>,
    /// The share of capacity that must stay free after a failover.
    pub headroom: Share,
}

/// How unmeasured round trips are treated.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// Whether a missing round trip is estimated.
    pub estimate: Estimate,
    /// p99 over p50 where only the median is known, in thousandths (1500 is 1.5).
    pub p99_factor_milli: u32,
}

/// What to do where no round trip was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Estimate {
    /// Estimate from the great circle and warn.
    Warn,
    /// Estimate and let budgets be enforced on estimates too.
    Enforce,
    /// Refuse.
    Refuse,
}

/// Settings of the drift report.
#[derive(Clone, Debug, Default)]
pub struct DriftSettings {
    /// Field managers that apply the repository.
    pub appliers: Vec<String>,
    /// Accepted differences, as written; `drift` reads them.
    pub ignore: Vec<Spanned<serde_json::Value>>,
}

/// A place with a jurisdiction and clusters.
#[derive(Clone, Debug)]
pub struct Region {
    /// Its name, where written.
    pub name: Spanned<RegionName>,
    /// Its cloud.
    pub provider: Option<Provider>,
    /// Its country.
    pub country: Country,
    /// Its coordinates.
    pub coordinates: Coordinates,
    /// Its zones.
    pub zones: Vec<ZoneName>,
    /// Its wave.
    pub wave: WaveName,
    /// Its clusters, by name.
    pub clusters: Vec<ClusterName>,
}

/// A Kubernetes version: `1.34` is (1, 34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// Major.
    pub major: u16,
    /// Minor.
    pub minor: u16,
}

impl std::fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// One Kubernetes control plane.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name, where written.
    pub name: Spanned<ClusterName>,
    /// The region it stands in.
    pub region: RegionName,
    /// The kubeconfig context that `drift` uses; absent: never contacted.
    pub context: Option<String>,
    /// The address of its API server as the delivery controller knows it, where not in-cluster.
    pub server: Option<String>,
    /// Its version.
    pub kubernetes: KubernetesVersion,
    /// Its environment.
    pub environment: Environment,
    /// What it can hold; absent: unchecked.
    pub capacity: Capacity,
    /// What it can do.
    pub capabilities: BTreeSet<Capability>,
    /// Its address ranges.
    pub network: ClusterNetwork,
    /// Where traffic enters.
    pub ingress: Option<Spanned<Ingress>>,
    /// Health-check ids of hosts, as the DNS provider knows them.
    pub health_checks: BTreeMap<String, String>,
}

/// What a cluster can hold; absent: unchecked.
#[derive(Clone, Debug, Default)]
pub struct Capacity {
    /// CPU.
    pub cpu: Option<Spanned<Quantity>>,
    /// Memory.
    pub memory: Option<Spanned<Quantity>>,
}

/// Address ranges of a cluster, in CIDR notation.
#[derive(Clone, Debug, Default)]
pub struct ClusterNetwork {
    /// Of pods.
    pub pods: Vec<Spanned<String>>,
    /// Of nodes.
    pub nodes: Vec<Spanned<String>>,
    /// Of traffic that leaves.
    pub egress: Vec<Spanned<String>>,
}

/// Where traffic enters a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ingress {
    /// By a host name.
    Hostname(String),
    /// By addresses (IPv4 or IPv6).
    Addresses(Vec<std::net::IpAddr>),
}

/// One service in one environment.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, where written.
    pub name: Spanned<ServiceName>,
    /// The environment that this entry is for.
    pub environment: Environment,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// Its namespace.
    pub namespace: Namespace,
    /// How much it matters.
    pub tier: Tier,
    /// What runs.
    pub workload: Workload,
    /// Whom it calls.
    pub calls: Vec<Call>,
    /// How users reach it.
    pub exposure: Option<Exposure>,
    /// Where its users are.
    pub audience: Audience,
    /// Latency budgets.
    pub budget: Budget,
    /// Where it may run.
    pub placement: Placement,
    /// What it stores.
    pub stores: Vec<Store>,
    /// Whether it fails over to other regions.
    pub failover: bool,
}

/// Who answers for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The team.
    pub team: String,
    /// Where to reach whoever is on call.
    pub oncall: Option<String>,
    /// Whom to escalate to.
    pub escalation: Option<String>,
}

/// How much a service matters: probes, disruption budgets and waves follow from it.
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
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Users notice at once.
    Critical,
    /// Users notice.
    Standard,
    /// Nobody waits for it.
    Batch,
}

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
    /// Pods with an identity and disks.
    StatefulSet,
    /// Pods on a schedule.
    CronJob,
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
    /// How long a pod may take to stop.
    pub termination_grace: Option<Duration>,
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

/// One declared call from a service to another.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom.
    pub service: Spanned<ServiceName>,
    /// The port that is called; absent: all ports of the callee.
    pub port: Option<PortName>,
    /// How long the caller waits.
    pub timeout: Option<Duration>,
    /// Whether the caller lives on without an answer.
    pub degrade: bool,
}

/// How users reach a service.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Where it was written.
    pub span: Span,
    /// The host name.
    pub host: Spanned<String>,
    /// The port that is exposed.
    pub port: PortName,
    /// How DNS chooses among regions.
    pub routing: Spanned<Routing>,
    /// The path that health checks ask for.
    pub health: Option<String>,
    /// Time to live of the records, in seconds.
    pub ttl: u32,
    /// Weights of regions for weighted routing.
    pub weights: BTreeMap<RegionName, u32>,
}

/// How DNS chooses among regions.
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
#[serde(rename_all = "lowercase")]
pub enum Routing {
    /// The nearest region by latency.
    Latency,
    /// By weights.
    Weighted,
    /// One primary, one secondary.
    Failover,
    /// One record, no policy.
    Simple,
}

/// Latency budgets of a service.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// For reads.
    pub read: Option<Spanned<LatencyBudget>>,
    /// For writes.
    pub write: Option<Spanned<LatencyBudget>>,
    /// For calls to other regions.
    pub cross_region: Option<Spanned<LatencyBudget>>,
    /// Whether a budget that cannot be met is an error.
    pub enforce: bool,
}

/// One latency budget; absent percentiles are not bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencyBudget {
    /// For the median.
    pub p50: Option<Duration>,
    /// For the 99th percentile.
    pub p99: Option<Duration>,
}

/// Where a service may run.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Where it was written, where it was.
    pub span: Option<Span>,
    /// Whether all regions serve, or one does and others stand by.
    pub mode: PlacementMode,
    /// Which regions are used.
    pub regions: RegionChoice,
    /// The candidates; empty: all regions with a cluster in the environment.
    pub from: Vec<Spanned<RegionName>>,
}

/// Whether all regions serve.
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
#[serde(rename_all = "kebab-case")]
pub enum PlacementMode {
    /// All placed regions serve.
    ActiveActive,
    /// The first placed region serves, the others stand by.
    ActivePassive,
}

/// Which of the candidates are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionChoice {
    /// Every candidate.
    All,
    /// These.
    Named(Vec<Spanned<RegionName>>),
    /// As many as lower the audience-weighted round trip, within bounds.
    Count {
        /// At least.
        at_least: u32,
        /// At most.
        at_most: u32,
    },
}

/// A database, queue or cache that a service owns.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its name, where written.
    pub name: Spanned<StoreName>,
    /// The software.
    pub engine: Spanned<Engine>,
    /// What readers may rely on.
    pub consistency: Spanned<Consistency>,
    /// The bound, for bounded staleness.
    pub staleness: Option<Spanned<Duration>>,
    /// The class of its data.
    pub data: Option<Spanned<DataClassName>>,
    /// The region that takes writes; absent: the planner's choice.
    pub leader: Option<Spanned<RegionName>>,
    /// Whether writes wait for replicas in other regions.
    pub synchronous: u32,
    /// Instances per region.
    pub instances: u32,
    /// Disk per instance.
    pub size: Quantity,
    /// Storage class; absent: the cluster's default.
    pub storage_class: Option<String>,
    /// When backups are taken (six cron fields, seconds first); absent: none.
    pub backup: Option<Backup>,
}

/// Backups of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Six cron fields, seconds first.
    pub schedule: String,
    /// How long they are kept.
    pub retention: Duration,
    /// Prefix of the bucket's address, such as `s3://backups`; the region is appended.
    pub bucket: Option<String>,
}

/// A last-resort patch of rendered objects.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// Which manifests it may touch.
    pub scope: OverlayScope,
    /// The kind of the patched object.
    pub kind: Spanned<String>,
    /// The name of the patched object.
    pub name: Spanned<String>,
    /// The patch.
    pub patch: OverlayPatch,
    /// Where it was written.
    pub span: Span,
}

/// Which manifests an overlay may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlayScope {
    /// Those of a cluster.
    Cluster(ClusterName),
    /// Those of a region's clusters.
    Region(RegionName),
    /// Those of a service.
    Service(ServiceName),
}

/// How an overlay changes an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlayPatch {
    /// RFC 7386.
    Merge(serde_json::Value),
    /// RFC 6902: a list of operations.
    Json(serde_json::Value),
}
