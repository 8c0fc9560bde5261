//! How long a fleet of 20 clusters × 100 services takes, stage by stage, and against a trivial
//! program that writes the same bytes. Prints ratios; asserts no times.
//!
//! `cargo bench --bench render`, or `cargo bench --bench render -- --generate DIR [CLUSTERS
//! SERVICES]` to write such a fleet and time whole commands on it.

mod generate;

use std::path::Path;
use std::time::{Duration, Instant};

use regen::diag::Sink;
use regen::pipeline::{self, Input};
use regen::{io, plan};

const RUNS: usize = 7;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |i: usize, default| args.get(i).map_or(default, |n| n.parse().expect("a number"));
    if args.first().is_some_and(|a| a == "--generate") {
        let dir = args.get(1).expect("a directory after --generate");
        generate::write(Path::new(dir), number(2, 20), number(3, 100)).expect("writing the fleet");
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    generate::write(dir.path(), 20, 100).expect("writing the fleet");

    let (mut read, mut planned, mut rendered, mut written) = (vec![], vec![], vec![], vec![]);
    let mut size = (0, 0, 0);
    for _ in 0..RUNS {
        let mut input = Input::default();
        read.push(timed(|| {
            input.files = io::files::read_fleet(dir.path(), &mut input.sources).expect("readable");
        }));
        let mut sink = Sink::new();
        let mut decided = None;
        planned.push(timed(|| {
            decided = pipeline::plan(&input, &plan::Options::default(), &mut sink).ok();
        }));
        let decided = decided.unwrap_or_else(|| panic!("{:#?}", sink.diagnostics()));
        let mut set = None;
        rendered.push(timed(|| set = pipeline::render(&input, &decided, &mut sink).ok()));
        let set = set.unwrap_or_else(|| panic!("{:#?}", sink.diagnostics()));
        let bytes: usize = set.files.values().map(|f| f.text.len()).sum();
        size = (set.files.len(), set.manifests().count(), bytes);

        let out = tempfile::tempdir().expect("a temporary directory");
        written.push(timed(|| {
            for (path, file) in &set.files {
                let path = out.path().join(path.as_str());
                std::fs::create_dir_all(path.parent().expect("below the directory")).expect("made");
                std::fs::write(path, &file.text).expect("written");
            }
        }));
    }
    let (read, planned, rendered, written) =
        (median(read), median(planned), median(rendered), median(written));
    let all = read + planned + rendered;
    println!("{} files, {} objects, {} KiB", size.0, size.1, size.2 / 1024);
    println!("read                       {:>9.2?}", read);
    println!("load, validate and plan    {:>9.2?}", planned);
    println!("render                     {:>9.2?}", rendered);
    println!("write the same bytes       {:>9.2?}", written);
    println!(
        "ratio (read … render) : write    {:.2}",
        all.as_secs_f64() / written.as_secs_f64()
    );
    println!(
        "objects rendered per second      {:.0}",
        size.1 as f64 / rendered.as_secs_f64()
    );
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
