//! What a set of NetworkPolicies lets through, as Kubernetes defines it.
//!
//! Source: kubernetes.io/docs/concepts/services-networking/network-policies, and the comments of
//! `networking/v1` types: policies add up, and a pod that none selects is open.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

/// A pod as policies see it.
#[derive(Clone, Debug)]
pub(super) struct Pod<'a> {
    pub namespace: &'a str,
    pub labels: BTreeMap<&'a str, &'a str>,
    pub namespace_labels: BTreeMap<&'a str, &'a str>,
    /// Its container ports by name.
    pub ports: BTreeMap<&'a str, u16>,
}

/// The other end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer<'p> {
    Pod(&'p Pod<'p>),
    /// Addresses, as `10.8.0.0/14`.
    Range(&'p str),
}

/// The way that a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

/// What is connected to: a port of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door<'p> {
    pub port: u16,
    pub protocol: &'static str,
    /// The names of the ports of the pod behind it.
    pub names: &'p BTreeMap<&'p str, u16>,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::In => "Ingress",
            Self::Out => "Egress",
        }
    }

    /// The list of rules, and of peers in a rule.
    pub(super) fn lists(self) -> (&'static str, &'static str) {
        match self {
            Self::In => ("ingress", "from"),
            Self::Out => ("egress", "to"),
        }
    }
}

/// Whether a policy is about a pod, in one direction.
pub(super) fn selects(policy: &Value, direction: Direction, pod: &Pod<'_>) -> bool {
    let spec = &policy["spec"];
    let about = match spec["policyTypes"].as_array() {
        Some(types) if !types.is_empty() => types.iter().any(|t| t == direction.word()),
        _ => direction == Direction::In || spec["egress"].is_array(),
    };
    about
        && policy["metadata"]["namespace"].as_str() == Some(pod.namespace)
        && matches(&spec["podSelector"], &pod.labels)
}

/// Whether policies that are about a pod let a connection through; none lets everything through.
pub(super) fn lets<'p>(
    policies: &[&Value],
    direction: Direction,
    pod: &Pod<'_>,
    peer: Peer<'p>,
    door: Door<'p>,
) -> bool {
    let (rules, peers) = direction.lists();
    policies.is_empty()
        || policies.iter().any(|policy| {
            let rules = policy["spec"][rules].as_array();
            rules.into_iter().flatten().any(|rule| {
                let from = rule[peers].as_array().filter(|list| !list.is_empty());
                let ports = rule["ports"].as_array().filter(|list| !list.is_empty());
                from.is_none_or(|list| list.iter().any(|p| fits(p, pod.namespace, peer)))
                    && ports.is_none_or(|list| list.iter().any(|p| opens(p, door)))
            })
        })
}

fn fits(written: &Value, own: &str, peer: Peer<'_>) -> bool {
    if let Some(block) = written.get("ipBlock") {
        let cidr = block["cidr"].as_str().unwrap_or_default();
        return match peer {
            Peer::Range(range) => {
                let except = block["except"].as_array().into_iter().flatten();
                let mut except = except.filter_map(Value::as_str);
                covers(cidr, range) && !except.any(|e| covers(e, range) || covers(range, e))
            }
            // Where pods have their addresses is the network's own affair, but these are all.
            Peer::Pod(_) => matches!(cidr, "0.0.0.0/0" | "::/0"),
        };
    }
    let Peer::Pod(pod) = peer else {
        return false;
    };
    let here = match written.get("namespaceSelector") {
        Some(selector) => matches(selector, &pod.namespace_labels),
        None => pod.namespace == own,
    };
    here && written
        .get("podSelector")
        .is_none_or(|s| matches(s, &pod.labels))
}

fn opens(written: &Value, door: Door<'_>) -> bool {
    if written["protocol"].as_str().unwrap_or("TCP") != door.protocol {
        return false;
    }
    let number = |value: &Value| value.as_u64().and_then(|n| u16::try_from(n).ok());
    match &written["port"] {
        Value::Null => true,
        Value::String(name) => door.names.get(name.as_str()) == Some(&door.port),
        from => number(from).is_some_and(|from| {
            let to = number(&written["endPort"]).unwrap_or(from);
            (from..=to).contains(&door.port)
        }),
    }
}

/// Whether labels fit a selector; an empty one fits all.
fn matches(selector: &Value, labels: &BTreeMap<&str, &str>) -> bool {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut equal = equal.map(|(key, value)| labels.get(key.as_str()).copied() == value.as_str());
    let expressions = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    let mut expressions = expressions.map(|expression| {
        let held = labels.get(expression["key"].as_str().unwrap_or_default());
        let values = expression["values"].as_array().into_iter().flatten();
        let among = held.is_some_and(|held| values.into_iter().any(|v| v == *held));
        match expression["operator"].as_str() {
            Some("In") => among,
            Some("NotIn") => !among,
            Some("Exists") => held.is_some(),
            Some("DoesNotExist") => held.is_none(),
            _ => false,
        }
    });
    equal.all(|fits| fits) && expressions.all(|fits| fits)
}

