//! Whole commands, measured by the operating system through GNU time.

use std::fs;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use regen::model::digest::Digest;
use regen::model::manifest::ManifestSet;

const TIME: &str = "/usr/bin/time";

/// What one run of a command cost.
#[derive(Clone, Copy)]
struct Cost {
    /// User and system time in seconds.
    cpu: f64,
    /// Seconds.
    wall: f64,
    /// The peak resident set in KiB.
    memory: f64,
}

/// Runs each command on the fleet, and beside them a program that only writes the same files and
/// one that only hashes them.
pub(crate) fn compare(
    fleet: &Path,
    scratch: &Path,
    set: &ManifestSet,
    runs: usize,
) -> io::Result<()> {
    if !Path::new(TIME).exists() {
        println!("\nwhole commands are left out: they need GNU time as {TIME}");
        return Ok(());
    }
    let archive = scratch.join("archive");
    pack(&archive, set)?;
    let (out, copy) = (scratch.join("out"), scratch.join("copy"));
    let (gitops, lock) = (fleet.join("gitops"), fleet.join("regen.lock"));
    let this = std::env::current_exe()?;
    let text = |path: &Path| path.display().to_string();
    let regen = |args: &[&str]| -> Vec<String> {
        [env!("CARGO_BIN_EXE_regen"), "-C", &text(fleet)]
            .iter()
            .chain(args)
            .map(|a| (*a).to_owned())
            .collect()
    };
    let own = |args: &[&str]| -> Vec<String> {
        let args = args.iter().map(|a| (*a).to_owned());
        std::iter::once(text(&this)).chain(args).collect()
    };
    println!("\nwhole commands, median of {runs}:           cpu s   wall s  peak MiB");
    let measure = |name: &str, command: &[String], fresh: &[&Path]| -> io::Result<Cost> {
        let mut costs = Vec::new();
        for _ in 0..runs {
            for path in fresh {
                let gone = match path.is_dir() {
                    true => fs::remove_dir_all(path),
                    false => fs::remove_file(path),
                };
                match gone {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            costs.push(run(command, &scratch.join("cost"))?);
        }
        let of = |figure: fn(&Cost) -> f64| {
            let mut all: Vec<f64> = costs.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (cpu, wall, memory) = (of(|c| c.cpu), of(|c| c.wall), of(|c| c.memory));
        println!(
            "  {name:<36}{cpu:>8.2} {wall:>8.2} {:>9.1}",
            memory / 1024.0
        );
        Ok(Cost { cpu, wall, memory })
    };
    let write = measure(
        "write the same files",
        &own(&["--unpack", &text(&archive), &text(&copy)]),
        &[&copy],
    )?;
    let hash = measure("hash them", &own(&["--hash", &text(&copy)]), &[])?;
    let into = text(&out);
    let render = measure(
        "render --out DIR, cold",
        &regen(&["render", "--out", &into]),
        &[&out, &lock],
    )?;
    measure(
        "render --out DIR, nothing changed",
        &regen(&["render", "--out", &into]),
        &[],
    )?;
    let dry = measure(
        "render --dry-run, nothing there",
        &regen(&["render", "--dry-run"]),
        &[&gitops],
    )?;
    let commit = measure(
        "render --commit, cold",
        &regen(&["render", "--commit"]),
        &[&gitops],
    )?;
    measure(
        "render --commit, nothing changed",
        &regen(&["render", "--commit"]),
        &[],
    )?;
    let check = measure("check, nothing changed", &regen(&["check"]), &[])?;
    measure("plan", &regen(&["plan"]), &[])?;

    println!("\nratios of cpu (and wall):");
    for (name, a, b) in [
        ("render --out : write the same files", render, write),
        ("render --commit : write the same files", commit, write),
        ("check : hash the files", check, hash),
    ] {
        println!(
            "  {name:<40}{:>7.2} ({:.2})",
            a.cpu / b.cpu,
            a.wall / b.wall
        );
    }
    let objects = set.manifests().count() as f64;
    println!(
        "objects of render --dry-run per cpu second {:.0}",
        objects / dry.cpu
    );
    Ok(())
}

/// Runs a command under GNU time, which writes its figures to a file.
fn run(command: &[String], figures: &Path) -> io::Result<Cost> {
    let done = Command::new(TIME)
        .args(["-f", "%U %S %e %M", "-o"])
        .arg(figures)
        .args(command)
        .output()?;
    assert!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    let text = fs::read_to_string(figures)?;
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(|n| n.parse().expect("a number"))
        .collect();
    let [user, system, wall, memory] = figures[..] else {
        return Err(io::Error::other(text));
    };
    Ok(Cost {
        cpu: user + system,
        wall,
        memory,
    })
}

/// All files of a set in one: for each a line with its length and path, then its bytes.
fn pack(archive: &Path, set: &ManifestSet) -> io::Result<()> {
    let mut out = io::BufWriter::new(fs::File::create(archive)?);
    for (path, file) in &set.files {
        writeln!(out, "{} {path}", file.text.len())?;
        out.write_all(file.text.whole().as_bytes())?;
    }
    out.flush()
}

/// The trivial program: writes the files of an archive below a directory.
pub(crate) fn unpack(archive: &Path, dir: &Path) -> io::Result<()> {
    let mut archive = io::BufReader::new(fs::File::open(archive)?);
    let (mut head, mut bytes) = (String::new(), Vec::new());
    while archive.read_line(&mut head)? > 0 {
        let (length, path) = head
            .trim_end()
            .split_once(' ')
            .expect("a length and a path");
        let path = dir.join(path);
        bytes.resize(length.parse().expect("a length"), 0);
        archive.read_exact(&mut bytes)?;
        fs::create_dir_all(path.parent().expect("below the directory"))?;
        fs::write(path, &bytes)?;
        head.clear();
    }
    Ok(())
}

/// The other trivial program: reads and hashes every file below a directory.
pub(crate) fn hash(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            hash(&entry.path())?;
        } else {
            std::hint::black_box(Digest::of(&fs::read(entry.path())?));
        }
    }
    Ok(())
}
