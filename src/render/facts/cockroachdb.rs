//! CockroachDB: one cluster of all regions, a release of its chart in each, and its localities in
//! SQL.

use std::fmt::Write as _;

use crate::model::name::RegionName;
use crate::model::plan::StorePlan;
use crate::model::world::{Audit, Cluster, Survive};

use super::super::fact::Item;
use super::chart::From;
use super::connect::{Value, Variables, login, text};
use super::reach::Wall;
use super::setup::Setup;
use super::site::Site;

/// The release that values and images are of.
pub(super) const CHART: From = From::Git {
    url: "https://github.com/cockroachdb/helm-charts.git",
    tag: "cockroachdb-v26.2.1",
    path: "cockroachdb-parent/charts/cockroachdb",
};
const IMAGE: &str = "cockroachdb/cockroach:v26.2.1";
/// The issuer of all clusters, and the ConfigMap with its certificate: the same in each, since
/// nodes of one cluster verify those of the others.
const ISSUER: &str = "fleet-ca";
const SQL: u16 = 26257;
const NODES: u16 = 26258;
const HTTP: u16 = 8080;

/// The pods of a region.
pub(super) fn wall(site: &Site<'_>) -> Wall {
    let pods = vec![
        ("app.kubernetes.io/name", "cockroachdb".to_owned()),
        ("app.kubernetes.io/instance", site.set()),
    ];
    Wall {
        peers: vec![NODES],
        local: vec![HTTP],
        operator: Some("cockroach-operator-system"),
        metrics: vec![HTTP],
        guests: vec![super::setup::guest(site)],
        ..Wall::new(pods, SQL)
    }
    .with_api_server()
}

/// The domain of a cluster's Services.
fn domain(cluster: &Cluster) -> &str {
    let own = cluster.network.domain.as_ref();
    own.map_or("cluster.local", |d| d.value.as_str())
}

/// The region that is installed first, and that the others join: the leader's, or that of the
/// first part with one. It is deployed whenever another is added.
fn anchor<'a>(site: &Site<'a>) -> Option<&'a RegionName> {
    let plan = site.plan;
    let mut parts = plan.shards.values().filter_map(|part| part.leader.as_ref());
    let first = || plan.clusters.keys().next();
    plan.leader.as_ref().or_else(|| parts.next()).or_else(first)
}

/// The regions in the order of their installation.
fn installed<'a>(site: &Site<'a>) -> Vec<&'a RegionName> {
    let anchor = anchor(site);
    let others = site.plan.clusters.keys().filter(|r| Some(*r) != anchor);
    anchor.into_iter().chain(others).collect()
}

/// Whether SQL is run from a cluster: from the one that is installed first.
pub(super) fn anchors(site: &Site<'_>, here: &Cluster) -> bool {
    anchor(site) == Some(&here.region)
}

/// The place in the order of installation.
pub(super) fn order(site: &Site<'_>, here: &Cluster) -> usize {
    let at = installed(site).into_iter().position(|r| *r == here.region);
    at.unwrap_or(0)
}

/// The values of the chart in a cluster.
pub(super) fn values(site: &Site<'_>, here: &Cluster) -> Item {
    let set = site.set();
    let certificates = Item::map([
        ("enabled", Item::new(true)),
        ("caConfigMap", Item::new(ISSUER)),
        ("nodeSecret", Item::new(format!("{set}-node"))),
        ("clientRootSecret", Item::new(format!("{set}-root"))),
        (
            "issuer",
            Item::map([
                ("group", Item::new("cert-manager.io")),
                ("kind", Item::new("ClusterIssuer")),
                ("name", Item::new(ISSUER)),
            ]),
        ),
    ]);
    let tls = Item::map([
        ("enabled", Item::new(true)),
        ("selfSigner", Item::map([("enabled", Item::new(false))])),
        ("certManager", certificates),
    ]);
    // Those that are installed before it, and itself: a node joins any of them.
    let before = order(site, here) + 1;
    let regions = installed(site).into_iter().take(before);
    let regions = regions.filter_map(|r| region(site, site.cluster(r)?));
    let storage = Item::sparse([
        ("accessModes", Item::list([Item::new("ReadWriteOnce")])),
        ("volumeMode", Item::new("Filesystem")),
        ("storageClassName", super::disk::class(site, here)),
        (
            "resources",
            Item::map([(
                "requests",
                Item::map([("storage", site.at("size", site.store.size.to_string()))]),
            )]),
        ),
    ]);
    let mapping = |node: &'static str, locality: &'static str| {
        Item::map([
            ("nodeLabel", Item::new(node)),
            ("localityLabel", Item::new(locality)),
        ])
    };
    let container = Item::map([
        ("name", Item::new("cockroachdb")),
        ("resources", site.resources("1", "4Gi")),
    ]);
    // Roles are audited by what they do, not by what they change: writes alone cannot be told apart.
    let audit = (site.audit() != Audit::None)
        .then(|| Item::map([("sql.log.user_audit", Item::new("ALL ALL"))]));
    let cluster = Item::sparse([
        ("clusterSettings", audit.unwrap_or(Item::nothing())),
        (
            "dataStore",
            Item::map([("volumeClaimTemplate", Item::map([("spec", storage)]))]),
        ),
        ("regions", Item::list(regions)),
        (
            "localityMappings",
            Item::list([
                mapping("topology.kubernetes.io/region", "region"),
                mapping("topology.kubernetes.io/zone", "zone"),
            ]),
        ),
        (
            "podTemplate",
            Item::map([("spec", Item::map([("containers", Item::list([container]))]))]),
        ),
    ]);
    Item::map([
        (
            "cockroachdb",
            Item::map([
                ("clusterDomain", Item::new(domain(here))),
                ("tls", tls),
                ("crdbCluster", cluster),
            ]),
        ),
        ("k8s", Item::map([("fullnameOverride", Item::new(set))])),
    ])
}

