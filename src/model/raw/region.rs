//! `regions/<name>.yaml`.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::{Entries, Json};
use super::platform::Telemetry;
use super::scalar::millionths;
use crate::diag::Spanned;
use crate::model::name::{Capability, ClusterName, Environment, RegionName, WaveName, ZoneName};
use crate::model::place::{Country, Provider};
use crate::model::quantity::Quantity;
use crate::model::world::KubernetesVersion;

/// A region: a place with a jurisdiction, coordinates, zones and clusters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Region {
    /// The region's name; the file is named after it.
    pub region: Spanned<RegionName>,
    /// The cloud; what the atlas knows of its region of this name need not be written.
    pub provider: Option<Spanned<Provider>>,
    /// The country, as two letters of ISO 3166-1. Default: the atlas's.
    pub country: Option<Spanned<Country>>,
    /// Where it stands: `{lat, lon}`, or `[latitude, longitude]`. Default: the atlas's; else where
    /// most people of `country` live.
    pub coordinates: Option<Spanned<Position>>,
    /// The availability zones. Default: the atlas's.
    #[serde(default)]
    pub zones: Vec<Spanned<ZoneName>>,
    /// The wave of the rollout. Default: the last of the fleet's.
    pub wave: Option<Spanned<WaveName>>,
    /// The key of its key management service that encrypts disks of data classes with `encryption:
    /// {atRest: kms}`: an ARN of AWS, the resource name of a key of Google Cloud, the id of a disk
    /// encryption set of Azure.
    pub kms_key: Option<Spanned<String>>,
    /// Where its clusters export metrics, traces and logs to. Default: the fleet's
    /// `platform.telemetry`.
    pub telemetry: Option<Spanned<Telemetry>>,
    /// The clusters.
    #[schemars(length(min = 1))]
    pub clusters: Vec<Spanned<Cluster>>,
}

/// A point on the earth (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Degrees north.
    pub lat: Latitude,
    /// Degrees east.
    pub lon: Longitude,
}

/// A point on the earth by the names of its parts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NamedPosition {
    /// Degrees north.
    lat: Latitude,
    /// Degrees east.
    lon: Longitude,
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use serde::de::value::MapAccessDeserializer;

        struct Either;

        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Position;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`{lat: ..., lon: ...}` or `[latitude, longitude]`")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Position, A::Error> {
                use serde::de::Error;
                let short = |n| A::Error::invalid_length(n, &self);
                let lat = seq.next_element()?.ok_or_else(|| short(0))?;
                let lon = seq.next_element()?.ok_or_else(|| short(1))?;
                match seq.next_element::<serde::de::IgnoredAny>()? {
                    None => Ok(Position { lat, lon }),
                    Some(_) => Err(short(3)),
                }
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Position, A::Error> {
                let NamedPosition { lat, lon } =
                    NamedPosition::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Position { lat, lon })
            }
        }

        d.deserialize_any(Either)
    }
}

impl JsonSchema for Position {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Position".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                generator.subschema_for::<NamedPosition>(),
                {
                    "type": "array",
                    "prefixItems": [
                        generator.subschema_for::<Latitude>(),
                        generator.subschema_for::<Longitude>(),
                    ],
                    "minItems": 2,
                    "maxItems": 2,
                },
            ]
        })
    }
}

/// Degrees north, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latitude(pub i32);

impl Latitude {
    /// Reads a decimal from -90 to 90.
    pub fn parse(text: &str) -> Option<Self> {
        degrees(text, 90).map(Self)
    }
}

/// Degrees east, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Longitude(pub i32);

impl Longitude {
    /// Reads a decimal from -180 to 180.
    pub fn parse(text: &str) -> Option<Self> {
        degrees(text, 180).map(Self)
    }
}

fn degrees(text: &str, most: i64) -> Option<i32> {
    let micro = millionths(text)?;
    (micro.abs() <= most * 1_000_000)
        .then(|| i32::try_from(micro).ok())
        .flatten()
}

