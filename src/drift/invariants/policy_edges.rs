//! Both ends of each call agree: the caller's policies let it out, and the callee's let it in, in
//! one cluster or from one to another.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::finding::{FindingSeverity, Involved};
use crate::model::manifest::ObjectId;
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::world::{Call, Cluster, Port, Protocol, Service};

use super::ground::{Fleet, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field, listed};
use super::policy::{Direction, Door, Peer, Pod, lets, selects};
use super::wave_image::workload;
use super::{Invariant, Sought};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "policy-edges",
    about: "both ends let a declared call through",
    of_itself: &[],
    wants,
    check,
};

const POLICY: Kind = ("networking.k8s.io", "v1", "NetworkPolicy");
const NAMESPACE: Kind = ("", "v1", "Namespace");
const NAME: &str = "app.kubernetes.io/name";

/// Policies add up: those that somebody else made count as well.
fn wants(fleet: &Fleet<'_>, cluster: &ClusterName, sought: &mut Sought) {
    let here = fleet
        .services()
        .filter(|(key, _)| fleet.clusters_of(key).contains(&cluster));
    let namespaces: Vec<String> = here.map(|(_, s)| s.namespace.to_string()).collect();
    sought.seek(POLICY, namespaces, &["/metadata/namespace"], &["/spec"]);
}

/// One end of a call: a service in a cluster.
struct End<'a> {
    cluster: &'a Cluster,
    name: &'a ClusterName,
    service: &'a Service,
    pod: Pod<'a>,
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    let Some(fleet) = ground.fleet else {
        return;
    };
    let policies: BTreeMap<&ClusterName, Vec<Object<'_>>> = ground
        .clusters
        .keys()
        .map(|cluster| (*cluster, ground.objects(cluster, POLICY)))
        .collect();
    let view = View {
        ground,
        fleet,
        policies,
    };
    for (key, caller) in fleet.services() {
        for (index, call) in caller.calls.iter().enumerate() {
            let callee_key = ServiceKey::new(&call.service.value, &key.environment);
            let Some(callee) = fleet.world.services.get(&callee_key) else {
                continue;
            };
            let serving = fleet.clusters_of(&callee_key);
            for from in fleet.clusters_of(key) {
                let to = match serving.contains(&from) {
                    true => vec![from],
                    false => serving.clone(),
                };
                for to in to {
                    let edge = Edge {
                        key,
                        caller,
                        index,
                        call,
                        callee_key: &callee_key,
                        callee,
                    };
                    view.judge(&edge, from, to, outcome);
                }
            }
        }
    }
}

struct View<'g, 'a> {
    ground: &'g Ground<'a>,
    fleet: Fleet<'a>,
    policies: BTreeMap<&'g ClusterName, Vec<Object<'a>>>,
}

/// A declared call.
struct Edge<'e, 'a> {
    key: &'a ServiceKey,
    caller: &'a Service,
    index: usize,
    call: &'a Call,
    callee_key: &'e ServiceKey,
    callee: &'a Service,
}

