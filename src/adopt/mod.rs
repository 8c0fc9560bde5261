//! Existing manifests become a catalog: one service per workload, and a list of what stays behind.
//!
//! Fields are taken out of each object one by one; what is left of it in the end is told, so that
//! nothing is lost in silence. Of a Secret only the names of its keys are read.

mod around;
mod calls;
mod env;
mod object;
mod pod;
mod ports;
mod probes;
mod text;
mod volumes;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use around::Left;

use crate::diag::{Code, Diagnostic, Rejected, Sink, Sources, Span};
use crate::yaml::kubernetes;
use around::{Around, Callee};
use object::Object;
use text::{Field, Item, field, push};

/// A catalog made of manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The files of services: path and text, by name.
    pub services: Vec<(String, String)>,
    /// What has no place in the catalog, by object.
    pub left: Vec<Left>,
    /// How many calls were guessed from variables.
    pub guesses: usize,
}

/// At most so many lists inside lists are opened.
const MAX_LISTS: usize = 8;

/// Makes services of the workloads in manifest files.
///
/// # Errors
///
/// When a file is no YAML, or no file holds a Deployment, StatefulSet or CronJob.
pub fn adopt(sources: &Sources, sink: &mut Sink) -> Result<Adoption, Rejected> {
    let mut left = Vec::new();
    let mut objects = read(sources, &mut left, sink)?;
    let workloads: Vec<usize> = (0..objects.len())
        .filter(|i| workload::template(&objects[*i].kind).is_some() && !objects[*i].is_owned())
        .collect();
    if workloads.is_empty() {
        let fault = Diagnostic::new(
            Code::NothingToAdopt,
            format!("no workload among {} objects", objects.len()),
        );
        return Err(sink.reject(fault.help(
            "give manifests with a Deployment, a StatefulSet or a CronJob, such as \
             `kubectl get deploy,sts,cronjob,svc,hpa,cm -o yaml`",
        )));
    }
    let mut around = Around::new(&objects);
    around.left = left;
    let mut drafts: Vec<Draft> = Vec::new();
    for index in workloads {
        let taken = drafts.iter().map(|d| d.caller.service.as_str()).collect();
        let draft = draft(index, &mut objects, &taken, &mut around);
        drafts.push(draft);
    }
    around.settle(&mut objects);
    drafts.sort_by(|a, b| a.caller.service.cmp(&b.caller.service));
    let (callers, rest): (Vec<_>, Vec<_>) = drafts
        .into_iter()
        .map(|d| (d.caller, (d.head, d.fields)))
        .unzip();
    let mut calls = calls::guess(&callers, &around);
    let mut guesses = 0;
    let mut services = Vec::new();
    for (caller, (head, mut fields)) in callers.into_iter().zip(rest) {
        if let Some(item) = calls.remove(&caller.service) {
            if let Item::List(list) = &item {
                guesses += list.len();
            }
            fields.push(field("calls", item));
        }
        let path = format!("services/{}.yaml", caller.service);
        services.push((path, text::document(&head, &fields)));
    }
    let mut left = around.left;
    objects.iter().for_each(|o| rest_of(o, &mut left));
    left.sort_by_cached_key(|l| (l.object.clone(), in_order(&l.path), l.why.clone()));
    left.dedup();
    Ok(Adoption {
        services,
        left,
        guesses,
    })
}

/// A path whose indices sort as numbers.
fn in_order(path: &str) -> Vec<(usize, String)> {
    let index = |part: &str| part.split(']').next().and_then(|n| n.parse().ok());
    path.split('[')
        .map(|part| (index(part).unwrap_or(0), part.to_owned()))
        .collect()
}

/// A service before it is known whom it calls.
struct Draft {
    caller: calls::Caller,
    head: String,
    fields: Vec<Field>,
}

