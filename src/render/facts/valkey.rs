//! Valkey: a cache in each region, of built-in kinds.

use crate::model::name::RegionName;
use crate::model::quantity::Quantity;
use crate::model::world::Cluster;

use super::super::fact::Item;
use super::connect::{Value, Variables, text};
use super::reach::Wall;
use super::site::Site;

const PORT: u16 = 6379;
const IMAGE: &str = "docker.io/valkey/valkey:8.1.4";
/// What an instance asks for unless told.
const MEMORY: &str = "1Gi";
/// Billionths in a unit of a quantity.
const NANO: i128 = 1_000_000_000;

/// The pods of a region.
pub(super) fn wall(site: &Site<'_>, region: &RegionName) -> Wall {
    let pods = vec![("app.kubernetes.io/name", site.instance(region))];
    Wall::new(pods, PORT)
}

/// The variables that only this engine has.
pub(super) fn facts(site: &Site<'_>) -> Vec<(&'static str, Item)> {
    let told = site
        .store
        .resources
        .memory
        .or_else(|| Quantity::parse(MEMORY));
    let bytes = told.map_or(0, |q| q.as_nano() / NANO);
    // A quarter is left for connections, copies of pages and what is sent to replicas.
    let config = format!(
        "port {PORT}\nsave \"\"\nappendonly no\nmaxmemory {}\nmaxmemory-policy allkeys-lru\n",
        bytes * 3 / 4
    );
    let valkey = Item::map([
        ("image", Item::new(IMAGE)),
        ("port", Item::new(PORT)),
        ("config", Item::new(config)),
        ("resources", site.resources("250m", MEMORY)),
    ]);
    vec![("valkey", valkey)]
}

/// How pods of a cluster find their region's cache.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let Some(near) = site.nearest(from) else {
        return Vec::new();
    };
    let (name, away) = (site.instance(&near.region), near.name != from.name);
    vec![
        text("HOST", site.host(&name, away)),
        text("READ_HOST", site.host(&format!("{name}-read"), away)),
        text("PORT", PORT.to_string()),
        ("PASSWORD", Value::Secret(site.credentials(), "password")),
    ]
}

/// The Services that clusters without a cache of their own come to.
pub(super) fn exports(site: &Site<'_>, region: &RegionName) -> Vec<String> {
    let name = site.instance(region);
    let read = format!("{name}-read");
    vec![name, read]
}
