//! How a move is done, and what readers and writers notice of it.
//!
//! Sources: CloudNativePG 1.30, docs/src/replica_cluster.md (demotion token, promotion token).

use crate::engine::{self, Scheme};
use crate::model::engine::Engine;
use crate::model::name::ServiceKey;
use crate::model::world::{Service, Store};

use super::words;

pub(super) const READS_OF_LEADER: &str = "local reads go on; fresh reads wait with the writes";
pub(super) const READS_OF_VOTERS: &str = "go on";
pub(super) const WRITES_OF_VOTERS: &str = "go on: a majority stands at every step";
pub(super) const WRITES_OF_CLUSTER: &str = "stop while the other cluster takes over";
pub(super) const READS_OF_CLUSTER: &str =
    "in this region they go to another region until the copy has caught up";

pub(super) fn reads_of_regions(stays: bool) -> &'static str {
    if stays {
        "go on: regions that stay serve meanwhile"
    } else {
        "stop, unless the new regions serve before the old ones go"
    }
}

/// The step of another move that a copy in a region that is joined waits for.
pub(super) fn after_joining(key: &ServiceKey) -> String {
    format!("after step 1 of `regions of {key}`")
}

/// Regions come before regions go, and `first` leaders and voters leave those that go: what leads
/// in a region must not be taken away with it.
pub(super) fn regions(
    service: &Service,
    was: &[&str],
    is: &[&str],
    data: bool,
    first: &[String],
) -> Vec<String> {
    let come: Vec<&str> = is.iter().copied().filter(|n| !was.contains(n)).collect();
    let go: Vec<&str> = was.iter().copied().filter(|n| !is.contains(n)).collect();
    let mut steps = Vec::new();
    if !come.is_empty() {
        let copies = if data {
            ", and its stores copy there"
        } else {
            ""
        };
        steps.push(format!(
            "commit: it starts in {}{copies}",
            words::list(come.iter().copied())
        ));
    }
    if come.is_empty() && go.is_empty() {
        steps.push(format!(
            "commit: {} serves, {} stands by",
            is.first().copied().unwrap_or_default(),
            was.first().copied().unwrap_or_default()
        ));
    }
    if !go.is_empty() {
        let mut conditions = Vec::new();
        if !first.is_empty() {
            let first = words::list(first.iter().map(String::as_str));
            conditions.push(format!("after {first}"));
        }
        match &service.exposure {
            _ if come.is_empty() => {}
            Some(exposure) => conditions.push(format!(
                "once the new pods are ready and {} s (the TTL of {}) have passed",
                exposure.ttl, exposure.host.value
            )),
            None => conditions.push("once the new pods are ready".to_owned()),
        }
        let leaves = format!("commit: it leaves {}", words::list(go.iter().copied()));
        conditions.push(leaves);
        steps.push(conditions.join(", "));
    }
    steps
}

/// How a leader changes, and what writers notice.
pub(super) struct Switch {
    pub steps: Vec<String>,
    pub writes: &'static str,
}

pub(super) fn leader(store: &Store, was: &str, is: &str, reachable: bool) -> Switch {
    match engine::scheme(store) {
        Scheme::Quorum => Switch {
            steps: vec![format!(
                "commit: leaders are preferred in {is}; the engine hands over by itself"
            )],
            writes: "pause for an election",
        },
        _ if store.engine.value != Engine::CloudnativePg => Switch {
            steps: vec![
                format!("stop the writers of {}", store.name.value),
                format!("once {is} has caught up, commit: {is} takes the writes"),
            ],
            writes: "stop until the other region takes them",
        },
        _ if reachable => Switch {
            steps: vec![
                format!("commit: {was} is demoted and names {is} as primary"),
                format!("read `.status.demotionToken` of the cluster in {was}"),
                format!("commit: {is} is promoted with that token"),
            ],
            writes: "stop from the demotion until the promotion",
        },
        _ => Switch {
            steps: vec![
                format!("commit: {is} is promoted without a token, since {was} is gone"),
                "what was acknowledged and not yet replicated is lost".to_owned(),
            ],
            writes: "stop until the promotion",
        },
    }
}

/// One voter at a time, so that a majority stands at every moment: a new one catches up before an
/// old one goes.
pub(super) fn voters(go: &[&str], come: &[&str]) -> Vec<String> {
    let mut steps = Vec::new();
    for i in 0..go.len().max(come.len()) {
        steps.push(match (come.get(i), go.get(i)) {
            (Some(new), Some(old)) => {
                format!("a replica in {new} catches up and votes; then the voter in {old} goes")
            }
            (Some(new), None) => format!("a replica in {new} catches up and votes"),
            (None, Some(old)) => format!("the voter in {old} goes"),
            (None, None) => continue,
        });
    }
    if steps.len() > 1 {
        steps.push("one after another, each when the one before is healthy".to_owned());
    }
    steps
}

/// Another cluster of the same region.
pub(super) fn cluster(store: &Store, was: &str, is: &str, leads: bool) -> Vec<String> {
    let mut steps = vec![format!("commit: {is} starts as a replica and catches up")];
    if leads {
        steps.extend(leader(store, was, is, true).steps);
    }
    steps.push(format!("commit: {was} lets go of it"));
    steps
}
