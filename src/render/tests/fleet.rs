//! A small fleet made by hand.

use std::collections::BTreeMap;

use crate::diag::{SourceId, Sources, Span, Spanned};
use crate::model::duration::Duration;
use crate::model::engine::{Consistency, Engine};
use crate::model::name::{
    ClusterName, Environment, Namespace, PortName, RegionName, ServiceKey, ServiceName,
};
use crate::model::origin::Origins;
use crate::model::place::{Coordinates, Country, Provider};
use crate::model::plan::{DnsPlan, Plan, RegionPlacement, Replicas, ServicePlan, StorePlan};
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::*;

const PROMOTION: Promotion = Promotion {
    takes: Duration::millis(900_000),
    told: None,
};

/// A world, and a plan that places every service in every cluster.
pub(super) struct Made {
    pub(super) world: World,
    pub(super) plan: Plan,
    source: SourceId,
}

fn spanned<T>(value: T, source: SourceId) -> Spanned<T> {
    Spanned::new(value, Span::new(source, 0, 1))
}

impl Made {
    pub(super) fn new() -> Self {
        let source = Sources::new().add("regen.yaml", "fleet: storefront\n");
        let fleet = Fleet {
            name: spanned("storefront".into(), source),
            domain: None,
            gitops: Gitops {
                repository: spanned("https://git.example/fleet.git".into(), source),
                branch: "main".into(),
                url: None,
                delivery: Delivery::Argocd,
                file_per_service: false,
            },
            platform: Platform {
                dns: Some(Dns {
                    controller: DnsController::ExternalDns,
                    provider: DnsProvider::Aws,
                    span: Span::new(source, 0, 1),
                }),
                ingress_namespace: Some("edge".into()),
                ..Platform::default()
            },
            identity: Identity::default(),
            hub: None,
            waves: vec!["first".into()],
            audience: Audience::default(),
            jurisdictions: BTreeMap::new(),
            data_classes: BTreeMap::new(),
            failover: Failover {
                residency: None,
                headroom: Share::ppm(200_000),
                detection: Duration::millis(30_000),
                detection_span: None,
                promotion: PROMOTION,
                headroom_span: None,
            },
            network: NetworkSettings {
                rtt: "network/rtt.csv".into(),
                estimate: Estimate::Warn,
                p99_factor_milli: 1500,
            },
            strict_reviews: false,
            drift: DriftSettings::default(),
        };
        let world = World {
            fleet,
            regions: BTreeMap::new(),
            clusters: BTreeMap::new(),
            services: BTreeMap::new(),
            journeys: BTreeMap::new(),
            overlays: Vec::new(),
            rtt_file: None,
            origins: Origins::default(),
        };
        Self {
            world,
            plan: Plan::default(),
            source,
        }
    }

    pub(super) fn span(&self) -> Span {
        Span::new(self.source, 0, 1)
    }

    /// A region with clusters of its name and a letter.
    pub(super) fn region(mut self, name: &str, clusters: usize) -> Self {
        let region = RegionName::new(name);
        let number = self.world.clusters.len();
        let names: Vec<ClusterName> = (0..clusters)
            .map(|i| ClusterName::new(format!("{name}-{}", char::from(b'a' + i as u8))))
            .collect();
        for (index, cluster) in names.iter().enumerate() {
            let octet = 8 + number + index;
            let made = Cluster {
                name: spanned(cluster.clone(), self.source),
                region: region.clone(),
                context: None,
                server: None,
                kubernetes_span: None,
                confidential: None,
                kubernetes: KubernetesVersion {
                    major: 1,
                    minor: 34,
                },
                environment: "prod".into(),
                capacity: Capacity::default(),
                capabilities: [
                    "external-dns",
                    "cloudnative-pg",
                    "barman-cloud",
                    "multicluster-services",
                ]
                .map(Into::into)
                .into(),
                network: ClusterNetwork {
                    pods: vec![spanned(format!("10.{octet}.0.0/16"), self.source)],
                    nodes: vec![spanned(format!("172.{octet}.0.0/16"), self.source)],
                    egress: Vec::new(),
                    domain: None,
                },
                kms_key: None,
                ingress: Some(spanned(
                    Ingress::Addresses(vec![format!("192.0.2.{octet}").parse().unwrap()]),
                    self.source,
                )),
                secret_store: None,
                health_checks: BTreeMap::new(),
            };
            self.world.clusters.insert(cluster.clone(), made);
        }
        let made = Region {
            name: spanned(region.clone(), self.source),
            provider: Some(Provider::Aws),
            country: Country::parse("IE").unwrap(),
            coordinates: Coordinates { lat: 0, lon: 0 },
            zones: Vec::new(),
            telemetry: None,
            wave: Some("first".into()),
            clusters: names,
        };
        self.world.regions.insert(region, made);
        self
    }

