//! Kafka by Strimzi: a cluster per region, and a MirrorMaker in each that copies from the others.

use crate::model::name::RegionName;
use crate::model::world::Cluster;

use super::super::fact::Item;
use super::connect::{Value, Variables, text};
use super::edges::{labels, ranges};
use super::reach::Wall;
use super::site::Site;

/// For services.
const CLIENTS: u16 = 9093;
/// For the MirrorMakers of other regions.
const FLEET: u16 = 9094;

/// The user of the service, and the one of the MirrorMakers.
fn users(site: &Site<'_>) -> (String, String) {
    (site.set(), format!("{}-mirroring", site.set()))
}

fn mirror(site: &Site<'_>, region: &RegionName) -> String {
    format!("{}-mirror", site.instance(region))
}

/// Brokers and the entity operator of a region.
pub(super) fn wall(site: &Site<'_>, region: &RegionName) -> Wall {
    let pods = vec![("strimzi.io/cluster", site.instance(region))];
    let several = site.plan.clusters.len() > 1;
    let guest = |name: String| {
        Item::map([(
            "podSelector",
            labels([("strimzi.io/cluster", name.as_str())]),
        )])
    };
    Wall {
        peers: if several { vec![FLEET] } else { Vec::new() },
        local: vec![8081, 8443, 9090, 9091],
        operator: Some("strimzi"),
        metrics: vec![9404],
        guests: several
            .then(|| guest(mirror(site, region)))
            .into_iter()
            .collect(),
        ..Wall::new(pods, CLIENTS)
    }
    .with_api_server()
}

/// The Services by which other regions reach the brokers of one.
pub(super) fn exports(site: &Site<'_>, region: &RegionName) -> Vec<String> {
    if site.plan.clusters.len() < 2 {
        return Vec::new();
    }
    let (instance, pool) = (site.instance(region), site.set());
    let brokers = (0..site.store.instances).map(|id| format!("{instance}-{pool}-fleet-{id}"));
    std::iter::once(format!("{instance}-kafka-fleet-bootstrap"))
        .chain(brokers)
        .collect()
}

/// The variables that only this engine has.
pub(super) fn facts(site: &Site<'_>, here: &Cluster) -> Vec<(&'static str, Item)> {
    let (store, region) = (site.store, &here.region);
    let (instance, pool) = (site.instance(region), site.set());
    let (service, mirrors) = users(site);
    let copies = store.instances.clamp(1, 3);
    let others: Vec<&RegionName> = site
        .regions()
        .into_iter()
        .filter(|r| *r != region)
        .collect();
    let topics = store.topics.iter().enumerate().map(|(i, topic)| {
        let at = |field: &str| format!("topics[{i}].{field}");
        let object = topic.name.value.to_lowercase().replace('_', "-");
        let policy = if topic.compact { "compact" } else { "delete" };
        Item::map([
            ("name", site.at(&at("name"), topic.name.value.as_str())),
            ("object", Item::new(format!("{instance}.{object}"))),
            ("partitions", site.at(&at("partitions"), topic.partitions)),
            (
                "retention",
                site.at(&at("retention"), topic.retention.as_millis()),
            ),
            ("policy", site.at(&at("compact"), policy)),
        ])
    });
    let names: Vec<&str> = store.topics.iter().map(|t| t.name.value.as_str()).collect();
    // Copies are called `<region>.<topic>`: they are not copied on.
    let regions: Vec<&str> = site.plan.clusters.keys().map(RegionName::as_str).collect();
    let sources = others.iter().map(|other| {
        let name = site.instance(other);
        let bootstrap = format!("{name}-kafka-fleet-bootstrap");
        Item::map([
            ("region", Item::new(other.as_str())),
            (
                "bootstrap",
                Item::new(format!("{}:{FLEET}", site.host(&bootstrap, true))),
            ),
            ("certificate", Item::new(format!("{name}-cluster-ca-cert"))),
        ])
    });
    let fleet = format!("{instance}-kafka-fleet-bootstrap");
    let from = site.facts.clusters_of(site.key).flat_map(ranges);
    let members = site.members().filter(|c| c.name != here.name);
    let member_ranges: Vec<Item> = members.flat_map(ranges).collect();
    let kafka = Item::map([
        ("pool", Item::new(pool.as_str())),
        ("copies", Item::new(copies)),
        ("insync", Item::new(copies.saturating_sub(1).max(1))),
        ("user", Item::new(service)),
        ("mirroring", Item::new(mirrors)),
        ("mirror", Item::new(mirror(site, region))),
        ("password", Item::new(format!("{pool}-mirror"))),
        (
            "bootstrap",
            Item::new(format!(
                "{}:{CLIENTS}",
                site.host(&format!("{instance}-kafka-bootstrap"), false)
            )),
        ),
        ("fleetHost", Item::new(site.host(&fleet, true))),
        (
            "advertised",
            Item::new(site.host(&format!("{instance}-{pool}-fleet-{{nodeId}}"), true)),
        ),
        ("topics", Item::list(topics)),
        (
            "pattern",
            Item::new(if names.is_empty() {
                ".*".to_owned()
            } else {
                names.join("|")
            }),
        ),
        ("copied", Item::new(format!("({})\\..*", regions.join("|")))),
        ("sources", Item::list(sources)),
        ("users", Item::list(super::edges::once(from.collect()))),
        ("members", Item::list(member_ranges)),
        ("resources", site.resources("500m", "2Gi")),
    ]);
    vec![("kafka", kafka)]
}

/// How pods of a cluster find the brokers: those of their region.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let Some(near) = site.nearest(from) else {
        return Vec::new();
    };
    let instance = site.instance(&near.region);
    let (service, port) = match near.name == from.name {
        true => (format!("{instance}-kafka-bootstrap"), CLIENTS),
        false => (format!("{instance}-kafka-fleet-bootstrap"), FLEET),
    };
    let host = site.host(&service, near.name != from.name);
    vec![
        text("BOOTSTRAP", format!("{host}:{port}")),
        text("HOST", host),
        text("PORT", port.to_string()),
        text("USER", users(site).0),
        ("PASSWORD", Value::Secret(site.credentials(), "password")),
    ]
}
