//! What services ask to have broken, to what may be: pods that others stand in for, the way to
//! other regions, and one region whose loss the plan survives.

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine::{self, Scheme};
use crate::model::name::{RegionName, ServiceKey};
use crate::model::origin::Subject;
use crate::model::world::{Cluster, Service};

use super::super::fact::{Fact, Item};
use super::{Facts, Here, Of};

impl<'a> Facts<'a> {
    /// The region that is cut off: the first in the order of waves that no service with such a wish
    /// would miss. One for the whole fleet, so that no two are ever cut off at once.
    pub(super) fn victim(&self, sink: &mut Sink) -> Option<RegionName> {
        let wishes = self.world.services.iter().filter_map(|(key, service)| {
            let asked = service.chaos.as_ref()?.region?;
            Some((key, service, asked))
        });
        let wishes: Vec<_> = wishes.collect();
        let first = wishes.first()?;
        let mut regions: Vec<&RegionName> = Vec::new();
        for region in self.plan.waves.iter().flat_map(|w| &w.regions) {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        let mut reasons = Vec::new();
        for region in regions {
            match wishes
                .iter()
                .find_map(|(key, service, _)| self.misses(key, service, region))
            {
                Some(why) => reasons.push(format!("{region}: {why}")),
                None => return Some(region.clone()),
            }
        }
        let told = Diagnostic::new(
            Code::ChaosRefused,
            "no region can be cut off without harm".to_owned(),
        )
        .at(first.2, "");
        let told = reasons.into_iter().fold(told, Diagnostic::note);
        sink.emit(told.help("leave `chaos.region` out, or place its services so that they survive the loss of a region: `regen simulate`"));
        None
    }

    /// What a service would miss of a region.
    fn misses(&self, key: &ServiceKey, service: &Service, region: &RegionName) -> Option<String> {
        let plan = self.plan.services.get(key)?;
        plan.in_region(region)?;
        if plan
            .failover
            .get(region)
            .is_none_or(|c| c.targets.is_empty())
        {
            return Some(format!("nobody takes over `{key}`"));
        }
        service.stores.iter().find_map(|store| {
            let name = key.store(&store.name.value);
            let whole = self.plan.stores.get(&name)?;
            let quorum = engine::scheme(store) == Scheme::Quorum;
            whole.parts().find_map(|part| {
                let votes = part.voters.iter().filter(|v| *v == region).count();
                if quorum && votes * 2 >= part.voters.len().max(1) {
                    return Some(format!("it holds the quorum of `{name}`"));
                }
                let leads = part.leader.as_ref() == Some(region);
                (leads && !quorum).then(|| format!("it leads `{name}`, which moves by hand"))
            })
        })
    }

    /// `chaos` of a service in a cluster; nothing where nothing is broken.
    pub(super) fn chaos(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        here: Here,
    ) -> Item {
        let Some(chaos) = &service.chaos else {
            return Item::nothing();
        };
        if !cluster.capabilities.contains("chaos-mesh") {
            return Item::nothing();
        }
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let others: Vec<Item> = self
            .world
            .clusters
            .values()
            .filter(|c| c.region != cluster.region && c.environment == cluster.environment)
            .flat_map(|c| {
                let of = Subject::Cluster(c.name.value.clone());
                let ranges = [("pods", &c.network.pods), ("nodes", &c.network.nodes)];
                let ranges = ranges.into_iter().flat_map(move |(name, list)| {
                    let of = of.clone();
                    list.iter().enumerate().map(move |(i, range)| {
                        Item::new(&range.value).of(&of, format!("network.{name}[{i}]"))
                    })
                });
                ranges.collect::<Vec<_>>()
            })
            .collect();
        let apart = !others.is_empty();
        let delay = chaos.latency.filter(|_| apart);
        let delay = delay.map(|d| format!("{}ms", d.as_millis()));
        let cut = apart && chaos.region.is_some() && self.victim.as_ref() == Some(&cluster.region);
        Item::map([
            ("schedule", of.at("chaos.schedule", &chaos.schedule.value)),
            (
                "duration",
                of.at(
                    "chaos.duration",
                    format!("{}s", chaos.duration.as_millis().div_ceil(1000)),
                ),
            ),
            // One of one would be an outage.
            (
                "pods",
                of.at("chaos.pods", chaos.pods && here.replicas.min > 1),
            ),
            ("latency", of.at("chaos.latency", Fact::from(delay))),
            ("cut", of.at("chaos.region", cut)),
            ("others", Item::list(others)),
        ])
    }
}
