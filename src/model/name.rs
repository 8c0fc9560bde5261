//! Newtypes for every name, so that a region is never passed where a cluster is meant.
//!
//! A name is a string here; whether it is a legal one (RFC 1123, RFC 1035, length) is `validate`'s
//! business, because only there can the fault be shown where it was written.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name as written.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }
    )+};
}

names! {
    /// A fleet: everything that one `regen.yaml` describes.
    FleetName;
    /// A region of the inventory.
    RegionName;
    /// A cluster of a region; unique in the fleet.
    ClusterName;
    /// A service of the catalog.
    ServiceName;
    /// A store, unique within its service.
    StoreName;
    /// A Kubernetes namespace (RFC 1123 label).
    Namespace;
    /// A wave of the rollout.
    WaveName;
    /// A deployment environment, `prod` unless said otherwise.
    Environment;
    /// A data class of `regen.yaml`.
    DataClassName;
    /// A legal area: a jurisdiction of `regen.yaml`, a bloc or an ISO 3166-1 country.
    JurisdictionName;
    /// Something that a cluster can do, such as `cloudnative-pg` or `external-dns`.
    Capability;
    /// A named port of a workload (RFC 6335, at most 15 characters).
    PortName;
    /// A profile of `regen.yaml`.
    ProfileName;
    /// A journey of `regen.yaml`.
    JourneyName;
    /// A cloud's availability zone.
    ZoneName;
}

/// The environment that services and clusters are in when nothing is said.
pub const DEFAULT_ENVIRONMENT: &str = "prod";

/// One service in one environment: the unit that is placed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: Environment,
}

impl ServiceKey {
    /// A service in an environment.
    pub fn new(service: &ServiceName, environment: &Environment) -> Self {
        Self {
            service: service.clone(),
            environment: environment.clone(),
        }
    }

    /// One of its stores.
    pub fn store(&self, store: &StoreName) -> StoreKey {
        StoreKey {
            service: self.clone(),
            store: store.clone(),
        }
    }

    /// The service in the default environment.
    pub fn prod(service: impl Into<Arc<str>>) -> Self {
        Self {
            service: ServiceName::new(service),
            environment: Environment::new(DEFAULT_ENVIRONMENT),
        }
    }
}

impl fmt::Display for ServiceKey {
    /// `checkout`, or `checkout@staging` outside the default environment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.environment.as_str() == DEFAULT_ENVIRONMENT {
            f.pad(self.service.as_str())
        } else {
            f.pad(&format!("{}@{}", self.service, self.environment))
        }
    }
}

/// One store of one service in one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey {
    /// The service that owns it.
    pub service: ServiceKey,
    /// The store.
    pub store: StoreName,
}

impl StoreKey {
    /// What its objects are called as a whole, over all regions.
    pub fn set(&self) -> String {
        format!("{}-{}", self.service.service, self.store)
    }

    /// The same where the stores of all environments stand together: in the hub, at an operator.
    pub fn fleet_wide(&self) -> String {
        match self.service.environment.as_str() {
            DEFAULT_ENVIRONMENT => self.set(),
            other => format!("{}-{other}", self.set()),
        }
    }

    /// What the object is called that it is in a region.
    pub fn instance(&self, region: &RegionName) -> String {
        format!("{}-{region}", self.set())
    }
}

impl fmt::Display for StoreKey {
    /// `checkout/orders`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.service, self.store))
    }
}
