//! A change to the message of its commit, with trailers that let anyone derive it again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::change::{SourceCommit, TreeChange};
use crate::model::digest::Digest;
use crate::model::manifest::ManifestPath;

/// Longer subjects name numbers instead of clusters.
const SUBJECT_LENGTH: usize = 72;

/// What a commit was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The version of regen.
    pub version: String,
    /// The digest of all inputs, by [`input_digest`].
    pub input: Digest,
    /// The digest of all rendered files, by [`output_digest`].
    pub output: Digest,
    /// The commit of the fleet's own repository, where it is in one.
    pub source: Option<SourceCommit>,
}

/// The digest of everything that rendering depends on: the version of regen and all inputs by
/// name (the fleet's files, the lock, the atlas, the built-in templates).
pub fn input_digest<'a>(
    version: &str,
    inputs: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Digest {
    let inputs: BTreeMap<&str, &[u8]> = inputs.into_iter().collect();
    Digest::of_pairs(std::iter::once(("regen", version.as_bytes())).chain(inputs))
}

/// The digest of all rendered files, by path.
pub fn output_digest(rendered: &BTreeMap<ManifestPath, Digest>) -> Digest {
    let digests: Vec<String> = rendered.values().map(ToString::to_string).collect();
    Digest::of_pairs(
        rendered
            .keys()
            .zip(&digests)
            .map(|(path, digest)| (path.as_str(), digest.as_bytes())),
    )
}

/// The whole message of the commit that makes a change.
pub fn message(change: &TreeChange, provenance: &Provenance) -> String {
    let mut text = subject(change);
    text.push_str("\n\n");
    for (area, counts) in change.counts_by_area() {
        let _ = writeln!(text, "{area}: {counts}");
    }
    if !change.files.is_empty() {
        text.push('\n');
    }
    let source = provenance.source.as_ref();
    let clusters: Vec<&str> = change.clusters().into_iter().collect();
    for (key, value) in [
        ("Version", provenance.version.clone()),
        ("Input-Digest", format!("sha256:{}", provenance.input)),
        ("Output-Digest", format!("sha256:{}", provenance.output)),
        (
            "Source-Commit",
            source.map_or_else(|| "none".to_owned(), ToString::to_string),
        ),
        (
            "Clusters",
            if clusters.is_empty() {
                "none".to_owned()
            } else {
                clusters.join(", ")
            },
        ),
    ] {
        let _ = writeln!(text, "Regen-{key}: {value}");
    }
    text
}

fn subject(change: &TreeChange) -> String {
    if change.files.is_empty() {
        return match change.adopted.len() {
            0 => "regen: bring the ledger up to date".to_owned(),
            1 => "regen: adopt 1 file".to_owned(),
            n => format!("regen: adopt {n} files"),
        };
    }
    let areas: Vec<&str> = change.counts_by_area().into_keys().collect();
    let counts = change.counts();
    let named = format!("regen: {counts} in {}", areas.join(", "));
    if named.chars().count() <= SUBJECT_LENGTH {
        return named;
    }
    let clusters = change.clusters();
    let others: Vec<&str> = areas
        .into_iter()
        .filter(|a| !clusters.contains(a))
        .collect();
    let places = match (clusters.len(), others.len()) {
        (0, n) => format!("{n} directories"),
        (1, _) => "1 cluster".to_owned(),
        (n, _) => format!("{n} clusters"),
    };
    let and = if clusters.is_empty() || others.is_empty() {
        String::new()
    } else {
        format!(" and {}", others.join(", "))
    };
    let numbered = format!("regen: {counts} in {places}");
    if numbered.chars().count() + and.chars().count() <= SUBJECT_LENGTH {
        numbered + &and
    } else {
        numbered
    }
}
