//! The pod of a workload: its main container, what runs before it, who it runs as.

use serde_json::{Value, json};

use super::around::Around;
use super::object::Object;
use super::ports::{self, Port};
use super::text::{Field, Item, field, push};
use super::{env, probes, volumes};
use crate::model::quantity::Quantity;

/// Where the main container of the pod at `pod` stands: the one named like the service, else the
/// first.
pub(super) fn main_container(object: &Object, pod: &str, service: &str) -> Option<String> {
    let list = format!("{pod}/containers");
    let named = |i: &usize| object.get(&format!("{list}/{i}/name")) == service;
    let count = object.len(&list);
    let index = (0..count).find(named).or((count > 0).then_some(0))?;
    Some(format!("{list}/{index}"))
}

/// The fields of `workload` that come from the pod, image first.
pub(super) fn fields(
    object: &mut Object,
    (pod, container): (&str, &str),
    service: &str,
    ports: &mut [Port],
    around: &mut Around,
) -> Vec<Field> {
    let mut fields = Vec::new();
    let image = object
        .text(&format!("{container}/image"))
        .unwrap_or_default();
    if !is_pinned(&image) {
        let at = format!("{container}/image");
        around.tell(
            object,
            &at,
            "carried over, and `regen check` will ask for a version",
        );
    }
    fields.push(field("image", Item::text(image)));
    for key in ["command", "args"] {
        let texts = object.texts(&format!("{container}/{key}"));
        push(&mut fields, key, Item::texts(texts));
    }
    push(&mut fields, "ports", ports::item(ports));
    let variables = env::variables(object, container, around);
    push(&mut fields, "env", lines(variables));
    push(
        &mut fields,
        "resources",
        resources(object, container, around),
    );
    let probes = probes::probes(object, container, ports, around);
    push(&mut fields, "probes", lines(probes));
    let mounted = volumes::mounts(object, pod, container, around);
    push(&mut fields, "files", lines(mounted.files));
    push(&mut fields, "volumes", lines(mounted.volumes));
    push(&mut fields, "init", init(object, pod, service, around));
    push(
        &mut fields,
        "security",
        security(object, pod, container, around),
    );
    if let Some(seconds) = object.number(&format!("{pod}/terminationGracePeriodSeconds"))
        && seconds != 30
    {
        fields.push(field(
            "terminationGrace",
            Item::plain(format!("{seconds}s")),
        ));
    }
    object.drop(&format!("{container}/name"));
    assumed(object, pod, container, service);
    fields
}

fn lines(fields: Vec<Field>) -> Item {
    match fields.len() {
        1 if fields[0].note.is_none() => Item::Fields(fields),
        _ => Item::Lines(fields),
    }
}

