//! Health probes.

use serde_json::{Value, json};

use super::around::Around;
use super::object::Object;
use super::ports::{self, Port};
use super::text::{Field, Item, field, push};

/// The probes of the container at `container`.
pub(super) fn probes(
    object: &mut Object,
    container: &str,
    ports: &mut [Port],
    around: &mut Around,
) -> Vec<Field> {
    let names = [
        ("liveness", "livenessProbe"),
        ("readiness", "readinessProbe"),
        ("startup", "startupProbe"),
    ];
    let mut fields = Vec::new();
    for (name, kubernetes) in names {
        let at = format!("{container}/{kubernetes}");
        if object.get(&at).is_object()
            && let Some(probe) = probe(object, &at, ports, around)
        {
            fields.push(field(name, Item::Fields(probe)));
        }
    }
    fields
}

fn probe(
    object: &mut Object,
    at: &str,
    ports: &mut [Port],
    around: &mut Around,
) -> Option<Vec<Field>> {
    let ways = ["httpGet", "grpc", "tcpSocket"];
    let Some(way) = ways
        .into_iter()
        .find(|w| object.get(&format!("{at}/{w}")).is_object())
    else {
        around.leave(
            object,
            at,
            "probes ask by http, grpc or tcp; the default one stands in",
        );
        return None;
    };
    let asked = object.get(&format!("{at}/{way}/port")).clone();
    let Some(port) = ports::find(ports, &asked).map(|p| p.name.clone()) else {
        around.leave(
            object,
            at,
            "no port of the container is the one that it asks",
        );
        return None;
    };
    object.drop(&format!("{at}/{way}/port"));
    let is_main = ports::main(ports).is_some_and(|m| m.name == port);
    let mut inner = Vec::new();
    let mut fields = Vec::new();
    if way == "httpGet" {
        let path = object.text(&format!("{at}/httpGet/path"));
        let path = path
            .filter(|p| !p.is_empty())
            .unwrap_or_else(|| "/".to_owned());
        let path = match path.starts_with('/') {
            true => path,
            false => format!("/{path}"),
        };
        object.drop_if(&format!("{at}/httpGet/scheme"), &json!("HTTP"));
        let headers = headers(object, &format!("{at}/httpGet/httpHeaders"));
        if is_main && headers.is_empty() {
            fields.push(field("http", Item::text(path)));
        } else {
            inner.push(field("path", Item::text(path)));
            if !is_main {
                inner.push(field("port", Item::text(port)));
            }
            push(&mut inner, "headers", Item::Fields(headers));
            fields.push(field("http", Item::Fields(inner)));
        }
    } else {
        if way == "grpc" {
            object.drop_if(&format!("{at}/grpc/service"), &json!(""));
        }
        let word = if way == "grpc" { "grpc" } else { "tcp" };
        let item = match is_main {
            true => Item::Fields(Vec::new()),
            false => Item::text(port),
        };
        fields.push(field(word, item));
    }
    let timings = [
        ("initialDelay", "initialDelaySeconds"),
        ("period", "periodSeconds"),
        ("timeout", "timeoutSeconds"),
    ];
    for (name, kubernetes) in timings {
        if let Some(seconds) = object
            .number(&format!("{at}/{kubernetes}"))
            .filter(|s| *s > 0)
        {
            fields.push(field(name, Item::plain(format!("{seconds}s"))));
        }
    }
    if let Some(failures) = object
        .number(&format!("{at}/failureThreshold"))
        .filter(|f| *f > 0)
    {
        fields.push(field("failures", Item::plain(failures)));
    }
    object.drop_if(&format!("{at}/successThreshold"), &json!(1));
    Some(fields)
}

/// The later of two headers with one name counts.
fn headers(object: &mut Object, at: &str) -> Vec<Field> {
    let list = object.take(at);
    let mut fields: Vec<Field> = Vec::new();
    for header in list.as_array().into_iter().flatten() {
        let text = |key: &str| header.get(key).and_then(Value::as_str).unwrap_or_default();
        fields.retain(|f| f.key != text("name"));
        fields.push(field(text("name"), Item::text(text("value"))));
    }
    fields
}
