//! A GitOps repository that regen wrote, without the fleet that it was rendered from: which of its
//! files are for which cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::io;
use crate::model::name::ClusterName;
use crate::yaml::kubernetes;

use super::super::{Stop, Terminal};

/// The files of each cluster, each with its path in the repository and its text.
pub(super) type Files = BTreeMap<ClusterName, Vec<(PathBuf, String)>>;

/// The clusters of a repository; `None`: the directory is none that regen wrote.
pub(super) fn read(root: &Path, terminal: &Terminal) -> Result<Option<Files>, Stop> {
    if !io::snapshot::is_repository(root) {
        return Ok(None);
    }
    let files = io::snapshot::manifests(root).map_err(|e| terminal.unreadable(&e))?;
    let mut clusters = Files::new();
    for (path, text) in files {
        let below = path.strip_prefix(root).unwrap_or(&path);
        let owners = owners(&below.to_string_lossy(), &text)
            .map_err(|why| terminal.refuse(&format!("{} cannot be read: {why}", path.display())))?;
        for cluster in owners {
            let files = clusters.entry(ClusterName::new(cluster)).or_default();
            files.push((path.clone(), text.clone()));
        }
    }
    Ok(Some(clusters))
}

/// The cluster of a file: by its folder, or, in `hub/`, by the mark of its objects.
fn owners(path: &str, text: &str) -> Result<BTreeSet<String>, String> {
    let mut parts = path.split(['/', '\\']);
    Ok(
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("clusters"), Some(_), Some(cluster), Some(_)) => [cluster.to_owned()].into(),
            (Some("hub"), ..) => {
                let objects = kubernetes::parse(text).map_err(|fault| fault.message)?;
                let mark = |object: &serde_json::Value| {
                    let id = object.pointer("/metadata/annotations/regen.dev~1id")?;
                    Some(id.as_str()?.split_once(':')?.0.to_owned())
                };
                objects.iter().filter_map(|o| mark(&o.value)).collect()
            }
            _ => BTreeSet::new(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_to_the_cluster_of_their_folder_or_of_their_mark() {
        let of = |path, text| {
            owners(path, text)
                .expect("YAML")
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(of("clusters/eu/a/shop/x.yaml", "kind: X"), ["a"]);
        let hub = "metadata: {annotations: {regen.dev/id: 'h:g/K:n/x'}}\n";
        assert_eq!(of("hub/_fleet/x.yaml", hub), ["h"]);
        for nobody in [
            "clusters/eu/a.yaml",
            "runbooks/x.yaml",
            "x.yaml",
            "hub/x.yaml",
        ] {
            assert_eq!(of(nobody, "kind: X"), [""; 0], "{nobody}");
        }
        assert!(owners("hub/x.yaml", "a: [").is_err());
    }
}
