//! Container ports and those of the Service in front become the ports of the catalog.

use serde_json::Value;

use super::around::Around;
use super::object::Object;
use super::text::{Field, Item, field};

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) name: String,
    /// What callers use.
    pub(super) port: u16,
    /// What the container listens on.
    pub(super) target: u16,
    pub(super) protocol: String,
    /// Whether the Service in front has it.
    pub(super) called: bool,
    /// What it is called in the container.
    in_pod: Option<String>,
}

/// The ports of a workload's main container at `container`, with those of the Service that stands
/// in front of it.
pub(super) fn ports(
    object: &mut Object,
    container: &str,
    service: Option<&mut Object>,
    around: &mut Around,
) -> Vec<Port> {
    let list = format!("{container}/ports");
    let mut in_pod: Vec<(Option<String>, u16, String)> = Vec::new();
    for index in 0..object.len(&list) {
        let at = format!("{list}/{index}");
        let name = object
            .get(&format!("{at}/name"))
            .as_str()
            .map(str::to_owned);
        let Some(number) = number(object.get(&format!("{at}/containerPort"))) else {
            continue;
        };
        let protocol = protocol(object.get(&format!("{at}/protocol")));
        for known in ["name", "containerPort", "protocol"] {
            object.drop(&format!("{at}/{known}"));
        }
        in_pod.push((name, number, protocol));
    }
    let mut ports: Vec<Port> = Vec::new();
    if let Some(service) = service {
        of_service(service, &in_pod, &mut ports, around);
    }
    for (name, number, protocol) in in_pod {
        let known = |p: &&mut Port| p.target == number && p.protocol == protocol;
        if let Some(port) = ports.iter_mut().find(known) {
            port.in_pod = name;
            continue;
        }
        if ports
            .iter()
            .any(|p| p.port == number && p.protocol == protocol)
        {
            let what = format!("{container}/ports");
            around.tell(
                object,
                &what,
                &format!("port {number} is another one's for callers"),
            );
            continue;
        }
        ports.push(Port {
            name: name.clone().unwrap_or_default(),
            port: number,
            target: number,
            protocol,
            called: false,
            in_pod: name,
        });
    }
    let probed = ["livenessProbe", "readinessProbe", "startupProbe"];
    for probe in probed.map(|p| format!("{container}/{p}")) {
        for (way, word) in [
            ("grpc", "grpc"),
            ("httpGet", "http"),
            ("tcpSocket", "health"),
        ] {
            let asked = object.get(&format!("{probe}/{way}/port")).clone();
            match number(&asked) {
                // A port that only the kubelet knew.
                Some(n) if !ports.iter().any(|p| p.target == n || p.port == n) => {
                    ports.push(Port {
                        name: "health".to_owned(),
                        port: n,
                        target: n,
                        protocol: "TCP".to_owned(),
                        called: false,
                        in_pod: None,
                    })
                }
                _ => {}
            }
            if let Some(port) = find(&mut ports, &asked)
                && port.name.is_empty()
                && word != "health"
            {
                word.clone_into(&mut port.name);
            }
        }
    }
    name(&mut ports);
    ports
}

fn of_service(
    service: &mut Object,
    in_pod: &[(Option<String>, u16, String)],
    ports: &mut Vec<Port>,
    around: &mut Around,
) {
    for index in 0..service.len("/spec/ports") {
        let at = format!("/spec/ports/{index}");
        let Some(port) = number(service.get(&format!("{at}/port"))) else {
            continue;
        };
        let protocol = protocol(service.get(&format!("{at}/protocol")));
        let target = match service.get(&format!("{at}/targetPort")) {
            Value::Null => Some(port),
            Value::String(named) => in_pod
                .iter()
                .find(|(name, ..)| name.as_ref() == Some(named))
                .map(|(_, number, _)| *number),
            other => number(other),
        };
        let Some(target) = target else {
            around.leave(service, &at, "no container port has the name of its target");
            continue;
        };
        let twice = |p: &Port| p.protocol == protocol && (p.target == target || p.port == port);
        if ports.iter().any(twice) {
            around.leave(
                service,
                &at,
                "another port leads to the same one in the pod",
            );
            continue;
        }
        let name = service.text(&format!("{at}/name"));
        let spoken = service.get(&format!("{at}/appProtocol")).as_str();
        let spoken = spoken.map(|s| s.rsplit('/').next().unwrap_or(s).to_owned());
        for known in ["port", "targetPort", "protocol", "appProtocol"] {
            service.drop(&format!("{at}/{known}"));
        }
        ports.push(Port {
            name: name.or(spoken).unwrap_or_default(),
            port,
            target,
            protocol,
            called: true,
            in_pod: None,
        });
    }
}

/// The port that a probe asks, by its name or number in the pod.
pub(super) fn find<'a>(ports: &'a mut [Port], asked: &Value) -> Option<&'a mut Port> {
    match asked {
        Value::String(name) => ports.iter_mut().find(|p| p.in_pod.as_ref() == Some(name)),
        other => {
            let asked = number(other)?;
            ports.iter_mut().find(|p| p.target == asked)
        }
    }
}

/// The port that is meant when none is named: `http`, `grpc`, else the first.
pub(super) fn main(ports: &[Port]) -> Option<&Port> {
    let named = |name: &str| ports.iter().find(|p| p.name == name);
    named("http").or(named("grpc")).or(ports.first())
}

pub(super) fn item(ports: &[Port]) -> Item {
    let one = |p: &Port| {
        if p.port == p.target && p.protocol == "TCP" {
            return Item::plain(p.port);
        }
        let mut fields: Vec<Field> = vec![field("port", Item::plain(p.port))];
        if p.target != p.port {
            fields.push(field("target", Item::plain(p.target)));
        }
        if p.protocol != "TCP" {
            fields.push(field("protocol", Item::plain(&p.protocol)));
        }
        Item::Fields(fields)
    };
    Item::Fields(ports.iter().map(|p| field(&p.name, one(p))).collect())
}

/// Gives each port a name that Kubernetes takes (RFC 6335), and no two the same.
fn name(ports: &mut [Port]) {
    let mut taken: Vec<String> = Vec::new();
    for port in ports {
        let mut name = as_name(
            port.in_pod
                .as_deref()
                .filter(|_| port.name.is_empty())
                .unwrap_or(&port.name),
        );
        if name.is_empty() {
            name = match port.target {
                80 | 8080 => "http".to_owned(),
                443 | 8443 => "https".to_owned(),
                _ => port.protocol.to_ascii_lowercase(),
            };
        }
        if taken.contains(&name) {
            let number = port.port.to_string();
            let stem: String = name.chars().take(14 - number.len()).collect();
            name = format!("{}-{number}", stem.trim_end_matches('-'));
        }
        taken.push(name.clone());
        port.name = name;
    }
}

fn as_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let short: String = name.chars().take(15).collect();
    match short.bytes().any(|b| b.is_ascii_lowercase()) {
        true => short.trim_end_matches('-').to_owned(),
        false => String::new(),
    }
}

fn number(value: &Value) -> Option<u16> {
    let number = match value {
        Value::String(text) => text.parse().ok()?,
        other => u16::try_from(other.as_u64()?).ok()?,
    };
    (number > 0).then_some(number)
}

fn protocol(value: &Value) -> String {
    match value.as_str() {
        Some(known @ ("UDP" | "SCTP")) => known.to_owned(),
        _ => "TCP".to_owned(),
    }
}
