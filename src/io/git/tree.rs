//! A tree and updates of files to a new tree, in the object database alone.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use git2::{ObjectType, Oid, Repository, Tree};

const FILE: i32 = 0o100_644;
const DIRECTORY: i32 = 0o040_000;

/// The tree that has these files (paths with `/`) replaced, added or, where there is no object,
/// removed. Directories that become empty vanish; `None`: everything did.
pub(super) fn updated(
    git: &Repository,
    base: Option<&Tree<'_>>,
    updates: &[(&str, Option<Oid>)],
) -> anyhow::Result<Option<Oid>> {
    let mut builder = git.treebuilder(base)?;
    let mut names: BTreeMap<&str, Updates<'_>> = BTreeMap::new();
    for (path, object) in updates {
        match path.split_once('/') {
            Some((name, rest)) => names.entry(name).or_default().below.push((rest, *object)),
            None => names.entry(path).or_default().own = Some(*object),
        }
    }
    for (name, update) in names {
        let there = base.and_then(|tree| tree.get_name(name));
        let directory = match &there {
            Some(entry) if entry.kind() == Some(ObjectType::Tree) => {
                let context = || format!("cannot read the directory `{name}`");
                Some(git.find_tree(entry.id()).with_context(context)?)
            }
            _ => None,
        };
        let is_file = there.is_some() && directory.is_none();
        let keeps_file = is_file && update.own != Some(None);
        let below = match (&directory, update.below.is_empty()) {
            (Some(directory), true) => Some(directory.id()),
            (None, true) => None,
            (directory, false) => updated(git, directory.as_ref(), &update.below)?,
        };
        match (update.own.flatten(), below) {
            (Some(_), Some(_)) => bail!("`{name}` would be a file and a directory"),
            (None, Some(_)) if keeps_file => bail!("`{name}` is a file, not a directory"),
            (Some(file), None) => {
                builder.insert(name, file, FILE)?;
            }
            (None, Some(directory)) => {
                builder.insert(name, directory, DIRECTORY)?;
            }
            (None, None) if there.is_some() && !keeps_file => builder.remove(name)?,
            (None, None) => {}
        }
    }
    if builder.is_empty() {
        return Ok(None);
    }
    Ok(Some(builder.write()?))
}

#[derive(Default)]
struct Updates<'a> {
    /// The file of this name: set to an object or removed.
    own: Option<Option<Oid>>,
    /// Files below the directory of this name.
    below: Vec<(&'a str, Option<Oid>)>,
}
