//! What services ask of Secrets to what External Secrets brings into a namespace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::engine::Engine;
use crate::model::name::{Namespace, ServiceKey};
use crate::model::origin::{FieldRef, Subject};
use crate::model::place::Provider;
use crate::model::world::{Cluster, EnvValue, Service};

use super::super::fact::{Fact, Item};
use super::site::Site;
use super::{Facts, Here, Of, cnpg};

/// The keys of a Secret that Kubernetes calls `kubernetes.io/basic-auth`, which is what
/// CloudNativePG reads the owner of a database from.
const BASIC_AUTH: [&str; 2] = ["username", "password"];

/// What is asked of a Secret.
#[derive(Default)]
struct Asked {
    keys: BTreeSet<String>,
    basic_auth: bool,
    fields: Vec<FieldRef>,
}

impl Facts<'_> {
    /// `secrets` of a namespace: those that its services and stores ask for and that no operator
    /// makes in this cluster.
    pub(super) fn secrets(
        &self,
        cluster: &Cluster,
        namespace: &Namespace,
        services: &[(&ServiceKey, Here)],
    ) -> Item {
        let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
        let mut made: BTreeSet<String> = BTreeSet::new();
        for (key, _) in services {
            let Some(service) = self.world.services.get(*key) else {
                continue;
            };
            ask(key, service, &mut asked);
            self.ask_of_stores(cluster, key, service, &mut asked, &mut made);
        }
        asked.retain(|name, _| !made.contains(name));
        Item::list(asked.into_iter().map(|(name, asked)| {
            let remote = format!("{namespace}/{name}");
            let data = asked.keys.iter().map(|key| {
                let reference = [
                    ("key", Item::new(remote.as_str())),
                    ("property", Item::new(key.as_str())),
                ];
                Item::map([
                    ("secretKey", Item::new(key.as_str())),
                    ("remoteRef", Item::map(reference)),
                ])
            });
            let data = Item::list(data).made_of(asked.fields.clone());
            let template = asked
                .basic_auth
                .then(|| Item::map([("type", Item::new("kubernetes.io/basic-auth"))]));
            Item::map([
                ("name", Item::new(name).made_of(asked.fields)),
                ("template", template.unwrap_or(Item::nothing())),
                ("data", data),
            ])
        }))
    }

    /// What the stores that a cluster holds ask for, and what their operators make there; a service
    /// asks for the login of a store that it reaches elsewhere.
    fn ask_of_stores(
        &self,
        cluster: &Cluster,
        key: &ServiceKey,
        service: &Service,
        asked: &mut BTreeMap<String, Asked>,
        made: &mut BTreeSet<String>,
    ) {
        for (index, store) in service.stores.iter().enumerate() {
            let Some(site) = self.site(key, service, index, store) else {
                continue;
            };
            if site.lack().is_some() {
                continue;
            }
            let holds = site.holds(&cluster.name.value);
            if holds && site.engine() == Engine::CloudnativePg {
                let instance = site.instance(&cluster.region);
                for suffix in ["ca", "server", "replication", "superuser"] {
                    made.insert(format!("{instance}-{suffix}"));
                }
                if !site.shares_login() {
                    made.insert(site.credentials());
                    continue;
                }
            }
            if holds && site.engine() == Engine::K8ssandra {
                made.insert(format!("{}-superuser", site.fleet_wide()));
            }
            if site.engine() == Engine::MongoDb {
                made.insert(format!("{}-uri", site.fleet_wide()));
            }
            if !holds && store.connect.is_none() {
                continue;
            }
            let mut all = logins(&site);
            if holds && site.engine() == Engine::CloudnativePg {
                all.extend(cnpg::certificates(&site, cluster));
            }
            if holds && site.engine() == Engine::StrimziKafka {
                made.insert(format!(
                    "{}-cluster-ca-cert",
                    site.instance(&cluster.region)
                ));
                let others = site.regions().into_iter().filter(|r| **r != cluster.region);
                let names = others.map(|r| format!("{}-cluster-ca-cert", site.instance(r)));
                all.extend(names.map(|name| (name, &["ca.crt"][..])));
            }
            for (name, keys) in all {
                let secret = asked.entry(name).or_default();
                secret.basic_auth |= keys == BASIC_AUTH;
                secret.keys.extend(keys.iter().map(|key| (*key).to_owned()));
                secret.fields.push(FieldRef {
                    subject: site.subject(),
                    path: site.path("name"),
                });
            }
        }
    }

    /// Clusters without a store of Secrets, where services ask for some.
    pub(super) fn warn_of_missing_secret_stores(&self, sink: &mut Sink) {
        if self.world.fleet.platform.external_secrets.is_none() {
            return;
        }
        for (name, placed) in &self.placed {
            let Some(cluster) = self.world.clusters.get(*name) else {
                continue;
            };
            if self.secret_store(cluster).fact != Fact::Null {
                continue;
            }
            let services: Vec<(&ServiceKey, Here)> =
                placed.iter().map(|(key, here)| (*key, *here)).collect();
            let none = Namespace::from("");
            if self.secrets(cluster, &none, &services).fact == Item::list([]).fact {
                continue;
            }
            let message = format!("nobody knows where `{name}` gets its Secrets from");
            sink.emit(
                Diagnostic::new(Code::SecretStore, message)
                    .at(cluster.name.span, "")
                    .help("write the `provider` of its ClusterSecretStore as `secretStore`, such as `secretStore: {vault: {server: https://vault.example, path: kv, version: v2, auth: {...}}}`"),
            );
        }
    }

    /// `cluster.secretStore`: as written, else the region's own where the cloud says all.
    pub(super) fn secret_store(&self, cluster: &Cluster) -> Item {
        let subject = Subject::Cluster(cluster.name.value.clone());
        if let Some(written) = &cluster.secret_store {
            return item(&written.value).of(&subject, "secretStore");
        }
        let region = self.world.regions.get(&cluster.region);
        if region.and_then(|r| r.provider) != Some(Provider::Aws) {
            return Item::nothing();
        }
        let account = Item::map(
            [
                ("name", "external-secrets"),
                ("namespace", "external-secrets"),
            ]
            .map(|(name, value)| (name, Item::new(value))),
        );
        let auth = Item::map([("jwt", Item::map([("serviceAccountRef", account)]))]);
        let of = Subject::Region(cluster.region.clone());
        Item::map([(
            "aws",
            Item::map([
                ("service", Item::new("SecretsManager")),
                ("region", Of(&of).at("region", cluster.region.as_str())),
                ("auth", auth),
            ]),
        )])
    }
}

