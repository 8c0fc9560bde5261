//! Stores of engines that regen has no templates for: what a fleet's own see, and what is said.

use serde_json::json;

use super::super::{Templates, render};
use super::components::{body, set};
use super::fleet::Made;
use crate::diag::{Code, Diagnostic, Sink, Sources, Spanned};
use crate::model::engine::{Consistency, Engine};
use crate::model::live::AlsoRead;
use crate::model::manifest::ManifestSet;

/// Two regions and a store of an engine, with voters or none.
fn made(engine: Engine, consistency: Consistency, voters: &[&str]) -> Made {
    let made = Made::new().region("eu-west-1", 1).region("us-east-1", 1);
    let span = made.span();
    let mut made = made.service("cart", |_| {}).store("cart", |s| {
        s.engine = Spanned::new(engine, span);
        s.consistency = Spanned::new(consistency, span);
    });
    for cluster in made.world.clusters.values_mut() {
        cluster.capabilities.insert(engine.name().into());
    }
    for plan in made.plan.stores.values_mut() {
        if !voters.is_empty() {
            plan.voters = voters.iter().map(|v| (*v).into()).collect();
        } else if engine != Engine::CloudnativePg {
            plan.leader = None;
            plan.replicas = plan.clusters.keys().cloned().collect();
        }
    }
    made
}

/// Renders with one more template; what was said.
fn with(made: &Made, text: &str) -> (ManifestSet, Vec<Diagnostic>) {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let path = "templates/data/own.yaml.j2";
    let id = sources.add(path, text);
    let templates = Templates::built_in().with_user(path, id, &sources, &mut sink);
    let set = render(
        &made.world,
        &made.plan,
        &templates,
        &AlsoRead::new(),
        &mut sink,
    );
    (set.unwrap(), sink.into_sorted())
}

const OWN: &str = "{#
  scope: store
  when: store.engine != 'cloudnative-pg' and store.supported
#}
apiVersion: v1
kind: ConfigMap
metadata: {name: own, namespace: {{ namespace }}}
data:
  scheme: {{ store.scheme }}
  setting: {{ store.setting }}
  leader: {{ store.leader or 'none' }}
  source: {{ store.source or 'none' }}
  leads: '{{ store.leads }}'
  votes: '{{ store.votes }}'
  voters: '{{ store.voters | length }}'
  members: '{{ store.members | length }}'
  from: '{{ store.network.from | length }}'
";

#[test]
fn templates_see_voters_and_leaders_where_there_are_some() {
    let east = "clusters/us-east-1/us-east-1-a/shop/cart/configmap-own.yaml";
    for (engine, class, voters, expected) in [
        (
            Engine::YugabyteDb,
            Consistency::Strong,
            &["eu-west-1", "eu-west-1", "us-east-1"][..],
            json!({"scheme": "quorum", "setting": "leader", "leader": "cart-orders-eu-west-1",
                "source": "cart-orders-eu-west-1", "leads": "false", "votes": "1", "voters": "3"}),
        ),
        (
            Engine::K8ssandra,
            Consistency::Eventual,
            &[],
            json!({"scheme": "leaderless", "setting": "local-quorum", "leader": "none",
                "source": "none", "leads": "false", "votes": "0", "voters": "0"}),
        ),
        (
            Engine::RedisEnterprise,
            Consistency::Crdt,
            &[],
            json!({"scheme": "crdt", "setting": "active-active", "leader": "none",
                "source": "none", "leads": "false", "votes": "0", "voters": "0"}),
        ),
    ] {
        let made = made(engine, class, voters);
        let (all, told) = with(&made, OWN);
        let seen = &body(&all, east)["data"];
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&seen[key], value, "{engine}: {key}");
        }
        assert_eq!(seen["members"], "2", "{engine}");
        // The service's pods, and the two ranges of the other region's cluster.
        assert_eq!(seen["from"], "3", "{engine}");
        assert_eq!(told.len(), 0, "{engine}: {told:?}");
        let ours = all
            .manifests()
            .filter(|(_, m)| m.template.starts_with("data/cnpg"));
        assert_eq!(ours.count(), 0, "{engine} is not CloudNativePG");
    }
}

#[test]
fn a_store_without_a_template_is_said_once_per_engine() {
    let one = made(Engine::K8ssandra, Consistency::Eventual, &[]);
    let (_, told) = with(
        &one,
        "{# scope: store\n   when: store.engine == 'valkey' #}\n",
    );
    let [told] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(told.code, Code::StoreNotRendered);
    assert!(told.message.contains("`cart/orders`"), "{}", told.message);
    assert!(
        told.notes[0].contains("`eu-west-1-a` and `us-east-1-a`"),
        "{:?}",
        told.notes
    );
    assert!(
        told.help[1].contains("`K8ssandraCluster`"),
        "{:?}",
        told.help
    );
    let (_, told) = with(
        &one,
        "{# scope: store\n   when: store.engine == 'k8ssandra' #}\n",
    );
    assert_eq!(
        told.len(),
        0,
        "a template applies, and says nothing on purpose"
    );
    let two = made(Engine::K8ssandra, Consistency::Eventual, &[]).store("cart", |s| {
        s.name = Spanned::new("second".into(), s.name.span);
        s.engine = Spanned::new(Engine::K8ssandra, s.name.span);
    });
    let (_, told) = with(&two, "{# scope: store\n   when: false #}\n");
    let [told] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(
        told.message
            .contains("stores `cart/orders` and `cart/second`"),
        "{}",
        told.message
    );
    let (_, told) = with(
        &made(Engine::CloudnativePg, Consistency::Eventual, &[]),
        OWN,
    );
    assert_eq!(told.len(), 0, "CloudNativePG has templates");
}

#[test]
fn services_reach_a_store_on_the_port_of_its_engine() {
    let policy = "clusters/us-east-1/us-east-1-a/shop/cart/networkpolicy-cart-egress.yaml";
    for (engine, class, port) in [
        (Engine::CloudnativePg, Consistency::Strong, Some(5432)),
        (Engine::CockroachDb, Consistency::Strong, Some(26257)),
        (Engine::NatsJetstream, Consistency::Eventual, Some(4222)),
        (Engine::RedisEnterprise, Consistency::Crdt, None),
    ] {
        let all = set(&made(engine, class, &[])).unwrap();
        let rule = &body(&all, policy)["spec"]["egress"][0];
        let expected = match port {
            Some(port) => json!([{"port": port, "protocol": "TCP"}]),
            // Each database has a port of its own.
            None => json!([{"port": 10_000, "endPort": 19_999, "protocol": "TCP"}]),
        };
        assert_eq!(rule["ports"], expected, "{engine}");
        let known = engine == Engine::CloudnativePg;
        assert_eq!(
            rule.get("to").is_some(),
            known,
            "{engine}: only our own pods are known"
        );
    }
}