impl<'a> View<'_, 'a> {
    fn judge(
        &self,
        edge: &Edge<'_, 'a>,
        from: &'a ClusterName,
        to: &'a ClusterName,
        outcome: &mut Outcome,
    ) {
        let subject = || format!("the calls of `{}` to `{}`", edge.key, edge.callee_key);
        for (cluster, service) in [(from, edge.caller), (to, edge.callee)] {
            let namespace = service.namespace.as_str();
            if let Err(gap) = self.ground.known(cluster, POLICY, namespace) {
                return outcome.gap(cluster, POLICY, subject(), gap);
            }
        }
        let (Some(caller), Some(callee)) = (self.end(from, edge.caller), self.end(to, edge.callee))
        else {
            return;
        };
        let apart = from != to;
        let (out, back) = (ranges(callee.cluster), ranges(caller.cluster));
        if apart && (out.is_empty() || back.is_empty()) {
            return outcome.unjudged("of calls between clusters whose addresses are unknown");
        }
        let ports = called(edge.call, edge.callee);
        let through = |direction, own: &End<'a>, other: &End<'a>, others: &[&str], port: &Port| {
            let policies = self.selecting(direction, own);
            let bodies: Vec<&Value> = policies.iter().map(|p| p.body()).collect();
            let door = Door {
                port: port.target,
                protocol: protocol(port),
                names: &callee.pod.ports,
            };
            match apart {
                false => lets(&bodies, direction, &own.pod, Peer::Pod(&other.pod), door),
                true => others
                    .iter()
                    .all(|range| lets(&bodies, direction, &own.pod, Peer::Range(range), door)),
            }
        };
        let mut closed: BTreeMap<(bool, bool), Vec<String>> = BTreeMap::new();
        for port in ports {
            let leaves = through(Direction::Out, &caller, &callee, &out, port);
            let enters = through(Direction::In, &callee, &caller, &back, port);
            if !(leaves && enters) {
                let named = format!("{} {}", protocol(port), port.target);
                closed.entry((leaves, enters)).or_default().push(named);
            }
        }
        if closed.is_empty() {
            return outcome.holds();
        }
        for ((leaves, enters), ports) in closed {
            outcome.violated(self.violation(edge, &caller, &callee, (leaves, enters), &ports));
        }
    }

    fn violation(
        &self,
        edge: &Edge<'_, 'a>,
        caller: &End<'a>,
        callee: &End<'a>,
        (leaves, enters): (bool, bool),
        ports: &[String],
    ) -> Violation {
        let at = |direction, end: &End<'a>, open: bool| -> Vec<Involved> {
            let word = if open {
                "lets it through"
            } else {
                "does not let it through"
            };
            let (rules, _) = Direction::lists(direction);
            let all = self.selecting(direction, end);
            all.iter()
                .map(|p| self.ground.involved(p, &["spec", rules], json!(word)))
                .collect()
        };
        let (out, back) = (
            at(Direction::Out, caller, leaves),
            at(Direction::In, callee, enters),
        );
        let (direction, closed, end) = match enters {
            false => ("ingress", &back, callee),
            true => ("egress", &out, caller),
        };
        let own = format!("{}-{direction}", end.service.name.value);
        let named = closed
            .iter()
            .find(|i| i.object.name == own)
            .or(closed.first());
        let object = named.map_or_else(
            || ObjectId {
                group: POLICY.0.to_owned(),
                kind: POLICY.2.to_owned(),
                namespace: end.service.namespace.to_string(),
                name: own,
            },
            |i| i.object.clone(),
        );
        let (from, to) = (caller.name, callee.name);
        let what = match (leaves, enters) {
            (true, _) => format!("leave {from} and are refused in {to}"),
            (_, true) => format!("are let into {to} and do not leave {from}"),
            (false, false) => format!("neither leave {from} nor are let into {to}"),
        };
        Violation {
            object,
            severity: FindingSeverity::Drift,
            expected: format!(
                "{} in {from} reaches {} in {to} on {}",
                edge.key,
                edge.callee_key,
                listed(ports)
            ),
            message: format!(
                "calls of `{}` to `{}` ({}) {what}",
                edge.key,
                edge.callee_key,
                listed(ports)
            ),
            help: "apply the policies of both ends as the repository has them; where the call is \
                   not wanted any longer, take it out of `calls` and render"
                .to_owned(),
            origin: field(edge.key, format!("calls[{}]", edge.index)),
            involved: out.into_iter().chain(back).collect(),
        }
    }

    /// The policies that are about an end.
    fn selecting(&self, direction: Direction, end: &End<'_>) -> Vec<&Object<'a>> {
        let all = self.policies.get(end.name).into_iter().flatten();
        all.filter(|p| selects(p.body(), direction, &end.pod))
            .collect()
    }

    fn end(&self, name: &'a ClusterName, service: &'a Service) -> Option<End<'a>> {
        let cluster = self.fleet.cluster(name)?;
        let namespace = service.namespace.as_str();
        let live = workload(self.ground, name, service);
        let template = live.as_ref().and_then(|(o, place)| {
            let pointer = format!("/{}/metadata/labels", place.join("/"));
            o.at(&pointer)?.as_object()
        });
        let labels = match template {
            Some(labels) => texts(labels),
            None => [(NAME, service.name.value.as_str())].into(),
        };
        let object = self.ground.object(name, NAMESPACE, "", namespace);
        let held = object.and_then(|o| o.at("/metadata/labels")?.as_object());
        let mut namespace_labels = held.map(texts).unwrap_or_default();
        namespace_labels.insert("kubernetes.io/metadata.name", namespace);
        let ports = service.workload.ports.iter();
        Some(End {
            cluster,
            name,
            service,
            pod: Pod {
                namespace,
                labels,
                namespace_labels,
                ports: ports
                    .map(|(name, port)| (name.as_str(), port.target))
                    .collect(),
            },
        })
    }
}