/// One Kubernetes control plane.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// The cluster's name, unique in the fleet.
    pub name: Spanned<ClusterName>,
    /// The kubeconfig context that `regen drift` uses; absent: never contacted.
    pub context: Option<Spanned<String>>,
    /// The address of its API server as the delivery controller knows it, where not in-cluster.
    pub server: Option<Spanned<String>>,
    /// Its version; it decides the API versions and schemas. Default: 1.34.
    pub kubernetes: Option<Spanned<KubernetesVersion>>,
    /// Its environment. Default: `prod`.
    pub environment: Option<Spanned<Environment>>,
    /// What it can hold; absent: unchecked.
    pub capacity: Option<Spanned<Capacity>>,
    /// What it can do. Default: the fleet's `platform.capabilities`.
    pub capabilities: Option<Vec<Spanned<Capability>>>,
    /// The key that encrypts its disks, where it is not the region's.
    pub kms_key: Option<Spanned<String>>,
    /// Its address ranges.
    pub network: Option<ClusterNetwork>,
    /// Where traffic enters: `{hostname: ...}` or `{addresses: [...]}`.
    pub ingress: Option<Spanned<Ingress>>,
    /// Where its Secrets come from, as External Secrets writes the `provider` of a store. Default
    /// on AWS: Secrets Manager of the region.
    pub secret_store: Option<Spanned<Json>>,
    /// Which of its nodes encrypt their memory, for data classes that are `confidential`; it has the
    /// capability `confidential-nodes` then. With that capability alone, all of them do.
    pub confidential: Option<Spanned<ConfidentialNodes>>,
    /// Health-check ids by host, as the DNS provider knows them.
    #[serde(default)]
    pub health_checks: Entries<Spanned<String>>,
}

/// How pods get onto nodes that encrypt their memory.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfidentialNodes {
    /// Labels of the nodes.
    #[serde(default)]
    pub node_selector: Entries<Spanned<String>>,
    /// What of their taints pods tolerate, as Kubernetes writes it.
    #[serde(default)]
    pub tolerations: Vec<Spanned<Json>>,
    /// The runtime class of pods, such as `kata-cc`; stores of operators keep their own. Default: the
    /// cluster's.
    pub runtime_class: Option<Spanned<String>>,
}

/// What a cluster can hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capacity {
    /// CPU that pods may ask for.
    pub cpu: Option<Spanned<Quantity>>,
    /// Memory that pods may ask for.
    pub memory: Option<Spanned<Quantity>>,
}

/// Address ranges of a cluster, in CIDR notation, and its domain.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterNetwork {
    /// Of pods; they may not overlap between clusters.
    #[serde(default)]
    pub pods: Vec<Spanned<Cidr>>,
    /// Of nodes.
    #[serde(default)]
    pub nodes: Vec<Spanned<Cidr>>,
    /// Of traffic that leaves.
    #[serde(default)]
    pub egress: Vec<Spanned<Cidr>>,
    /// The DNS domain of its Services, by which pods of other clusters find them where it is its
    /// own. Default: `cluster.local`.
    pub domain: Option<Spanned<String>>,
}

/// Where traffic enters a cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ingress {
    /// A host name, such as a load balancer's.
    pub hostname: Option<Spanned<String>>,
    /// Addresses, IPv4 or IPv6.
    #[serde(default)]
    pub addresses: Vec<Spanned<Address>>,
}

/// An IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(pub IpAddr);

impl Address {
    /// Reads IPv4 or IPv6 as written by RFC 5952 and its relatives.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// A range of addresses (RFC 4632, RFC 4291).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    /// The address as written.
    pub address: IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
}

impl Cidr {
    /// Reads `10.8.0.0/14`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = prefix.bytes().all(|b| b.is_ascii_digit()) && !prefix.is_empty();
        let prefix = digits.then(|| prefix.parse::<u8>().ok()).flatten()?;
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// First and last address, as numbers.
    pub fn bounds(&self) -> (u128, u128) {
        let (bits, width) = match self.address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let host = width - u32::from(self.prefix);
        let mask = if host == 128 {
            u128::MAX
        } else {
            (1 << host) - 1
        };
        (bits & !mask, bits | mask)
    }

    /// The range written from its first address.
    pub fn network(&self) -> Self {
        let first = self.bounds().0;
        let address = match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(first).unwrap_or(0).into()),
            IpAddr::V6(_) => IpAddr::V6(first.into()),
        };
        Self { address, ..*self }
    }

    /// Whether two ranges share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        let ((a, b), (c, d)) = (self.bounds(), other.bounds());
        self.address.is_ipv4() == other.address.is_ipv4() && a <= d && c <= b
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
