//! NATS JetStream: a stream per region and one that gathers them all, mirrors of buckets, or one
//! stream over all regions where the plan has voters.

use crate::engine::{self, Scheme};
use crate::model::duration::Duration;
use crate::model::world::Cluster;

use super::super::fact::Item;
use super::connect::{Variables, text};
use super::site::Site;

/// The Service of the servers in every cluster, by their chart's names.
const SERVERS: &str = "nats.nats.svc";

/// A span of time in whole hours, at least one.
fn hours(time: Duration) -> String {
    format!("{}h", time.as_millis().div_ceil(3_600_000).max(1))
}

/// The variables that only this engine has.
pub(super) fn facts(site: &Site<'_>, here: &Cluster) -> Vec<(&'static str, Item)> {
    let scheme = engine::scheme(site.store);
    let set = site.set();
    let region = here.region.as_str();
    let stretched = scheme == Scheme::Quorum;
    let replicas = match stretched {
        true => Item::new(site.plan.voters.len() as u64).planned(site.decided("voters")),
        false => site.at("instances", site.store.instances),
    };
    let members: Vec<&str> = site.plan.clusters.keys().map(|r| r.as_str()).collect();
    // Without topics, one stream that is called as the store.
    let week = Duration::millis(7 * 86_400_000);
    let own = [(site.store.name.value.as_str(), week, false)];
    let written = site.store.topics.iter();
    let written: Vec<(&str, Duration, bool)> = written
        .map(|t| (t.name.value.as_str(), t.retention, t.compact))
        .collect();
    let all = if written.is_empty() {
        &own[..]
    } else {
        &written
    };
    let topic = |(i, (name, retention, compact)): (usize, &(&str, Duration, bool))| {
        let base = match written.is_empty() {
            true => set.clone(),
            false => format!("{set}-{name}"),
        };
        let object = base.to_lowercase().replace('_', "-");
        let sources = members
            .iter()
            .map(|r| Item::map([("name", Item::new(format!("{base}-{r}")))]));
        let others = members.iter().filter(|r| **r != region).map(|r| {
            Item::map([
                ("region", Item::new(*r)),
                ("bucket", Item::new(format!("KV_{base}-{r}"))),
            ])
        });
        Item::map([
            ("name", Item::new(base.as_str())),
            ("object", Item::new(object)),
            ("subject", Item::new(base.replace('-', "_"))),
            ("compact", Item::new(*compact)),
            (
                "retention",
                site.at(&format!("topics[{i}].retention"), hours(*retention)),
            ),
            ("sources", Item::list(sources)),
            ("others", Item::list(others)),
        ])
    };
    let topics = all.iter().enumerate().map(topic);
    let nats = Item::map([
        ("topics", Item::list(topics.collect::<Vec<_>>())),
        ("replicas", replicas),
        ("stretched", Item::new(stretched)),
        ("counter", Item::new(scheme == Scheme::Crdt)),
    ]);
    vec![("nats", nats)]
}

/// How pods of a cluster find the streams: by their own cluster's servers.
pub(super) fn variables(site: &Site<'_>) -> Variables {
    vec![
        text("HOST", SERVERS),
        text("PORT", "4222"),
        text("NAME", site.set()),
    ]
}
