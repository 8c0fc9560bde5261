//! Where a cluster's telemetry goes: its collector, what may not leave with it, and who sends some.

use std::collections::BTreeMap;

use crate::model::name::ServiceKey;
use crate::model::origin::{FieldRef, Origins, Subject};
use crate::model::world::{Cluster, Service, Telemetry};

use super::super::fact::Item;
use super::{Facts, Of};

/// What runs collectors and instruments pods (opentelemetry-operator).
const CAPABILITY: &str = "opentelemetry-operator";
/// Where the collector stands.
const NAMESPACE: &str = "telemetry";
/// Its name.
const NAME: &str = "regional";
/// The port of OTLP over gRPC, where an address names none.
const OTLP: u16 = 4317;

impl Facts<'_> {
    /// `telemetry` of a cluster; nothing where it goes nowhere that is known, or nobody runs a
    /// collector.
    pub(super) fn telemetry(&self, cluster: &Cluster) -> Item {
        let Some((telemetry, subject, field)) = self.exported(cluster) else {
            return Item::nothing();
        };
        let Some(endpoint) = &telemetry.endpoint else {
            return Item::nothing();
        };
        let of = Of(&subject);
        let written = endpoint.value.as_str();
        let port = written.rsplit_once(':').and_then(|(_, p)| p.parse().ok());
        let port: u16 = port.unwrap_or(OTLP);
        Item::map([
            ("namespace", Item::new(NAMESPACE)),
            ("name", Item::new(NAME)),
            ("endpoint", of.at(format!("{field}.endpoint"), written)),
            ("port", of.at(format!("{field}.endpoint"), port)),
            ("delete", self.deleted(telemetry)),
        ])
    }

    /// `instrument` of a service in a cluster; nothing where it is not, or nobody takes what it says.
    pub(super) fn instrument(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
    ) -> Item {
        let Some(language) = service.workload.instrument else {
            return Item::nothing();
        };
        let sent = self.exported(cluster);
        if sent.is_none_or(|(telemetry, ..)| telemetry.endpoint.is_none()) {
            return Item::nothing();
        }
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        Item::map([
            ("language", of.at("workload.instrument", language.name())),
            ("namespace", Item::new(NAMESPACE)),
            ("collector", Item::new(format!("{NAME}-collector"))),
        ])
    }

    /// Where telemetry of a cluster goes, and the field that says so.
    fn exported(&self, cluster: &Cluster) -> Option<(&Telemetry, Subject, &'static str)> {
        if !cluster.capabilities.contains(CAPABILITY) {
            return None;
        }
        let region = self.world.regions.get(&cluster.region)?;
        let telemetry = region.telemetry.as_ref()?;
        let own = Subject::Region(cluster.region.clone());
        let is_own = wrote(&self.world.origins, &own);
        Some(match is_own {
            true => (telemetry, own, "telemetry"),
            false => (telemetry, Subject::Fleet, "platform.telemetry"),
        })
    }

    /// Attributes of data that may not be where telemetry goes, by name.
    fn deleted(&self, telemetry: &Telemetry) -> Item {
        let mut names: BTreeMap<&str, Vec<FieldRef>> = BTreeMap::new();
        for (class, data) in &self.world.fleet.data_classes {
            let leaves = data
                .residency
                .as_ref()
                .is_some_and(|bound| !telemetry.place.countries.is_subset(&bound.countries));
            for (index, attribute) in data.attributes.iter().enumerate().filter(|_| leaves) {
                let path = format!("dataClasses.{class}.attributes[{index}]");
                let subject = Subject::Fleet;
                let fields = names.entry(&attribute.value).or_default();
                fields.push(FieldRef { subject, path });
            }
        }
        let items = names.into_iter();
        Item::list(items.map(|(name, fields)| Item::new(name).made_of(fields))).or_nothing()
    }
}

fn wrote(origins: &Origins, region: &Subject) -> bool {
    origins.below(region, "telemetry").next().is_some()
}
