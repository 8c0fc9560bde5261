//! Reading live clusters over real HTTP, from an API server in this process that misbehaves on
//! request: every fault ends in bounded time as the right kind of not knowing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "live/access.rs"]
mod access;
#[path = "support/api_server.rs"]
mod api_server;
#[path = "live/faults.rs"]
mod faults;
#[path = "live/lists.rs"]
mod lists;
#[path = "live/remembered.rs"]
mod remembered;

use std::path::PathBuf;
use std::time::Duration;

use api_server::{ApiServer, Fault, On};
use regen::io::kube::{Limits, Target, read};
use regen::model::live::Want;
use regen::model::live::{GroupKind, LiveState, View};
use regen::model::name::ClusterName;
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t-t0ken-value";

fn gk(group: &str, kind: &str) -> GroupKind {
    GroupKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
    }
}

/// A want by `apiVersion`, kind, and `namespace/name` of the objects.
fn want(api_version: &str, kind: &str, objects: &[&str]) -> Want {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let objects = objects.iter().map(|o| o.split_once('/').unwrap_or(("", o)));
    Want {
        kind: gk(group, kind),
        version: version.to_owned(),
        objects: objects
            .map(|(ns, name)| (ns.to_owned(), name.to_owned()))
            .collect(),
        everywhere: false,
        keep_all: false,
        seek: None,
    }
}

fn object(namespace: &str, name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace}})
}

fn limits() -> Limits {
    Limits {
        budget: Duration::from_secs(20),
        request: Duration::from_secs(10),
        ..Limits::default()
    }
}

/// Impatient ones, for faults that are only over when time is.
fn short() -> Limits {
    Limits {
        budget: Duration::from_millis(1500),
        request: Duration::from_millis(400),
        connect: Duration::from_millis(400),
        ..Limits::default()
    }
}

/// A kubeconfig that goes away with the test.
struct Config {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn config(contexts: &[(&str, &str, &str)]) -> Config {
    let directory = tempfile::tempdir().unwrap();
    let path = api_server::kubeconfig(directory.path(), contexts);
    Config {
        _directory: directory,
        path,
    }
}

fn target(name: &str, config: &Config, wants: &[Want]) -> Target {
    Target {
        cluster: ClusterName::new(name),
        context: Some(name.to_owned()),
        kubeconfig: Some(config.path.clone()),
        cache: None,
        wants: wants.iter().cloned().collect(),
    }
}

/// Reads one cluster, with a token for a user.
fn read_one(server: &ApiServer, wants: &[Want], limits: &Limits) -> LiveState {
    let user = format!("{{token: {SECRET}}}");
    let config = config(&[("a", &server.url(), &user)]);
    let mut states = read(vec![target("a", &config, wants)], limits).unwrap();
    states.remove(&ClusterName::new("a")).unwrap()
}

fn names(state: &LiveState) -> Vec<String> {
    let text = |o: &Value, key: &str| o["metadata"][key].as_str().unwrap_or_default().to_owned();
    state
        .objects
        .iter()
        .map(|o| format!("{}/{}", text(&o.body, "namespace"), text(&o.body, "name")))
        .collect()
}

/// A view as one word and its reason.
fn word(view: Option<&View>) -> String {
    match view {
        None => "unasked".to_owned(),
        Some(View::Complete) => "complete".to_owned(),
        Some(View::NotServed) => "not served".to_owned(),
        Some(View::Namespaces(names)) => {
            format!("in {}", names.iter().cloned().collect::<Vec<_>>().join(","))
        }
        Some(View::Partial(why)) => format!("partial {}", why.reason),
        Some(View::Unreadable(why)) => format!("unreadable {}", why.reason),
    }
}

fn absent(state: &LiveState) -> Vec<String> {
    state.absent.iter().map(ToString::to_string).collect()
}

fn shop() -> ApiServer {
    let server = ApiServer::start();
    server.serve("v1", "ConfigMap", "configmaps", true);
    server.serve("v1", "Namespace", "namespaces", false);
    server.serve("apps/v1", "Deployment", "deployments", true);
    server.put("ConfigMap", object("shop", "conf"));
    server.put("ConfigMap", object("pay", "conf"));
    server.put("Namespace", json!({"metadata": {"name": "shop"}}));
    server.put("Deployment", object("shop", "web"));
    server
}

const CONFIGMAPS: &str = "/api/v1/namespaces/shop/configmaps";
