//! What is rendered, what is owned and what is there, to the change between them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::change::{
    Action, Collision, Edited, Held, Ledger, RESERVED_DIRECTORY, SourceCommit, TreeChange,
    TreeState, cluster,
};
use crate::model::digest::Digest;
use crate::model::manifest::ManifestPath;
use crate::model::name::ClusterName;

use super::ledger::write_ledger;

/// The change that takes a tree to what is rendered, with everything that may stand in its way;
/// refuses nothing.
///
/// `tree` needs digests only of paths that are owned or rendered. A file whose bytes are already
/// those that are rendered is never a fault, whoever wrote it: it becomes owned.
pub fn compare(
    rendered: &BTreeMap<ManifestPath, Digest>,
    ledger: &Ledger,
    tree: &TreeState,
    source: Option<&SourceCommit>,
) -> TreeChange {
    let mut change = TreeChange::default();
    let mut files: Vec<(ManifestPath, Action)> = Vec::new();
    for (path, digest) in rendered {
        let owned = ledger.files.get(path);
        let held = tree.get(path.as_str());
        match (owned, held) {
            (None, None) => {
                files.push((path.clone(), Action::Added));
            }
            (_, Some(Held::File(Some(there)))) if there == digest => {
                change.unchanged += 1;
                if owned.is_none() {
                    change.adopted.insert(path.clone());
                }
            }
            (None, Some(_)) | (Some(_), Some(Held::Repository)) => {
                change.foreign.insert(path.clone());
            }
            (Some(owned), held) => {
                let action = held.map_or(Action::Added, |_| Action::Changed);
                files.push((path.clone(), action));
                if let Some(edited) = edited(*owned, held) {
                    change.edited.insert(path.clone(), edited);
                }
            }
        }
    }
    for (path, owned) in &ledger.files {
        let held = tree.get(path.as_str());
        // What is gone, or became another repository, is no longer regen's to remove.
        if rendered.contains_key(path) || matches!(held, None | Some(Held::Repository)) {
            continue;
        }
        files.push((path.clone(), Action::Removed));
        if let Some(edited) = edited(*owned, held) {
            change.edited.insert(path.clone(), edited);
        }
    }
    change.files = files.into_iter().collect();
    change.collisions = collisions(rendered, tree, &change);
    change.ledger = next_ledger(rendered, ledger, &change, source);
    change.ledger_text = (change.ledger != *ledger).then(|| write_ledger(&change.ledger));
    change
}

fn edited(owned: Digest, held: Option<&Held>) -> Option<Edited> {
    match held {
        None => Some(Edited::Deleted),
        Some(Held::File(there)) => (*there != Some(owned)).then_some(Edited::Changed),
        Some(Held::Link | Held::Repository) => Some(Edited::Replaced),
    }
}

/// Added paths that equal another one but for case, or that lie where a file is.
fn collisions(
    rendered: &BTreeMap<ManifestPath, Digest>,
    tree: &TreeState,
    change: &TreeChange,
) -> BTreeSet<Collision> {
    let reserved = |path: &&ManifestPath| {
        path.as_str()
            .split('/')
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case(RESERVED_DIRECTORY))
    };
    let mut found: BTreeSet<Collision> = rendered
        .keys()
        .filter(reserved)
        .map(|path| Collision {
            rendered: path.clone(),
            other: RESERVED_DIRECTORY.to_owned(),
        })
        .collect();
    let added: Vec<&ManifestPath> = change
        .files
        .iter()
        .filter(|(_, action)| **action == Action::Added)
        .map(|(path, _)| path)
        .collect();
    if added.is_empty() {
        return found;
    }

    let removed = |path: &str| change.files.get(path) == Some(&Action::Removed);
    let staying = tree
        .keys()
        .map(String::as_str)
        .filter(|path| !removed(path));
    if !may_collide(staying.clone().chain(added.iter().map(|p| p.as_str()))) {
        return found;
    }
    let mut files: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut directories: BTreeMap<String, &str> = BTreeMap::new();
    for path in staying.chain(added.iter().map(|p| p.as_str())) {
        let folded = path.to_lowercase();
        for (slash, _) in folded.match_indices('/') {
            directories
                .entry(folded[..slash].to_owned())
                .or_insert(path);
        }
        files.entry(folded).or_default().insert(path);
    }
    for path in added {
        let folded = path.as_str().to_lowercase();
        let same = files.get(&folded).into_iter().flatten();
        let above = folded
            .match_indices('/')
            .filter_map(|(slash, _)| files.get(&folded[..slash]))
            .flatten();
        let below = directories.get(&folded);
        for other in same.chain(above).chain(below) {
            if *other != path.as_str() {
                found.insert(Collision {
                    rendered: path.clone(),
                    other: (*other).to_owned(),
                });
            }
        }
    }
    found
}

/// Whether two of these paths are the same but for case, or one lies where another is a file. Each
/// directory is looked at once, for most changes collide with nothing.
fn may_collide<'p>(paths: impl Iterator<Item = &'p str>) -> bool {
    let plain = |b: u8| b.is_ascii() && !b.is_ascii_uppercase();
    let folded = |path: &'p str| match path.bytes().all(plain) {
        true => Cow::Borrowed(path),
        false => Cow::Owned(path.to_lowercase()),
    };
    let mut files: Vec<Cow<'_, str>> = paths.map(folded).collect();
    files.sort();
    let above = |path: &str| path.rfind('/');
    let mut directories: BTreeSet<&str> = BTreeSet::new();
    let mut last = "";
    for path in &files {
        let mut directory = &path[..above(path).unwrap_or(0)];
        if directory == last {
            continue;
        }
        last = directory;
        while !directory.is_empty() && directories.insert(directory) {
            directory = &directory[..above(directory).unwrap_or(0)];
        }
    }
    let file = |directory: &&str| files.binary_search_by(|f| (**f).cmp(*directory)).is_ok();
    files.windows(2).any(|pair| pair[0] == pair[1]) || directories.iter().any(file)
}

/// Owns exactly what is rendered; a cluster's source moves only when one of its files does, so
/// that a commit of the fleet that changes no manifest changes no ledger.
fn next_ledger(
    rendered: &BTreeMap<ManifestPath, Digest>,
    ledger: &Ledger,
    change: &TreeChange,
    source: Option<&SourceCommit>,
) -> Ledger {
    let moved = change.clusters();
    let mut clusters: Vec<&str> = rendered.keys().filter_map(cluster).collect();
    clusters.dedup();
    Ledger {
        clusters: clusters
            .into_iter()
            .map(|name| {
                let source = match ledger.clusters.get(name) {
                    Some(old) if !moved.contains(name) => old.clone(),
                    _ => source.cloned(),
                };
                (ClusterName::new(name), source)
            })
            .collect(),
        files: rendered.clone(),
    }
}
