//! Stores that a Helm chart installs: which chart, and its values in a cluster.

use crate::model::engine::Engine;
use crate::model::world::Cluster;

use super::super::fact::{Fact, Item};
use super::site::Site;
use super::{cockroachdb, yugabytedb};

/// Where a chart comes from.
pub(super) enum From {
    /// A folder of a Git repository at a tag.
    Git {
        /// Address.
        url: &'static str,
        /// Tag.
        tag: &'static str,
        /// Folder.
        path: &'static str,
    },
    /// A chart repository.
    Repository {
        /// Address.
        url: &'static str,
        /// The chart's name.
        chart: &'static str,
        /// The chart's version.
        version: &'static str,
    },
}

/// `store.chart`, and an element of `charts`: the release of a store in a cluster that holds it.
pub(super) fn item(site: &Site<'_>, here: &Cluster) -> Option<Item> {
    let (from, values) = match site.engine() {
        Engine::CockroachDb => (cockroachdb::CHART, cockroachdb::values(site, here)),
        Engine::YugabyteDb => (yugabytedb::CHART, yugabytedb::values(site, here)),
        _ => return None,
    };
    let (url, revision, path, chart) = match from {
        From::Git { url, tag, path } => (url, tag, Some(path), None),
        From::Repository {
            url,
            chart,
            version,
        } => (url, version, None, Some(chart)),
    };
    let text = |value: Option<&str>| Item::new(value.map_or(Fact::Null, Fact::from));
    let release = site.fleet_wide();
    // Installed one after the other: each finds those before it.
    let order = match site.engine() {
        Engine::CockroachDb => cockroachdb::order(site, here),
        _ => 0,
    };
    let cluster = here.name.value.as_str();
    let folder = path.map(|path| format!("./{path}"));
    Some(Item::map([
        ("name", Item::new(format!("{release}-{cluster}"))),
        ("release", Item::new(site.set())),
        ("service", Item::new(site.key.service.as_str())),
        ("namespace", Item::new(site.namespace())),
        ("cluster", Item::new(cluster)),
        ("region", Item::new(here.region.as_str())),
        ("server", text(here.server.as_deref())),
        ("order", Item::new(order as u64)),
        ("url", Item::new(url)),
        ("revision", Item::new(revision)),
        ("path", text(path)),
        ("folder", text(folder.as_deref())),
        ("chart", text(chart)),
        ("values", values),
    ]))
}