/// What Kubernetes assumes, and what the rendered pods have as well.
fn assumed(object: &mut Object, pod: &str, container: &str, service: &str) {
    let of_pod = [
        ("restartPolicy", json!("Always")),
        ("restartPolicy", json!("OnFailure")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("automountServiceAccountToken", json!(false)),
        ("serviceAccountName", json!(service)),
        ("serviceAccount", json!(service)),
        ("serviceAccountName", json!("default")),
        ("serviceAccount", json!("default")),
    ];
    for (key, value) in of_pod {
        object.drop_if(&format!("{pod}/{key}"), &value);
    }
    let of_container = [
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("imagePullPolicy", json!("IfNotPresent")),
        ("securityContext/allowPrivilegeEscalation", json!(false)),
        ("securityContext/privileged", json!(false)),
        ("securityContext/capabilities/drop", json!(["ALL"])),
        ("securityContext/capabilities/drop", json!(["all"])),
    ];
    let inits = (0..object.len(&format!("{pod}/initContainers")))
        .map(|i| format!("{pod}/initContainers/{i}"));
    for at in inits.chain([container.to_owned()]).collect::<Vec<_>>() {
        for (key, value) in &of_container {
            object.drop_if(&format!("{at}/{key}"), value);
        }
    }
}

fn is_pinned(image: &str) -> bool {
    if image.contains('@') {
        return true;
    }
    let path = image.rsplit('/').next().unwrap_or(image);
    path.split_once(':')
        .is_some_and(|(_, tag)| !matches!(tag, "" | "latest"))
}

/// Kubernetes asks for as much as the limit where only that is written.
fn resources(object: &mut Object, container: &str, around: &mut Around) -> Item {
    let mut asked = Vec::new();
    let mut limits = Vec::new();
    for key in ["cpu", "memory"] {
        let request = quantity(
            object,
            &format!("{container}/resources/requests/{key}"),
            around,
        );
        let limit = quantity(
            object,
            &format!("{container}/resources/limits/{key}"),
            around,
        );
        if let Some(amount) = request.or_else(|| limit.clone()) {
            asked.push(field(key, Item::plain(amount)));
            if key == "memory" && limit.is_none() {
                let at = format!("{container}/resources/limits");
                around.tell(
                    object,
                    &at,
                    "no memory limit there; here it is what is asked for",
                );
            }
        }
        if let Some(limit) = limit {
            limits.push(field(key, Item::plain(limit)));
        }
    }
    if asked.is_empty() {
        let at = format!("{container}/resources");
        around.tell(
            object,
            &at,
            "nothing is asked for; `regen explain` shows the default",
        );
    }
    push(&mut asked, "limits", Item::Fields(limits));
    Item::Fields(asked)
}

fn quantity(object: &mut Object, at: &str, around: &mut Around) -> Option<String> {
    let text = match object.get(at) {
        Value::Null => return None,
        Value::Number(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let zero = Quantity::parse("0");
    match Quantity::parse(&text) {
        Some(quantity) if zero.is_some_and(|zero| quantity > zero) => {
            object.drop(at);
            Some(text)
        }
        _ => {
            around.leave(object, at, "is not more than nothing");
            None
        }
    }
}

fn init(object: &mut Object, pod: &str, service: &str, around: &mut Around) -> Item {
    let mut list: Vec<(Item, Option<String>)> = Vec::new();
    let containers = format!("{pod}/initContainers");
    for index in 0..object.len(&containers) {
        let at = format!("{containers}/{index}");
        if object.get(&format!("{at}/restartPolicy")) == "Always" {
            around.leave(
                object,
                &at,
                "the catalog has no containers that run beside the main one",
            );
            continue;
        }
        let name = object.text(&format!("{at}/name")).unwrap_or_default();
        let name = match name == service {
            true => format!("{name}-init"),
            false => name,
        };
        let image = object.text(&format!("{at}/image")).unwrap_or_default();
        if !is_pinned(&image) {
            let at = format!("{at}/image");
            around.tell(
                object,
                &at,
                "carried over, and `regen check` will ask for a version",
            );
        }
        let mut fields = vec![
            field("name", Item::text(name)),
            field("image", Item::text(image)),
        ];
        for key in ["command", "args"] {
            let texts = object.texts(&format!("{at}/{key}"));
            push(&mut fields, key, Item::texts(texts));
        }
        let variables = env::variables(object, &at, around);
        push(&mut fields, "env", lines(variables));
        list.push((Item::Fields(fields), None));
    }
    Item::List(list)
}

/// The container's own word counts before the pod's.
fn security(object: &mut Object, pod: &str, container: &str, around: &mut Around) -> Item {
    let (inner, outer) = (
        format!("{container}/securityContext"),
        format!("{pod}/securityContext"),
    );
    let mut fields = Vec::new();
    let id = |key: &str, object: &mut Object| {
        let (own, pods) = (
            object.number(&format!("{inner}/{key}")),
            object.number(&format!("{outer}/{key}")),
        );
        own.or(pods)
    };
    let user = id("runAsUser", object);
    let group = id("runAsGroup", object);
    match user {
        Some(0) => {
            let why = "root is refused; here it runs as 1000";
            around.tell(object, &format!("{inner}/runAsUser"), why);
        }
        Some(user) => fields.push(field("user", Item::plain(user))),
        None => {
            let why = "none there, which means the image's user; here it runs as 1000";
            around.tell(object, &format!("{inner}/runAsUser"), why);
        }
    }
    let user = user.filter(|u| *u != 0).unwrap_or(1000);
    if let Some(group) = group.filter(|g| *g != user) {
        fields.push(field("group", Item::plain(group)));
    }
    let group = group.unwrap_or(user);
    object.drop_if(&format!("{outer}/fsGroup"), &json!(group));
    if object.take(&format!("{inner}/readOnlyRootFilesystem")) != true {
        fields.push(field("writableRoot", Item::plain(true)));
    } else {
        for index in 0..object.len(&format!("{pod}/initContainers")) {
            let at = format!("{pod}/initContainers/{index}/securityContext");
            object.drop_if(&format!("{at}/readOnlyRootFilesystem"), &json!(true));
        }
    }
    for at in [inner, outer] {
        object.drop_if(&format!("{at}/runAsNonRoot"), &json!(true));
        object.drop_if(
            &format!("{at}/seccompProfile/type"),
            &json!("RuntimeDefault"),
        );
    }
    Item::Fields(fields)
}
