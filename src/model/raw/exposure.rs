//! A service's `exposure`: how users reach it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Entries;
use super::forms::one_or_list;
use crate::diag::Spanned;
use crate::model::duration::Duration;
use crate::model::name::PortName;
use crate::model::quantity::Quantity;
use crate::model::world::{CacheTier, Routing, WriteTarget};

/// How users reach a service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exposure {
    /// The host name.
    pub host: Spanned<String>,
    /// The port that is exposed, by name. Default: `http` where there is one, else the only one.
    pub port: Option<Spanned<PortName>>,
    /// How DNS chooses among regions. Default: `latency`; `failover` for an active-passive service.
    pub routing: Option<Spanned<Routing>>,
    /// The path that health checks ask for.
    pub health: Option<Spanned<String>>,
    /// How long resolvers may keep an answer. Default: `60s`.
    pub ttl: Option<Spanned<Duration>>,
    /// Weights by region, for weighted routing.
    #[serde(default)]
    pub weights: Entries<Spanned<u32>>,
    /// Countries, blocs or continents by the region that answers them, for `geo` routing; the
    /// region that the plan prefers answers everyone else.
    #[serde(default)]
    pub geo: Entries<Areas>,
    /// How long the gateway waits for one try of an answer. Default: as long as the service may
    /// wait for a callee, with all its tries.
    pub timeout: Option<Spanned<Duration>>,
    /// How often the gateway tries a GET or HEAD again that failed. Default: 0.
    pub retries: Option<Spanned<u32>>,
    /// Where the gateway sends requests other than GET and HEAD: to this region, or to the one
    /// whose stores take the writes. Default: `local`.
    pub writes: Option<Spanned<WriteTarget>>,
    /// How long answers to GET and HEAD may be kept, which must be the same for everyone. Default:
    /// as the service itself says.
    pub cache: Option<Spanned<Cache>>,
}

/// One area, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Areas(pub Vec<Spanned<String>>);

one_or_list!(
    Areas,
    String,
    "a country, bloc or continent, or a list of them"
);

/// How long answers may be kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cache {
    /// How long an answer is fresh.
    pub max_age: Spanned<Duration>,
    /// How long a stale one may be given while a fresh one is fetched. Default: not at all.
    pub stale_while_revalidate: Option<Spanned<Duration>>,
    /// How long a stale one may be given while the service fails. Default: not at all.
    pub stale_if_error: Option<Spanned<Duration>>,
    /// Who keeps answers besides browsers. Default: `headers`, whoever heeds them.
    pub tier: Option<Spanned<CacheTier>>,
    /// The memory of each pod of the tier `varnish`. Default: `256Mi`.
    pub memory: Option<Spanned<Quantity>>,
    /// The image of the tier `varnish`. Default: `docker.io/library/varnish:7.7`.
    pub image: Option<Spanned<String>>,
}