/// Whether a range of addresses holds all of another.
pub(super) fn covers(outer: &str, inner: &str) -> bool {
    let (Some((outer, wide)), Some((inner, narrow))) = (range(outer), range(inner)) else {
        return false;
    };
    let (a, b, bits) = match (outer, inner) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let shifted = |address: u128| address.checked_shr(bits - wide).unwrap_or(0);
    wide <= narrow && narrow <= bits && shifted(a) == shifted(b)
}

fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.parse().ok().filter(|length| *length <= most)?;
    Some((address, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod<'a>(namespace: &'a str, name: &'a str) -> Pod<'a> {
        Pod {
            namespace,
            labels: [("app", name)].into(),
            namespace_labels: [("kubernetes.io/metadata.name", namespace)].into(),
            ports: [("http", 8080)].into(),
        }
    }

    fn lets_in(rule: &Value, peer: Peer<'_>, port: u16) -> bool {
        let policy = json!({"metadata": {"namespace": "shop"}, "spec": {"podSelector": {}, "ingress": [rule]}});
        let names = BTreeMap::from([("http", 8080)]);
        let door = Door {
            port,
            protocol: "TCP",
            names: &names,
        };
        let own = pod("shop", "web");
        assert!(selects(&policy, Direction::In, &own));
        assert!(!selects(&policy, Direction::Out, &own));
        lets(&[&policy], Direction::In, &own, peer, door)
    }

    #[test]
    fn rules_are_read_as_kubernetes_reads_them() {
        let (near, far) = (pod("shop", "cart"), pod("pay", "cart"));
        let by_label = json!({"from": [{"podSelector": {"matchLabels": {"app": "cart"}}}]});
        let of_pay = json!({"from": [{"namespaceSelector": {"matchExpressions":
            [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["pay"]}]}, "podSelector": {}}]});
        let cases = [
            ("everybody", json!({}), &far, 1, true),
            ("own namespace", by_label.clone(), &near, 1, true),
            ("not another", by_label, &far, 1, false),
            ("another by its labels", of_pay.clone(), &far, 1, true),
            ("not the own", of_pay, &near, 1, false),
            ("a port", json!({"ports": [{"port": 80}]}), &near, 80, true),
            (
                "another port",
                json!({"ports": [{"port": 80}]}),
                &near,
                81,
                false,
            ),
            (
                "ports",
                json!({"ports": [{"port": 80, "endPort": 90}]}),
                &near,
                85,
                true,
            ),
            (
                "a named port",
                json!({"ports": [{"port": "http"}]}),
                &near,
                8080,
                true,
            ),
            (
                "a name that is none",
                json!({"ports": [{"port": "grpc"}]}),
                &near,
                8080,
                false,
            ),
            (
                "UDP is not TCP",
                json!({"ports": [{"port": 80, "protocol": "UDP"}]}),
                &near,
                80,
                false,
            ),
            (
                "every address",
                json!({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}),
                &near,
                1,
                true,
            ),
        ];
        for (name, rule, peer, port, expected) in cases {
            assert_eq!(lets_in(&rule, Peer::Pod(peer), port), expected, "{name}");
        }
        let block = |except: &[&str]| json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": except}}]});
        assert!(lets_in(&block(&[]), Peer::Range("10.8.0.0/14"), 1));
        assert!(!lets_in(
            &block(&["10.9.0.0/16"]),
            Peer::Range("10.8.0.0/14"),
            1
        ));
        assert!(!lets_in(&block(&[]), Peer::Range("11.0.0.0/14"), 1));
    }

    #[test]
    fn no_policy_is_no_wall_and_an_empty_one_is() {
        let own = pod("shop", "web");
        let names = BTreeMap::new();
        let door = Door {
            port: 80,
            protocol: "TCP",
            names: &names,
        };
        let through =
            |policies: &[&Value]| lets(policies, Direction::In, &own, Peer::Pod(&own), door);
        assert!(through(&[]));
        let deny = json!({"metadata": {"namespace": "shop"}, "spec": {"podSelector": {}}});
        assert!(!through(&[&deny]));
    }

    #[test]
    fn ranges_cover_ranges() {
        for (outer, inner, expected) in [
            ("10.0.0.0/8", "10.8.0.0/14", true),
            ("10.8.0.0/14", "10.0.0.0/8", false),
            ("0.0.0.0/0", "192.0.2.1/32", true),
            ("2001:db8::/32", "2001:db8:1::/48", true),
            ("::/0", "10.0.0.0/8", false),
            ("10.0.0.0/33", "10.0.0.0/8", false),
            ("x", "10.0.0.0/8", false),
        ] {
            assert_eq!(covers(outer, inner), expected, "{outer} {inner}");
        }
    }
}
