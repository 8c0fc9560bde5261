//! Whole commands, measured by the operating system through GNU time.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// Where GNU time stands.
const TIME: &str = "/usr/bin/time";

/// What one run of a command cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// User and system time in seconds.
    pub(crate) cpu: f64,
    /// Seconds.
    pub(crate) wall: f64,
    /// The peak resident set in KiB.
    pub(crate) memory: f64,
}

/// Whether commands can be measured here; says so when not.
pub(crate) fn measurable() -> bool {
    let there = Path::new(TIME).exists();
    if !there {
        println!("whole commands are left out: they need GNU time as {TIME}");
    }
    there
}

/// The medians of what runs cost, as a line of the table.
pub(crate) fn shown(name: &str, costs: Vec<Cost>) -> Cost {
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
    Cost { cpu, wall, memory }
}

/// Runs a command under GNU time, which writes its figures to a file in `scratch`.
///
/// # Errors
///
/// When the command cannot be run or its figures cannot be read.
///
/// # Panics
///
/// When the command fails.
pub(crate) fn run(command: &[String], scratch: &Path) -> io::Result<Cost> {
    let figures = scratch.join("cost");
    let done = Command::new(TIME)
        .args(["-q", "-f", "%U %S %e %M", "-o"])
        .arg(&figures)
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