fn texts(labels: &serde_json::Map<String, Value>) -> BTreeMap<&str, &str> {
    let pairs = labels.iter();
    pairs
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

/// The addresses that traffic of a cluster comes from and goes to.
fn ranges(cluster: &Cluster) -> Vec<&str> {
    let network = &cluster.network;
    let all = network
        .pods
        .iter()
        .chain(&network.nodes)
        .chain(&network.egress);
    all.map(|range| range.value.as_str()).collect()
}

/// The ports of the callee that a call uses.
fn called<'a>(call: &Call, callee: &'a Service) -> Vec<&'a Port> {
    match &call.port {
        Some(name) => callee.workload.ports.get(name).into_iter().collect(),
        None => callee.workload.ports.values().collect(),
    }
}

fn protocol(port: &Port) -> &'static str {
    match port.protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, TestFleet, messages};
    use super::*;

    fn policy(name: &str, direction: &str, peer: Value) -> Value {
        let (list, side) = match direction {
            "Ingress" => ("ingress", "from"),
            _ => ("egress", "to"),
        };
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": format!("{name}-{list}"), "namespace": "shop"},
            "spec": {"podSelector": {"matchLabels": {NAME: name}}, "policyTypes": [direction],
                list: [{side: [peer], "ports": [{"port": 8080}]}]}})
    }

    fn pods(name: &str) -> Value {
        json!({"podSelector": {"matchLabels": {NAME: name}}})
    }

    /// `web` runs in `de`, `fr` and `us`, and calls `cart`, which runs in `de` and `fr`.
    fn told(change: impl Fn(&mut Bench)) -> Vec<String> {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        for cluster in ["de", "fr"] {
            bench.put(cluster, policy("web", "Egress", pods("cart")));
            bench.put(cluster, policy("cart", "Ingress", pods("web")));
        }
        change(&mut bench);
        messages(&bench.check(Some(&fleet)), INVARIANT.name)
    }

    #[test]
    fn both_ends_let_it_through() {
        assert_eq!(told(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn one_end_alone_is_told_from_either_side() {
        let refused =
            told(|bench| bench.replace("de", policy("cart", "Ingress", pods("frontend"))));
        assert_eq!(
            refused,
            ["calls of `web` to `cart` (TCP 8080) leave de and are refused in de"]
        );
        let kept = told(|bench| bench.replace("fr", policy("web", "Egress", pods("none"))));
        assert_eq!(
            kept,
            ["calls of `web` to `cart` (TCP 8080) are let into fr and do not leave fr"]
        );
    }

    #[test]
    fn an_edge_between_clusters_has_two_ends_as_well() {
        let block = |cidr: &str| json!({"ipBlock": {"cidr": cidr}});
        let across = |bench: &mut Bench, cidr: &str| {
            bench.put("us", policy("web", "Egress", block("10.0.0.0/8")));
            for cluster in ["de", "fr"] {
                let mut cart = policy("cart", "Ingress", pods("web"));
                cart["spec"]["ingress"][0]["from"] = json!([pods("web"), block(cidr)]);
                bench.replace(cluster, cart);
            }
        };
        assert_eq!(
            told(|bench| across(bench, "10.3.0.0/16")),
            Vec::<String>::new()
        );
        let refused = told(|bench| across(bench, "10.99.0.0/16"));
        assert_eq!(
            refused,
            [
                "calls of `web` to `cart` (TCP 8080) leave us and are refused in de",
                "calls of `web` to `cart` (TCP 8080) leave us and are refused in fr",
            ]
        );
    }

    #[test]
    fn what_others_open_counts() {
        let opened = told(|bench| {
            bench.replace("de", policy("cart", "Ingress", pods("frontend")));
            let mut more = policy("cart", "Ingress", pods("web"));
            more["metadata"]["name"] = json!("by-hand");
            bench.put("de", more);
        });
        assert_eq!(opened, Vec::<String>::new());
    }
}
