//! What a fleet of 20 clusters × 100 services costs: stage by stage in one process, and as whole
//! commands beside a trivial program that writes the same bytes to the same files. Prints ratios;
//! asserts no times.
//!
//! `cargo bench --bench render`, or `cargo bench --bench render -- --generate DIR [CLUSTERS
//! SERVICES]` to write such a fleet and measure commands on it by other means.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod commands;
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
    let (clusters, services, runs) = if measured { (20, 100, 7) } else { (2, 5, 1) };
    let dir = tempfile::tempdir()?;
    let fleet = dir.path().join("fleet");
    generate::write(&fleet, clusters, services)?;
    println!("{clusters} clusters × {services} services");
    let set = stages(&fleet, runs)?;
    commands::compare(&fleet, dir.path(), &set, runs)
}

/// Times each stage of the pipeline; the rendered set.
fn stages(fleet: &Path, runs: usize) -> std::io::Result<ManifestSet> {
    let (mut read, mut planned, mut rendered) = (vec![], vec![], vec![]);
    let (mut digested, mut written) = (vec![], vec![]);
    let mut last = ManifestSet::default();
    for _ in 0..runs {
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
        let out = tempfile::tempdir()?;
        written.push(timed(|| {
            for (path, file) in &set.files {
                let path = out.path().join(path.as_str());
                std::fs::create_dir_all(path.parent().expect("below the directory")).expect("made");
                std::fs::write(path, &*file.text.whole()).expect("written");
            }
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
    let write = median(written);
    for (stage, times) in [
        ("read", read),
        ("load, validate and plan", planned),
        ("render and check by schema", rendered),
        ("digest", digested),
        ("write the same bytes", vec![write]),
    ] {
        let time = median(times);
        let ratio = time.as_secs_f64() / write.as_secs_f64();
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
