//! What comparing costs: objects in memory beside reading their JSON; a dump as a whole command;
//! and, where `KUBEBUILDER_ASSETS` names a directory with `etcd` and `kube-apiserver`, a cluster
//! beside raw LISTs of the same kinds, and beside `kubectl diff` where `kubectl` stands there too.
//! Prints ratios; asserts no times.
//!
//! `cargo bench --bench drift`
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "../support/api_server_real.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod api_server_real;
mod cluster;
mod cost;
mod objects;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regen::diag::{Sink, Sources};
use regen::drift::Settings;
use regen::model::finding::Verdict;
use regen::model::live::{GroupKind, LiveObject, LiveState, View};
use regen::model::manifest::ManifestPath;
use regen::pipeline::drift::Repository;
use serde_json::{Value, json};

fn main() {
    // `cargo test --all-targets` runs benchmarks without `--bench`: then it only tries them.
    let measured = std::env::args().any(|a| a == "--bench");
    let (applications, runs) = if measured { (500, 5) } else { (4, 1) };
    let dir = tempfile::tempdir().unwrap();
    let small = in_memory(applications, runs);
    let large = in_memory(applications * 10, runs);
    println!(
        "objects compared per second at this size : at the first {:.2}",
        large / small
    );
    if cost::measurable() {
        dump(dir.path(), applications, runs);
    }
    if measured && let Some(server) = cluster::start() {
        cluster::measure(&server, dir.path(), applications, runs);
    }
}

/// Compares objects that are in memory already; how many per second.
fn in_memory(applications: usize, runs: usize) -> f64 {
    let desired = objects::desired(applications);
    let live = served(&desired);
    let bytes = serde_json::to_vec(&live).unwrap();
    let state = state(live);
    let repository = repository(&desired);
    let settings = settings();
    let (mut parse, mut compare) = (vec![], vec![]);
    let mut spent = 0.0;
    for _ in 0..runs {
        parse.push(timed(|| {
            std::hint::black_box(serde_json::from_slice::<Value>(&bytes).unwrap());
        }));
        let before = cpu();
        compare.push(timed(|| {
            let report = repository.compare(&state, &settings);
            assert!(report.findings.is_empty(), "{:#?}", report.findings);
            assert_eq!(report.verdicts.len(), desired.len());
            assert!(report.verdicts.values().all(|v| *v == Verdict::Clean));
        }));
        spent += cpu() - before;
    }
    let (parse, compare) = (median(parse), median(compare));
    let rate = desired.len() as f64 / compare.as_secs_f64();
    println!(
        "\n{} objects, {} bytes as a server returns them; wall, median of {runs}:",
        desired.len(),
        bytes.len()
    );
    println!(
        "  read their JSON           {:>9.1} ms",
        parse.as_secs_f64() * 1e3
    );
    println!(
        "  compare, on all cores     {:>9.1} ms {:>7.2} : 1, {rate:.0} objects a second",
        compare.as_secs_f64() * 1e3,
        compare.as_secs_f64() / parse.as_secs_f64()
    );
    println!(
        "  objects compared per second of one core: {:.0}",
        (desired.len() * runs) as f64 / spent
    );
    rate
}

/// Compares a directory of manifests with a dump, as a command; then with one that holds ten times
/// as many objects.
fn dump(dir: &Path, applications: usize, runs: usize) {
    let desired = objects::desired(applications);
    let repository = dir.join("repository");
    write(&repository, &desired);
    let all = served(&objects::desired(applications * 10));
    println!("\nwhole commands, median of {runs}:           cpu s   wall s  peak MiB");
    for (name, live) in [
        ("as many", &all[..desired.len()]),
        ("ten times as many", &all),
    ] {
        let file = dir.join("dump.json");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": live});
        fs::write(&file, list.to_string()).unwrap();
        let command = regen(&repository, &["--live", &file.display().to_string()]);
        let costs = (0..runs).map(|_| cost::run(&command, dir).unwrap());
        let name = format!("drift, {name} in a dump");
        let cost = cost::shown(&name, costs.collect());
        println!(
            "    {:.0} desired objects per cpu second",
            desired.len() as f64 / cost.cpu
        );
    }
}

/// `regen drift` of a directory, with more arguments.
pub(crate) fn regen(repository: &Path, more: &[&str]) -> Vec<String> {
    let repository = repository.display().to_string();
    let head = [
        env!("CARGO_BIN_EXE_regen"),
        "drift",
        "--desired",
        &repository,
    ];
    head.iter().chain(more).map(|a| (*a).to_owned()).collect()
}

/// Writes ten objects to each file.
pub(crate) fn write(dir: &Path, objects: &[Value]) -> PathBuf {
    fs::create_dir_all(dir).unwrap();
    for (i, objects) in objects.chunks(10).enumerate() {
        let documents: Vec<String> = objects.iter().map(|o| format!("{o:#}")).collect();
        fs::write(dir.join(format!("{i:05}.yaml")), documents.join("\n---\n")).unwrap();
    }
    dir.to_owned()
}

/// Seconds that all threads of this process have run, in the hundredths that Linux counts; nothing
/// elsewhere.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2);
    ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn served(desired: &[Value]) -> Vec<Value> {
    let numbered = desired.iter().enumerate();
    numbered.map(|(i, o)| objects::served(o, i)).collect()
}

pub(crate) fn settings() -> Settings {
    Settings {
        appliers: vec![objects::APPLIER.to_owned()],
        ..Settings::default()
    }
}

pub(crate) fn repository(desired: &[Value]) -> Repository<'static> {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let mut repository = Repository::default();
    for (i, objects) in desired.chunks(10).enumerate() {
        let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
        let path = format!("{i:05}.yaml");
        let source = sources.add(path.clone(), documents.join("\n---\n"));
        let path = ManifestPath::new(path).unwrap();
        repository
            .add(&path, source, &sources, None, &mut sink)
            .unwrap();
    }
    repository
}

fn state(live: Vec<Value>) -> LiveState {
    let mut state = LiveState::default();
    for body in live {
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let kind = GroupKind {
            group: group.to_owned(),
            kind,
        };
        state.views.insert(kind.clone(), View::Complete);
        state.objects.push(LiveObject::whole(kind, body));
    }
    state
}

pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
