//! A store in the cluster that holds it: the set of database clusters it is one of, and its role.

use crate::engine;
use crate::model::engine::Engine;
use crate::model::name::{Capability, RegionName};
use crate::model::origin::FieldRef;
use crate::model::world::Cluster;

use super::super::fact::{Fact, Item};
use super::site::Site;
use super::{Of, chart, cnpg, disk, k8ssandra, kafka, mongodb, nats, redis, setup, valkey, watch};

impl Site<'_> {
    /// `store`: what templates see of it in a cluster that holds it.
    pub(super) fn item(&self, here: &Cluster) -> Item {
        let Self { store, plan, .. } = *self;
        let region = &here.region;
        let regions = self.regions();
        let leader = plan.leader.as_ref();
        let leads = leader == Some(region);
        let named =
            |r: &RegionName, what: &str| Item::new(self.instance(r)).planned(self.decided(what));
        // A primary names another region: the one that it follows once it is demoted.
        let source = if leads {
            regions.iter().copied().find(|r| Some(*r) != leader)
        } else {
            leader
        };
        let nothing = Item::nothing;
        let members = regions.iter().map(|r| self.member(r));
        let voters = plan.voters.iter().map(|r| Item::new(r.as_str()));
        let votes = self.votes(region) as u64;
        let mut facts: Vec<(&'static str, Item)> = vec![
            ("name", self.at("name", store.name.value.as_str())),
            ("service", Item::new(self.key.service.as_str())),
            ("environment", Item::new(self.key.environment.as_str())),
            ("namespace", Item::new(self.namespace())),
            ("engine", self.at("engine", store.engine.value.name())),
            (
                "supported",
                Item::new(
                    here.capabilities
                        .contains(&engine::capability(self.engine())),
                ),
            ),
            // What stands in the way of its built-in templates; nothing: they apply.
            ("lacks", Item::new(self.lack().map(|lack| lack.what))),
            (
                "consistency",
                self.at("consistency", store.consistency.value.name()),
            ),
            (
                "setting",
                Item::new(engine::way(store).map_or("", |w| w.name)),
            ),
            ("scheme", Item::new(engine::scheme(store).name())),
            ("set", Item::new(self.set())),
            ("fleetWide", Item::new(self.fleet_wide())),
            ("instance", Item::new(self.instance(region))),
            ("credentials", Item::new(self.credentials())),
            (
                "leader",
                leader.map_or_else(nothing, |r| named(r, "leader")),
            ),
            ("voters", Item::list(voters).planned(self.decided("voters"))),
            ("votes", Item::new(votes).planned(self.decided("voters"))),
            ("leads", Item::new(leads).planned(self.decided("leader"))),
            ("first", Item::new(regions.first() == Some(&region))),
            (
                "source",
                source.map_or_else(nothing, |r| named(r, "leader")),
            ),
            ("replicated", Item::new(regions.len() > 1)),
            ("sharesLogin", Item::new(self.shares_login())),
            ("members", Item::list(members)),
            (
                "behind",
                watch::behind(&Of(&self.subject()), self.index, store),
            ),
            ("instances", self.at("instances", store.instances)),
            ("size", self.at("size", store.size.to_string())),
            ("storageClass", disk::class(self, here)),
            ("database", Item::new(self.database())),
            ("archive", Item::new(cnpg::archives(store))),
            ("backup", self.backup()),
            ("network", self.wall(here)),
            ("scraped", Item::new(self.scraped())),
            (
                "exports",
                Item::list(self.exports(here).into_iter().map(Item::new)),
            ),
            ("setup", setup::item(self, here)),
            ("nodes", self.nodes(here)),
            ("purge", self.purge(here)),
            ("chart", chart::item(self, here).unwrap_or(Item::nothing())),
        ];
        facts.extend(match store.engine.value {
            Engine::CloudnativePg => cnpg::facts(self, here),
            Engine::K8ssandra => k8ssandra::facts(self),
            Engine::MongoDb => mongodb::facts(self),
            Engine::NatsJetstream => nats::facts(self, here),
            Engine::RedisEnterprise => redis::facts(self),
            Engine::StrimziKafka => kafka::facts(self, here),
            Engine::Valkey => valkey::facts(self),
            Engine::CockroachDb | Engine::YugabyteDb => Vec::new(),
        });
        if self.engine() != Engine::CloudnativePg {
            facts.push(("streams", Item::new(false)));
        }
        Item::map(facts)
    }

    /// The Services by which pods of other clusters reach this one's part of it.
    fn exports(&self, here: &Cluster) -> Vec<String> {
        // Clusters of the service that hold nothing of the store come to those that do.
        let visited = || {
            let mut clusters = self.facts.clusters_of(self.key);
            self.store.connect.is_some() && clusters.any(|c| !self.holds(&c.name.value))
        };
        match self.engine() {
            Engine::CloudnativePg => cnpg::exports(self, &here.region),
            Engine::StrimziKafka => kafka::exports(self, &here.region),
            Engine::Valkey if visited() => valkey::exports(self, &here.region),
            _ => Vec::new(),
        }
    }

    /// Whether Prometheus reads metrics in all of its clusters.
    fn scraped(&self) -> bool {
        let prometheus = Capability::from(super::reach::PROMETHEUS);
        self.members().all(|c| c.capabilities.contains(&prometheus))
    }

    /// One cluster of the store's set.
    fn member(&self, region: &RegionName) -> Item {
        let backup = self.store.backup.as_ref();
        let bucket = backup.and_then(|b| b.bucket.as_deref());
        let path = bucket.map_or(Item::nothing(), |prefix| {
            let field = FieldRef {
                subject: self.subject(),
                path: self.path("backup.bucket"),
            };
            let prefix = prefix.trim_end_matches('/');
            Item::new(format!("{prefix}-{region}/{}", self.namespace())).made_of(vec![field])
        });
        let scheme = bucket
            .and_then(|b| b.split_once("://"))
            .map_or("", |(scheme, _)| scheme);
        let cluster = self.cluster(region);
        let text = |value: Option<&str>| Item::new(value.map_or(Fact::Null, Fact::from));
        Item::map([
            ("name", Item::new(self.instance(region))),
            ("region", Item::new(region.as_str())),
            ("cluster", text(cluster.map(|c| c.name.value.as_str()))),
            (
                "context",
                text(cluster.map(|c| c.context.as_deref().unwrap_or(c.name.value.as_str()))),
            ),
            ("votes", Item::new(self.votes(region) as u64)),
            (
                "leads",
                Item::new(self.plan.leader.as_ref() == Some(region)),
            ),
            ("path", path),
            ("scheme", Item::new(scheme)),
        ])
    }

    fn backup(&self) -> Item {
        let Some(backup) = &self.store.backup else {
            return Item::nothing();
        };
        let encryption = self.class().and_then(|c| c.encryption_at_rest.as_deref());
        // Barman's word for keys of a key management service (AWS).
        let encryption = encryption
            .filter(|e| *e == disk::KMS)
            .map_or(Fact::Null, |_| "aws:kms".into());
        let days = backup.retention.as_millis().div_ceil(86_400_000).max(1);
        Item::map([
            ("schedule", self.at("backup.schedule", &backup.schedule)),
            ("retention", self.at("backup.retention", format!("{days}d"))),
            (
                "bucket",
                self.at(
                    "backup.bucket",
                    backup.bucket.as_deref().map_or(Fact::Null, Fact::from),
                ),
            ),
            ("encryption", Item::new(encryption)),
        ])
    }
}
