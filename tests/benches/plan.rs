//! What planning costs: a planet of 200 clusters in 60 regions, with 1,250 to 10,000 services.
//! Prints times by stage and ratios; asserts no times.
//!
//! `cargo bench --bench plan`, or `cargo bench --bench plan -- --simulate [SERVICES]` for what the
//! loss of each region costs, or `… -- --generate DIR [SERVICES]` to write such a fleet and measure
//! `regen plan` on it by other means.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod planet;

use std::path::Path;
use std::time::{Duration, Instant};

use regen::diag::{Severity, Sink};
use regen::model::input::{Content, InputFile};
use regen::pipeline::simulate::Every;
use regen::pipeline::{self, Input};
use regen::report::{json, text};
use regen::{latency, load, plan, validate};

fn main() -> std::io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks without `--bench`: then it only tries them.
    let measured = args.iter().any(|a| a == "--bench");
    args.retain(|a| a != "--bench");
    if let [generate, dir, rest @ ..] = &args[..]
        && generate == "--generate"
    {
        let services = rest.first().map_or(5000, |n| n.parse().expect("a number"));
        return write(Path::new(dir), services);
    }
    if let [simulate, rest @ ..] = &args[..]
        && simulate == "--simulate"
    {
        simulated(rest.first().map_or(2000, |n| n.parse().expect("a number")));
        return Ok(());
    }
    let (regions, clusters, sizes, runs) = if measured {
        (60, 200, vec![1250, 2500, 5000, 10_000], 3)
    } else {
        (6, 8, vec![20, 40], 1)
    };
    println!("{clusters} clusters in {regions} regions; median of {runs}, in ms");
    println!(
        "  {:>8} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}  {:>6} {:>9}",
        "services", "stores", "load", "validate", "rtt", "plan", "report", "growth", "peak MiB"
    );
    let mut last: Option<Duration> = None;
    for services in sizes {
        let files = planet::files(regions, clusters, services);
        let mut all: Vec<Vec<Duration>> = vec![Vec::new(); STAGES];
        let mut stores = 0;
        for _ in 0..runs {
            let run = stages(&files);
            stores = run.1;
            all.iter_mut()
                .zip(run.0)
                .for_each(|(all, one)| all.push(one));
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        let times: Vec<Duration> = all.iter_mut().map(median).collect();
        let growth = last.map_or("".to_owned(), |l| {
            format!("×{:.2}", times[PLAN].as_secs_f64() / l.as_secs_f64())
        });
        last = Some(times[PLAN]);
        let cells = times
            .iter()
            .map(|t| format!("{:>9.1}", t.as_secs_f64() * 1e3));
        println!(
            "  {services:>8} {stores:>7} {}  {growth:>6} {:>9}",
            cells.collect::<Vec<_>>().join(" "),
            peak_mib().map_or("?".to_owned(), |m| m.to_string())
        );
    }
    Ok(())
}

const STAGES: usize = 5;
const PLAN: usize = 3;

/// The time of each stage, and how many stores there are.
fn stages(files: &[(String, String)]) -> ([Duration; STAGES], usize) {
    let mut input = Input::default();
    for (path, text) in files {
        let id = input.sources.add(path.as_str(), text.as_str());
        input.files.push(InputFile {
            path: path.clone(),
            content: Content::Text(id),
        });
    }
    let sources = &input.sources;
    let mut sink = Sink::new();
    let mut times = [Duration::ZERO; STAGES];
    let mut stage = 0;
    let mut clock = Instant::now();
    let mut lap = || {
        times[stage] = clock.elapsed();
        stage += 1;
        clock = Instant::now();
    };
    let loaded = load::load(&input.files, sources, &mut sink);
    lap();
    let world = loaded.and_then(|raw| validate::validate(raw, sources, &mut sink));
    lap();
    let ready = world.and_then(|world| {
        let csv = world.rtt_file.map(|id| (id, sources));
        let settings = &world.fleet.network;
        latency::round_trips(&world.regions, settings, csv, &mut sink).map(|rtt| (world, rtt))
    });
    lap();
    let planned = ready.and_then(|(world, rtt)| {
        let options = plan::Options::default();
        plan::plan(&world, &rtt, None, &options, &mut sink).map(|plan| (world, plan))
    });
    lap();
    let Ok((world, plan)) = planned else {
        let said = sink.into_sorted();
        let first: Vec<_> = said
            .iter()
            .filter(|d| d.effective_severity() == Severity::Error)
            .take(5)
            .collect();
        panic!("the fleet has no plan: {first:#?}");
    };
    std::hint::black_box(text::plan(&world, &plan, text::Style::PLAIN));
    std::hint::black_box(json::plan(&plan));
    lap();
    (times, plan.stores.len())
}

/// What the loss of each region costs.
fn simulated(services: usize) {
    let mut input = Input::default();
    for (path, text) in planet::files(60, 200, services) {
        let content = Content::Text(input.sources.add(path.as_str(), text.as_str()));
        input.files.push(InputFile { path, content });
    }
    let options = plan::Options::default();
    let planned = pipeline::plan(&input, &options, &mut Sink::new()).expect("a plan");
    let ms = |clock: Instant| clock.elapsed().as_secs_f64() * 1e3;
    let clock = Instant::now();
    let (world, rtt) = (&planned.world, &planned.round_trips);
    std::hint::black_box(plan::Standing::new(world, rtt, &planned.plan));
    let shared = ms(clock);
    let clock = Instant::now();
    let losses = planned.lose_every(&[Every::Region]).outcomes.len();
    let each = (ms(clock) - shared) / losses as f64;
    println!("{services} services, {losses} losses: {shared:.1} ms that all share, {each:.1} each");
}

/// The peak resident set since the last look, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    // Best effort: without it the peak is that of the largest so far.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    Some(kib / 1024)
}

fn write(dir: &Path, services: usize) -> std::io::Result<()> {
    for (path, text) in planet::files(60, 200, services) {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().expect("below the directory"))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
