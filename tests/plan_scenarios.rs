//! Scenarios with known answers through the command line: fleets in files as people write them,
//! `regen plan --format json`, the same optimum and the same value.
//!
//! Each runs on regions that the atlas knows, with its matrix, and on places of the fleet's own,
//! with the matrix in `network/rtt.csv`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const USERS: &str = include_str!("plan/data/users.csv");
const BLOC_USERS: &str = include_str!("plan/data/bloc_users.csv");
const ANSWERS: &str = include_str!("plan/data/answers.csv");
const FAILOVER: &str = include_str!("plan/data/failover_rules.csv");
const MATRIX: &str = include_str!("../regions/rtt-aws.csv");
const REGIONS: &str = include_str!("../regions/aws.csv");

/// Regions with fewer than three zones, or whose zones nobody counted.
const FEW_ZONES: [&str; 3] = ["ap-southeast-5", "ap-southeast-7", "mx-central-1"];

fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|l| !l.starts_with('#'));
    lines.map(|l| l.split(',').collect()).collect()
}

fn regions() -> Vec<&'static str> {
    rows(USERS).into_iter().map(|r| r[0]).collect()
}

/// How the regions of a fleet are named, and where it is written down what is known of them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    /// As the cloud names them: the atlas knows place and matrix.
    Atlas,
    /// By a name of the fleet's own.
    Own,
}

impl Named {
    fn name(self, region: &str) -> String {
        match self {
            Self::Atlas => region.to_owned(),
            Self::Own => format!("site-{region}"),
        }
    }

    fn file(self, region: &str) -> String {
        let name = self.name(region);
        let place = match self {
            Self::Atlas => "provider: aws".to_owned(),
            Self::Own => {
                let known = rows(REGIONS);
                let row = known.iter().find(|r| r[0] == region).expect("is known");
                let (country, lat, lon) = (row[2], row[3], row[4]);
                format!("country: {country}\ncoordinates: {{lat: {lat}, lon: {lon}}}")
            }
        };
        format!("region: {name}\n{place}\nclusters: [{{name: {name}-a}}]\n")
    }
}

/// Plans a fleet of all regions with these services, and returns what is said.
fn plan(named: Named, settings: &str, services: &BTreeMap<String, String>) -> Value {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("a directory");
        std::fs::write(path, text).expect("is written");
    };
    let platform = "platform: {capabilities: [cloudnative-pg, yugabytedb]}";
    write(
        "regen.yaml",
        &format!("fleet: test\n{platform}\n{settings}\n"),
    );
    for region in regions() {
        write(
            &format!("regions/{}.yaml", named.name(region)),
            &named.file(region),
        );
    }
    if named == Named::Own {
        let matrix = rows(MATRIX);
        let mut csv = "from,to,p50_ms\n".to_owned();
        for row in &matrix[1..] {
            for (to, ms) in matrix[0][1..].iter().zip(&row[1..]) {
                let (from, to) = (named.name(row[0]), named.name(to));
                writeln!(csv, "{from},{to},{ms}").expect("a string takes it");
            }
        }
        write("network/rtt.csv", &csv);
    }
    let workload = "workload: {image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, ports: {http: 8080}, resources: {cpu: 100m, memory: 64Mi}, scale: {min: 2, max: 6}}";
    for (name, fields) in services {
        write(
            &format!("services/{name}.yaml"),
            &format!("service: {name}\n{workload}\n{fields}\n"),
        );
    }
    run(dir.path())
}

