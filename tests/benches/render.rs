//! What a fleet of 20 clusters × 100 services and one of 50 × 400 cost: stage by stage in one
//! process, and as whole commands beside trivial programs that write or hash the same files.
//! Prints ratios; asserts no times.
//!
//! `cargo bench --bench render`, or `cargo bench --bench render -- --generate DIR [CLUSTERS
//! SERVICES]` to write such a fleet and measure commands on it by other means.
//!
//! Nothing is removed before the end: ext4 passes over inodes that were freed in the last minutes,
//! one by one, and every file made after would be paid for with that search.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod commands;
mod cost;
mod generate;

use std::path::Path;
use std::time::{Duration, Instant};

use regen::diag::Sink;
use regen::model::manifest::ManifestSet;
use regen::pipeline::{self, Input};
use regen::{io, plan, publish};

fn main() -> std::io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks without `--bench`: then it only tries them.
    let measured = args.iter().any(|a| a == "--bench");
    args.retain(|a| a != "--bench");
    let number = |i: usize, default| {
        args.get(i)
            .map_or(default, |n| n.parse().expect("a number"))
    };
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--generate", dir, ..] => {
            return generate::write(Path::new(dir), number(2, 20), number(3, 100));
        }
        ["--unpack", archive, dir] => return commands::unpack(Path::new(archive), Path::new(dir)),
        ["--hash", dir] => return commands::hash(Path::new(dir)),
        _ => {}
    }
    let sizes = match measured {
        true => [(20, 100, 5), (50, 400, 3)],
        false => [(2, 5, 1), (3, 6, 1)],
    };
    let dir = tempfile::tempdir()?;
    let mut first = None;
    for (clusters, services, runs) in sizes {
        println!("\n{clusters} clusters × {services} services");
        let here = dir.path().join(format!("{clusters}x{services}"));
        let fleet = here.join("fleet");
        generate::write(&fleet, clusters, services)?;
        let set = stages(&fleet, runs)?;
        let bench = commands::Bench::new(&fleet, &here, &set, runs)?;
        drop(set);
        let Some(rate) = bench.rate()? else {
            continue;
        };
        match first {
            // Files are written at the first size only: at the second it is the disk that is measured.
            None => bench.files()?,
            Some(first) => println!(
                "objects per cpu second at this size : at the first {:.2}",
                rate / first
            ),
        }
        first.get_or_insert(rate);
    }
    Ok(())
}

/// Times each stage of the pipeline; the rendered set.
fn stages(fleet: &Path, runs: usize) -> std::io::Result<ManifestSet> {
    let (mut read, mut planned, mut rendered, mut digested) = (vec![], vec![], vec![], vec![]);
    let mut last = ManifestSet::default();
    for _ in 0..runs {
        drop(last);
        let mut input = Input::default();
        read.push(timed(|| {
            input.files = io::files::read_fleet(fleet, &mut input.sources).expect("readable");
        }));
        let mut sink = Sink::new();
        let mut decided = None;
        planned.push(timed(|| {
            decided = pipeline::plan(&input, &plan::Options::default(), &mut sink).ok();
        }));
        let decided = decided.unwrap_or_else(|| panic!("{:#?}", sink.diagnostics()));
        let mut set = None;
        rendered.push(timed(|| {
            set = pipeline::render(&input, &decided, &mut sink).ok();
        }));
        let set = set.unwrap_or_else(|| panic!("{:#?}", sink.diagnostics()));
        digested.push(timed(|| {
            std::hint::black_box(publish::digests(&set));
        }));
        last = set;
    }
    let objects = last.manifests().count();
    let bytes: usize = last.files.values().map(|f| f.text.len()).sum();
    println!(
        "{} files, {objects} objects, {bytes} bytes",
        last.files.len()
    );
    println!("\none process, wall, median of {runs}:");
    let digest = median(digested);
    for (stage, times) in [
        ("read", read),
        ("load, validate and plan", planned),
        ("render and check by schema", rendered),
        ("digest", vec![digest]),
    ] {
        let time = median(times);
        let ratio = time.as_secs_f64() / digest.as_secs_f64();
        println!(
            "  {stage:<28}{:>9.1} ms {ratio:>7.2} : 1",
            time.as_secs_f64() * 1e3
        );
    }
    Ok(last)
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
