//! `regen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::audience::Audience;
use super::drift::Drift;
use super::entries::Entries;
use super::forms::one_or_list;
use super::identity::Identity;
use super::journey::Journey;
use super::platform::Platform;
use super::scalar::millionths;
use crate::diag::Spanned;
use crate::model::date::Date;
use crate::model::duration::Duration;
use crate::model::name::{ClusterName, FleetName, JurisdictionName, WaveName};
use crate::model::place::Country;
use crate::model::ratio::Share;
use crate::model::world::{Audit, Delivery, Estimate};

/// The fleet: its name, GitOps target, platform choices, jurisdictions, data classes, waves and
/// the defaults of all services.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fleet {
    /// The fleet's name; it stands in the label `regen.dev/fleet` of every object.
    pub fleet: Spanned<FleetName>,
    /// The parent domain of hosts and ingress names.
    pub domain: Option<Spanned<String>>,
    /// Where manifests are committed and who applies them.
    pub gitops: Option<Gitops>,
    /// Platform choices of all clusters.
    pub platform: Option<Platform>,
    /// The cluster that holds once-per-fleet objects.
    pub hub: Option<Spanned<ClusterName>>,
    /// The waves in order of rollout. Default: the plan makes them, the quietest region first, leaders
    /// of stores last, and never a region together with the one that takes over for it.
    #[serde(default)]
    pub waves: Vec<Spanned<WaveName>>,
    /// Where users are: weights or percentages of regions, ISO countries, blocs or continents.
    #[serde(default)]
    pub audience: Audience,
    /// Legal areas by name, besides countries and the blocs that are built in.
    #[serde(default)]
    pub jurisdictions: Entries<Jurisdiction>,
    /// Classes of data by name, and what binds each.
    #[serde(default)]
    pub data_classes: Entries<DataClass>,
    /// How failover targets are chosen.
    pub failover: Option<FailoverDefaults>,
    /// Round trips between regions.
    pub network: Option<Network>,
    /// Who may do what.
    pub identity: Option<Spanned<Identity>>,
    /// Values of all services that do not say otherwise.
    pub defaults: Option<PartialService>,
    /// Named sets of values that services ask for with `profile`.
    #[serde(default)]
    pub profiles: Entries<PartialService>,
    /// Paths through services that a user waits for, each with one end-to-end budget.
    pub journeys: Option<Spanned<Vec<Journey>>>,
    /// What a review is that nobody held in time, of a data class or an exception (`reviewBy`, and
    /// `until` of accepted differences): `warn` or `error`. Default: `warn`.
    pub reviews: Option<Spanned<Reviews>>,
    /// Settings of the drift report.
    pub drift: Option<Drift>,
}

/// Where manifests go.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gitops {
    /// A path relative to this file, or a URL. Default: `./gitops`.
    pub repository: Option<Spanned<String>>,
    /// The branch that is committed to. Default: `main`.
    pub branch: Option<Spanned<String>>,
    /// The address that controllers pull from, where it is not `repository`.
    pub url: Option<Spanned<String>>,
    /// The controller that applies the repository. Default: `argocd`.
    pub delivery: Option<Delivery>,
    /// One file per object, or one per service. Default: `object`.
    pub files: Option<Spanned<Files>>,
    /// Whether a commit reaches all clusters at once or wave by wave. Default: `none`.
    pub promotion: Option<Spanned<Promotion>>,
}

/// How objects are spread over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Files {
    /// One object per file.
    Object,
    /// One file per service.
    Service,
}

/// How a commit reaches clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Promotion {
    /// All at once.
    None,
    /// Wave by wave.
    Waves,
}

/// A legal area.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Jurisdiction {
    /// A bloc that is built in, such as `EU` or `EEA`.
    pub bloc: Option<Spanned<String>>,
    /// Countries by ISO 3166-1 code.
    #[serde(default)]
    pub countries: Vec<Spanned<Country>>,
}

