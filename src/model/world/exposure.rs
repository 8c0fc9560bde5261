//! How users reach a service.

use std::collections::BTreeMap;

use crate::diag::{Span, Spanned};
use crate::model::duration::Duration;
use crate::model::name::{PortName, RegionName};
use crate::model::place::Country;
use crate::model::quantity::Quantity;

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
    /// The areas that regions answer, for `geo` routing.
    pub geo: BTreeMap<RegionName, Vec<GeoArea>>,
    /// How long the gateway waits for one try; absent: as the service's own calls say.
    pub timeout: Option<Spanned<Duration>>,
    /// How often the gateway tries a read again.
    pub retries: Option<Spanned<u32>>,
    /// Where the gateway sends writes.
    pub writes: Spanned<WriteTarget>,
    /// How long answers to reads may be kept; absent: as the service itself says.
    pub cache: Option<Cache>,
}

/// A part of the world as DNS names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GeoArea {
    /// A continent, by the two letters that Route 53 has for it.
    Continent(&'static str),
    /// A country.
    Country(Country),
}

impl std::fmt::Display for GeoArea {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Continent(code) => write!(f, "the continent {code}"),
            Self::Country(code) => write!(f, "{code}"),
        }
    }
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
    /// By where users are.
    Geo,
    /// One record, no policy.
    Simple,
}

impl Routing {
    /// The word as written in YAML.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Weighted => "weighted",
            Self::Failover => "failover",
            Self::Geo => "geo",
            Self::Simple => "simple",
        }
    }
}

/// Where a gateway sends requests other than GET and HEAD.
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
pub enum WriteTarget {
    /// To its own region.
    Local,
    /// To the region whose stores take the writes.
    Leader,
}

/// How long answers to GET and HEAD may be kept, in seconds.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Where it was written.
    pub span: Span,
    /// While an answer is fresh.
    pub max_age: u64,
    /// How long a stale one may be given while a fresh one is fetched.
    pub stale_while_revalidate: Option<u64>,
    /// How long a stale one may be given while the service fails.
    pub stale_if_error: Option<u64>,
    /// Who keeps answers besides browsers.
    pub tier: Spanned<CacheTier>,
    /// The memory of each pod of the tier `varnish`.
    pub memory: Quantity,
    /// The image of the tier `varnish`.
    pub image: Spanned<String>,
}

/// Who keeps answers besides browsers.
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
pub enum CacheTier {
    /// Whoever heeds the headers.
    Headers,
    /// Pods of Varnish between the gateway and the service.
    Varnish,
    /// The network of the DNS provider (Cloudflare).
    Cdn,
}