/// The Secrets by which a store knows its service and its own mirrors, each with its keys.
fn logins(site: &Site<'_>) -> Vec<(String, &'static [&'static str])> {
    let login = site.credentials();
    match site.engine() {
        Engine::CloudnativePg | Engine::CockroachDb | Engine::K8ssandra => {
            vec![(login, &BASIC_AUTH)]
        }
        Engine::YugabyteDb => vec![(login, &["username", "password", "ysqlPassword"])],
        Engine::MongoDb | Engine::RedisEnterprise | Engine::Valkey => vec![(login, &["password"])],
        Engine::StrimziKafka => {
            let mirror = format!("{}-mirror", site.set());
            let mirrors = site.plan.clusters.len() > 1;
            let mirror = mirrors.then_some((mirror, &["password"][..]));
            [(login, &["password"][..])]
                .into_iter()
                .chain(mirror)
                .collect()
        }
        Engine::NatsJetstream => Vec::new(),
    }
}

fn ask(key: &ServiceKey, service: &Service, asked: &mut BTreeMap<String, Asked>) {
    let subject = Subject::Service(key.clone());
    let workload = &service.workload;
    let containers = std::iter::once(("workload.env".to_owned(), &workload.env)).chain(
        workload
            .init
            .iter()
            .enumerate()
            .map(|(i, init)| (format!("workload.init[{i}].env"), &init.env)),
    );
    for (path, env) in containers {
        for (variable, value) in env {
            let EnvValue::Secret { name, key } = value else {
                continue;
            };
            let secret = asked.entry(name.clone()).or_default();
            secret.keys.insert(key.clone());
            secret.fields.push(FieldRef {
                subject: subject.clone(),
                path: format!("{path}.{variable}"),
            });
        }
    }
}

/// A value as it was written.
pub(super) fn item(value: &Value) -> Item {
    match value {
        Value::Null => Item::nothing(),
        Value::Bool(flag) => Item::new(*flag),
        Value::Number(number) => Item::new(Fact::Number(number.clone())),
        Value::String(text) => Item::new(text),
        Value::Array(list) => Item::list(list.iter().map(item)),
        Value::Object(members) => Item::map(members.iter().map(|(k, v)| (k.clone(), item(v)))),
    }
}