fn draft(
    index: usize,
    objects: &mut [Object],
    taken: &BTreeSet<&str>,
    around: &mut Around,
) -> Draft {
    let mut object = std::mem::take(&mut objects[index]);
    object.adopted = true;
    let near = |o: &Object| o.namespace == object.namespace;
    let in_front = in_front(&object, objects);
    let scaler = objects.iter().position(|o| {
        let target = |key: &str| o.get(&format!("/spec/scaleTargetRef/{key}")).as_str();
        o.kind == "HorizontalPodAutoscaler"
            && near(o)
            && target("kind") == Some(&object.kind)
            && target("name") == Some(&object.name)
    });
    let wanted = in_front.map_or(&object.name, |i| &objects[i].name);
    let name = name(wanted, &object.namespace, taken);
    if name != object.name {
        around.tell(
            &object,
            "/metadata/name",
            &format!("the service is called `{name}`"),
        );
    }
    let mut origin = vec![object.shown()];
    let parts = in_front.into_iter().chain(scaler);
    origin.extend(parts.map(|i| objects[i].shown()));
    for other in objects.iter_mut() {
        let is_account = other.kind == "ServiceAccount" && other.name == name;
        if is_account && other.namespace == object.namespace {
            other.adopted = true;
            other.drop_if("/automountServiceAccountToken", &Value::Bool(false));
        }
    }
    let template = workload::template(&object.kind).unwrap_or_default();
    let at = format!("{template}/spec");
    let main = pod::main_container(&object, &at, &name).unwrap_or_else(|| format!("{at}/none"));
    let mut service = in_front.map(|i| std::mem::take(&mut objects[i]));
    let mut ports = ports::ports(&mut object, &main, service.as_mut(), around);
    if let (Some(i), Some(mut service)) = (in_front, service) {
        workload::in_front(&mut service);
        let named = (service.namespace.clone(), service.name.clone());
        let callee = Callee {
            service: name.clone(),
            ports: ports.clone(),
        };
        around.callees.insert(named, callee);
        objects[i] = service;
    }
    let scaler = scaler.map(|i| &mut objects[i]);
    let (mut fields, after) = workload::fields(&mut object, scaler, around);
    let of_pod = pod::fields(&mut object, (&at, &main), &name, &mut ports, around);
    let texts = texts(&of_pod);
    fields.extend(of_pod);
    fields.extend(after);
    let mut top = vec![field("service", Item::text(&name))];
    match object.namespace.as_str() {
        "default" => {}
        reserved if reserved.starts_with("kube-") => {
            let why = "belongs to Kubernetes; here it is the fleet's own";
            around.tell(&object, "/metadata/namespace", why);
        }
        other => top.push(field("namespace", Item::text(other))),
    }
    push(&mut top, "workload", Item::Lines(fields));
    let caller = calls::Caller {
        service: name,
        namespace: object.namespace.clone(),
        texts,
    };
    objects[index] = object;
    Draft {
        caller,
        head: format!("From {}.", origin.join(", ")),
        fields: top,
    }
}

/// The Service whose name callers use: the one named like the workload, else the first that is no
/// headless one, else the first.
fn in_front(object: &Object, objects: &[Object]) -> Option<usize> {
    let all: Vec<usize> = (0..objects.len())
        .filter(|i| {
            let o = &objects[*i];
            o.kind == "Service"
                && !o.adopted
                && o.namespace == object.namespace
                && workload::selects(o.get("/spec/selector"), object)
        })
        .collect();
    let named = all.iter().find(|i| objects[**i].name == object.name);
    let plain = |i: &&usize| {
        let kind = objects[**i].get("/spec/type");
        objects[**i].get("/spec/clusterIP") != "None" && (kind.is_null() || kind == "ClusterIP")
    };
    named.or(all.iter().find(plain)).or(all.first()).copied()
}

/// The variables whose values are texts.
fn texts(fields: &[Field]) -> Vec<(String, String)> {
    let env = fields.iter().find(|f| f.key == "env");
    let inner = match env.map(|f| &f.item) {
        Some(Item::Lines(inner) | Item::Fields(inner)) => inner.as_slice(),
        _ => &[],
    };
    let text = |f: &Field| match &f.item {
        Item::Text(text) => Some((f.key.clone(), text.clone())),
        _ => None,
    };
    inner.iter().filter_map(text).collect()
}

/// The nearest RFC 1035 label that no other service has.
fn name(wanted: &str, namespace: &str, taken: &BTreeSet<&str>) -> String {
    let lower = wanted.to_ascii_lowercase();
    let label: String = lower
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(50)
        .collect();
    let label = label.trim_matches('-');
    let label = match label.starts_with(|c: char| c.is_ascii_lowercase()) {
        true => label.to_owned(),
        false => format!("s{label}"),
    };
    let more = std::iter::once(format!("{label}-{namespace}"));
    let counted = (2..).map(|n| format!("{label}-{n}"));
    std::iter::once(label.clone())
        .chain(more)
        .chain(counted)
        .find(|n| !taken.contains(n.as_str()))
        .unwrap_or(label)
}

