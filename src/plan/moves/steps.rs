//! How a move is done, and what readers and writers notice of it.
//!
//! Sources: CloudNativePG 1.30, docs/src/replica_cluster.md (demotion token, promotion token).

use crate::model::world::Service;

use super::words;

pub(super) const READS_OF_LEADER: &str = "local reads go on; fresh reads wait with the writes";
pub(super) const WRITES_OF_LEADER: &str = "stop from the demotion until the promotion";
pub(super) const READS_OF_CLUSTER: &str =
    "in this region they go to another region until the copy has caught up";

pub(super) fn reads_of_regions(stays: bool) -> &'static str {
    if stays {
        "go on: regions that stay serve meanwhile"
    } else {
        "stop, unless the new regions serve before the old ones go"
    }
}

/// Regions come before regions go.
pub(super) fn regions(service: &Service, was: &[&str], is: &[&str], data: bool) -> Vec<String> {
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
        let go = words::list(go.iter().copied());
        steps.push(match &service.exposure {
            _ if come.is_empty() => format!("commit: it leaves {go}"),
            Some(exposure) => format!(
                "once the new pods are ready and {} s (the TTL of {}) have passed, commit: it leaves {go}",
                exposure.ttl, exposure.host.value
            ),
            None => format!("once the new pods are ready, commit: it leaves {go}"),
        });
    }
    steps
}

/// The switch of a single primary: two commits, never one.
pub(super) fn leader(was: &str, is: &str, reachable: bool) -> Vec<String> {
    if !reachable {
        return vec![
            format!("commit: {is} is promoted without a token, since {was} is gone"),
            "what was acknowledged and not yet replicated is lost".to_owned(),
        ];
    }
    vec![
        format!("commit: {was} is demoted and names {is} as primary"),
        format!("read `.status.demotionToken` of the cluster in {was}"),
        format!("commit: {is} is promoted with that token"),
    ]
}

/// Another cluster of the same region.
pub(super) fn cluster(was: &str, is: &str, leads: bool) -> Vec<String> {
    let mut steps = vec![format!("commit: {is} starts as a replica and catches up")];
    if leads {
        steps.extend(leader(was, is, true));
    }
    steps.push(format!("commit: {was} lets go of it"));
    steps
}
