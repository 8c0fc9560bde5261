//! YugabyteDB: one universe of all regions, a release of its chart in each, and where its tablets
//! are placed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::name::RegionName;
use crate::model::plan::StorePlan;
use crate::model::world::{Audit, Cluster};

use super::super::fact::Item;
use super::chart::From;
use super::connect::{Value, Variables, login, text};
use super::reach::Wall;
use super::setup::Setup;
use super::site::Site;

/// The release that values and images are of.
pub(super) const CHART: From = From::Repository {
    url: "https://charts.yugabyte.com",
    chart: "yugabyte",
    version: "2026.1.0",
};
const IMAGE: &str = "yugabytedb/yugabyte:2026.1.0.1-b1";
/// The issuer of all clusters: servers of one universe verify each other.
const ISSUER: &str = "fleet-ca";
const SQL: u16 = 5433;
const MASTERS: u16 = 7100;
const TABLETS: u16 = 9100;

/// The pods of a region.
pub(super) fn wall(site: &Site<'_>) -> Wall {
    let pods = vec![("chart", "yugabyte".to_owned()), ("release", site.set())];
    Wall {
        peers: vec![MASTERS, TABLETS],
        local: vec![7000, 9000, 13000],
        metrics: vec![7000, 9000, 13000],
        guests: vec![super::setup::guest(site)],
        ..Wall::new(pods, SQL)
    }
}

/// How many masters, and copies of each tablet, there are, by region: where the voters are; of data
/// in parts, one in each of the first regions, an odd number.
fn masters<'a>(site: &Site<'a>) -> BTreeMap<&'a RegionName, usize> {
    let mut masters = BTreeMap::new();
    if !site.plan.voters.is_empty() {
        for region in &site.plan.voters {
            *masters.entry(region).or_default() += 1;
        }
        return masters;
    }
    let regions = site.regions();
    if regions.len() < 3 {
        masters.extend(regions.into_iter().take(1).map(|r| (r, 3)));
        return masters;
    }
    let odd = if regions.len() >= 5 { 5 } else { 3 };
    masters.extend(regions.into_iter().take(odd).map(|r| (r, 1)));
    masters
}

/// Under what name the masters of all regions are found.
fn addresses(site: &Site<'_>) -> String {
    let (set, namespace) = (site.set(), site.namespace());
    let several = site.plan.clusters.len() > 1;
    let mut all = Vec::new();
    for (region, count) in masters(site) {
        let Some(cluster) = site.cluster(region) else {
            continue;
        };
        for i in 0..count {
            let pod = format!("{set}-yb-master-{i}");
            let service = format!("{set}-yb-masters.{namespace}.svc");
            all.push(match several {
                true => format!(
                    "{pod}.{}.{service}.clusterset.local:{MASTERS}",
                    cluster.name.value
                ),
                false => format!("{pod}.{service}.cluster.local:{MASTERS}"),
            });
        }
    }
    all.join(",")
}