/// Every object of the files, lists opened.
fn read(sources: &Sources, left: &mut Vec<Left>, sink: &mut Sink) -> Result<Vec<Object>, Rejected> {
    let before = sink.errors();
    let mut objects: Vec<Object> = Vec::new();
    let mut known = BTreeMap::new();
    for (id, source) in sources.iter() {
        let documents = match kubernetes::parse(source.text()) {
            Ok(documents) => documents,
            Err(fault) => {
                let at = source.offset(fault.line, fault.column);
                let mut told =
                    Diagnostic::new(Code::YamlSyntax, fault.message).at(Span::new(id, at, at), "");
                told.help.extend(fault.help);
                sink.emit(told);
                continue;
            }
        };
        for document in documents {
            let place = format!("{}:{}", source.path(), document.line);
            for (pointer, line) in &document.duplicate_keys {
                left.push(Left {
                    object: format!("{}:{line}", source.path()),
                    path: object::shown(pointer),
                    why: "stands twice; the later one counts".to_owned(),
                });
            }
            let mut bodies = Vec::new();
            open(document.value, None, 0, &mut bodies);
            for body in bodies {
                match Object::new(body) {
                    Some(new) => {
                        let key = (new.kind.clone(), new.namespace.clone(), new.name.clone());
                        match known.get(&key) {
                            Some(index) => {
                                left.push(Left {
                                    object: new.shown(),
                                    path: String::new(),
                                    why: format!("stands twice; the one at {place} counts"),
                                });
                                objects[*index] = new;
                            }
                            None => {
                                known.insert(key, objects.len());
                                objects.push(new);
                            }
                        }
                    }
                    None => left.push(Left {
                        object: place.clone(),
                        path: String::new(),
                        why: "no Kubernetes object: it has no `apiVersion`, `kind` or name"
                            .to_owned(),
                    }),
                }
            }
        }
    }
    sink.since(before)?;
    Ok(objects)
}

fn open(mut value: Value, list: Option<(&str, &str)>, depth: usize, bodies: &mut Vec<Value>) {
    if let (Some((api_version, kind)), Some(map)) = (list, value.as_object_mut()) {
        map.entry("apiVersion")
            .or_insert_with(|| api_version.into());
        map.entry("kind").or_insert_with(|| kind.into());
    }
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    match (kind.strip_suffix("List"), value.get_mut("items")) {
        (Some(element), Some(Value::Array(items))) if depth < MAX_LISTS => {
            let typed = (!element.is_empty()).then_some((api_version.as_str(), element));
            for item in std::mem::take(items) {
                open(item, typed, depth + 1, bodies);
            }
        }
        _ => bodies.push(value),
    }
}

/// What was not carried over of an object.
fn rest_of(object: &Object, left: &mut Vec<Left>) {
    let kind = object.kind.split('.').next().unwrap_or_default();
    let why = match kind {
        _ if object.is_owned() => "a controller made it",
        "Secret" => "its values are never read; keep it where it comes from",
        "Namespace" => "rendered for each namespace of the catalog",
        "NetworkPolicy" => "rendered from `calls` and `exposure`",
        "PodDisruptionBudget" => "rendered from `tier` and `scale`",
        "Ingress" | "HTTPRoute" | "Gateway" | "VirtualService" => "write `exposure` instead",
        "Service" if !object.adopted => {
            "no workload is its own, or another Service of the same pods was chosen"
        }
        "ConfigMap" => "no workload reads it",
        "ServiceAccount" if !object.adopted => "each service has an account of its own name",
        _ if object.adopted => "the catalog has no field for it",
        _ => "the catalog has no place for this kind; a template of your own can render it",
    };
    let tell = |path: String| Left {
        object: object.shown(),
        path,
        why: why.to_owned(),
    };
    match object.adopted {
        true => left.extend(object.rest().into_iter().map(tell)),
        false => left.push(tell(String::new())),
    }
}