fn region(site: &Site<'_>, cluster: &Cluster) -> Option<Item> {
    let region = site.facts.world.regions.get(&cluster.region)?;
    Some(Item::map([
        ("code", Item::new(cluster.region.as_str())),
        ("nodes", site.at("instances", site.store.instances)),
        (
            "cloudProvider",
            Item::new(region.provider.map_or("", |p| p.name())),
        ),
        ("domain", Item::new(domain(cluster))),
        ("namespace", Item::new(site.namespace())),
    ]))
}

/// Whether the data outlives a region: five voters in three regions or more, none with a majority.
fn survives_region(site: &Site<'_>, part: &StorePlan) -> bool {
    let n = part.voters.len();
    let most = |r: &RegionName| part.voters.iter().filter(|v| *v == r).count();
    let mut regions: Vec<&RegionName> = part.voters.iter().collect();
    regions.sort_unstable();
    regions.dedup();
    let apart = regions.len() >= 3 && regions.iter().all(|r| most(r) <= n.saturating_sub(1) / 2);
    let asked = site.store.survive.map(|s| s.value);
    apart && n >= 5 && asked != Some(Survive::Zone)
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The localities of its database.
fn sql(site: &Site<'_>) -> String {
    let name = site.database();
    let (database, plan) = (quoted(&name), site.plan);
    let mut sql = format!("CREATE DATABASE IF NOT EXISTS {database};\n");
    let regions = installed(site);
    let mut all = regions.iter().map(|r| quoted(r.as_str()));
    if let Some(primary) = all.next() {
        let _ = writeln!(
            sql,
            "ALTER DATABASE {database} SET PRIMARY REGION {primary};"
        );
    }
    for region in all {
        let _ = writeln!(
            sql,
            "ALTER DATABASE {database} ADD REGION IF NOT EXISTS {region};"
        );
    }
    let parts: Vec<&StorePlan> = plan.parts().collect();
    let goal = match parts.iter().all(|part| survives_region(site, part)) {
        true => "REGION",
        false => "ZONE",
    };
    let _ = writeln!(sql, "ALTER DATABASE {database} SURVIVE {goal} FAILURE;");
    if !plan.shards.is_empty() {
        sql.push_str("SET enable_super_regions = on;\n");
        for (shard, part) in &plan.shards {
            let regions: Vec<String> = site
                .regions()
                .into_iter()
                .filter(|r| part.clusters.contains_key(*r) || part.voters.contains(r))
                .map(|r| quoted(r.as_str()))
                .collect();
            let name = quoted(&shard.to_lowercase().replace(['-', '.'], "_"));
            let _ = writeln!(
                sql,
                "ALTER DATABASE {database} ADD SUPER REGION {name} VALUES {};",
                regions.join(", ")
            );
        }
        if goal == "ZONE" {
            sql.push_str("SET enable_multiregion_placement_policy = on;\n");
            let _ = writeln!(sql, "ALTER DATABASE {database} PLACEMENT RESTRICTED;");
        }
    }
    sql
}

/// What each table is to be given by the service's own migrations.
fn table(site: &Site<'_>) -> &'static str {
    let way = crate::engine::way(site.store).map_or("", |way| way.name);
    match (site.plan.shards.is_empty(), way) {
        (false, _) => "REGIONAL BY ROW",
        (true, "global") => "GLOBAL",
        (true, _) => "REGIONAL BY TABLE IN PRIMARY REGION",
    }
}

/// A job that makes the database, its localities and the service's user.
pub(super) fn setup(site: &Site<'_>, here: &Cluster) -> Option<Setup> {
    if !anchors(site, here) {
        return None;
    }
    let set = site.set();
    let script = format!(
        r#"set -euo pipefail
export COCKROACH_HOST={host} COCKROACH_CERTS_DIR=/certs
cockroach sql --file=/setup/locality.sql
# A quote in a password is doubled, as SQL wants it.
quotes="''"
escaped=${{PASSWORD//\'/$quotes}}
cockroach sql <<SQL
CREATE USER IF NOT EXISTS "$USERNAME";
ALTER USER "$USERNAME" WITH PASSWORD '$escaped';
GRANT ALL ON DATABASE "{database}" TO "$USERNAME";
SQL
"#,
        host = site.host(&format!("{set}-public"), false),
        database = site.database(),
    );
    Some(Setup {
        image: IMAGE,
        files: vec![
            ("locality.sql", sql(site)),
            ("setup.sh", script),
            ("table-locality", format!("{}\n", table(site))),
        ],
        env: vec![
            ("USERNAME", Value::Secret(site.credentials(), "username")),
            ("PASSWORD", Value::Secret(site.credentials(), "password")),
        ],
        certificates: Some((
            format!("{set}-root"),
            &[
                ("ca.crt", "ca.crt"),
                ("tls.crt", "client.root.crt"),
                ("tls.key", "client.root.key"),
            ],
        )),
        ports: vec![SQL],
    })
}

/// How pods of a cluster find the database.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let Some(near) = site.nearest(from) else {
        return Vec::new();
    };
    let own = near.name == from.name;
    let service = format!("{}-public.{}.svc", site.set(), site.namespace());
    let host = match own {
        true => service,
        false => format!("{service}.{}", domain(near)),
    };
    let mut variables = vec![
        text("HOST", host),
        text("PORT", SQL.to_string()),
        text("NAME", site.database()),
    ];
    variables.extend(login(site));
    variables
}
