//! The settings of `regen.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::drift::DriftSettings;
use super::identity::Identity;
use super::platform::Platform;
use crate::diag::{Span, Spanned};
use crate::model::date::Date;
use crate::model::duration::Duration;
use crate::model::name::{
    ClusterName, DataClassName, FleetName, JurisdictionName, RegionName, WaveName,
};
use crate::model::place::Country;
use crate::model::ratio::Share;

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
    /// Who may do what.
    pub identity: Identity,
    /// The cluster that holds once-per-fleet objects.
    pub hub: Option<ClusterName>,
    /// Waves in order of rollout, and every region is in one of them; empty: the plan decides.
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
    /// Whether a review that nobody held in time is an error.
    pub strict_reviews: bool,
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
    /// Whether the objects of a service and of its stores stand in one file.
    pub file_per_service: bool,
}

impl Gitops {
    /// The field that says where controllers in the clusters pull from, and that address, where one
    /// does: a path is none.
    pub fn address(&self) -> Option<(&'static str, String)> {
        if let Some(url) = &self.url {
            return Some(("gitops.url", address(url)));
        }
        let long = address(&self.repository.value);
        is_remote(&long).then_some(("gitops.repository", long))
    }
}

/// An address as all tools take it: the short form of SSH (`git@host:path`) written out.
pub fn address(written: &str) -> String {
    match written.split_once(':') {
        Some((host, path))
            if host.contains('@') && !host.contains('/') && !path.starts_with("//") =>
        {
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => written.to_owned(),
    }
}

/// Whether an address leads to another machine.
pub fn is_remote(address: &str) -> bool {
    address.contains("://") && !address.starts_with("file:")
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
    /// Where it must stay.
    pub residency: Option<Residency>,
    /// How long data is kept.
    pub retention: Option<Duration>,
    /// Encryption at rest.
    pub encryption_at_rest: Option<String>,
    /// How often its keys are rotated.
    pub rotate: Option<Duration>,
    /// Attributes of telemetry that hold it, and are deleted before that leaves where it must stay.
    pub attributes: Vec<Spanned<String>>,
    /// What databases write to an audit log of their own.
    pub audit: Audit,
    /// Fields that are replaced by tokens before they leave a service.
    pub tokenize: Vec<String>,
    /// Whether it is processed only on nodes that encrypt their memory.
    pub confidential: bool,
    /// The last day by which it has to be looked at again.
    pub review_by: Option<Spanned<Date>>,
}

/// What databases write to an audit log of their own.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Audit {
    /// Nothing.
    #[default]
    None,
    /// Writes, changes of definitions and of rights.
    Writes,
    /// Reads as well.
    All,
}

/// Where metrics, traces and logs are exported to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// The address that takes OTLP.
    pub endpoint: Option<Spanned<String>>,
    /// Where it stands.
    pub place: Whereabouts,
}

/// Where something stands that is no cluster: a bucket, a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The region or area, as written.
    pub name: String,
    /// The countries that it may be in.
    pub countries: BTreeSet<Country>,
    /// Where it was written.
    pub span: Span,
}

/// Where data must stay: in any of these areas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residency {
    /// The areas, as written; never none.
    pub names: Vec<Spanned<JurisdictionName>>,
    /// The countries of them all.
    pub countries: BTreeSet<Country>,
    /// Where it was written.
    pub span: Span,
}

impl fmt::Display for Residency {
    /// `EU`, `EU or CH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names.iter().enumerate() {
            let last = i + 1 == self.names.len();
            f.write_str(match (i, last) {
                (0, _) => "",
                (_, true) => " or ",
                (_, false) => ", ",
            })?;
            f.write_str(name.value.as_str())?;
        }
        Ok(())
    }
}

/// How failover targets are chosen.
#[derive(Clone, Debug)]
pub struct Failover {
    /// The jurisdiction inside which services without bound data fail over; absent: anywhere.
    pub residency: Option<Spanned<JurisdictionName>>,
    /// The share of capacity that must stay free after a failover.
    pub headroom: Share,
    /// Where that was written, where it was.
    pub headroom_span: Option<Span>,
    /// How long a health check takes to fail.
    pub detection: Duration,
    /// Where that was written.
    pub detection_span: Option<Span>,
    /// How long a person takes to promote a replica in another region.
    pub promotion: Promotion,
}

/// How long a person takes to promote a replica in another region, from the alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// So long.
    pub takes: Duration,
    /// Where that was written; an estimate where nobody did.
    pub told: Option<Span>,
}

/// How unmeasured round trips are treated.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// The file with measured round trips, relative to the fleet's directory.
    pub rtt: String,
    /// Whether a missing round trip is estimated.
    pub estimate: Estimate,
    /// p99 over p50 where only the median is known, in thousandths (1500 is 1.5).
    pub p99_factor_milli: u32,
}

/// What to do where no round trip was measured.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Estimate {
    /// Estimate from the great circle and warn (also `true`).
    #[serde(alias = "true")]
    Warn,
    /// Estimate and let budgets be enforced on estimates too.
    Enforce,
    /// Refuse every decision that would have to compare it (also `false`).
    #[serde(alias = "false")]
    Refuse,
}

impl schemars::JsonSchema for Estimate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Estimate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "What to do where no round trip was measured. `warn` (also `true`): estimate from the great circle and warn. `enforce`: estimate, and let budgets be enforced on estimates too. `refuse` (also `false`): refuse every decision that would have to compare it.",
            "enum": ["warn", "enforce", "refuse", true, false],
        })
    }
}
