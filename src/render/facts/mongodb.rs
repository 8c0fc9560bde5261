//! MongoDB: one replica set over all regions, by one object in the operator's central cluster.

use crate::model::world::{Audit, Cluster};

use super::super::fact::Item;
use super::connect::{Value, Variables, text};
use super::k8ssandra::context;
use super::reach::Wall;
use super::site::Site;

const PORT: u16 = 27017;

/// The pods of a region.
pub(super) fn wall(site: &Site<'_>) -> Wall {
    Wall {
        peers: vec![PORT],
        operator: Some("mongodb"),
        ..Wall::new(vec![("pod-anti-affinity", site.fleet_wide())], PORT)
    }
    .with_api_server()
}

/// The variables that only this engine has.
pub(super) fn facts(site: &Site<'_>) -> Vec<(&'static str, Item)> {
    let mut clusters: Vec<&Cluster> = site.members().collect();
    // The operator numbers them in this order.
    clusters.sort_unstable_by_key(|c| context(c));
    let list = clusters.into_iter().map(|cluster| {
        let region = &cluster.region;
        let votes = site.votes(region);
        // A region without a vote holds a member for its own reads.
        let members = votes.max(1);
        let priority = match (votes, site.plan.leader.as_ref() == Some(region)) {
            (0, _) => "0",
            (_, true) => "2",
            (_, false) => "1",
        };
        let member = || {
            Item::map([
                ("votes", Item::new(u32::from(votes > 0))),
                ("priority", Item::new(priority)),
            ])
        };
        let claim = Item::map([
            ("metadata", Item::map([("name", Item::new("data"))])),
            (
                "spec",
                Item::sparse([
                    ("storageClassName", super::disk::class(site, cluster)),
                    ("accessModes", Item::list([Item::new("ReadWriteOnce")])),
                    (
                        "resources",
                        Item::map([(
                            "requests",
                            Item::map([("storage", site.at("size", site.store.size.to_string()))]),
                        )]),
                    ),
                ]),
            ),
        ]);
        Item::map([
            ("clusterName", Item::new(context(cluster))),
            (
                "members",
                Item::new(members as u64).planned(site.decided("voters")),
            ),
            (
                "memberConfig",
                Item::list((0..members).map(|_| member())).planned(site.decided("leader")),
            ),
            (
                "statefulSet",
                Item::map([(
                    "spec",
                    Item::map([("volumeClaimTemplates", Item::list([claim]))]),
                )]),
            ),
        ])
    });
    let logged = site.audit() != Audit::None;
    let audit = logged.then(|| {
        let log = Item::map([
            ("destination", Item::new("file")),
            ("format", Item::new("JSON")),
            (
                "path",
                Item::new("/var/log/mongodb-mms-automation/mongodb-audit.json"),
            ),
        ]);
        // Reads and writes are logged where successful authorization is.
        let all = Item::map([("auditAuthorizationSuccess", Item::new(true))]);
        Item::map([("auditLog", log), ("setParameter", all)])
    });
    let mongodb = Item::map([
        ("clusters", Item::list(list)),
        ("audit", audit.unwrap_or(Item::nothing())),
        ("resources", site.resources("500m", "2Gi")),
        ("uri", Item::new(uri(site))),
    ]);
    vec![("mongodb", mongodb)]
}

/// The Secret that the operator makes in every cluster.
fn uri(site: &Site<'_>) -> String {
    format!("{}-uri", site.fleet_wide())
}

/// How pods find the replica set: the driver needs to know all members.
pub(super) fn variables(site: &Site<'_>) -> Variables {
    vec![
        ("URI", Value::Secret(uri(site), "connectionString.standard")),
        text("NAME", site.database()),
    ]
}
