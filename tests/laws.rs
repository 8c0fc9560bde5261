//! What holds for whatever is rendered, from files to manifests: the order of writing changes
//! nothing, identities are unique, selectors and ports meet, the declared calls are allowed and no
//! others, and any text arrives as that text.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regen::diag::Sink;
use regen::io;
use regen::model::input::{Content, InputFile};
use regen::model::manifest::ManifestSet;
use regen::pipeline::{self, Input, Planned};
use regen::plan;
use regen::yaml::kubernetes;
use serde_json::{Map, Value, json};

fn read(dir: &Path) -> Input {
    let mut input = Input::default();
    input.files = io::files::read_fleet(dir, &mut input.sources).expect("readable");
    input
}

fn render(input: &Input) -> (Planned, ManifestSet) {
    let mut sink = Sink::new();
    let both = pipeline::plan(input, &plan::Options::default(), &mut sink).and_then(|planned| {
        let set = pipeline::render(input, &planned, &mut sink)?;
        Ok((planned, set))
    });
    both.unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()))
}

fn texts(set: &ManifestSet) -> BTreeMap<&str, String> {
    let files = set.files.iter();
    files
        .map(|(path, f)| (path.as_str(), f.text.to_string()))
        .collect()
}

/// The objects of each cluster's files, as Kubernetes reads them.
fn clusters(set: &ManifestSet) -> BTreeMap<String, Vec<Value>> {
    let mut clusters: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let manifests = set.files.iter();
    // Runbooks are text for people.
    for (path, file) in manifests.filter(|(path, _)| path.as_str().starts_with("clusters/")) {
        let folder: Vec<&str> = path.as_str().split('/').take(3).collect();
        let read = kubernetes::parse(&file.text.whole()).expect("readable");
        let objects = read.into_iter().map(|d| d.value);
        clusters
            .entry(folder.join("/"))
            .or_default()
            .extend(objects);
    }
    clusters
}