    /// A service with one port, whose pods listen on another one, in every cluster so far.
    pub(super) fn service(mut self, name: &str, change: impl FnOnce(&mut Service)) -> Self {
        let source = self.source;
        let quantity = |text| spanned(Quantity::parse(text).unwrap(), source);
        let port = Port {
            port: 80,
            target: 8080,
            protocol: Protocol::Tcp,
            span: self.span(),
        };
        let mut service = Service {
            name: spanned(ServiceName::new(name), source),
            environment: Environment::new("prod"),
            owner: None,
            namespace: Namespace::new("shop"),
            tier: Tier::Standard,
            workload: Workload {
                instrument: None,
                rollout: None,
                kind: WorkloadKind::Deployment,
                image: spanned(format!("registry.example/{name}:1.0"), source),
                command: Vec::new(),
                args: Vec::new(),
                env: BTreeMap::new(),
                ports: [(PortName::new("http"), port)].into(),
                resources: Resources {
                    cpu: quantity("100m"),
                    memory: quantity("64Mi"),
                    cpu_limit: None,
                    memory_limit: Some(quantity("128Mi").value),
                },
                scale: Scale {
                    min: 2,
                    max: 2,
                    cpu_percent: None,
                    span: None,
                    min_span: None,
                    max_span: None,
                },
                schedule: None,
                probes: Probes::default(),
                files: BTreeMap::new(),
                volumes: BTreeMap::new(),
                init: Vec::new(),
                security: Security {
                    user: 1000,
                    group: 1000,
                    writable_root: false,
                },
                metrics: None,
                termination_grace: None,
            },
            calls: Vec::new(),
            exposure: None,
            audience: Audience::default(),
            budget: Budget::default(),
            placement: Placement {
                counts: CountSpans::default(),
                span: None,
                mode: PlacementMode::ActiveActive,
                regions: RegionChoice::All,
                from: Vec::new(),
            },
            requires: Requires::default(),
            stores: Vec::new(),
            failover: true,
            failover_span: None,
            resilience: Resilience::default(),
            recovery: Recovery::default(),
            flags: Vec::new(),
            chaos: None,
        };
        change(&mut service);
        let replicas = Replicas {
            min: service.workload.scale.min,
            max: service.workload.scale.max,
        };
        let regions = self
            .world
            .regions
            .iter()
            .map(|(region, r)| RegionPlacement {
                region: region.clone(),
                serves: true,
                clusters: r.clusters.iter().map(|c| (c.clone(), replicas)).collect(),
                because: Default::default(),
            });
        let plan = ServicePlan {
            regions: regions.collect(),
            dns: service.exposure.as_ref().map(|exposure| DnsPlan {
                policy: exposure.routing.value,
                failover: None,
                records: self
                    .world
                    .regions
                    .keys()
                    .map(|r| (r.clone(), None))
                    .collect(),
                because: Default::default(),
            }),
            ..Default::default()
        };
        let key = ServiceKey::prod(name);
        self.plan.services.insert(key.clone(), plan);
        self.world.services.insert(key, service);
        self
    }

    /// A store of a service, in the first cluster of each region; the first region leads.
    pub(super) fn store(mut self, service: &str, change: impl FnOnce(&mut Store)) -> Self {
        let source = self.source;
        let mut store = Store {
            purge: None,
            name: spanned("orders".into(), source),
            engine: spanned(Engine::CloudnativePg, source),
            setting: None,
            consistency: spanned(Consistency::Eventual, source),
            staleness: None,
            data: None,
            leader: None,
            synchronous: 0,
            standbys: Default::default(),
            survive: None,
            promotion: PROMOTION,
            voters: Voters {
                count: None,
                distinct: Distinct::Region,
                span: None,
            },
            read_replicas: ReadReplicas::None,
            access: Access::WRITES,
            shards: Vec::new(),
            instances: 3,
            size: Quantity::parse("10Gi").unwrap(),
            storage_class: None,
            backup: Some(Backup {
                schedule: "0 0 2 * * *".into(),
                retention: Duration::parse("30d").unwrap(),
                place: None,
                bucket: Some("s3://backups".into()),
            }),
            resources: StoreResources::default(),
            topics: Vec::new(),
            connect: None,
        };
        change(&mut store);
        let regions: Vec<RegionName> = self.world.regions.keys().cloned().collect();
        let synchronous = store.synchronous as usize;
        let plan = StorePlan {
            leader: regions.first().cloned(),
            voters: Vec::new(),
            voter_zones: Vec::new(),
            replicas: regions[1..].to_vec(),
            sync_standbys: if synchronous > 0 {
                regions[1..].to_vec()
            } else {
                Vec::new()
            },
            clusters: self
                .world
                .regions
                .iter()
                .map(|(name, region)| (name.clone(), region.clusters[0].clone()))
                .collect(),
            synchronous: store.synchronous,
            objective_ns: None,
            bound_ns: None,
            survives: String::new(),
            shards: Default::default(),
            sticky: false,
            because: Default::default(),
        };
        let key = ServiceKey::prod(service);
        let store_key = key.store(&store.name.value);
        self.plan.stores.insert(store_key, plan);
        self.world
            .services
            .get_mut(&key)
            .unwrap()
            .stores
            .push(store);
        self
    }

    /// Exposes a service under `shop.example`.
    pub(super) fn exposed(&self, routing: Routing) -> Exposure {
        Exposure {
            span: self.span(),
            host: spanned("shop.example".into(), self.source),
            port: PortName::new("http"),
            routing: spanned(routing, self.source),
            health: None,
            ttl: 60,
            weights: BTreeMap::new(),
            geo: BTreeMap::new(),
            timeout: None,
            retries: None,
            writes: spanned(WriteTarget::Local, self.source),
            cache: None,
        }
    }

    pub(super) fn plain(&self, text: &str) -> EnvValue {
        EnvValue::Plain(spanned(text.to_owned(), self.source))
    }
}

/// A call of a service.
pub(super) fn call(source: Span, service: &str) -> Call {
    Call {
        service: Spanned::new(service.into(), source),
        port: None,
        timeout: None,
        degrade: false,
    }
}