fn run(fleet: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_regen"))
        .arg("-C")
        .arg(fleet)
        .args(["plan", "--format", "json"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).expect("a plan is JSON")
}

/// Weights of an audience, as a service has them.
fn audience(named: Named, users: &str) -> String {
    let weights: Vec<String> = match users {
        "all" => rows(USERS)
            .into_iter()
            .map(|r| format!("{}: {}", named.name(r[0]), r[1]))
            .collect(),
        bloc => {
            let table = rows(BLOC_USERS);
            let column = table[0]
                .iter()
                .position(|c| *c == bloc)
                .expect("is a column");
            table[1..]
                .iter()
                .map(|r| format!("{}: {}", named.name(r[0]), r[column]))
                .collect()
        }
    };
    format!("audience: {{{}}}", weights.join(", "))
}

fn list(value: &Value) -> Vec<&str> {
    let items = value.as_array().expect("a list").iter();
    items.map(|i| i.as_str().expect("a name")).collect()
}

fn decimal(text: &str) -> f64 {
    text.parse().expect("a number")
}

fn near(found: &Value, expected: &str, case: &str) {
    let found = found.to_string();
    let (found, expected): (f64, f64) = (decimal(&found), decimal(expected));
    assert!(
        (found - expected).abs() <= 1e-4,
        "{case}: {found}, not {expected}"
    );
}

/// The fields of a service that asks for one answer.
fn asks(named: Named, row: &[&str]) -> String {
    let [what, users, inside, voters, ..] = row else {
        panic!("{row:?} is short");
    };
    let (from, data) = match *inside {
        "all" => (String::new(), ""),
        "zones" => {
            let three = regions().into_iter().filter(|r| !FEW_ZONES.contains(r));
            let three: Vec<String> = three.map(|r| named.name(r)).collect();
            (format!(", from: [{}]", three.join(", ")), "")
        }
        "EU" => (String::new(), ", data: eu"),
        "EEA" => (String::new(), ", data: eea"),
        _ => (String::new(), ", data: adequate"),
    };
    let (count, distinct) = voters.split_once(' ').unwrap_or_default();
    let voters = format!("voters: {{count: {count}, distinct: {distinct}}}");
    let store = match *what {
        "leader" => {
            format!("engine: cloudnative-pg, consistency: eventual, access: {{writes: 100%}}{data}")
        }
        "regions" if data.is_empty() => String::new(),
        "regions" => format!("engine: cloudnative-pg, consistency: eventual{data}"),
        "voters" => format!(
            "engine: yugabytedb, consistency: strong, survive: region, leader: auto, {voters}, access: {{reads: 0%, writes: 100%}}{data}"
        ),
        _ => format!(
            "engine: yugabytedb, consistency: eventual, {voters}, access: {{reads: 90%, writes: 10%}}{data}"
        ),
    };
    let regions = if *what == "regions" {
        "{exactly: 3}"
    } else {
        "all"
    };
    let stores = match store.is_empty() {
        true => String::new(),
        false => format!("\nstores: [{{name: ledger, {store}}}]"),
    };
    format!(
        "{}\nplacement: {{mode: active-active, regions: {regions}{from}}}{stores}",
        audience(named, users)
    )
}

const CLASSES: &str = "dataClasses: {eu: {residency: EU}, eea: {residency: [EEA]}, adequate: {residency: EU-adequacy-unconditional}}";

fn every_answer(named: Named) {
    let answers = rows(ANSWERS);
    let services: BTreeMap<String, String> = answers[1..]
        .iter()
        .enumerate()
        .map(|(i, row)| (format!("web{i}"), asks(named, row)))
        .collect();
    let plan = plan(named, CLASSES, &services);
    for (i, row) in answers[1..].iter().enumerate() {
        let case = row.join(",");
        let (what, best, ms) = (row[0], row[4], row[5]);
        let best: Vec<String> = best.split(' ').map(|r| named.name(r)).collect();
        let service = &plan["services"][format!("web{i}")];
        let store = &plan["stores"][format!("web{i}/ledger")];
        if what == "regions" {
            assert_eq!(list(&service["regions"]), best, "{case}");
            near(&service["objectiveMs"], ms, &case);
            continue;
        }
        assert_eq!(store["leader"], best[0].as_str(), "{case}");
        assert_eq!(store["proven"], true, "{case}");
        near(&store["objectiveMs"], ms, &case);
        let mut voters = list(&store["voters"]);
        if what == "mixed" {
            voters[1..].sort_unstable();
        }
        if what != "leader" {
            assert_eq!(voters, best, "{case}");
        }
    }
    assert_eq!(answers.len(), 35, "two of a, two of b, six of c, 24 of d");
}

#[test]
fn leaders_regions_and_voters_on_regions_of_the_atlas() {
    every_answer(Named::Atlas);
}

#[test]
fn leaders_regions_and_voters_on_places_of_the_fleets_own() {
    every_answer(Named::Own);
}

/// Each lost region's nearest legal target, and the whole plan that it stands in.
fn failover(named: Named, rule: &str) {
    let settings = match rule {
        "anywhere" => String::new(),
        // Of Antarctica no region is a member.
        "country" => "failover: {residency: AQ}".to_owned(),
        "EEA-abroad" => "failover: {residency: EEA}".to_owned(),
        bloc => format!("failover: {{residency: {bloc}}}"),
    };
    // One service in every region; one in those with three zones, and again with each of the others.
    let three = || regions().into_iter().filter(|r| !FEW_ZONES.contains(r));
    let placed = |also: Option<&'static str>| {
        let from: Vec<String> = three().chain(also).map(|r| named.name(r)).collect();
        format!("placement: {{regions: all, from: [{}]}}", from.join(", "))
    };
    let mut services = BTreeMap::from([
        ("all".to_owned(), "placement: {regions: all}".to_owned()),
        ("zones".to_owned(), placed(None)),
    ]);
    for region in FEW_ZONES {
        services.insert(region.to_owned(), placed(Some(region)));
    }
    let plan = plan(named, &settings, &services);
    let table = rows(FAILOVER);
    let known = rows(REGIONS);
    let country = |name: &str| {
        let row = known.iter().find(|r| named.name(r[0]) == name);
        row.expect("is known")[2]
    };
    for (column, title) in table[0].iter().enumerate().skip(1) {
        let zones = title.ends_with("+zones");
        if title.trim_end_matches("+zones") != rule {
            continue;
        }
        for row in &table[1..] {
            let (lost, expected) = (row[0], row[column]);
            let service = match (zones, FEW_ZONES.contains(&lost)) {
                (false, _) => "all",
                (true, true) => lost,
                (true, false) => "zones",
            };
            let chain = &plan["services"][service]["failover"][named.name(lost)];
            let home = country(&named.name(lost));
            let mut targets = list(chain).into_iter();
            let first = match rule {
                "EEA-abroad" => targets.find(|t| country(t) != home),
                _ => targets.next(),
            };
            // Under this rule at the source, data may leave the EEA for adequate countries, and no
            // other country: for those the rule of the EEA is the same.
            let member = row[0].starts_with("eu-") && !["CH", "GB"].contains(&home);
            if rule == "EU-adequacy-unconditional" && !member {
                continue;
            }
            let expected = Some(expected).filter(|e| !e.is_empty());
            assert_eq!(
                first.map(str::to_owned),
                expected.map(|e| named.name(e)),
                "{lost} under {title}"
            );
        }
    }
}

#[test]
fn failover_targets_under_every_rule() {
    for rule in [
        "anywhere",
        "country",
        "EEA",
        "EU",
        "EU-adequacy-unconditional",
        "EEA-abroad",
    ] {
        failover(Named::Atlas, rule);
    }
    failover(Named::Own, "EEA");
}
