//! One cluster, from its kubeconfig context to its live state.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::connect;
use super::discovery::{self, Resource, Served, Serving};
use super::fault::Fault;
use super::kind::{self, Reading};
use super::session::{JSON, Session};
use super::{Limits, Target};
use crate::io::item::Item;
use crate::model::live::{GroupKind, LiveObject, LiveState, Unreadable, View, Want};

/// Groups whose schemas regen carries; those of others come from the cluster.
const BUILT_IN: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Reads one cluster; never fails, the state says what could not be read.
pub(super) async fn read(target: &Target, limits: &Limits) -> LiveState {
    let deadline = Instant::now() + limits.budget;
    let connection = match tokio::time::timeout_at(deadline, connect::connect(target, limits)).await
    {
        Ok(Ok(connection)) => connection,
        Ok(Err(fault)) => return unreadable(target, &fault),
        Err(_) => {
            let detail = format!(
                "the credential plugin did not finish within {} ms",
                limits.budget.as_millis()
            );
            return unreadable(target, &Fault::new("CredentialPlugin", detail));
        }
    };
    let session = Session::new(connection, target.cache.as_deref(), limits, deadline);
    let mut state = match discover(&session, target).await {
        Ok(served) => kinds(&session, target, &served).await,
        Err(fault) => unreadable(target, &fault),
    };
    state.requests = session.requests();
    state.now = session.now();
    state
}

fn unreadable(target: &Target, fault: &Fault) -> LiveState {
    let mut why = fault.unreadable();
    why.detail = match &target.context {
        Some(context) => format!(
            "cluster `{}`, context `{context}`: {}",
            target.cluster, why.detail
        ),
        None => format!("cluster `{}`: {}", target.cluster, why.detail),
    };
    LiveState {
        unreadable: Some(why),
        ..LiveState::default()
    }
}

async fn discover(session: &Session<'_>, target: &Target) -> Result<Served, Fault> {
    let groups: BTreeSet<&str> = target.wants.iter().map(|w| w.kind.group.as_str()).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    discovery::discover(session, &groups).await
}

async fn kinds(session: &Session<'_>, target: &Target, served: &Served) -> LiveState {
    let mut state = LiveState::default();
    let again = OnceCell::new();
    let mut documents = BTreeSet::new();
    let mut readings = Vec::new();
    for want in &target.wants {
        match served.find(&want.kind, &want.version) {
            Serving::At(resource) => {
                state
                    .namespaced
                    .insert(want.kind.clone(), resource.namespaced);
                if !BUILT_IN.contains(&resource.group.as_str()) {
                    documents.insert(resource.api_version());
                }
                readings.push((want, resource));
            }
            Serving::Not => merge(&mut state, want, View::NotServed),
            Serving::Unsure(why) => {
                let view = View::Unreadable(Unreadable {
                    reason: "DiscoveryFailed".to_owned(),
                    detail: why,
                });
                merge(&mut state, want, view);
            }
        }
    }
    let again = &again;
    let kinds = futures::stream::iter(readings)
        .map(|(want, resource)| async move {
            let reading = one(session, target, want, &resource, again).await;
            (want, resource, reading)
        })
        .buffered(session.limits.in_flight.max(1))
        .collect::<Vec<_>>();
    let (kinds, openapi) = futures::join!(kinds, openapi(session, &documents));
    for (want, resource, reading) in kinds {
        merge(&mut state, want, reading.view);
        state.absent.extend(reading.absent);
        for item in reading.items {
            let evidence = item.evidence;
            let object = object(&want.kind, &resource, item);
            match evidence {
                true => state.evidence.objects.push(object),
                false => state.objects.push(object),
            }
        }
    }
    state.openapi = openapi;
    for objects in [&mut state.objects, &mut state.evidence.objects] {
        objects.sort_by_cached_key(|o| {
            (
                o.kind.clone(),
                text(&o.body, "namespace"),
                text(&o.body, "name"),
            )
        });
    }
    state
}

/// One kind; when its path is gone, discovery is asked once more whether the kind is, too.
async fn one(
    session: &Session<'_>,
    target: &Target,
    want: &Want,
    resource: &Resource,
    again: &OnceCell<Option<Served>>,
) -> Reading {
    let others = target
        .wants
        .iter()
        .filter(|w| w.kind == want.kind && w.version != want.version);
    let elsewhere: BTreeSet<(String, String)> =
        others.flat_map(|w| w.objects.iter().cloned()).collect();
    let mut reading = kind::read(session, want, resource, &elsewhere).await;
    if reading.gone {
        let served = again
            .get_or_init(|| async { discover(session, target).await.ok() })
            .await;
        if let Some(served) = served
            && served.find(&want.kind, &want.version) == Serving::Not
        {
            reading.view = View::NotServed;
        }
    }
    reading
}

/// Joins the view of one version of a kind with those of its others.
fn merge(state: &mut LiveState, want: &Want, view: View) {
    let alone = want.seek.as_ref().is_some_and(|seek| seek.alone);
    let views = match alone {
        true => &mut state.evidence.views,
        false => &mut state.views,
    };
    let view = match (views.remove(&want.kind), view) {
        (None, view) => view,
        (Some(a), b) if a == b => b,
        (Some(View::Namespaces(mut a)), View::Namespaces(b)) => {
            a.extend(b);
            View::Namespaces(a)
        }
        // All versions are views of the same objects: the larger of two whole views holds.
        (Some(View::Complete), View::Namespaces(_))
        | (Some(View::Namespaces(_)), View::Complete) => View::Complete,
        (Some(View::Unreadable(why)), _) | (Some(View::Partial(why)), _) => View::Partial(why),
        (Some(_), View::Unreadable(why) | View::Partial(why)) => View::Partial(why),
        (Some(View::NotServed), view) | (Some(view), View::NotServed) => view,
        (Some(_), view) => view,
    };
    views.insert(want.kind.clone(), view);
}

/// Items of built-in lists come without `apiVersion` and `kind`.
fn object(kind: &GroupKind, resource: &Resource, item: Item) -> LiveObject {
    let Item {
        mut body, managed, ..
    } = item;
    if let Some(members) = body.as_object_mut() {
        members
            .entry("apiVersion")
            .or_insert_with(|| resource.api_version().into());
        members
            .entry("kind")
            .or_insert_with(|| kind.kind.clone().into());
    }
    LiveObject {
        kind: kind.clone(),
        body,
        managed,
    }
}

fn text(object: &Value, key: &str) -> String {
    object["metadata"][key]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The schemas of the group-versions, as far as the server gives them.
async fn openapi(session: &Session<'_>, documents: &BTreeSet<String>) -> BTreeMap<String, Value> {
    const ROOT: &str = "/openapi/v3";
    if documents.is_empty() {
        return BTreeMap::new();
    }
    let index = session.get_seldom(ROOT, JSON).await.ok();
    let index: Value = index
        .and_then(|b| serde_json::from_slice(&b).ok())
        .unwrap_or_default();
    let index = &index;
    futures::stream::iter(documents)
        .map(|name| async move {
            let url = index["paths"][format!("apis/{name}")]["serverRelativeURL"].as_str()?;
            if !url.starts_with(&format!("{ROOT}/")) {
                return None;
            }
            let body = session.get_hashed(url).await.ok()?;
            let document = serde_json::from_slice::<Value>(&body).ok()?;
            Some((name.clone(), document))
        })
        .buffered(session.limits.in_flight.max(1))
        .filter_map(|document| async { document })
        .collect()
        .await
}