/// A class of data and what binds it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataClass {
    /// Where it must stay: a bloc, a country or a jurisdiction of this file, or a list of them.
    pub residency: Option<Spanned<Residency>>,
    /// How long data is kept: in backups and topics that do not say otherwise, and in stores whose
    /// `purge` deletes it.
    pub retention: Option<Spanned<Duration>>,
    /// How it is encrypted.
    pub encryption: Option<Spanned<Encryption>>,
    /// What databases write to an audit log of their own: `writes`, or `all` for reads as well.
    /// Default: `none`.
    pub audit: Option<Spanned<Audit>>,
    /// Attributes of metrics, traces and logs that hold it, such as `user.email`: they are deleted
    /// before telemetry leaves where the data must stay.
    #[serde(default)]
    pub attributes: Vec<Spanned<String>>,
    /// Fields that are replaced by tokens before they leave the service, by the service that
    /// `platform.tokenization` names.
    pub tokenize: Option<Spanned<Vec<String>>>,
    /// Whether it is processed only on confidential nodes: services with stores of the class run in
    /// clusters that are `confidential`, and their pods on those nodes. Default: `false`.
    pub confidential: Option<Spanned<bool>>,
    /// The last day by which the class has to be looked at again.
    pub review_by: Option<Spanned<Date>>,
}

/// What a review is that nobody held in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reviews {
    /// A warning.
    Warn,
    /// An error.
    Error,
}

/// Where data must stay: one area, or the union of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residency(pub Vec<Spanned<JurisdictionName>>);

one_or_list!(
    Residency,
    JurisdictionName,
    "a bloc, a country or a jurisdiction, or a list of them"
);

/// How data is encrypted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encryption {
    /// What holds the key at rest, such as `kms`.
    pub at_rest: Option<Spanned<String>>,
    /// How often keys are rotated, by whoever holds them: runbooks say how.
    pub rotate: Option<Spanned<Duration>>,
}

/// How failover targets are chosen.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailoverDefaults {
    /// The jurisdiction inside which services without bound data fail over. Default: anywhere.
    pub residency: Option<Spanned<JurisdictionName>>,
    /// The share of capacity that must stay free after a failover. Default: `0%`.
    pub headroom: Option<Spanned<Share>>,
    /// How long a health check takes to fail after a region is lost. Default: `30s`, three requests
    /// 10 s apart (Route 53's fast interval; its standard one, 30 s, makes it `90s`).
    pub detection: Option<Spanned<Duration>>,
    /// How long it takes until a person has promoted a replica in another region, from the alert.
    /// Default: `15m`, an estimate: 5 min until somebody is at it, 7 min to decide and to write the
    /// two commits, 3 min until Argo CD has seen the last (it polls every 2 to 3 min).
    pub promotion: Option<Spanned<Duration>>,
}

/// Round trips between regions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// A CSV file of measured round trips. Default: `network/rtt.csv` where it exists.
    pub rtt: Option<Spanned<String>>,
    /// What to do where no round trip was measured. Default: `warn`.
    pub estimate: Option<Estimate>,
    /// p99 over p50 where only the median is known. Default: 1.5.
    pub p99_factor: Option<Factor>,
    /// A CSV file with the cost of traffic between regions.
    pub cost: Option<Spanned<String>>,
}

/// A factor in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(pub u32);

impl Factor {
    /// Reads a decimal from 1 to 100.
    pub fn parse(text: &str) -> Option<Self> {
        let micro = millionths(text)?;
        (1_000_000..=100_000_000)
            .contains(&micro)
            .then(|| Self(u32::try_from(micro / 1000).unwrap_or(u32::MAX)))
    }
}

/// The name under which a list asks its deserializer to offer a scalar as a list of one.
pub const LIST: &str = "$regen::List";

/// Values that a service may leave to the fleet; merged before they are read, so nothing of them
/// is kept here.
#[derive(Clone, Copy, Debug)]
pub struct PartialService;

impl<'de> Deserialize<'de> for PartialService {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(d).map(|_| Self)
    }
}

impl JsonSchema for PartialService {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PartialService".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // Written by `load::schema`: a service's schema that demands nothing.
        schemars::json_schema!({})
    }
}
