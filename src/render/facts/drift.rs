//! The report that clusters make by themselves: what its pods run, mount and reach.

use serde_json::{Map, Value, json};

use crate::emit;
use crate::model::origin::Subject;
use crate::model::world::{Cluster, DriftReport, DriftSettings, address};

use super::super::fact::{Fact, Item};
use super::{Facts, Of};

/// Where the pods stand.
const NAMESPACE: &str = "regen-drift";
/// Where pods keep what they clone.
const SCRATCH: &str = "/scratch";
/// The repository in it.
const REPOSITORY: &str = "/scratch/gitops";
/// Where API servers answer: the Service's port, and what nodes and clouds have behind it.
const API_SERVERS: [u16; 2] = [443, 6443];
/// Gives git what the Secret holds; the shell that git brings runs it.
const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$GIT_USERNAME" "$GIT_PASSWORD"; }; f"#;
const SSH: &str = "ssh -i /git/identity -o IdentitiesOnly=yes -o UserKnownHostsFile=/git/known_hosts -o StrictHostKeyChecking=yes";

/// How a repository asks who clones it.
enum Login<'a> {
    Nobody,
    Password(&'a str),
    Key(&'a str),
}

impl Facts<'_> {
    /// `drift` of a cluster; nothing where no report is asked for.
    pub(super) fn drift(&self, cluster: &Cluster) -> Item {
        let fleet = &self.world.fleet;
        let Some(report) = &fleet.drift.report else {
            return Item::nothing();
        };
        let of = Of(&Subject::Fleet);
        let hub = fleet.hub.as_ref() == Some(&cluster.name.value);
        let written = report
            .url
            .as_ref()
            .map(|url| ("drift.report.git.url", address(&url.value)));
        let (field, url) = written
            .or_else(|| fleet.gitops.address())
            .unwrap_or_default();
        let login = match &report.secret {
            None => Login::Nobody,
            Some(secret) if url.starts_with("ssh://") => Login::Key(secret),
            Some(secret) => Login::Password(secret),
        };
        let time_zone = report.schedule.time_zone.as_deref();
        let schedule = Item::map([
            (
                "cron",
                of.at("drift.report.schedule", &report.schedule.cron.value),
            ),
            (
                "timeZone",
                of.at(
                    "drift.report.schedule.timeZone",
                    time_zone.map(str::to_owned),
                ),
            ),
        ]);
        let clone = ["git", "clone", "--quiet", "--depth=1", "--single-branch"].map(Item::new);
        let branch = of.at("gitops.branch", format!("--branch={}", fleet.gitops.branch));
        let clone = clone
            .into_iter()
            .chain([branch, of.at(field, &url), Item::new(REPOSITORY)]);
        Item::map([
            ("namespace", Item::new(NAMESPACE)),
            ("reports", Item::new(report.shards.is_none() || hub)),
            ("image", of.at("drift.report.image", &report.image.value)),
            ("schedule", schedule),
            ("shards", of.at("drift.report.shards", report.shards)),
            ("clone", Item::list(clone)),
            ("command", command(report, cluster)),
            ("settings", Item::new(settings(&fleet.drift))),
            ("ports", self.ports(report, &url)),
            ("env", env(&login)),
            ("secrets", secrets(report, &login)),
            ("cloneMounts", mounts([SCRATCH_MOUNT], &login)),
            ("mounts", mounts_of(report)),
            ("volumes", volumes(report, &login)),
        ])
    }

    /// The ports that pods may reach anywhere: nobody knows the addresses of API servers and of the
    /// repository's hosts, which clouds move.
    fn ports(&self, report: &DriftReport, url: &str) -> Item {
        let mut ports: Vec<u16> = API_SERVERS.to_vec();
        ports.extend(port(url));
        if report.shards.is_some() {
            let servers = self
                .world
                .clusters
                .values()
                .filter_map(|c| c.server.as_deref());
            ports.extend(servers.filter_map(port));
        }
        ports.sort_unstable();
        ports.dedup();
        Item::list(
            ports
                .into_iter()
                .map(|port| Item::map([("port", Item::new(port)), ("protocol", Item::new("TCP"))])),
        )
    }
}

/// The port of an address.
fn port(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    let host = host.rsplit('@').next()?;
    let written = host
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    written.or(match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "ssh" => Some(22),
        "git" => Some(9418),
        _ => None,
    })
}

fn command(report: &DriftReport, cluster: &Cluster) -> Item {
    let name = &cluster.name.value;
    let mut words = vec![
        "regen".to_owned(),
        "drift".into(),
        format!("--desired={REPOSITORY}"),
    ];
    words.extend(match report.shards {
        // Kubernetes puts the pod's number in.
        Some(shards) => [
            "--kubeconfig=/kubeconfig/kubeconfig".into(),
            format!("--shard=$(JOB_COMPLETION_INDEX)/{shards}"),
        ],
        None => [format!("--cluster={name}"), "--context=in-cluster".into()],
    });
    words.extend([
        "--drift-config=/settings/drift.yaml".into(),
        "--format=json".into(),
    ]);
    Item::list(words.into_iter().map(Item::new))
}

