//! A namespace of a cluster: the services in it and the resources that they may use.

use crate::model::engine::Engine;
use crate::model::name::{Namespace, ServiceKey};
use crate::model::origin::{FieldRef, Subject};
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::{Cluster, Rollout, Service, WorkloadKind};

use super::super::fact::Item;
use super::{Facts, Here, Members, cache};

/// What a quota leaves above the sum: the surge of rolling updates (25 % of a Deployment).
const SURGE: Share = Share::ppm(250_000);
/// What the namespace's LimitRange makes a container ask for that says nothing: CPU and memory.
const DEFAULT_REQUEST: (&str, &str) = ("100m", "128Mi");
/// The steps that quotas of memory are rounded up to.
const MEBI: i128 = 1 << 20;
/// Billionths in a unit of a quantity.
const NANO: i128 = 1_000_000_000;

/// What the pods of a namespace ask for together.
struct Sum {
    cpu: Quantity,
    memory: Quantity,
    pods: u64,
    fields: Vec<FieldRef>,
}

impl Sum {
    /// Adds pods; a sum beyond what a quantity can hold stays where it is.
    fn add(&mut self, pods: u64, cpu: Quantity, memory: Quantity) {
        let more =
            |sum: Quantity, part: Quantity| part.times(pods).and_then(|p| sum.checked_add(p));
        self.cpu = more(self.cpu, cpu).unwrap_or(self.cpu);
        self.memory = more(self.memory, memory).unwrap_or(self.memory);
        self.pods = self.pods.saturating_add(pods);
    }
}

impl Facts<'_> {
    /// The variables of a namespace in a cluster.
    pub(super) fn namespace(
        &self,
        cluster: &Cluster,
        namespace: &Namespace,
        services: &[(&ServiceKey, Here)],
    ) -> Members {
        let names = services
            .iter()
            .map(|(key, _)| Item::new(key.service.as_str()));
        let default = Item::map([
            ("cpu", Item::new(DEFAULT_REQUEST.0)),
            ("memory", Item::new(DEFAULT_REQUEST.1)),
        ]);
        vec![
            ("namespace".into(), Item::new(namespace.as_str())),
            ("services".into(), Item::list(names)),
            ("owners".into(), self.owners(services)),
            ("defaultRequest".into(), default),
            ("secrets".into(), self.secrets(cluster, namespace, services)),
            ("quota".into(), self.quota(cluster, services)),
        ]
    }

    /// `quota`: the most that the services of a namespace may ask for here, and the surge.
    fn quota(&self, cluster: &Cluster, services: &[(&ServiceKey, Here)]) -> Item {
        let mut sum = Sum {
            cpu: Quantity::ZERO,
            memory: Quantity::ZERO,
            pods: 0,
            fields: Vec::new(),
        };
        for (key, here) in services {
            let Some(service) = self.world.services.get(*key) else {
                continue;
            };
            let resources = &service.workload.resources;
            let pods = match service.workload.kind {
                WorkloadKind::CronJob | WorkloadKind::Job => 1,
                // Blue and green stand side by side for a while.
                WorkloadKind::Rollout => {
                    let twice = matches!(service.workload.rollout, Some(Rollout::BlueGreen { .. }));
                    let most = here.replicas.max.max(here.replicas.min);
                    most.saturating_mul(1 + u32::from(twice))
                }
                WorkloadKind::Deployment | WorkloadKind::StatefulSet => {
                    here.replicas.max.max(here.replicas.min)
                }
            };
            sum.add(pods.into(), resources.cpu.value, resources.memory.value);
            let subject = Subject::Service((*key).clone());
            for path in [
                "workload.scale.max",
                "workload.resources.cpu",
                "workload.resources.memory",
            ] {
                let (subject, path) = (subject.clone(), path.to_owned());
                sum.fields.push(FieldRef { subject, path });
            }
            self.add_stores(cluster, key, service, &mut sum);
            self.add_cache(service, &mut sum);
        }
        let surge = |q: Quantity| q.scaled(SURGE).and_then(|s| q.checked_add(s)).unwrap_or(q);
        let memory = surge(sum.memory);
        let mebis = memory.as_nano().div_euclid(MEBI * NANO)
            + i128::from(memory.as_nano().rem_euclid(MEBI * NANO) != 0);
        let pods = sum.pods.saturating_add(sum.pods.div_ceil(4));
        let derived = |item: Item| item.made_of(sum.fields.clone());
        Item::map([
            (
                "cpu",
                derived(Item::new(surge(sum.cpu).rounded_up_to_milli().to_string())),
            ),
            (
                "memory",
                derived(Item::new(
                    Quantity::parse(&format!("{mebis}Mi"))
                        .unwrap_or(memory)
                        .to_string(),
                )),
            ),
            ("pods", derived(Item::new(pods))),
        ])
    }

    /// The pods that keep a service's answers.
    fn add_cache(&self, service: &Service, sum: &mut Sum) {
        let gateway = self.world.fleet.platform.gateway.is_some();
        if let Some(cache) = cache::tier(service).filter(|_| gateway) {
            let cpu = Quantity::parse(cache::CPU).unwrap_or(Quantity::ZERO);
            sum.add(cache::PODS.into(), cpu, cache.memory);
        }
    }

    /// What the pods of stores ask for that sit here; each may run a job beside its instances.
    fn add_stores(&self, cluster: &Cluster, key: &ServiceKey, service: &Service, sum: &mut Sum) {
        let parse = |text: &str| Quantity::parse(text).unwrap_or(Quantity::ZERO);
        for (index, store) in service.stores.iter().enumerate() {
            let site = self.site(key, service, index, store);
            let Some(site) = site.filter(|site| site.holds(&cluster.name.value)) else {
                continue;
            };
            if site.purges(cluster) {
                let own = &service.workload.resources;
                sum.add(1, own.cpu.value, own.memory.value);
            }
            let asked = store.resources;
            let instances = u64::from(store.instances);
            let mut add = |pods: u64, cpu: &str, memory: &str| {
                let cpu = asked.cpu.unwrap_or_else(|| parse(cpu));
                sum.add(pods, cpu, asked.memory.unwrap_or_else(|| parse(memory)));
            };
            match store.engine.value {
                Engine::CloudnativePg => add(instances + 1, DEFAULT_REQUEST.0, DEFAULT_REQUEST.1),
                Engine::CockroachDb => add(instances + 1, "1", "4Gi"),
                Engine::K8ssandra => add(instances + 1, "1", "8Gi"),
                Engine::MongoDb => {
                    let members = site.votes(&cluster.region).max(1);
                    add(members as u64, "500m", "2Gi");
                }
                // Brokers, the entity operator and two pods of a MirrorMaker.
                Engine::StrimziKafka => add(instances + 3, "500m", "2Gi"),
                Engine::Valkey => add(instances, "250m", "1Gi"),
                // A master and a tablet server each, and the job.
                Engine::YugabyteDb => add(instances * 2 + 1, "1", "4Gi"),
                // The platform's servers hold it.
                Engine::NatsJetstream | Engine::RedisEnterprise => {}
            }
        }
    }
}
