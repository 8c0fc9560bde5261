//! A GitOps repository that regen wrote, without the fleet that it was rendered from: which of its
//! files are for which cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::io;
use crate::model::name::ClusterName;
use crate::yaml::kubernetes;

use super::super::{Stop, Terminal};

/// A file: its path and its text.
pub(super) type File = (PathBuf, String);

/// Where the files of each cluster stand.
#[derive(Default)]
pub(super) struct Cluster {
    /// Its folders, one unless somebody moved it to another region by hand.
    folders: Vec<PathBuf>,
    /// What stands once per fleet, in the hub's folder, and is for this cluster.
    once: Vec<File>,
}

/// The clusters of a repository; `None`: the directory is none that regen wrote.
pub(super) fn clusters(
    root: &Path,
    terminal: &Terminal,
) -> Result<Option<BTreeMap<ClusterName, Cluster>>, Stop> {
    let read = io::snapshot::repository(root).map_err(|e| terminal.unreadable(&e))?;
    let Some(repository) = read else {
        return Ok(None);
    };
    let mut clusters: BTreeMap<ClusterName, Cluster> = BTreeMap::new();
    for (name, folder) in repository.clusters {
        clusters.entry(name).or_default().folders.push(folder);
    }
    for (path, text) in repository.hub {
        let marked = marked(&text)
            .map_err(|why| terminal.refuse(&format!("{} cannot be read: {why}", path.display())))?;
        for name in marked {
            let cluster = clusters.entry(ClusterName::new(name)).or_default();
            cluster.once.push((path.clone(), text.clone()));
        }
    }
    if clusters.is_empty() {
        return Err(terminal.refuse(&format!("{} is for no cluster yet", root.display())));
    }
    Ok(Some(clusters))
}

impl Cluster {
    /// Its files.
    pub(super) fn files(self, terminal: &Terminal) -> Result<Vec<File>, Stop> {
        let mut files = self.once;
        for folder in &self.folders {
            let read = io::snapshot::manifests(folder);
            files.extend(read.map_err(|e| terminal.unreadable(&e))?);
        }
        Ok(files)
    }
}

/// The clusters that the marks of a file's objects name.
fn marked(text: &str) -> Result<BTreeSet<String>, String> {
    let objects = kubernetes::parse(text).map_err(|fault| fault.message)?;
    let mark = |object: &serde_json::Value| {
        let id = object.pointer("/metadata/annotations/regen.dev~1id")?;
        Some(id.as_str()?.split_once(':')?.0.to_owned())
    };
    Ok(objects.iter().filter_map(|o| mark(&o.value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_name_the_cluster_of_what_stands_once() {
        let of = |text| marked(text).map(|names| names.into_iter().collect::<Vec<_>>());
        let hub = "metadata: {annotations: {regen.dev/id: 'h:g/K:n/x'}}\n---\nkind: Y\n";
        assert_eq!(of(hub), Ok(vec!["h".to_owned()]));
        assert_eq!(of("kind: X"), Ok(Vec::new()));
        assert!(of("a: [").is_err());
    }
}
