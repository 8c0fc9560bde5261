//! Stores of all engines: what they are made of, where, and what is said where something lacks.

use serde_json::{Value, json};

use super::super::{Templates, render};
use super::components::{body, set};
use super::fleet::Made;
use crate::diag::{Code, Sink, Spanned};
use crate::model::duration::Duration;
use crate::model::engine::{Consistency, Engine};
use crate::model::live::AlsoRead;
use crate::model::manifest::ManifestSet;
use crate::model::name::{Capability, DataClassName};
use crate::model::world::*;

const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "us-west-2"];

/// Three regions, and a store of an engine with a voter or a replica in each.
fn made(engine: Engine, consistency: Consistency, change: impl FnOnce(&mut Store)) -> Made {
    let mut made = Made::new();
    for region in REGIONS {
        made = made.region(region, 1);
    }
    let span = made.span();
    let mut made = made.service("cart", |_| {}).store("cart", |s| {
        s.engine = Spanned::new(engine, span);
        s.consistency = Spanned::new(consistency, span);
        change(s);
    });
    made.world.fleet.hub = Some("us-west-2-a".into());
    for cluster in made.world.clusters.values_mut() {
        cluster.capabilities.insert(engine.name().into());
        cluster.capabilities.insert("cert-manager".into());
        let domain = format!("{}.cluster", cluster.region);
        cluster.network.domain = Some(Spanned::new(domain, span));
    }
    let store = &made.world.services.values().next().unwrap().stores[0];
    let leads = crate::engine::scheme(store).leads();
    for plan in made.plan.stores.values_mut() {
        if leads {
            plan.voters = REGIONS.map(Into::into).to_vec();
        } else {
            plan.leader = None;
            plan.replicas = REGIONS.map(Into::into).to_vec();
        }
    }
    made
}

fn topic(store: &mut Store, name: &str, compact: bool) {
    store.topics.push(Topic {
        name: Spanned::new(name.to_owned(), store.name.span),
        partitions: 6,
        retention: Duration::parse("2d").unwrap(),
        compact,
    });
}