fn cloud(site: &Site<'_>, region: &RegionName) -> &'static str {
    let region = site.facts.world.regions.get(region);
    region
        .and_then(|r| r.provider)
        .map_or("onprem", |p| p.name())
}

/// The values of the chart in a cluster.
pub(super) fn values(site: &Site<'_>, here: &Cluster) -> Item {
    let set = site.set();
    let masters = masters(site);
    let total: usize = masters.values().sum();
    let region = &here.region;
    let several = site.plan.clusters.len() > 1;
    let disk = Item::sparse([
        ("count", Item::new(1_u32)),
        ("size", site.at("size", site.store.size.to_string())),
        ("storageClass", super::disk::class(site, here)),
    ]);
    let place = || {
        vec![
            ("placement_cloud", Item::new(cloud(site, region))),
            ("placement_region", Item::new(region.as_str())),
            ("placement_zone", Item::new(region.as_str())),
        ]
    };
    let mut tserver = place();
    tserver.push(("ysql_enable_auth", Item::new("true")));
    let logged = match site.audit() {
        Audit::None => None,
        Audit::Writes => Some("write, ddl, role"),
        Audit::All => Some("read, write, ddl, role"),
    };
    tserver.extend(logged.map(|logged| {
        let setting = format!("\"pgaudit.log='{logged}'\",pgaudit.log_catalog=off,pgaudit.log_parameter=off,pgaudit.log_relation=on");
        ("ysql_pg_conf_csv", Item::new(setting))
    }));
    let on = |value: bool| Item::map([("enabled", Item::new(value))]);
    let tls = Item::map([
        ("enabled", Item::new(true)),
        ("nodeToNode", Item::new(true)),
        ("clientToServer", Item::new(true)),
        (
            "certManager",
            Item::map([
                ("enabled", Item::new(true)),
                ("bootstrapSelfsigned", Item::new(false)),
                ("useClusterIssuer", Item::new(true)),
                ("clusterIssuer", Item::new(ISSUER)),
            ]),
        ),
    ]);
    // As the namespace's pod security wants it.
    let profile = Item::map([(
        "seccompProfile",
        Item::map([("type", Item::new("RuntimeDefault"))]),
    )]);
    let restricted = Item::map([
        ("allowPrivilegeEscalation", Item::new(false)),
        (
            "capabilities",
            Item::map([("drop", Item::list([Item::new("ALL")]))]),
        ),
    ]);
    let mut values = vec![
        ("fullnameOverride", Item::new(set)),
        ("oldNamingStyle", Item::new(false)),
        ("isMultiAz", Item::new(true)),
        ("masterAddresses", Item::new(addresses(site))),
        (
            "replicas",
            Item::map([
                (
                    "master",
                    Item::new(masters.get(region).copied().unwrap_or(0) as u64),
                ),
                ("tserver", site.at("instances", site.store.instances)),
                ("totalMasters", Item::new(total as u64)),
            ]),
        ),
        (
            "storage",
            Item::map([("master", disk.clone()), ("tserver", disk)]),
        ),
        (
            "resource",
            Item::map([
                ("master", site.resources("1", "2Gi")),
                ("tserver", site.resources("1", "4Gi")),
            ]),
        ),
        (
            "gflags",
            Item::map([
                ("master", Item::map(place())),
                ("tserver", Item::map(tserver)),
            ]),
        ),
        ("tls", tls),
        ("enableLoadBalancer", Item::new(false)),
        (
            "podSecurityContext",
            Item::map([("additionalSettings", profile)]),
        ),
        (
            "containerSecurityContext",
            Item::map([
                ("enabled", Item::new(true)),
                ("additionalSettings", restricted),
            ]),
        ),
        ("yugabytedUi", on(false)),
    ];
    if several {
        values.push(("domainName", Item::new("clusterset.local")));
        values.push((
            "multicluster",
            Item::map([
                ("createServiceExports", Item::new(true)),
                ("kubernetesClusterId", Item::new(here.name.value.as_str())),
            ]),
        ));
    }
    if anchors(site, here) {
        let login = Item::map([
            ("user", Item::new(site.database())),
            ("database", Item::new(site.database())),
            ("passwordSecretName", Item::new(site.credentials())),
        ]);
        values.push(("authCredentials", Item::map([("ysql", login)])));
    }
    Item::map(values)
}

/// Whether the universe is set up from a cluster: from the leader's, or the first.
fn anchors(site: &Site<'_>, here: &Cluster) -> bool {
    site.regions().first() == Some(&&here.region)
}

/// Voters by region, as `yb-admin` takes them: `aws.eu-west-1.eu-west-1:1`.
fn placement<'a>(
    site: &Site<'_>,
    regions: impl Iterator<Item = (&'a RegionName, usize)>,
) -> String {
    let blocks = regions.map(|(r, n)| format!("{}.{r}.{r}:{n}", cloud(site, r)));
    blocks.collect::<Vec<_>>().join(",")
}

/// A tablespace for a part of the data, whose leader is preferred where the plan has it.
fn tablespace(site: &Site<'_>, name: &str, part: &StorePlan) -> String {
    let mut blocks: Vec<(&RegionName, usize)> = Vec::new();
    for voter in &part.voters {
        match blocks.iter_mut().find(|(r, _)| *r == voter) {
            Some((_, n)) => *n += 1,
            None => blocks.push((voter, 1)),
        }
    }
    let written: Vec<String> = blocks
        .iter()
        .map(|(r, n)| {
            let preferred = match part.leader.as_ref() == Some(*r) {
                true => r#","leader_preference":1"#,
                false => "",
            };
            format!(
                r#"{{"cloud":"{}","region":"{r}","zone":"{r}","min_num_replicas":{n}{preferred}}}"#,
                cloud(site, r)
            )
        })
        .collect();
    format!(
        "CREATE TABLESPACE \"{}\" WITH (replica_placement='{{\"num_replicas\":{},\"placement_blocks\":[{}]}}');\n",
        name.to_lowercase().replace(['-', '.'], "_"),
        part.voters.len(),
        written.join(",")
    )
}

/// A job that places tablets and prefers the leader's region.
pub(super) fn setup(site: &Site<'_>, here: &Cluster) -> Option<Setup> {
    if !anchors(site, here) {
        return None;
    }
    let masters = masters(site);
    let total: usize = masters.values().sum();
    let blocks = placement(site, masters.into_iter());
    let admin = format!(
        "yb-admin --master_addresses={} --certs_dir_name=/certs",
        addresses(site)
    );
    let mut script = format!(
        "set -euo pipefail\nexport PATH=$PATH:/home/yugabyte/bin\n{admin} modify_placement_info {blocks} {total}\n"
    );
    if let Some(leader) = &site.plan.leader {
        let preferred = placement(site, std::iter::once((leader, 1)));
        let _ = writeln!(script, "{admin} set_preferred_zones {preferred}");
    }
    let mut files = Vec::new();
    let mut env = Vec::new();
    let mut ports = vec![MASTERS];
    if !site.plan.shards.is_empty() {
        let parts = site.plan.shards.iter();
        let sql = parts.map(|(name, part)| tablespace(site, name, part));
        files.push(("tablespaces.sql", sql.collect::<String>()));
        let _ = writeln!(
            script,
            "# A tablespace that is there already is left as it is.\nysqlsh \"host={} port={SQL} dbname={} sslmode=require\" --file=/setup/tablespaces.sql",
            site.host(&format!("{}-yb-tservers", site.set()), false),
            site.database(),
        );
        env.push(("PGUSER", Value::Secret(site.credentials(), "username")));
        env.push(("PGPASSWORD", Value::Secret(site.credentials(), "password")));
        ports.push(SQL);
    }
    files.push(("setup.sh", script));
    Some(Setup {
        image: IMAGE,
        files,
        env,
        certificates: Some((
            format!("{}-client-tls", site.set()),
            &[("ca.crt", "ca.crt")],
        )),
        ports,
    })
}

/// How pods of a cluster find the database.
pub(super) fn variables(site: &Site<'_>, from: &Cluster) -> Variables {
    let Some(near) = site.nearest(from) else {
        return Vec::new();
    };
    let service = format!("{}-yb-tservers", site.set());
    let mut variables = vec![
        text("HOST", site.host(&service, near.name != from.name)),
        text("PORT", SQL.to_string()),
        text("NAME", site.database()),
    ];
    variables.extend(login(site));
    variables
}
