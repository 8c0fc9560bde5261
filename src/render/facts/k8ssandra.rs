//! Cassandra by K8ssandra: one object in the hub, a datacenter in each region.

use std::fmt::Write as _;

use crate::model::name::RegionName;
use crate::model::world::{Audit, Cluster};

use super::super::fact::Item;
use super::connect::{Value, Variables, login, text};
use super::reach::Wall;
use super::setup::Setup;
use super::site::Site;

const CLIENTS: u16 = 9042;

/// The pods of a region.
pub(super) fn wall(site: &Site<'_>) -> Wall {
    let job = super::setup::guest(site);
    Wall {
        peers: vec![7000, 7001],
        local: vec![8080],
        operator: Some("k8ssandra-operator"),
        metrics: vec![9000],
        guests: vec![job],
        ..Wall::new(
            vec![("cassandra.datastax.com/cluster", site.fleet_wide())],
            CLIENTS,
        )
    }
}

/// How many copies of each row a region holds.
fn copies(site: &Site<'_>) -> u32 {
    site.store.instances.clamp(1, 3)
}

fn host(site: &Site<'_>, region: &RegionName) -> String {
    format!(
        "{}-{region}-service.{}.svc",
        site.fleet_wide(),
        site.namespace()
    )
}

/// The variables that only this engine has.
pub(super) fn facts(site: &Site<'_>) -> Vec<(&'static str, Item)> {
    let size = site.store.instances;
    let datacenters = site.members().map(|cluster| {
        let region = &cluster.region;
        let zones = site
            .facts
            .world
            .regions
            .get(region)
            .map_or(&[][..], |r| &r.zones);
        // A rack is a zone, and has as many nodes as the others.
        let racks = zones.iter().take(size as usize).map(|zone| {
            let zone = zone.as_str();
            Item::map([
                ("name", Item::new(zone)),
                (
                    "nodeAffinityLabels",
                    Item::map([("topology.kubernetes.io/zone", Item::new(zone))]),
                ),
            ])
        });
        let even =
            zones.len() > 1 && (size as usize).is_multiple_of(zones.len().min(size as usize));
        let racks = if even {
            Item::list(racks)
        } else {
            Item::nothing()
        };
        let claim = Item::sparse([
            ("storageClassName", super::disk::class(site, cluster)),
            ("accessModes", Item::list([Item::new("ReadWriteOnce")])),
            (
                "resources",
                Item::map([(
                    "requests",
                    Item::map([("storage", site.at("size", site.store.size.to_string()))]),
                )]),
            ),
        ]);
        Item::sparse([
            (
                "metadata",
                Item::map([("name", Item::new(site.instance(region)))]),
            ),
            ("datacenterName", Item::new(region.as_str())),
            ("k8sContext", Item::new(context(cluster))),
            ("size", site.at("instances", size)),
            ("racks", racks),
            (
                "storageConfig",
                Item::map([("cassandraDataVolumeClaimSpec", claim)]),
            ),
        ])
    });
    let logged = match site.audit() {
        Audit::None => None,
        Audit::Writes => Some("DML,DDL,DCL,AUTH,ERROR"),
        Audit::All => Some("QUERY,DML,DDL,DCL,AUTH,ERROR"),
    };
    let audit = logged.map_or(Item::nothing(), |logged| {
        let options = Item::map([
            ("enabled", Item::new(true)),
            ("included_categories", Item::new(logged)),
        ]);
        Item::map([("audit_logging_options", options)])
    });
    let cassandra = Item::map([
        ("datacenters", Item::list(datacenters)),
        ("audit", audit),
        ("resources", site.resources("1", "8Gi")),
    ]);
    vec![("cassandra", cassandra)]
}

/// The kubeconfig context by which operators in the hub know a cluster.
pub(super) fn context(cluster: &Cluster) -> &str {
    let own = cluster.context.as_deref();
    own.unwrap_or(cluster.name.value.as_str())
}

/// A job that makes the keyspace, with copies in every region, and the service's role.
pub(super) fn setup(site: &Site<'_>, here: &Cluster) -> Option<Setup> {
    if site.regions().first() != Some(&&here.region) {
        return None;
    }
    let mut replication = "'class': 'NetworkTopologyStrategy'".to_owned();
    for region in site.plan.clusters.keys() {
        let _ = write!(replication, ", '{region}': {}", copies(site));
    }
    let keyspace = site.database();
    let cql = format!(
        "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{{replication}}};\nALTER KEYSPACE {keyspace} WITH replication = {{{replication}}};\n"
    );
    let script = format!(
        r#"set -euo pipefail
connect=(cqlsh {host} {CLIENTS} -u "$SUPERUSER" -p "$SUPERUSER_PASSWORD")
"${{connect[@]}}" --file=/setup/keyspace.cql
# A quote in a password is doubled, as CQL wants it.
quotes="''"
escaped=${{PASSWORD//\'/$quotes}}
"${{connect[@]}}" <<CQL
CREATE ROLE IF NOT EXISTS "$USERNAME" WITH LOGIN = true;
ALTER ROLE "$USERNAME" WITH PASSWORD = '$escaped';
GRANT ALL ON KEYSPACE {keyspace} TO "$USERNAME";
CQL
"#,
        host = host(site, &here.region),
    );
    let superuser = format!("{}-superuser", site.fleet_wide());
    Some(Setup {
        image: "docker.io/library/cassandra:4.1.8",
        files: vec![("keyspace.cql", cql), ("setup.sh", script)],
        env: vec![
            ("USERNAME", Value::Secret(site.credentials(), "username")),
            ("PASSWORD", Value::Secret(site.credentials(), "password")),
            ("SUPERUSER", Value::Secret(superuser.clone(), "username")),
            ("SUPERUSER_PASSWORD", Value::Secret(superuser, "password")),
        ],
        certificates: None,
        ports: vec![CLIENTS],
    })
}

/// How pods of a cluster find their region's datacenter.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let Some(near) = site.nearest(from) else {
        return Vec::new();
    };
    let mut variables = vec![
        text("HOST", host(site, &near.region)),
        text("PORT", CLIENTS.to_string()),
        text("DATACENTER", near.region.as_str()),
        text("NAME", site.database()),
    ];
    variables.extend(login(site));
    variables
}