/// The specs of a kind by name, over all clusters.
fn specs(set: &ManifestSet, kind: &str) -> Vec<(String, Value)> {
    let of_kind = set.manifests().filter(|(_, m)| m.id.kind == kind);
    let mut all: Vec<(String, Value)> = of_kind
        .map(|(_, m)| (m.id.name.clone(), m.body()["spec"].clone()))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn kafka_mirrors_base_names_from_all_others_into_each_region() {
    let made = made(Engine::StrimziKafka, Consistency::Eventual, |s| {
        topic(s, "orders", false);
        topic(s, "prices", true);
    });
    let set = set(&made).unwrap();
    let mirrors = specs(&set, "KafkaMirrorMaker2");
    assert_eq!(mirrors.len(), 3, "one in every target");
    for (region, (name, spec)) in REGIONS.iter().zip(&mirrors) {
        assert_eq!(name, &format!("cart-orders-{region}-mirror"));
        let target = &spec["target"];
        assert_eq!(target["alias"], *region);
        assert_eq!(target["groupId"], *name);
        for topic in ["config", "offset", "status"] {
            let field = format!("{topic}StorageTopic");
            assert_eq!(target[&field], format!("__{name}-{topic}"));
        }
        let sources: Vec<&str> = spec["mirrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["source"]["alias"].as_str().unwrap())
            .collect();
        let others: Vec<&str> = REGIONS.into_iter().filter(|r| r != region).collect();
        assert_eq!(sources, others);
        for mirror in spec["mirrors"].as_array().unwrap() {
            assert_eq!(mirror["topicsPattern"], "orders|prices");
            assert_eq!(
                mirror["topicsExcludePattern"],
                "(eu-west-1|us-east-1|us-west-2)\\..*"
            );
        }
    }
    let kafka = &specs(&set, "Kafka")[0].1["kafka"];
    assert_eq!(
        kafka["config"],
        json!({"auto.create.topics.enable": false, "default.replication.factor": 3,
            "min.insync.replicas": 2, "offsets.topic.replication.factor": 3,
            "transaction.state.log.replication.factor": 3, "transaction.state.log.min.isr": 2})
    );
    let topics = specs(&set, "KafkaTopic");
    assert_eq!(topics.len(), 6);
    assert_eq!(
        topics[1],
        (
            "cart-orders-eu-west-1.prices".to_owned(),
            json!({"topicName": "prices", "partitions": 6, "replicas": 3,
                "config": {"cleanup.policy": "compact", "min.insync.replicas": 2, "retention.ms": 172_800_000}})
        )
    );
}

#[test]
fn streams_gather_those_of_all_regions_and_never_themselves() {
    let made = made(Engine::NatsJetstream, Consistency::Crdt, |s| {
        topic(s, "likes", false);
    });
    let set = set(&made).unwrap();
    let streams = specs(&set, "Stream");
    assert_eq!(streams.len(), 6);
    for (name, spec) in &streams {
        let durable = (&spec["storage"], &spec["replicas"], &spec["maxAge"]);
        assert_eq!(
            durable,
            (&json!("file"), &json!(3), &json!("48h")),
            "{name}"
        );
        assert_eq!(spec["allowMsgCounter"], true, "{name}");
        let sources = spec["sources"].as_array().into_iter().flatten();
        assert!(
            sources.clone().all(|s| s["name"] != spec["name"]),
            "{name} sources itself"
        );
        let all: Vec<String> = REGIONS
            .iter()
            .map(|r| format!("cart-orders-likes-{r}"))
            .collect();
        let named: Vec<&str> = sources.map(|s| s["name"].as_str().unwrap()).collect();
        match spec.get("subjects") {
            Some(subjects) => {
                let region = name.strip_prefix("cart-orders-likes-").unwrap();
                assert_eq!(*subjects, json!([format!("cart_orders_likes.{region}.>")]));
                assert!(named.is_empty(), "{name}");
            }
            None => assert_eq!(named, all, "{name}"),
        }
    }
    let stretched = self::made(Engine::NatsJetstream, Consistency::Strong, |_| {});
    let all = super::components::set(&stretched).unwrap();
    let streams = specs(&all, "Stream");
    assert_eq!(streams.len(), 1, "one stream, where its leader is");
    assert_eq!(
        streams[0].1,
        json!({"name": "cart-orders", "subjects": ["cart_orders.>"], "storage": "file",
            "replicas": 3, "maxAge": "168h"})
    );
}

#[test]
fn a_cluster_of_cockroachdb_grows_region_by_region_from_its_leader() {
    let made = made(Engine::CockroachDb, Consistency::Strong, |_| {});
    let set = set(&made).unwrap();
    for (place, region) in REGIONS.iter().enumerate() {
        let path = format!("hub/application-cart-orders-{region}-a.yaml");
        let source = &body(&set, &path)["spec"]["source"];
        assert_eq!(source["targetRevision"], "cockroachdb-v26.2.1");
        let database = &source["helm"]["valuesObject"]["cockroachdb"];
        assert_eq!(database["clusterDomain"], format!("{region}.cluster"));
        let listed: Vec<&str> = database["crdbCluster"]["regions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["code"].as_str().unwrap())
            .collect();
        assert_eq!(listed, REGIONS[..=place], "deployed before, and itself");
    }
    let jobs = specs(&set, "Job");
    assert_eq!(jobs.len(), 1, "SQL is run once, where the leader is");
    let config = format!(
        "clusters/eu-west-1/eu-west-1-a/shop/cart/configmap-{}.yaml",
        jobs[0].0
    );
    assert_eq!(
        body(&set, &config)["data"]["locality.sql"],
        "CREATE DATABASE IF NOT EXISTS \"orders\";\n\
         ALTER DATABASE \"orders\" SET PRIMARY REGION \"eu-west-1\";\n\
         ALTER DATABASE \"orders\" ADD REGION IF NOT EXISTS \"us-east-1\";\n\
         ALTER DATABASE \"orders\" ADD REGION IF NOT EXISTS \"us-west-2\";\n\
         ALTER DATABASE \"orders\" SURVIVE ZONE FAILURE;\n",
        "three voters do not survive a region"
    );
    let mut flux = made;
    flux.world.fleet.gitops.delivery = Delivery::Flux;
    let set = super::components::set(&flux).unwrap();
    let releases = specs(&set, "HelmRelease");
    assert_eq!(releases.len(), 3);
    assert_eq!(
        releases[0].1["chart"]["spec"],
        json!({"chart": "./cockroachdb-parent/charts/cockroachdb",
            "sourceRef": {"kind": "GitRepository", "name": "cart-orders"}})
    );
}

#[test]
fn what_one_object_makes_everywhere_stands_in_the_hub() {
    for (engine, consistency, kind, list) in [
        (
            Engine::K8ssandra,
            Consistency::Eventual,
            "K8ssandraCluster",
            "/spec/cassandra/datacenters",
        ),
        (
            Engine::MongoDb,
            Consistency::Strong,
            "MongoDBMultiCluster",
            "/spec/clusterSpecList",
        ),
    ] {
        let mut made = made(engine, consistency, |_| {});
        let path = format!("hub/{}-cart-orders.yaml", kind.to_lowercase());
        let all = set(&made).unwrap();
        assert_eq!(specs(&all, kind).len(), 1);
        let members = body(&all, &path).pointer(list).unwrap().as_array().unwrap();
        let contexts: Vec<&str> = members
            .iter()
            .map(|m| {
                m.get("k8sContext")
                    .or(m.get("clusterName"))
                    .unwrap()
                    .as_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(contexts, REGIONS.map(|r| format!("{r}-a")), "{engine}");
        let votes = |m: &Value| {
            let all = m["memberConfig"].as_array().into_iter().flatten();
            all.map(|c| c["votes"].as_u64().unwrap()).sum::<u64>()
        };
        let votes: u64 = members.iter().map(votes).sum();
        assert_eq!(votes, if engine == Engine::MongoDb { 3 } else { 0 });
        // The namespace is in the folder of the hub's cluster, where the service runs.
        let namespace = |set: &ManifestSet| {
            set.files
                .keys()
                .any(|p| p.as_str() == "hub/namespace-shop.yaml")
        };
        assert!(!namespace(&all), "{engine}");
        made = made.region("hub-1", 1);
        made.world.fleet.hub = Some("hub-1-a".into());
        assert!(namespace(&set(&made).unwrap()), "{engine}");
    }
}

#[test]
fn a_store_that_lacks_something_is_not_rendered_and_says_what() {
    type Change = fn(&mut Made);
    fn without(made: &mut Made, capability: &str) {
        let cluster = made.world.clusters.get_mut("us-east-1-a").unwrap();
        cluster.capabilities.remove(&Capability::from(capability));
    }
    let cases: [(Engine, Consistency, Change, &str); 6] = [
        (
            Engine::CockroachDb,
            Consistency::Strong,
            |m| without(m, "cert-manager"),
            "cluster `us-east-1-a` has no `cert-manager`",
        ),
        (
            Engine::CockroachDb,
            Consistency::Strong,
            |m| {
                m.world
                    .clusters
                    .get_mut("us-east-1-a")
                    .unwrap()
                    .network
                    .domain = None
            },
            "its nodes find each other by name, and cluster `us-east-1-a` has no DNS domain of its own",
        ),
        (
            Engine::YugabyteDb,
            Consistency::Strong,
            |m| m.world.fleet.gitops.delivery = Delivery::None,
            "its chart is installed by Argo CD or Flux, and `gitops.delivery` is `none`",
        ),
        (
            Engine::MongoDb,
            Consistency::Strong,
            |m| m.world.fleet.hub = None,
            "one object in the hub makes it in all regions, and the fleet has no `hub`",
        ),
        (
            Engine::StrimziKafka,
            Consistency::Eventual,
            |m| without(m, "multicluster-services"),
            "cluster `us-east-1-a` has no `multicluster-services`",
        ),
        (
            Engine::Valkey,
            Consistency::Eventual,
            |m| without(m, "valkey"),
            "cluster `us-east-1-a` has no `valkey`",
        ),
    ];
    for (engine, consistency, change, why) in cases {
        let mut made = made(engine, consistency, |_| {});
        let told = |made: &Made| {
            let mut sink = Sink::new();
            let set = render(
                &made.world,
                &made.plan,
                &Templates::built_in(),
                &AlsoRead::new(),
                &mut sink,
            )
            .unwrap();
            let all = sink.into_sorted().into_iter();
            let told = all.filter(|d| d.code == Code::StoreNotRendered);
            (set, told.map(|d| d.message).collect::<Vec<_>>())
        };
        assert_eq!(told(&made).1, [""; 0], "{engine} has what it needs");
        change(&mut made);
        let (set, told) = told(&made);
        let expected = format!("nothing is rendered for store `cart/orders`: {why}");
        assert_eq!(told, [expected], "{engine}");
        let ours = set
            .manifests()
            .filter(|(_, m)| m.id.name.starts_with("cart-orders"));
        assert_eq!(ours.count(), 0, "{engine}");
    }
}

#[test]
fn services_are_told_where_their_stores_are_and_classes_bind_disks_and_logs() {
    let span = Made::new().span();
    let mut made = made(Engine::CloudnativePg, Consistency::Eventual, |s| {
        s.connect = Some(Spanned::new("DB".into(), span));
        s.data = Some(Spanned::new("personal".into(), span));
    });
    let class = DataClass {
        rotate: None,
        tokenize: Vec::new(),
        confidential: false,
        review_by: None,
        span,
        residency: None,
        retention: None,
        encryption_at_rest: Some("kms".into()),
        audit: Audit::Writes,
        attributes: Default::default(),
    };
    let classes = &mut made.world.fleet.data_classes;
    classes.insert(DataClassName::new("personal"), class);
    for cluster in made.world.clusters.values_mut() {
        cluster.kms_key = Some(format!("key-of-{}", cluster.region));
    }
    let set = set(&made).unwrap();
    let east = "clusters/us-east-1/us-east-1-a";
    let secret = |key: &str| json!({"secretKeyRef": {"name": "cart-orders-app", "key": key}});
    let deployment = body(&set, &format!("{east}/shop/cart/deployment-cart.yaml"));
    assert_eq!(
        deployment["spec"]["template"]["spec"]["containers"][0]["env"],
        json!([
            {"name": "DB_HOST", "value": "cart-orders-eu-west-1-rw.shop.svc.clusterset.local"},
            {"name": "DB_PORT", "value": "5432"},
            {"name": "DB_READ_HOST", "value": "cart-orders-us-east-1-r.shop.svc"},
            {"name": "DB_NAME", "value": "orders"},
            {"name": "DB_USER", "valueFrom": secret("username")},
            {"name": "DB_PASSWORD", "valueFrom": secret("password")},
        ])
    );
    let exports: Vec<String> = specs(&set, "ServiceExport")
        .into_iter()
        .map(|s| s.0)
        .collect();
    assert!(
        exports.contains(&"cart-orders-eu-west-1-rw".to_owned()),
        "{exports:?}"
    );
    let class = body(
        &set,
        &format!("{east}/_cluster/storageclass-encrypted.yaml"),
    );
    assert_eq!(
        class["parameters"],
        json!({"encrypted": "true", "kmsKeyId": "key-of-us-east-1", "type": "gp3"})
    );
    let path = format!("{east}/shop/cart/cluster-cart-orders-us-east-1.yaml");
    let database = &body(&set, &path)["spec"];
    assert_eq!(database["storage"]["storageClass"], "encrypted");
    assert_eq!(
        database["postgresql"]["parameters"],
        json!({"archive_timeout": "1min", "pgaudit.log": "write, ddl, role",
            "pgaudit.log_catalog": "off", "pgaudit.log_parameter": "off", "pgaudit.log_relation": "on"})
    );
}