/// The same document with every mapping written in the opposite order, as JSON, which is YAML.
fn turned(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev();
            let members: Vec<String> = members
                .map(|(k, v)| format!("{}: {}", json!(k), turned(v)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(turned).collect();
            format!("[{}]", items.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn the_order_of_keys_and_files_changes_no_byte() {
    let input = read(&support::example());
    let (_, straight) = render(&input);
    let mut other = Input::default();
    for (path, source) in input.texts() {
        let text = input.sources.get(source).shared_text();
        let text = match path.ends_with(".yaml") {
            true => turned(&kubernetes::parse(&text).expect("readable")[0].value),
            false => text.to_string(),
        };
        let content = Content::Text(other.sources.add(path, text));
        let path = path.to_owned();
        other.files.insert(0, InputFile { path, content });
    }
    let (_, reversed) = render(&other);
    assert_eq!(texts(&straight), texts(&reversed));
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or("")
}

#[test]
fn no_identity_is_there_twice_in_a_cluster() {
    let (_, set) = render(&read(&support::example()));
    for (cluster, objects) in clusters(&set) {
        let mut seen = BTreeSet::new();
        for object in &objects {
            let group = text(object, "/apiVersion")
                .rsplit_once('/')
                .map_or("", |(g, _)| g);
            let id = ["/kind", "/metadata/namespace", "/metadata/name"].map(|p| text(object, p));
            assert!(seen.insert((group, id)), "{cluster}: {id:?}");
        }
        assert!(seen.len() > 50, "{cluster} holds a shop");
    }
}

/// Whether a label selector matches, as Kubernetes decides; only `matchLabels` is rendered.
fn matches(selector: &Value, labels: &Map<String, Value>) -> bool {
    let known = selector
        .as_object()
        .is_some_and(|s| s.keys().all(|k| k == "matchLabels"));
    assert!(known, "{selector}");
    let wanted = selector.get("matchLabels").and_then(Value::as_object);
    wanted
        .into_iter()
        .flatten()
        .all(|(k, v)| labels.get(k) == Some(v))
}

/// The pods of a workload.
struct Pod {
    service: String,
    namespace: String,
    labels: Map<String, Value>,
    ports: BTreeMap<String, u64>,
}

fn pods(objects: &[Value]) -> Vec<Pod> {
    let workloads = objects
        .iter()
        .filter(|o| o.pointer("/spec/template/spec").is_some());
    let pods = workloads.map(|o| {
        let labels = o["spec"]["template"]["metadata"]["labels"]
            .as_object()
            .expect("labels");
        let containers = o["spec"]["template"]["spec"]["containers"]
            .as_array()
            .expect("a list");
        let ports = containers
            .iter()
            .flat_map(|c| c["ports"].as_array().into_iter().flatten());
        Pod {
            service: text(o, "/metadata/name").to_owned(),
            namespace: text(o, "/metadata/namespace").to_owned(),
            labels: labels.clone(),
            ports: ports
                .map(|p| {
                    (
                        text(p, "/name").to_owned(),
                        p["containerPort"].as_u64().expect("a port"),
                    )
                })
                .collect(),
        }
    });
    pods.collect()
}

#[test]
fn selectors_select_and_ports_meet() {
    let (_, set) = render(&read(&support::example()));
    for (cluster, objects) in clusters(&set) {
        let pods = pods(&objects);
        for object in &objects {
            let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
            let own = || pods.iter().find(|p| p.service == name).expect(name);
            let at = format!("{cluster}: {kind} {name}");
            match kind {
                "Deployment" | "StatefulSet" => {
                    assert!(matches(&object["spec"]["selector"], &own().labels), "{at}");
                }
                "PodDisruptionBudget" => {
                    let one = |p: &&Pod| matches(&object["spec"]["selector"], &p.labels);
                    assert_eq!(pods.iter().filter(one).count(), 1, "{at}");
                }
                // An alias selects nothing.
                "Service" if text(object, "/spec/type") != "ExternalName" => {
                    let selector = json!({"matchLabels": object["spec"]["selector"]});
                    let chosen: Vec<&Pod> = pods
                        .iter()
                        .filter(|p| matches(&selector, &p.labels))
                        .collect();
                    assert_eq!(chosen.len(), 1, "{at}");
                    for port in object["spec"]["ports"].as_array().expect("a list") {
                        let target = text(port, "/targetPort");
                        assert!(chosen[0].ports.contains_key(target), "{at}: {target}");
                    }
                }
                "HorizontalPodAutoscaler" => {
                    let target = &object["spec"]["scaleTargetRef"];
                    let found = objects.iter().any(|o| {
                        o["kind"] == target["kind"] && o["metadata"]["name"] == target["name"]
                    });
                    assert!(found, "{at}");
                }
                _ => {}
            }
        }
    }
}

/// Whether policies let traffic between two pods of a cluster through at one end: where a policy
/// selects the pod for the direction, some rule of some such policy must name the other end.
fn allowed(objects: &[Value], own: &Pod, other: &Pod, port: u64, end: (&str, &str, &str)) -> bool {
    let (direction, rules, peers) = end;
    let policies: Vec<&Value> = objects
        .iter()
        .filter(|o| o["kind"] == "NetworkPolicy" && text(o, "/metadata/namespace") == own.namespace)
        .map(|o| &o["spec"])
        .filter(|s| {
            s["policyTypes"]
                .as_array()
                .expect("types")
                .contains(&json!(direction))
        })
        .filter(|s| matches(&s["podSelector"], &own.labels))
        .collect();
    let here = |peer: &Value| {
        if peer.get("ipBlock").is_some() {
            return false; // addresses of other clusters
        }
        let name = json!({"kubernetes.io/metadata.name": other.namespace});
        let in_namespace = match peer.get("namespaceSelector") {
            Some(selector) => matches(selector, name.as_object().expect("labels")),
            None => own.namespace == other.namespace,
        };
        let selected = peer
            .get("podSelector")
            .is_none_or(|s| matches(s, &other.labels));
        in_namespace && selected
    };
    let lets = |rule: &Value| {
        let ports = rule.get("ports").and_then(Value::as_array);
        let by_port = ports.is_none_or(|list| {
            list.iter()
                .any(|p| p["port"].as_u64() == Some(port) && p["protocol"] == "TCP")
        });
        let ends = rule.get(peers).and_then(Value::as_array);
        by_port && ends.is_none_or(|list| list.iter().any(here))
    };
    let mut all = policies
        .iter()
        .flat_map(|s| s.get(rules).and_then(Value::as_array));
    policies.is_empty() || all.any(|rules| rules.iter().any(lets))
}

#[test]
fn the_declared_calls_are_allowed_at_both_ends_and_no_others() {
    let (planned, set) = render(&read(&support::example()));
    let mut declared = BTreeSet::new();
    for (key, service) in &planned.world.services {
        for call in &service.calls {
            declared.insert((key.service.to_string(), call.service.value.to_string()));
        }
    }
    let ingress = ("Ingress", "ingress", "from");
    let egress = ("Egress", "egress", "to");
    let mut met = BTreeSet::new();
    for (cluster, objects) in clusters(&set) {
        let pods = pods(&objects);
        for from in &pods {
            for to in pods.iter().filter(|to| to.service != from.service) {
                for (name, port) in &to.ports {
                    let edge = (from.service.clone(), to.service.clone());
                    let ends = [
                        allowed(&objects, from, to, *port, egress),
                        allowed(&objects, to, from, *port, ingress),
                    ];
                    let expected = declared.contains(&edge);
                    assert_eq!(ends, [expected; 2], "{cluster}: {edge:?} {name}");
                    met.extend(expected.then_some(edge));
                }
            }
        }
    }
    assert_eq!(met, declared);
}

/// What YAML, templates, Kubernetes or a terminal might take for something else.
#[rustfmt::skip]
const HOSTILE: &[&str] = &[
    "NO", "on", "~", "null", "1e3", "0777", "12:30", "1.10", "0x1F", "2026-01-02", "=", "<<",
    "-", "", " lead", "trail ", "a: b", "a #b", "'", "\"", "{{ 7 * 7 }}", "{% raw %}", "{# x #}",
    "$(HOME)", "*a", "&a", "!!str x", "---", "...", "a\nb", "a\n\nb\n", "\n", "\ttab", "a\tb",
    "\u{85}", "\u{2028}", "\u{feff}", "\u{7f}", "é", "🚀", "%", "@", "`", "{a: b}", "[a]", "|",
    ">", "? a", "- a", "\\", "\\n", "\u{1b}[31m",
];

/// A text between quotes, with escapes for what may not stand in YAML as it is.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() || "\u{2028}\u{feff}".contains(c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// The text itself where it may be a label, as teams must be.
fn team(text: &str) -> &str {
    let label = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if label && !text.is_empty() && !text.starts_with('.') {
        text
    } else {
        "shop"
    }
}

#[test]
fn any_text_arrives_as_that_text() {
    let fleet = support::example_copy();
    for (index, hostile) in HOSTILE.iter().enumerate() {
        let quoted = quoted(hostile);
        let service = format!(
            "service: h{index}\nowner: {{team: {team}, oncall: {quoted}}}\nplacement: {{regions: [eu-central-1]}}\nfailover: none\nworkload:\n  image: \"registry.example/h:1.0\"\n  ports: {{http: 8080}}\n  env: {{X: {quoted}}}\n  args: [{quoted}]\n  files: {{/etc/h: {quoted}}}\n",
            team = self::quoted(team(hostile)),
        );
        let path = fleet.path().join(format!("services/h{index}.yaml"));
        std::fs::write(path, service).expect("written");
    }
    let own = "{# scope: service #}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ service }}-owner\n  namespace: {{ namespace }}\n  annotations:\n    shop.example/oncall: {{ owner.oncall }}\ndata:\n  oncall: \"at {{ owner.oncall }}\"\n";
    std::fs::create_dir_all(fleet.path().join("templates/own")).expect("created");
    std::fs::write(fleet.path().join("templates/own/owner.yaml.j2"), own).expect("written");
    let (_, set) = render(&read(fleet.path()));
    let objects = clusters(&set)
        .remove("clusters/eu-central-1/euc1-a")
        .expect("rendered");
    for (index, hostile) in HOSTILE.iter().enumerate() {
        let find = |kind: &str, name: String| {
            let found = objects
                .iter()
                .find(|o| text(o, "/kind") == kind && text(o, "/metadata/name") == name);
            found.unwrap_or_else(|| panic!("{kind} {name}"))
        };
        let pod = &find("Deployment", format!("h{index}"))["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(container["env"][0]["value"], **hostile);
        assert_eq!(container["args"][0], **hostile);
        let files = find("ConfigMap", format!("h{index}-files"));
        assert_eq!(files["data"]["etc_h"], **hostile, "{files}");
        let owner = find("ConfigMap", format!("h{index}-owner"));
        let annotation = &owner["metadata"]["annotations"]["shop.example/oncall"];
        assert_eq!(*annotation, **hostile);
        assert_eq!(owner["data"]["oncall"], format!("at {hostile}"));
        let marked = objects
            .iter()
            .filter(|o| text(o, "/metadata/name") == format!("h{index}"));
        for object in marked {
            let label = object.pointer("/metadata/labels/regen.dev~1team");
            assert_eq!(label, Some(&json!(team(hostile))));
        }
    }
}
