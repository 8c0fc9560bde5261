//! A job that sets a store up inside: databases, localities, users. It is named after what it
//! does, since what a job does cannot be changed.

use crate::model::digest::Digest;
use crate::model::engine::Engine;
use crate::model::world::Cluster;

use super::super::fact::Item;
use super::connect::{Value, variable};
use super::site::Site;
use super::{cockroachdb, k8ssandra, yugabytedb};

/// What a job does: `bash /setup/setup.sh`.
pub(super) struct Setup {
    /// The image.
    pub(super) image: &'static str,
    /// Files below `/setup`.
    pub(super) files: Vec<(&'static str, String)>,
    /// Environment variables.
    pub(super) env: Vec<(&'static str, Value)>,
    /// A Secret with certificates, and which of its keys stand where below `/certs`.
    pub(super) certificates: Option<(String, &'static [(&'static str, &'static str)])>,
    /// The ports of the store that it reaches.
    pub(super) ports: Vec<u16>,
}

/// The pods of a store's job.
pub(super) fn pods(set: &str) -> String {
    format!("{set}-setup")
}

/// The same as a peer of the store's own pods.
pub(super) fn guest(site: &Site<'_>) -> Item {
    let of = &site.service.namespace;
    super::edges::pods(&pods(&site.set()), of, of)
}

/// `store.setup`: the job that runs in a cluster, where there is one.
pub(super) fn item(site: &Site<'_>, here: &Cluster) -> Item {
    let setup = match site.engine() {
        Engine::CockroachDb => cockroachdb::setup(site, here),
        Engine::K8ssandra => k8ssandra::setup(site, here),
        Engine::YugabyteDb => yugabytedb::setup(site, here),
        _ => None,
    };
    let Some(setup) = setup else {
        return Item::nothing();
    };
    let text: String = setup
        .files
        .iter()
        .map(|(name, text)| format!("{name}\n{text}\n"))
        .collect();
    let digest = Digest::of(format!("{}\n{text}", setup.image).as_bytes()).to_string();
    let short: String = digest.chars().take(8).collect();
    let name = pods(&site.set());
    let files = setup
        .files
        .iter()
        .map(|(name, text)| (*name, Item::new(text.as_str())));
    let env = setup
        .env
        .into_iter()
        .map(|(name, value)| variable(name.to_owned(), value));
    let mount = |name: &'static str, path: &'static str| {
        Item::map([
            ("name", Item::new(name)),
            ("mountPath", Item::new(path)),
            ("readOnly", Item::new(true)),
        ])
    };
    let mut mounts = vec![mount("setup", "/setup")];
    let mut volumes = vec![Item::map([
        ("name", Item::new("setup")),
        (
            "configMap",
            Item::map([("name", Item::new(format!("{name}-{short}")))]),
        ),
    ])];
    if let Some((secret, keys)) = setup.certificates {
        mounts.push(mount("certs", "/certs"));
        let keys = keys
            .iter()
            .map(|(key, path)| Item::map([("key", Item::new(*key)), ("path", Item::new(*path))]));
        volumes.push(Item::map([
            ("name", Item::new("certs")),
            (
                "secret",
                Item::map([
                    ("secretName", Item::new(secret)),
                    // Keys that others may read are refused.
                    ("defaultMode", Item::new(0o440_u32)),
                    ("items", Item::list(keys)),
                ]),
            ),
        ]));
    }
    Item::map([
        ("name", Item::new(format!("{name}-{short}"))),
        ("pods", Item::new(name)),
        ("image", Item::new(setup.image)),
        ("files", Item::map(files)),
        ("env", Item::list(env).or_nothing()),
        ("mounts", Item::list(mounts)),
        ("volumes", Item::list(volumes)),
        ("ports", super::reach::tcp(&setup.ports)),
    ])
}
