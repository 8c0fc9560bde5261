//! What a cluster serves, as its discovery tells.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::session::{JSON, Session, escaped};
use crate::model::live::GroupKind;

/// Aggregated discovery (KEP-3352): stable since 1.30, beta since 1.27, plain before.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Where a kind is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// Name in paths, such as `deployments`.
    pub(super) plural: String,
    pub(super) namespaced: bool,
    pub(super) listable: bool,
}

impl Resource {
    /// The path of its objects, all or those of one namespace.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        let mut path = if self.group.is_empty() {
            format!("/api/{}", escaped(&self.version))
        } else {
            format!("/apis/{}/{}", escaped(&self.group), escaped(&self.version))
        };
        if let Some(namespace) = namespace {
            path.push_str("/namespaces/");
            path.push_str(&escaped(namespace));
        }
        path.push('/');
        path.push_str(&escaped(&self.plural));
        path
    }

    /// `v1`, `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// How a kind is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Serving {
    /// At the version asked for, or else at the group's preferred one that has the kind.
    At(Resource),
    /// Not at all.
    Not,
    /// Part of the group's discovery failed, and the kind may be there.
    Unsure(String),
}

/// The groups that were asked about.
#[derive(Debug, Default)]
pub(super) struct Served(BTreeMap<String, Vec<Version>>);

#[derive(Debug)]
struct Version {
    name: String,
    /// Its resources, or why they are not known.
    resources: Vec<Resource>,
    failed: Option<String>,
}

impl Served {
    /// How `kind` is served, preferably at `version`.
    pub(super) fn find(&self, kind: &GroupKind, version: &str) -> Serving {
        let Some(versions) = self.0.get(&kind.group) else {
            return Serving::Not;
        };
        let of = |v: &Version| {
            let mut hits: Vec<&Resource> =
                v.resources.iter().filter(|r| r.kind == kind.kind).collect();
            hits.sort_by_key(|r| !r.listable);
            hits.first().map(|r| (*r).clone())
        };
        let written = versions.iter().filter(|v| v.name == version).find_map(of);
        if let Some(resource) = written {
            return Serving::At(resource);
        }
        // A failed version may be the one asked for.
        let failed = versions.iter().find_map(|v| v.failed.clone());
        match (failed, versions.iter().find_map(of)) {
            (Some(why), _) => Serving::Unsure(why),
            (None, Some(resource)) => Serving::At(resource),
            (None, None) => Serving::Not,
        }
    }
}

/// Asks what is served in `groups`: two requests, or more where the server is old.
pub(super) async fn discover(session: &Session<'_>, groups: &[&str]) -> Result<Served, Fault> {
    let mut served = Served::default();
    if groups.contains(&"") {
        part(session, "/api", groups, &mut served).await?;
    }
    if groups.iter().any(|group| !group.is_empty()) {
        part(session, "/apis", groups, &mut served).await?;
    }
    Ok(served)
}

async fn part(
    session: &Session<'_>,
    path: &str,
    groups: &[&str],
    served: &mut Served,
) -> Result<(), Fault> {
    let body = match session.get_seldom(path, AGGREGATED).await {
        // Some servers refuse what they do not know instead of falling back.
        Err(fault) if fault.is(StatusCode::NOT_ACCEPTABLE) => session.get(path, JSON).await?,
        other => other?,
    };
    let answer: Answer = decode(path, &body)?;
    match answer.kind.as_str() {
        "APIGroupDiscoveryList" => {
            for group in answer.items {
                let name = group.metadata.name;
                if groups.contains(&name.as_str()) {
                    let versions = group
                        .versions
                        .into_iter()
                        .map(|v| aggregated(&name, v))
                        .collect();
                    served.0.insert(name.clone(), versions);
                }
            }
        }
        "APIVersions" if groups.contains(&"") => {
            let mut versions = Vec::new();
            for version in answer.versions {
                versions.push(plain(session, "", &version).await?);
            }
            served.0.insert(String::new(), versions);
        }
        "APIGroupList" => {
            for group in answer.groups {
                if !groups.contains(&group.name.as_str()) {
                    continue;
                }
                let mut names: Vec<String> =
                    group.versions.into_iter().map(|v| v.version).collect();
                names.sort_by_key(|name| *name != group.preferred_version.version);
                let mut versions = Vec::new();
                for version in names {
                    versions.push(plain(session, &group.name, &version).await?);
                }
                served.0.insert(group.name, versions);
            }
        }
        other => {
            let detail = format!(
                "GET {path}: the answer is of kind `{}`, not a discovery",
                super::fault::one_line(other)
            );
            return Err(Fault::new("DiscoveryFailed", detail));
        }
    }
    Ok(())
}

