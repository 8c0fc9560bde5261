//! A directory of CustomResourceDefinitions, wherever it is, to texts.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::diag::{SourceId, Sources};

use super::fleet::{MAX_CRDS, MAX_DEPTH, MAX_FILES};

/// Reads the files of a directory that end in `.yaml`, `.yml` or `.json`, sorted by path, or one
/// file.
///
/// Fails when there is none, or when one cannot be read as text.
pub fn read_crds(path: &Path, sources: &mut Sources) -> anyhow::Result<Vec<SourceId>> {
    let mut read = Vec::new();
    let walk = walkdir::WalkDir::new(path)
        .max_depth(MAX_DEPTH)
        .sort_by_file_name();
    for entry in walk {
        let entry = entry.with_context(|| format!("cannot read `{}`", path.display()))?;
        let file = entry.path();
        let named = file.extension().is_some_and(|extension| {
            ["yaml", "yml", "json"]
                .iter()
                .any(|known| extension == *known)
        });
        if !entry.file_type().is_file() || !(named || entry.depth() == 0) {
            continue;
        }
        if read.len() >= MAX_FILES {
            bail!("`{}` holds more than {MAX_FILES} files", path.display());
        }
        let context = || format!("cannot read `{}`", file.display());
        if fs::metadata(file).with_context(context)?.len() > MAX_CRDS {
            bail!("`{}` is larger than {} MiB", file.display(), MAX_CRDS >> 20);
        }
        let text = fs::read_to_string(file).with_context(context)?;
        read.push(sources.add(file.display().to_string(), text));
    }
    if read.is_empty() {
        bail!(
            "`{}` holds no `.yaml`, `.yml` or `.json` file: `kubectl get crd -o yaml > crds.yaml` makes one",
            path.display()
        );
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_order_and_others_are_passed_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        let mut sources = Sources::new();
        assert!(read_crds(root, &mut sources).is_err(), "nothing there");
        for name in ["b.yml", "a/x.yaml", "c.json", "README.md"] {
            let file = root.join(name);
            fs::create_dir_all(file.parent().expect("below")).expect("creates");
            fs::write(file, name).expect("writes");
        }
        let read = read_crds(root, &mut sources).expect("reads");
        let texts: Vec<&str> = read.iter().map(|id| sources.get(*id).text()).collect();
        assert_eq!(texts, ["a/x.yaml", "b.yml", "c.json"]);
        let one = read_crds(&root.join("README.md"), &mut sources).expect("reads");
        assert_eq!(one.len(), 1, "a file that is named");
        assert!(read_crds(&root.join("none"), &mut sources).is_err());
    }
}