/// The `drift:` block, but for the report.
fn settings(written: &DriftSettings) -> String {
    let mut block = Map::new();
    if !written.appliers.is_empty() {
        block.insert("appliers".into(), json!(written.appliers));
    }
    let rules: Vec<&Value> = written.ignore.iter().map(|rule| &rule.value).collect();
    block.insert("ignore".into(), json!(rules));
    for (name, setting) in &written.others {
        block.insert((*name).into(), setting.value.clone());
    }
    emit::document(&Value::Object(block))
}

fn env(login: &Login<'_>) -> Item {
    let plain = |name: &str, value: &str| {
        Item::map([("name", Item::new(name)), ("value", Item::new(value))])
    };
    let secret = |name: &str, secret: &str, key: &str| {
        let from = Item::map([("name", Item::new(secret)), ("key", Item::new(key))]);
        let from = Item::map([("secretKeyRef", from)]);
        Item::map([("name", Item::new(name)), ("valueFrom", from)])
    };
    let mut all = vec![plain("HOME", SCRATCH), plain("GIT_TERMINAL_PROMPT", "0")];
    match login {
        Login::Nobody => {}
        Login::Password(name) => all.extend([
            secret("GIT_USERNAME", name, "username"),
            secret("GIT_PASSWORD", name, "password"),
            plain("GIT_CONFIG_COUNT", "1"),
            plain("GIT_CONFIG_KEY_0", "credential.helper"),
            plain("GIT_CONFIG_VALUE_0", HELPER),
        ]),
        Login::Key(_) => all.push(plain("GIT_SSH_COMMAND", SSH)),
    }
    Item::list(all)
}

/// The Secrets that External Secrets brings, with their keys.
fn secrets(report: &DriftReport, login: &Login<'_>) -> Item {
    let git = match login {
        Login::Nobody => None,
        Login::Password(name) => Some((*name, &["username", "password"][..])),
        Login::Key(name) => Some((*name, &["identity", "known_hosts"][..])),
    };
    let kubeconfig = report
        .shards
        .map(|_| (report.kubeconfig.as_str(), &["kubeconfig"][..]));
    let all = git.into_iter().chain(kubeconfig).map(|(name, keys)| {
        let data = keys.iter().map(|key| {
            let of = [
                ("key", Item::new(format!("{NAMESPACE}/{name}"))),
                ("property", Item::new(*key)),
            ];
            Item::map([("secretKey", Item::new(*key)), ("remoteRef", Item::map(of))])
        });
        Item::map([("name", Item::new(name)), ("data", Item::list(data))])
    });
    Item::list(all)
}

const SCRATCH_MOUNT: (&str, &str, bool) = ("scratch", SCRATCH, false);

fn mounts<const N: usize>(all: [(&str, &str, bool); N], login: &Login<'_>) -> Item {
    let key = matches!(login, Login::Key(_)).then_some(("git", "/git", true));
    Item::list(all.into_iter().chain(key).map(mount))
}

fn mounts_of(report: &DriftReport) -> Item {
    let all = [("scratch", SCRATCH, true), ("settings", "/settings", true)];
    let kubeconfig = report.shards.map(|_| ("kubeconfig", "/kubeconfig", true));
    Item::list(all.into_iter().chain(kubeconfig).map(mount))
}

fn mount((name, path, read_only): (&str, &str, bool)) -> Item {
    let read_only = if read_only {
        Fact::Bool(true)
    } else {
        Fact::Null
    };
    Item::sparse([
        ("name", Item::new(name)),
        ("mountPath", Item::new(path)),
        ("readOnly", Item::new(read_only)),
    ])
}

fn volumes(report: &DriftReport, login: &Login<'_>) -> Item {
    let volume = |name: &str, kind: &'static str, of: Item| {
        Item::map([("name", Item::new(name)), (kind, of)])
    };
    // Read by the group of the pod alone.
    let secret = |name: &str| {
        Item::map([
            ("secretName", Item::new(name)),
            ("defaultMode", Item::new(0o440_u32)),
        ])
    };
    let settings = Item::map([("name", Item::new("regen-drift"))]);
    let limit = Item::map([("sizeLimit", Item::new("1Gi"))]);
    let mut all = vec![
        volume("scratch", "emptyDir", limit),
        volume("settings", "configMap", settings),
    ];
    if let Login::Key(name) = login {
        all.push(volume("git", "secret", secret(name)));
    }
    if report.shards.is_some() {
        all.push(volume("kubeconfig", "secret", secret(&report.kubeconfig)));
    }
    Item::list(all)
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn addresses_have_ports() {
        for (url, expected) in [
            ("https://git.example/a.git", Some(443)),
            ("https://user@git.example:8443/a.git", Some(8443)),
            ("ssh://git@git.example/a.git", Some(22)),
            ("http://[::1]:3000/a", Some(3000)),
            ("s3://bucket", None),
            ("nowhere", None),
        ] {
            assert_eq!(port(url), expected, "{url}");
        }
    }
}
