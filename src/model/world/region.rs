//! Regions and their clusters.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Span, Spanned};
use crate::model::name::{Capability, ClusterName, Environment, RegionName, WaveName, ZoneName};
use crate::model::place::Coordinates;
use crate::model::place::Country;
use crate::model::place::Provider;
use crate::model::quantity::Quantity;

use super::fleet::Telemetry;

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
    /// Its wave, where the fleet declares waves.
    pub wave: Option<WaveName>,
    /// Where its clusters export telemetry to; absent: nobody knows.
    pub telemetry: Option<Telemetry>,
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

impl KubernetesVersion {
    /// The oldest that manifests are rendered for.
    pub const OLDEST: Self = Self {
        major: 1,
        minor: 30,
    };
    /// The newest whose types are known.
    pub const NEWEST: Self = Self {
        major: 1,
        minor: 37,
    };
    /// That of clusters that say nothing.
    pub const DEFAULT: Self = Self {
        major: 1,
        minor: 34,
    };

    /// Reads `1.34`, `v1.34` or `1.34.2`; the patch level decides nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || {
            let part = parts.next()?;
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (major, minor) = (number()?, number()?);
        let patch = parts.next();
        let rest_ok = patch.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        (rest_ok && parts.next().is_none()).then_some(Self { major, minor })
    }
}

/// A range of Kubernetes versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// As written.
    text: String,
    least: (u16, u16),
    most: (u16, u16),
}

impl VersionRange {
    /// Reads comparisons, all of which hold: `>=1.33`, `>=1.33 <1.36`. An empty range is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut range = Self {
            text: text.trim().to_owned(),
            least: (0, 0),
            most: (u16::MAX, u16::MAX),
        };
        let mut rest = range.text.as_str();
        while !rest.is_empty() {
            let signs = rest.len() - rest.trim_start_matches(['<', '>', '=']).len();
            let (sign, after) = rest.split_at(signs);
            let after = after.trim_start();
            let end = after.find([' ', ',', '<', '>', '=']).unwrap_or(after.len());
            let version = KubernetesVersion::parse(&after[..end])?;
            let (major, minor) = (version.major, version.minor);
            let at = (major, minor);
            let next = (major, minor.checked_add(1)?);
            match sign {
                ">=" => range.least = range.least.max(at),
                ">" => range.least = range.least.max(next),
                "<=" => range.most = range.most.min(at),
                "<" => range.most = range.most.min((major, minor.checked_sub(1)?)),
                "=" => (range.least, range.most) = (range.least.max(at), range.most.min(at)),
                _ => return None,
            }
            rest = after[end..].trim_start_matches([' ', ',']);
        }
        (!text.trim().is_empty() && range.least <= range.most).then_some(range)
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The oldest version in it.
    pub fn least(&self) -> KubernetesVersion {
        let (major, minor) = self.least;
        KubernetesVersion { major, minor }
    }

    /// Whether a version is in it.
    pub fn holds(&self, version: KubernetesVersion) -> bool {
        (self.least..=self.most).contains(&(version.major, version.minor))
    }
}

impl std::fmt::Display for VersionRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text)
    }
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
    /// Where that was written.
    pub kubernetes_span: Option<Span>,
    /// Its environment.
    pub environment: Environment,
    /// What it can hold; absent: unchecked.
    pub capacity: Capacity,
    /// What it can do.
    pub capabilities: BTreeSet<Capability>,
    /// Its address ranges.
    pub network: ClusterNetwork,
    /// The key that encrypts its disks: its own, or its region's.
    pub kms_key: Option<String>,
    /// Where traffic enters.
    pub ingress: Option<Spanned<Ingress>>,
    /// Where its Secrets come from, as External Secrets writes the `provider` of a store.
    pub secret_store: Option<Spanned<serde_json::Value>>,
    /// Which of its nodes encrypt their memory; absent: all, where it has the capability.
    pub confidential: Option<ConfidentialNodes>,
    /// Health-check ids of hosts, as the DNS provider knows them.
    pub health_checks: BTreeMap<String, String>,
}

/// How pods get onto nodes that encrypt their memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfidentialNodes {
    /// Labels of the nodes.
    pub selector: BTreeMap<String, String>,
    /// What of their taints pods tolerate.
    pub tolerations: Vec<serde_json::Value>,
    /// The runtime class of pods.
    pub runtime_class: Option<String>,
}

impl ConfidentialNodes {
    /// A cluster with such nodes can do this.
    pub const CAPABILITY: &str = "confidential-nodes";
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
    /// The DNS domain of its Services; absent: `cluster.local`.
    pub domain: Option<Spanned<String>>,
}

/// Where traffic enters a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ingress {
    /// By a host name.
    Hostname(String),
    /// By addresses (IPv4 or IPv6).
    Addresses(Vec<std::net::IpAddr>),
}
