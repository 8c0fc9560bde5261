//! Redis Enterprise: one active-active database over the Redis clusters of all regions.

use crate::model::quantity::Quantity;
use crate::model::world::Cluster;

use super::super::fact::Item;
use super::connect::{Value, Variables, text};
use super::site::Site;

const PORT: u16 = 6379;
/// Where the databases of a Redis cluster listen.
pub(super) const DATABASES: (u16, u16) = (10_000, 19_999);
/// Billionths of a megabyte.
const MEGA: i128 = 1_000_000_000_000_000;

/// The variables that only this engine has.
pub(super) fn facts(site: &Site<'_>) -> Vec<(&'static str, Item)> {
    let told = site.store.resources.memory;
    let memory = told.or_else(|| Quantity::parse("1G"));
    let megabytes = memory.map_or(0, |q| q.as_nano().div_euclid(MEGA)).max(100);
    let clusters = site.members().map(|cluster| {
        Item::map([
            ("name", Item::new(format!("rerc-{}", cluster.name.value))),
            ("namespace", Item::new(site.namespace())),
        ])
    });
    let redis = Item::map([
        ("clusters", Item::list(clusters)),
        (
            "memory",
            site.at("resources.memory", format!("{megabytes}MB")),
        ),
        ("port", Item::new(PORT)),
    ]);
    vec![("redis", redis)]
}

/// How pods of a cluster find its part of the database.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let away = !site.holds(&from.name.value);
    vec![
        text("HOST", site.host(&site.fleet_wide(), away)),
        text("PORT", PORT.to_string()),
        ("PASSWORD", Value::Secret(site.credentials(), "password")),
    ]
}
