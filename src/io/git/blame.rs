//! Lines of the fleet's files to who last wrote them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use git2::{Blame as Found, BlameOptions, Oid, Repository};

use crate::model::origin::{Blame, Blamed};

/// Asks the history who last wrote each line, of files below the fleet's directory.
///
/// Lines that were changed since the last commit belong to nobody yet. Outside of a repository,
/// and for files that were never committed, nothing is known.
///
/// # Errors
///
/// When the repository around the fleet cannot be read.
pub fn blame(fleet: &Path, lines: &BTreeSet<(String, u32)>) -> anyhow::Result<Blame> {
    let mut blame = Blame::default();
    if lines.is_empty() {
        return Ok(blame);
    }
    let context = || format!("cannot read the repository around `{}`", fleet.display());
    let Ok(git) = Repository::discover(fleet) else {
        return Ok(blame);
    };
    let Some(work_tree) = git.workdir() else {
        return Ok(blame);
    };
    let root = work_tree.canonicalize().with_context(context)?;
    let fleet = fleet.canonicalize().with_context(context)?;
    let Ok(below) = fleet.strip_prefix(&root) else {
        return Ok(blame);
    };
    let mut files: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for (file, line) in lines {
        files.entry(file).or_default().insert(*line);
    }
    for (file, lines) in files {
        let mut options = BlameOptions::new();
        options.use_mailmap(true);
        // A file that git does not know has no history to read.
        let Ok(committed) = git.blame_file(&below.join(file), Some(&mut options)) else {
            continue;
        };
        let Ok(text) = std::fs::read(fleet.join(file)) else {
            continue;
        };
        let Ok(current) = committed.blame_buffer(&text) else {
            continue;
        };
        let known = lines.into_iter().filter_map(|line| {
            let by = written(&current, line)?;
            Some((line, by))
        });
        blame.0.insert(file.to_owned(), known.collect());
    }
    Ok(blame)
}

fn written(found: &Found<'_>, line: u32) -> Option<Blamed> {
    let hunk = found.get_line(line as usize)?;
    let id = hunk.final_commit_id();
    let author = hunk.final_signature().filter(|_| id != Oid::ZERO_SHA1)?;
    let moment = jiff::Timestamp::from_second(author.when().seconds()).ok()?;
    let day = jiff::tz::TimeZone::UTC.to_datetime(moment).date();
    Some(Blamed {
        name: String::from_utf8_lossy(author.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(author.email_bytes()).into_owned(),
        commit: id.to_string(),
        day: day.to_string(),
    })
}
