//! Where each object stands in the GitOps repository.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::manifest::{ManifestPath, ObjectId};

/// An object to be placed: the folder it belongs to, its identity and its shortest name.
pub(crate) struct Placing<'a> {
    pub(crate) folder: &'a str,
    pub(crate) id: &'a ObjectId,
    pub(crate) short: &'a str,
}

/// One path per object: `<folder>/<kind>-<name>.yaml`, with the group, then the namespace too
/// where two objects would share a file. Objects of one folder stand together.
pub(crate) fn assign(objects: &[Placing<'_>]) -> Vec<Option<ManifestPath>> {
    let folders = objects.chunk_by(|a, b| a.folder == b.folder);
    folders.flat_map(in_folder).collect()
}

fn in_folder(objects: &[Placing<'_>]) -> Vec<Option<ManifestPath>> {
    let forms: [fn(&Placing<'_>) -> String; 3] = [|o| o.short.to_owned(), with_group, full];
    let mut names: Vec<String> = objects.iter().map(forms[0]).collect();
    let mut level = vec![0_usize; objects.len()];
    loop {
        let mut taken: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            taken.entry(name).or_default().push(index);
        }
        let shared: Vec<usize> = taken
            .into_values()
            .filter(|i| i.len() > 1)
            .flatten()
            .collect();
        let mut changed = false;
        for index in shared {
            if level[index] + 1 < forms.len() {
                level[index] += 1;
                names[index] = forms[level[index]](&objects[index]);
                changed = true;
            }
        }
        if !changed {
            let path = |(o, name): (&Placing<'_>, &String)| format!("{}/{name}", o.folder);
            let paths = objects.iter().zip(&names).map(path);
            return paths.map(ManifestPath::new).collect();
        }
    }
}

/// `<kind>-<name>.yaml`
pub(crate) fn short(id: &ObjectId) -> String {
    format!("{}-{}.yaml", id.kind.to_lowercase(), escape(&id.name))
}

fn with_group(object: &Placing<'_>) -> String {
    let id = object.id;
    let group = if id.group.is_empty() {
        "core"
    } else {
        &id.group
    };
    format!(
        "{}.{group}-{}.yaml",
        id.kind.to_lowercase(),
        escape(&id.name)
    )
}

fn full(object: &Placing<'_>) -> String {
    let id = object.id;
    let group = if id.group.is_empty() {
        "core"
    } else {
        &id.group
    };
    let (namespace, name) = (escape(&id.namespace), escape(&id.name));
    format!(
        "{}.{group}-{namespace}%2F{name}.yaml",
        id.kind.to_lowercase()
    )
}

/// A name as part of a file name: what some file system would confuse or refuse is `%XX`.
pub(crate) fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectId {
        ObjectId {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    fn paths(ids: &[ObjectId]) -> Vec<String> {
        let short: Vec<String> = ids.iter().map(short).collect();
        let placings: Vec<_> = ids
            .iter()
            .zip(&short)
            .map(|(id, short)| Placing {
                folder: "f",
                id,
                short,
            })
            .collect();
        assign(&placings)
            .into_iter()
            .map(|p| p.unwrap().to_string())
            .collect()
    }

    #[test]
    fn objects_that_would_share_a_file_get_their_group_and_then_their_namespace() {
        assert_eq!(
            paths(&[
                id("apps", "Deployment", "a", "web"),
                id("", "Service", "a", "web"),
                id("serving.knative.dev", "Service", "a", "web"),
                id("", "ConfigMap", "a", "x"),
                id("", "ConfigMap", "b", "x"),
            ]),
            [
                "f/deployment-web.yaml",
                "f/service.core-web.yaml",
                "f/service.serving.knative.dev-web.yaml",
                "f/configmap.core-a%2Fx.yaml",
                "f/configmap.core-b%2Fx.yaml",
            ]
        );
    }

    #[test]
    fn names_that_file_systems_confuse_are_escaped() {
        assert_eq!(
            paths(&[
                id("rbac", "ClusterRole", "", "system:Foo"),
                id("rbac", "ClusterRole", "", "system:foo"),
                id("rbac", "ClusterRole", "", "system%3afoo"),
            ]),
            [
                "f/clusterrole-system%3A%46oo.yaml",
                "f/clusterrole-system%3Afoo.yaml",
                "f/clusterrole-system%253afoo.yaml",
            ]
        );
    }
}