fn aggregated(group: &str, version: DiscoveredVersion) -> Version {
    let failed = (version.freshness == "Stale").then(|| {
        format!(
            "discovery of `{group}/{}` is stale: its API service does not answer",
            version.version
        )
    });
    let resources = version
        .resources
        .into_iter()
        .filter(|r| !r.resource.is_empty());
    let resources = resources.map(|r| Resource {
        group: group.to_owned(),
        version: version.version.clone(),
        kind: r.response_kind.kind,
        plural: r.resource,
        namespaced: r.scope == "Namespaced",
        listable: r.verbs.iter().any(|v| v == "list"),
    });
    Version {
        resources: resources.collect(),
        name: version.version.clone(),
        failed,
    }
}

/// One version's resources the old way. A failure concerns this version only.
async fn plain(session: &Session<'_>, group: &str, version: &str) -> Result<Version, Fault> {
    let path = if group.is_empty() {
        format!("/api/{}", escaped(version))
    } else {
        format!("/apis/{}/{}", escaped(group), escaped(version))
    };
    let list = match session.get(&path, JSON).await {
        Ok(body) => decode::<PlainList>(&path, &body),
        Err(fault) if fault.is(StatusCode::UNAUTHORIZED) => return Err(fault),
        Err(fault) => Err(fault),
    };
    let list = list.and_then(|list| match list.kind.as_str() {
        "APIResourceList" => Ok(list),
        _ => Err(Fault::new(
            "DiscoveryFailed",
            format!("GET {path}: the answer is not a list of resources"),
        )),
    });
    let (resources, failed) = match list {
        Ok(list) => (list.resources, None),
        Err(fault) => (Vec::new(), Some(fault.detail)),
    };
    let resources = resources.into_iter().filter(|r| !r.name.contains('/'));
    let resources = resources.map(|r| Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: r.kind,
        plural: r.name,
        namespaced: r.namespaced,
        listable: r.verbs.iter().any(|v| v == "list"),
    });
    Ok(Version {
        name: version.to_owned(),
        resources: resources.collect(),
        failed,
    })
}

fn decode<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        Fault::new(
            "DiscoveryFailed",
            format!(
                "GET {path}: the answer is not the JSON of a discovery (line {})",
                error.line()
            ),
        )
    })
}

/// `APIGroupDiscoveryList`, `APIVersions` and `APIGroupList` in one: the kind says which.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    kind: String,
    items: Vec<DiscoveredGroup>,
    versions: Vec<String>,
    groups: Vec<PlainGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DiscoveredGroup {
    metadata: Metadata,
    versions: Vec<DiscoveredVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DiscoveredVersion {
    version: String,
    resources: Vec<DiscoveredResource>,
    freshness: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DiscoveredResource {
    resource: String,
    response_kind: ResponseKind,
    scope: String,
    verbs: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseKind {
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PlainGroup {
    name: String,
    versions: Vec<PlainVersion>,
    preferred_version: PlainVersion,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlainVersion {
    version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlainList {
    kind: String,
    resources: Vec<PlainResource>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlainResource {
    name: String,
    kind: String,
    namespaced: bool,
    verbs: Vec<String>,
}
