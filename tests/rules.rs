//! The rules that multi-region data, messaging, traffic and delivery have to keep, each with what
//! holds it: the smallest wrong input and its code, a test of what is decided or rendered, or words
//! that no template may hold.

use std::path::{Path, PathBuf};

/// What holds a rule.
enum Held {
    /// `tests/diagnostics/<case>.txt` is told with this code.
    Case(&'static str, &'static str),
    /// `<file>::<test>`.
    Test(&'static str),
    /// A rendered example shows it.
    Golden(&'static str),
    /// No template has these words, so that it cannot be broken.
    Never(&'static str),
}

use Held::{Case, Golden, Never, Test};

const STORES: &str =
    "src/render/tests/stores.rs::a_store_is_one_primary_and_replicas_that_name_the_same_primary";
const ROUTES: &str =
    "src/render/tests/stores.rs::stores_stream_on_an_exported_route_or_ship_logs_by_their_archive";
const WAITS: &str =
    "src/render/tests/stores.rs::synchronous_stores_wait_for_the_names_their_replicas_connect_with";
const PLACES: &str = "tests/plan/places.rs::whatever_holds_bound_data_stays_inside_its_area";
const VOTERS: &str =
    "tests/plan/engines.rs::what_a_store_survives_takes_as_many_voters_as_the_engine_says";
const WAVES: &str = "tests/plan/waves.rs::every_plan_keeps_the_laws_of_rollout";

/// By rule: what it says, and all that holds it.
const RULES: &[(&str, &str, &[Held])] = &[
    (
        "D1",
        "PostgreSQL has one primary, which all regions name",
        &[Test(STORES)],
    ),
    (
        "D2",
        "a replica names its sources, and is made from one",
        &[Test(STORES), Never("minApplyDelay")],
    ),
    (
        "D3",
        "a switch by hand takes two commits, never one",
        &[Case("rto-by-hand", "rto-by-hand"), Never("promotionToken:")],
    ),
    (
        "D4",
        "each region archives to its own bucket and knows those of the others",
        &[
            Test(ROUTES),
            Golden(
                "governed/clusters/westeurope/weu/bank/accounts/objectstore-accounts-people-eu-west-1.yaml",
            ),
        ],
    ),
    (
        "D5",
        "short bounds and waiting commits stream; waiting for all standbys stops writes",
        &[
            Test(ROUTES),
            Test(WAITS),
            Case("standby-stops-writes", "standby-stops-writes"),
        ],
    ),
    (
        "D6",
        "roles and Secrets are in every cluster of the set",
        &[
            Golden(
                "governed/clusters/eu-west-1/euw1/bank/_namespace/externalsecret-accounts-people-app.yaml",
            ),
            Golden(
                "governed/clusters/westeurope/weu/bank/_namespace/externalsecret-accounts-people-app.yaml",
            ),
        ],
    ),
    (
        "D7",
        "a region is survived in three or more, none with a majority",
        &[
            Case("survive-regions", "survive-regions"),
            Case("majority-in-region", "majority-in-region"),
            Case("engine-survival", "engine-survival"),
            Test(VOTERS),
        ],
    ),
    // The chart's rules hold once it is rendered; what spans regions is decided as voters.
    (
        "D8",
        "CockroachDB spans regions by its chart, never by the older operator",
        &[Never("kind: CrdbCluster")],
    ),
    (
        "D9",
        "a quorum of each region cannot survive the loss of one; three replicas to lose a node",
        &[
            Case("engine-survival", "engine-survival"),
            Case("few-instances", "few-instances"),
        ],
    ),
    (
        "D10",
        "votes are odd, and no region has a majority",
        &[
            Case("invalid-value-replicas", "invalid-value"),
            Case("survive-regions", "survive-regions"),
        ],
    ),
    (
        "D11",
        "replicas, mirrors, caches, backups, Secrets and telemetry stay in the jurisdiction",
        &[
            Test(PLACES),
            Test("tests/plan/places.rs::telemetry_that_leaves_keeps_a_region_from_bound_data"),
            Test("tests/plan/places.rs::secrets_of_bound_data_come_from_inside_its_area"),
            Case("residency-impossible", "residency-impossible"),
            Case("residency-backup", "residency-backup"),
            Case("residency-telemetry", "residency-telemetry"),
            Case("survive-regions-residency", "survive-regions"),
        ],
    ),
    (
        "D12",
        "no control plane spans regions",
        &[Never("etcdctl"), Never("initial-cluster")],
    ),
    (
        "M1",
        "mirrored logs are never strong",
        &[Case("engine-class-mirror", "engine-class")],
    ),
    (
        "M2",
        "mirrors of mirrors are not copied on",
        &[Never("IdentityReplicationPolicy")],
    ),
    (
        "M3",
        "every region produces to topics of its own",
        &[Case("engine-leader", "engine-leader")],
    ),
    (
        "M4",
        "streams have 1, 3 or 5 replicas; a region is survived only where the cluster is stretched",
        &[
            Case("engine-instances", "engine-instances"),
            Case("engine-survival", "engine-survival"),
        ],
    ),
    (
        "M5",
        "streams are never kept in memory",
        &[Never("storage: memory")],
    ),
    (
        "T1",
        "a policy that fails over has a health check",
        &[Case("missing-health-check", "missing-health-check")],
    ),
    (
        "T2",
        "failover has a primary and one secondary",
        &[Case("routing-regions-failover", "routing-regions")],
    ),
    (
        "T3",
        "a policy is one that the provider has",
        &[
            Case("routing-provider", "routing-provider"),
            Case("routing-provider-dns", "routing-provider"),
        ],
    ),
    (
        "T4",
        "an RTO leaves time for detection and the TTL, which an alias does not have",
        &[Case("rto-dns", "rto-dns"), Case("alias-ttl", "alias-ttl")],
    ),
    // Whoever deploys external-dns gives it its owner; none is rendered.
    (
        "T5",
        "each external-dns has an owner of its own",
        &[Never("txt-owner-id")],
    ),
    (
        "T6",
        "tries end before callers give up, and answers can come in time",
        &[
            Case("retry-timeout", "retry-timeout"),
            Case("call-timeout", "call-timeout"),
        ],
    ),
    (
        "T7",
        "traffic fails over inside the jurisdiction alone",
        &[
            Test(PLACES),
            Case("residency-impossible", "residency-impossible"),
        ],
    ),
    (
        "T8",
        "an export is named as its Service is, in every cluster",
        &[Test(ROUTES), Never("kind: ServiceImport")],
    ),
    (
        "G1",
        "drift is corrected: no rollout turns it off",
        &[Never("RollingSync")],
    ),
    (
        "G2",
        "the quietest first, leaders last, every cluster once",
        &[
            Test(WAVES),
            Case("rto-by-hand", "wave-order"),
            Case("region-without-wave", "region-without-wave"),
        ],
    ),
    (
        "G3",
        "no two partners or voters change at once",
        &[Test(WAVES), Case("wave-together", "wave-together")],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files(&path, all),
            false => all.push(path),
        }
    }
}

/// What is missing of what should hold a rule.
fn missing(held: &Held) -> Option<String> {
    match held {
        Case(name, code) => {
            let text = read(&root().join(format!("tests/diagnostics/{name}.txt")));
            let expected = text.split("== expect").nth(1).unwrap_or_default();
            let told = expected.contains(&format!("[{code}] "));
            (!told).then(|| format!("{name}.txt does not tell `{code}`"))
        }
        Test(at) => {
            let (file, test) = at.split_once("::").expect("<file>::<test>");
            let text = read(&root().join(file));
            (!text.contains(&format!("fn {test}("))).then(|| format!("there is no {at}"))
        }
        Golden(path) => {
            let path = root().join("tests/golden").join(path);
            (!path.is_file()).then(|| format!("there is no {}", path.display()))
        }
        Never(words) => {
            let mut all = Vec::new();
            files(&root().join("templates"), &mut all);
            let found = all.iter().find(|path| read(path).contains(words));
            found.map(|path| format!("`{words}` stands in {}", path.display()))
        }
    }
}

#[test]
fn every_rule_is_held() {
    let ids: Vec<&str> = RULES.iter().map(|r| r.0).collect();
    let expected = [("D", 12), ("M", 5), ("T", 8), ("G", 3)];
    let expected: Vec<String> = expected
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")))
        .collect();
    assert_eq!(ids, expected);
    let mut wrong = Vec::new();
    for (id, what, held) in RULES {
        assert!(!held.is_empty(), "{id} ({what}) is held by nothing");
        let lacking = held.iter().filter_map(missing);
        wrong.extend(lacking.map(|lacks| format!("{id} ({what}): {lacks}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn admission_policies_need_no_newer_cluster_than_is_rendered_for() {
    use regen::model::world::KubernetesVersion;

    // ValidatingAdmissionPolicy is of admissionregistration.k8s.io/v1 since 1.30.
    let (major, minor) = (1, 30);
    assert!(KubernetesVersion::OLDEST >= KubernetesVersion { major, minor });
}
