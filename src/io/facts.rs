//! Facts about a cluster, saved: its aggregated discovery and OpenAPI documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::model::live::{GroupKind, LiveState, View};

/// The largest file of facts, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What a cluster told of itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    openapi: BTreeMap<String, Value>,
    namespaced: BTreeMap<GroupKind, bool>,
    served: BTreeMap<GroupKind, BTreeSet<String>>,
    /// Whether there was a discovery document, so that a kind that is not in it is not served.
    discovered: bool,
}

/// Reads `DIR/discovery.json` (aggregated discovery, as `{api, apis}` or one list) and
/// `DIR/openapi/*.json` (documents of `/openapi/v3/…`); either may be absent, not both.
///
/// # Errors
///
/// When a file cannot be read, is too large or is no JSON, or when the directory holds neither.
pub fn read(dir: &Path) -> anyhow::Result<Facts> {
    let what = || format!("reading the facts of the cluster in `{}`", dir.display());
    let mut facts = Facts::default();
    let openapi = dir.join("openapi");
    if openapi.is_dir() {
        let entries = fs::read_dir(&openapi).with_context(what)?;
        let mut files: Vec<PathBuf> = entries
            .map(|e| e.map(|e| e.path()))
            .collect::<Result<_, _>>()
            .with_context(what)?;
        files.retain(|f| f.extension().is_some_and(|e| e == "json"));
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            facts.openapi.insert(name.into_owned(), json(&file)?);
        }
    }
    let discovery = dir.join("discovery.json");
    if discovery.exists() {
        let document = json(&discovery)?;
        let lists = match document.get("items") {
            Some(_) => vec![&document],
            None => ["api", "apis"]
                .iter()
                .filter_map(|m| document.get(m))
                .collect(),
        };
        if lists.is_empty() {
            bail!("`{}` is no aggregated discovery", discovery.display());
        }
        for list in &lists {
            discover(list, &mut facts);
        }
        // A list of named groups alone says nothing of the core group.
        facts.discovered = lists.len() == 2;
    }
    if facts.openapi.is_empty() && facts.namespaced.is_empty() {
        bail!(
            "`{}` holds neither `discovery.json` nor `openapi/*.json`",
            dir.display()
        );
    }
    Ok(facts)
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let what = || format!("reading `{}`", path.display());
    let bytes = fs::metadata(path).with_context(what)?.len();
    if bytes > MAX_BYTES {
        bail!(
            "`{}` has {bytes} bytes; facts may have {MAX_BYTES}",
            path.display()
        );
    }
    let text = fs::read(path).with_context(what)?;
    serde_json::from_slice(&text).with_context(what)
}

fn discover(list: &Value, facts: &mut Facts) {
    let each = |value: &'_ Value, name: &str| -> Vec<Value> {
        value[name].as_array().cloned().unwrap_or_default()
    };
    for group in each(list, "items") {
        for version in each(&group, "versions") {
            for resource in each(&version, "resources") {
                let Some(kind) = resource["responseKind"]["kind"].as_str() else {
                    continue;
                };
                let kind = GroupKind {
                    group: group["metadata"]["name"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    kind: kind.to_owned(),
                };
                if let Some(version) = version["version"].as_str() {
                    let versions = facts.served.entry(kind.clone()).or_default();
                    versions.insert(version.to_owned());
                }
                facts
                    .namespaced
                    .insert(kind, resource["scope"] == "Namespaced");
            }
        }
    }
}

impl Facts {
    /// Adds the facts to what was read of the cluster: a kind that it does not serve, and of which
    /// nothing was read, does not exist there.
    pub fn add_to(&self, state: &mut LiveState) {
        state.openapi.extend(self.openapi.clone());
        state.namespaced.extend(self.namespaced.clone());
        state.served.extend(self.served.clone());
        if !self.discovered {
            return;
        }
        let held: BTreeSet<&GroupKind> = state.objects.iter().map(|o| &o.kind).collect();
        for (kind, view) in &mut state.views {
            if !self.namespaced.contains_key(kind) && !held.contains(kind) {
                *view = View::NotServed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_discovery_does_not_list_is_not_served() {
        let dir = tempfile::tempdir().expect("a directory");
        let list = json!({"items": [{"metadata": {}, "versions": [{"version": "v1", "resources": [
            {"responseKind": {"kind": "ConfigMap"}, "scope": "Namespaced"},
            {"responseKind": {"kind": "Node"}, "scope": "Cluster"}]}]}]});
        let document = json!({"api": list, "apis": {"items": []}});
        fs::write(dir.path().join("discovery.json"), document.to_string()).expect("written");
        let kind = |group: &str, kind: &str| GroupKind {
            group: group.to_owned(),
            kind: kind.to_owned(),
        };
        let kinds = [kind("", "ConfigMap"), kind("a.b", "Widget")];
        let mut state = LiveState {
            views: kinds.iter().cloned().map(|k| (k, View::Complete)).collect(),
            ..LiveState::default()
        };
        read(dir.path()).expect("facts").add_to(&mut state);
        assert_eq!(state.views[&kinds[0]], View::Complete);
        assert_eq!(state.views[&kinds[1]], View::NotServed);
        assert!(!state.namespaced[&kind("", "Node")]);
        assert!(state.served[&kinds[0]].contains("v1"));
    }

    #[test]
    fn a_directory_without_facts_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(read(dir.path()).is_err());
        fs::write(dir.path().join("discovery.json"), "{").expect("written");
        assert!(read(dir.path()).is_err());
    }
}
